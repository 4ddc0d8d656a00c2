//! Numbers, addresses and the like: a model can only invent them, and inventing a person's is worse than silence.

use std::ops::Range;

use super::secret::announces_secret;

/// Digits in front of the caret, in groups, from which on they are taken for a phone, card or account number in
/// progress. A year or a price has fewer.
const NUMBER_IN_PROGRESS_DIGITS: usize = 5;

/// Whether a number, address, link or code is being typed at the end of `before`, or a secret was announced there.
pub fn is_sensitive_before(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let chunk = line.rsplit(char::is_whitespace).next().unwrap_or_default();
    is_sensitive_chunk(chunk) || is_number_in_progress(line) || announces_secret(line)
}

/// Index of the first unit of `text`, which is suggested behind `before`, that must not be: part of an e-mail address,
/// link, handle, of more than `max_digits` digits in groups, or of a secret that the words before it announce. A number at
/// the end may be the first group of a longer one, so it goes too.
pub fn sensitive_start(
    before: &str,
    text: &str,
    units: &[Range<usize>],
    max_digits: usize,
) -> Option<usize> {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let mut digits = 0;
    let mut number_start = None;
    // The chunk that the caret is in belongs to the first unit; the one in front of it may be a code that goes on.
    let (earlier, stem) = line.split_at(line.len() - last_chunk(line).len());
    // "GB12 WEST": capitals behind a group of letters and digits are its next group.
    let mut in_code = earlier.split_whitespace().next_back().is_some_and(is_code);
    for (index, unit) in units.iter().enumerate() {
        if announces_secret(&[line, &text[..unit.start]].concat()) {
            return Some(index);
        }
        let chunk_start = {
            let so_far = text[..unit.end].trim_end();
            so_far.len() - last_chunk(so_far).len()
        };
        let chunk = if chunk_start == 0 {
            [stem, &text[..unit.end]].concat()
        } else {
            text[chunk_start..unit.end].to_owned()
        };
        // What gives an address or a key away stands inside it; it begins where its chunk of text does.
        let chunk_index = || units.iter().position(|unit| unit.end > chunk_start);
        if is_key(chunk.trim()) {
            return chunk_index();
        }
        let part = text[unit.clone()].trim();
        let digits_here = part.chars().filter(|char| char.is_numeric()).count();
        if digits_here > 0 {
            digits += digits_here;
            number_start = number_start.or(Some(index));
        } else if part.chars().any(char::is_alphabetic) {
            if in_code && chunk.trim().chars().all(char::is_uppercase) {
                return number_start.or(Some(index));
            }
            digits = 0;
            number_start = None;
        }
        in_code = is_code(chunk.trim());
        if digits > max_digits {
            return number_start;
        }
        if is_address_part(part) {
            return chunk_index();
        }
    }
    number_start
}

/// What stands behind the last white space.
fn last_chunk(text: &str) -> &str {
    text.rsplit(char::is_whitespace).next().unwrap_or_default()
}

/// Letters and digits in one group, as in "GB12" or "KX57".
fn is_code(part: &str) -> bool {
    part.chars().any(char::is_uppercase) && part.chars().any(char::is_numeric)
}

/// The beginning of a key as services hand them out.
fn is_key(part: &str) -> bool {
    part.starts_with("sk-") || part.starts_with("ghp_")
}

fn is_address_part(part: &str) -> bool {
    let lower = part.to_lowercase();
    let has_inner_dot = part
        .split('.')
        .collect::<Vec<_>>()
        .windows(2)
        .any(|around| {
            around[0].ends_with(char::is_alphabetic)
                && around[1]
                    .chars()
                    .take_while(|char| char.is_alphabetic())
                    .count()
                    >= 2
        });
    part.contains(['@', '\\', '_', '=', '#'])
        || part.contains("//")
        || lower.starts_with("www")
        || lower.starts_with("http:")
        || lower.starts_with("https:")
        || lower == "http"
        || lower == "https"
        || has_inner_dot
}

fn is_sensitive_chunk(chunk: &str) -> bool {
    let is_code = chunk.ends_with(char::is_alphanumeric) && chunk.chars().any(char::is_numeric);
    // "555-": a group that is not the last.
    let is_group = chunk.ends_with('-') && chunk.chars().any(char::is_numeric);
    is_code || is_group || is_key(chunk) || chunk == "sk" || is_address_part(chunk)
}

fn is_number_in_progress(line: &str) -> bool {
    let is_number_char = |char: char| {
        char.is_numeric() || matches!(char, ' ' | '-' | '(' | ')' | '+' | '.' | '/' | '\t')
    };
    let number = &line[line.trim_end_matches(is_number_char).len()..];
    let digits = number.chars().filter(|char| char.is_numeric()).count();
    digits >= NUMBER_IN_PROGRESS_DIGITS || (digits > 0 && number.trim_start().starts_with('+'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::units;

    #[test]
    fn personal_data_in_progress() {
        for before in [
            "call me at 12",
            "my number is 555 123 ",
            "+49 ",
            "mail joe@",
            "mail joe@exam",
            "joe.smith",
            "see https://exam",
            "see www.exam",
            "example.com",
            "PIN 1234",
            "key sk-abc",
            "user_name",
            "C:\\Us",
            "#ta",
            "code AB12",
            "4111 1111 1",
        ] {
            assert!(is_sensitive_before(before), "{before}");
        }
        for before in [
            "In 2024 ",
            "I have 2 ",
            "The end. ",
            "and/o",
            "well-kn",
            "e.g. ",
            "\"Hel",
            "3 apples\n",
            "",
            "U.S. ",
            "I. ",
        ] {
            assert!(!is_sensitive_before(before), "{before}");
        }
    }

    #[test]
    fn suggestions_end_before_invented_data() {
        let shown = |text: &'static str| {
            let units = units(text);
            sensitive_start("I live ", text, &units, 4).map_or(text, |at| &text[..units[at].start])
        };
        assert_eq!(shown("in 1999 and 2004."), "in 1999 and");
        assert_eq!(shown("in 1999 and there"), "in 1999 and there");
        assert_eq!(shown("at 4111"), "at");
        assert_eq!(shown("with my PIN: 4921 now"), "with my PIN:");
        assert_eq!(shown("me at 555 123 4567"), "me at");
        assert_eq!(shown("me at 555-123"), "me at");
        assert_eq!(shown("mail joe@example.com now"), "mail");
        assert_eq!(shown("see example.com"), "see");
        assert_eq!(shown("see https://x"), "see");
        assert_eq!(shown("see 123456"), "see");
        assert_eq!(shown("at GB12 WEST now"), "at");
        assert_eq!(shown("by the API key sk-live-4"), "by the API key");
        assert_eq!(shown("joe@x"), "");
        assert_eq!(shown("and so on."), "and so on.");
    }
}
