//! A real model in a real worker: its known answer decides. Skipped where ONNX Runtime is not there.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use sotto_core::pack::Manifest;
use sotto_host::models::SHIPPED_MODEL;
use sotto_release::Options;

use super::common::{Installation, copy_folder, summarize};
use super::support::{World, development_key, sign_pack, text};

/// A device with the fixtures' model, and a source.
struct Device {
    installation: Installation,
    world: World,
}

impl Device {
    fn new() -> Option<Self> {
        let installation = Installation::complete()?;
        installation.use_tiny_model();
        let world = World::new();
        Some(Self {
            installation,
            world,
        })
    }

    /// Releases the model in use with another version and these changes.
    fn release(&self, version: u32, edit: impl FnOnce(&mut Manifest)) {
        let shipped = self
            .installation
            .program_folder()
            .join("models")
            .join(SHIPPED_MODEL);
        let dir: PathBuf = self.world.path(&format!("real-{version}"));
        copy_folder(&shipped, &dir).expect("copied");
        let json = fs::read(dir.join("manifest.json")).expect("a manifest");
        let mut manifest: Manifest = serde_json::from_slice(&json).expect("a manifest");
        manifest.version = version;
        edit(&mut manifest);
        sign_pack(&dir, &manifest, &development_key());
        self.world.release_with(&Options {
            packs: vec![dir],
            from: vec![],
            ..self.world.options(&[])
        });
    }

    /// What the program says, and on which exit status.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(self.installation.program())
            .args(arguments)
            .env("SOTTO_HOME", self.installation.home())
            .stdin(Stdio::null())
            .output()
            .expect("it starts");
        let said = text(&output.stdout) + &text(&output.stderr);
        (output.status.success(), said)
    }

    fn set_source(&self) {
        let (source, root) = (self.world.out(), self.world.metadata("1.root.json"));
        let (source, root) = (source.to_string_lossy(), root.to_string_lossy());
        let (is_done, said) = self.run(&["update", "source", &source, "--root", &root]);
        assert!(is_done, "{said}");
    }

    fn list(&self) -> String {
        self.run(&["model", "list"]).1
    }
}

const TEXT: &str = "The harbour opened in 1900. It was rebuilt twice. Ships call every day.";

#[test]
fn the_running_model_serves_until_the_new_one_has_proved_itself() {
    let Some(device) = Device::new() else { return };
    let mut host = device.installation.connect();
    host.send(&summarize(2, TEXT));
    assert!(host.answer(2).1.is_ok());
    device.release(2, |_| ());
    device.set_source();
    let (is_done, said) = device.run(&["update", "--yes"]);
    assert!(is_done, "{said}");
    assert!(said.contains("version 2 gave its known answer"), "{said}");
    let listed = device.list();
    assert!(
        listed.contains("sotto-nano-onnx version 2 (updated)"),
        "{listed}"
    );
    // The one that was running goes on, and a new one takes the new version.
    host.send(&summarize(3, TEXT));
    assert!(host.answer(3).1.is_ok());
    let mut fresh = device.installation.connect();
    fresh.send(&summarize(2, TEXT));
    let engine = fresh.answer(2).1.expect("an answer").engine;
    assert!(
        !engine.reason.contains("cannot be used"),
        "{}",
        engine.reason
    );

    // The new one is damaged later: the one before answers, and says so.
    let blobs = device
        .installation
        .home()
        .join("updates/installed/sotto-nano-onnx-2/blobs");
    for entry in fs::read_dir(blobs).expect("blobs").flatten() {
        let bytes = vec![0; fs::metadata(entry.path()).expect("a blob").len() as usize];
        // Not through the link that it may be.
        fs::remove_file(entry.path()).expect("removed");
        fs::write(entry.path(), bytes).expect("written");
    }
    let mut fresh = device.installation.connect();
    fresh.send(&summarize(2, TEXT));
    let engine = fresh.answer(2).1.expect("an answer").engine;
    assert!(
        engine.reason.contains("version 2 cannot be used")
            && engine.reason.contains("version 1 answers"),
        "{}",
        engine.reason
    );
}

#[test]
fn a_model_with_another_answer_is_refused() {
    let Some(device) = Device::new() else { return };
    device.release(2, |manifest| manifest.known_answer.greedy_ids.reverse());
    device.set_source();
    let (is_done, said) = device.run(&["update", "--yes"]);
    assert!(!is_done);
    assert!(
        said.contains("did not pass its known-answer test (wrong tokens")
            && said.contains("version 1 stays in use (updateFailed)"),
        "{said}"
    );
    assert!(!device.list().contains("version 2"));
    // One that is right is taken after it.
    device.release(3, |_| ());
    let (is_done, said) = device.run(&["update", "--yes"]);
    assert!(is_done, "{said}");
    assert!(device.list().contains("version 3 (updated)"));
}
