//! Hardware addresses (EUI-48): six pairs of hexadecimal digits, three groups of four, or twelve digits behind a label.

use super::scan::{Class, Scan};
use super::{Finding, Kind, Reason};

/// Addresses that begin at the token `index`.
pub(super) fn find(scan: &Scan<'_>, index: usize, found: &mut Vec<Finding>) {
    let Some(token) = scan.get(index) else { return };
    if !matches!(token.class, Class::Word | Class::Number) || token.end - token.start > 12 {
        return;
    }
    let start = token.start;
    let before = scan.char_before(start);
    if before.is_some_and(|char| {
        char.is_alphanumeric() || matches!(char, ':' | '_' | '-' | '.') && continues(scan, start)
    }) {
        return;
    }
    let text = &scan.text[start..];
    let len = match text.as_bytes() {
        [_, _, b':', ..] => pairs(text, b':', 2, 6),
        [_, _, b'-', ..] => pairs(text, b'-', 2, 6),
        [_, _, _, _, b'.', ..] => pairs(text, b'.', 4, 3),
        _ => pairs(text, b' ', 12, 1).filter(|_| says_mac(scan, index)),
    };
    let Some(len) = len else { return };
    let range = start..start + len;
    let after = scan.char_at(range.end);
    let goes_on = after.is_some_and(|char| char.is_alphanumeric() || char == '_')
        || after.is_some_and(|char| matches!(char, ':' | '-' | '.'))
            && scan
                .char_at(range.end + 1)
                .is_some_and(|char| char.is_ascii_hexdigit());
    let mut digits = text[..len]
        .bytes()
        .filter(u8::is_ascii_hexdigit)
        .map(|byte| byte.to_ascii_lowercase());
    let first = digits.next();
    // All zeros is no device, all ones is every device.
    let is_uniform = digits.all(|digit| Some(digit) == first);
    if !goes_on && !is_uniform {
        found.push(Finding::new(Kind::Mac, range, 95, Reason::Structure));
    }
}

/// Whether the sign before byte `start` joins it to more digits: `ff:` of a longer fingerprint, not `mac:`.
fn continues(scan: &Scan<'_>, start: usize) -> bool {
    let mut before = scan.text[..start - 1].chars().rev();
    let pair: Vec<char> = before.by_ref().take(2).collect();
    pair.len() == 2
        && pair.iter().all(char::is_ascii_hexdigit)
        && before.next().is_none_or(|char| !char.is_alphanumeric())
}

/// Length of `count` groups of `size` hexadecimal digits with `sign` between, at the beginning of `text`.
fn pairs(text: &str, sign: u8, size: usize, count: usize) -> Option<usize> {
    let len = count * (size + 1) - 1;
    let bytes = text.as_bytes().get(..len)?;
    let fits = bytes
        .iter()
        .enumerate()
        .all(|(at, byte)| match at % (size + 1) == size {
            true => *byte == sign,
            false => byte.is_ascii_hexdigit(),
        });
    fits.then_some(len)
}

fn says_mac(scan: &Scan<'_>, index: usize) -> bool {
    (index.saturating_sub(4)..index).any(|at| {
        ["mac", "bssid", "hwaddr", "ethernet"]
            .iter()
            .any(|word| scan.str(at).eq_ignore_ascii_case(word))
    })
}

#[cfg(test)]
mod tests {
    use super::super::test_support::found;
    use super::*;

    #[test]
    fn every_way_of_writing() {
        for address in [
            "00:00:5E:00:53:A4",
            "00-00-5e-00-53-01",
            "0000.5e00.53af",
            "02:ab:CD:00:11:22",
        ] {
            for text in [
                format!("to {address} via"),
                address.to_string(),
                format!("mac:{address}."),
                format!("({address})"),
            ] {
                assert_eq!(found(&text, Kind::Mac), [address], "{text}");
            }
        }
        assert_eq!(found("mac=00005E0053D4", Kind::Mac), ["00005E0053D4"]);
    }

    #[test]
    fn fingerprints_and_times_are_none() {
        for text in [
            "16:27:ac:a5:76:28:2d:36",
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            "12:34:56",
            "00005E0053D4",
            "00:00:5E:00:53",
            "00:00:5E:00:53:G4",
            "00:00-5E:00:53:A4",
            "2024-01-02",
        ] {
            assert!(found(text, Kind::Mac).is_empty(), "{text}");
        }
    }
}
