//! The rules in their order.

use unicode_segmentation::UnicodeSegmentation as _;

use super::{
    SuggestionSettings, Thresholds, is_loaded_before, is_sensitive_before, is_word, never_start,
    repeats_what_follows, sensitive_start,
};
use crate::decode::{Continuation, Scored, Stop, first_unsure, score};
use crate::protocol::{FieldHints, SuggestOutcome, SuppressionReason};
use crate::text::{CaretText, is_latin_letter, is_showable, is_unknown_script, is_word_char};

/// What the model would write, and how it came to it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// From the caret on.
    pub continuation: &'a Continuation,
    /// Tokens of the half-typed word that end before the caret or at it, so that they are no piece of `continuation`.
    pub healed_tokens: usize,
}

/// Reasons to be silent that need no model.
pub fn suppressed_early(
    caret: &CaretText<'_>,
    field: FieldHints,
    settings: &SuggestionSettings,
) -> Option<SuppressionReason> {
    let letters = caret
        .before
        .chars()
        .filter(|char| char.is_alphabetic())
        .take(settings.min_letters_before as usize + 1);
    let letters = letters.count();
    let is_blank = caret.before.trim().is_empty();
    if field.room_chars == Some(0) {
        Some(SuppressionReason::TooWide)
    } else if caret.is_inside_word() {
        Some(SuppressionReason::MidLine)
    } else if is_unknown_script(&caret.before) {
        Some(SuppressionReason::ScriptMismatch)
    } else if is_sensitive_before(&caret.before) {
        Some(SuppressionReason::SensitiveContent)
    } else if is_loaded_before(&caret.before) {
        Some(SuppressionReason::NeverSuggested)
    } else if is_blank || letters < settings.min_letters_before as usize {
        Some(SuppressionReason::TooLong)
    } else if caret.half_typed().required.len() > settings.max_stem_bytes as usize {
        Some(SuppressionReason::NotAWord)
    } else {
        None
    }
}

/// Decides what of `candidate` may be shown at `caret`.
pub fn decide(
    caret: &CaretText<'_>,
    field: FieldHints,
    candidate: Candidate<'_>,
    settings: &SuggestionSettings,
) -> SuggestOutcome {
    match shown(caret, field, candidate, settings) {
        Ok((text, confidence)) => SuggestOutcome::Show { text, confidence },
        Err(reason) => SuggestOutcome::Suppress { reason },
    }
}

fn shown(
    caret: &CaretText<'_>,
    field: FieldHints,
    Candidate {
        continuation,
        healed_tokens,
    }: Candidate<'_>,
    settings: &SuggestionSettings,
) -> Result<(String, f32), SuppressionReason> {
    let text = continuation.text.as_str();
    let mut units = score(text, &continuation.pieces);
    let ranges: Vec<_> = units.iter().map(|unit| unit.range.clone()).collect();
    let stem = caret.half_typed().stem;
    let first = &text[units
        .first()
        .ok_or(SuppressionReason::NothingLeft)?
        .range
        .clone()];

    // Nothing invisible, nothing in letters that the model does not know.
    if let Some(at) = ranges
        .iter()
        .position(|range| !text[range.clone()].chars().all(is_showable))
    {
        let is_letters = text[ranges[at].clone()]
            .chars()
            .any(|char| char.is_alphabetic() && !is_latin_letter(char));
        let reason = if is_letters {
            SuppressionReason::ScriptMismatch
        } else {
            SuppressionReason::NothingLeft
        };
        keep(&mut units, Some(at), reason)?;
    }

    let max_digits = settings.max_digits as usize;
    let sensitive = sensitive_start(&caret.before, text, &ranges, max_digits);
    keep(&mut units, sensitive, SuppressionReason::SensitiveContent)?;
    let never = never_start(stem, text, &ranges);
    keep(&mut units, never, SuppressionReason::NeverSuggested)?;

    // The half-typed word together with what completes it; alone where the suggestion begins behind it.
    let completes = !stem.is_empty() && first.starts_with(is_word_char);
    let joined = if completes {
        format!("{stem}{first}")
    } else {
        first.to_owned()
    };
    if !stem.is_empty() {
        let word = if completes { joined.as_str() } else { stem };
        let tokens = healed_tokens
            + if completes {
                tokens_within(continuation, &units[0])
            } else {
                0
            };
        if !is_word(word, tokens, settings.min_letters_per_token) {
            return Err(SuppressionReason::NotAWord);
        }
    }

    let overlap = repeats_what_follows(text, &ranges, &joined, caret.rest_of_line());
    keep(
        &mut units,
        overlap,
        SuppressionReason::DuplicatesWhatFollows,
    )?;

    // A word that may go on is not shown, unless something behind it shows that it ended. Nor is what the token limit cut:
    // "caretaker-" or "marta." may be the beginning of an address.
    let is_whole = continuation.stop.closes_last_word() || units.len() < ranges.len();
    let may_go_on = |last: &Scored| {
        continuation.stop == Stop::Tokens || text[last.range.clone()].ends_with(is_word_char)
    };
    if !is_whole && units.last().is_some_and(may_go_on) {
        let chunk_start = text.trim_end().rfind(char::is_whitespace).unwrap_or(0);
        let chunk = units.iter().position(|unit| unit.range.end > chunk_start);
        keep(&mut units, chunk, unsure(caret))?;
    }

    let thresholds = Thresholds::at(caret, settings);
    let doubtful = first_unsure(
        text,
        &units,
        &|index, unit| thresholds.of(index, unit),
        thresholds.total,
    );
    keep(&mut units, doubtful, unsure(caret))?;
    let over = word_starts(text, &units).nth(thresholds.max_words);
    keep(&mut units, over, SuppressionReason::NothingLeft)?;

    // What only opens something is of no use at the end.
    while units
        .last()
        .is_some_and(|last| opens_something(text[last.range.clone()].trim()))
    {
        units.pop();
    }
    fit(caret, field, text, units, settings)
}

/// Spacing and width.
fn fit(
    caret: &CaretText<'_>,
    field: FieldHints,
    text: &str,
    mut units: Vec<Scored>,
    settings: &SuggestionSettings,
) -> Result<(String, f32), SuppressionReason> {
    let space_typed = caret.before.ends_with(char::is_whitespace);
    let joins_word = caret
        .after
        .starts_with(|char| is_word_char(char) || "([{“‘«$€£@#".contains(char));
    let mut is_too_wide = false;
    loop {
        let Some(last) = units.last() else {
            return Err(if is_too_wide {
                SuppressionReason::TooWide
            } else {
                SuppressionReason::NothingLeft
            });
        };
        let mut shown = text[..last.range.end].to_owned();
        if space_typed {
            shown = shown.trim_start().to_owned();
        }
        if joins_word {
            shown.push(' ');
        }
        let width = shown.graphemes(true).count();
        if field
            .room_chars
            .is_some_and(|room| width > usize::from(room))
        {
            is_too_wide = true;
            units.pop();
            continue;
        }
        let visible = shown.trim().graphemes(true).count();
        // More than one space, or a tab, is layout and no language.
        let is_layout = shown.starts_with("  ")
            || shown
                .chars()
                .any(|char| char.is_whitespace() && char != ' ');
        if visible < settings.min_shown_chars as usize || is_layout || !shown.contains(is_word_char)
        {
            return Err(SuppressionReason::NothingLeft);
        }
        return Ok((
            shown,
            units
                .iter()
                .map(|unit| unit.prob)
                .product::<f32>()
                .clamp(0.0, 1.0),
        ));
    }
}

/// Drops the units from `from` on; an error with `reason` if none is left.
fn keep(
    units: &mut Vec<Scored>,
    from: Option<usize>,
    reason: SuppressionReason,
) -> Result<(), SuppressionReason> {
    if let Some(from) = from {
        units.truncate(from);
    }
    if units.is_empty() {
        Err(reason)
    } else {
        Ok(())
    }
}

/// Indices of the units that are words.
fn word_starts<'a>(text: &'a str, units: &'a [Scored]) -> impl Iterator<Item = usize> + 'a {
    units
        .iter()
        .enumerate()
        .filter(|(_, unit)| text[unit.range.clone()].contains(is_word_char))
        .map(|(at, _)| at)
}

/// Tokens of the first unit that were chosen after the half-typed word was reproduced.
fn tokens_within(continuation: &Continuation, first: &Scored) -> usize {
    continuation
        .pieces
        .iter()
        .filter(|piece| piece.end <= first.range.end)
        .count()
}

fn opens_something(unit: &str) -> bool {
    unit.chars().next_back().is_none_or(|char| {
        matches!(
            char,
            '(' | '[' | '{' | '<' | '“' | '‘' | '«' | '-' | '–' | '—' | '/' | '&' | '+' | '*' | '`'
        )
    }) || matches!(unit, "\"" | "'")
}

fn unsure(caret: &CaretText<'_>) -> SuppressionReason {
    if caret.is_mid_line() {
        SuppressionReason::MidLine
    } else {
        SuppressionReason::LowConfidence
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
