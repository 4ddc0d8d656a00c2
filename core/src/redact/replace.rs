//! Findings replaced by placeholders: what may leave, and where it differs from the text.

use std::fmt;

use super::placeholder::{Placeholder, Placeholders};
use super::{Finding, Kind, Reason};

/// One placeholder in a redacted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// What stands there.
    pub placeholder: Placeholder,
    /// What was replaced.
    pub kind: Kind,
    /// Why.
    pub reason: Reason,
    /// First byte of the placeholder in the redacted text.
    pub start: usize,
    /// Byte behind it.
    pub end: usize,
    /// First byte of the value in the original text.
    pub original_start: usize,
    /// Byte behind it.
    pub original_end: usize,
}

/// The texts of one request without what was found in them.
#[derive(Clone, PartialEq, Eq)]
pub struct Redaction {
    /// In the order of the originals.
    pub texts: Vec<String>,
    /// For each text its placeholders, in order: what the preview marks.
    pub replacements: Vec<Vec<Replacement>>,
    /// What they stand for. Stays on the device.
    pub placeholders: Placeholders,
}

impl fmt::Debug for Redaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Redaction")
            .field("texts", &self.texts.len())
            .field("placeholders", &self.placeholders)
            .finish_non_exhaustive()
    }
}

/// Replaces the findings of each text; the same value has the same placeholder in all of them.
///
/// Findings that overlap an earlier one, or are no range of their text, are left out: [`super::find`] and [`super::apply`]
/// give none such.
pub fn redact(texts: &[(&str, &[Finding])]) -> Redaction {
    let mut placeholders = Placeholders::default();
    for (text, _) in texts {
        placeholders.reserve(text);
    }
    let mut redacted = Vec::with_capacity(texts.len());
    let mut replacements = Vec::with_capacity(texts.len());
    for (text, findings) in texts {
        let (text, replaced) = one(text, findings, &mut placeholders);
        redacted.push(text);
        replacements.push(replaced);
    }
    Redaction {
        texts: redacted,
        replacements,
        placeholders,
    }
}

fn one(
    text: &str,
    findings: &[Finding],
    placeholders: &mut Placeholders,
) -> (String, Vec<Replacement>) {
    let mut redacted = String::with_capacity(text.len());
    let mut replacements = Vec::with_capacity(findings.len());
    let mut from = 0;
    for finding in findings {
        let Some(value) = text
            .get(finding.range())
            .filter(|value| finding.start >= from && !value.is_empty())
        else {
            continue;
        };
        redacted.push_str(&text[from..finding.start]);
        let start = redacted.len();
        let placeholder = placeholders.of(finding.kind, value);
        redacted.push_str(&placeholder.to_string());
        replacements.push(Replacement {
            placeholder,
            kind: finding.kind,
            reason: finding.reason,
            start,
            end: redacted.len(),
            original_start: finding.start,
            original_end: finding.end,
        });
        from = finding.end;
    }
    redacted.push_str(&text[from..]);
    (redacted, replacements)
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, find};
    use super::*;

    #[test]
    fn one_name_for_one_value_in_all_texts() {
        let texts = [
            "Anna Schmidt, anna@example.org",
            "Dear Anna Schmidt, as [PERSON_1] says",
        ];
        let findings: Vec<_> = texts
            .iter()
            .map(|text| find(text, &Settings::default()))
            .collect();
        let request: Vec<_> = texts
            .iter()
            .copied()
            .zip(findings.iter().map(Vec::as_slice))
            .collect();
        let redaction = redact(&request);
        assert_eq!(
            redaction.texts,
            [
                "[PERSON_2], [EMAIL_1]",
                "Dear [PERSON_2], as [PERSON_1] says"
            ]
        );
        for (replacements, (text, original)) in redaction
            .replacements
            .iter()
            .zip(redaction.texts.iter().zip(texts))
        {
            for replacement in replacements {
                assert!(text[replacement.start..replacement.end].starts_with('['));
                assert!(
                    !original[replacement.original_start..replacement.original_end]
                        .starts_with('[')
                );
            }
        }
        assert!(!format!("{redaction:?}").contains("Anna"));
    }

    #[test]
    fn bad_findings_are_left_out() {
        let bad =
            |start, end| Finding::new(Kind::Person, start..end, 90, super::super::Reason::NameList);
        let findings = [bad(0, 2), bad(1, 3), bad(2, 2), bad(3, 99)];
        assert_eq!(redact(&[("Anna", &findings)]).texts, ["[PERSON_1]na"]);
        assert_eq!(redact(&[("éa", &[bad(1, 2)])]).texts, ["éa"]);
    }
}
