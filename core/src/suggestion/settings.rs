//! Every threshold of the suggestion path in one place, so that a pack can carry the values measured for its model.

use serde::{Deserialize, Serialize};

/// Limits and thresholds. In JSON every field is optional and an absent one keeps its default.
///
/// # Units
/// Probabilities are the model's own, in 0..=1. Characters are what a reader counts as one (grapheme clusters).
///
/// # Source
/// Unless a field says otherwise its default is a starting point from the experience of comparable tools; a pack's
/// `suggestion` object replaces it with the value measured for that model on held-out text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SuggestionSettings {
    /// Tokens of text before the caret that the model sees. 192 tokens are about 120 words; twice as many double the
    /// time of the first suggestion in a long text for a gain of about one hundredth in bits per byte.
    pub prompt_tokens: u32,
    /// When the prompt outgrows `prompt_tokens` it is cut back to this many, so that the cut (which costs a full
    /// prefill) comes once in many words and not with every keystroke.
    pub prompt_tokens_after_cut: u32,
    /// Most tokens generated after the caret: two a word, less a few because most words are one.
    pub max_new_tokens: u32,
    /// Most words shown; more than a glance takes in is not read.
    pub max_words: u32,
    /// Most decoder steps spent on reproducing the half-typed word.
    pub max_heal_steps: u32,
    /// Longest half-typed word, in bytes, that is worth reproducing. Longer ones are addresses, codes, or nonsense.
    pub max_stem_bytes: u32,
    /// Fewest letters before the caret; the model knows nothing of an empty field.
    pub min_letters_before: u32,
    /// Least probability of the first word where a new word begins.
    pub min_prob_word_start: f32,
    /// Least probability of the completion of a word of which fewer than `long_stem_letters` are typed.
    pub min_prob_short_stem: f32,
    /// Least probability of the completion of a word of which at least `long_stem_letters` are typed: the reader sees
    /// at once whether it is the word meant, so being wrong costs less.
    pub min_prob_long_stem: f32,
    /// Letters from which on a half-typed word counts as long.
    pub long_stem_letters: u32,
    /// Least probability of each word after the first.
    pub min_prob_next_word: f32,
    /// Least probability of everything shown together.
    pub min_prob_total: f32,
    /// Least probability of the first word where text follows the caret on the same line.
    pub min_prob_mid_line: f32,
    /// Most words shown where text follows on the same line.
    pub max_words_mid_line: u32,
    /// Fewest characters worth a key press: accepting costs one, and reading costs more than one.
    pub min_shown_chars: u32,
    /// Most digits in a suggestion; a longer number is a fact that the model cannot know.
    pub max_digits: u32,
    /// Fewest letters for each token of the word at the caret. A word that needs about one token a letter was spelled
    /// out, not known: half-typed or completed, it is no word of the training text.
    pub min_letters_per_token: f32,
}

impl Default for SuggestionSettings {
    fn default() -> Self {
        Self {
            prompt_tokens: 192,
            prompt_tokens_after_cut: 96,
            max_new_tokens: 12,
            max_words: 7,
            max_heal_steps: 8,
            max_stem_bytes: 48,
            min_letters_before: 3,
            min_prob_word_start: 0.28,
            min_prob_short_stem: 0.28,
            min_prob_long_stem: 0.2,
            long_stem_letters: 3,
            min_prob_next_word: 0.3,
            min_prob_total: 0.12,
            min_prob_mid_line: 0.5,
            max_words_mid_line: 3,
            min_shown_chars: 2,
            max_digits: 4,
            min_letters_per_token: 1.5,
        }
    }
}

impl SuggestionSettings {
    /// Whether nothing differs from the defaults.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether every value is in its range, so that the rules can use them without checks of their own.
    pub fn is_valid(&self) -> bool {
        let probs = [
            self.min_prob_word_start,
            self.min_prob_short_stem,
            self.min_prob_long_stem,
            self.min_prob_next_word,
            self.min_prob_total,
            self.min_prob_mid_line,
        ];
        // Upper bounds: what still answers within a second on a slow machine.
        let counts = [
            (self.prompt_tokens, 2..=4_096),
            (self.prompt_tokens_after_cut, 1..=self.prompt_tokens),
            (self.max_new_tokens, 1..=64),
            (self.max_words, 1..=32),
            (self.max_heal_steps, 1..=64),
            (self.max_stem_bytes, 1..=256),
            (self.min_letters_before, 0..=100),
            (self.long_stem_letters, 1..=32),
            (self.max_words_mid_line, 1..=32),
            (self.min_shown_chars, 1..=32),
            (self.max_digits, 0..=32),
        ];
        probs.iter().all(|prob| (0.0..=1.0).contains(prob))
            && counts.iter().all(|(count, range)| range.contains(count))
            && (0.0..=8.0).contains(&self.min_letters_per_token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_fields_are_optional() {
        let settings: SuggestionSettings =
            serde_json::from_str(r#"{"minProbTotal": 0.2, "later": 1}"#).unwrap();
        assert!(settings.is_valid());
        assert_eq!(
            settings,
            SuggestionSettings {
                min_prob_total: 0.2,
                ..Default::default()
            }
        );
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for settings in [
            SuggestionSettings {
                min_prob_total: f32::NAN,
                ..Default::default()
            },
            SuggestionSettings {
                min_prob_word_start: 1.5,
                ..Default::default()
            },
            SuggestionSettings {
                max_words: 0,
                ..Default::default()
            },
            SuggestionSettings {
                prompt_tokens_after_cut: 193,
                ..Default::default()
            },
            SuggestionSettings {
                prompt_tokens: u32::MAX,
                ..Default::default()
            },
        ] {
            assert!(!settings.is_valid(), "{settings:?}");
        }
    }
}
