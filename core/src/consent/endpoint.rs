//! What of an endpoint a consent is bound to.

use std::fmt;

use crate::pack::{Sha256, sha256};

/// What decides where bytes go and which they are. The key is not part of it: another key is the same place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointTerms {
    /// Where requests are sent: the whole URL.
    pub url: String,
    /// The model that is asked for.
    pub model: String,
    /// Name of the field that bounds the answer.
    pub token_limit: TokenLimitField,
}

/// Name of the field that bounds the answer: vendors renamed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenLimitField {
    /// `max_tokens`, which every server of one's own knows.
    #[default]
    MaxTokens,
    /// `max_completion_tokens`, which OpenAI's newer models insist on.
    MaxCompletionTokens,
}

/// SHA-256 over [`EndpointTerms`]: changing any of them voids what was agreed to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(Sha256);

impl EndpointTerms {
    /// What a consent is bound to.
    pub fn fingerprint(&self) -> Fingerprint {
        let token_limit = self.token_limit.name();
        let mut bytes = b"sotto-endpoint-v1\0".to_vec();
        for part in [&self.url, &self.model, token_limit] {
            // With its length, so that no two endpoints write the same bytes.
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        Fingerprint(sha256(&bytes))
    }
}

impl TokenLimitField {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fingerprint({self})")
    }
}
