//! Chat templates: the Jinja program that came with a model and turns a conversation into the text it was trained on.
//!
//! A template is a program from elsewhere. It gets no files, no network and no clock, a bounded number of steps, and its
//! output is bounded. That what people wrote never becomes control text is `sotto_core::assist`'s work: it hands stand-ins
//! to the template and puts the tokens of the messages in their places.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Value, context};

use super::{DecoderConfig, ModelError};

/// Largest template, in bytes; that of Llama 3.3 with its tools has 4 thousand, the largest known one 30 thousand.
const MAX_SOURCE_BYTES: usize = 256 * 1024;

/// Steps that rendering may take: a conversation of a hundred messages takes about ten thousand.
const FUEL: u64 = 1_000_000;

/// Largest output, in bytes: several times the longest conversation with a page.
const MAX_OUTPUT_BYTES: usize = 4 << 20;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateRole {
    /// Instructions that stand above the conversation. Some templates refuse it.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn<'a> {
    /// Who says it.
    pub role: TemplateRole,
    /// What is said.
    pub text: &'a str,
}

/// A chat template, parsed.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    begin: String,
    end: String,
}

/// Name of the one template of the environment. It ends in nothing that would turn on HTML escaping.
const NAME: &str = "chat";

impl ChatTemplate {
    /// Parses a template. `begin` and `end` are the names of the special tokens that the template calls `bos_token` and
    /// `eos_token`; empty if the model has none.
    ///
    /// # Errors
    /// [`ModelError::Template`] if it is too large or no Jinja.
    pub fn new(source: &str, begin: &str, end: &str) -> Result<Self, ModelError> {
        if source.len() > MAX_SOURCE_BYTES {
            return Err(ModelError::Template("is too large"));
        }
        let mut environment = Environment::new();
        // As transformers sets Jinja up for chat templates.
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .map_err(|_| ModelError::Internal("the syntax of chat templates is wrong"))?;
        environment.set_syntax(syntax);
        environment.set_fuel(Some(FUEL));
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |_: Value| -> Result<Value, Error> {
            // The message is the template's own, but it may quote the conversation.
            Err(Error::new(ErrorKind::InvalidOperation, "refused"))
        });
        // Templates that print today's date get a fixed one, the one that Llama's template falls back to: a prompt must
        // not depend on the clock.
        environment.add_function("strftime_now", |_: Value| "26 Jul 2024");
        environment
            .add_template_owned(NAME, source.to_owned())
            .map_err(|_| ModelError::Template("is not valid Jinja"))?;
        Ok(Self {
            environment,
            begin: begin.into(),
            end: end.into(),
        })
    }

    /// The template of a pack, with the names that its tokenizer has for the tokens of its configuration.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn from_pack(
        template: &[u8],
        config: &DecoderConfig,
        tokenizer_json: &[u8],
    ) -> Result<Self, ModelError> {
        let source =
            str::from_utf8(template).map_err(|_| ModelError::Template("is not UTF-8 text"))?;
        let name = |id| special_name(tokenizer_json, id).unwrap_or_default();
        let begin = config.begin_id.map(name).unwrap_or_default();
        let end = config.end_ids.first().copied().map(name);
        Self::new(source, &begin, &end.unwrap_or_default())
    }

    /// The prompt for the model's next answer.
    ///
    /// # Errors
    /// [`ModelError::Template`] if the template refuses the conversation (some want strictly alternating roles, some no
    /// system message) or costs too much. Never quotes it.
    pub fn render(&self, turns: &[Turn<'_>]) -> Result<String, ModelError> {
        let messages: Vec<Value> = turns
            .iter()
            .map(|turn| context! { role => turn.role.name(), content => turn.text })
            .collect();
        let template = self
            .environment
            .get_template(NAME)
            .map_err(|_| ModelError::Internal("the chat template is gone"))?;
        let mut output = Bounded::default();
        template
            .render_captured_to(
                context! {
                    messages,
                    bos_token => self.begin.as_str(),
                    eos_token => self.end.as_str(),
                    add_generation_prompt => true,
                },
                &mut output,
            )
            .map_err(|error| match error.kind() {
                ErrorKind::OutOfFuel => ModelError::Template("takes too many steps"),
                ErrorKind::WriteFailure => ModelError::Template("writes too much"),
                ErrorKind::InvalidOperation => ModelError::Template("refuses this conversation"),
                _ => ModelError::Template("failed"),
            })?;
        String::from_utf8(output.0)
            .map_err(|_| ModelError::Template("wrote something else than text"))
    }
}

impl TemplateRole {
    /// The name that templates know it by.
    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// Output that a template cannot grow without end.
#[derive(Default)]
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT_BYTES {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The name of a special token in `tokenizer.json`.
fn special_name(tokenizer_json: &[u8], id: u32) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Tokenizer {
        #[serde(default)]
        added_tokens: Vec<Added>,
    }
    #[derive(serde::Deserialize)]
    struct Added {
        id: u32,
        content: String,
    }
    let tokenizer: Tokenizer = serde_json::from_slice(tokenizer_json).ok()?;
    let mut added = tokenizer.added_tokens.into_iter();
    added
        .find(|token| token.id == id)
        .map(|token| token.content)
}

#[cfg(test)]
mod tests;
