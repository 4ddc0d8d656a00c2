//! How sure the model must be of what.

use super::SuggestionSettings;
use crate::text::{CaretText, is_word_char};

/// The thresholds at one caret.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    completing: f32,
    beginning: f32,
    next: f32,
    /// Least probability of everything shown together.
    pub total: f32,
    /// Most words shown.
    pub max_words: usize,
}

impl Thresholds {
    /// Those at `caret`. In the middle of a line none is lower than that for the middle of a line.
    pub fn at(caret: &CaretText<'_>, settings: &SuggestionSettings) -> Self {
        let stem_letters = caret.half_typed().stem.chars().count();
        let completing = match stem_letters {
            0 => settings.min_prob_word_start,
            letters if letters < settings.long_stem_letters as usize => {
                settings.min_prob_short_stem
            }
            _ => settings.min_prob_long_stem,
        };
        let floor = if caret.is_mid_line() {
            settings.min_prob_mid_line
        } else {
            0.0
        };
        let max_words = if caret.is_mid_line() {
            settings.max_words_mid_line
        } else {
            settings.max_words
        };
        Self {
            completing: completing.max(floor),
            beginning: settings.min_prob_word_start.max(floor),
            next: settings.min_prob_next_word.max(floor),
            total: settings.min_prob_total.max(floor),
            max_words: (max_words.min(settings.max_words)) as usize,
        }
    }

    /// Least probability of the unit with this index and text.
    pub fn of(&self, index: usize, unit: &str) -> f32 {
        match index {
            0 if unit.starts_with(is_word_char) => self.completing,
            0 => self.beginning,
            _ => self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_stems_need_less_and_the_middle_of_a_line_more() {
        let settings = SuggestionSettings::default();
        let at =
            |before: &str, after: &str| Thresholds::at(&CaretText::new(before, after), &settings);
        assert_eq!(
            at("Hello wo", "").of(0, "rld"),
            settings.min_prob_short_stem
        );
        assert_eq!(at("Hello wor", "").of(0, "ld"), settings.min_prob_long_stem);
        assert_eq!(
            at("Hello", "").of(0, " world"),
            settings.min_prob_word_start
        );
        assert_eq!(
            at("Hello ", "").of(1, " again"),
            settings.min_prob_next_word
        );
        assert_eq!(
            at("Hello wor", " and").of(0, "ld"),
            settings.min_prob_mid_line
        );
        assert_eq!(at("Hello ", "and").max_words, 3);
    }
}
