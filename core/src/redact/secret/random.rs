//! Strings that look drawn at random from letters of both cases and digits, with nothing beside them that says so.
//!
//! Hashes, identifiers and names of programs look random, too: hexadecimal strings and UUIDs are left alone, and so is what
//! is made of words.

use super::super::scan::Scan;
use super::super::{Finding, Kind, Reason};

/// Fewer characters are chance, more are data.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=128;
/// Bits per character, of the characters' own frequencies. Words written together stay below.
const MIN_ENTROPY_BITS: f64 = 3.7;

/// Every such string.
pub(super) fn find(scan: &Scan<'_>, found: &mut Vec<Finding>) {
    let bytes = scan.text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let len = bytes[at..]
            .iter()
            .take_while(|&&byte| is_part(byte))
            .count();
        if LENGTHS.contains(&len)
            && is_random(&scan.text[at..at + len])
            && !is_explained(scan.text, at, len)
        {
            let trimmed = scan.text[at..at + len]
                .trim_end_matches(['.', '-', '_', '/'])
                .len();
            found.push(Finding::new(
                Kind::Secret,
                at..at + trimmed,
                72,
                Reason::Random,
            ));
        }
        at += len.max(1);
    }
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.')
}

fn is_random(run: &str) -> bool {
    let body = run.trim_end_matches(['=', '.', '-', '_', '/']);
    let count = |test: fn(&u8) -> bool| body.bytes().filter(test).count();
    let (upper, lower, digits) = (
        count(u8::is_ascii_uppercase),
        count(u8::is_ascii_lowercase),
        count(u8::is_ascii_digit),
    );
    let signs = body.len() - upper - lower - digits;
    // From letter to digit, from small to capital: words change seldom.
    let class = |byte: u8| match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let changes = body
        .as_bytes()
        .windows(2)
        .filter(|pair| class(pair[0]) != class(pair[1]))
        .count();
    let pieces = body.split(['.', '/']).filter(|piece| !piece.is_empty());
    upper >= 3
        && lower >= 3
        && digits >= 3
        && signs * 6 <= body.len()
        && changes * 10 >= body.len() * 3
        && pieces
            .map(str::len)
            .max()
            .is_some_and(|longest| longest >= 16)
        && entropy_bits(body) >= MIN_ENTROPY_BITS
}

/// Shannon entropy of the bytes, per byte.
fn entropy_bits(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let len = text.len() as f64;
    let shares = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) / len);
    shares.map(|share| -share * share.log2()).sum()
}

/// Whether what is around says that it is no secret: a hash, a public key, data of an image, part of an address.
fn is_explained(text: &str, at: usize, len: usize) -> bool {
    const WINDOW_BYTES: usize = 24;
    let from = text.floor_char_boundary(at.saturating_sub(WINDOW_BYTES));
    let before = text[from..at].to_ascii_lowercase();
    let run = &text[at..at + len];
    let public = [
        "base64,",
        "sha256",
        "sha384",
        "sha512",
        "sha-",
        "ssh-rsa",
        "ssh-ed25519",
        "ecdsa-",
        "integrity",
        "checksum",
        "digest",
        "etag",
    ];
    let hash = [
        "sha256-",
        "sha384-",
        "sha512-",
        "AAAAB3NzaC1",
        "AAAAC3NzaC1",
        "AAAAE2VjZHNh",
        "iVBORw0KGgo",
    ];
    public.iter().any(|word| before.contains(word))
        || hash.iter().any(|start| run.starts_with(start))
        || before.ends_with(['@', '/', ':', '?', '&', '%', '\\', '#'])
            && !before.ends_with(": ")
            && before.contains("//")
}

#[cfg(test)]
mod tests {
    use super::super::super::test_support::found;
    use super::*;

    #[test]
    fn random_strings() {
        for secret in [
            "wJalrXUtn7EMI/K7MDE3G/bPxRfiCYEXAMPLEKEY",
            "q7Zk2Vw9XbT4nR8sLm3PfG6h",
            "aB3-dE6_gH9jK2mN5pQ8rS1tU4v",
        ] {
            assert_eq!(
                found(&format!("here it comes: {secret} ok"), Kind::Secret),
                [secret]
            );
        }
    }

    #[test]
    fn what_is_explained() {
        for text in [
            "9fceb02d0ae598e95dc970b74767f19372d61af8",
            "550e8400-e29b-41d4-a716-446655440000",
            "getUserAccountSettingsByIdentifier2",
            "IMG_20240611_142208_HDR_EDIT-2.jpeg",
            "org.apache.commons.collections4.map.PassiveExpiringMap",
            "sha512-q7Zk2Vw9XbT4nR8sLm3PfG6hq7Zk2Vw9XbT4nR8sLm3PfG6h==",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDb5example0000000000",
            "https://example.com/q7Zk2Vw9XbT4nR8sLm3PfG6h",
            "2025-06-11T14:22:08.113Z",
            "1Z999AA10123456784",
        ] {
            assert!(found(text, Kind::Secret).is_empty(), "{text}");
        }
    }
}
