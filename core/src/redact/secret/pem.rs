//! Private keys between `-----BEGIN ... PRIVATE KEY-----` and `-----END ... PRIVATE KEY-----`.

use super::super::{Finding, Kind, Reason};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const PRIVATE: &str = "PRIVATE KEY";
const DASHES: &str = "-----";
/// Longest name between the dashes: `ENCRYPTED PRIVATE KEY`, `PGP PRIVATE KEY BLOCK`.
const MAX_NAME_BYTES: usize = 40;

/// Every block with its two lines. One pass: each end closes the nearest beginning before it.
pub(super) fn find(text: &str, found: &mut Vec<Finding>) {
    let mut begin: Option<(usize, usize)> = None;
    let mut from = 0;
    while let Some(at) = text[from..].find(DASHES).map(|at| from + at) {
        from = at + DASHES.len();
        if let Some(end) = marker(text, at, BEGIN) {
            begin = Some((at, end));
            from = end;
        } else if let Some(end) = marker(text, at, END) {
            let body = begin.take().map(|(start, body)| (start, &text[body..at]));
            if let Some((start, _)) = body.filter(|(_, body)| is_body(body)) {
                found.push(Finding::new(
                    Kind::Secret,
                    start..end,
                    99,
                    Reason::Structure,
                ));
            }
            from = end;
        }
    }
}

/// Where the marker ends that begins at byte `at`, if it is one of a private key.
fn marker(text: &str, at: usize, kind: &str) -> Option<usize> {
    let name = text[at..].strip_prefix(kind)?;
    let limit = name.floor_char_boundary(MAX_NAME_BYTES);
    let len = name[..limit].find(DASHES)?;
    name[..len]
        .contains(PRIVATE)
        .then_some(at + kind.len() + len + DASHES.len())
}

/// Base64 with its headers, and enough of it to be a key.
fn is_body(body: &str) -> bool {
    const MIN_BYTES: usize = 40;
    let bytes = body.bytes();
    body.len() >= MIN_BYTES
        && bytes
            .into_iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r\n\t \\-:,.".contains(&byte))
        && {
            let longest = body.split_whitespace().map(str::len).max();
            longest.is_some_and(|len| len >= MIN_BYTES)
        }
}

#[cfg(test)]
mod tests {
    use super::super::super::test_support::found;
    use super::*;

    #[test]
    fn blocks_and_not_their_first_lines() {
        let key = format!(
            "-----BEGIN RSA PRIVATE KEY-----\n{}\n{}\n-----END RSA PRIVATE KEY-----",
            "A".repeat(64),
            "b1+/".repeat(16)
        );
        assert_eq!(
            found(&format!("here:\n{key}\nbye"), Kind::Secret),
            [key.as_str()]
        );
        let text = format!("-----BEGIN PRIVATE KEY-----\nis a header. This is one:\n{key}");
        assert_eq!(found(&text, Kind::Secret), [key.as_str()]);
        for text in [
            "-----BEGIN PRIVATE KEY----- is a header",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "-----END PRIVATE KEY-----",
            "----------",
        ] {
            assert!(found(text, Kind::Secret).is_empty(), "{text}");
        }
    }
}
