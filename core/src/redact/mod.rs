//! Personal data in a text: finding it, replacing it by placeholders, and putting it back into the answer.
//!
//! ```text
//! find ─→ findings ─→ apply the user's edits ─→ redact ─→ what may leave + placeholders that stay
//!                                                                    answer ─→ Restorer ─→ answer with the values
//! ```
//!
//! **This is help and no guarantee**: detectors miss things, so the user sees the final bytes before anything leaves
//! (docs/redaction.md has the figures). Everything is a pure function of the text and the settings, takes time linear in the
//! text, and **no error and no `Debug` output holds a piece of it**.
//!
//! Ranges are half-open and count bytes.

mod address;
mod birth_date;
mod card;
mod checks;
mod date;
mod edited;
mod email;
mod finding;
mod fold;
mod iban;
mod ip;
mod kind;
mod lexicon;
mod mac;
mod national_id;
mod number;
mod own_list;
mod person;
mod phone;
mod placeholder;
mod replace;
mod resolve;
mod restore;
mod review;
mod scan;
mod secret;
mod url;
mod vocabulary;

pub use edited::edited;
pub use finding::{Finding, Reason};
pub use kind::Kind;
pub use own_list::OwnTerm;
pub use placeholder::{Placeholder, Placeholders};
pub use replace::{Redaction, Replacement, redact};
pub use restore::{Restorer, restore};
pub use review::{Edit, EditError, apply};

use scan::{Class, Scan};

/// What the user set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Names and words that are always found, in any case and with or without diacritics.
    pub own_terms: Vec<OwnTerm>,
}

/// The personal data of `text`, in its order and without overlaps.
pub fn find(text: &str, settings: &Settings) -> Vec<Finding> {
    let urls = url::urls(text);
    let scan = Scan::new(text);
    let mut found = Vec::new();
    url::find(text, &urls, &mut found);
    secret::find(&scan, &mut found);
    for index in 0..scan.tokens.len() {
        at(&scan, index, &mut found);
    }
    address::find(&scan, &mut found);
    person::find(&scan, &mut found);
    // The rest of an address of a resource is no prose: figures and names in it are a program's.
    found.retain(|finding| !is_inside(&urls, finding) || is_of_machines(finding));
    own_list::find(&scan, &settings.own_terms, &mut found);
    resolve::resolve(text, found)
}

/// Everything that begins at one token.
fn at(scan: &Scan<'_>, index: usize, found: &mut Vec<Finding>) {
    let class = scan.tokens[index].class;
    match class {
        Class::Number => {
            card::find(scan, index, found);
            national_id::find(scan, index, found);
            phone::find(scan, index, found);
            birth_date::find(scan, index, found);
        }
        Class::Word => {
            iban::find(scan, index, found);
            national_id::find(scan, index, found);
            birth_date::find(scan, index, found);
        }
        Class::Sign => email::find(scan, index, found),
        Class::Line | Class::Blank => return,
    }
    ip::find(scan, index, found);
    mac::find(scan, index, found);
}

fn is_inside(urls: &[std::ops::Range<usize>], finding: &Finding) -> bool {
    let after = urls.partition_point(|url| url.start <= finding.start);
    after > 0 && urls[after - 1].end > finding.start
}

fn is_of_machines(finding: &Finding) -> bool {
    // What looks random in an address is mostly the name of a page.
    finding.reason != Reason::Random
        && matches!(
            finding.kind,
            Kind::UrlCredential | Kind::Secret | Kind::Ip | Kind::Email | Kind::Other
        )
}

#[cfg(test)]
mod test_support {
    use super::{Kind, Settings, find};

    /// The pieces of `text` that are found to be of that kind.
    pub(super) fn found(text: &str, kind: Kind) -> Vec<String> {
        let findings = find(text, &Settings::default());
        let pieces = findings.into_iter().filter(|finding| finding.kind == kind);
        pieces
            .map(|finding| text[finding.range()].to_owned())
            .collect()
    }
}

#[cfg(test)]
mod tests;
