//! The gates in front of an offer. **One that is not known to be open is closed.**

use super::fits;
use crate::protocol::{
    CloudReadiness, CloudSetting, EnterpriseRule, RouteReason, RouteRequest, RouteSettings,
    RouteState, RouteTask, SiteRule, Tier,
};

/// The first gate that is closed; `None` if all are open.
pub(super) fn closed(
    request: &RouteRequest,
    state: &RouteState,
    settings: &RouteSettings,
) -> Option<RouteReason> {
    // Never reached for suggestions; they are refused here all the same.
    if request.task == RouteTask::Autocomplete || settings.cloud != CloudSetting::Ask {
        return Some(RouteReason::CloudOff);
    }
    if settings.enterprise.cloud != EnterpriseRule::Allowed {
        return Some(RouteReason::CloudForbidden);
    }
    if request.site != SiteRule::Normal {
        return Some(RouteReason::CloudNotHere);
    }
    if state.attempts.iter().any(|tried| tried.tier == Tier::Cloud) {
        return Some(RouteReason::CloudTried);
    }
    let CloudReadiness::Ready = state.cloud.readiness else {
        return Some(match state.cloud.readiness {
            CloudReadiness::NotConfigured => RouteReason::CloudNotConfigured,
            CloudReadiness::KeyMissing => RouteReason::CloudKeyMissing,
            CloudReadiness::Throttled => RouteReason::CloudThrottled,
            CloudReadiness::BudgetSpent => RouteReason::CloudBudgetSpent,
            CloudReadiness::Unreachable => RouteReason::CloudUnreachable,
            CloudReadiness::Unknown | CloudReadiness::Ready => RouteReason::CloudUnknown,
        });
    };
    if state.cloud.context_tokens == 0 {
        return Some(RouteReason::CloudUnknown);
    }
    if !fits(request.input_utf16, state.cloud.context_tokens) {
        return Some(RouteReason::CloudTooLong);
    }
    None
}
