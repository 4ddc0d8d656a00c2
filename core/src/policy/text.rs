//! Decisions in words, one line each. The extension has the same sentences in `_locales`; these are for logs, `doctor` and
//! errors of the host.

use crate::protocol::{Limit, RouteDecision, RouteReason};

/// The decision in one line.
pub fn sentence(decision: &RouteDecision) -> String {
    let reason = reason(decision.reason);
    match decision.limit {
        Some(limit) => format!("{} {reason}", limit_sentence(limit)),
        None => reason.to_owned(),
    }
}

fn reason(reason: RouteReason) -> &'static str {
    match reason {
        RouteReason::AutocompleteStays => "Suggestions are always made in the browser.",
        RouteReason::HostPreferred => "The host on this device has the larger model.",
        RouteReason::HostOff => "The host is switched off in the options.",
        RouteReason::HostForbidden => {
            "The host is switched off by whoever administers this device."
        }
        RouteReason::HostAbsent => "The Sotto host is not installed.",
        RouteReason::HostFailing => "The Sotto host does not work at the moment.",
        RouteReason::HostUnreachable => "The Sotto host could not be reached.",
        RouteReason::HostCannot => "The Sotto host has no model for this.",
        RouteReason::HostSlow => "The host is too slow here; the browser is faster.",
        RouteReason::HostOnly => "The browser cannot run its model, so the host is tried.",
        RouteReason::SuggestionsOff => "Suggestions are switched off.",
        RouteReason::OffHere => "Sotto is off on this site.",
        RouteReason::Cancelled => "You stopped it.",
        RouteReason::AnswerStands => "The answer was made on this device.",
        RouteReason::ConfidenceUnknown => {
            "The answer was made on this device; how sure the model was is not known."
        }
        RouteReason::CloudNeedsConsent => {
            "You can send it to your endpoint, after you have seen what would be sent."
        }
        RouteReason::CloudOff => "Asking an endpoint is switched off.",
        RouteReason::CloudForbidden => {
            "Asking an endpoint is forbidden by whoever administers this device."
        }
        RouteReason::CloudNotHere => "Text of this site stays on the device.",
        RouteReason::CloudNotConfigured => "No endpoint is set up.",
        RouteReason::CloudUnknown => "Whether your endpoint could answer is not known.",
        RouteReason::CloudKeyMissing => "The key of your endpoint is missing.",
        RouteReason::CloudThrottled => "The requests that you allow per minute or day are used up.",
        RouteReason::CloudBudgetSpent => "Your spending cap is met.",
        RouteReason::CloudUnreachable => "Your endpoint could not be reached.",
        RouteReason::CloudTooLong => "The text is too long for the model of your endpoint.",
        RouteReason::CloudTried => "Your endpoint was asked already.",
    }
}

fn limit_sentence(limit: Limit) -> &'static str {
    match limit {
        Limit::NoLocalTier => "Nothing on this device can answer.",
        Limit::LocalFailed => "The answer broke off.",
        Limit::Repeats => "The answer repeats itself.",
        Limit::LesserWay => "The model on this device is too small for this.",
        Limit::InputCut => "The text was too long to be read whole.",
        Limit::AnswerCut => "The answer was cut off.",
        Limit::LowConfidence => "The model was not sure of its answer.",
        Limit::TooSlow => "The answer came very slowly.",
    }
}
