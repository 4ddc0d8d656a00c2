//! The bytes that would leave: the body of an OpenAI-compatible chat completion.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::EndpointTerms;
use crate::assist::{RemoteMessage, RemotePrompt};
use crate::pack::{Sha256, sha256};

/// A body and its sum. The same prompt and endpoint give the same bytes, always: that is what lets the host build them again
/// and compare.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    json: String,
    sha256: Sha256,
}

impl Payload {
    /// The body that asks `terms.model` for an answer to `prompt`, as a stream.
    pub fn new(prompt: &RemotePrompt, terms: &EndpointTerms) -> Self {
        let body = Body { prompt, terms };
        // Strings and numbers only: this cannot fail. An empty body would be refused by any endpoint.
        let json = serde_json::to_string(&body).unwrap_or_default();
        let sha256 = sha256(json.as_bytes());
        Self { json, sha256 }
    }

    /// The bytes, which are UTF-8.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Their sum.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }
}

/// Its size only: it holds what the user wrote.
impl fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Payload({} bytes)", self.json.len())
    }
}

struct Body<'a> {
    prompt: &'a RemotePrompt,
    terms: &'a EndpointTerms,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", &self.terms.model)?;
        map.serialize_entry("messages", &Messages(&self.prompt.messages))?;
        map.serialize_entry("stream", &true)?;
        // So that what it cost is known. Servers that do not know it ignore it.
        map.serialize_entry(
            "stream_options",
            &StreamOptions {
                include_usage: true,
            },
        )?;
        map.serialize_entry(self.terms.token_limit.name(), &self.prompt.max_tokens)?;
        map.end()
    }
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

struct Messages<'a>(&'a [RemoteMessage]);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Message<'a> {
            role: &'a str,
            content: &'a str,
        }
        serializer.collect_seq(self.0.iter().map(|message| Message {
            role: message.role,
            content: &message.content,
        }))
    }
}
