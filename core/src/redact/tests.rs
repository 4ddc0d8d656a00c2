//! The whole: offsets, order, putting back, and that nothing of the text shows.

use proptest::prelude::*;

use super::*;

fn findings(text: &str) -> Vec<Finding> {
    find(text, &Settings::default())
}

/// Pieces that detectors look for, put together in any order.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,12}",
        "[0-9 ()+./-]{0,24}",
        "[A-Z][a-z]{1,8} ",
        Just("Anna Schmidt ".to_owned()),
        Just("[PERSON_1]".to_owned()),
        Just("[person\\_2".to_owned()),
        Just("anna@example.org".to_owned()),
        Just("https://a:b@c.example/?token=abcdefgh1 ".to_owned()),
        Just("DE89 3704 0044 0532 0130 00".to_owned()),
        Just("4111 1111 1111 1111".to_owned()),
        Just("Dr. ".to_owned()),
        Just("born 12.03.1980 ".to_owned()),
        Just("12 High Street, Leeds LS1 1AA".to_owned()),
        Just("password: aB3$xyz9".to_owned()),
        Just("-----BEGIN PRIVATE KEY-----".to_owned()),
        Just("192.0.2.1".to_owned()),
        Just("\n".to_owned()),
        Just("’é😀\u{301}".to_owned()),
        Just("王芳女士".to_owned()),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn finds_are_ranges_of_the_text_in_order(text in hostile()) {
        let mut from = 0;
        for finding in findings(&text) {
            prop_assert!(finding.start >= from && finding.start < finding.end, "{finding:?}");
            prop_assert!(text.get(finding.range()).is_some(), "{finding:?}");
            prop_assert!((51..=100).contains(&finding.confidence_percent));
            from = finding.end;
        }
    }

    #[test]
    fn what_was_replaced_comes_back(texts in proptest::collection::vec(hostile(), 1..4), cut in 1_usize..9) {
        let found: Vec<_> = texts.iter().map(|text| findings(text)).collect();
        let request: Vec<_> = texts.iter().map(String::as_str).zip(found.iter().map(Vec::as_slice)).collect();
        let redaction = redact(&request);
        for (text, redacted) in texts.iter().zip(&redaction.texts) {
            prop_assert_eq!(&restore(redacted, &redaction.placeholders), text);
            let mut restorer = Restorer::new(&redaction.placeholders);
            let mut streamed = String::new();
            let chars: Vec<char> = redacted.chars().collect();
            for piece in chars.chunks(cut) {
                streamed.push_str(&restorer.push(&piece.iter().collect::<String>()));
            }
            streamed.push_str(&restorer.finish());
            prop_assert_eq!(&streamed, text);
        }
    }

    #[test]
    fn edits_of_any_range_keep_the_order(text in hostile(), edits in proptest::collection::vec((any::<bool>(), 0_usize..80, 0_usize..80), 0..6)) {
        let edits: Vec<_> = edits.into_iter().map(|(mark, start, end)| if mark {
            Edit::Mark { kind: Kind::Other, start, end }
        } else {
            Edit::Lift { start, end }
        }).collect();
        if let Ok(edited) = apply(&text, &findings(&text), &edits) {
            prop_assert!(edited.windows(2).all(|pair| pair[0].end <= pair[1].start));
            let redaction = redact(&[(&text, &edited)]);
            prop_assert_eq!(&restore(&redaction.texts[0], &redaction.placeholders), &text);
        }
    }
}

#[test]
fn whatever_looks_around_stops_at_the_ends_of_the_text() {
    const PIECES: [&str; 16] = [
        "Anna",
        "Anna Schmidt",
        "anna@example.org",
        "12 High Street, Leeds",
        "12 March 1980",
        "born",
        "password",
        "hunter2x!",
        "192.0.2.1",
        "fe80::1",
        "00:1b:44:11:3a:b7",
        "+44 20 7946 0958",
        "4111 1111 1111 1111",
        "Dr.",
        "regards",
        "",
    ];
    let signs: Vec<String> = ('!'..='~')
        .filter(char::is_ascii_punctuation)
        .chain("\n\r\t …–—•’“”¿¡".chars())
        .map(String::from)
        .collect();
    for piece in PIECES {
        for one in &signs {
            for text in [
                format!("{one}{piece}"),
                format!("{one} {piece}"),
                format!("{piece}{one}"),
                format!("{piece} {one}"),
            ] {
                findings(&text);
            }
            for other in &signs {
                findings(&format!("{one}{other}{piece}{one}{other}"));
            }
        }
    }
}

#[test]
fn nothing_of_the_text_is_in_debug_output() {
    let text = "Anna Schmidt, anna@example.org, 4111 1111 1111 1111";
    let findings = findings(text);
    assert_eq!(findings.len(), 3);
    let redaction = redact(&[(text, &findings)]);
    let shown = format!(
        "{findings:?} {redaction:?} {:?}",
        Restorer::new(&redaction.placeholders)
    );
    for secret in ["Anna", "example", "4111"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn findings_travel_as_json() {
    let findings = findings("Ask Anna Schmidt.");
    let json = serde_json::to_string(&findings).unwrap();
    assert_eq!(
        json,
        r#"[{"kind":"person","start":4,"end":16,"confidencePercent":90,"reason":"nameList"}]"#
    );
    assert_eq!(
        serde_json::from_str::<Vec<Finding>>(&json).unwrap(),
        findings
    );
}
