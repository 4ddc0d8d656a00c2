//! What kinds of personal data there are, and how they are called on the wire and in a placeholder.

use serde::{Deserialize, Serialize};

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(
    feature = "typescript",
    derive(ts_rs::TS),
    ts(export, rename = "RedactionKind")
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// E-mail address.
    Email,
    /// Phone number, national or international.
    Phone,
    /// Number of a payment card.
    Card,
    /// International bank account number.
    Iban,
    /// Number that a state gave to a person or a company: tax, social security, identity card.
    NationalId,
    /// IPv4 or IPv6 address.
    Ip,
    /// Hardware address of a network device.
    Mac,
    /// Address of a resource with a password or a token in it.
    UrlCredential,
    /// Password, API key, token or private key.
    Secret,
    /// Postal address of a street, with its place where that is said.
    Address,
    /// Date on which somebody was born.
    BirthDate,
    /// Name of a person.
    Person,
    /// What the user marked and no detector has a name for.
    Other,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::Email,
        Self::Phone,
        Self::Card,
        Self::Iban,
        Self::NationalId,
        Self::Ip,
        Self::Mac,
        Self::UrlCredential,
        Self::Secret,
        Self::Address,
        Self::BirthDate,
        Self::Person,
        Self::Other,
    ];

    /// Its name in cases, reports and messages; the same as serde's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Card => "card",
            Self::Iban => "iban",
            Self::NationalId => "national_id",
            Self::Ip => "ip",
            Self::Mac => "mac",
            Self::UrlCredential => "url_credential",
            Self::Secret => "secret",
            Self::Address => "address",
            Self::BirthDate => "birth_date",
            Self::Person => "person",
            Self::Other => "other",
        }
    }

    /// The kind of that [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The word in its placeholders, `PERSON` of `[PERSON_1]`.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
            Self::Card => "CARD",
            Self::Iban => "IBAN",
            Self::NationalId => "NATIONAL_ID",
            Self::Ip => "IP",
            Self::Mac => "MAC",
            Self::UrlCredential => "URL",
            Self::Secret => "SECRET",
            Self::Address => "ADDRESS",
            Self::BirthDate => "BIRTH_DATE",
            Self::Person => "PERSON",
            Self::Other => "PRIVATE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_serde_s_and_placeholders_differ() {
        for kind in Kind::ALL {
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{}\"", kind.name()));
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            let same = |other: &Kind| other.placeholder() == kind.placeholder();
            assert_eq!(Kind::ALL.iter().filter(|other| same(other)).count(), 1);
        }
    }
}
