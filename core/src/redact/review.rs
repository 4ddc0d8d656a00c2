//! What the user changes in the preview: a find is lifted, or a piece of text is marked.

use serde::{Deserialize, Serialize};

use super::resolve::resolve;
use super::{Finding, Kind, Reason};
use crate::protocol::{Coded, ErrorCode};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Edit {
    /// Takes these bytes for personal data.
    Mark {
        /// What kind.
        kind: Kind,
        /// First byte.
        start: usize,
        /// Byte behind the last one.
        end: usize,
    },
    /// Leaves everything as it is that was found within these bytes.
    Lift {
        /// First byte.
        start: usize,
        /// Byte behind the last one.
        end: usize,
    },
}

/// Why a change cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Nothing, behind the end, or inside of a character.
    #[error("change {index} is no range of the text")]
    Range {
        /// Which of the changes, from 0.
        index: usize,
    },
}

impl Coded for EditError {
    fn code(&self) -> ErrorCode {
        ErrorCode::BadRequest
    }
}

/// `findings` of `text` with the changes made in their order; a later one wins.
///
/// # Errors
/// [`EditError::Range`] if a change is no range of the text. Then none is made.
pub fn apply(text: &str, findings: &[Finding], edits: &[Edit]) -> Result<Vec<Finding>, EditError> {
    let mut all = findings.to_vec();
    for (index, edit) in edits.iter().enumerate() {
        let (Edit::Mark { start, end, .. } | Edit::Lift { start, end }) = edit;
        if start >= end || text.get(*start..*end).is_none() {
            return Err(EditError::Range { index });
        }
        let range = *start..*end;
        match edit {
            Edit::Mark { kind, .. } => {
                // What was marked before gives way where the new mark is.
                all.retain(|finding| finding.reason != Reason::Marked || !finding.overlaps(&range));
                all.push(Finding::new(*kind, range, 100, Reason::Marked));
                all = resolve(text, all);
            }
            Edit::Lift { .. } => {
                all.retain(|finding| finding.start < range.start || finding.end > range.end)
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, find};
    use super::*;

    const TEXT: &str = "Ask Anna Schmidt about Bluebird, anna@example.org";

    fn pieces(edits: &[Edit]) -> Vec<String> {
        let findings = apply(TEXT, &find(TEXT, &Settings::default()), edits).unwrap();
        findings
            .iter()
            .map(|finding| TEXT[finding.range()].to_owned())
            .collect()
    }

    fn range(piece: &str) -> (usize, usize) {
        let start = TEXT.find(piece).unwrap();
        (start, start + piece.len())
    }

    #[test]
    fn lifting_and_marking() {
        assert_eq!(pieces(&[]), ["Anna Schmidt", "anna@example.org"]);
        let (start, end) = range("Anna Schmidt");
        assert_eq!(pieces(&[Edit::Lift { start, end }]), ["anna@example.org"]);
        let kind = Kind::Other;
        let (start, end) = range("Bluebird");
        assert_eq!(
            pieces(&[Edit::Mark { kind, start, end }]),
            ["Anna Schmidt", "Bluebird", "anna@example.org"]
        );
        // A part of a find, marked: the rest of it stays covered.
        let (start, end) = range("Schmidt about");
        assert_eq!(
            pieces(&[Edit::Mark { kind, start, end }]),
            ["Anna", "Schmidt about", "anna@example.org"]
        );
        // Marked and lifted again.
        assert_eq!(
            pieces(&[Edit::Mark { kind, start, end }, Edit::Lift { start, end }]),
            ["Anna", "anna@example.org"]
        );
        // Lifting a part of a find lifts nothing.
        let (start, end) = range("Anna");
        assert_eq!(
            pieces(&[Edit::Lift { start, end }]),
            ["Anna Schmidt", "anna@example.org"]
        );
    }

    #[test]
    fn ranges_that_are_none() {
        for (start, end) in [
            (3, 3),
            (4, 3),
            (0, TEXT.len() + 1),
            (usize::MAX, usize::MAX),
        ] {
            let edits = [Edit::Lift { start: 0, end: 1 }, Edit::Lift { start, end }];
            assert_eq!(apply(TEXT, &[], &edits), Err(EditError::Range { index: 1 }));
        }
        assert_eq!(
            apply("é", &[], &[Edit::Lift { start: 1, end: 2 }]),
            Err(EditError::Range { index: 0 })
        );
    }
}
