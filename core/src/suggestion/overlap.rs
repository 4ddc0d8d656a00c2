//! What already follows the caret is not suggested again.

use std::ops::Range;

use crate::text::units;

/// Index of the first unit of `text` from which on it repeats what follows the caret: that unit is the first word or
/// punctuation there. `joined` is the first unit together with the half-typed word in front of it.
pub fn repeats_what_follows(
    text: &str,
    text_units: &[Range<usize>],
    joined: &str,
    rest_of_line: &str,
) -> Option<usize> {
    let follows = fold(&rest_of_line[units(rest_of_line).first()?.clone()]);
    let first = text_units.first()?.clone();
    // A half-typed word may turn out to be the next one ("see th| the"), or to end as what follows begins ("(a|)").
    if fold(joined) == follows || fold(&text[first]) == follows {
        return Some(0);
    }
    text_units
        .iter()
        .skip(1)
        .position(|unit| fold(&text[unit.clone()]) == follows)
        .map(|at| at + 1)
}

fn fold(unit: &str) -> String {
    unit.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut<'a>(stem: &str, text: &'a str, rest_of_line: &str) -> Option<&'a str> {
        let text_units = units(text);
        let joined = format!("{stem}{}", &text[text_units[0].clone()]);
        repeats_what_follows(text, &text_units, &joined, rest_of_line)
            .map(|at| &text[..text_units[at].start])
    }

    #[test]
    fn the_suggestion_ends_where_it_repeats() {
        assert_eq!(cut("", "of the house", " the garden"), Some("of"));
        assert_eq!(cut("", " of the house", " of the garden"), Some(""));
        assert_eq!(cut("wor", "ld of", " world"), Some(""));
        assert_eq!(cut("wor", "ld.", "."), Some("ld"));
        assert_eq!(cut("", "Of the", "of"), Some(""));
        assert_eq!(cut("wor", "ld of", " and"), None);
        assert_eq!(cut("wor", "ld of", "  "), None);
    }
}
