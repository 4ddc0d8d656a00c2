//! Keys that services give out with a prefix, so that they can be found where they leak.
//!
//! # Source
//! The services' own documentation, as collected by GitHub's secret scanning ("Supported secret scanning patterns").

use super::super::scan::Scan;
use super::super::{Finding, Kind, Reason};

/// What a key is made of behind its prefix.
#[derive(Clone, Copy)]
enum Body {
    /// Letters and digits.
    Alphanumeric,
    /// Letters, digits, `-` and `_`.
    Url,
    /// Capitals and digits.
    Upper,
    /// Hexadecimal digits.
    Hex,
    /// As `Url`, with full stops.
    Dotted,
    /// As `Dotted`, with slashes: the whole address is the secret.
    Path,
}

impl Body {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
            Self::Path => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'),
        }
    }
}

/// Prefix, what follows, and how much of it at least.
const PREFIXES: &[(&str, Body, usize)] = &[
    // Amazon Web Services.
    ("AKIA", Body::Upper, 16),
    ("ASIA", Body::Upper, 16),
    ("ABIA", Body::Upper, 16),
    // GitHub.
    ("ghp_", Body::Alphanumeric, 36),
    ("gho_", Body::Alphanumeric, 36),
    ("ghu_", Body::Alphanumeric, 36),
    ("ghs_", Body::Alphanumeric, 36),
    ("ghr_", Body::Alphanumeric, 36),
    ("github_pat_", Body::Url, 40),
    // GitLab.
    ("glpat-", Body::Dotted, 20),
    ("glptt-", Body::Alphanumeric, 40),
    ("gldt-", Body::Url, 20),
    ("glrt-", Body::Url, 20),
    // Slack.
    ("xoxb-", Body::Url, 20),
    ("xoxp-", Body::Url, 20),
    ("xoxa-", Body::Url, 20),
    ("xoxr-", Body::Url, 20),
    ("xoxs-", Body::Url, 20),
    ("xapp-", Body::Url, 20),
    ("https://hooks.slack.com/services/", Body::Path, 30),
    ("https://hooks.slack.com/workflows/", Body::Path, 30),
    // Discord.
    ("https://discord.com/api/webhooks/", Body::Path, 60),
    ("https://discordapp.com/api/webhooks/", Body::Path, 60),
    // Microsoft Teams.
    ("https://outlook.office.com/webhook/", Body::Path, 40),
    // Stripe.
    ("sk_live_", Body::Alphanumeric, 16),
    ("sk_test_", Body::Alphanumeric, 16),
    ("rk_live_", Body::Alphanumeric, 16),
    ("rk_test_", Body::Alphanumeric, 16),
    ("whsec_", Body::Alphanumeric, 24),
    // OpenAI, Anthropic and others that follow them.
    ("sk-proj-", Body::Url, 40),
    ("sk-ant-", Body::Url, 40),
    ("sk-or-", Body::Url, 40),
    ("sk-svcacct-", Body::Url, 40),
    ("sk-", Body::Alphanumeric, 32),
    ("gsk_", Body::Alphanumeric, 40),
    ("hf_", Body::Alphanumeric, 30),
    ("r8_", Body::Alphanumeric, 30),
    ("pplx-", Body::Alphanumeric, 40),
    ("nvapi-", Body::Url, 40),
    // Google.
    ("AIza", Body::Url, 35),
    ("ya29.", Body::Url, 30),
    ("GOCSPX-", Body::Url, 24),
    // Mail and messages.
    ("SG.", Body::Dotted, 60),
    ("key-", Body::Hex, 32),
    ("xkeysib-", Body::Url, 60),
    // Registries of packages.
    ("npm_", Body::Alphanumeric, 36),
    ("pypi-", Body::Url, 50),
    ("dckr_pat_", Body::Url, 20),
    ("rubygems_", Body::Hex, 48),
    // Hosting.
    ("dop_v1_", Body::Hex, 64),
    ("doo_v1_", Body::Hex, 64),
    ("hvs.", Body::Url, 24),
    ("vercel_", Body::Alphanumeric, 24),
    ("fly_", Body::Url, 40),
    ("lin_api_", Body::Alphanumeric, 40),
    // Shops and payment.
    ("shpat_", Body::Hex, 32),
    ("shpca_", Body::Hex, 32),
    ("shppa_", Body::Hex, 32),
    ("shpss_", Body::Hex, 32),
    ("sq0atp-", Body::Url, 22),
    ("sq0csp-", Body::Url, 43),
    ("EAAA", Body::Url, 60),
    // Tools.
    ("PMAK-", Body::Url, 50),
    ("figd_", Body::Url, 40),
    ("ntn_", Body::Alphanumeric, 40),
    ("secret_", Body::Alphanumeric, 40),
    ("ATATT3", Body::Url, 60),
    ("glsa_", Body::Url, 32),
    ("tvly-", Body::Url, 30),
    ("age-secret-key-1", Body::Alphanumeric, 50),
    ("AGE-SECRET-KEY-1", Body::Upper, 50),
];

/// Longest key that is looked at.
const MAX_BYTES: usize = 1_024;

/// Every key with a known prefix, JSON web tokens and bots' tokens.
pub(super) fn find(scan: &Scan<'_>, found: &mut Vec<Finding>) {
    let mut end = 0;
    for token in &scan.tokens {
        // Inside of a longer run there is no beginning, so that each byte is looked at a bounded number of times.
        let inside = token.start < end
            || scan
                .char_before(token.start)
                .is_some_and(|char| char.is_alphanumeric() || matches!(char, '-' | '_'));
        if inside {
            continue;
        }
        let text = &scan.text[token.start..];
        let len = known(text)
            .or_else(|| web_token(text))
            .or_else(|| bot_token(text));
        if let Some(len) = len {
            end = token.start + len;
            found.push(Finding::new(
                Kind::Secret,
                token.start..end,
                99,
                Reason::KnownPrefix,
            ));
        }
    }
}

fn known(text: &str) -> Option<usize> {
    PREFIXES.iter().find_map(|&(prefix, body, min)| {
        let rest = text.strip_prefix(prefix)?;
        let len = rest
            .bytes()
            .take(MAX_BYTES)
            .take_while(|&byte| body.has(byte))
            .count();
        // A full stop or the like at the end is the sentence's.
        let len = rest[..len].trim_end_matches(['.', '-', '/']).len();
        let random = rest[..len].bytes().any(|byte| byte.is_ascii_digit()) || len >= 40;
        (len >= min && random).then_some(prefix.len() + len)
    })
}

/// A JSON web token: three parts of base64, the first of which begins with `{"`.
fn web_token(text: &str) -> Option<usize> {
    const MIN_PART_BYTES: usize = 8;
    if !text.starts_with("eyJ") {
        return None;
    }
    let len = text
        .bytes()
        .take(4 * MAX_BYTES)
        .take_while(|&byte| Body::Dotted.has(byte) || byte == b'=')
        .count();
    let token = text[..len].trim_end_matches(['.', '=']);
    let parts: Vec<&str> = token.split('.').collect();
    (parts.len() >= 3 && parts[..3].iter().all(|part| part.len() >= MIN_PART_BYTES))
        .then_some(token.len())
}

/// The token of a Telegram bot: its number, a colon and 35 characters.
fn bot_token(text: &str) -> Option<usize> {
    let digits = text.bytes().take(11).take_while(u8::is_ascii_digit).count();
    let rest = text[digits..].strip_prefix(':')?;
    let body = rest
        .bytes()
        .take(40)
        .take_while(|&byte| Body::Url.has(byte))
        .count();
    ((8..=10).contains(&digits) && body == 35).then_some(digits + 1 + body)
}

#[cfg(test)]
mod tests {
    use super::super::super::test_support::found;
    use super::*;

    #[test]
    fn every_prefix_with_a_body_of_the_shortest_length() {
        for &(prefix, body, min) in PREFIXES {
            let alphabet = match body {
                Body::Hex => "0123456789abcdef",
                Body::Upper => "ABCDEFGH23456789",
                _ => "aB3dE6gH9jK2mN5p",
            };
            let key: String = prefix
                .chars()
                .chain(alphabet.chars().cycle().take(min))
                .collect();
            for text in [
                format!("use {key}, please"),
                format!("KEY={key}"),
                format!("'{key}'"),
                key.clone(),
            ] {
                assert_eq!(found(&text, Kind::Secret), [key.as_str()], "{text}");
            }
            let short = &key[..key.len() - 2];
            assert!(
                known(short).is_none_or(|len| len < short.len()) || known(short).is_none(),
                "{short}"
            );
        }
    }

    #[test]
    fn tokens() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N";
        assert_eq!(found(&format!("Bearer {jwt}."), Kind::Secret), [jwt]);
        let bot = "1234567890:AAabcdefghijklmnopqrstuvwxyz0123456";
        assert_eq!(found(&format!("bot {bot}"), Kind::Secret), [bot]);
        for text in [
            "sk-learn",
            "hf_hub",
            "key-value",
            "ghp_short",
            "eyJhbGci.x.y",
            "npm_config_registry",
            "xoxb-",
            "1234567890:30",
        ] {
            assert!(found(text, Kind::Secret).is_empty(), "{text}");
        }
    }
}
