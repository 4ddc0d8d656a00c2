//! Any text: finds are ranges of it in order, and what was replaced comes back, also when the answer is cut anywhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sotto_core::redact::{Edit, Kind, OwnTerm, Restorer, Settings, apply, find, redact, restore};

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    // The first word is on the user's own list.
    let own = text.split_whitespace().next().unwrap_or_default().to_owned();
    let settings = Settings {
        own_terms: vec![OwnTerm {
            kind: Kind::Person,
            text: own,
        }],
    };
    let findings = find(&text, &settings);
    let mut from = 0;
    for finding in &findings {
        assert!(finding.start >= from && finding.start < finding.end, "{finding:?}");
        assert!(text.get(finding.range()).is_some(), "{finding:?}");
        from = finding.end;
    }

    // One change of the user's, where the input says.
    let at = |index: usize| usize::from(input.get(index).copied().unwrap_or(0));
    let edit = if at(0) % 2 == 0 {
        Edit::Mark {
            kind: Kind::Other,
            start: at(1),
            end: at(2),
        }
    } else {
        Edit::Lift {
            start: at(1),
            end: at(2),
        }
    };
    let edited = apply(&text, &findings, &[edit]).unwrap_or(findings);

    let redaction = redact(&[(&text, &edited)]);
    let redacted = &redaction.texts[0];
    assert_eq!(restore(redacted, &redaction.placeholders), text);
    let cut = redacted.floor_char_boundary(at(3) % (redacted.len() + 1));
    let mut restorer = Restorer::new(&redaction.placeholders);
    let mut streamed = restorer.push(&redacted[..cut]);
    streamed.push_str(&restorer.push(&redacted[cut..]));
    streamed.push_str(&restorer.finish());
    assert_eq!(streamed, text);
});
