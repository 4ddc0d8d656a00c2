//! How a model wants a conversation written down.

use std::convert::Infallible;

/// Who speaks in a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptRole {
    /// Whoever set up the conversation.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One turn of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptMessage<'a> {
    /// Who speaks.
    pub role: PromptRole,
    /// What is said. **A format is given placeholders** and must write them out as they are (white space around them
    /// may go): what the user and the page say never passes through a template.
    pub text: &'a str,
}

/// Writes conversations down as a model was trained to read them.
pub trait PromptFormat {
    /// The format's error.
    type Error;

    /// The whole prompt, the beginning of the assistant's turn included. Names of the tokenizer's special tokens stand for
    /// these tokens.
    ///
    /// # Errors
    /// The format's own; also for a conversation that it cannot express, such as one with a system message.
    fn render(&self, messages: &[PromptMessage<'_>]) -> Result<String, Self::Error>;

    /// Texts that end an answer, for formats whose turns do not end with a special token.
    fn stop_texts(&self) -> Vec<String>;
}

impl<F: PromptFormat> PromptFormat for &F {
    type Error = F::Error;

    fn render(&self, messages: &[PromptMessage<'_>]) -> Result<String, F::Error> {
        (**self).render(messages)
    }

    fn stop_texts(&self) -> Vec<String> {
        (**self).stop_texts()
    }
}

/// The format of Sotto's own base models, as `models/recipe/documents.py` writes dialogues and instructions:
/// `<|end|><|user|>question<|assistant|>answer<|user|>question<|assistant|>`.
///
/// These models never read a system message, so none is written; an assistant that knows them sends none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlainFormat;

impl PlainFormat {
    const END: &str = "<|end|>";
    const USER: &str = "<|user|>";
    const ASSISTANT: &str = "<|assistant|>";
}

impl PromptFormat for PlainFormat {
    type Error = Infallible;

    fn render(&self, messages: &[PromptMessage<'_>]) -> Result<String, Infallible> {
        let mut prompt = Self::END.to_owned();
        for message in messages {
            match message.role {
                PromptRole::System => continue,
                PromptRole::User => prompt += Self::USER,
                PromptRole::Assistant => prompt += Self::ASSISTANT,
            }
            prompt += message.text;
        }
        Ok(prompt + Self::ASSISTANT)
    }

    /// None: a turn ends with a special token. A document may have been of another kind, but then its markers come as
    /// tokens too.
    fn stop_texts(&self) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_format_is_that_of_the_training_data() {
        let turn = |role, text| PromptMessage { role, text };
        let rendered = PlainFormat.render(&[
            turn(PromptRole::System, "Be brief."),
            turn(PromptRole::User, "Hi"),
            turn(PromptRole::Assistant, "Hello"),
            turn(PromptRole::User, "Bye"),
        ]);
        let expected = "<|end|><|user|>Hi<|assistant|>Hello<|user|>Bye<|assistant|>";
        assert_eq!(rendered, Ok(expected.to_owned()));
    }

    #[test]
    fn the_recipe_still_writes_these_markers() {
        let recipe = include_str!("../../../models/recipe/mix.py");
        let markers = [PlainFormat::END, PlainFormat::USER, PlainFormat::ASSISTANT];
        assert!(recipe.contains(&format!("= \"{}\"", markers.join("\", \""))));
    }
}
