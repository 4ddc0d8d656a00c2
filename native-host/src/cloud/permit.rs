//! Whether the rules allow an offer: the same as in the extension, with what this side knows.

use sotto_core::policy;
use sotto_core::protocol::*;
use sotto_core::text::utf16_len;

use super::endpoint::Endpoint;
use super::error::CloudError;
use super::setup::Setup;

/// The limit that allows it.
///
/// # Errors
/// [`CloudError::Forbidden`] with the decision.
pub(super) fn permitted(
    escalation: &Escalation,
    setup: &Setup,
    cloud: CloudState,
) -> Result<Limit, CloudError> {
    let endpoint = setup.endpoint.as_ref().ok().and_then(Option::as_ref);
    let origin = endpoint.map(Endpoint::origin);
    let input = RouteInput {
        request: RouteRequest {
            task: task_of(&escalation.task),
            input_utf16: size_utf16(&escalation.task),
            site: escalation.site_rule,
        },
        state: RouteState {
            cloud,
            ..escalation.state.clone()
        },
        settings: RouteSettings {
            cloud: setup.setting,
            enterprise: EnterprisePolicy {
                host: EnterpriseRule::Allowed,
                cloud: setup.enterprise.rule(origin.as_deref()),
            },
            ..RouteSettings::default()
        },
    };
    let decision = policy::decide_input(&input);
    match (decision.route, decision.limit) {
        (Route::Cloud, Some(limit)) => Ok(limit),
        _ => Err(CloudError::Forbidden(decision)),
    }
}

/// What is asked, as the policy calls it.
pub(super) fn task_of(task: &CloudTask) -> RouteTask {
    match task {
        CloudTask::Summarize { .. } => RouteTask::Summarize,
        CloudTask::Chat { .. } => RouteTask::Chat,
    }
}

/// Everything that the endpoint's model would read, in UTF-16 code units; the instructions left out.
fn size_utf16(task: &CloudTask) -> u32 {
    let units = match task {
        CloudTask::Summarize { text, .. } => utf16_len(text),
        CloudTask::Chat { messages, page } => {
            let said = messages.iter().map(|message| utf16_len(&message.text));
            let page = page
                .as_ref()
                .map_or(0, |page| utf16_len(&page.title) + utf16_len(&page.text));
            said.sum::<usize>() + page
        }
    };
    u32::try_from(units).unwrap_or(u32::MAX)
}
