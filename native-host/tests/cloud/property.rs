//! **No path without consent**: whatever messages come in whatever order, under whatever settings, the courier gets nothing
//! that the user did not look at and agree to, or allow for the site it comes from.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use sotto_core::protocol::*;
use sotto_host::cloud::{
    CloudError, Completed, Endpoint, EnterprisePolicy, Finish, News, Setup, Telling,
};

use super::support::*;

const SITES: [&str; 2] = ["https://a.example", "https://b.example"];

#[derive(Debug, Clone)]
enum Act {
    Escalate {
        id: u32,
        text: u8,
        site: Option<usize>,
        rule: SiteRule,
        outcome: u8,
    },
    Answer {
        id: u32,
        choice: u8,
        flaw: u8,
    },
    Replay {
        which: usize,
        id: u32,
    },
    Cancel {
        id: u32,
    },
    Revoke {
        site: Option<usize>,
    },
    News {
        id: u32,
        is_last: bool,
    },
    Setup {
        endpoint: u8,
        is_on: bool,
        is_forbidden: bool,
    },
    Wait {
        ms: u64,
    },
    Other {
        id: u32,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let id = || 1u32..5;
    let site = || proptest::option::of(0..SITES.len());
    let rule = select(
        &[
            SiteRule::Normal,
            SiteRule::Normal,
            SiteRule::Normal,
            SiteRule::LocalOnly,
            SiteRule::Off,
        ][..],
    );
    prop_oneof![
        8 => (id(), 0u8..3, site(), rule, 0u8..8)
            .prop_map(|(id, text, site, rule, outcome)| Act::Escalate { id, text, site, rule, outcome }),
        8 => (id(), 0u8..5, prop_oneof![3 => Just(0u8), 1 => 1u8..4]).prop_map(|(id, choice, flaw)| Act::Answer { id, choice, flaw }),
        2 => (any::<usize>(), id()).prop_map(|(which, id)| Act::Replay { which, id }),
        1 => id().prop_map(|id| Act::Cancel { id }),
        1 => site().prop_map(|site| Act::Revoke { site }),
        2 => (id(), any::<bool>()).prop_map(|(id, is_last)| Act::News { id, is_last }),
        1 => (0u8..4, prop_oneof![3 => Just(true), 1 => Just(false)], prop_oneof![4 => Just(false), 1 => Just(true)])
            .prop_map(|(endpoint, is_on, is_forbidden)| Act::Setup { endpoint, is_on, is_forbidden }),
        1 => prop_oneof![0u64..60_000, 0u64..1_200_000].prop_map(|ms| Act::Wait { ms }),
        1 => id().prop_map(|id| Act::Other { id }),
    ]
}

fn settings(endpoint: u8, is_on: bool, is_forbidden: bool) -> Setup {
    let place = |number: u8| -> Endpoint {
        match number {
            0 => super::support::endpoint("https://one.example/v1"),
            1 => super::support::endpoint("https://two.example/v1"),
            _ => endpoint_with(|config| config.model = "another".into()),
        }
    };
    Setup {
        endpoint: Ok((endpoint < 3).then(|| place(endpoint))),
        setting: if is_on {
            CloudSetting::Ask
        } else {
            CloudSetting::Off
        },
        // The root folder is no file that anyone can read as a policy.
        enterprise: match is_forbidden {
            true => EnterprisePolicy::read(std::path::Path::new("/")),
            false => EnterprisePolicy::NONE,
        },
    }
}

/// What the user saw last under an id, and how.
#[derive(Clone)]
struct Seen {
    request: ConsentRequest,
    site: Option<usize>,
    at_ms: u64,
}

/// The account that is kept beside the desk.
#[derive(Default)]
struct Account {
    questions: BTreeMap<u32, Seen>,
    /// By site: where to and until when.
    allowed: BTreeMap<usize, (EndpointView, u64)>,
    in_flight: BTreeMap<u32, Option<usize>>,
    /// Answers that were given, to be given again.
    given: Vec<ConsentAnswer>,
}

impl Account {
    fn told(&mut self, tellings: &[Telling], site: Option<usize>, now_ms: u64) {
        for telling in tellings {
            match telling {
                Telling::Event(HostEvent::Consent { id, request }) => {
                    let seen = Seen {
                        request: request.clone(),
                        site,
                        at_ms: now_ms,
                    };
                    self.questions.insert(*id, seen);
                }
                Telling::Event(HostEvent::Error { id, .. } | HostEvent::Done { id, .. }) => {
                    self.questions.remove(id);
                    self.in_flight.remove(id);
                }
                _ => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_reaches_the_client_without_consent(acts in proptest::collection::vec(act(), 1..60)) {
        let mut bench = Bench::with(settings(0, true, false));
        let mut account = Account::default();
        for act in acts {
            let sent_before = lock(&bench.courier.0).sent.len();
            let now = bench.now_ms;
            // What may go out in this step: these bytes to this endpoint, or anything from this site to it.
            let mut agreed: Option<(String, EndpointView)> = None;
            let mut under: Option<EndpointView> = None;
            match act {
                Act::Escalate { id, text, site, rule, outcome } => {
                    // The session admits an id once.
                    if account.questions.contains_key(&id) || account.in_flight.contains_key(&id) {
                        continue;
                    }
                    let origin = site.map(|site| SITES[site]);
                    let mut escalation = escalation(["one", "two", "three"][usize::from(text)], origin);
                    escalation.site_rule = rule;
                    if outcome == 0 {
                        escalation.state.attempts[0].outcome = AttemptOutcome::Cancelled;
                    } else if outcome == 1 {
                        escalation.state.attempts.clear();
                    }
                    under = site.and_then(|site| account.allowed.get(&site)).filter(|(_, end)| now < *end).map(|(place, _)| place.clone());
                    let may_go = rule == SiteRule::Normal && outcome > 1;
                    let tellings = bench.escalate(id, escalation);
                    if !may_go {
                        under = None;
                        let is_error = matches!(tellings[..], [Telling::Event(HostEvent::Error { .. })]);
                        prop_assert!(is_error);
                    }
                    if tellings.is_empty() {
                        account.in_flight.insert(id, site);
                    }
                    account.told(&tellings, site, now);
                }
                Act::Answer { id, choice, flaw } => {
                    let Some(seen) = account.questions.get(&id).cloned() else { continue };
                    let choice = match choice {
                        0 => ConsentChoice::No,
                        1 | 2 => ConsentChoice::Once,
                        3 => ConsentChoice::Site { minutes: 5 },
                        _ => ConsentChoice::Revise { edits: RedactionEdits { lifted: vec![], added: vec!["two".into()] } },
                    };
                    let mut answer = yes(&seen.request, choice.clone());
                    match flaw {
                        1 => answer.nonce = "11".repeat(16),
                        2 => answer.payload_sha256 = "11".repeat(32),
                        3 => answer.choice = ConsentChoice::Site { minutes: 0 },
                        _ => {}
                    }
                    let is_yes = matches!(answer.choice, ConsentChoice::Once) || matches!(answer.choice, ConsentChoice::Site { minutes: 5 }) && seen.site.is_some();
                    if is_yes && flaw == 0 && now - seen.at_ms < 600_000 {
                        agreed = Some((seen.request.payload.clone(), seen.request.endpoint.clone()));
                    }
                    account.given.push(answer.clone());
                    account.questions.remove(&id);
                    let tellings = bench.answer(id, answer);
                    if tellings.is_empty() {
                        account.in_flight.insert(id, seen.site);
                        if let (ConsentChoice::Site { .. }, Some(site)) = (choice, seen.site) {
                            account.allowed.insert(site, (seen.request.endpoint, now + 300_000));
                        }
                    }
                    account.told(&tellings, seen.site, now);
                }
                // An old answer, to whatever is asked now: its nonce is another one.
                Act::Replay { which, id } => {
                    if account.given.is_empty() {
                        continue;
                    }
                    let answer = account.given[which % account.given.len()].clone();
                    let site = account.questions.remove(&id).and_then(|seen| seen.site);
                    let tellings = bench.answer(id, answer);
                    account.told(&tellings, site, now);
                }
                Act::Cancel { id } => {
                    let tellings = bench.handle(HostRequest::Cancel { id });
                    account.told(&tellings, None, now);
                }
                Act::Revoke { site } => {
                    let origin = site.map(|site| SITES[site].to_owned());
                    let tellings = bench.handle(HostRequest::Revoke { id: 99, site: origin });
                    account.allowed.retain(|&other, _| site.is_some_and(|site| site != other));
                    account.told(&tellings, None, now);
                    for other in account.in_flight.values() {
                        prop_assert!(site.is_some() && *other != site, "still on its way behind a revocation");
                    }
                }
                Act::News { id, is_last } => {
                    let news = if is_last {
                        let result = Ok(Completed { finish: Finish::Complete, usage: None, first_text: Default::default(), total: Default::default() });
                        News::Ended { id, result, has_left: true }
                    } else {
                        News::Text { id, text: "word [X".into() }
                    };
                    let tellings = bench.desk.heard(news, now);
                    prop_assert!(account.in_flight.contains_key(&id) || tellings.is_empty());
                    account.told(&tellings, None, now);
                }
                Act::Setup { endpoint, is_on, is_forbidden } => *lock(&bench.setup) = settings(endpoint, is_on, is_forbidden),
                Act::Wait { ms } => bench.now_ms += ms,
                Act::Other { id } => {
                    let chat = HostRequest::Chat { id, messages: vec![], page: None };
                    prop_assert_eq!(bench.handle(chat), vec![]);
                    prop_assert_eq!(bench.handle(HostRequest::Status { id }), vec![]);
                    let news = News::Ended { id: 77, result: Err(CloudError::Cancelled), has_left: true };
                    prop_assert_eq!(bench.desk.heard(news, now), vec![]);
                }
            }
            let recorder = lock(&bench.courier.0);
            let now_configured = lock(&bench.setup).endpoint.as_ref().ok().and_then(|endpoint| endpoint.clone());
            for (_, token, endpoint) in &recorder.sent[sent_before..] {
                let payload = token.open(endpoint.fingerprint(), now).expect("a token for where it goes").json();
                let place = endpoint.view();
                prop_assert_eq!(now_configured.as_ref().map(Endpoint::view), Some(place.clone()));
                prop_assert_eq!(lock(&bench.setup).setting, CloudSetting::Ask);
                let is_agreed = agreed.as_ref().is_some_and(|(shown, shown_place)| shown == payload && *shown_place == place);
                let is_allowed = under.as_ref() == Some(&place);
                prop_assert!(is_agreed || is_allowed, "sent without consent");
                // One yes, one sending.
                prop_assert_eq!(recorder.sent.len(), sent_before + 1);
            }
        }
    }
}
