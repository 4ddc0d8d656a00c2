//! What to do when a key is lost or stolen, as docs/updates.md says, done.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use sotto_core::protocol::{Coded as _, ErrorCode};
use sotto_release::{Key, Roles, refresh, rotate, sign, to_bytes};
use tough::schema::Signed;

use super::support::*;

fn in_a_year() -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(24 * 365)
}

#[test]
fn every_key_is_exchanged_and_devices_follow() {
    let mut world = World::with_update();
    let new = Keys::generate();
    let signers = [world.keys.root[..2].to_vec(), new.root[..2].to_vec()].concat();
    rotate(&world.out(), &new.roles(), in_a_year(), &signers).expect("a new root");
    world.keys = new;
    world.release(&[3]);
    world
        .update()
        .expect("the device follows the chain of roots");
    assert_eq!(world.version(), 3);
    // And again from the new root on, several at once.
    for _ in 0..3 {
        let new = Keys::generate();
        let signers = [world.keys.root[1..].to_vec(), new.root[1..].to_vec()].concat();
        rotate(&world.out(), &new.roles(), in_a_year(), &signers).expect("a new root");
        world.keys = new;
    }
    world.release(&[4]);
    world.update().expect("the device follows");
    assert_eq!(world.version(), 4);
}

#[test]
fn a_root_that_the_one_before_did_not_sign_is_not_published() {
    let world = World::with_update();
    let new = Keys::generate();
    let too_few = [world.keys.root[..1].to_vec(), new.root.clone()].concat();
    assert!(rotate(&world.out(), &new.roles(), in_a_year(), &too_few).is_err());
    assert!(!world.metadata("2.root.json").exists());
}

#[test]
fn a_stolen_timestamp_key_is_worth_nothing_after_the_drill() {
    let mut world = World::with_update();
    // The thief fast-forwards: devices that saw this would take no honest timestamp any more.
    let path = world.metadata("timestamp.json");
    let honest = fs::read(&path).expect("a timestamp");
    let mut forged: Signed<tough::schema::Timestamp> =
        serde_json::from_slice(&honest).expect("a timestamp");
    forged.signed.version = u64::MAX.try_into().expect("not zero");
    let forged = sign(forged.signed, std::slice::from_ref(&world.keys.timestamp)).expect("signed");
    fs::write(&path, to_bytes(&forged).expect("JSON")).expect("written");
    world.check().expect("it is signed as it has to be");
    fs::write(&path, honest).expect("written");
    let error = world.check().expect_err("the device remembers the thief's");
    assert_eq!(error.code(), ErrorCode::UpdateRollback);

    // The drill: a new key for the role, signed by two of the root's, and a timestamp by the new key.
    world.keys.timestamp = Key::generate().expect("a key");
    rotate(
        &world.out(),
        &world.keys.roles(),
        in_a_year(),
        &world.keys.root[..2],
    )
    .expect("a new root");
    refresh(&world.options(&[]), &world.keys.signers()).expect("signed again");
    world.update().expect("the device forgot the thief's");
    assert_eq!(world.version(), 2);
    // And what the thief signs now is refused.
    fs::write(&path, to_bytes(&forged).expect("JSON")).expect("written");
    let error = world.check().expect_err("an old key");
    assert_eq!(error.code(), ErrorCode::UpdateSignatureInvalid);
}

#[test]
fn a_stolen_targets_key_is_taken_out_and_the_threshold_kept() {
    let mut world = World::with_update();
    let stolen = world.keys.targets.remove(0);
    world.keys.targets.push(Key::generate().expect("a key"));
    rotate(
        &world.out(),
        &world.keys.roles(),
        in_a_year(),
        &world.keys.root[1..],
    )
    .expect("a new root");
    world.release(&[3]);
    world.update().expect("an update");
    assert_eq!(world.version(), 3);
    let mut signers = world.keys.signers();
    signers.targets = vec![stolen, world.keys.targets[0].clone()];
    assert!(sotto_release::release(&world.options(&[4]), &signers).is_err());
}

#[test]
fn rollback_is_still_noticed_after_a_rotation() {
    // The memory must not be emptied at every check because the first root has other keys than the newest.
    let mut world = World::with_update();
    world.keys.timestamp = Key::generate().expect("a key");
    rotate(
        &world.out(),
        &world.keys.roles(),
        in_a_year(),
        &world.keys.root[..2],
    )
    .expect("a new root");
    world.release(&[3]);
    let old = fs::read(world.metadata("timestamp.json")).expect("a timestamp");
    world.release(&[4]);
    world.check().expect("the newest is seen");
    world.check().expect("and seen again");
    fs::write(world.metadata("timestamp.json"), old).expect("written");
    let error = world.check().expect_err("an old release");
    assert_eq!(error.code(), ErrorCode::UpdateRollback, "{error}");
}

#[test]
fn half_a_file_of_what_was_trusted_does_not_empty_the_memory() {
    let world = World::with_update();
    let old = fs::read(world.metadata("timestamp.json")).expect("a timestamp");
    world.release(&[3]);
    world.check().expect("the newest is seen");
    // What a process that was killed in the middle leaves: it is not looked at.
    let scratch = world.paths().scratch();
    fs::create_dir_all(&scratch).expect("made");
    fs::write(scratch.join("timestamp.json"), "{\"signed\":").expect("written");
    fs::write(world.metadata("timestamp.json"), old).expect("written");
    let error = world.check().expect_err("an old release");
    assert_eq!(error.code(), ErrorCode::UpdateRollback, "{error}");
}

#[test]
fn a_root_that_has_expired_stops_everything_until_it_is_signed_again() {
    let world = World::with_update();
    let roles: Roles = world.keys.roles();
    let past = Timestamp::now() - SignedDuration::from_hours(1);
    let signers = world.keys.root[..2].to_vec();
    rotate(&world.out(), &roles, past, &signers).expect("a root");
    let error = world.update_with(&Never).expect_err("expired");
    assert_eq!(error.code(), ErrorCode::UpdateExpired);
    assert!(
        error.to_string().contains("the root metadata has expired"),
        "{error}"
    );
    world.is_untouched(1);
    rotate(&world.out(), &roles, in_a_year(), &signers).expect("a root");
    world.update().expect("an update");
    assert_eq!(world.version(), 2);
}
