//! Whether letters make a word. Without a dictionary: by what the model knows and by what no word looks like.

/// Whether `word`, which took the model `tokens` tokens, may be a word.
///
/// A tokenizer's pieces are what its training text is made of: a word of that text takes few of them, a misspelt or
/// made-up one is spelled out nearly letter by letter. So a word of three tokens or more needs
/// `min_letters_per_token` letters for each. Beside that a word of four letters or more has a vowel, no letter stands
/// four times in a row, and small letters are not followed by capitals all over. Capitals
/// alone may stand for anything.
pub fn is_word(word: &str, tokens: usize, min_letters_per_token: f32) -> bool {
    let letters: Vec<char> = word.chars().filter(|char| char.is_alphabetic()).collect();
    let is_spelled = tokens >= 3 && (letters.len() as f32) < min_letters_per_token * tokens as f32;
    let is_acronym = letters.iter().all(|char| char.is_uppercase());
    let has_vowel = letters.iter().any(|&char| is_vowel(char));
    let has_run = letters
        .windows(4)
        .any(|run| run.iter().all(|char| char == &run[0]));
    let capitals_inside = letters
        .windows(2)
        .filter(|pair| pair[0].is_lowercase() && pair[1].is_uppercase())
        .count();
    let is_sound = !is_spelled && (letters.len() < 4 || has_vowel);
    (is_acronym || is_sound) && !has_run && capitals_inside <= 2
}

/// Letters that can carry a syllable in a Latin script. Letters with a mark are taken for vowels: the model's English has
/// them in loan words only, and a wrong "no" would silence those.
fn is_vowel(char: char) -> bool {
    !char.is_ascii() || matches!(char.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_what_is_none() {
        for (word, tokens) in [
            ("world", 1),
            ("internationalisation", 4),
            ("don't", 2),
            ("rhythm", 2),
            ("HTTP", 3),
            ("hmm", 1),
            ("café", 2),
            ("JavaScript", 2),
            ("I", 1),
            ("e", 1),
        ] {
            assert!(is_word(word, tokens, 1.5), "{word}");
        }
        for (word, tokens) in [
            ("xqzt", 4),
            ("hrld", 2),
            ("noooo", 2),
            ("tehq", 3),
            ("aBcDeFg", 2),
        ] {
            assert!(!is_word(word, tokens, 1.5), "{word}");
        }
    }
}
