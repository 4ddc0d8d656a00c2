//! The golden decisions of `tests/fixtures/routing`. The browser runs the same file through the wasm.

use std::collections::BTreeSet;

use serde::Deserialize;
use sotto_core::policy::{decide_input, sentence};
use sotto_core::protocol::{Route, RouteDecision, RouteInput};

const GOLDEN: &str = include_str!("../../tests/fixtures/routing/golden.jsonl");

/// What users read, by key.
const MESSAGES: &str = include_str!("../../extension/_locales/en/messages.json");

#[derive(Deserialize)]
struct Case {
    name: String,
    input: RouteInput,
    expected: RouteDecision,
}

fn cases() -> Vec<Case> {
    let case = |line| serde_json::from_str(line).expect("a case");
    GOLDEN.lines().map(case).collect()
}

#[test]
fn every_golden_decision() {
    let cases = cases();
    assert!(cases.len() >= 150, "{} cases", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let decision = decide_input(&case.input);
            (decision != case.expected).then(|| format!("{}: {decision:?}", case.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_golden_decisions_know_every_route_and_most_reasons() {
    let cases = cases();
    let count =
        |name: &dyn Fn(&Case) -> String| cases.iter().map(name).collect::<BTreeSet<String>>().len();
    assert_eq!(count(&|case| format!("{:?}", case.expected.route)), 4);
    // All of them: a reason that no case expects would be one that nobody has seen.
    assert_eq!(count(&|case| format!("{:?}", case.expected.reason)), 27);
    assert_eq!(count(&|case| format!("{:?}", case.expected.limit)), 9);
}

#[test]
fn every_decision_is_one_line_for_people_here_and_in_the_extension() {
    let messages: serde_json::Value = serde_json::from_str(MESSAGES).expect("JSON");
    let key = |prefix: &str, code: serde_json::Value| {
        let code = code.as_str().expect("a code").to_owned();
        format!("{prefix}{}{}", code[..1].to_uppercase(), &code[1..])
    };
    for case in cases() {
        let decision = case.expected;
        let mut words = Vec::new();
        if let Some(limit) = decision.limit {
            words.push(key("limit", serde_json::to_value(limit).expect("JSON")));
        }
        words.push(key(
            "route",
            serde_json::to_value(decision.reason).expect("JSON"),
        ));
        let line = words
            .iter()
            .map(|key| {
                messages[key]["message"]
                    .as_str()
                    .unwrap_or_else(|| panic!("no message {key}"))
            })
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(line, sentence(&decision), "{}", case.name);
        assert!(!line.contains('\n') && line.len() < 200, "{line}");
    }
}

#[test]
fn what_cannot_be_read_is_no_decision() {
    let plain = serde_json::to_value(&cases()[0].input).expect("JSON");
    for (path, value) in [
        ("/settings/cloud", serde_json::json!("always")),
        ("/settings/enterprise/cloud", serde_json::Value::Null),
        ("/state/cloud/readiness", serde_json::json!(true)),
        ("/request/site", serde_json::json!("https://example.org")),
        ("/request/inputUtf16", serde_json::json!(-1)),
    ] {
        let mut input = plain.clone();
        *input.pointer_mut(path).expect("a field") = value;
        assert!(
            serde_json::from_value::<RouteInput>(input).is_err(),
            "{path}"
        );
    }
}

#[test]
fn an_offer_is_never_a_permission() {
    for case in cases() {
        if case.expected.route == Route::Cloud {
            assert!(
                sentence(&case.expected).contains("after you have seen what would be sent"),
                "{}",
                case.name
            );
        }
    }
}
