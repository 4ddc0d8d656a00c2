//! The chunks of a streamed chat completion.

use serde::Deserialize;

use super::error::CloudError;
use super::price::Usage;

/// Most text of one answer, in bytes: a hundred times what is asked for at most.
const MAX_TEXT_BYTES: usize = 256 * 1024;

/// What follows from one event.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// More of the answer; may be empty.
    Text(String),
    /// `[DONE]`
    End,
}

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// It was done.
    Complete,
    /// It met the bound on the answer.
    Length,
}

/// An answer as it comes in.
#[derive(Debug, Default)]
pub struct Answer {
    text_bytes: usize,
    finish: Option<Finish>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<UsageFields>,
    #[serde(default)]
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u32,
    #[serde(default)]
    delta: Delta,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
}

#[derive(Deserialize)]
struct UsageFields {
    #[serde(default)]
    prompt_tokens: u32,
    #[serde(default)]
    completion_tokens: u32,
}

impl Answer {
    /// Takes the data of one event.
    ///
    /// # Errors
    /// [`CloudError::Invalid`], [`CloudError::FailedMidway`], [`CloudError::TooLarge`].
    pub fn take(&mut self, data: &str) -> Result<Step, CloudError> {
        if data.trim() == "[DONE]" {
            return Ok(Step::End);
        }
        let invalid = || CloudError::Invalid("it is not a streamed chat completion");
        // serde takes arrays for structures, too.
        if !data.trim_start().starts_with('{') {
            return Err(invalid());
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|_| invalid())?;
        if chunk.error.is_some() {
            return Err(CloudError::FailedMidway);
        }
        if let Some(usage) = chunk.usage {
            self.usage = Some(Usage {
                input_tokens: usage.prompt_tokens,
                output_tokens: usage.completion_tokens,
            });
        }
        let mut text = String::new();
        for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
            text.push_str(choice.delta.content.as_deref().unwrap_or_default());
            match choice.finish_reason.as_deref() {
                None => {}
                Some("length") => self.finish = Some(Finish::Length),
                // `stop`, and what vendors invent beside it.
                Some(_) => self.finish = Some(Finish::Complete),
            }
        }
        self.text_bytes += text.len();
        if self.text_bytes > MAX_TEXT_BYTES {
            return Err(CloudError::TooLarge {
                limit_bytes: MAX_TEXT_BYTES,
            });
        }
        Ok(Step::Text(text))
    }

    /// Length of the text so far.
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// Why the model stopped; none while it has not said so.
    pub fn finish(&self) -> Option<Finish> {
        self.finish
    }

    /// What it cost, if the server says so.
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_real_servers() {
        let mut answer = Answer::default();
        let steps: Vec<_> = [
            // llama.cpp, vLLM and Ollama open with the role, some with content null.
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}],"created":1,"id":"x","object":"chat.completion.chunk"}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"Hel"},"logprobs":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}],"usage":null}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":2,"total_tokens":14}}"#,
            "[DONE]",
        ]
        .map(|data| answer.take(data).unwrap())
        .into();
        let text = |text: &str| Step::Text(text.to_owned());
        assert_eq!(
            steps,
            [text(""), text("Hel"), text("lo"), text(""), Step::End]
        );
        assert_eq!(answer.finish(), Some(Finish::Complete));
        assert_eq!(
            answer.usage(),
            Some(Usage {
                input_tokens: 12,
                output_tokens: 2
            })
        );
        assert_eq!(answer.text_bytes(), 5);
    }

    #[test]
    fn an_answer_that_was_cut_by_its_bound_says_so() {
        let mut answer = Answer::default();
        answer
            .take(r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#)
            .unwrap();
        assert_eq!(answer.finish(), Some(Finish::Length));
    }

    #[test]
    fn other_choices_are_not_mixed_in() {
        let mut answer = Answer::default();
        let step = answer.take(r#"{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]}"#);
        assert_eq!(step.unwrap(), Step::Text("a".into()));
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        let take = |data: &str| Answer::default().take(data).unwrap_err();
        for data in [
            "",
            "null",
            "[]",
            "{",
            r#"{"choices":{}}"#,
            r#"{"choices":[{"delta":{"content":5}}]}"#,
            "<html>",
        ] {
            assert!(matches!(take(data), CloudError::Invalid(_)), "{data}");
        }
        let error = r#"{"error":{"message":"the text was: secret","code":500}}"#;
        assert!(matches!(take(error), CloudError::FailedMidway));
        assert!(!take(error).to_string().contains("secret"));
    }

    #[test]
    fn an_endless_answer_is_cut() {
        let mut answer = Answer::default();
        let data = format!(
            r#"{{"choices":[{{"delta":{{"content":"{}"}}}}]}}"#,
            "x".repeat(1024)
        );
        let taken = (0..).find(|_| answer.take(&data).is_err()).unwrap();
        assert_eq!(taken, MAX_TEXT_BYTES / 1024);
    }
}
