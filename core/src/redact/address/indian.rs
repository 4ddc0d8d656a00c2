//! Indian addresses: parts with commas between, which begin with a number and end with a place and its PIN code.

use super::super::scan::{Case, Class, Scan};
use super::place::is_capital;
use super::street::word;

/// Tokens before the PIN code that are looked at.
const MAX_TOKENS: usize = 32;

/// The address whose PIN code is the token `index`, as its first and last token.
pub(super) fn address(scan: &Scan<'_>, index: usize) -> Option<(usize, usize)> {
    let last = pin(scan, index)?;
    let mut start = None;
    let mut commas = 0;
    for at in (index.saturating_sub(MAX_TOKENS)..index).rev() {
        let token = &scan.tokens[at];
        let text = scan.str(at);
        match token.class {
            Class::Number if token.end - token.start <= 5 => {
                if begins(scan, at) {
                    start = Some((at, commas));
                }
            }
            Class::Word if is_capital(token.case) => {
                if is_designator(&word(scan, at)) {
                    start = Some((at, commas));
                }
            }
            // `Flat no. 4`, `14th`, `near the lake`.
            Class::Word
                if matches!(
                    text,
                    "no" | "th"
                        | "st"
                        | "nd"
                        | "rd"
                        | "near"
                        | "opp"
                        | "behind"
                        | "of"
                        | "the"
                        | "and"
                        | "a"
                        | "b"
                ) => {}
            Class::Sign if text == "," => commas += 1,
            Class::Sign if matches!(text, "-" | "/" | "." | "#" | "&" | "(" | ")") => {
                if text == "#" {
                    start = Some((at, commas));
                }
            }
            Class::Line if commas > 0 => {}
            _ => break,
        }
    }
    let (start, commas) = start?;
    // `B-42`: the letter belongs to the number.
    let letter = start.checked_sub(2).filter(|&at| {
        let token = &scan.tokens[at];
        token.case == Case::Capital
            && token.end - token.start <= 2
            && scan.is_sign(at + 1, &['-'])
            && scan.gap(at).is_empty()
            && scan.gap(at + 1).is_empty()
    });
    let start = letter.unwrap_or(start);
    (commas >= 2
        && !scan
            .char_before(scan.tokens[start].start)
            .is_some_and(char::is_alphanumeric))
    .then_some((start, last))
}

/// Six digits that do not begin with 0 or 9, behind a capital word: `Bengaluru 560038`, `Delhi - 110 024`.
fn pin(scan: &Scan<'_>, index: usize) -> Option<usize> {
    let token = scan
        .get(index)
        .filter(|token| token.class == Class::Number)?;
    let text = scan.str(index);
    let last = match token.end - token.start {
        6 => index,
        3 if scan.gap(index) == " "
            && scan.get(index + 1)?.class == Class::Number
            && scan.str(index + 1).len() == 3 =>
        {
            index + 1
        }
        _ => return None,
    };
    let before = scan.before(index)?;
    let dash = before.class == Class::Sign && matches!(scan.str(index - 1), "-" | "–" | ",");
    let city = scan.get(index.checked_sub(1 + usize::from(dash))?)?;
    let fine = matches!(text.as_bytes()[0], b'1'..=b'8')
        && city.class == Class::Word
        && is_capital(city.case);
    let goes_on = scan
        .char_at(scan.tokens[last].end)
        .is_some_and(|char| char.is_alphanumeric() || char == '-');
    (fine && !goes_on).then_some(last)
}

/// Whether the number may be the beginning: it is behind a colon, a line end, a sentence or a small word.
fn begins(scan: &Scan<'_>, at: usize) -> bool {
    scan.before(at).is_none_or(|token| match token.class {
        Class::Word => !is_capital(token.case),
        Class::Number => false,
        Class::Sign => !matches!(scan.str(at - 1), "," | "/" | "."),
        Class::Line | Class::Blank => true,
    })
}

fn is_designator(word: &str) -> bool {
    matches!(
        word,
        "flat"
            | "house"
            | "plot"
            | "shop"
            | "door"
            | "no"
            | "hno"
            | "apartment"
            | "villa"
            | "unit"
            | "office"
            | "block"
            | "tower"
    )
}
