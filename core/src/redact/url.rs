//! Addresses of resources, and those among them that carry a password or a token.

use std::ops::Range;

use super::{Finding, Kind, Reason};

/// Longer ones are cut: browsers and servers take no more either.
const MAX_URL_BYTES: usize = 4_096;
/// Longest scheme looked for before `://`.
const MAX_SCHEME_BYTES: usize = 20;

/// Parameters that carry what opens a door, without `-` and `_`.
const SECRET_PARAMETERS: [&str; 25] = [
    "token",
    "accesstoken",
    "authtoken",
    "refreshtoken",
    "idtoken",
    "apikey",
    "key",
    "secret",
    "clientsecret",
    "password",
    "passwd",
    "pwd",
    "pass",
    "sig",
    "signature",
    "xamzsignature",
    "xamzsecuritytoken",
    "xgoogsignature",
    "auth",
    "sessionid",
    "session",
    "sid",
    "jwt",
    "code",
    "privatetoken",
];

/// Every address of `text` with a scheme, in order.
pub(super) fn urls(text: &str) -> Vec<Range<usize>> {
    let mut urls: Vec<Range<usize>> = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("://").map(|at| from + at) {
        let scheme = text.as_bytes()[..at]
            .iter()
            .rev()
            .take(MAX_SCHEME_BYTES + 1)
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
            .count();
        // Letters first: `2https://` begins behind the digit.
        let skipped = text[at - scheme..at]
            .bytes()
            .take_while(|byte| !byte.is_ascii_alphabetic())
            .count();
        let start = at - scheme + skipped;
        if start == at || scheme > MAX_SCHEME_BYTES {
            from = at + 3;
            continue;
        }
        let end = end(text, at + 3);
        urls.push(start..end);
        from = end;
    }
    urls
}

fn end(text: &str, from: usize) -> usize {
    let limit = text.floor_char_boundary(from + MAX_URL_BYTES);
    let is_end = |char: char| {
        char.is_whitespace()
            || char.is_control()
            || matches!(
                char,
                '"' | '<'
                    | '>'
                    | '`'
                    | '|'
                    | '\\'
                    | '^'
                    | '{'
                    | '}'
                    | '»'
                    | '”'
                    | '，'
                    | '。'
                    | '、'
            )
    };
    let run = text[from..limit]
        .find(is_end)
        .map_or(&text[from..limit], |at| &text[from..from + at]);
    // What closes a sentence or a parenthesis around it is no part of it.
    let mut run = run.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '’', '*', '_']);
    while let Some(shorter) = run.strip_suffix([')', ']']) {
        let opened = run.matches(['(', '[']).count();
        if opened >= run.matches([')', ']']).count() {
            break;
        }
        run = shorter.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']);
    }
    from + run.len()
}

/// Those of `urls` that carry a password or a token.
pub(super) fn find(text: &str, urls: &[Range<usize>], found: &mut Vec<Finding>) {
    for range in urls {
        let url = &text[range.clone()];
        if has_password(url) || has_secret_parameter(url) {
            found.push(Finding::new(
                Kind::UrlCredential,
                range.clone(),
                98,
                Reason::Credentials,
            ));
        }
    }
}

/// `scheme://user:password@host`.
fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A password may hold a slash or the like that should have been escaped; then the host is behind the last @.
    authority
        .rsplit_once('@')
        .and_then(|(user, host)| Some((user.split_once(':')?.1, host)))
        .is_some_and(|(password, host)| {
            !password.is_empty() && !host.is_empty() && !is_blank(password)
        })
}

/// `?token=...`, also behind `#`.
fn has_secret_parameter(url: &str) -> bool {
    /// A shorter value opens nothing.
    const MIN_BYTES: usize = 8;
    let Some(at) = url.find(['?', '#']) else {
        return false;
    };
    url[at + 1..].split(['&', '?', ';', '#']).any(|pair| {
        let Some((name, value)) = pair.split_once('=') else {
            return false;
        };
        let name: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|char| char.to_ascii_lowercase())
            .collect();
        let random = value.len() >= MIN_BYTES
            && value.bytes().any(|byte| byte.is_ascii_digit())
            && !value.contains(['+', ' ']);
        SECRET_PARAMETERS.contains(&name.as_str()) && random && !is_blank(value)
    })
}

/// What documentation writes in place of a secret.
pub(super) fn is_blank(value: &str) -> bool {
    let inner = value.trim_matches(['<', '>', '{', '}', '[', ']', '$', '%', '(', ')', '"', '\'']);
    let stars = inner
        .chars()
        .all(|char| matches!(char, '*' | 'x' | 'X' | '.' | '•' | '-' | '_'));
    let named = [
        "password",
        "token",
        "secret",
        "pass",
        "pwd",
        "none",
        "null",
        "true",
        "false",
        "changeit",
        "undefined",
        "redacted",
        "hidden",
    ];
    stars
        || value.starts_with(['<', '$', '{', '%'])
            && value.len() != inner.len()
            && value.ends_with(['>', '}', '%', ')'])
        || value.starts_with("${")
        || named.iter().any(|known| inner.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::super::test_support::found;
    use super::*;

    #[test]
    fn where_an_address_ends() {
        for (text, url) in [
            (
                "see https://example.com/a?b=c.",
                "https://example.com/a?b=c",
            ),
            ("(http://example.com/a_(b))", "http://example.com/a_(b)"),
            ("<ftp://example.com>", "ftp://example.com"),
            ("\"mongodb+srv://h/x\"", "mongodb+srv://h/x"),
        ] {
            let urls = urls(text);
            assert_eq!(urls.len(), 1, "{text}");
            assert_eq!(&text[urls[0].clone()], url);
        }
        assert!(urls("://a ://b").is_empty());
        assert!(urls("").is_empty());
    }

    #[test]
    fn passwords_and_tokens() {
        for url in [
            "postgres://app:s3cr3t@db.example.net:5432/orders",
            "https://__token__:abc@pypi.example.com/simple",
            "redis://:hunter2@cache:6379",
            "smb://ACME;jdoe:Welcome1@fs01/share",
            "https://example.com/f?token=abcdefgh1",
            "https://example.com/f?a=1&X-Amz-Signature=0123456789abcdef",
            "https://example.com/cb#access_token=abcdefgh1",
        ] {
            assert_eq!(
                found(&format!("use {url}, please"), Kind::UrlCredential),
                [url]
            );
        }
        for url in [
            "https://example.com/a:b@c",
            "https://user@example.com/",
            "https://example.com/?q=token+ring+1",
            "http://localhost:4873",
            "https://user:<password>@example.com",
            "https://user:${TOKEN}@example.com",
            "https://user:****@example.com",
            "https://example.com/?key=short",
        ] {
            assert!(found(url, Kind::UrlCredential).is_empty(), "{url}");
        }
    }
}
