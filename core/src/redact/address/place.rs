//! What may stand behind a street: the parts of a house, postcodes, places.

use super::super::lexicon::{GIVEN, PROPER, WORD};
use super::super::scan::{Case, Class, Scan};
use super::kinds;
use super::postcode::postcode;
use super::street::word;

/// A segment of an address, between commas or lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// Its last token.
    pub(super) last: usize,
    /// Whether it certainly belongs to an address: part of a house, a postcode with a place, a region's letters.
    pub(super) certain: bool,
    /// Whether it has a postcode.
    pub(super) has_postcode: bool,
}

/// Whether a word begins with a capital letter.
pub(super) fn is_capital(case: Case) -> bool {
    matches!(case, Case::Capital | Case::Upper | Case::Mixed)
}

/// `Apt 12C`, `3º B`, `37th Floor`, `2. Stock`, `Suite 200`, `#5`, `sala 501`, `RJ`.
pub(super) fn unit(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let token = scan.get(at)?;
    match token.class {
        Class::Sign if scan.str(at) == "#" => number_or_letter(scan, at + 1),
        Class::Word if scan.is_kind(at, kinds::UNIT) => {
            let mut next = at + 1;
            if scan.is_sign(next, &['.', '#']) {
                next += 1;
            }
            number_or_letter(scan, next)
        }
        Class::Number if token.end - token.start <= 3 => floor(scan, at),
        _ => None,
    }
}

/// `12`, `12C`, `4-5`, `C`.
fn number_or_letter(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let token = scan.get(at)?;
    let short = token.end - token.start <= 4;
    let letter = |index: usize| {
        scan.get(index)
            .is_some_and(|token| token.class == Class::Word && token.end - token.start == 1)
    };
    match token.class {
        Class::Number if short => {
            let tight = scan.gap(at).is_empty() && letter(at + 1);
            Some(at + usize::from(tight))
        }
        Class::Word if letter(at) && token.case == Case::Capital => {
            let number = scan.gap(at).is_empty()
                && scan
                    .get(at + 1)
                    .is_some_and(|next| next.class == Class::Number);
            Some(at + usize::from(number))
        }
        _ => None,
    }
}

/// `37th Floor`, `2nd Floor`, `3º B`, `4.º A`, `2º izda.`, `6º 2ª`, `3. OG`.
fn floor(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let mut next = at + 1;
    let mut ordinal = false;
    for _ in 0..2 {
        let text = scan.str(next);
        if scan.gap(next - 1).is_empty()
            && matches!(
                text,
                "." | "º" | "ª" | "°" | "th" | "nd" | "rd" | "st" | "o" | "a"
            )
        {
            ordinal = true;
            next += 1;
        }
    }
    if !ordinal {
        return None;
    }
    let sign = scan.str(next - 1);
    let text = word(scan, next);
    let named = scan.is_kind(next, kinds::UNIT)
        || text.len() == 1 && is_capital(scan.get(next)?.case) && matches!(sign, "º" | "ª" | "°");
    if named {
        let dot = scan.is_sign(next + 1, &['.'])
            && scan.is_kind(next, kinds::UNIT)
            && scan.gap(next).is_empty();
        return Some(next + usize::from(dot && scan.is_sign(next + 2, &[','])));
    }
    // `6º 2ª`.
    let door = scan
        .get(next)
        .is_some_and(|token| token.class == Class::Number)
        && scan.is_sign_or_mark(next + 1, &["º", "ª"]);
    if door {
        return Some(next + 1);
    }
    matches!(sign, "º" | "ª").then_some(next - 1)
}

/// A postcode with its place, or a place with what is behind it.
pub(super) fn place(scan: &Scan<'_>, at: usize) -> Option<Segment> {
    if let Some(code) = postcode(scan, at) {
        let city = city(scan, code.last + 1);
        let spaced = !scan.gap(code.last).is_empty();
        // Four or five digits alone may be anything.
        return match city.filter(|_| spaced) {
            Some(last) => Some(Segment {
                last: region(scan, last).map_or(last, |(last, _)| last),
                certain: true,
                has_postcode: true,
            }),
            None => (!code.plain || code.digits > 4).then_some(Segment {
                last: code.last,
                certain: true,
                has_postcode: true,
            }),
        };
    }
    let city = city(scan, at)?;
    let mut segment = Segment {
        last: city,
        certain: false,
        has_postcode: false,
    };
    for _ in 0..2 {
        let next = segment.last + 1;
        // `Haryana 122016`, `Bengaluru - 560011`, `VIC 3056`.
        let dash = usize::from(scan.is_sign(next, &['-', '–']));
        if let Some(code) =
            postcode(scan, next + dash).filter(|_| !scan.gap(segment.last).is_empty() || dash > 0)
        {
            segment = Segment {
                last: code.last,
                certain: true,
                has_postcode: true,
            };
            break;
        }
        let Some((last, certain)) = region(scan, segment.last) else {
            break;
        };
        segment.last = last;
        segment.certain |= certain;
    }
    Some(segment)
}

/// `(RM)`, `- RJ`, `/SP`, `OH`, `(Québec)`, `/İstanbul`, `N` behind the place that ends at `last`.
fn region(scan: &Scan<'_>, last: usize) -> Option<(usize, bool)> {
    let next = last + 1;
    let code = |at: usize| {
        scan.get(at).is_some_and(|token| {
            token.class == Class::Word && token.case == Case::Upper && token.end - token.start <= 3
        })
    };
    if scan.is_sign(next, &['('])
        && scan.is_sign(next + 2, &[')'])
        && scan.get(next + 1)?.class == Class::Word
    {
        return Some((next + 2, true));
    }
    if scan.is_sign(next, &['-', '–', '/'])
        && (code(next + 1) || scan.str(next) == "/" && is_capital(scan.get(next + 1)?.case))
    {
        return Some((next + 1, true));
    }
    // `København N`, `Praha 1`.
    let district = scan.get(next).is_some_and(|token| {
        token.end - token.start == 1
            && (token.case == Case::Capital || token.class == Class::Number)
    });
    (district && scan.gap(last) == " " && scan.is_segment_end(next)).then_some((next, false))
}

/// Up to four capital words with small ones between: `Aix-en-Provence`, `São Paulo`, `Den Haag`, `New York, NY` up to the comma.
fn city(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let mut last = None;
    let mut words = 0;
    let mut cursor = at;
    while words < 5 && cursor < at + 10 {
        let Some(token) = scan.get(cursor) else { break };
        match token.class {
            Class::Word if is_capital(token.case) => {
                // `Bristol BS6 5TG`: the postcode is no part of the name.
                if cursor > at
                    && (scan.gap(cursor - 1).len() > 2 || postcode(scan, cursor).is_some())
                {
                    break;
                }
                last = Some(cursor);
                words += 1;
            }
            Class::Word if last.is_some() && scan.is_kind(cursor, kinds::PARTICLE) => words += 1,
            Class::Sign
                if matches!(scan.str(cursor), "-" | "'" | "’")
                    && last.is_some()
                    && scan.gap(cursor - 1).is_empty()
                    && scan.gap(cursor).is_empty() => {}
            Class::Sign
                if scan.str(cursor) == "."
                    && matches!(
                        word(scan, cursor.saturating_sub(1)).as_str(),
                        "st" | "ste" | "mt"
                    ) => {}
            _ => break,
        }
        cursor += 1;
    }
    last
}

/// Whether the words from `at` to `last` are a given name and not a place, as in `12 High Street, Anna`.
pub(super) fn is_name(scan: &Scan<'_>, at: usize) -> bool {
    let classes = scan.tokens[at].classes;
    classes & GIVEN != 0 && classes & (WORD | PROPER) == 0
}

impl Scan<'_> {
    /// Whether nothing but punctuation or a line end is behind the token `index`.
    pub(super) fn is_segment_end(&self, index: usize) -> bool {
        match self.get(index + 1) {
            None => true,
            Some(token) => match token.class {
                Class::Line | Class::Blank => true,
                Class::Sign => matches!(
                    self.str(index + 1),
                    "." | ";"
                        | ")"
                        | "\""
                        | "'"
                        | "”"
                        | "!"
                        | "?"
                        | ","
                        | ">"
                        | "("
                        | "|"
                        | "·"
                        | "»"
                ),
                Class::Word | Class::Number => false,
            },
        }
    }

    /// Whether the token is one of `texts`.
    fn is_sign_or_mark(&self, index: usize, texts: &[&str]) -> bool {
        texts.contains(&self.str(index))
    }
}
