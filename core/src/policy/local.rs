//! Which tier of this device answers.

use super::{fits, measured};
use crate::protocol::{
    Attempt, AttemptOutcome, EnterpriseRule, Route, RouteReason, RouteSettings, RouteState, Tier,
    TierHealth, TierState,
};

/// Failures in a row after which a tier is passed over, if another one can answer. One is bad luck, two may be the same
/// bad luck. The caller forgets failures after a while, or nothing would ever be tried again.
const MAX_FAILURES: u32 = 3;

/// Slower than this nobody waits for an answer: 350 words would take four minutes.
pub(super) const MIN_TOKENS_PER_S: f32 = 2.0;

/// How much faster the browser must be before its smaller model is taken.
const BROWSER_ADVANTAGE: f32 = 2.0;

/// The tier that answers next and why; `None` if none can.
pub(super) fn choose(
    input_utf16: u32,
    state: &RouteState,
    settings: &RouteSettings,
) -> Option<(Route, RouteReason)> {
    let host = host(input_utf16, state, settings);
    match host {
        Host::Use => Some((Route::Host, RouteReason::HostPreferred)),
        Host::Avoid(reason) if browser_works(state) => Some((Route::Browser, reason)),
        Host::Avoid(_) => Some((Route::Host, RouteReason::HostOnly)),
        Host::Never(reason) if browser_works(state) => Some((Route::Browser, reason)),
        Host::Never(_) => None,
    }
}

/// What speaks for the host.
enum Host {
    /// It has the larger model.
    Use,
    /// It may be used if nothing else is left.
    Avoid(RouteReason),
    /// It must not be used, or cannot be.
    Never(RouteReason),
}

fn host(input_utf16: u32, state: &RouteState, settings: &RouteSettings) -> Host {
    if settings.enterprise.host != EnterpriseRule::Allowed {
        return Host::Never(RouteReason::HostForbidden);
    }
    if !settings.use_host {
        return Host::Never(RouteReason::HostOff);
    }
    if let Some(reason) = state.attempts.iter().rev().find_map(in_vain) {
        return Host::Never(reason);
    }
    match state.host.health {
        TierHealth::Absent => Host::Never(RouteReason::HostAbsent),
        TierHealth::Failing => Host::Avoid(RouteReason::HostFailing),
        _ if state.host.failures >= MAX_FAILURES => Host::Avoid(RouteReason::HostFailing),
        _ if is_slow(&state.host, &state.browser, input_utf16) => {
            Host::Avoid(RouteReason::HostSlow)
        }
        TierHealth::Unknown | TierHealth::Ready => Host::Use,
    }
}

/// Why the host is out of the question if this was tried.
fn in_vain(tried: &Attempt) -> Option<RouteReason> {
    match (tried.tier, tried.outcome) {
        (Tier::Host, AttemptOutcome::Unreachable) => Some(RouteReason::HostUnreachable),
        (Tier::Host, AttemptOutcome::CannotServe) => Some(RouteReason::HostCannot),
        _ => None,
    }
}

fn browser_works(state: &RouteState) -> bool {
    let was_in_vain = state.attempts.iter().any(|tried| {
        tried.tier == Tier::Browser
            && matches!(
                tried.outcome,
                AttemptOutcome::Unreachable | AttemptOutcome::CannotServe
            )
    });
    !was_in_vain
        && matches!(
            state.browser.health,
            TierHealth::Unknown | TierHealth::Ready
        )
}

/// Whether the host is too slow to wait for and the browser, which can read all of the text, is faster. Both measured.
fn is_slow(host: &TierState, browser: &TierState, input_utf16: u32) -> bool {
    match (measured(host.tokens_per_s), measured(browser.tokens_per_s)) {
        (Some(host_speed), Some(browser_speed)) => {
            host_speed < MIN_TOKENS_PER_S
                && browser_speed >= host_speed * BROWSER_ADVANTAGE
                && fits(input_utf16, browser.context_tokens)
        }
        _ => false,
    }
}
