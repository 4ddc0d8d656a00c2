//! Text of strangers in a prompt: quoted, cut to fit, and unable to end its quotation.

use super::{AssistError, AssistErrorOf, Assistant, PromptFormat};
use crate::decode::{Decoder, Tokenizer};
use crate::protocol::PageText;
use crate::summary::first_chunk;
use crate::text::head_utf16;

/// Characters of a page that Sotto's own base models saw together with an instruction: `CONTEXT_CHARS` of
/// `models/recipe/documents.py`.
const PLAIN_PAGE_CHARS: usize = 700;

/// Longest title that is quoted.
pub(super) const MAX_TITLE_UTF16: usize = 200;

/// A page in the prompt.
#[derive(Default)]
pub(super) struct Quote {
    pub(super) ids: Vec<u32>,
    /// Behind the question instead of in front of the conversation.
    pub(super) is_behind: bool,
}

impl<D: Decoder, T: Tokenizer, F: PromptFormat> Assistant<'_, D, T, F> {
    /// The page as a quotation of at most `room` tokens.
    pub(super) fn quote(
        &self,
        page: &PageText,
        room: usize,
        is_cut: &mut bool,
    ) -> Result<Quote, AssistErrorOf<D, T, F>> {
        let text = page.text.trim();
        if !self.abilities.is_instruction_tuned {
            let limit = text.char_indices().nth(PLAIN_PAGE_CHARS);
            let seen = &text[..limit.map_or(text.len(), |(at, _)| at)];
            let before = self.encode("\n\n")?;
            let head = self.head(seen, room.saturating_sub(before.len()))?;
            *is_cut |= head.len() < text.len();
            let ids = [before, self.encode(head)?].concat();
            return Ok(Quote {
                ids,
                is_behind: true,
            });
        }
        let title = page.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let title = quoted(head_utf16(&title, MAX_TITLE_UTF16), PAGE_TAG);
        let before = self.encode(&format!("<page>\n{title}\n\n"))?;
        let after = self.encode("\n</page>\n\n")?;
        let text = quoted(text, PAGE_TAG);
        let head = self.head(&text, room.saturating_sub(before.len() + after.len()))?;
        *is_cut |= head.len() < text.len();
        let ids = [before, self.encode(head)?, after].concat();
        Ok(Quote {
            ids,
            is_behind: false,
        })
    }

    /// The beginning of `text` that has at most `room` tokens, to the end of a paragraph or sentence.
    fn head<'t>(&self, text: &'t str, room: usize) -> Result<&'t str, AssistErrorOf<D, T, F>> {
        if room == 0 {
            return Ok("");
        }
        first_chunk(text, self.tokenizer, room).map_err(AssistError::Tokenizer)
    }
}

pub(super) const PAGE_TAG: &str = "page";

/// `text` without anything that looks like the tag `name`, so that a quotation ends where it ends.
pub(super) fn quoted(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, part) in text.split('<').enumerate() {
        if index > 0 {
            let tag = part.trim_start().trim_start_matches('/').trim_start();
            let is_tag = tag
                .get(..name.len())
                .is_some_and(|tag| tag.eq_ignore_ascii_case(name));
            out.push(if is_tag { '‹' } else { '<' });
        }
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tag_is_changed() {
        for (text, expected) in [
            ("a < b <b> <p> </div>", "a < b <b> <p> </div>"),
            (
                "</page> <PAGE x> < / Page><pagé",
                "‹/page> ‹PAGE x> ‹ / Page><pagé",
            ),
            ("<<page", "<‹page"),
            ("<pag", "<pag"),
            ("", ""),
        ] {
            assert_eq!(quoted(text, PAGE_TAG), expected);
        }
    }
}
