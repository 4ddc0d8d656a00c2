//! E-mail addresses, also those with letters beyond ASCII and those written `name (at) example (dot) org`.

use std::ops::Range;

use super::scan::{Class, Scan};
use super::{Finding, Kind, Reason};

/// RFC 5321, 4.5.3.1.
const MAX_LOCAL_BYTES: usize = 64;
const MAX_DOMAIN_BYTES: usize = 255;

/// Endings of files that are written like domains: `logo@2x.png`.
const FILE_ENDINGS: [&str; 12] = [
    "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "css", "js", "json", "html", "ico",
];

/// The address around the token `index`, if that is an `@` or its replacement.
pub(super) fn find(scan: &Scan<'_>, index: usize, found: &mut Vec<Finding>) {
    let range = match scan.str(index) {
        "@" => plain(scan, index),
        "(" | "[" => spelled(scan, index),
        _ => return,
    };
    if let Some(range) = range {
        found.push(Finding::new(Kind::Email, range, 97, Reason::Structure));
    }
}

fn plain(scan: &Scan<'_>, index: usize) -> Option<Range<usize>> {
    let at = scan.get(index)?.start;
    let local = local_start(scan.text, at)?;
    let domain = domain_end(scan.text, at + 1)?;
    // `git@example.com:team/repo` is where a program is, not where a person is.
    let after = &scan.text[domain..];
    let is_remote = after.starts_with(':')
        && after[1..]
            .starts_with(|char: char| char.is_ascii_alphanumeric() || matches!(char, '/' | '~'));
    let is_path = scan.char_before(local) == Some('/');
    (!is_remote && !is_path).then_some(local..domain)
}

/// Where the name before the `@` at byte `at` begins.
fn local_start(text: &str, at: usize) -> Option<usize> {
    let mut start = at;
    for (index, char) in text[..at].char_indices().rev() {
        if at - index > MAX_LOCAL_BYTES || !is_local(char) {
            break;
        }
        start = index;
    }
    let name = &text[start..at];
    let begin = name.len()
        - name
            .trim_start_matches([
                '.', '\'', '-', '+', '=', '/', '*', '_', '%', '&', '#', '!', '?', '~',
            ])
            .len();
    let name = &name[begin..];
    // In `key=name@example.org` and `to:name@...` the name is behind the sign.
    let inner = name.rfind(['=', '/']).map_or(0, |sign| sign + 1);
    let whole = !name.ends_with('.')
        && name[inner..].chars().any(char::is_alphanumeric)
        && !name.contains("..");
    whole.then_some(start + begin + inner)
}

/// Of RFC 5322's `atext`, with the full stop and letters of all scripts (RFC 6531).
fn is_local(char: char) -> bool {
    char.is_alphanumeric() || ".!#$%&'*+-/=?^_~".contains(char)
}

/// Where the domain that begins at byte `from` ends; `None` if it is none.
fn domain_end(text: &str, from: usize) -> Option<usize> {
    let limit = text.floor_char_boundary(from + MAX_DOMAIN_BYTES);
    let run = text[from..limit]
        .find(|char: char| !(char.is_alphanumeric() || matches!(char, '-' | '.')))
        .map_or(&text[from..limit], |at| &text[from..from + at]);
    let run = run.trim_end_matches(['.', '-']);
    let (labels, last) = run.rsplit_once('.')?;
    let good_labels = labels
        .split('.')
        .all(|label| !label.is_empty() && label.chars().count() <= 63 && !label.starts_with('-'));
    let is_top = last.starts_with("xn--")
        || last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
    let is_file = FILE_ENDINGS
        .iter()
        .any(|ending| last.eq_ignore_ascii_case(ending));
    (good_labels && is_top && !is_file).then_some(from + run.len())
}

/// `name (at) example (dot) org`, `name [at] example [dot] com`: `index` is the first parenthesis.
fn spelled(scan: &Scan<'_>, index: usize) -> Option<Range<usize>> {
    let says = |at: usize, word: &str| {
        scan.is_sign(at, &['(', '['])
            && scan.str(at + 1).eq_ignore_ascii_case(word)
            && scan.is_sign(at + 2, &[')', ']'])
    };
    if !says(index, "at") {
        return None;
    }
    let name_end = scan.text[..scan.get(index)?.start]
        .trim_end_matches(' ')
        .len();
    let start = local_start(scan.text, name_end)?;
    let mut at = index + 3;
    let mut end = scan.get(at).filter(|token| token.class == Class::Word)?.end;
    at += 1;
    let mut dots = 0;
    // Bounded: a domain has few labels.
    for _ in 0..6 {
        let dot = if says(at, "dot") {
            3
        } else if scan.str(at) == "." {
            1
        } else {
            break;
        };
        let Some(label) = scan
            .get(at + dot)
            .filter(|token| token.class == Class::Word)
        else {
            break;
        };
        end = label.end;
        at += dot + 1;
        dots += 1;
    }
    (dots > 0).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::super::test_support::found;
    use super::*;

    #[test]
    fn addresses() {
        for address in [
            "a.b@example.org",
            "PRESS@EXAMPLE.ORG",
            "o'malley_99@mail-server.example.co.uk",
            "büro@müller.example",
            "x@xn--bcher-kva.example",
            "first+tag@sub.example.com",
            "jane.doe (at) example (dot) org",
            "maria [at] example [dot] com",
        ] {
            for text in [
                format!("Write to {address}, or call."),
                format!("<{address}>"),
                format!("mail={address}"),
                format!("mailto:{address}"),
            ] {
                assert_eq!(found(&text, Kind::Email), [address], "{text}");
            }
        }
    }

    #[test]
    fn what_only_looks_alike() {
        for text in [
            "@handle",
            "name@localhost",
            "react@18.2.0",
            "logo@2x.png",
            "foo@bar",
            "user@",
            "@scope/pkg",
            "git@example.com:team/repo.git",
            "50 % off @ noon",
            "a@b..c",
            "example.com/@user/post.html",
            "user.@example.com",
            "x (at) home",
        ] {
            assert!(found(text, Kind::Email).is_empty(), "{text}");
        }
    }
}
