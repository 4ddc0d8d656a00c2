//! The core of an address, one function for each way of writing it.

use super::super::fold::fold;
use super::super::lexicon::{PROPER, WORD};
use super::super::scan::{Case, Class, Scan};
use super::super::vocabulary::REFERENCE;
use super::Core;
use super::kinds;
use super::place::is_capital;

/// Words in the name of a street.
const MAX_NAME_TOKENS: usize = 9;

/// The street that begins at the token `index`.
pub(super) fn core(scan: &Scan<'_>, index: usize) -> Option<Core> {
    let token = scan.get(index)?;
    if scan
        .char_before(token.start)
        .is_some_and(|char| char.is_alphanumeric() || matches!(char, '_' | '@' | '$' | '€' | '£'))
    {
        return None;
    }
    match token.class {
        Class::Number => number_first(scan, index),
        Class::Word => box_number(scan, index)
            .or_else(|| type_first(scan, index))
            .or_else(|| name_first(scan, index)),
        _ => None,
    }
}

/// Text of the word at `index`, folded; empty if it is none.
pub(super) fn word(scan: &Scan<'_>, index: usize) -> String {
    match scan.get(index) {
        Some(token) if token.class == Class::Word && token.end - token.start <= 40 => {
            fold(scan.str(index))
        }
        _ => String::new(),
    }
}

/// The last token of the house number that begins at `index`: `12`, `5a`, `12 B`, `12-14`, `3/28`, `12/A`, `301-hs`.
pub(super) fn house_number(scan: &Scan<'_>, index: usize) -> Option<usize> {
    let token = scan
        .get(index)
        .filter(|token| token.class == Class::Number)?;
    if token.end - token.start > 5 {
        return None;
    }
    let mut last = index;
    for _ in 0..3 {
        let next = last + 1;
        let tight = scan.gap(last).is_empty();
        let is_letter = |at: usize| {
            scan.get(at)
                .is_some_and(|token| token.class == Class::Word && token.end - token.start <= 2)
                && scan.gap(at - 1).is_empty()
        };
        if tight && is_letter(next) && last == index {
            last = next;
        } else if tight && scan.is_sign(next, &['-', '/', '–']) {
            let behind = next + 1;
            let number = scan
                .get(behind)
                .is_some_and(|token| token.class == Class::Number && token.end - token.start <= 4);
            if !(scan.gap(next).is_empty() && (number || is_letter(behind))) {
                break;
            }
            last = behind;
        } else {
            break;
        }
    }
    // `3.5 Street`, `12:30 Road`, `4711-0815`.
    let end = scan.tokens[last].end;
    let goes_on = scan.text[end..].starts_with(['.', ':', '-', ','])
        && scan
            .char_at(end + 1)
            .is_some_and(|char| char.is_ascii_digit());
    (!goes_on).then_some(last)
}

/// `27 Larkspur Lane`, `14 bis rue des Tilleuls`.
fn number_first(scan: &Scan<'_>, index: usize) -> Option<Core> {
    if scan
        .char_before(scan.tokens[index].start)
        .is_some_and(|char| matches!(char, '.' | '/' | '-' | ',' | ':'))
    {
        return None;
    }
    let mut at = house_number(scan, index)? + 1;
    // `14 bis`, `14B`.
    if matches!(word(scan, at).as_str(), "bis" | "ter" | "quater") {
        at += 1;
    }
    let comma = usize::from(scan.is_sign(at, &[',']));
    let french = scan
        .is_kind(at + comma, kinds::FRENCH)
        .then(|| name(scan, at + comma + 1))
        .flatten();
    let last = french.or_else(|| english(scan, at + comma, comma > 0))?;
    Some(Core {
        first: index,
        last,
        needs_postcode: false,
    })
}

/// The last token of an English street's name that begins at `at`.
fn english(scan: &Scan<'_>, at: usize, after_comma: bool) -> Option<usize> {
    let mut last = None;
    let mut names = 0;
    let mut cursor = at;
    while cursor < at + MAX_NAME_TOKENS {
        let Some(token) = scan.get(cursor) else { break };
        let capital = is_capital(token.case);
        match token.class {
            Class::Word
                if names > 0
                    && capital
                    && scan.is_kind(cursor, kinds::ENGLISH | kinds::ENGLISH_WEAK) =>
            {
                let weak = !scan.is_kind(cursor, kinds::ENGLISH);
                // `12 Market Place` is one, `2 Court` and `3 Way` are none; behind a comma only the strong ones count.
                if !(weak && after_comma) {
                    last = Some(cursor);
                }
                names += 1;
            }
            Class::Word if capital || names > 0 && scan.is_kind(cursor, kinds::PARTICLE) => {
                names += 1
            }
            // `23rd`, `5th`.
            Class::Number
                if matches!(scan.str(cursor + 1), "st" | "nd" | "rd" | "th")
                    && scan.gap(cursor).is_empty() =>
            {
                cursor += 1;
                names += 1;
            }
            // `County Road 12`.
            Class::Number
                if last == Some(cursor - 1) && names >= 2 && is_numbered_road(scan, cursor - 1) =>
            {
                last = Some(cursor);
                break;
            }
            Class::Sign
                if matches!(scan.str(cursor), "." | "'" | "’" | "-")
                    && scan.gap(cursor - 1).is_empty() =>
            {
                // A full stop only behind an abbreviation: `St. Mary's Road`, `Old Mill Rd.`
                let short = scan.tokens[cursor - 1].end - scan.tokens[cursor - 1].start <= 4;
                if scan.str(cursor) == "." && !short {
                    break;
                }
                if scan.str(cursor) == "."
                    && last == Some(cursor - 1)
                    && !is_capital_word(scan, cursor + 1)
                {
                    // The full stop of `Rd.,` belongs to the address.
                    if scan.is_sign(cursor + 1, &[',']) {
                        last = Some(cursor);
                    }
                    break;
                }
            }
            _ => break,
        }
        cursor += 1;
    }
    let last = last?;
    // `88 Queen St W`.
    let direction = scan.is_kind(last + 1, kinds::DIRECTION)
        && is_capital(scan.get(last + 1)?.case)
        && scan.gap(last) == " ";
    let last = if direction { last + 1 } else { last };
    // `10 Street Food Places`: the name goes on, and it is none of a street.
    let weak = scan.is_kind(last, kinds::ENGLISH_WEAK);
    let goes_on = scan.gap(last) == " "
        && is_capital_word(scan, last + 1)
        && (weak || scan.tokens[last + 1].classes & WORD != 0)
        && !scan.is_kind(last + 1, kinds::DIRECTION)
        && !scan.is_kind(last + 1, kinds::UNIT);
    (!goes_on).then_some(last)
}

fn is_numbered_road(scan: &Scan<'_>, index: usize) -> bool {
    matches!(
        word(scan, index).as_str(),
        "road" | "highway" | "hwy" | "route"
    )
}

fn is_capital_word(scan: &Scan<'_>, index: usize) -> bool {
    scan.get(index)
        .is_some_and(|token| token.class == Class::Word && is_capital(token.case))
}

/// The last token of a name of small words and capitals, with at least one capital: `des Tilleuls`, `de la Constitución`.
fn name(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let mut last = None;
    for cursor in at..at + MAX_NAME_TOKENS {
        let Some(token) = scan.get(cursor) else { break };
        match token.class {
            Class::Word if is_capital(token.case) => last = Some(cursor),
            Class::Word if scan.is_kind(cursor, kinds::PARTICLE) => {}
            // `l'Abbé-Grégoire`, `Jean-Jaurès`, `St. Martin`, `25 de Mayo`.
            Class::Sign
                if matches!(scan.str(cursor), "'" | "’" | "-" | ".")
                    && scan.gap(cursor - 1).is_empty()
                    && !ends(scan, cursor) => {}
            Class::Number
                if cursor == at
                    && matches!(
                        word(scan, at + 1).as_str(),
                        "de" | "er" | "novembre" | "mai" | "maggio" | "settembre"
                    ) => {}
            _ => break,
        }
    }
    last
}

fn ends(scan: &Scan<'_>, index: usize) -> bool {
    scan.str(index) == "." && (scan.ends_sentence(index) || !is_capital_word(scan, index + 1))
}

/// `Calle de la Amargura, 18`, `Via Garibaldi 42`, `ul. Kwiatowa 12/4`.
fn type_first(scan: &Scan<'_>, index: usize) -> Option<Core> {
    let kind = word(scan, index);
    if !scan.is_kind(index, kinds::TYPE_FIRST) || scan.get(index)?.case == Case::Mixed {
        return None;
    }
    // `C/ Mayor`, `Av. Paulista`, `Avda. de`.
    let mut at = index + 1;
    let short = scan.is_sign(at, &['.', '/']) && scan.gap(index).is_empty();
    if kind == "c" && scan.str(at) != "/" {
        return None;
    }
    if short {
        at += 1;
    }
    // `taking place in October 2020`, `via the Internet 2`.
    if matches!(
        scan.str(at),
        "in" | "of" | "the" | "and" | "to" | "for" | "at"
    ) {
        return None;
    }
    let last_name = name(scan, at)?;
    // A name of small words alone would be `via con`.
    let last = number_behind(scan, last_name)?;
    Some(Core {
        first: index,
        last,
        needs_postcode: false,
    })
}

/// The house number behind the name that ends at `last`: `12`, `, 18`, `nº 3`, `No: 5`, `, s/n`.
fn number_behind(scan: &Scan<'_>, last: usize) -> Option<usize> {
    let mut at = last + 1;
    if scan.is_sign(at, &['.']) && scan.gap(last).is_empty() {
        at += 1;
    }
    if scan.is_sign(at, &[',']) {
        at += 1;
    }
    if matches!(
        word(scan, at).as_str(),
        "n" | "no" | "nr" | "num" | "numero" | "nº" | "n°" | "no\u{ba}"
    ) {
        at += 1;
        while scan.is_sign(at, &['.', ':', 'º', '°']) {
            at += 1;
        }
    }
    let same_line = scan.get(at)?.class == Class::Number;
    if !same_line {
        return None;
    }
    let number = house_number(scan, at)?;
    // `Via Roma 3 000 euro`, `Platz 3 %`.
    let unit = scan.is_sign(number + 1, &['%', '€', '$', '°']);
    (!unit).then_some(spaced_letter(scan, number))
}

/// `12 B` where a letter stands alone.
fn spaced_letter(scan: &Scan<'_>, number: usize) -> usize {
    let letter = scan.get(number + 1).is_some_and(|token| {
        token.class == Class::Word && token.end - token.start == 1 && token.case == Case::Capital
    });
    let apart = letter
        && scan.gap(number) == " "
        && scan
            .char_at(scan.tokens[number + 1].end)
            .is_none_or(|char| !char.is_alphanumeric() && char != '\'');
    // `12 A 5`: stair and door.
    let door = apart
        && scan
            .get(number + 2)
            .is_some_and(|token| token.class == Class::Number && token.end - token.start <= 3)
        && scan.gap(number + 1) == " ";
    number + usize::from(apart) + usize::from(door)
}

/// `Gutenbergstraße 5a`, `Karl-Liebknecht-Str. 112`, `Mariahilfer Straße 121/2`, `Bağdat Caddesi 114`; or, if a place with its
/// postcode follows, any name with a number: `Am Mühlbach 7`.
fn name_first(scan: &Scan<'_>, index: usize) -> Option<Core> {
    let first = scan.get(index)?;
    if !is_capital(first.case) || is_middle(scan, index) {
        return None;
    }
    let mut last = index;
    let mut words = 1;
    let mut street = scan.is_kind(index, kinds::COMPOUND);
    loop {
        let next = last + 1;
        let hyphen =
            scan.is_sign(next, &['-']) && scan.gap(last).is_empty() && scan.gap(next).is_empty();
        let at = next + usize::from(hyphen);
        let Some(token) = scan.get(at).filter(|token| token.class == Class::Word) else {
            break;
        };
        let spaced = scan.gap(at - 1) == " ";
        let fits = is_capital(token.case) || scan.is_kind(at, kinds::PARTICLE | kinds::ENDING);
        // `Spedire a Piazza San Marco`: the street begins later.
        let street_first = scan.is_kind(at, kinds::TYPE_FIRST) && !scan.is_kind(at, kinds::ENDING);
        if street_first && is_capital(token.case) {
            return None;
        }
        if words == 6 || !(hyphen || spaced) || !fits || street && spaced {
            break;
        }
        street = scan.is_kind(at, kinds::ENDING)
            || scan.is_kind(at, kinds::COMPOUND) && is_capital(token.case);
        last = at;
        words += 1;
    }
    if scan.is_kind(last, kinds::PARTICLE) {
        return None;
    }
    let number = number_behind(scan, last).filter(|_| street || !scan.is_sign(last + 1, &[',']))?;
    let reference = scan.tokens[index..=last]
        .iter()
        .any(|token| token.marks & REFERENCE != 0);
    // `Windows 11, 23456 Users`: one word that is no name of a street.
    let plain = words == 1 && scan.tokens[index].classes & (WORD | PROPER) != 0;
    let long = scan.tokens[number].end - scan.tokens[number].start > 4;
    (street || !reference && !plain && !long).then_some(Core {
        first: index,
        last: number,
        needs_postcode: !street,
    })
}

/// Whether the name begins before the token `index`, so that it has been tried from there.
fn is_middle(scan: &Scan<'_>, index: usize) -> bool {
    let Some(before) = scan.before(index) else {
        return false;
    };
    let touching = scan.gap(index - 1);
    let hyphen = scan.str(index - 1) == "-"
        && touching.is_empty()
        && index >= 2
        && scan.gap(index - 2).is_empty();
    hyphen
        || before.class == Class::Word
            && is_capital(before.case)
            && touching == " "
            && scan.is_kind(index, kinds::ENDING)
}

/// `P.O. Box 4417`, `Postfach 10 21 33`, `BP 123`.
fn box_number(scan: &Scan<'_>, index: usize) -> Option<Core> {
    let at = match word(scan, index).as_str() {
        "postfach" | "postbus" | "postboks" | "apartado" => index + 1,
        "po" | "gpo" if word(scan, index + 1) == "box" => index + 2,
        "p" => {
            let dot = usize::from(scan.is_sign(index + 1, &['.']));
            let second = index + 1 + dot;
            let box_at = second + 1 + usize::from(scan.is_sign(second + 1, &['.']));
            (word(scan, second) == "o" && word(scan, box_at) == "box").then_some(box_at + 1)?
        }
        "caixa" | "case" | "casella"
            if matches!(word(scan, index + 1).as_str(), "postal" | "postale") =>
        {
            index + 2
        }
        "bp" if scan.str(index) == "BP" && scan.get(index + 1)?.class == Class::Number => index + 1,
        _ => return None,
    };
    let at = if word(scan, at) == "de" && word(scan, at + 1) == "correos" {
        at + 2
    } else {
        at
    };
    let mut last = scan
        .get(at)
        .filter(|token| token.class == Class::Number)
        .map(|_| at)?;
    // `10 21 33`.
    while scan
        .get(last + 1)
        .is_some_and(|token| token.class == Class::Number && token.end - token.start <= 3)
        && scan.gap(last) == " "
        && last < at + 3
    {
        last += 1;
    }
    // A blood pressure is no box.
    let pressure = scan.is_sign(last + 1, &['/']);
    (!pressure).then_some(Core {
        first: index,
        last,
        needs_postcode: false,
    })
}
