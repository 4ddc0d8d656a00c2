//! Updates on request of the extension: the plan with its size, the progress, the end; and nothing without being asked.

use std::sync::Arc;

use sotto_core::protocol::{ErrorCode, HostEvent, HostRequest};
use sotto_host::models::SHIPPED_MODEL;
use sotto_host::update::{UpdateDesk, Verdict};

use super::support::*;

const BROWSER_VERSION: u32 = 2;

fn desk(world: &World, verdict: Verdict) -> UpdateDesk {
    UpdateDesk::new(world.updater(), Arc::new(Says(verdict)))
}

/// Every event up to the last one.
fn asked(desk: &mut UpdateDesk, request: HostRequest) -> Vec<HostEvent> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    desk.handle(request);
    let mut events = Vec::new();
    loop {
        let event = runtime.block_on(desk.next());
        let is_last = !matches!(event, HostEvent::Progress { .. });
        events.push(event);
        if is_last {
            return events;
        }
    }
}

fn check(id: u32) -> HostRequest {
    HostRequest::CheckUpdates {
        id,
        browser_version: BROWSER_VERSION,
    }
}

fn apply(id: u32) -> HostRequest {
    HostRequest::ApplyUpdates {
        id,
        browser_version: BROWSER_VERSION,
    }
}

#[test]
fn first_the_size_then_on_another_request_the_update() {
    let world = World::with_update();
    let mut desk = desk(&world, Verdict::Good);
    let events = asked(&mut desk, check(1));
    let [HostEvent::UpdatePlan { id: 1, plan }] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(plan.packs.len(), 1);
    assert_eq!(plan.packs[0].name, SHIPPED_MODEL);
    assert!((1..60).contains(&plan.packs[0].fetch_kib));
    world.is_untouched(1);

    let events = asked(&mut desk, apply(2));
    let Some((HostEvent::Updated { id: 2, outcome }, progress)) = events.split_last() else {
        panic!("{events:?}");
    };
    let [active] = &outcome.active[..] else {
        panic!("{outcome:?}");
    };
    assert_eq!((&*active.name, active.version), (SHIPPED_MODEL, 2));
    assert!(!progress.is_empty());
    assert_eq!(world.version(), 2);
}

#[test]
fn a_model_that_fails_its_test_leaves_the_one_in_use_and_is_left_out_next_time() {
    let world = World::with_update();
    let mut desk = desk(&world, Verdict::Broken("another answer".into()));
    let events = asked(&mut desk, apply(1));
    let Some(HostEvent::Error { id: 1, error }) = events.last() else {
        panic!("{events:?}");
    };
    assert_eq!(error.code, ErrorCode::UpdateFailed);
    assert_eq!(world.version(), 1);
    let events = asked(&mut desk, check(2));
    let [HostEvent::UpdatePlan { plan, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    assert!(plan.packs[0].refused.is_some());
}
