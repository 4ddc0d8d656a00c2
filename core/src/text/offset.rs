//! UTF-16 code units, as the browser counts, to bytes and back.

/// Length of `text` in UTF-16 code units.
pub fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The byte offset of a UTF-16 offset; `None` beyond the end and between the halves of a surrogate pair.
pub fn byte_of_utf16(text: &str, offset_utf16: usize) -> Option<usize> {
    let mut units = 0;
    for (byte, char) in text.char_indices() {
        if units >= offset_utf16 {
            return (units == offset_utf16).then_some(byte);
        }
        units += char.len_utf16();
    }
    (units == offset_utf16).then_some(text.len())
}

/// The UTF-16 offset of a byte offset; `None` beyond the end and inside a character.
pub fn utf16_of_byte(text: &str, offset: usize) -> Option<usize> {
    text.get(..offset).map(utf16_len)
}

/// The longest end of `text` that has at most `max_utf16` code units.
pub fn tail_utf16(text: &str, max_utf16: usize) -> &str {
    let mut units = 0;
    for (byte, char) in text.char_indices().rev() {
        units += char.len_utf16();
        if units > max_utf16 {
            return &text[byte + char.len_utf8()..];
        }
    }
    text
}

/// The longest start of `text` that has at most `max_utf16` code units.
pub fn head_utf16(text: &str, max_utf16: usize) -> &str {
    let mut units = 0;
    for (byte, char) in text.char_indices() {
        units += char.len_utf16();
        if units > max_utf16 {
            return &text[..byte];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn surrogate_pairs_are_not_split() {
        assert_eq!(byte_of_utf16("a🙂b", 1), Some(1));
        assert_eq!(byte_of_utf16("a🙂b", 2), None);
        assert_eq!(byte_of_utf16("a🙂b", 3), Some(5));
        assert_eq!(byte_of_utf16("a🙂b", 5), None);
        assert_eq!(utf16_of_byte("a🙂b", 5), Some(3));
        assert_eq!(utf16_of_byte("a🙂b", 3), None);
        assert_eq!(utf16_of_byte("a🙂b", 99), None);
        assert_eq!(tail_utf16("a🙂b", 2), "b");
        assert_eq!(head_utf16("a🙂b", 2), "a");
    }

    proptest! {
        #[test]
        fn offsets_there_and_back(text in "\\PC{0,40}") {
            for (byte, _) in text.char_indices() {
                let units = utf16_of_byte(&text, byte).unwrap();
                prop_assert_eq!(byte_of_utf16(&text, units), Some(byte));
            }
            prop_assert_eq!(byte_of_utf16(&text, utf16_len(&text)), Some(text.len()));
            prop_assert_eq!(byte_of_utf16(&text, utf16_len(&text) + 1), None);
        }

        #[test]
        fn head_and_tail_are_the_longest_that_fit(text in "\\PC{0,40}", max in 0usize..50) {
            for (part, is_part) in [(head_utf16(&text, max), text.starts_with(head_utf16(&text, max))),
                                    (tail_utf16(&text, max), text.ends_with(tail_utf16(&text, max)))] {
                prop_assert!(is_part);
                prop_assert!(utf16_len(part) <= max);
                prop_assert!(part.len() == text.len() || utf16_len(part) + 2 > max);
            }
        }
    }
}
