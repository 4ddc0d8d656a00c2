//! How the endpoint stands: what policy and the options page want to know of it.

use sotto_core::protocol::{
    CloudReadiness, CloudState, CloudStatus, CloudUsage, ConsentScope, KeyState,
};

use super::endpoint::{Endpoint, KeyPlace};
use super::setup::Setup;
use crate::store::Store;

/// How long an endpoint that could not be reached is not offered again.
const UNREACHABLE_MS: u64 = 60_000;

/// What is known from trying.
#[derive(Debug, Default)]
pub(super) struct Standing {
    unreachable_at_ms: Option<u64>,
}

impl Standing {
    /// It answered.
    pub(super) fn reached(&mut self) {
        self.unreachable_at_ms = None;
    }

    /// It could not be reached.
    pub(super) fn unreachable(&mut self, now_ms: u64) {
        self.unreachable_at_ms = Some(now_ms);
    }

    /// For [`sotto_core::policy`].
    pub(super) fn cloud_state(&self, setup: &Setup, store: &Store, now_ms: u64) -> CloudState {
        let Ok(Some(endpoint)) = &setup.endpoint else {
            return CloudState {
                readiness: CloudReadiness::NotConfigured,
                context_tokens: 0,
            };
        };
        CloudState {
            readiness: self.readiness(endpoint, store, now_ms),
            context_tokens: endpoint.config().context_tokens,
        }
    }

    fn readiness(&self, endpoint: &Endpoint, store: &Store, now_ms: u64) -> CloudReadiness {
        let config = endpoint.config();
        let (Ok(sent), Ok(spent)) = (store.sent(now_ms), store.spent_micros(now_ms)) else {
            return CloudReadiness::Unknown;
        };
        // A clock that was set back ends this, too.
        let since = self
            .unreachable_at_ms
            .and_then(|then| now_ms.checked_sub(then));
        if sent.last_day >= config.per_day {
            CloudReadiness::Throttled
        } else if config.cap_micros.is_some_and(|cap| spent >= cap) {
            CloudReadiness::BudgetSpent
        } else if since.is_some_and(|since| since < UNREACHABLE_MS) {
            CloudReadiness::Unreachable
        } else {
            CloudReadiness::Ready
        }
    }

    /// For the options page.
    pub(super) fn status(
        &self,
        setup: &Setup,
        key: KeyState,
        scopes: Vec<ConsentScope>,
        store: &Store,
        now_ms: u64,
    ) -> CloudStatus {
        let endpoint = setup.endpoint.as_ref().ok().and_then(Option::as_ref);
        let origin = endpoint.map(Endpoint::origin);
        let config = endpoint.map(Endpoint::config);
        let cost = |micros| {
            let price = config.and_then(|config| config.price.as_ref());
            price.map(|price| price.cost(micros))
        };
        CloudStatus {
            endpoint: endpoint.map(Endpoint::view),
            state: self.cloud_state(setup, store, now_ms),
            setting: setup.setting,
            enterprise: setup.enterprise.rule(origin.as_deref()),
            key,
            usage: CloudUsage {
                per_minute: config.map_or(0, |config| config.per_minute),
                per_day: config.map_or(0, |config| config.per_day),
                sent_today: store.sent(now_ms).map_or(0, |sent| sent.last_day),
                spent: store.spent_micros(now_ms).ok().and_then(cost),
                cap: config.and_then(|config| config.cap_micros).and_then(cost),
            },
            scopes,
        }
    }
}

/// Where the key of an endpoint is.
pub(super) fn key_state(
    endpoint: Option<&Endpoint>,
    is_unlocked: impl Fn(&Endpoint) -> bool,
) -> KeyState {
    match endpoint.map(|endpoint| (endpoint, endpoint.config().key)) {
        None | Some((_, KeyPlace::None)) => KeyState::NotNeeded,
        // Looked up when it is needed: the system may have to ask the user.
        Some((_, KeyPlace::Keyring)) => KeyState::Ready,
        Some((endpoint, KeyPlace::File)) => match is_unlocked(endpoint) {
            true => KeyState::Ready,
            false => KeyState::Locked,
        },
    }
}
