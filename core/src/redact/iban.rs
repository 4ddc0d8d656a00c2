//! International bank account numbers: the length of each country, and the check digits of ISO 13616.

use super::checks::modulo;
use super::scan::{Class, Scan};
use super::{Finding, Kind, Reason};

/// Countries and the length of their numbers, from the registry of SWIFT (release 99, December 2024).
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 \
    EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 \
    LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 \
    SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/// Numbers that begin at the token `index`.
pub(super) fn find(scan: &Scan<'_>, index: usize, found: &mut Vec<Finding>) {
    let Some(token) = scan.get(index) else { return };
    let country = scan.str(index);
    let is_start = token.class == Class::Word
        && country.len() == 2
        && scan
            .get(index + 1)
            .is_some_and(|next| next.class == Class::Number && next.start == token.end)
        && scan
            .char_before(token.start)
            .is_none_or(|char| !char.is_alphanumeric() && char != '_');
    let Some(len) = is_start.then(|| length(country)).flatten() else {
        return;
    };
    let Some((end, characters)) = collect(&scan.text[token.start..], len) else {
        return;
    };
    // ISO 13616: the first four characters go to the end.
    let rest = characters[4..].chars().chain(characters[..4].chars());
    if modulo(rest, 97) == Some(1) {
        found.push(Finding::new(
            Kind::Iban,
            token.start..token.start + end,
            99,
            Reason::Checksum,
        ));
    }
}

fn length(country: &str) -> Option<usize> {
    let mut entries = LENGTHS.split_whitespace();
    let entry = entries.find(|entry| entry[..2].eq_ignore_ascii_case(country))?;
    entry[2..].parse().ok()
}

/// The first `len` letters and digits of `text`, with single spaces or hyphens among them, and where they end.
fn collect(text: &str, len: usize) -> Option<(usize, String)> {
    let mut characters = String::with_capacity(len);
    let mut was_gap = false;
    for (at, char) in text.char_indices() {
        if characters.len() == len {
            let goes_on = char.is_alphanumeric() || char == '_';
            return (!goes_on).then_some((at, characters));
        }
        match char {
            char if char.is_ascii_alphanumeric() => {
                characters.push(char.to_ascii_uppercase());
                was_gap = false;
            }
            ' ' | '\u{a0}' | '\u{202f}' | '-' if !was_gap => was_gap = true,
            _ => return None,
        }
    }
    (characters.len() == len).then_some((text.len(), characters))
}

#[cfg(test)]
mod tests {
    use super::super::test_support::found;
    use super::*;

    #[test]
    fn numbers_of_the_registry_s_examples() {
        for iban in [
            "DE89 3704 0044 0532 0130 00",
            "GB29NWBK60161331926819",
            "FR14 2004 1010 0505 0001 3M02 606",
            "NO93 8601 1117 947",
            "MT84MALT011000012345MTLCAST001S",
            "BR18 0036 0305 0000 1000 9795 493C 1",
            "ch93 0076 2011 6238 5295 7",
            "NL91-ABNA-0417-1643-00",
        ] {
            for text in [
                format!("to {iban} by May"),
                iban.to_owned(),
                format!("IBAN:{iban}."),
            ] {
                assert_eq!(found(&text, Kind::Iban), [iban], "{text}");
            }
        }
    }

    #[test]
    fn other_codes_are_left_alone() {
        for text in [
            "DE88 3704 0044 0532 0130 00",
            "DE89 3704 0044 0532 0130",
            "DE89 3704 0044 0532 0130 001",
            "XDE89370400440532013000",
            "DE89370400440532013000X",
            "ZZ89370400440532013000",
            "DE89  3704 0044 0532 0130 00",
        ] {
            assert!(found(text, Kind::Iban).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_wrong_character_or_an_exchange_is_noticed() {
        let good = "DE89370400440532013000";
        for at in 4..good.len() {
            let mut wrong = good.to_owned();
            let digit = if &good[at..=at] == "7" { "8" } else { "7" };
            wrong.replace_range(at..=at, digit);
            assert!(found(&wrong, Kind::Iban).is_empty(), "{wrong}");
        }
        assert!(found("DE98370400440532013000", Kind::Iban).is_empty());
    }
}
