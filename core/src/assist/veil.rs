//! A task without what was found in it or what the user hides: what may be shown, and after a yes sent. The originals stay on
//! the device and come back into the answer there.

use std::collections::HashMap;

use crate::protocol::{ChatMessage, CloudTask, PageText, RedactionEdits, Replacement};
use crate::redact::{
    Finding, OwnTerm, Placeholder, Placeholders, Redaction, Settings, edited, redact,
};

/// A task that may be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Veiled {
    /// The task with placeholders.
    pub task: CloudTask,
    /// What stands for what, in the order in which they first stand in the task.
    pub replacements: Vec<Replacement>,
    /// The same, for the way back.
    pub placeholders: Placeholders,
}

/// Replaces what the detectors, the user's list and the user's changes say. The same arguments give the same result: the host
/// builds what was shown a second time, and compares.
pub fn veil(task: &CloudTask, own_terms: &[OwnTerm], edits: &RedactionEdits) -> Veiled {
    let settings = Settings {
        own_terms: own_terms.to_vec(),
    };
    let texts = texts(task);
    let findings: Vec<_> = texts
        .iter()
        .map(|text| edited(text, &settings, &edits.lifted, &edits.added))
        .collect();
    let request: Vec<_> = texts
        .iter()
        .copied()
        .zip(findings.iter().map(Vec::as_slice))
        .collect();
    let redaction = redact(&request);
    let replacements = replacements(&request, &redaction);
    Veiled {
        task: rebuilt(task, redaction.texts),
        replacements,
        placeholders: redaction.placeholders,
    }
}

/// Every text of a task that somebody wrote, in a fixed order.
fn texts(task: &CloudTask) -> Vec<&str> {
    match task {
        CloudTask::Summarize { text, .. } => vec![text],
        CloudTask::Chat { messages, page } => {
            let said = messages.iter().map(|message| message.text.as_str());
            let page = page.iter().flat_map(|page| [&*page.title, &*page.text]);
            said.chain(page).collect()
        }
    }
}

/// `task` with other texts, in the order of [`texts`].
fn rebuilt(task: &CloudTask, texts: Vec<String>) -> CloudTask {
    let mut texts = texts.into_iter();
    let mut next = || texts.next().unwrap_or_default();
    match task {
        CloudTask::Summarize { length, .. } => CloudTask::Summarize {
            text: next(),
            length: *length,
        },
        CloudTask::Chat { messages, page } => CloudTask::Chat {
            messages: messages
                .iter()
                .map(|message| ChatMessage {
                    role: message.role,
                    text: next(),
                })
                .collect(),
            page: page.as_ref().map(|_| PageText {
                title: next(),
                text: next(),
            }),
        },
    }
}

/// One entry for each placeholder.
fn replacements(request: &[(&str, &[Finding])], redaction: &Redaction) -> Vec<Replacement> {
    let mut all: Vec<Replacement> = Vec::new();
    let mut known: HashMap<Placeholder, usize> = HashMap::new();
    for ((text, _), replaced) in request.iter().zip(&redaction.replacements) {
        for one in replaced {
            let index = *known.entry(one.placeholder).or_insert_with(|| {
                all.push(Replacement {
                    placeholder: one.placeholder.to_string(),
                    kind: one.kind,
                    reason: one.reason,
                    original: text[one.original_start..one.original_end].to_owned(),
                    count: 0,
                });
                all.len() - 1
            });
            all[index].count += 1;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{ChatRole, SummaryLength};
    use crate::redact::{Kind, Reason, restore};

    fn summarize(text: &str) -> CloudTask {
        CloudTask::Summarize {
            text: text.to_owned(),
            length: SummaryLength::Short,
        }
    }

    fn edits(lifted: &[&str], added: &[&str]) -> RedactionEdits {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        RedactionEdits {
            lifted: owned(lifted),
            added: owned(added),
        }
    }

    #[test]
    fn a_conversation_keeps_its_form_and_one_value_its_name() {
        let say = |role, text: &str| ChatMessage {
            role,
            text: text.to_owned(),
        };
        let task = CloudTask::Chat {
            messages: vec![
                say(ChatRole::User, "Write to anna@example.org"),
                say(ChatRole::Assistant, "Dear Anna Schmidt,"),
                say(ChatRole::User, "And to ben@example.org"),
            ],
            page: Some(PageText {
                title: "Mail of anna@example.org".into(),
                text: "From anna@example.org to ben@example.org".into(),
            }),
        };
        let veiled = veil(&task, &[], &RedactionEdits::default());
        assert_eq!(
            veiled.task,
            CloudTask::Chat {
                messages: vec![
                    say(ChatRole::User, "Write to [EMAIL_1]"),
                    say(ChatRole::Assistant, "Dear [PERSON_1],"),
                    say(ChatRole::User, "And to [EMAIL_2]"),
                ],
                page: Some(PageText {
                    title: "Mail of [EMAIL_1]".into(),
                    text: "From [EMAIL_1] to [EMAIL_2]".into(),
                }),
            }
        );
        let counts: Vec<_> = veiled
            .replacements
            .iter()
            .map(|one| (one.placeholder.as_str(), one.count))
            .collect();
        assert_eq!(
            counts,
            [("[EMAIL_1]", 3), ("[PERSON_1]", 1), ("[EMAIL_2]", 2)]
        );
        assert_eq!(
            restore("[PERSON_1] and [EMAIL_2]", &veiled.placeholders),
            "Anna Schmidt and ben@example.org"
        );
    }

    #[test]
    fn the_user_has_the_last_word() {
        let text = "Project Bluebird: ask anna@example.org, bluebird is secret.";
        let own = [OwnTerm {
            kind: Kind::Other,
            text: "bluebird".into(),
        }];
        let shown =
            |own: &[OwnTerm], edits: &RedactionEdits| match veil(&summarize(text), own, edits).task
            {
                CloudTask::Summarize { text, .. } => text,
                other => panic!("{other:?}"),
            };
        assert_eq!(
            shown(&[], &edits(&["anna@example.org"], &["Bluebird", "secret"])),
            "Project [PRIVATE_1]: ask anna@example.org, bluebird is [PRIVATE_2]."
        );
        assert_eq!(
            shown(&own, &RedactionEdits::default()),
            "Project [PRIVATE_1]: ask [EMAIL_1], [PRIVATE_2] is secret."
        );
        assert_eq!(
            shown(&own, &edits(&["Bluebird"], &[])),
            "Project Bluebird: ask [EMAIL_1], [PRIVATE_1] is secret."
        );
        // Hidden and lifted: hidden.
        assert_eq!(
            shown(&[], &edits(&["secret"], &["secret"])),
            "Project Bluebird: ask [EMAIL_1], bluebird is [PRIVATE_1]."
        );
    }

    #[test]
    fn reasons_are_told() {
        let veiled = veil(
            &summarize("anna@example.org and tulips"),
            &[],
            &edits(&[], &["tulips"]),
        );
        let reasons: Vec<_> = veiled.replacements.iter().map(|one| one.reason).collect();
        assert_eq!(reasons, [Reason::Structure, Reason::Marked]);
    }
}
