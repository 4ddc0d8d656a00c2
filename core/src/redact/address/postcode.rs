//! Postcodes of the countries whose addresses are found.

use super::super::scan::Scan;

/// `A` is a capital, `9` a digit, `X` either; other characters stand for themselves. Longer ones first.
const FORMS: [&str; 23] = [
    "99999-9999",
    "AA9A 9AA",
    "AA99 9AA",
    "99999-999",
    "9999-999",
    "AA9 9AA",
    "A9A 9AA",
    "A99 9AA",
    "A9A 9A9",
    "A99 XXXX",
    "A9 9AA",
    "AA-9999",
    "A-99999",
    "A-9999",
    "9999 AA",
    "999 999",
    "999999",
    "999 99",
    "99-999",
    "99999",
    "9999",
    "A99XXXX",
    "AA999AA",
];

/// Kind of a postcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Postcode {
    /// Its last token.
    pub(super) last: usize,
    /// Only four or five digits, or six, which other numbers have as well.
    pub(super) plain: bool,
    /// Its digits.
    pub(super) digits: usize,
}

/// The postcode that begins at the token `index`.
pub(super) fn postcode(scan: &Scan<'_>, index: usize) -> Option<Postcode> {
    let start = scan.get(index)?.start;
    if scan.char_before(start).is_some_and(char::is_alphanumeric) {
        return None;
    }
    let text = &scan.text[start..];
    FORMS.iter().find_map(|form| {
        let end = start + fit(text, form)?;
        let goes_on = scan
            .char_at(end)
            .is_some_and(|char| char.is_alphanumeric() || char == '_')
            || scan.text[end..].starts_with(['-', '.', ',', ':'])
                && scan
                    .char_at(end + 1)
                    .is_some_and(|char| char.is_ascii_digit());
        // Tokens end where the form does.
        let last = scan.token_at(end).checked_sub(1)?;
        (!goes_on && scan.tokens[last].end == end).then(|| Postcode {
            last,
            plain: form.bytes().all(|byte| byte == b'9'),
            digits: form.bytes().filter(|byte| *byte == b'9').count(),
        })
    })
}

/// Bytes of `text` that the form fits.
fn fit(text: &str, form: &str) -> Option<usize> {
    let mut chars = text.chars();
    let mut len = 0;
    for wanted in form.chars() {
        let char = chars.next()?;
        let fits = match wanted {
            'A' => char.is_ascii_uppercase(),
            '9' => char.is_ascii_digit(),
            'X' => char.is_ascii_uppercase() || char.is_ascii_digit(),
            ' ' => matches!(char, ' ' | '\u{a0}'),
            wanted => char == wanted,
        };
        if !fits {
            return None;
        }
        len += char.len_utf8();
    }
    Some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_many_countries() {
        for code in [
            "62703",
            "62703-1234",
            "BS6 5TG",
            "SW1Y 5AH",
            "M3 5LE",
            "EC1A 1BB",
            "H3G 1M8",
            "1016 GW",
            "22240-003",
            "1100-053",
            "00-950",
            "114 55",
            "560038",
            "560 038",
            "8001",
            "CH-6006",
            "D-10115",
            "H91 E2K3",
        ] {
            let text = format!("{code}, then");
            let scan = Scan::new(&text);
            let postcode = postcode(&scan, 0).unwrap_or_else(|| panic!("{code}"));
            assert_eq!(&text[..scan.tokens[postcode.last].end], code);
        }
        for text in ["123", "12345678", "1234a", "bs6 5tg", "12345.6", "Anna"] {
            assert_eq!(postcode(&Scan::new(text), 0), None, "{text}");
        }
    }
}
