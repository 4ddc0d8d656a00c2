//! Real plugins of vendors in the real host. `scripts/check placement` fetches them; without one its tests are skipped.
//!
//! - Intel's OpenVINO on the processor, and under a name that makes it show NPUs that are not there.
//! - Qualcomm's QNN with the emulator of its NPU.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod common;

use std::fs;
use std::path::PathBuf;

use common::{Host, Installation, chat};
use sotto_core::protocol::*;

/// A vendor's plugin, as its wheel has it.
struct Plugin {
    /// Folders in `.cache/providers`; the first one holds the library.
    folders: &'static [&'static str],
    library: &'static str,
    /// Name of the execution provider.
    provider: &'static str,
}

const OPENVINO: Plugin = Plugin {
    folders: &["onnxruntime_ep_openvino"],
    library: "libonnxruntime_providers_openvino_plugin.so",
    provider: "OpenVINOExecutionProvider",
};

const QNN: Plugin = Plugin {
    folders: &["onnxruntime_qnn", "onnxruntime_qnn.libs"],
    library: "libonnxruntime_providers_qnn.so",
    provider: "QNNExecutionProvider",
};

/// A host to which a plugin was added.
struct WithPlugin {
    installation: Installation,
    library: PathBuf,
}

impl Plugin {
    /// A host with a copy of the plugin, which nobody else changes. `registered`: the name to add it under.
    fn installed(&self, registered: &str, more: &[&str]) -> Option<WithPlugin> {
        let cache = common::root().join(".cache/providers");
        if !cache.join(self.folders[0]).join(self.library).is_file() {
            eprintln!(
                "skipped: no {} here (scripts/check placement fetches it)",
                self.provider
            );
            return None;
        }
        let installation = Installation::complete()?;
        let plugins = installation.program_folder().join("plugins");
        for folder in self.folders {
            common::copy_folder(&cache.join(folder), &plugins.join(folder)).expect("a copy");
        }
        let library = plugins.join(self.folders[0]).join(self.library);
        let path = library.to_str().expect("a path").to_owned();
        let mut arguments = vec!["provider", "add", &path, "--name", registered, "--yes"];
        arguments.extend(more);
        installation.command(&arguments);
        Some(WithPlugin {
            installation,
            library,
        })
    }

    /// A host that shall run on the plugin's first device, whatever it calls itself.
    fn asked_for(&self, options: &[(&str, &str)]) -> Option<WithPlugin> {
        // Seen on AMD's: the plugin loads, and offers no device.
        if self.provider.contains("OpenVINO") && !is_of_intel() {
            eprintln!(
                "skipped: OpenVINO's plugin offers no device on a processor that is not Intel's"
            );
            return None;
        }
        let options: Vec<String> = options
            .iter()
            .map(|(key, value)| format!("--option={key}={value}"))
            .collect();
        let mut more: Vec<&str> = options.iter().map(String::as_str).collect();
        more.push("--any-device");
        let with = self.installed(self.provider, &more)?;
        let settings = with.installation.home().join("settings.json");
        fs::write(settings, r#"{"device": "npu0"}"#).expect("written");
        Some(with)
    }

    /// Answers come from the plugin's device: right ones, and with every operator there.
    fn assert_it_answers(&self, with: &WithPlugin) {
        let mut host = with.installation.connect();
        host.send(&chat(2, "What is a harbour?"));
        host.first_delta(2);
        let engine = status(&mut host);
        assert!(engine.device.contains(self.provider), "{engine:?}");
        let reason = &engine.reason;
        let everything = format!("operators run on {}.", self.provider);
        assert!(
            reason.contains("All ") && reason.ends_with(&everything),
            "{reason}"
        );
        assert!(reason.contains("passed the known-answer test"), "{reason}");
        let sandbox = "no network and no programs, limited files, limited memory";
        assert_eq!(engine.sandbox, sandbox);
        assert!(!with.installation.home().join("quarantine.json").exists());
    }
}

fn is_of_intel() -> bool {
    fs::read_to_string("/proc/cpuinfo").is_ok_and(|cpus| cpus.contains("GenuineIntel"))
}

impl WithPlugin {
    /// Why the model runs where it runs, in a host that is started for it and ended again.
    fn reason(&self) -> String {
        let mut host = self.installation.connect();
        host.send(&chat(2, "What is a harbour?"));
        host.first_delta(2);
        let reason = status(&mut host).reason;
        host.hang_up();
        assert!(host.ended_well());
        reason
    }

    fn compiled(&self) -> Vec<PathBuf> {
        let folder = self.installation.home().join("compiled");
        let entries = fs::read_dir(folder).expect("a folder");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
        paths.sort();
        paths
    }

    /// What is compiled is kept, and only what is as it was is taken back. With a tiny model: it is started nine times.
    fn assert_it_keeps_what_it_compiled(&self) {
        #[track_caller]
        fn assert_told(reason: &str, what: &str) {
            assert!(reason.contains(what), "{reason}");
            assert!(reason.contains("passed the known-answer test"), "{reason}");
            assert!(reason.contains("All "), "{reason}");
        }
        self.installation.use_tiny_model();
        assert_told(&self.reason(), "compiled: none was kept");
        assert_eq!(self.compiled().len(), 4, "{:?}", self.compiled());
        assert_told(&self.reason(), "its compiled graphs were kept");
        for path in self.compiled() {
            let bytes = fs::read(&path).expect("a file");
            let mut changed = bytes.clone();
            changed[bytes.len() / 2] ^= 1;
            fs::write(&path, changed).expect("written");
            let is_graph = path.extension().is_some_and(|end| end == "onnx");
            let why = if is_graph {
                "changed or damaged"
            } else {
                "not signed"
            };
            assert_told(&self.reason(), why);
        }
        assert_told(&self.reason(), "its compiled graphs were kept");
        fs::write(self.library.with_file_name("new.txt"), "a newer version").expect("written");
        let list = self.installation.home().join("providers.json");
        let added: serde_json::Value =
            serde_json::from_slice(&fs::read(&list).expect("a list")).expect("JSON");
        let options = added[0]["options"].as_object().expect("options");
        let options = options
            .iter()
            .map(|(key, value)| format!("--option={key}={}", value.as_str().expect("text")));
        let name = added[0]["name"].as_str().expect("a name");
        let path = self.library.to_str().expect("a path");
        let options: Vec<String> = options.collect();
        let mut again = vec![
            "provider",
            "add",
            path,
            "--name",
            name,
            "--yes",
            "--any-device",
        ];
        again.extend(options.iter().map(String::as_str));
        self.installation.command(&again);
        assert_told(&self.reason(), "another version of the provider");
        assert_told(&self.reason(), "its compiled graphs were kept");
    }
}

fn status(host: &mut Host) -> HostStatus {
    host.send(&HostRequest::Status { id: 3 });
    loop {
        if let HostEvent::Status { id: 3, status } = host.next() {
            return status;
        }
    }
}

fn answered(host: &mut Host) -> AnswerInfo {
    host.send(&chat(2, "What is a harbour?"));
    host.answer(2).1.expect("an answer")
}

#[test]
fn openvino_on_the_processor_runs_every_operator() {
    if let Some(with) = OPENVINO.asked_for(&[]) {
        OPENVINO.assert_it_answers(&with);
    }
}

#[test]
fn the_emulator_of_qualcomms_npu_runs_every_operator() {
    // 60: SC8380XP, the Snapdragon X of laptops.
    let backend = "libQnnHtp.so";
    if let Some(with) = QNN.asked_for(&[("backend_path", backend), ("soc_model", "60")]) {
        QNN.assert_it_answers(&with);
    }
}

#[test]
fn what_openvino_compiled_is_kept_and_authenticated() {
    if let Some(with) = OPENVINO.asked_for(&[]) {
        with.assert_it_keeps_what_it_compiled();
    }
}

#[test]
fn what_the_emulator_compiled_is_kept_and_authenticated() {
    let backend = "libQnnHtp.so";
    if let Some(with) = QNN.asked_for(&[("backend_path", backend), ("soc_model", "60")]) {
        with.assert_it_keeps_what_it_compiled();
    }
}

#[test]
fn an_npu_that_cannot_compile_gives_way_to_the_cpu_and_the_reason_is_told() {
    let Some(with) = OPENVINO.installed("openvino.virtual", &[]) else {
        return;
    };
    let answer = answered(&mut with.installation.connect());
    assert_eq!(answer.engine.device, "CPU");
    let reason = answer.engine.reason;
    assert!(
        reason.contains("Intel NPU") && reason.contains("compiling"),
        "{reason}"
    );
    // Nothing crashed, so nothing is quarantined.
    assert!(!with.installation.home().join("quarantine.json").exists());
}

#[test]
fn a_plugin_that_changed_is_not_loaded() {
    let Some(with) = OPENVINO.installed("openvino.virtual", &[]) else {
        return;
    };
    fs::write(with.library.with_file_name("cache.json"), b"changed").expect("written");
    let answer = answered(&mut with.installation.connect());
    assert_eq!(answer.engine.device, "CPU");
    let reason = answer.engine.reason;
    assert!(reason.contains("is not the one that was added"), "{reason}");
    assert!(!reason.contains("Intel NPU"), "{reason}");
}
