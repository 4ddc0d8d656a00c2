//! Messages as they travel: what is written is read again, what is unknown is ignored or refused as promised.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sotto_core::protocol::*;

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(message: T, expected: Value) {
    let read = |json| serde_json::from_value::<T>(json).expect("what was written is read");
    assert_eq!(
        serde_json::to_value(&message).expect("a message is JSON"),
        expected
    );
    assert_eq!(read(expected.clone()), message);
    let mut later = expected;
    if let Some(object) = later.as_object_mut() {
        object.insert("aFieldOfALaterVersion".into(), json!([1, {"x": null}]));
        assert_eq!(read(later), message, "an unknown field is ignored");
    }
}

fn engine() -> EngineInfo {
    EngineInfo {
        model: "sotto-nano".into(),
        version: 1,
        parameters: 12_000_000,
        backend: Backend::Wasm,
        backend_reason: BackendReason::WebgpuAbsent,
        backend_detail: "this browser has no WebGPU".into(),
        load_ms: 120.5,
        last_latency_ms: None,
    }
}

fn engine_json() -> Value {
    json!({"model": "sotto-nano", "version": 1, "parameters": 12_000_000, "backend": "wasm",
        "backendReason": "webgpuAbsent", "backendDetail": "this browser has no WebGPU", "loadMs": 120.5,
        "lastLatencyMs": null})
}

#[test]
fn requests() {
    let field = FieldHints {
        single_line: true,
        room_chars: Some(20),
    };
    round_trip(
        AutocompleteRequest::Suggest {
            id: 7,
            before: "Hel".into(),
            after: "".into(),
            field,
        },
        json!({"type": "suggest", "id": 7, "before": "Hel", "after": "", "field": {"singleLine": true, "roomChars": 20}}),
    );
    round_trip(
        AutocompleteRequest::Cancel { id: 7 },
        json!({"type": "cancel", "id": 7}),
    );
    round_trip(
        AutocompleteRequest::Warm { id: u32::MAX },
        json!({"type": "warm", "id": u32::MAX}),
    );
    let bare: FieldHints = serde_json::from_value(json!({})).unwrap();
    assert_eq!(bare, FieldHints::default());
}

#[test]
fn events() {
    let timing = SuggestTiming {
        total_ms: 1.5,
        prefill_tokens: 3,
        reused_tokens: 40,
        decode_steps: 8,
    };
    let timing_json =
        json!({"totalMs": 1.5, "prefillTokens": 3, "reusedTokens": 40, "decodeSteps": 8});
    round_trip(
        AutocompleteEvent::Done {
            id: 1,
            outcome: SuggestOutcome::Show {
                text: "lo".into(),
                confidence: 0.5,
            },
            timing,
            source: SuggestionSource::Phrases,
        },
        json!({"type": "done", "id": 1, "outcome": {"type": "show", "text": "lo", "confidence": 0.5}, "timing": timing_json, "source": "phrases"}),
    );
    let error = WireError {
        code: ErrorCode::Cancelled,
        message: "superseded".into(),
        retryable: true,
    };
    let error_json = json!({"code": "cancelled", "message": "superseded", "retryable": true});
    round_trip(
        AutocompleteEvent::Error { id: 1, error },
        json!({"type": "error", "id": 1, "error": error_json}),
    );
    round_trip(
        AutocompleteEvent::Status {
            id: 1,
            status: EngineStatus::Ready { engine: engine() },
        },
        json!({"type": "status", "id": 1, "status": {"type": "ready", "engine": engine_json()}}),
    );
}

#[test]
fn status_and_calibration() {
    round_trip(EngineStatus::Idle, json!({"type": "idle"}));
    round_trip(EngineStatus::Loading, json!({"type": "loading"}));
    let error = WireError {
        code: ErrorCode::PackSignatureInvalid,
        message: "m".into(),
        retryable: false,
    };
    round_trip(
        EngineStatus::Failed { error },
        json!({"type": "failed", "error": {"code": "packSignatureInvalid", "message": "m", "retryable": false}}),
    );
    let measured = BackendMeasurement {
        backend: Backend::Webgpu,
        available: true,
        failure: None,
        prefill_ms: Some(2.0),
        decode_tok_per_s: Some(100.0),
        software_adapter: false,
    };
    round_trip(
        BackendMeasurements {
            requested: Some(Backend::Wasm),
            measurements: vec![measured],
        },
        json!({"requested": "wasm", "measurements": [{"backend": "webgpu", "available": true, "failure": null,
            "prefillMs": 2.0, "decodeTokPerS": 100.0, "softwareAdapter": false}]}),
    );
    let least: BackendMeasurement =
        serde_json::from_value(json!({"backend": "wasm", "available": false})).unwrap();
    assert_eq!(least.prefill_ms, None);
    round_trip(
        BackendChoice {
            backend: Backend::Wasm,
            reason: BackendReason::WebgpuLost,
            detail: "d".into(),
        },
        json!({"backend": "wasm", "reason": "webgpuLost", "detail": "d"}),
    );
}

#[test]
fn requests_of_chat_and_summaries() {
    round_trip(
        HostRequest::Hello {
            id: 1,
            protocol: PROTOCOL_VERSION,
            client: "0.1.0".into(),
        },
        json!({"type": "hello", "id": 1, "protocol": PROTOCOL_VERSION, "client": "0.1.0"}),
    );
    round_trip(
        HostRequest::Status { id: 2 },
        json!({"type": "status", "id": 2}),
    );
    round_trip(
        HostRequest::Cancel { id: u32::MAX },
        json!({"type": "cancel", "id": u32::MAX}),
    );
    for (length, name) in [
        (SummaryLength::Short, "short"),
        (SummaryLength::Medium, "medium"),
        (SummaryLength::Long, "long"),
    ] {
        round_trip(
            HostRequest::Summarize {
                id: 3,
                text: "A\u{1F642}".into(),
                length,
            },
            json!({"type": "summarize", "id": 3, "text": "A\u{1F642}", "length": name}),
        );
    }
    let turn = |role, text: &str| ChatMessage {
        role,
        text: text.into(),
    };
    let messages = vec![
        turn(ChatRole::User, "Hi"),
        turn(ChatRole::Assistant, "Hello"),
        turn(ChatRole::User, "Why?"),
    ];
    let messages_json = json!([{"role": "user", "text": "Hi"}, {"role": "assistant", "text": "Hello"},
        {"role": "user", "text": "Why?"}]);
    round_trip(
        HostRequest::Chat {
            id: 4,
            messages: messages.clone(),
            page: Some(PageText {
                title: "T".into(),
                text: "P".into(),
            }),
        },
        json!({"type": "chat", "id": 4, "messages": messages_json, "page": {"title": "T", "text": "P"}}),
    );
    let bare: HostRequest =
        serde_json::from_value(json!({"type": "chat", "id": 4, "messages": messages_json}))
            .unwrap();
    assert_eq!(
        bare,
        HostRequest::Chat {
            id: 4,
            messages,
            page: None
        }
    );
    let bare: HostRequest =
        serde_json::from_value(json!({"type": "summarize", "id": 3, "text": ""})).unwrap();
    assert!(matches!(
        bare,
        HostRequest::Summarize {
            length: SummaryLength::Medium,
            ..
        }
    ));
}

#[test]
fn events_of_chat_and_summaries() {
    round_trip(
        HostEvent::Welcome {
            id: 1,
            protocol: 1,
            host: "0.1.0".into(),
            capabilities: vec![Capability::Summarize, Capability::Chat],
        },
        json!({"type": "welcome", "id": 1, "protocol": 1, "host": "0.1.0", "capabilities": ["summarize", "chat"]}),
    );
    let status = HostStatus {
        model: "m".into(),
        is_abstractive: true,
        device: "CPU".into(),
        reason: "r".into(),
        memory_limit_mib: 512,
        sandbox: "s".into(),
        cloud: None,
    };
    round_trip(
        HostEvent::Status { id: 2, status },
        json!({"type": "status", "id": 2, "status": {"model": "m", "isAbstractive": true, "device": "CPU", "reason": "r",
            "memoryLimitMib": 512, "sandbox": "s", "cloud": null}}),
    );
    round_trip(
        HostEvent::Progress {
            id: 3,
            done: 1,
            total: 4,
        },
        json!({"type": "progress", "id": 3, "done": 1, "total": 4}),
    );
    round_trip(
        HostEvent::Delta {
            id: 3,
            text: "\u{1F642}".into(),
        },
        json!({"type": "delta", "id": 3, "text": "\u{1F642}"}),
    );
    let error = WireError {
        code: ErrorCode::WorkerLost,
        message: "m".into(),
        retryable: true,
    };
    round_trip(
        HostEvent::Error { id: 0, error },
        json!({"type": "error", "id": 0, "error": {"code": "workerLost", "message": "m", "retryable": true}}),
    );
    for (kind, kind_name) in [
        (AnswerKind::Abstractive, "abstractive"),
        (AnswerKind::Extractive, "extractive"),
        (AnswerKind::Reply, "reply"),
    ] {
        for (stop, stop_name) in [
            (AnswerStop::Complete, "complete"),
            (AnswerStop::Length, "length"),
            (AnswerStop::Repetition, "repetition"),
        ] {
            for (tier, tier_name) in [
                (Tier::Browser, "browser"),
                (Tier::Host, "host"),
                (Tier::Cloud, "cloud"),
            ] {
                let engine = AnswerEngine {
                    tier,
                    model: "m".into(),
                    device: "d".into(),
                    reason: "r".into(),
                };
                let timing = AnswerTiming {
                    first_token_ms: 1.5,
                    total_ms: 2.5,
                    prompt_tokens: 3,
                    tokens: 4,
                    tokens_per_s: 0.5,
                };
                let answer = AnswerInfo {
                    engine,
                    kind,
                    stop,
                    is_input_cut: false,
                    fallback: "f".into(),
                    timing,
                    confidence: None,
                    memory_mib: None,
                };
                round_trip(
                    HostEvent::Done { id: 3, answer },
                    json!({"type": "done", "id": 3, "answer": {
                        "engine": {"tier": tier_name, "model": "m", "device": "d", "reason": "r"},
                        "kind": kind_name, "stop": stop_name, "isInputCut": false, "fallback": "f",
                        "timing": {"firstTokenMs": 1.5, "totalMs": 2.5, "promptTokens": 3, "tokens": 4, "tokensPerS": 0.5},
                        "confidence": null, "memoryMib": null}}),
                );
            }
        }
    }
}

#[test]
fn what_is_not_of_the_host_protocol_is_refused() {
    for message in [
        json!({"type": "run", "id": 1}),
        json!({"type": "hello", "id": 1, "client": "0.1.0"}),
        json!({"type": "summarize", "text": "a"}),
        json!({"type": "summarize", "id": 1, "text": "a", "length": "huge"}),
        json!({"type": "chat", "id": 1}),
        json!({"type": "chat", "id": 1, "messages": [{"role": "system", "text": "a"}]}),
        json!({"type": "chat", "id": 1, "messages": [{"role": "user"}]}),
        json!({"type": "cancel", "id": 1.5}),
        json!({"type": "status", "id": 4_294_967_296u64}),
    ] {
        assert!(
            serde_json::from_value::<HostRequest>(message.clone()).is_err(),
            "{message}"
        );
    }
    assert!(serde_json::from_value::<HostEvent>(json!({"type": "log", "id": 1})).is_err());
    let lone = r#"{"type":"summarize","id":1,"text":"a\ud83d"}"#;
    assert!(serde_json::from_str::<HostRequest>(lone).is_err());
}

#[test]
fn every_reason_and_code_has_a_camel_case_name() {
    let reasons = json!([
        "secureField",
        "offHere",
        "midLine",
        "notAWord",
        "prefixNotMet",
        "duplicatesWhatFollows",
        "tooWide",
        "tooLong",
        "lowConfidence",
        "scriptMismatch",
        "typingTooFast",
        "composing",
        "sensitiveContent",
        "neverSuggested",
        "nothingLeft"
    ]);
    for reason in reasons.as_array().unwrap() {
        let parsed: SuppressionReason = serde_json::from_value(reason.clone()).unwrap();
        round_trip(
            SuggestOutcome::Suppress { reason: parsed },
            json!({"type": "suppress", "reason": reason}),
        );
    }
    let codes = json!([
        "badRequest",
        "tooLarge",
        "cancelled",
        "notReady",
        "peerGone",
        "versionMismatch",
        "packManifestInvalid",
        "packSignatureInvalid",
        "packBlobMissing",
        "packBlobMismatch",
        "packRollback",
        "modelArchitectureUnknown",
        "modelConfigInvalid",
        "modelWeightsInvalid",
        "tokenizerInvalid",
        "backendUnavailable",
        "deviceLost",
        "outOfMemory",
        "hostMissing",
        "originRefused",
        "overloaded",
        "modelMissing",
        "runtimeInvalid",
        "workerLost",
        "consentDeclined",
        "consentInvalid",
        "consentRevoked",
        "cloudForbidden",
        "cloudNotConfigured",
        "cloudKeyLocked",
        "cloudThrottled",
        "cloudBudgetSpent",
        "cloudUnreachable",
        "cloudTls",
        "cloudTimeout",
        "cloudRedirected",
        "cloudUnauthorized",
        "cloudRateLimited",
        "cloudRejected",
        "cloudFailed",
        "cloudInvalid",
        "cloudTooLarge",
        "cloudCut",
        "auditFailed",
        "updateNotConfigured",
        "updateUnavailable",
        "updateSignatureInvalid",
        "updateExpired",
        "updateRollback",
        "updateInconsistent",
        "updateTooLarge",
        "updateWrongPack",
        "updateExtraneous",
        "updateInvalid",
        "updateFailed",
        "adapterInvalid",
        "adapterOtherModel",
        "personalLocked",
        "internal"
    ]);
    for code in codes.as_array().unwrap() {
        let parsed: ErrorCode = serde_json::from_value(code.clone()).unwrap();
        assert_eq!(serde_json::to_value(parsed).unwrap(), *code);
    }
}

#[test]
fn what_is_not_of_the_protocol_is_refused() {
    for message in [
        json!({"type": "fetch", "id": 1}),
        json!({"id": 1}),
        json!({"type": "cancel"}),
        json!({"type": "cancel", "id": -1}),
        json!({"type": "cancel", "id": 4_294_967_296u64}),
        json!({"type": "suggest", "id": 1, "before": 5, "after": "", "field": {}}),
        json!({"type": "suggest", "id": 1, "before": "", "after": "", "field": {"roomChars": 70_000}}),
        json!([]),
    ] {
        assert!(
            serde_json::from_value::<AutocompleteRequest>(message.clone()).is_err(),
            "{message}"
        );
    }
    assert!(serde_json::from_value::<EngineStatus>(json!({"type": "asleep"})).is_err());
    assert!(serde_json::from_value::<ErrorCode>(json!("teapot")).is_err());
}

#[test]
fn a_lone_surrogate_is_refused_and_its_replacement_is_not() {
    let lone = r#"{"type":"suggest","id":1,"before":"a\ud83d","after":"","field":{}}"#;
    assert!(serde_json::from_str::<AutocompleteRequest>(lone).is_err());
    assert!(
        serde_json::from_str::<AutocompleteRequest>(&lone.replace("\\ud83d", "\u{FFFD}")).is_ok()
    );
}

proptest! {
    #[test]
    fn any_text_survives(id: u32, before in "\\PC*", after in any::<String>(), single_line: bool, room_chars: Option<u16>) {
        let field = FieldHints { single_line, room_chars };
        let request = AutocompleteRequest::Suggest { id, before, after, field };
        let json = serde_json::to_string(&request).unwrap();
        prop_assert_eq!(serde_json::from_str::<AutocompleteRequest>(&json).unwrap(), request);
    }

    #[test]
    fn any_conversation_survives(id: u32, turns in proptest::collection::vec((any::<bool>(), any::<String>()), 0..5), page in proptest::option::of(any::<(String, String)>())) {
        let role = |is_user| if is_user { ChatRole::User } else { ChatRole::Assistant };
        let messages = turns.into_iter().map(|(is_user, text)| ChatMessage { role: role(is_user), text }).collect();
        let page = page.map(|(title, text)| PageText { title, text });
        let request = HostRequest::Chat { id, messages, page };
        let json = serde_json::to_vec(&request).unwrap();
        prop_assert_eq!(serde_json::from_slice::<HostRequest>(&json).unwrap(), request);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = serde_json::from_slice::<AutocompleteRequest>(&bytes);
        let _ = serde_json::from_slice::<BackendMeasurements>(&bytes);
        let _ = serde_json::from_slice::<HostRequest>(&bytes);
        let _ = serde_json::from_slice::<HostEvent>(&bytes);
    }
}
