//! A task without what the user hides, and the way back for the answer.

use sotto_core::protocol::{ChatMessage, CloudTask, PageText, RedactionEdits, Replacement};

/// Longest placeholder, in bytes: a bracket that is not closed within is text.
const MAX_PLACEHOLDER_BYTES: usize = 40;

/// A task that may be shown, and sent.
#[derive(Debug)]
pub(super) struct Veiled {
    /// The task with placeholders.
    pub(super) task: CloudTask,
    /// What stands for what.
    pub(super) replacements: Vec<Replacement>,
    /// Puts the originals back into the answer.
    pub(super) restore: Restore,
}

/// Takes out what shall not go out. The same task and edits give the same result.
pub(super) fn veil(task: &CloudTask, edits: &RedactionEdits) -> Veiled {
    let mut replacements: Vec<Replacement> = Vec::new();
    let mut hidden = |text: &str| {
        let mut text = text.to_owned();
        for (index, original) in edits.added.iter().enumerate() {
            let count = text.matches(original.as_str()).count();
            if count == 0 {
                continue;
            }
            let placeholder = format!("[PRIVATE_{}]", index + 1);
            text = text.replace(original.as_str(), &placeholder);
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            match replacements
                .iter_mut()
                .find(|known| known.placeholder == placeholder)
            {
                Some(known) => known.count += count,
                None => replacements.push(Replacement {
                    placeholder,
                    original: original.clone(),
                    count,
                }),
            }
        }
        text
    };
    let task = match task {
        CloudTask::Summarize { text, length } => CloudTask::Summarize {
            text: hidden(text),
            length: *length,
        },
        CloudTask::Chat { messages, page } => CloudTask::Chat {
            messages: messages
                .iter()
                .map(|message| ChatMessage {
                    role: message.role,
                    text: hidden(&message.text),
                })
                .collect(),
            page: page.as_ref().map(|page| PageText {
                title: hidden(&page.title),
                text: hidden(&page.text),
            }),
        },
    };
    Veiled {
        task,
        restore: Restore::new(&replacements),
        replacements,
    }
}

/// Puts originals in the place of placeholders, in a text that comes in pieces.
#[derive(Debug)]
pub(super) struct Restore {
    originals: Vec<(String, String)>,
    /// From a bracket that is not closed yet.
    held: String,
}

impl Restore {
    fn new(replacements: &[Replacement]) -> Self {
        let pair = |known: &Replacement| (known.placeholder.clone(), known.original.clone());
        Self {
            originals: replacements.iter().map(pair).collect(),
            held: String::new(),
        }
    }

    /// Takes a piece, and gives what is sure now.
    pub(super) fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let mut sure = String::new();
        while let Some(at) = self.held.find('[') {
            sure.push_str(&self.held[..at]);
            self.held.drain(..at);
            match self.held.find(']') {
                Some(end) if end < MAX_PLACEHOLDER_BYTES => {
                    let found = &self.held[..=end];
                    let known = self.originals.iter().find(|(name, _)| name == found);
                    match known {
                        Some((_, original)) => {
                            sure.push_str(original);
                            self.held.drain(..=end);
                        }
                        // Another bracket may open inside.
                        None => sure.push(self.held.remove(0)),
                    }
                }
                _ if self.held.len() > MAX_PLACEHOLDER_BYTES => sure.push(self.held.remove(0)),
                _ => return sure,
            }
        }
        sure + &std::mem::take(&mut self.held)
    }

    /// Gives what was held.
    pub(super) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}
