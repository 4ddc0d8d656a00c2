//! How long redaction takes for a megabyte of ordinary and of hostile text:
//! `cargo run --release -p sotto-core --example redact_speed`.
//!
//! Each text is also measured at an eighth of its length. Where the time grows with the text and no faster, the last column
//! is about 1.
#![allow(
    clippy::disallowed_methods,
    reason = "this program measures time, which core itself never does"
)]

use std::io::Write as _;
use std::time::{Duration, Instant};

use sotto_core::redact::{Restorer, Settings, find, redact};

const BYTES: usize = 1_000_000;

/// Texts that make detectors begin as often as they can, and go on for as long as they can.
const TEXTS: [(&str, &str); 29] = [
    (
        "prose",
        "I spoke to Anna Schmidt on Monday; she lives at 12 High Street, Leeds LS1 1AA. Call 020 7946 0321. ",
    ),
    ("digits", "1"),
    ("groups of digits", "12 34 "),
    ("plus signs", "+1 202 555 0147 "),
    ("at signs", "a@"),
    ("domains", "a@b.c."),
    ("schemes", "://"),
    ("addresses", "https://a:b@c/?token=abcdefgh1 "),
    ("capitals", "Anna "),
    ("initials", "A. "),
    ("streets", "12 High Street, Leeds "),
    ("labels", "password: "),
    ("keys", "sk-"),
    ("private keys", "-----BEGIN PRIVATE KEY-----"),
    ("hexadecimal", "ab:cd:"),
    ("brackets", "[PERSON_"),
    ("unspaced", "王芳女士"),
    ("one word", "a"),
    ("letters and digits", "a1"),
    ("dots", "a."),
    ("dashes", "-"),
    ("equals signs", "a=b="),
    ("assignments", "key=\"a "),
    ("spelled at signs", "a (at) b (dot) "),
    ("particles", "Van der "),
    ("quotes", "\"'"),
    ("short lines", "Anna\n"),
    ("marks", "e\u{301}"),
    ("web tokens", "eyJhbGciOiJIUzI1NiJ9."),
];

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:20} {:>9} {:>9} {:>7} {:>7}",
        "text of 1 MB", "find ms", "total ms", "finds", "growth"
    )?;
    for (name, piece) in TEXTS {
        let text = piece.repeat(BYTES / piece.len());
        let (finding, total, finds) = measure(&text);
        let eighth = text.floor_char_boundary(text.len() / 8);
        let (short, ..) = measure(&text[..eighth]);
        let growth = finding.as_secs_f64() / 8.0 / short.as_secs_f64();
        writeln!(
            out,
            "{name:20} {:9.1} {:9.1} {finds:7} {growth:7.2}",
            finding.as_secs_f64() * 1e3,
            total.as_secs_f64() * 1e3
        )?;
    }
    Ok(())
}

/// Time to find, time to find, replace and put back, and how many finds; the best of three.
fn measure(text: &str) -> (Duration, Duration, usize) {
    let runs = (0..3).map(|_| {
        let started = Instant::now();
        let findings = find(text, &Settings::default());
        let finding = started.elapsed();
        let redaction = redact(&[(text, &findings)]);
        let mut restorer = Restorer::new(&redaction.placeholders);
        let restored = restorer.push(&redaction.texts[0]) + &restorer.finish();
        assert_eq!(restored, text);
        (finding, started.elapsed(), findings.len())
    });
    runs.min().unwrap_or_default()
}
