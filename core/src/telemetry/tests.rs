//! What is counted, what one request can change, and what an export holds.

use proptest::prelude::*;

use super::*;
use crate::code::Code;
use crate::generate::SplitMix64;

fn code(name: &str) -> Code {
    Code::try_from(name.to_owned()).unwrap()
}

fn schema() -> Schema {
    let codes = |names: &[&str]| names.iter().map(|name| code(name)).collect();
    Schema {
        tasks: codes(&["autocomplete", "chat"]),
        tiers: codes(&["browser", "host", "cloud"]),
        fallbacks: codes(&["hostMissing", "deviceLost"]),
        suppressions: codes(&["lowConfidence", "secureField"]),
        verification_failures: codes(&["packBlobMismatch"]),
    }
}

fn answered(latency_ms: u32) -> Observation {
    Observation::Answered {
        task: code("chat"),
        tier: code("host"),
        latency_ms,
    }
}

#[test]
fn everything_is_counted_where_it_belongs() {
    let mut telemetry = Telemetry::default();
    for observation in [
        answered(100),
        answered(300),
        Observation::Memory {
            tier: code("host"),
            mib: 200,
        },
        Observation::FellBack {
            reason: code("hostMissing"),
        },
        Observation::Suppressed {
            reason: code("lowConfidence"),
        },
        Observation::Suppressed {
            reason: code("lowConfidence"),
        },
        Observation::VerificationFailed {
            check: code("packBlobMismatch"),
        },
        Observation::Loaded {
            what: code("model"),
            version: 3,
        },
        Observation::Shown,
        Observation::Accepted { words: 3 },
        Observation::Accepted { words: 50 },
        Observation::EscalationOffered,
        Observation::EscalationAccepted,
    ] {
        telemetry.record(&observation);
    }
    assert_eq!(telemetry.latency[0].latency_ms.count(), 2);
    assert_eq!(telemetry.suppressions[0].count, 2);
    assert_eq!(
        (
            telemetry.shown,
            telemetry.accepted,
            telemetry.words_accepted
        ),
        (1, 2, 11)
    );
    let counts = telemetry.all(&schema());
    let count = |name: &str| counts.iter().find(|(known, _)| known == name).unwrap().1;
    assert_eq!(count("latency.chat.host.127"), 1);
    assert_eq!(count("latency.chat.host.511"), 1);
    assert_eq!(count("latency.autocomplete.browser.63"), 0);
    assert_eq!(count("memory.host.255"), 1);
    assert_eq!(count("fallback.hostMissing"), 1);
    assert_eq!(count("escalationsAccepted"), 1);
    assert_eq!(count("verification.packBlobMismatch"), 1);
    assert!(!counts.iter().any(|(name, _)| name.contains("model")));

    let json = serde_json::to_string(&telemetry).unwrap();
    assert_eq!(serde_json::from_str::<Telemetry>(&json).unwrap(), telemetry);
    assert_eq!(
        serde_json::from_str::<Telemetry>("{}").unwrap(),
        Telemetry::default()
    );

    let mut both = telemetry.clone();
    both.merge(&telemetry);
    assert_eq!(both.latency[0].latency_ms.count(), 4);
    assert_eq!((both.shown, both.suppressions[0].count), (2, 4));
    assert_eq!(both.verification_failures[0].count, 2);
    assert_eq!(both.versions[0].count, 2);
}

#[test]
fn keys_are_bounded() {
    let mut telemetry = Telemetry::default();
    for number in 0..1_000 {
        telemetry.record(&Observation::FellBack {
            reason: code(&format!("reason{number}")),
        });
    }
    assert_eq!(telemetry.fallbacks.len(), 256);
}

#[test]
fn the_newest_versions_are_remembered() {
    let mut telemetry = Telemetry::default();
    let mut load = |version| {
        telemetry.record(&Observation::Loaded {
            what: code("model"),
            version,
        });
        telemetry.view().versions
    };
    (0..100).for_each(|version| drop(load(version)));
    // Going back to an older one makes it the newest.
    let versions = load(80);
    assert_eq!(versions.len(), 32);
    assert_eq!((versions[0].version, versions[0].count), (80, 2));
    assert_eq!(versions[1].version, 99);
}

#[test]
fn one_request_changes_no_more_than_the_sensitivity() {
    // Everything that one request can do.
    let most = [
        answered(100),
        Observation::Memory {
            tier: code("host"),
            mib: 200,
        },
        Observation::FellBack {
            reason: code("hostMissing"),
        },
        Observation::VerificationFailed {
            check: code("packBlobMismatch"),
        },
        Observation::Loaded {
            what: code("model"),
            version: 3,
        },
        Observation::Shown,
        Observation::Accepted { words: 1_000 },
        Observation::EscalationOffered,
        Observation::EscalationAccepted,
    ];
    let mut telemetry = Telemetry::default();
    most.iter()
        .for_each(|observation| telemetry.record(observation));
    let sum: u32 = telemetry
        .all(&schema())
        .into_iter()
        .map(|(_, count)| count)
        .sum();
    assert_eq!(sum, SENSITIVITY);
}

#[test]
fn an_export_has_every_key_and_noise() {
    let mut source = SplitMix64::new(3);
    let export = Telemetry::default().export(&schema(), Epsilon::new(1, 1).unwrap(), &mut || {
        source.next_u64()
    });
    assert_eq!(
        export.counts.len(),
        Telemetry::default().all(&schema()).len()
    );
    assert_eq!(export.counts.len(), 6 * 9 + 3 * 6 + 4 + 1 + 5);
    assert!(export.counts.iter().any(|count| count.count > 0));
    assert!(export.counts.iter().any(|count| count.count < 0));
    let json = serde_json::to_value(&export).unwrap();
    assert_eq!(
        json["epsilon"],
        serde_json::json!({ "numerator": 1, "denominator": 1 })
    );
    assert_eq!(json["sensitivity"], SENSITIVITY);
}

proptest! {
    #[test]
    fn noise_is_around_the_counts(shown in 0_u32..1_000_000, seed in any::<u64>()) {
        let telemetry = Telemetry { shown, ..Telemetry::default() };
        let mut source = SplitMix64::new(seed);
        let export = telemetry.export(&Schema::default(), Epsilon::new(10, 1).unwrap(), &mut || source.next_u64());
        let noise = i64::from(export.counts[0].count) - i64::from(shown);
        // Beyond forty scales with a probability of 1e-17.
        prop_assert!(noise.abs() <= 40 * i64::from(SENSITIVITY) / 10);
    }
}
