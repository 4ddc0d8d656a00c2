//! A decoder that counts what followed what.

use crate::decode::Decoder;

/// Longest context looked at, in tokens, unless another one is asked for.
const MAX_CONTEXT: usize = 4;

/// Share of the probability that every token has whatever the context.
const UNIFORM_SHARE: f32 = 0.001;

/// Predicts the next token from the texts it was given: by those positions whose context agrees for the most tokens.
/// Each text is followed by token 0.
#[derive(Debug, Clone)]
pub struct TableDecoder {
    vocab_size: usize,
    capacity: usize,
    max_context: usize,
    texts: Vec<Vec<u32>>,
    cache: Vec<u32>,
    calls: usize,
    tokens_fed: usize,
    largest_call: usize,
    fault: Option<(usize, Fault)>,
}

/// What can go wrong in an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It says so.
    Error,
    /// It answers with NaN, as a lost GPU device does.
    Nan,
    /// It answers with too few logits.
    WrongLength,
    /// It forgets its cache and answers all the same.
    LostCache,
    /// It never answers.
    Hang,
}

/// The error of [`TableDecoder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the table decoder was told to fail, or its cache is full")]
pub struct DecoderFault;

impl TableDecoder {
    /// A decoder that has learned `texts`.
    pub fn new(vocab_size: usize, capacity: usize, texts: &[Vec<u32>]) -> Self {
        let texts = texts
            .iter()
            .map(|text| [text.as_slice(), &[0]].concat())
            .collect();
        Self {
            vocab_size,
            capacity,
            max_context: MAX_CONTEXT,
            texts,
            cache: Vec::new(),
            calls: 0,
            tokens_fed: 0,
            largest_call: 0,
            fault: None,
        }
    }

    /// Looks at up to `tokens` before the next one, for tokenizers with short tokens.
    pub fn looking_back(self, tokens: usize) -> Self {
        Self {
            max_context: tokens,
            ..self
        }
    }

    /// Lets the next call fail.
    pub fn fail_next(&mut self, fault: Fault) {
        self.fail_at(0, fault);
    }

    /// Lets a call fail after `calls` good ones.
    pub fn fail_at(&mut self, calls: usize, fault: Fault) {
        self.fault = Some((self.calls + calls, fault));
    }

    /// Calls so far.
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// Tokens that went through the model so far.
    pub fn tokens_fed(&self) -> usize {
        self.tokens_fed
    }

    /// Most tokens in one call.
    pub fn largest_call(&self) -> usize {
        self.largest_call
    }

    /// The tokens in the cache.
    pub fn cache(&self) -> &[u32] {
        &self.cache
    }

    fn logits(&self) -> Vec<f32> {
        let mut best_context = 0;
        let mut counts = vec![0.0f32; self.vocab_size];
        for text in &self.texts {
            for at in 1..text.len() {
                let context = text[..at]
                    .iter()
                    .rev()
                    .zip(self.cache.iter().rev())
                    .take(self.max_context);
                let agreed = context.take_while(|(a, b)| a == b).count();
                if agreed > best_context {
                    best_context = agreed;
                    counts.fill(0.0);
                }
                if agreed == best_context && agreed > 0 {
                    counts[text[at] as usize] += 1.0;
                }
            }
        }
        let total: f32 = counts.iter().sum();
        let uniform = if total > 0.0 { UNIFORM_SHARE } else { 1.0 };
        let learned = (1.0 - uniform) / total.max(1.0);
        counts
            .iter()
            .map(|count| (count * learned + uniform / self.vocab_size as f32).ln())
            .collect()
    }
}

impl Decoder for TableDecoder {
    type Error = DecoderFault;

    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn len(&self) -> usize {
        self.cache.len()
    }

    fn capacity(&self) -> usize {
        self.capacity
    }

    async fn prefill(&mut self, tokens: &[u32]) -> Result<Vec<f32>, DecoderFault> {
        let is_due = self.fault.is_some_and(|(call, _)| call <= self.calls);
        let fault = if is_due {
            self.fault.take().map(|(_, fault)| fault)
        } else {
            None
        };
        self.calls += 1;
        if fault == Some(Fault::Error)
            || tokens.is_empty()
            || self.cache.len() + tokens.len() > self.capacity
        {
            return Err(DecoderFault);
        }
        self.tokens_fed += tokens.len();
        self.largest_call = self.largest_call.max(tokens.len());
        self.cache.extend_from_slice(tokens);
        match fault {
            Some(Fault::Nan) => Ok(vec![f32::NAN; self.vocab_size]),
            Some(Fault::WrongLength) => Ok(vec![0.0; self.vocab_size - 1]),
            Some(Fault::LostCache) => {
                let logits = self.logits();
                self.cache.clear();
                Ok(logits)
            }
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Error) | None => Ok(self.logits()),
        }
    }

    fn truncate(&mut self, len: usize) {
        self.cache.truncate(len);
    }
}
