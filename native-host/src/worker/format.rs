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
        let turns: Vec<(TemplateRole, String)> = messages
            .iter()
            .map(|message| (role(message.role), message.text.to_owned()))
            .collect();
        render(template, &turns).or_else(|error| match merged(&turns) {
            Some(turns) => render(template, &turns),
            None => Err(error),
        })
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

/// Some models (Gemma, Mistral) know no system message, and their templates refuse one: it goes in front of the first
/// question then.
fn merged(turns: &[(TemplateRole, String)]) -> Option<Vec<(TemplateRole, String)>> {
    match turns {
        [
            (TemplateRole::System, system),
            (TemplateRole::User, first),
            rest @ ..,
        ] => {
            let first = (TemplateRole::User, format!("{system}\n\n{first}"));
            Some(std::iter::once(first).chain(rest.iter().cloned()).collect())
        }
        _ => None,
    }
}

fn render(template: &ChatTemplate, turns: &[(TemplateRole, String)]) -> Result<String, ModelError> {
    let turns: Vec<Turn<'_>> = turns
        .iter()
        .map(|(role, text)| Turn { role: *role, text })
        .collect();
    template.render(&turns)
}
