//! Properties that hold for any input. What is decided case by case is in `tests/fixtures/routing`.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::protocol::*;

fn figure() -> impl Strategy<Value = f32> {
    prop_oneof![
        any::<f32>(),
        -10f32..10.0,
        select(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0][..]),
    ]
}

fn tier_state() -> impl Strategy<Value = TierState> {
    use TierHealth::{Absent, Failing, Ready, Unknown};
    let health = select(&[Absent, Unknown, Ready, Failing][..]);
    let context = select(&[0, 1, 2_048, 8_192, u32::MAX][..]);
    let speed = proptest::option::of(figure());
    (health, context, speed, 0u32..6).prop_map(
        |(health, context_tokens, tokens_per_s, failures)| TierState {
            health,
            context_tokens,
            tokens_per_s,
            failures,
        },
    )
}

fn cloud_state() -> impl Strategy<Value = CloudState> {
    use CloudReadiness as Is;
    let readiness = select(
        &[
            Is::NotConfigured,
            Is::Unknown,
            Is::Ready,
            Is::KeyMissing,
            Is::Throttled,
            Is::BudgetSpent,
            Is::Unreachable,
        ][..],
    );
    (readiness, select(&[0, 900, 8_192, u32::MAX][..])).prop_map(|(readiness, context_tokens)| {
        CloudState {
            readiness,
            context_tokens,
        }
    })
}

fn local_answer() -> impl Strategy<Value = LocalAnswer> {
    let confidence =
        (figure(), figure(), figure()).prop_map(|(mean_log_prob, mean_entropy, repeated_share)| {
            AnswerConfidence {
                mean_log_prob,
                mean_entropy,
                repeated_share,
            }
        });
    let kind = select(
        &[
            AnswerKind::Abstractive,
            AnswerKind::Extractive,
            AnswerKind::Reply,
        ][..],
    );
    let stop = select(
        &[
            AnswerStop::Complete,
            AnswerStop::Length,
            AnswerStop::Repetition,
        ][..],
    );
    (
        kind,
        stop,
        any::<bool>(),
        any::<bool>(),
        proptest::option::of(figure()),
        proptest::option::of(confidence),
    )
        .prop_map(
            |(kind, stop, is_input_cut, is_lesser_way, tokens_per_s, confidence)| LocalAnswer {
                kind,
                stop,
                is_input_cut,
                is_lesser_way,
                tokens_per_s,
                confidence,
            },
        )
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let outcome = prop_oneof![
        Just(AttemptOutcome::Unreachable),
        Just(AttemptOutcome::CannotServe),
        Just(AttemptOutcome::Failed),
        Just(AttemptOutcome::Cancelled),
        local_answer().prop_map(|answer| AttemptOutcome::Answered { answer }),
    ];
    (
        select(&[Tier::Browser, Tier::Host, Tier::Cloud][..]),
        outcome,
    )
        .prop_map(|(tier, outcome)| Attempt { tier, outcome })
}

fn settings() -> impl Strategy<Value = RouteSettings> {
    use EnterpriseRule::{Allowed, Forbidden, Unreadable};
    let rule = || select(&[Allowed, Allowed, Forbidden, Unreadable][..]);
    let cloud = select(&[CloudSetting::Off, CloudSetting::Ask][..]);
    (any::<bool>(), any::<bool>(), cloud, rule(), rule()).prop_map(
        |(suggest, use_host, cloud, host_rule, cloud_rule)| RouteSettings {
            suggest,
            use_host,
            cloud,
            enterprise: EnterprisePolicy {
                host: host_rule,
                cloud: cloud_rule,
            },
        },
    )
}

fn input() -> impl Strategy<Value = RouteInput> {
    let task = select(
        &[
            RouteTask::Autocomplete,
            RouteTask::Summarize,
            RouteTask::Chat,
        ][..],
    );
    let site = select(
        &[
            SiteRule::Normal,
            SiteRule::Normal,
            SiteRule::LocalOnly,
            SiteRule::Off,
        ][..],
    );
    let request = (task, select(&[0, 1, 3_000, 140_000, u32::MAX][..]), site).prop_map(
        |(task, input_utf16, site)| RouteRequest {
            task,
            input_utf16,
            site,
        },
    );
    let attempts = proptest::collection::vec(attempt(), 0..3);
    let state = (tier_state(), tier_state(), cloud_state(), attempts).prop_map(
        |(browser, host, cloud, attempts)| RouteState {
            browser,
            host,
            cloud,
            attempts,
        },
    );
    (request, state, settings()).prop_map(|(request, state, settings)| RouteInput {
        request,
        state,
        settings,
    })
}

/// An input for which an endpoint is offered.
fn offered() -> RouteInput {
    let tier = TierState {
        health: TierHealth::Ready,
        context_tokens: 8_192,
        tokens_per_s: Some(20.0),
        failures: 0,
    };
    let answer = LocalAnswer {
        kind: AnswerKind::Reply,
        stop: AnswerStop::Complete,
        is_input_cut: false,
        is_lesser_way: false,
        tokens_per_s: Some(20.0),
        confidence: Some(AnswerConfidence {
            mean_log_prob: -3.0,
            mean_entropy: 2.0,
            repeated_share: 0.0,
        }),
    };
    RouteInput {
        request: RouteRequest {
            task: RouteTask::Chat,
            input_utf16: 3_000,
            site: SiteRule::Normal,
        },
        state: RouteState {
            browser: tier,
            host: tier,
            cloud: CloudState {
                readiness: CloudReadiness::Ready,
                context_tokens: 32_768,
            },
            attempts: vec![Attempt {
                tier: Tier::Host,
                outcome: AttemptOutcome::Answered { answer },
            }],
        },
        settings: RouteSettings {
            cloud: CloudSetting::Ask,
            ..RouteSettings::default()
        },
    }
}

/// `offered`, with other figures of confidence.
fn with_confidence(confidence: Option<AnswerConfidence>) -> RouteDecision {
    let mut input = offered();
    if let AttemptOutcome::Answered { answer } = &mut input.state.attempts[0].outcome {
        answer.confidence = confidence;
    }
    decide_input(&input)
}

#[test]
fn an_unsure_answer_is_offered_and_a_figure_that_is_none_is_not() {
    assert_eq!(decide_input(&offered()).route, Route::Cloud);
    let sure = AnswerConfidence {
        mean_log_prob: -3.0,
        mean_entropy: 2.0,
        repeated_share: 0.0,
    };
    for senseless in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for confidence in [
            AnswerConfidence {
                mean_log_prob: senseless,
                ..sure
            },
            AnswerConfidence {
                mean_entropy: senseless,
                ..sure
            },
            AnswerConfidence {
                repeated_share: senseless,
                ..sure
            },
            AnswerConfidence {
                mean_log_prob: 0.5,
                ..sure
            },
            AnswerConfidence {
                mean_entropy: -0.5,
                ..sure
            },
            AnswerConfidence {
                repeated_share: 1.5,
                ..sure
            },
        ] {
            let decision = with_confidence(Some(confidence));
            assert_eq!(
                (decision.route, decision.reason),
                (Route::Host, RouteReason::ConfidenceUnknown)
            );
        }
    }
    assert_eq!(with_confidence(None).reason, RouteReason::ConfidenceUnknown);
}

#[test]
fn the_default_settings_never_offer() {
    let mut input = offered();
    input.settings = RouteSettings::default();
    let decision = decide_input(&input);
    assert_eq!(
        (decision.route, decision.reason),
        (Route::Host, RouteReason::CloudOff)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn an_offer_needs_every_gate_open_and_a_limit(input in input()) {
        let decision = decide_input(&input);
        prop_assert!(!sentence(&decision).is_empty());
        prop_assert_eq!(decision.route == Route::Cloud, decision.reason == RouteReason::CloudNeedsConsent);
        if decision.route == Route::Cloud {
            prop_assert!(decision.limit.is_some());
            prop_assert_ne!(input.request.task, RouteTask::Autocomplete);
            prop_assert_eq!(input.request.site, SiteRule::Normal);
            prop_assert_eq!(input.settings.cloud, CloudSetting::Ask);
            prop_assert_eq!(input.settings.enterprise.cloud, EnterpriseRule::Allowed);
            prop_assert_eq!(input.state.cloud.readiness, CloudReadiness::Ready);
            prop_assert!(input.state.attempts.iter().all(|tried| tried.tier != Tier::Cloud));
        }
    }

    #[test]
    fn suggestions_stay_in_the_browser(input in input()) {
        let mut input = input;
        input.request.task = RouteTask::Autocomplete;
        let decision = decide_input(&input);
        prop_assert!(matches!(decision.route, Route::Browser | Route::Refuse));
    }

    #[test]
    fn forbidding_more_never_opens_a_way(input in input()) {
        let before = decide_input(&input).route;
        let mut stricter = vec![input.clone(); 5];
        stricter[0].settings.cloud = CloudSetting::Off;
        stricter[1].settings.enterprise.cloud = EnterpriseRule::Unreadable;
        stricter[2].request.site = SiteRule::LocalOnly;
        stricter[3].state.cloud.readiness = CloudReadiness::Unknown;
        stricter[4].settings.use_host = false;
        for (index, stricter) in stricter.iter().enumerate() {
            let after = decide_input(stricter).route;
            // Without the host there may be no tier left: that is a limit like any other.
            prop_assert!(after != Route::Cloud || index == 4, "{before:?} became {after:?}");
        }
    }

    #[test]
    fn the_host_is_used_only_where_it_is_allowed(input in input()) {
        let mut input = input;
        input.state.attempts.clear();
        if decide_input(&input).route == Route::Host {
            prop_assert!(input.settings.use_host);
            prop_assert_eq!(input.settings.enterprise.host, EnterpriseRule::Allowed);
            prop_assert_ne!(input.state.host.health, TierHealth::Absent);
        }
    }

    /// Whoever asks again after each failure comes to an end.
    #[test]
    fn no_tier_is_tried_twice(input in input(), cannot: bool) {
        let mut input = input;
        input.state.attempts.clear();
        let outcome = if cannot { AttemptOutcome::CannotServe } else { AttemptOutcome::Unreachable };
        let mut tried = Vec::new();
        loop {
            let tier = match decide_input(&input).route {
                Route::Browser if input.request.task != RouteTask::Autocomplete => Tier::Browser,
                Route::Host => Tier::Host,
                _ => break,
            };
            prop_assert!(!tried.contains(&tier), "{tier:?} twice");
            tried.push(tier);
            input.state.attempts.push(Attempt { tier, outcome });
        }
    }

    #[test]
    fn the_same_input_gives_the_same_decision_through_json(input in input()) {
        // What is no number is null in JSON, and a message with it is refused: nothing is decided, nothing is offered.
        let json = serde_json::to_string(&input).unwrap();
        if let Ok(again) = serde_json::from_str::<RouteInput>(&json) {
            prop_assert_eq!(decide_input(&again), decide_input(&input));
        }
    }
}
