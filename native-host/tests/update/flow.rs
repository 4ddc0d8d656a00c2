//! An update that goes well, one that is interrupted, one that brings a broken model, and going back.

use std::fs;

use sotto_core::pack::{BlobRole, Quantization, Runtime};
use sotto_core::protocol::{Coded as _, ErrorCode};
use sotto_host::models::{Held, SHIPPED_MODEL, UpdateState};
use sotto_host::update::{Progress, UpdateError, Verdict};
use sotto_release::Options;

use super::server::{Server, Trick};
use super::support::*;

#[test]
fn an_update_fetches_what_is_new_and_by_patches() {
    let world = World::with_update();
    let plan = world.check().expect("a plan");
    let pack = &plan.packs[0];
    assert_eq!((pack.version, pack.installed), (2, Some(1)));
    // The tokenizer and the graph are here, the weights come by a patch, the configuration is tiny.
    assert!(pack.fetch_bytes() < 60_000, "{}", pack.fetch_bytes());
    assert!(pack.at_most_bytes() > WEIGHTS_BYTES as u64);
    let outcome = world.update().expect("an update");
    assert_eq!(outcome.active, [(SHIPPED_MODEL.to_owned(), 2)]);
    assert_eq!(world.version(), 2);
    let again = world.check().expect("a check");
    assert!(again.packs.is_empty() && again.notes[0].contains("is the newest"));
    // Twice more: the version before is kept, the one before that is not.
    world.release(&[3, 4]);
    world.update().expect("an update");
    let state = UpdateState::load(&world.paths());
    let pack = &state.packs[SHIPPED_MODEL];
    assert_eq!(pack.active.map(|held| held.version), Some(4));
    assert_eq!(pack.previous.map(|held| held.version), Some(2));
    world.release(&[5]);
    world.update().expect("an update");
    let left = fs::read_dir(world.paths().installed()).expect("a folder");
    assert_eq!(left.count(), 3, "two packs and the state");
}

#[test]
fn checking_fetches_no_blob_and_changes_no_model() {
    let world = World::with_update();
    let server = Server::start(world.out(), "", None);
    world
        .updater()
        .set_source(&server.address, None)
        .expect("a source");
    assert!(server.asked().is_empty(), "naming a source fetches nothing");
    world.check().expect("a plan");
    let asked = server.asked();
    assert!(
        asked
            .iter()
            .all(|path| !path.contains(".blob") && !path.contains(".patch")),
        "{asked:?}"
    );
    world.is_untouched(1);
}

#[test]
fn a_download_that_breaks_off_goes_on_where_it_stopped() {
    let world = World::new();
    let options = Options {
        from: vec![],
        ..world.options(&[2])
    };
    world.release_with(&options);
    world.set_source();
    let half = WEIGHTS_BYTES / 2;
    let broken = Server::start(world.out(), ".blob", Some(Trick::BreakOff(half)));
    world
        .updater()
        .set_source(&broken.address, None)
        .expect("a source");
    let error = world.update_with(&Never).expect_err("it breaks off");
    assert_eq!(error.code(), ErrorCode::UpdateUnavailable, "{error}");
    assert!(error.code().retryable());
    assert_eq!(world.version(), 1);

    let whole = Server::start(world.out(), "", None);
    world
        .updater()
        .set_source(&whole.address, None)
        .expect("a source");
    let plan = world.check().expect("a plan");
    assert!(
        plan.fetch_bytes() <= half as u64,
        "what is there is not counted"
    );
    world.update().expect("an update");
    assert_eq!(world.version(), 2);
    let resumed = whole.asked();
    assert!(
        resumed
            .iter()
            .any(|path| path.ends_with(&format!(" {half}"))),
        "{resumed:?}"
    );
}

#[test]
fn a_user_who_stops_it_keeps_what_was_fetched() {
    let world = World::with_update();
    let plan = world.check().expect("a plan");
    let stopped = world.updater().apply(&plan, &Never, false, &mut |_| false);
    assert!(matches!(stopped, Err(UpdateError::Stopped)));
    world.update().expect("an update");
    assert_eq!(world.version(), 2);
}

#[test]
fn a_broken_model_is_refused_and_not_tried_again_by_itself() {
    let world = World::with_update();
    let broken = Says(Verdict::Broken("wrong tokens".to_owned()));
    let error = world.update_with(&broken).expect_err("a broken model");
    assert_eq!(error.code(), ErrorCode::UpdateFailed);
    assert!(
        error.to_string().contains("version 1 stays in use"),
        "{error}"
    );
    world.is_untouched(1);
    let again = world.update_with(&Never).expect_err("refused before");
    assert!(
        matches!(again, UpdateError::RefusedBefore { .. }),
        "{again}"
    );
    let plan = world.check().expect("a plan");
    let good = Says(Verdict::Good);
    world
        .updater()
        .apply(&plan, &good, true, &mut |_| true)
        .expect("with --retry");
    assert_eq!(world.version(), 2);
}

#[test]
fn a_model_that_could_not_be_tried_is_kept_and_tried_later() {
    let world = World::with_update();
    let nobody = Says(Verdict::Unknown("ONNX Runtime is missing".to_owned()));
    let error = world.update_with(&nobody).expect_err("nobody to ask");
    assert!(matches!(error, UpdateError::Untried { .. }), "{error}");
    assert_eq!(world.version(), 1);
    let plan = world.check().expect("a plan");
    assert_eq!(plan.fetch_bytes(), 0);
    world.update().expect("an update");
    assert_eq!(world.version(), 2);
}

#[test]
fn going_back_is_one_step_and_stays() {
    let world = World::with_update();
    world.update().expect("version 2");
    world.release(&[3]);
    world.update().expect("version 3");
    assert_eq!(
        world.updater().roll_back(SHIPPED_MODEL).expect("back"),
        Some(2)
    );
    assert_eq!(world.version(), 2);
    let error = world.update_with(&Never).expect_err("not by itself");
    assert!(
        error.to_string().contains("you went back from it"),
        "{error}"
    );
    assert_eq!(
        world.updater().roll_back(SHIPPED_MODEL).expect("back"),
        None
    );
    assert_eq!(world.version(), 1);
    let error = world
        .updater()
        .roll_back(SHIPPED_MODEL)
        .expect_err("no further");
    assert!(matches!(error, UpdateError::NoPrevious(_)));
}

#[test]
fn a_damaged_update_gives_way_to_the_version_before() {
    let world = World::with_update();
    world.update().expect("version 2");
    world.release(&[3]);
    world.update().expect("version 3");
    let pack = world.store().resolve(None).expect("a model");
    assert_eq!(pack.manifest().version, 3);
    let stand_ins = world.store().stand_ins(&pack);
    let versions: Vec<u32> = stand_ins
        .iter()
        .map(|pack| pack.manifest().version)
        .collect();
    assert_eq!(versions, [2, 1]);
    fs::write(pack.dir().join("manifest.json"), "{}").expect("written");
    assert_eq!(world.version(), 2);
}

#[test]
fn a_pack_for_the_browser_waits_for_its_word() {
    let world = World::new();
    let dir = world.path("packs/browser");
    make_pack(&dir, "sotto-nano", 4, |manifest| {
        manifest.runtime = Runtime::Burn;
        manifest.graphs.clear();
        manifest.quantization = Quantization::Int8;
        manifest.blobs.retain(|blob| blob.role != BlobRole::Graph);
        for blob in &mut manifest.blobs {
            if blob.role == BlobRole::Data {
                blob.role = BlobRole::Weights;
                blob.name = None;
            }
        }
    });
    let options = Options {
        packs: vec![dir],
        ..world.options(&[])
    };
    world.release_with(&options);
    world.set_source();
    let names = ["sotto-nano".to_owned()];
    let updater = world.updater();
    let plan = updater.check(&names).expect("a plan");
    let outcome = updater
        .apply(&plan, &Never, false, &mut |_: Progress| true)
        .expect("fetched");
    assert_eq!(outcome.candidates, [("sotto-nano".to_owned(), 4)]);
    let candidate = || UpdateState::load(&world.paths()).packs["sotto-nano"].candidate;
    let held: Held = candidate().expect("a candidate");
    assert!(updater.check(&names).expect("a check").packs.is_empty());
    assert_eq!(world.version(), 1, "the host's own model is another");
    updater.confirm("sotto-nano", held).expect("confirmed");
    assert_eq!(candidate(), None);
    assert!(updater.confirm("sotto-nano", held).is_err());
    let state = UpdateState::load(&world.paths());
    assert_eq!(state.packs["sotto-nano"].active, Some(held));
    // The host does not take it for one of its own.
    assert!(
        world
            .store()
            .list()
            .iter()
            .all(|listed| listed.pack.is_ok())
    );
}

#[test]
fn two_updates_at_once_are_one_too_many() {
    let world = World::with_update();
    let plan = world.check().expect("a plan");
    let busy = std::cell::Cell::new(false);
    struct AndAnother<'a>(&'a World, &'a std::cell::Cell<bool>);
    impl sotto_host::update::Prove for AndAnother<'_> {
        fn prove(&self, _: &std::path::Path, _: u64) -> Verdict {
            let error = self.0.check().expect_err("somebody is at it");
            self.1.set(error.code() == ErrorCode::Overloaded);
            // The one in use still is.
            assert_eq!(self.0.version(), 1);
            Verdict::Good
        }
    }
    world
        .updater()
        .apply(&plan, &AndAnother(&world, &busy), false, &mut |_| true)
        .expect("an update");
    assert!(busy.get());
}

#[test]
fn the_program_asks_before_it_fetches() {
    let world = World::with_update();
    let checked = world.run(&["update", "--check"], &[]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    let said = text(&checked.stdout);
    assert!(
        said.contains("sotto-nano-onnx version 2 (version 1 is here)"),
        "{said}"
    );
    assert!(said.contains("to fetch"), "{said}");
    let asked = world.run(&["update"], &[]);
    assert_eq!(asked.status.code(), Some(1));
    assert!(
        text(&asked.stderr).contains("--yes (badRequest)"),
        "{}",
        text(&asked.stderr)
    );
    world.is_untouched(1);
    let done = world.run(&["update", "--yes"], &[("SOTTO_TEST_TRIAL", "good")]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(world.version(), 2);
    let shown = text(&world.run(&["update", "show"], &[]).stdout);
    assert!(shown.contains("version 2: in use"), "{shown}");
    let back = world.run(&["update", "rollback", SHIPPED_MODEL], &[]);
    assert!(back.status.success(), "{}", text(&back.stderr));
    assert_eq!(world.version(), 1);
}

#[test]
fn without_a_source_nothing_happens() {
    let world = World::new();
    let run = world.run(&["update"], &[]);
    assert!(
        text(&run.stderr).contains("(updateNotConfigured)"),
        "{}",
        text(&run.stderr)
    );
    let source = world.out().to_string_lossy().into_owned();
    let run = world.run(&["update", "source", &source], &[]);
    assert!(
        text(&run.stderr).contains("no root of trust"),
        "{}",
        text(&run.stderr)
    );
}
