//! Which letters the model knows. The shipped models are English ones, so: Latin letters.

/// Letters looked at, from the caret backwards, to tell the script of a text.
const LETTERS_LOOKED_AT: usize = 64;

/// Whether `char` is a letter of the Latin script, by Unicode block.
///
/// # Source
/// Unicode 17, Blocks.txt: Basic Latin to IPA Extensions, Latin Extended Additional, C, D, E, the ligatures, fullwidth.
pub fn is_latin_letter(char: char) -> bool {
    char.is_alphabetic()
        && matches!(char,
            '\0'..='\u{2AF}' | '\u{1E00}'..='\u{1EFF}' | '\u{2C60}'..='\u{2C7F}' | '\u{A720}'..='\u{A7FF}'
            | '\u{AB30}'..='\u{AB6F}' | '\u{FB00}'..='\u{FB06}' | '\u{FF21}'..='\u{FF5A}')
}

/// Whether the text before the caret is in a script that the model does not know: most of its last letters are no Latin
/// ones, or the last character is a letter that is not, or stands for something that could not be read.
pub fn is_unknown_script(before: &str) -> bool {
    let unknown = |char: char| {
        (char.is_alphabetic() && !is_latin_letter(char)) || char == char::REPLACEMENT_CHARACTER
    };
    if before.chars().next_back().is_some_and(unknown) {
        return true;
    }
    let (mut letters, mut latin) = (0, 0);
    for char in before
        .chars()
        .rev()
        .filter(|char| char.is_alphabetic())
        .take(LETTERS_LOOKED_AT)
    {
        letters += 1;
        latin += usize::from(is_latin_letter(char));
    }
    latin * 2 < letters
}

/// Whether `char` may stand in a suggestion: visible, known to the model, and without effect on the text around it
/// (no control, bidirectional or other invisible formatting, no private use).
pub fn is_showable(char: char) -> bool {
    !char.is_control()
        && (!char.is_alphabetic() || is_latin_letter(char))
        && !matches!(char,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{D7FF}'..='\u{F8FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFF}' | '\u{E0000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_by_their_letters() {
        for known in [
            "",
            "Hello",
            "naïve café",
            "123 + 4",
            "Ünïcödé łódź",
            "the word Москва means",
            "🙂 yes",
        ] {
            assert!(!is_unknown_script(known), "{known}");
        }
        for unknown in [
            "Привет",
            "你好",
            "안녕",
            "hello Москва",
            "مرحبا ok",
            "abc\u{FFFD}",
        ] {
            assert!(is_unknown_script(unknown), "{unknown}");
        }
    }

    #[test]
    fn what_may_be_shown() {
        assert!("The café, “quoted” – 3.5 €…🙂".chars().all(is_showable));
        for char in [
            '\u{7}',
            '\n',
            '\u{202E}',
            '\u{200B}',
            '\u{FFFD}',
            'я',
            '\u{E000}',
            '\u{E0041}',
        ] {
            assert!(!is_showable(char), "{char:?}");
        }
    }
}
