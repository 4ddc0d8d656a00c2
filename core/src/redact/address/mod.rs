//! Postal addresses: a street with a house number, written as one of the languages writes it, with the flat before it and
//! the place behind it.

mod indian;
mod kinds;
mod lead;
mod place;
mod postcode;
mod street;
mod tail;

pub(super) use kinds::{Kinds, kinds};

use super::scan::{Class, Scan};
use super::vocabulary::ADDRESS;
use super::{Finding, Kind, Reason};

/// A street with its number: tokens from `first` to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Core {
    first: usize,
    last: usize,
    /// Whether the form alone is too weak, so that a place with its postcode has to follow.
    needs_postcode: bool,
}

/// All addresses of the text.
pub(super) fn find(scan: &Scan<'_>, found: &mut Vec<Finding>) {
    let mut index = 0;
    while index < scan.tokens.len() {
        let core = street::core(scan, index);
        let address = core.and_then(|core| {
            let tail = tail::extend(scan, core.last);
            (!core.needs_postcode || tail.postcode_first).then(|| {
                (
                    lead::extend(scan, core.first),
                    tail.last,
                    core.needs_postcode,
                )
            })
        });
        if let Some((first, last, weak)) = address {
            push(
                scan,
                first,
                last,
                if weak { 78 } else { 84 },
                Reason::Format,
                found,
            );
            index = last.max(index) + 1;
            continue;
        }
        if let Some((first, last)) = indian::address(scan, index) {
            push(scan, first, last, 80, Reason::Format, found);
        } else if let Some((first, last)) = labelled(scan, index) {
            push(scan, first, last, 66, Reason::Label, found);
        }
        index += 1;
    }
}

fn push(
    scan: &Scan<'_>,
    first: usize,
    last: usize,
    confidence: u8,
    reason: Reason,
    found: &mut Vec<Finding>,
) {
    found.push(Finding::new(
        Kind::Address,
        scan.tokens[first].start..scan.tokens[last].end,
        confidence,
        reason,
    ));
}

/// `Address: The Old Mill, Ballyvaughan 7`: the rest of the line, if it has a number and two words.
fn labelled(scan: &Scan<'_>, index: usize) -> Option<(usize, usize)> {
    /// Longest address that is taken on trust.
    const MAX_TOKENS: usize = 30;
    let token = scan.get(index)?;
    if token.marks & ADDRESS == 0 || token.class != Class::Word || !scan.is_sign(index + 1, &[':'])
    {
        return None;
    }
    // Words before the colon make it another label: `E-mail address:`, `IP address:`, `MAC address:`.
    let other = [
        "remote", "peer", "mail", "email", "ip", "mac", "web", "wallet", "memory", "ipv6", "ipv4",
        "e", "site",
    ];
    if index > 0
        && other
            .iter()
            .any(|word| scan.str(index - 1).eq_ignore_ascii_case(word))
    {
        return None;
    }
    let first = index + 2;
    if scan.get(first)?.class == Class::Sign || index > 0 && scan.str(index - 1) == "-" {
        return None;
    }
    let mut last = None;
    let (mut words, mut numbers) = (0, 0);
    for at in first..first + MAX_TOKENS {
        let Some(token) = scan.get(at) else { break };
        match token.class {
            Class::Line | Class::Blank => break,
            Class::Sign if matches!(scan.str(at), ";" | "@" | "?" | "!" | "=") => break,
            Class::Sign if scan.str(at) == "." && scan.ends_sentence(at) => break,
            Class::Word => words += 1,
            Class::Number => numbers += 1,
            Class::Sign => continue,
        }
        last = Some(at);
    }
    let link = scan.str(first).eq_ignore_ascii_case("http")
        || scan.str(first).eq_ignore_ascii_case("https");
    (words >= 2 && numbers >= 1 && !link).then_some((first, last?))
}

#[cfg(test)]
mod tests;
