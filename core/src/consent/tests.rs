//! Tokens and the ways not to get one.

use proptest::prelude::*;

use super::*;
use crate::assist::{RemoteMessage, RemotePrompt};
use crate::protocol::{Coded, ConsentAnswer, ConsentChoice, ErrorCode, MAX_SCOPE_MINUTES};

const NOW: u64 = 1_800_000_000_000;
const SITE: &str = "https://mail.example";

fn terms(url: &str) -> EndpointTerms {
    EndpointTerms {
        url: url.to_owned(),
        model: "m".to_owned(),
        token_limit: TokenLimitField::MaxTokens,
    }
}

fn payload(text: &str) -> Payload {
    let prompt = RemotePrompt {
        messages: vec![RemoteMessage {
            role: "user",
            content: text.to_owned(),
        }],
        max_tokens: 100,
    };
    Payload::new(&prompt, &terms("https://a.example/v1/chat/completions"))
}

fn endpoint() -> Fingerprint {
    terms("https://a.example/v1/chat/completions").fingerprint()
}

fn nonce(seed: u8) -> Nonce {
    Nonce([seed; 16])
}

/// A ledger with one question, number 1.
fn asked(site: Option<&str>) -> Ledger {
    let mut ledger = Ledger::default();
    let question = Question {
        payload: &payload("hello"),
        endpoint: endpoint(),
        site,
    };
    ledger.ask(1, nonce(7), &question, NOW);
    ledger
}

fn yes(choice: ConsentChoice) -> ConsentAnswer {
    ConsentAnswer {
        nonce: nonce(7).to_string(),
        payload_sha256: payload("hello").sha256().to_string(),
        choice,
    }
}

fn refusal(verdict: Result<Verdict, ConsentError>) -> ConsentError {
    match verdict {
        Err(error) => error,
        Ok(verdict) => panic!("{verdict:?}"),
    }
}

#[test]
fn a_yes_to_these_bytes_gives_a_token_for_these_bytes() {
    let mut ledger = asked(None);
    let verdict = ledger.answer(
        1,
        &yes(ConsentChoice::Once),
        payload("hello"),
        endpoint(),
        NOW + 5,
    );
    let Ok(Verdict::Send(token)) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(token.open(endpoint(), NOW + 6), Ok(&payload("hello")));
    let elsewhere = terms("https://b.example/v1/chat/completions").fingerprint();
    assert_eq!(
        token.open(elsewhere, NOW + 6),
        Err(ConsentError::EndpointDiffers)
    );
    assert_eq!(
        token.open(endpoint(), NOW + 5 + TOKEN_LIFETIME_MS),
        Err(ConsentError::Expired)
    );
    assert_eq!(
        token.open(endpoint(), NOW + 4),
        Err(ConsentError::Expired),
        "the clock was set back"
    );
    assert_eq!(token.site(), None);
    // And only one.
    let again = ledger.answer(
        1,
        &yes(ConsentChoice::Once),
        payload("hello"),
        endpoint(),
        NOW + 7,
    );
    assert_eq!(refusal(again), ConsentError::NotAsked);
}

#[test]
fn every_difference_is_refused() {
    let other_sum = payload("hell0").sha256().to_string();
    let other_endpoint = terms("https://a.example/v1/chat/completions?x").fingerprint();
    let no = |change: &dyn Fn(&mut ConsentAnswer), text: &str, place: Fingerprint, now: u64| {
        let mut answer = yes(ConsentChoice::Once);
        change(&mut answer);
        let mut ledger = asked(None);
        let refused = refusal(ledger.answer(1, &answer, payload(text), place, now));
        assert!(
            !ledger.is_open(1),
            "a question is answered once, whatever the answer"
        );
        refused
    };
    let same = |_: &mut ConsentAnswer| {};
    assert_eq!(
        no(
            &|a| a.nonce = nonce(8).to_string(),
            "hello",
            endpoint(),
            NOW
        ),
        ConsentError::WrongNonce
    );
    assert_eq!(
        no(&|a| a.nonce.clear(), "hello", endpoint(), NOW),
        ConsentError::WrongNonce
    );
    assert_eq!(
        no(
            &|a| a.nonce = a.nonce.to_uppercase() + " ",
            "hello",
            endpoint(),
            NOW
        ),
        ConsentError::WrongNonce
    );
    assert_eq!(
        no(
            &|a| a.payload_sha256.clone_from(&other_sum),
            "hello",
            endpoint(),
            NOW
        ),
        ConsentError::PayloadDiffers
    );
    // Shown and built again agree, but neither is what was asked about.
    assert_eq!(
        no(
            &|a| a.payload_sha256.clone_from(&other_sum),
            "hell0",
            endpoint(),
            NOW
        ),
        ConsentError::PayloadDiffers
    );
    assert_eq!(
        no(&same, "hell0", endpoint(), NOW),
        ConsentError::PayloadDiffers
    );
    assert_eq!(
        no(&same, "hello", other_endpoint, NOW),
        ConsentError::EndpointDiffers
    );
    assert_eq!(
        no(&same, "hello", endpoint(), NOW + QUESTION_LIFETIME_MS),
        ConsentError::Expired
    );
    assert_eq!(
        no(&same, "hello", endpoint(), NOW - 1),
        ConsentError::Expired
    );
    assert_eq!(
        no(&|a| a.choice = ConsentChoice::No, "hello", endpoint(), NOW),
        ConsentError::Declined
    );
    let scope = |minutes| ConsentChoice::Site { minutes };
    assert_eq!(
        no(&|a| a.choice = scope(10), "hello", endpoint(), NOW),
        ConsentError::BadScope
    );
}

#[test]
fn a_permission_for_a_site_holds_there_and_for_its_time() {
    let mut ledger = asked(Some(SITE));
    let choice = ConsentChoice::Site { minutes: 10 };
    let verdict = ledger.answer(1, &yes(choice), payload("hello"), endpoint(), NOW);
    assert!(matches!(verdict, Ok(Verdict::Send(_))), "{verdict:?}");
    let end = NOW + 600_000;
    let mut token = |site, place, now| ledger.under_scope(payload("more"), place, site, now);
    let given = token(Some(SITE), endpoint(), end - 1).unwrap();
    assert_eq!(given.site(), Some(SITE));
    assert!(given.open(endpoint(), end - 1).is_ok());
    assert!(
        given.open(endpoint(), end).is_err(),
        "not longer than the permission"
    );
    assert!(token(Some("https://other.example"), endpoint(), NOW + 1).is_err());
    assert!(token(None, endpoint(), NOW + 1).is_err());
    let elsewhere = terms("https://b.example/v1/chat/completions").fingerprint();
    assert!(token(Some(SITE), elsewhere, NOW + 1).is_err());
    assert!(token(Some(SITE), endpoint(), end).is_err());
}

#[test]
fn permissions_are_for_sites_and_bounded() {
    for minutes in [0, MAX_SCOPE_MINUTES + 1, u32::MAX] {
        let mut ledger = asked(Some(SITE));
        let answer = yes(ConsentChoice::Site { minutes });
        let verdict = ledger.answer(1, &answer, payload("hello"), endpoint(), NOW);
        assert_eq!(refusal(verdict), ConsentError::BadScope);
    }
    for site in [
        "null",
        "",
        "https://",
        "file://x",
        "https://a.example/path",
        "https://A.example",
        "HTTPS://a.example",
        "https://a.example ",
        "https://é.example",
    ] {
        assert!(!is_site(site), "{site}");
        let mut ledger = asked(Some(site));
        let answer = yes(ConsentChoice::Site { minutes: 5 });
        let verdict = ledger.answer(1, &answer, payload("hello"), endpoint(), NOW);
        assert_eq!(refusal(verdict), ConsentError::BadScope, "{site}");
    }
    for site in [
        SITE,
        "http://localhost:8080",
        "https://xn--bcher-kva.example",
        "http://[::1]:80",
    ] {
        assert!(is_site(site), "{site}");
    }
}

#[test]
fn revoking_takes_permissions_and_questions() {
    let mut ledger = asked(Some(SITE));
    ledger
        .answer(
            1,
            &yes(ConsentChoice::Site { minutes: 10 }),
            payload("hello"),
            endpoint(),
            NOW,
        )
        .unwrap();
    let hello = payload("hello");
    let ask = |ledger: &mut Ledger, id, site| {
        let question = Question {
            payload: &hello,
            endpoint: endpoint(),
            site,
        };
        ledger.ask(id, nonce(7), &question, NOW);
    };
    ask(&mut ledger, 2, Some(SITE));
    ask(&mut ledger, 3, None);
    assert_eq!(
        ledger.revoke(Some("https://other.example")),
        Vec::<u32>::new()
    );
    assert_eq!(ledger.scopes(NOW).len(), 1);
    assert_eq!(ledger.revoke(Some(SITE)), [2]);
    assert!(ledger.scopes(NOW).is_empty());
    let late = ledger.answer(
        2,
        &yes(ConsentChoice::Once),
        payload("hello"),
        endpoint(),
        NOW,
    );
    assert_eq!(refusal(late), ConsentError::NotAsked);
    assert_eq!(ledger.revoke(None), [3]);
}

#[test]
fn a_revision_closes_the_question() {
    let mut ledger = asked(None);
    let edits = crate::protocol::RedactionEdits {
        lifted: vec!["Ada".into()],
        added: vec![],
    };
    let answer = yes(ConsentChoice::Revise {
        edits: edits.clone(),
    });
    match ledger.answer(1, &answer, payload("hello"), endpoint(), NOW) {
        Ok(Verdict::Revise(given)) => assert_eq!(given, edits),
        other => panic!("{other:?}"),
    }
    assert!(!ledger.is_open(1));
}

#[test]
fn stored_permissions_that_make_no_sense_are_dropped() {
    let scope = |granted_at_ms, expires_at_ms, site: &str| Scope {
        site: site.to_owned(),
        endpoint: endpoint(),
        granted_at_ms,
        expires_at_ms,
    };
    let longest = u64::from(MAX_SCOPE_MINUTES) * 60_000;
    let stored = vec![
        scope(NOW - 5, NOW + 5, SITE),
        scope(NOW + 1, NOW + 5, SITE),
        scope(NOW - 5, NOW, SITE),
        scope(NOW, NOW + longest + 1, SITE),
        scope(NOW + 9, NOW - 9, SITE),
        scope(NOW - 5, NOW + 5, "null"),
    ];
    let mut ledger = Ledger::default();
    ledger.restore(stored.clone(), NOW);
    assert_eq!(ledger.scopes(NOW), &stored[..1]);
    assert_eq!(ledger.scopes(NOW - 6), &[], "the clock was set back");
}

#[test]
fn endpoints_that_differ_anywhere_have_other_fingerprints() {
    let one = terms("https://a.example/v1");
    let mut all = vec![
        one.clone(),
        terms("https://a.example/v1/"),
        terms("http://a.example/v1"),
    ];
    all.push(EndpointTerms {
        model: "m2".into(),
        ..one.clone()
    });
    all.push(EndpointTerms {
        token_limit: TokenLimitField::MaxCompletionTokens,
        ..one.clone()
    });
    all.push(EndpointTerms {
        url: "https://a.example/v1m".into(),
        model: String::new(),
        ..one
    });
    let prints: std::collections::HashSet<_> = all.iter().map(EndpointTerms::fingerprint).collect();
    assert_eq!(prints.len(), all.len());
}

#[test]
fn the_payload_is_what_servers_expect_and_no_log_shows_it() {
    let payload = payload("a \"secret\"\n");
    assert_eq!(
        payload.json(),
        r#"{"model":"m","messages":[{"role":"user","content":"a \"secret\"\n"}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":100}"#
    );
    assert!(!format!("{payload:?}").contains("secret"));
}

#[test]
fn codes_of_refusals() {
    assert_eq!(ConsentError::Declined.code(), ErrorCode::ConsentDeclined);
    assert_eq!(ConsentError::Revoked.code(), ErrorCode::ConsentRevoked);
    assert_eq!(
        ConsentError::PayloadDiffers.code(),
        ErrorCode::ConsentInvalid
    );
}

/// What somebody may do to a ledger, in any order.
#[derive(Debug, Clone)]
enum Act {
    Ask {
        id: u32,
        text: u8,
        place: u8,
        site: Option<u8>,
    },
    Answer {
        id: u32,
        nonce_of: u32,
        shown: u8,
        rebuilt: u8,
        place: u8,
        choice: u8,
    },
    UnderScope {
        text: u8,
        place: u8,
        site: Option<u8>,
    },
    Revoke {
        site: Option<u8>,
    },
    Close {
        id: u32,
    },
    Wait {
        ms: u64,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let site = || proptest::option::of(0u8..2);
    let small = 0u8..3;
    prop_oneof![
        3 => (0u32..3, small.clone(), small.clone(), site()).prop_map(|(id, text, place, site)| Act::Ask { id, text, place, site }),
        4 => (0u32..3, 0u32..3, small.clone(), small.clone(), small.clone(), 0u8..4)
            .prop_map(|(id, nonce_of, shown, rebuilt, place, choice)| Act::Answer { id, nonce_of, shown, rebuilt, place, choice }),
        // What a well-meaning extension does: otherwise hardly any answer would be right.
        3 => (0u32..3, small.clone(), 0u8..3).prop_map(|(id, text, choice)| Act::Answer { id, nonce_of: id, shown: text, rebuilt: text, place: 0, choice: choice + 1 }),
        2 => (small.clone(), small, site()).prop_map(|(text, place, site)| Act::UnderScope { text, place, site }),
        1 => site().prop_map(|site| Act::Revoke { site }),
        1 => (0u32..3).prop_map(|id| Act::Close { id }),
        2 => prop_oneof![0u64..1_000, 0u64..QUESTION_LIFETIME_MS * 2].prop_map(|ms| Act::Wait { ms }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    /// The ledger against a plain account of what the user saw and said.
    #[test]
    fn no_token_without_a_yes(acts in proptest::collection::vec(act(), 1..40)) {
        let texts = [payload("a"), payload("b"), payload("c")];
        let places = ["https://a.example", "https://b.example", "https://c.example"].map(|url| terms(url).fingerprint());
        let sites = ["https://x.example", "https://y.example"];
        let site_of = |site: Option<u8>| site.map(|site| sites[usize::from(site)]);
        let mut ledger = Ledger::default();
        let mut now = NOW;
        let mut nonces = 0u8;
        // By id: nonce, text, place, site, time. By site: place and end.
        let mut open = std::collections::BTreeMap::new();
        let mut allowed: std::collections::BTreeMap<u8, (u8, u64)> = Default::default();
        for act in acts {
            match act {
                Act::Ask { id, text, place, site } => {
                    nonces = nonces.wrapping_add(1);
                    let question = Question { payload: &texts[usize::from(text)], endpoint: places[usize::from(place)], site: site_of(site) };
                    ledger.ask(id, nonce(nonces), &question, now);
                    open.insert(id, (nonces, text, place, site, now));
                }
                Act::Answer { id, nonce_of, shown, rebuilt, place, choice } => {
                    let said = open.get(&nonce_of).map_or(0, |&(nonce, ..)| nonce);
                    let answer = ConsentAnswer {
                        nonce: nonce(said).to_string(),
                        payload_sha256: texts[usize::from(shown)].sha256().to_string(),
                        choice: match choice {
                            0 => ConsentChoice::No,
                            1 => ConsentChoice::Once,
                            2 => ConsentChoice::Site { minutes: 3 },
                            _ => ConsentChoice::Revise { edits: Default::default() },
                        },
                    };
                    let verdict = ledger.answer(id, &answer, texts[usize::from(rebuilt)].clone(), places[usize::from(place)], now);
                    let asked = open.remove(&id);
                    let is_right = asked.is_some_and(|(nonce, text, where_to, site, since)| {
                        nonce == said && text == shown && text == rebuilt && where_to == place
                            && now - since < QUESTION_LIFETIME_MS && (choice == 1 || choice == 2 && site.is_some())
                    });
                    match verdict {
                        Ok(Verdict::Send(token)) => {
                            prop_assert!(is_right);
                            prop_assert_eq!(token.open(places[usize::from(place)], now).map(Payload::sha256), Ok(texts[usize::from(shown)].sha256()));
                            if let (2, Some((.., Some(site), _))) = (choice, asked) {
                                allowed.insert(site, (place, now + 180_000));
                            }
                        }
                        _ => prop_assert!(!is_right),
                    }
                }
                Act::UnderScope { text, place, site } => {
                    let given = ledger.under_scope(texts[usize::from(text)].clone(), places[usize::from(place)], site_of(site), now);
                    let is_allowed = site.and_then(|site| allowed.get(&site)).is_some_and(|&(where_to, end)| where_to == place && now < end);
                    prop_assert_eq!(given.is_ok(), is_allowed);
                }
                Act::Revoke { site } => {
                    ledger.revoke(site_of(site));
                    allowed.retain(|&other, _| site.is_some_and(|site| site != other));
                    open.retain(|_, (_, _, _, other, _)| site.is_some() && *other != site);
                }
                Act::Close { id } => {
                    ledger.close(id);
                    open.remove(&id);
                }
                Act::Wait { ms } => now += ms,
            }
        }
    }
}
