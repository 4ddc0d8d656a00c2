//! A word of a closed set, as records and counters keep it: the name of a reason, a task, a tier.
//!
//! It is made from an enum, so that **no text of a page can become one by mistake**.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Letters and digits of the longest.
const MAX_BYTES: usize = 40;

/// The name of a variant, in camelCase.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
#[serde(try_from = "String")]
pub struct Code(String);

/// What was given is no variant without fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a variant")]
pub struct NoCode;

impl Code {
    /// The name that serde gives to a variant without fields.
    ///
    /// # Errors
    /// [`NoCode`] for everything else.
    pub fn of(variant: &(impl Serialize + fmt::Debug)) -> Result<Self, NoCode> {
        match serde_json::to_value(variant) {
            Ok(serde_json::Value::String(name)) => Self::try_from(name),
            _ => Err(NoCode),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Code {
    type Error = NoCode;

    fn try_from(name: String) -> Result<Self, NoCode> {
        let word = name.starts_with(|char: char| char.is_ascii_lowercase())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (word && name.len() <= MAX_BYTES)
            .then_some(Self(name))
            .ok_or(NoCode)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ErrorCode;
    use crate::redact::Kind;

    #[test]
    fn names_of_variants_and_nothing_else() {
        assert_eq!(Code::of(&ErrorCode::PeerGone).unwrap().as_str(), "peerGone");
        assert_eq!(Code::of(&Kind::NationalId).unwrap().as_str(), "national_id");
        assert_eq!(Code::of(&"Some text"), Err(NoCode));
        assert_eq!(Code::of(&"Text"), Err(NoCode));
        assert_eq!(Code::of(&Some(1)), Err(NoCode));
        assert_eq!(Code::of(&"a".repeat(41)), Err(NoCode));
        assert!(serde_json::from_str::<Code>("\"peerGone\"").is_ok());
        assert!(serde_json::from_str::<Code>("\"Peer gone\"").is_err());
        assert!(serde_json::from_str::<Code>("\"\"").is_err());
    }
}
