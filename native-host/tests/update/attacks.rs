//! The attacks of TUF's specification (section 1.5.2), one by one. **None loads a byte, and each has a message of its own.**

use std::fs;

use jiff::{SignedDuration, Timestamp};
use sotto_core::pack::BlobRole;
use sotto_core::protocol::{Coded as _, ErrorCode};
use sotto_host::models::SHIPPED_MODEL;
use sotto_host::update::{UpdateError, Updater};
use sotto_release::{Key, Options, Signers, release, sign, to_bytes};
use tough::schema::{Root, Signed, Snapshot, Targets};

use super::server::{Server, Trick};
use super::support::*;

/// What an attacker gets: no trial, nothing on the device, this code, and these words.
#[track_caller]
fn refused(world: &World, code: ErrorCode, words: &str) -> UpdateError {
    let error = world
        .update_with(&Never)
        .expect_err("an attack must be refused");
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(words), "{error}");
    error
}

/// Writes a role's newest metadata again, changed by `edit` and signed by `keys`.
fn rewrite<T>(path: &std::path::Path, keys: &[Key], edit: impl FnOnce(&mut T))
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let json = fs::read(path).expect("metadata");
    let mut signed: Signed<T> = serde_json::from_slice(&json).expect("metadata");
    edit(&mut signed.signed);
    let again = sign(signed.signed, keys).expect("signed");
    fs::write(path, to_bytes(&again).expect("JSON")).expect("written");
}

/// Signs the snapshot and the timestamp again over what lies there, as somebody with both keys can.
fn sign_on(world: &World, version: u64) {
    let targets = fs::read(world.metadata(&format!("{version}.targets.json"))).expect("targets");
    let snapshot_path = world.metadata(&format!("{version}.snapshot.json"));
    rewrite(
        &snapshot_path,
        std::slice::from_ref(&world.keys.snapshot),
        |role: &mut Snapshot| {
            set_meta(role.meta.get_mut("targets.json").expect("named"), &targets);
        },
    );
    let snapshot = fs::read(&snapshot_path).expect("snapshot");
    rewrite(
        &world.metadata("timestamp.json"),
        std::slice::from_ref(&world.keys.timestamp),
        |role: &mut tough::schema::Timestamp| {
            set_meta(
                role.meta.get_mut("snapshot.json").expect("named"),
                &snapshot,
            );
        },
    );
}

fn set_meta(meta: &mut tough::schema::Metafile, json: &[u8]) {
    meta.length = Some(json.len() as u64);
    if let Some(hashes) = &mut meta.hashes {
        hashes.sha256 = sotto_core::pack::sha256(json).0.to_vec().into();
    }
}

/// The file of the release that is the weights of version 2.
fn weights(world: &World) -> std::path::PathBuf {
    let json = fs::read(world.path("packs/2/manifest.json")).expect("a manifest");
    let manifest: sotto_core::pack::Manifest = serde_json::from_slice(&json).expect("a manifest");
    let sum = manifest.blob(BlobRole::Data).expect("weights").sha256;
    world.out().join(format!("targets/{sum}.{sum}.blob"))
}

/// Takes the patches away, so that whole files are fetched.
fn without_patches(world: &World) {
    rewrite(
        &world.metadata("1.targets.json"),
        &world.keys.targets[..2],
        |role: &mut Targets| {
            role.targets
                .retain(|name, _| !name.raw().ends_with(".patch"))
        },
    );
    sign_on(world, 1);
}

#[test]
fn arbitrary_software_by_keys_of_ones_own() {
    let world = World::with_update();
    let mut forged = World::new();
    forged.keys = Keys::generate();
    forged.write_root(&forged.keys);
    forged.release(&[2]);
    // Everything is well signed, only by somebody else. The root in the middle is the device's own.
    for name in ["1.targets.json", "1.snapshot.json", "timestamp.json"] {
        fs::copy(forged.metadata(name), world.metadata(name)).expect("copied");
    }
    refused(
        &world,
        ErrorCode::UpdateSignatureInvalid,
        "the timestamp metadata is signed by 0 of the 1 keys",
    );
    world.is_untouched(1);
}

#[test]
fn arbitrary_software_by_whoever_holds_the_keys_of_the_release_alone() {
    let world = World::with_update();
    // The keys of TUF sign a pack that no key of ours signed.
    let dir = world.path("packs/2");
    let json = fs::read(dir.join("manifest.json")).expect("a manifest");
    let manifest = serde_json::from_slice(&json).expect("a manifest");
    sign_pack(
        &dir,
        &manifest,
        &ed25519_dalek::SigningKey::from_bytes(&[9; 32]),
    );
    let signature = fs::read(dir.join("manifest.sig")).expect("a signature");
    let sum = sotto_core::pack::sha256(&signature);
    let name = format!("{SHIPPED_MODEL}.manifest.sig");
    fs::write(
        world.out().join(format!("targets/{sum}.{name}")),
        &signature,
    )
    .expect("written");
    rewrite(
        &world.metadata("1.targets.json"),
        &world.keys.targets[..2],
        |role: &mut Targets| {
            let target = role
                .targets
                .iter_mut()
                .find(|(known, _)| known.raw() == name);
            let (_, target) = target.expect("named");
            target.hashes.sha256 = sum.0.to_vec().into();
        },
    );
    sign_on(&world, 1);
    refused(
        &world,
        ErrorCode::PackSignatureInvalid,
        "not signed by a key that this build trusts",
    );
    world.is_untouched(1);
}

#[test]
fn rollback_to_an_old_release() {
    let world = World::with_update();
    let old = fs::read(world.metadata("timestamp.json")).expect("a timestamp");
    world.release(&[3]);
    world.check().expect("the newest is seen");
    fs::write(world.metadata("timestamp.json"), old).expect("written");
    refused(
        &world,
        ErrorCode::UpdateRollback,
        "the timestamp metadata is older than what was accepted before",
    );
    world.is_untouched(1);
    // Another mirror of the same repository cannot do it either.
    world.set_source();
    refused(&world, ErrorCode::UpdateRollback, "older");
}

#[test]
fn rollback_of_a_snapshot_behind_a_new_timestamp() {
    let world = World::with_update();
    world.release(&[3]);
    world.check().expect("the newest is seen");
    let snapshot = fs::read(world.metadata("1.snapshot.json")).expect("a snapshot");
    rewrite(
        &world.metadata("timestamp.json"),
        std::slice::from_ref(&world.keys.timestamp),
        |role: &mut tough::schema::Timestamp| {
            role.version = 9.try_into().expect("not zero");
            let meta = role.meta.get_mut("snapshot.json").expect("named");
            meta.version = 1.try_into().expect("not zero");
            set_meta(meta, &snapshot);
        },
    );
    refused(
        &world,
        ErrorCode::UpdateRollback,
        "the snapshot metadata is older",
    );
    world.is_untouched(1);
}

#[test]
fn rollback_of_a_pack_that_all_keys_signed() {
    let world = World::new();
    world.release(&[3]);
    world.set_source();
    world.update().expect("version 3");
    // A new release of an old pack, by a mistake of everybody's.
    let again = Options {
        out: world.path("other"),
        ..world.options(&[2])
    };
    fs::create_dir_all(again.out.join("metadata")).expect("made");
    fs::copy(
        world.metadata("1.root.json"),
        again.out.join("metadata/1.root.json"),
    )
    .expect("copied");
    for _ in 0..3 {
        release(&again, &world.keys.signers()).expect("a release");
    }
    let other = again.out.to_string_lossy().into_owned();
    world.updater().set_source(&other, None).expect("a source");
    refused(
        &world,
        ErrorCode::UpdateRollback,
        "version 2 is older than version 3, which was here before",
    );
    world.is_untouched(3);
}

#[test]
fn indefinite_freeze() {
    let world = World::new();
    let old = Options {
        now: Timestamp::now() - SignedDuration::from_hours(24 * 15),
        ..world.options(&[2])
    };
    world.release_with(&old);
    world.set_source();
    refused(
        &world,
        ErrorCode::UpdateExpired,
        "the timestamp metadata has expired: the source may be holding back newer ones",
    );
    world.is_untouched(1);
}

#[test]
fn a_clock_that_goes_back_does_not_make_it_fresh_again() {
    let world = World::with_update();
    world.check().expect("a time is noted");
    let ahead = Timestamp::now() + SignedDuration::from_hours(24 * 30);
    let clock = world.paths().trust().join("latest_known_time.json");
    fs::write(
        &clock,
        serde_json::to_vec(&ahead.to_string()).expect("JSON"),
    )
    .expect("written");
    refused(
        &world,
        ErrorCode::UpdateExpired,
        "this device's clock is behind",
    );
    world.is_untouched(1);
    fs::remove_file(clock).expect("as the message says");
    world.check().expect("it works again");
}

#[test]
fn endless_metadata() {
    let world = World::with_update();
    let server = Server::start(world.out(), "timestamp.json", Some(Trick::Endless));
    world
        .updater()
        .set_source(&server.address, None)
        .expect("a source");
    refused(
        &world,
        ErrorCode::UpdateTooLarge,
        "timestamp.json does not end after 65536 bytes",
    );
    world.is_untouched(1);
}

#[test]
fn endless_files() {
    let world = World::with_update();
    without_patches(&world);
    let server = Server::start(world.out(), ".blob", Some(Trick::Endless));
    world
        .updater()
        .set_source(&server.address, None)
        .expect("a source");
    refused(
        &world,
        ErrorCode::UpdateTooLarge,
        ".blob does not end after",
    );
    world.is_untouched(1);
}

#[test]
fn a_manifest_that_claims_to_be_huge() {
    let world = World::with_update();
    rewrite(
        &world.metadata("1.targets.json"),
        &world.keys.targets[..2],
        |role: &mut Targets| {
            for (name, target) in &mut role.targets {
                if name.raw().ends_with(".manifest.json") {
                    target.length = 1 << 40;
                }
            }
        },
    );
    sign_on(&world, 1);
    refused(
        &world,
        ErrorCode::UpdateTooLarge,
        "manifest.json does not end",
    );
    world.is_untouched(1);
}

#[test]
fn extraneous_dependencies() {
    let world = World::with_update();
    let extra = noise(99, 1_000);
    let sum = sotto_core::pack::sha256(&extra);
    let place = world.out().join(format!("targets/{sum}.{sum}.blob"));
    fs::write(&place, extra).expect("written");
    rewrite(
        &world.metadata("1.targets.json"),
        &world.keys.targets[..2],
        |role: &mut Targets| {
            let blob = role
                .targets
                .iter()
                .find(|(name, _)| name.raw().ends_with(".blob"));
            let mut target = blob.expect("a blob").1.clone();
            target.length = 1_000;
            target.hashes.sha256 = sum.0.to_vec().into();
            let name = tough::TargetName::new(format!("{sum}.blob")).expect("a name");
            role.targets.insert(name, target);
        },
    );
    sign_on(&world, 1);
    refused(
        &world,
        ErrorCode::UpdateExtraneous,
        "needs files which its signed manifest does not name: 1 of them",
    );
    world.is_untouched(1);
}

#[test]
fn mix_and_match_of_releases() {
    let world = World::with_update();
    world.release(&[3]);
    // Both were good once; the snapshot of the one with the targets of the other never was.
    let old = fs::read(world.metadata("1.targets.json")).expect("targets");
    fs::write(world.metadata("2.targets.json"), old).expect("written");
    refused(
        &world,
        ErrorCode::UpdateInconsistent,
        "2.targets.json is not the one that the release names",
    );
    world.is_untouched(1);
}

#[test]
fn mix_and_match_of_a_manifest_and_a_signature() {
    let world = World::with_update();
    world.release(&[3]);
    let name = format!("{SHIPPED_MODEL}.manifest.sig");
    let read = |version: u64| -> Signed<Targets> {
        let json = fs::read(world.metadata(&format!("{version}.targets.json"))).expect("targets");
        serde_json::from_slice(&json).expect("targets")
    };
    let old = read(1);
    let old = old
        .signed
        .targets
        .iter()
        .find(|(known, _)| known.raw() == name);
    let old = old.expect("named").1.clone();
    rewrite(
        &world.metadata("2.targets.json"),
        &world.keys.targets[..2],
        |role: &mut Targets| {
            role.targets
                .insert(tough::TargetName::new(name.clone()).expect("a name"), old);
        },
    );
    sign_on(&world, 2);
    refused(
        &world,
        ErrorCode::PackSignatureInvalid,
        "not signed by a key that this build trusts",
    );
    world.is_untouched(1);
}

#[test]
fn wrong_software_under_the_right_name() {
    let world = World::new();
    let dir = world.path("packs/wrong");
    make_pack(&dir, "sotto-other", 7, |_| ());
    let options = Options {
        packs: vec![dir],
        ..world.options(&[])
    };
    world.release_with(&options);
    // Its manifest and signature are good ones of ours, and stand in for those of another model.
    rewrite(
        &world.metadata("1.targets.json"),
        &world.keys.targets[..2],
        |role: &mut Targets| {
            let all: Vec<_> = role.targets.drain().collect();
            for (name, target) in all {
                let renamed = name.raw().replace("sotto-other", SHIPPED_MODEL);
                let sum: String = target
                    .hashes
                    .sha256
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                let file = |name: &str| world.out().join(format!("targets/{sum}.{name}"));
                if renamed != name.raw() {
                    fs::copy(file(name.raw()), file(&renamed)).expect("copied");
                }
                role.targets
                    .insert(tough::TargetName::new(renamed).expect("a name"), target);
            }
        },
    );
    sign_on(&world, 1);
    world.set_source();
    refused(
        &world,
        ErrorCode::UpdateWrongPack,
        "the release offers another model as sotto-nano-onnx",
    );
    world.is_untouched(1);
}

#[test]
fn a_mirror_that_changes_a_file() {
    let world = World::with_update();
    without_patches(&world);
    let path = weights(&world);
    let mut bytes = fs::read(&path).expect("weights");
    bytes[WEIGHTS_BYTES / 2] ^= 1;
    fs::write(&path, bytes).expect("written");
    refused(
        &world,
        ErrorCode::UpdateInconsistent,
        ".blob is not the one that the release names",
    );
    world.is_untouched(1);
}

#[test]
fn a_mirror_that_lacks_a_file() {
    let world = World::with_update();
    without_patches(&world);
    fs::remove_file(weights(&world)).expect("removed");
    refused(
        &world,
        ErrorCode::UpdateUnavailable,
        "the source of updates has no",
    );
    world.is_untouched(1);
}

#[test]
fn a_mirror_that_sends_elsewhere() {
    let world = World::with_update();
    let server = Server::start(world.out(), "timestamp.json", Some(Trick::Redirect));
    world
        .updater()
        .set_source(&server.address, None)
        .expect("a source");
    refused(&world, ErrorCode::UpdateUnavailable, "cannot be reached");
    assert!(
        server
            .asked()
            .iter()
            .all(|path| !path.contains("elsewhere"))
    );
    world.is_untouched(1);
}

#[test]
fn a_mirror_without_metadata_of_any_kind() {
    let world = World::with_update();
    fs::write(world.metadata("timestamp.json"), "<html>404</html>").expect("written");
    refused(
        &world,
        ErrorCode::UpdateInvalid,
        "the timestamp metadata cannot be understood",
    );
    world.is_untouched(1);
}

#[test]
fn one_stolen_key_of_the_targets_is_too_few() {
    let world = World::with_update();
    let thief = Signers {
        targets: vec![
            world.keys.targets[0].clone(),
            Key::generate().expect("a key"),
        ],
        ..world.keys.signers()
    };
    // Our own tool does not publish that; a thief's does.
    let refused_here = release(&world.options(&[3]), &thief);
    assert!(refused_here.is_err());
    rewrite(
        &world.metadata("1.targets.json"),
        &thief.targets,
        |_: &mut Targets| (),
    );
    sign_on(&world, 1);
    refused(
        &world,
        ErrorCode::UpdateSignatureInvalid,
        "the targets metadata is signed by 1 of the 2 keys",
    );
    world.is_untouched(1);
}

#[test]
fn one_stolen_key_of_the_root_is_too_few() {
    let world = World::with_update();
    let theirs = Keys::generate();
    // A root that hands everything over to the thief.
    let json = fs::read(world.metadata("1.root.json")).expect("a root");
    let mut root: Signed<Root> = serde_json::from_slice(&json).expect("a root");
    root.signed.version = 2.try_into().expect("not zero");
    for role in root.signed.roles.values_mut() {
        role.keyids = vec![theirs.timestamp.id()];
        role.threshold = 1.try_into().expect("not zero");
    }
    root.signed
        .keys
        .insert(theirs.timestamp.id(), theirs.timestamp.public());
    let signed = sign(
        root.signed,
        &[world.keys.root[0].clone(), theirs.timestamp.clone()],
    );
    let bytes = to_bytes(&signed.expect("signed")).expect("JSON");
    fs::write(world.metadata("2.root.json"), bytes).expect("written");
    refused(
        &world,
        ErrorCode::UpdateSignatureInvalid,
        "the root metadata is signed by 1 of the 2 keys",
    );
    world.is_untouched(1);
}

#[test]
fn the_same_signature_twice_counts_once() {
    let world = World::with_update();
    let path = world.metadata("1.targets.json");
    let json = fs::read(&path).expect("targets");
    let mut signed: Signed<Targets> = serde_json::from_slice(&json).expect("targets");
    signed.signatures[1] = signed.signatures[0].clone();
    fs::write(&path, to_bytes(&signed).expect("JSON")).expect("written");
    sign_on(&world, 1);
    refused(&world, ErrorCode::UpdateInvalid, "the targets metadata");
    world.is_untouched(1);
}

#[test]
fn a_patch_that_does_not_fit_is_replaced_by_the_whole_file() {
    let world = World::with_update();
    let is_patch = |path: &std::path::PathBuf| path.to_string_lossy().ends_with(".patch");
    let folder = world.out().join("targets");
    let all = fs::read_dir(folder).expect("files").flatten();
    for path in all.map(|entry| entry.path()).filter(is_patch) {
        let mut bytes = fs::read(&path).expect("a patch");
        let last = bytes.len() - 1;
        bytes[last] ^= 0xFF;
        fs::write(&path, bytes).expect("written");
    }
    let mut failed = 0;
    let plan = world.check().expect("a plan");
    let updater: Updater = world.updater();
    let good = Says(sotto_host::update::Verdict::Good);
    updater
        .apply(&plan, &good, false, &mut |progress| {
            failed += u32::from(matches!(
                progress,
                sotto_host::update::Progress::PatchFailed { .. }
            ));
            true
        })
        .expect("an update");
    assert!(failed > 0);
    assert_eq!(world.version(), 2);
}
