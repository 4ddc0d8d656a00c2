//! Check digits that several kinds of number share.

/// Luhn's formula, of payment cards (ISO/IEC 7812-1, annex B).
pub(super) fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (index, byte) in digits.bytes().rev().enumerate() {
        let digit = u32::from(byte - b'0');
        sum += match (index % 2, digit) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        };
    }
    sum.is_multiple_of(10)
}

/// The number that `digits` write, letters counting from 10, modulo `modulus` (ISO 7064, pure systems).
pub(super) fn modulo(digits: impl Iterator<Item = char>, modulus: u32) -> Option<u32> {
    let mut rest = 0;
    for char in digits {
        let value = char.to_digit(36)?;
        let shift = if value > 9 { 100 } else { 10 };
        rest = (rest * shift + value) % modulus;
    }
    Some(rest)
}

/// Sum of the digits, each times its weight.
pub(super) fn weighted(digits: &str, weights: &[u32]) -> u32 {
    let values = digits.bytes().map(|byte| u32::from(byte - b'0'));
    values
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum()
}

/// Whether all bytes are the same one.
pub(super) fn is_uniform(digits: &str) -> bool {
    let mut bytes = digits.bytes();
    let first = bytes.next();
    bytes.all(|byte| Some(byte) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luhn_notices_every_wrong_digit() {
        let good = "4111111111111111";
        assert!(luhn(good));
        for at in 0..good.len() {
            for digit in '0'..='9' {
                let mut other = good.to_owned();
                other.replace_range(at..=at, &digit.to_string());
                assert_eq!(luhn(&other), other == good, "{other}");
            }
        }
    }

    #[test]
    fn modulo_reads_letters_as_two_digits() {
        assert_eq!(modulo("3214282912345698765432161182".chars(), 97), Some(1));
        assert_eq!(modulo("A".chars(), 97), Some(10));
        assert_eq!(modulo("-".chars(), 97), None);
    }
}
