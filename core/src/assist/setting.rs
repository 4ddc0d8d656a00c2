//! How the model is set up for a conversation, and how much room that leaves.

use super::prompt::{RenderError, Turn, render};
use super::{AssistError, AssistErrorOf, Assistant, PromptFormat, PromptRole};
use crate::decode::{Decoder, Tokenizer};

/// How the model is set up.
pub(super) struct Setting {
    /// The system message goes in front of the first turn instead of being one.
    is_inline: bool,
    system: Vec<u32>,
    /// Tokens left for what is said when there is one turn.
    pub(super) free: usize,
}

impl<D: Decoder, T: Tokenizer, F: PromptFormat> Assistant<'_, D, T, F> {
    /// The setting for the tokens of a system message (none for none) and a context of `room` tokens.
    pub(super) fn setting_of(
        &self,
        system: Vec<u32>,
        room: usize,
    ) -> Result<Setting, AssistErrorOf<D, T, F>> {
        let mut setting = Setting {
            is_inline: false,
            system,
            free: 0,
        };
        let question = || {
            vec![Turn {
                role: PromptRole::User,
                ids: Vec::new(),
            }]
        };
        let mut rendered = self.render(&setting, question());
        // Some formats refuse a system message, others forget it.
        if !setting.system.is_empty()
            && matches!(rendered, Err(RenderError::Format(_) | RenderError::Lossy))
        {
            setting.is_inline = true;
            setting.system.extend(self.encode("\n\n")?);
            rendered = self.render(&setting, question());
        }
        let used = rendered?.len();
        setting.free = room.checked_sub(used).ok_or(AssistError::ContextTooShort)?;
        Ok(setting)
    }

    /// The prompt for `turns`.
    pub(super) fn written(
        &self,
        setting: &Setting,
        turns: Vec<Turn>,
    ) -> Result<Vec<u32>, AssistErrorOf<D, T, F>> {
        Ok(self.render(setting, turns)?)
    }

    fn render(
        &self,
        setting: &Setting,
        mut turns: Vec<Turn>,
    ) -> Result<Vec<u32>, RenderError<T::Error, F::Error>> {
        let system = setting.system.iter().copied();
        if setting.is_inline {
            if let Some(first) = turns.first_mut() {
                first.ids.splice(0..0, system);
            }
        } else if !setting.system.is_empty() {
            let turn = Turn {
                role: PromptRole::System,
                ids: system.collect(),
            };
            turns.insert(0, turn);
        }
        render(&turns, &self.format, self.tokenizer)
    }
}
