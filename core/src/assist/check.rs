//! What a request must be before anyone works on it.

use crate::protocol::{
    ChatMessage, ChatRole, CloudTask, Coded, ErrorCode, Escalation, HostRequest, MAX_CHAT_MESSAGES,
    MAX_CHAT_UTF16, MAX_EDITS, MAX_OWN_TERM_UTF16, MAX_OWN_TERMS, MAX_SUMMARIZE_UTF16, PageText,
    RedactionEdits,
};
use crate::redact::OwnTerm;
use crate::text::utf16_len;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A text is over its limit.
    #[error("The text is longer than Sotto can take at once. Select less of it.")]
    TextTooLarge,
    /// The messages together are over their limit, or too many.
    #[error("The conversation is longer than Sotto can take. Start a new chat.")]
    ChatTooLarge,
    /// A text is empty or only white space.
    #[error("There is no text.")]
    Empty,
    /// More changes in the preview than anyone makes, or an empty one.
    #[error("The changes of the preview cannot be read.")]
    BadEdits,
    /// More or longer words on the user's list than go with a request, or an empty one.
    #[error("The list of your own words cannot be read.")]
    BadOwnTerms,
    /// The last message is not the user's, or there is none.
    #[error("There is no question to answer.")]
    NoQuestion,
}

impl Coded for RequestError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::TextTooLarge | Self::ChatTooLarge => ErrorCode::TooLarge,
            Self::Empty | Self::NoQuestion | Self::BadEdits | Self::BadOwnTerms => {
                ErrorCode::BadRequest
            }
        }
    }
}

/// Checks the limits of [`crate::protocol`] and that there is something to work on.
///
/// # Errors
/// [`RequestError`].
pub fn check(request: &HostRequest) -> Result<(), RequestError> {
    match request {
        HostRequest::Summarize { text, .. } => check_text(text),
        HostRequest::Chat { messages, page, .. } => check_chat(messages, page.as_ref()),
        HostRequest::Escalate { escalation, .. } => check_escalation(escalation),
        HostRequest::Hello { .. }
        | HostRequest::Status { .. }
        | HostRequest::Consent { .. }
        | HostRequest::Revoke { .. }
        | HostRequest::UnlockKey { .. }
        | HostRequest::ListAudit { .. }
        | HostRequest::VerifyAudit { .. }
        | HostRequest::OfferPack { .. }
        | HostRequest::Personal { .. }
        | HostRequest::ReadPack { .. }
        | HostRequest::CheckUpdates { .. }
        | HostRequest::ApplyUpdates { .. }
        | HostRequest::DeleteEverything { .. }
        | HostRequest::Cancel { .. } => Ok(()),
    }
}

/// Checks what is to be put to an endpoint, by the same limits.
///
/// # Errors
/// [`RequestError`].
pub fn check_escalation(escalation: &Escalation) -> Result<(), RequestError> {
    let RedactionEdits { lifted, added } = &escalation.edits;
    let mut edits = lifted.iter().chain(added);
    if lifted.len() + added.len() > MAX_EDITS as usize || edits.any(|text| text.trim().is_empty()) {
        return Err(RequestError::BadEdits);
    }
    let is_bad = |term: &OwnTerm| {
        term.text.trim().is_empty() || utf16_len(&term.text) > MAX_OWN_TERM_UTF16 as usize
    };
    let terms = &escalation.own_terms;
    if terms.len() > MAX_OWN_TERMS as usize || terms.iter().any(is_bad) {
        return Err(RequestError::BadOwnTerms);
    }
    check_task(&escalation.task)
}

/// Checks a summary or an answer that is asked for, by the same limits.
///
/// # Errors
/// [`RequestError`].
pub fn check_task(task: &CloudTask) -> Result<(), RequestError> {
    match task {
        CloudTask::Summarize { text, .. } => check_text(text),
        CloudTask::Chat { messages, page } => check_chat(messages, page.as_ref()),
    }
}

fn check_text(text: &str) -> Result<(), RequestError> {
    if is_over([text], MAX_SUMMARIZE_UTF16) {
        return Err(RequestError::TextTooLarge);
    }
    not_empty(text)
}

fn check_chat(messages: &[ChatMessage], page: Option<&PageText>) -> Result<(), RequestError> {
    check_messages(messages)?;
    page.map_or(Ok(()), check_page)
}

fn check_messages(messages: &[ChatMessage]) -> Result<(), RequestError> {
    let texts = messages.iter().map(|message| message.text.as_str());
    if messages.len() > MAX_CHAT_MESSAGES as usize || is_over(texts, MAX_CHAT_UTF16) {
        return Err(RequestError::ChatTooLarge);
    }
    match messages.last() {
        Some(last) if last.role == ChatRole::User => {}
        _ => return Err(RequestError::NoQuestion),
    }
    messages
        .iter()
        .try_for_each(|message| not_empty(&message.text))
}

/// The title counts as text. A page without text is no page: that is the caller's to leave out.
fn check_page(page: &PageText) -> Result<(), RequestError> {
    if is_over(
        [page.title.as_str(), page.text.as_str()],
        MAX_SUMMARIZE_UTF16,
    ) {
        return Err(RequestError::TextTooLarge);
    }
    not_empty(&page.text)
}

fn not_empty(text: &str) -> Result<(), RequestError> {
    if text.trim().is_empty() {
        Err(RequestError::Empty)
    } else {
        Ok(())
    }
}

fn is_over<'a>(texts: impl IntoIterator<Item = &'a str>, limit_utf16: u32) -> bool {
    let mut left = limit_utf16 as usize;
    texts.into_iter().any(|text| {
        // Bytes first: a unit has at most three, and counting the units of ten megabytes takes longer than refusing them.
        let units = if text.len() > 3 * left {
            usize::MAX
        } else {
            utf16_len(text)
        };
        match left.checked_sub(units) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::SummaryLength;

    fn summarize(text: String) -> Result<(), RequestError> {
        check(&HostRequest::Summarize {
            id: 1,
            text,
            length: SummaryLength::Short,
        })
    }

    fn chat(turns: &[(ChatRole, &str)], page: Option<(&str, &str)>) -> Result<(), RequestError> {
        let messages = turns
            .iter()
            .map(|&(role, text)| ChatMessage {
                role,
                text: text.to_owned(),
            })
            .collect();
        let page = page.map(|(title, text)| PageText {
            title: title.to_owned(),
            text: text.to_owned(),
        });
        check(&HostRequest::Chat {
            id: 1,
            messages,
            page,
        })
    }

    #[test]
    fn limits_count_utf16_units_and_are_inclusive() {
        let max = MAX_SUMMARIZE_UTF16 as usize;
        assert_eq!(summarize("a".repeat(max)), Ok(()));
        assert_eq!(
            summarize("a".repeat(max + 1)),
            Err(RequestError::TextTooLarge)
        );
        assert_eq!(summarize("語".repeat(max)), Ok(()));
        assert_eq!(summarize("🙂".repeat(max / 2)), Ok(()));
        assert_eq!(
            summarize("🙂".repeat(max / 2 + 1)),
            Err(RequestError::TextTooLarge)
        );
    }

    #[test]
    fn a_conversation_ends_with_a_question() {
        use ChatRole::{Assistant, User};
        assert_eq!(chat(&[(User, "hi")], None), Ok(()));
        assert_eq!(chat(&[], None), Err(RequestError::NoQuestion));
        assert_eq!(
            chat(&[(User, "hi"), (Assistant, "hello")], None),
            Err(RequestError::NoQuestion)
        );
        assert_eq!(chat(&[(User, " \n")], None), Err(RequestError::Empty));
        assert_eq!(
            chat(&[(User, "hi"), (Assistant, ""), (User, "so?")], None),
            Err(RequestError::Empty)
        );
        assert_eq!(chat(&[(User, "hi"); 100], None), Ok(()));
        assert_eq!(
            chat(&[(User, "hi"); 101], None),
            Err(RequestError::ChatTooLarge)
        );
        let half = "a".repeat(MAX_CHAT_UTF16 as usize / 2);
        assert_eq!(chat(&[(User, &half), (User, &half)], None), Ok(()));
        assert_eq!(
            chat(&[(User, &half), (User, &half), (User, "a")], None),
            Err(RequestError::ChatTooLarge)
        );
    }

    #[test]
    fn a_page_has_text_within_the_limit() {
        let ask = &[(ChatRole::User, "what?")];
        let max = "a".repeat(MAX_SUMMARIZE_UTF16 as usize);
        assert_eq!(chat(ask, Some(("", "text"))), Ok(()));
        assert_eq!(chat(ask, Some(("", &max))), Ok(()));
        assert_eq!(
            chat(ask, Some(("T", &max))),
            Err(RequestError::TextTooLarge)
        );
        assert_eq!(chat(ask, Some(("T", " "))), Err(RequestError::Empty));
    }

    #[test]
    fn codes_of_refusals() {
        assert_eq!(RequestError::TextTooLarge.code(), ErrorCode::TooLarge);
        assert_eq!(RequestError::ChatTooLarge.code(), ErrorCode::TooLarge);
        assert_eq!(RequestError::Empty.code(), ErrorCode::BadRequest);
        assert_eq!(RequestError::NoQuestion.code(), ErrorCode::BadRequest);
    }
}
