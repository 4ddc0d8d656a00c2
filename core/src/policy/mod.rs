//! Where a request goes: browser, host, or (only as an offer) the endpoint that the user set up.
//!
//! Pure and total: the same input gives the same decision in the extension and in the host. **It fails closed**: what is
//! unknown, contradictory or not a number never makes an offer. Generation always starts on the device; an offer needs a
//! limit that the device met for this very request, and every gate in `cloud` open. An offer sends nothing:
//! [`crate::consent`] owns that step.

mod answer;
mod cloud;
mod local;
mod text;

pub use text::sentence;

use crate::protocol::{
    AttemptOutcome, CloudSetting, EnterprisePolicy, EnterpriseRule, Limit, Route, RouteDecision,
    RouteInput, RouteReason, RouteRequest, RouteSettings, RouteState, RouteTask, SiteRule, Tier,
};

/// Decides where `request` goes next: before anything ran, where to start; behind attempts, what they merit.
pub fn decide(
    request: &RouteRequest,
    state: &RouteState,
    settings: &RouteSettings,
) -> RouteDecision {
    if request.task == RouteTask::Autocomplete {
        return autocomplete(request.site, settings);
    }
    // What an endpoint answered is not judged: the last try on the device is.
    let last = state
        .attempts
        .iter()
        .rfind(|tried| tried.tier != Tier::Cloud);
    match last.map(|tried| (tried.tier, tried.outcome)) {
        None | Some((_, AttemptOutcome::Unreachable | AttemptOutcome::CannotServe)) => {
            match local::choose(request.input_utf16, state, settings) {
                Some((route, reason)) => plain(route, reason),
                None => at_limit(Limit::NoLocalTier, Route::Refuse, request, state, settings),
            }
        }
        Some((_, AttemptOutcome::Cancelled)) => plain(Route::Refuse, RouteReason::Cancelled),
        // What was written stays on the screen, but there is no answer that could stand.
        Some((_, AttemptOutcome::Failed)) => {
            at_limit(Limit::LocalFailed, Route::Refuse, request, state, settings)
        }
        Some((tier, AttemptOutcome::Answered { answer })) => match answer::limit(&answer) {
            Ok(None) => plain(route_of(tier), RouteReason::AnswerStands),
            Err(answer::Unknown) => plain(route_of(tier), RouteReason::ConfidenceUnknown),
            Ok(Some(limit)) => at_limit(limit, route_of(tier), request, state, settings),
        },
    }
}

/// [`decide`] for an input in one piece.
pub fn decide_input(input: &RouteInput) -> RouteDecision {
    decide(&input.request, &input.state, &input.settings)
}

impl Default for RouteSettings {
    /// As a user has them who has touched nothing: everything on the device, nothing beyond it.
    fn default() -> Self {
        Self {
            suggest: true,
            use_host: true,
            cloud: CloudSetting::Off,
            enterprise: EnterprisePolicy {
                host: EnterpriseRule::Allowed,
                cloud: EnterpriseRule::Allowed,
            },
        }
    }
}

/// Suggestions have no time for another process, and what is being typed has no business in one.
fn autocomplete(site: SiteRule, settings: &RouteSettings) -> RouteDecision {
    if !settings.suggest {
        plain(Route::Refuse, RouteReason::SuggestionsOff)
    } else if site == SiteRule::Off {
        plain(Route::Refuse, RouteReason::OffHere)
    } else {
        plain(Route::Browser, RouteReason::AutocompleteStays)
    }
}

/// The device met a limit: an offer if every gate is open, otherwise `stays`, with the gate that is not.
fn at_limit(
    limit: Limit,
    stays: Route,
    request: &RouteRequest,
    state: &RouteState,
    settings: &RouteSettings,
) -> RouteDecision {
    let (route, reason) = match cloud::closed(request, state, settings) {
        None => (Route::Cloud, RouteReason::CloudNeedsConsent),
        Some(reason) => (stays, reason),
    };
    RouteDecision {
        route,
        reason,
        limit: Some(limit),
    }
}

fn plain(route: Route, reason: RouteReason) -> RouteDecision {
    RouteDecision {
        route,
        reason,
        limit: None,
    }
}

/// Whose answer stands.
fn route_of(tier: Tier) -> Route {
    match tier {
        Tier::Browser => Route::Browser,
        Tier::Host => Route::Host,
        // Attempts of the cloud are not looked at; and it is never a route that needs nothing more.
        Tier::Cloud => Route::Refuse,
    }
}

/// About how many tokens a text has, at most: English has four letters in a token of our tokenizers, and two is what code
/// and most other alphabets come to. Scripts of one token a character are longer than this; the engine then says that it
/// cut the input, which is a limit of its own.
const UTF16_PER_TOKEN: u32 = 2;

/// Tokens that must be left for the answer and the instructions.
const ANSWER_TOKENS: u32 = 768;

/// Whether a text of this size fits a context. A context that is not known fits nothing.
fn fits(input_utf16: u32, context_tokens: u32) -> bool {
    u64::from(input_utf16.div_ceil(UTF16_PER_TOKEN)) + u64::from(ANSWER_TOKENS)
        <= u64::from(context_tokens)
}

/// A figure that was measured; `None` for one that makes no sense.
fn measured(figure: Option<f32>) -> Option<f32> {
    figure.filter(|figure| figure.is_finite() && *figure > 0.0)
}

#[cfg(test)]
mod tests;
