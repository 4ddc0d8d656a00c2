//! From a conversation to tokens, so that nothing that was said can pass for structure.

use super::{PromptFormat, PromptMessage, PromptRole};
use crate::decode::Tokenizer;

/// Shortest context that holds a question and an answer at all.
pub(super) const MIN_CONTEXT_TOKENS: usize = 64;

/// Marks around a placeholder: code points without a meaning that no template writes.
const OPEN: char = '\u{10FFF0}';
const CLOSE: char = '\u{10FFF1}';

/// Tokens of one turn and who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) role: PromptRole,
    pub(super) ids: Vec<u32>,
}

/// Why turns did not become a prompt.
pub(super) enum RenderError<T, F> {
    Tokenizer(T),
    Format(F),
    /// A turn is missing in what the format wrote.
    Lossy,
}

impl<D, T, F> From<RenderError<T, F>> for super::AssistError<D, T, F> {
    fn from(error: RenderError<T, F>) -> Self {
        match error {
            RenderError::Tokenizer(error) => Self::Tokenizer(error),
            RenderError::Format(error) => Self::Format(error),
            RenderError::Lossy => Self::FormatLossy,
        }
    }
}

/// The tokens of `turns` in `format`. **The format sees placeholders, and only its own text is searched for special
/// tokens**: a page that quotes `<|assistant|>` quotes it as text.
pub(super) fn render<T: Tokenizer, F: PromptFormat>(
    turns: &[Turn],
    format: &F,
    tokenizer: &T,
) -> Result<Vec<u32>, RenderError<T::Error, F::Error>> {
    let names: Vec<String> = (0..turns.len())
        .map(|index| format!("{OPEN}{index}{CLOSE}"))
        .collect();
    let messages: Vec<PromptMessage<'_>> = turns
        .iter()
        .zip(&names)
        .map(|(turn, text)| PromptMessage {
            role: turn.role,
            text,
        })
        .collect();
    let rendered = format.render(&messages).map_err(RenderError::Format)?;
    let mut ids = Vec::new();
    let mut is_there = vec![false; turns.len()];
    for part in rendered.split_inclusive(CLOSE) {
        let (own, index) = match part.split_once(OPEN) {
            Some((own, name)) => (own, name.trim_end_matches(CLOSE).parse::<usize>().ok()),
            None => (part, None),
        };
        encode_prompt(own, tokenizer, &mut ids).map_err(RenderError::Tokenizer)?;
        if let Some(turn) = index.and_then(|index| turns.get(index)) {
            ids.extend_from_slice(&turn.ids);
            is_there[index.unwrap_or_default()] = true;
        }
    }
    if is_there.iter().all(|is_there| *is_there) && !ids.is_empty() {
        Ok(ids)
    } else {
        Err(RenderError::Lossy)
    }
}

/// Appends the tokens of `text`, which a prompt format wrote: names of special tokens become these tokens.
///
/// # Errors
/// The tokenizer's.
pub fn encode_prompt<T: Tokenizer>(
    text: &str,
    tokenizer: &T,
    ids: &mut Vec<u32>,
) -> Result<(), T::Error> {
    let mut rest = text;
    while !rest.is_empty() {
        // The first one; of several at one place the longest.
        let named = tokenizer.special_tokens().iter();
        let next = named
            .filter(|(name, _)| !name.is_empty())
            .filter_map(|(name, id)| rest.find(name.as_str()).map(|at| (at, name.len(), *id)))
            .min_by_key(|&(at, len, _)| (at, usize::MAX - len));
        let (own, special) = match next {
            Some((at, len, id)) => (&rest[..at], Some((at + len, id))),
            None => (rest, None),
        };
        if !own.is_empty() {
            ids.extend(tokenizer.encode(own)?);
        }
        let Some((end, id)) = special else {
            return Ok(());
        };
        ids.push(id);
        rest = &rest[end..];
    }
    Ok(())
}
