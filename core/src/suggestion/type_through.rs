//! Typing what is suggested consumes the suggestion without asking the model again.
//!
//! The content script does the same in TypeScript, because a key press must not wait for anything; both are held to
//! `tests/fixtures/type-through.json`.

use unicode_segmentation::UnicodeSegmentation as _;

/// What is left of the suggestion `ghost` after `typed` was typed; `None` if something else was typed, or if only a part
/// of what a reader sees as one character was. Spaces and apostrophes that editors exchange count as the same.
pub fn advance<'a>(ghost: &'a str, typed: &str) -> Option<&'a str> {
    let mut rest = ghost.chars();
    for char in typed.chars() {
        if fold(rest.next()?) != fold(char) {
            return None;
        }
    }
    let rest = rest.as_str();
    let at = ghost.len() - rest.len();
    let is_boundary = rest.is_empty() || ghost.grapheme_indices(true).any(|(start, _)| start == at);
    is_boundary.then_some(rest)
}

/// What editors put in the place of what was typed.
fn fold(char: char) -> char {
    match char {
        '\u{A0}' => ' ',
        '’' => '\'',
        '“' | '”' => '"',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_cases_shared_with_typescript() {
        #[derive(serde::Deserialize)]
        struct Case {
            ghost: String,
            typed: String,
            rest: Option<String>,
        }
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../../tests/fixtures/type-through.json"))
                .unwrap();
        assert!(cases.len() >= 20);
        for Case { ghost, typed, rest } in cases {
            assert_eq!(
                advance(&ghost, &typed),
                rest.as_deref(),
                "{ghost:?} {typed:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn typed_and_rest_make_the_ghost(ghost in "\\PC{0,20}", len in 0usize..21) {
            let typed: String = ghost.chars().take(len).collect();
            if let Some(rest) = advance(&ghost, &typed) {
                prop_assert_eq!(typed + rest, ghost);
            }
        }

        #[test]
        fn one_step_after_the_other_is_the_same_as_both(ghost in "[a-c ]{0,8}", a in "[a-c ]{0,3}", b in "[a-c ]{0,3}") {
            let both = advance(&ghost, &format!("{a}{b}"));
            prop_assert_eq!(advance(&ghost, &a).and_then(|rest| advance(rest, &b)), both);
        }
    }
}
