mod chat;
mod summarize;

use std::convert::Infallible;

use super::*;
use crate::decode::Tokenizer;
use crate::protocol::{ChatMessage, ChatRole};
use crate::test_support::{DecoderFault, PieceTokenizer, TableDecoder, block_on};

/// What a request gave out, on a clock that goes on by one at every pause.
#[derive(Debug, Default)]
struct Recorder {
    deltas: Vec<String>,
    progress: Vec<(u32, u32)>,
    pauses: usize,
    stop_after: Option<usize>,
}

impl Recorder {
    fn stopping_after(pauses: usize) -> Self {
        Self {
            stop_after: Some(pauses),
            ..Self::default()
        }
    }

    fn text(&self) -> String {
        self.deltas.concat()
    }
}

impl Pacer for Recorder {
    async fn pause(&mut self) -> bool {
        self.pauses += 1;
        self.stop_after.is_none_or(|most| self.pauses <= most)
    }
}

impl Env for Recorder {
    fn now_ms(&self) -> f64 {
        self.pauses as f64
    }

    fn emit(&mut self, step: Step<'_>) {
        match step {
            Step::Progress { done, total } => self.progress.push((done, total)),
            Step::Delta(delta) => {
                assert!(!delta.is_empty());
                self.deltas.push(delta.to_owned());
            }
        }
    }
}

/// A format as instruct models have it: `[S]text[/]`.
#[derive(Debug, Clone, Copy, Default)]
struct Bracketed {
    has_no_system: bool,
    forgets_system: bool,
    forgets_users: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this template has no system role")]
struct NoSystem;

impl PromptFormat for Bracketed {
    type Error = NoSystem;

    fn render(&self, messages: &[PromptMessage<'_>]) -> Result<String, NoSystem> {
        let mut out = String::new();
        for (index, message) in messages.iter().enumerate() {
            assert!(
                message.text.chars().all(|char| !char.is_alphabetic()),
                "a template sees no text"
            );
            let name = match message.role {
                PromptRole::System if self.has_no_system => return Err(NoSystem),
                PromptRole::System if self.forgets_system => continue,
                PromptRole::User if self.forgets_users && index + 1 == messages.len() => continue,
                PromptRole::System => "[S]",
                PromptRole::User => "[U]",
                PromptRole::Assistant => "[A]",
            };
            out += &format!("{name} {} [/]", message.text);
        }
        Ok(out + "[A]")
    }

    fn stop_texts(&self) -> Vec<String> {
        vec!["[/]".to_owned()]
    }
}

const INSTRUCT: Abilities = Abilities {
    is_instruction_tuned: true,
    is_abstractive: true,
};

/// A byte-level tokenizer that knows the brackets as special tokens, behind its other tokens.
#[derive(Debug, Clone)]
struct WithSpecials {
    pieces: PieceTokenizer,
    specials: Vec<(String, u32)>,
}

impl WithSpecials {
    fn new(names: &[&str]) -> Self {
        let pieces = PieceTokenizer::new(&[]);
        let first = pieces.vocab_size() as u32;
        let specials = names.iter().map(|&name| name.to_owned()).zip(first..);
        Self {
            specials: specials.collect(),
            pieces,
        }
    }

    fn brackets() -> Self {
        Self::new(&["[S]", "[U]", "[A]", "[/]"])
    }

    fn plain() -> Self {
        let mut this = Self::new(&["<|user|>", "<|assistant|>"]);
        this.specials.push(("<|end|>".to_owned(), 0));
        this
    }

    /// What a prompt says, with special tokens in guillemets.
    fn show(&self, ids: &[u32]) -> String {
        let mut bytes = Vec::new();
        for &id in ids {
            match self.specials.iter().find(|(_, special)| *special == id) {
                Some((name, _)) => bytes.extend(format!("«{name}»").into_bytes()),
                None => bytes.extend_from_slice(self.pieces.token_bytes(id)),
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    /// The tokens of a text that has special tokens in it.
    fn learn(&self, text: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        encode_prompt(text, self, &mut ids).unwrap();
        ids
    }
}

impl Tokenizer for WithSpecials {
    type Error = Infallible;

    fn vocab_size(&self) -> usize {
        self.pieces.vocab_size() + self.specials.len()
    }

    fn encode(&self, text: &str) -> Result<Vec<u32>, Infallible> {
        self.pieces.encode(text)
    }

    fn token_bytes(&self, token: u32) -> &[u8] {
        self.pieces.token_bytes(token)
    }

    fn end_of_text(&self) -> u32 {
        0
    }

    fn special_tokens(&self) -> &[(String, u32)] {
        &self.specials
    }
}

/// A model that has learned `texts`.
struct Model {
    tokenizer: WithSpecials,
    cached: CachedDecoder<TableDecoder>,
}

type TestError = AssistError<DecoderFault, Infallible, NoSystem>;

impl Model {
    fn new(capacity: usize, texts: &[&str]) -> Self {
        Self::with(WithSpecials::brackets(), capacity, texts)
    }

    fn with(tokenizer: WithSpecials, capacity: usize, texts: &[&str]) -> Self {
        let texts: Vec<Vec<u32>> = texts.iter().map(|text| tokenizer.learn(text)).collect();
        let decoder = TableDecoder::new(tokenizer.vocab_size(), capacity, &texts);
        // Tokens are bytes here: enough of them to tell one answer from another.
        let decoder = decoder.looking_back(24);
        Self {
            cached: CachedDecoder::new(decoder),
            tokenizer,
        }
    }

    fn assistant(&mut self) -> Assistant<'_, TableDecoder, WithSpecials, Bracketed> {
        self.assistant_in(Bracketed::default(), INSTRUCT)
    }

    fn assistant_in<F: PromptFormat>(
        &mut self,
        format: F,
        abilities: Abilities,
    ) -> Assistant<'_, TableDecoder, WithSpecials, F> {
        let assistant = Assistant::new(
            &mut self.cached,
            &self.tokenizer,
            format,
            abilities,
            vec![0],
        );
        assistant.ok().expect("tokenizer and decoder fit")
    }

    /// The prompt of the last request, as far as the cache still holds it.
    fn seen(&self) -> String {
        self.tokenizer.show(self.cached.decoder().cache())
    }
}

fn user(text: &str) -> ChatMessage {
    ChatMessage {
        role: ChatRole::User,
        text: text.to_owned(),
    }
}

fn assistant(text: &str) -> ChatMessage {
    ChatMessage {
        role: ChatRole::Assistant,
        text: text.to_owned(),
    }
}

#[test]
fn a_tokenizer_of_another_model_and_a_tiny_context_are_refused() {
    let tokenizer = WithSpecials::brackets();
    let size = tokenizer.vocab_size();
    for (vocab_size, capacity, is_mismatch) in [(size - 1, 4_096, true), (size, 63, false)] {
        let mut cached = CachedDecoder::new(TableDecoder::new(vocab_size, capacity, &[]));
        let format = Bracketed::default();
        let refused = Assistant::new(&mut cached, &tokenizer, format, INSTRUCT, vec![]);
        let error = refused.expect_err("it is refused");
        assert_eq!(matches!(error, AssistError::Mismatch), is_mismatch);
        assert_eq!(matches!(error, AssistError::ContextTooShort), !is_mismatch);
    }
}
