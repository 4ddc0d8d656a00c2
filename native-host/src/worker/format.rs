//! How the model in use wants a conversation written down.

use sotto_core::assist::{PlainFormat, PromptFormat, PromptMessage, PromptRole};

use crate::models::{ChatTemplate, ModelError, TemplateRole, Turn};

/// The model's own chat template, or the form of our base models.
#[derive(Debug)]
pub(crate) enum Format {
    Plain,
    Template(Box<ChatTemplate>),
}

impl PromptFormat for Format {
    type Error = ModelError;

    fn render(&self, messages: &[PromptMessage<'_>]) -> Result<String, ModelError> {
        let template = match self {
            Self::Plain => {
                return Ok(PlainFormat
                    .render(messages)
                    .unwrap_or_else(|never| match never {}));
            }
            Self::Template(template) => template,
        };
        let turns: Vec<Turn<'_>> = messages
            .iter()
            .map(|message| Turn {
                role: role(message.role),
                text: message.text,
            })
            .collect();
        template.render(&turns)
    }

    /// Templates end their turns with special tokens.
    fn stop_texts(&self) -> Vec<String> {
        Vec::new()
    }
}

fn role(role: PromptRole) -> TemplateRole {
    match role {
        PromptRole::System => TemplateRole::System,
        PromptRole::User => TemplateRole::User,
        PromptRole::Assistant => TemplateRole::Assistant,
    }
}
