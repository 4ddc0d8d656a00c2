//! A real plugin of a vendor in the real host: Intel's OpenVINO, whose virtual devices say that they are NPUs and cannot
//! compile anything. `scripts/check placement` fetches it; without it these tests are skipped.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod common;

use std::fs;
use std::path::PathBuf;

use common::{Host, Installation, chat};
use sotto_core::protocol::*;

const LIBRARY: &str = "libonnxruntime_providers_openvino_plugin.so";

fn plugin() -> Option<PathBuf> {
    let folder = common::root().join(".cache/providers/onnxruntime_ep_openvino");
    let is_there = folder.join(LIBRARY).is_file();
    if !is_there {
        eprintln!("skipped: no OpenVINO plugin (scripts/check placement fetches it)");
    }
    is_there.then_some(folder)
}

/// A host with a copy of the plugin, which nobody else changes.
fn installed(name: &str) -> Option<(Installation, PathBuf)> {
    let from = plugin()?;
    let installation = Installation::complete()?;
    let folder = installation.program_folder().join("plugin");
    common::copy_folder(&from, &folder).expect("a copy");
    let library = folder.join(LIBRARY);
    let path = library.to_str().expect("a path").to_owned();
    installation.command(&["provider", "add", &path, "--name", name, "--yes"]);
    Some((installation, library))
}

fn answered(host: &mut Host) -> AnswerInfo {
    host.send(&chat(2, "What is a harbour?"));
    host.answer(2).1.expect("an answer")
}

#[test]
fn an_npu_that_cannot_compile_gives_way_to_the_cpu_and_the_reason_is_told() {
    let Some((installation, _)) = installed("openvino.virtual") else {
        return;
    };
    let answer = answered(&mut installation.connect());
    assert_eq!(answer.engine.device, "CPU");
    let reason = answer.engine.reason;
    assert!(
        reason.contains("Intel NPU") && reason.contains("compiling"),
        "{reason}"
    );
    // Nothing crashed, so nothing is quarantined.
    assert!(!installation.home().join("quarantine.json").exists());
}

#[test]
fn a_plugin_that_changed_is_not_loaded() {
    let Some((installation, library)) = installed("openvino.virtual") else {
        return;
    };
    fs::write(library.with_file_name("cache.json"), b"changed").expect("written");
    let answer = answered(&mut installation.connect());
    assert_eq!(answer.engine.device, "CPU");
    let reason = answer.engine.reason;
    assert!(reason.contains("is not the one that was added"), "{reason}");
    assert!(!reason.contains("Intel NPU"), "{reason}");
}
