//! Power cuts. A real `sotto-host update` is killed at every step, and at every step there is one working model.

use std::fs;

use sotto_host::models::SHIPPED_MODEL;

use super::support::*;

/// More steps than an update has.
const MOST_STEPS: u32 = 500;

const UPDATE: [&str; 3] = ["update", "--yes", "--retry"];

/// Kills at step 1, 2, 3, ... until one run gets through. Each run begins where `reset` leaves the device.
fn kill_at_every_step(
    world: &World,
    trial: &str,
    mut reset: impl FnMut(),
    mut look: impl FnMut(&World, u32),
) -> u32 {
    for step in 1..MOST_STEPS {
        reset();
        let number = step.to_string();
        let variables = [
            ("SOTTO_TEST_STOP_AT", number.as_str()),
            ("SOTTO_TEST_TRIAL", trial),
        ];
        let run = world.run(&UPDATE, &variables);
        let is_killed = run.status.code().is_none();
        look(world, step);
        if !is_killed {
            assert!(!text(&run.stderr).contains("stopped at"));
            return step;
        }
    }
    panic!("an update has more than {MOST_STEPS} steps");
}

#[test]
fn killed_at_every_step_there_is_always_one_working_model() {
    let world = World::with_update();
    let home = world.home();
    let fresh = world.path("fresh");
    copy_folder(&home, &fresh);
    let mut seen = [0, 0];
    let steps = kill_at_every_step(
        &world,
        "good",
        || {
            fs::remove_dir_all(&home).expect("removed");
            copy_folder(&fresh, &home);
        },
        |world, step| {
            // Whole and verified, old or new.
            let version = world.version();
            assert!(matches!(version, 1 | 2), "step {step}");
            seen[version as usize - 1] += 1;
            // And the next one goes through.
            let run = world.run(&UPDATE, &[("SOTTO_TEST_TRIAL", "good")]);
            assert!(run.status.success(), "step {step}: {}", text(&run.stderr));
            assert_eq!(world.version(), 2, "step {step}");
            let left = fs::read_dir(world.paths().installed()).expect("a folder");
            assert_eq!(left.count(), 2, "step {step}: the pack and the state");
        },
    );
    assert!(steps > 20, "{steps} steps only");
    assert!(seen[0] > 10 && seen[1] > 1, "{seen:?}");
}

#[test]
fn killed_again_and_again_it_gets_through_all_the_same() {
    let world = World::with_update();
    let mut last = 1;
    kill_at_every_step(
        &world,
        "good",
        || (),
        |world, step| {
            let version = world.version();
            assert!(
                version >= last,
                "step {step}: from {last} back to {version}"
            );
            last = version;
        },
    );
    assert_eq!(world.version(), 2);
}

#[test]
fn a_broken_model_never_answers_wherever_it_is_killed() {
    let world = World::with_update();
    let home = world.home();
    let fresh = world.path("fresh");
    copy_folder(&home, &fresh);
    kill_at_every_step(
        &world,
        "broken",
        || {
            fs::remove_dir_all(&home).expect("removed");
            copy_folder(&fresh, &home);
        },
        |world, step| assert_eq!(world.version(), 1, "step {step}"),
    );
}

#[test]
fn killed_while_it_goes_back() {
    let world = World::with_update();
    world.update().expect("version 2");
    world.release(&[3]);
    world.update().expect("version 3");
    let home = world.home();
    let fresh = world.path("fresh");
    copy_folder(&home, &fresh);
    for step in 1..MOST_STEPS {
        fs::remove_dir_all(&home).expect("removed");
        copy_folder(&fresh, &home);
        let number = step.to_string();
        let run = world.run(
            &["update", "rollback", SHIPPED_MODEL],
            &[("SOTTO_TEST_STOP_AT", number.as_str())],
        );
        let version = world.version();
        assert!(matches!(version, 2 | 3), "step {step}");
        if run.status.code().is_some() {
            assert_eq!(version, 2);
            return;
        }
    }
    panic!("going back has more than {MOST_STEPS} steps");
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a kind").is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => {
                fs::copy(entry.path(), target).expect("copied");
            }
        }
    }
}
