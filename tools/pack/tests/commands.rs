//! The real program on the tiny model of the fixtures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run(arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sotto-pack"));
    for argument in arguments {
        command.arg(argument);
    }
    command.output().expect("the program starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn make(blobs: &Path, out: &Path) -> Output {
    let key = root().join("tools/pack/dev-signing-key.hex");
    run(&[
        &"make",
        &"--blobs",
        &blobs,
        &"--name",
        &"tiny",
        &"--version",
        &"2",
        &"--out",
        &out,
        &"--key",
        &key,
    ])
}

/// A good pack in a folder of its own.
fn pack() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("pack");
    let made = make(&root().join("tests/fixtures/tiny-llama"), &out);
    assert!(made.status.success(), "{}", stderr(&made));
    (folder, out)
}

fn blob(pack: &Path, role: &str) -> PathBuf {
    let json = fs::read(pack.join("manifest.json")).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let blobs = manifest["blobs"].as_array().expect("blobs");
    let blob = blobs
        .iter()
        .find(|blob| blob["role"] == role)
        .expect("the role");
    pack.join("blobs")
        .join(blob["sha256"].as_str().expect("a sum"))
}

#[track_caller]
fn refused(pack: &Path, reason: &str) {
    let verified = run(&[&"verify", &pack]);
    assert_eq!(verified.status.code(), Some(1));
    assert!(stderr(&verified).contains(reason), "{}", stderr(&verified));
}

#[test]
fn a_pack_is_made_verified_and_made_again_the_same() {
    let (folder, pack) = pack();
    let verified = run(&[&"verify", &pack]);
    assert!(verified.status.success(), "{}", stderr(&verified));
    let again = folder.path().join("again");
    for _ in 0..2 {
        assert!(
            make(&root().join("tests/fixtures/tiny-llama"), &again)
                .status
                .success(),
            "also over an older pack"
        );
        for name in ["manifest.json", "manifest.sig"] {
            assert_eq!(
                fs::read(pack.join(name)).expect("read"),
                fs::read(again.join(name)).expect("read"),
                "{name}"
            );
        }
    }
    assert_eq!(
        fs::read_dir(folder.path()).expect("listed").count(),
        2,
        "nothing half-made is left"
    );
}

#[test]
fn an_altered_pack_is_refused_with_the_reason() {
    let (_folder, pack) = pack();
    let weights = blob(&pack, "weights");
    let good = fs::read(&weights).expect("read");
    let mut flipped = good.clone();
    *flipped.last_mut().expect("not empty") ^= 1;
    fs::write(&weights, &flipped).expect("written");
    refused(&pack, "weights was altered");
    fs::write(&weights, &good[..good.len() - 1]).expect("written");
    refused(&pack, "bytes instead of");
    fs::remove_file(&weights).expect("removed");
    refused(&pack, "no weights");
    fs::write(&weights, &good).expect("written");

    let stray = pack.join("blobs/notes.txt");
    fs::write(&stray, "x").expect("written");
    refused(&pack, "does not belong");
    fs::remove_file(&stray).expect("removed");

    let manifest = pack.join("manifest.json");
    let json = fs::read_to_string(&manifest).expect("read");
    fs::write(&manifest, json.replace("\"version\": 2", "\"version\": 3")).expect("written");
    refused(&pack, "not signed");
    fs::write(&manifest, &json).expect("written");
    fs::write(pack.join("manifest.sig"), [0; 63]).expect("written");
    refused(&pack, "not signed");
}

#[test]
fn another_key_is_not_trusted() {
    let folder = TempDir::new().expect("a folder");
    let key = folder.path().join("key");
    let made = run(&[&"keygen", &"--out", &key]);
    assert!(
        made.status.success() && String::from_utf8_lossy(&made.stdout).contains("PublicKey([0x")
    );
    assert_eq!(
        run(&[&"keygen", &"--out", &key]).status.code(),
        Some(1),
        "a key is never overwritten"
    );
    let (blobs, out) = (
        root().join("tests/fixtures/tiny-llama"),
        folder.path().join("pack"),
    );
    let made = run(&[
        &"make",
        &"--blobs",
        &blobs,
        &"--name",
        &"tiny",
        &"--version",
        &"1",
        &"--out",
        &out,
        &"--key",
        &key,
    ]);
    assert!(made.status.success(), "{}", stderr(&made));
    refused(&out, "not signed");
}

#[test]
fn bad_input_writes_nothing() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("pack");
    let blobs = folder.path().join("blobs");
    assert!(
        stderr(&make(&blobs, &out)).contains("config.json"),
        "the missing file is named"
    );
    fs::create_dir(&blobs).expect("made");
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(
            root().join("tests/fixtures/tiny-llama").join(name),
            blobs.join(name),
        )
        .expect("copied");
    }
    fs::write(
        blobs.join("model.safetensors"),
        b"\x08\0\0\0\0\0\0\0{}      ",
    )
    .expect("written");
    let made = make(&blobs, &out);
    assert_eq!(made.status.code(), Some(1));
    assert!(
        stderr(&made).contains("cannot be loaded"),
        "{}",
        stderr(&made)
    );
    assert!(!out.exists());

    fs::create_dir(&out).expect("made");
    fs::write(out.join("thesis.txt"), "years of work").expect("written");
    let made = make(&root().join("tests/fixtures/tiny-llama"), &out);
    assert!(stderr(&made).contains("no pack"), "{}", stderr(&made));
    assert!(out.join("thesis.txt").exists());
}

#[test]
fn wrong_usage_has_its_own_status() {
    for arguments in [
        &[][..],
        &[&"sign" as &dyn AsRef<std::ffi::OsStr>],
        &[&"verify"],
        &[&"make", &"--blobs"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("usage:"));
    }
    assert!(run(&[&"--help"]).status.success());
}

/// A folder as the ONNX export leaves it.
fn onnx_export(folder: &Path) -> PathBuf {
    let export = folder.join("export");
    fs::create_dir(&export).expect("made");
    for name in ["config.json", "tokenizer.json"] {
        fs::copy(
            root().join("tests/fixtures/tiny-llama").join(name),
            export.join(name),
        )
        .expect("copied");
    }
    for (name, text) in [
        ("cpu-int4.onnx", "graph"),
        ("npu-1.onnx", "static graph"),
        ("model.data", "weights"),
        ("cpu-f32.onnx", "not for the pack"),
        (
            "pack.json",
            r#"{
              "madeBy": "a test",
              "graphs": [
                {"name": "cpu-int4.onnx", "shape": "gqa", "precision": "int4", "tokens": 0, "device": "cpu", "data": ["model.data"]},
                {"name": "npu-1.onnx", "shape": "static", "precision": "int8", "tokens": 1, "device": "npu", "data": ["model.data"]}
              ],
              "knownAnswer": {"promptIds": [0, 5], "greedyIds": [7]},
              "parameters": 1000
            }"#,
        ),
    ] {
        fs::write(export.join(name), text).expect("written");
    }
    export
}

fn make_onnx(export: &Path, out: &Path) -> Output {
    let key = root().join("tools/pack/dev-signing-key.hex");
    run(&[
        &"make",
        &"--runtime",
        &"onnx",
        &"--blobs",
        &export,
        &"--name",
        &"tiny-onnx",
        &"--version",
        &"1",
        &"--out",
        &out,
        &"--key",
        &key,
    ])
}

#[test]
fn an_onnx_pack_is_made_and_verified() {
    let folder = TempDir::new().expect("a folder");
    let (export, out) = (onnx_export(folder.path()), folder.path().join("pack"));
    let made = make_onnx(&export, &out);
    assert!(made.status.success(), "{}", stderr(&made));
    let verified = run(&[&"verify", &out]);
    assert!(verified.status.success(), "{}", stderr(&verified));
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("manifest.json")).expect("read")).expect("JSON");
    assert_eq!(manifest["runtime"], "onnx");
    assert_eq!(manifest["quantization"], "int4");
    assert_eq!(manifest["blobs"].as_array().expect("blobs").len(), 5);

    let data = blob(&out, "data");
    fs::write(&data, "Weights").expect("written");
    refused(&out, "data was altered");
    fs::remove_file(&data).expect("removed");
    refused(&out, "no data");
}

#[test]
fn an_onnx_export_that_does_not_fit_its_description_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let (export, out) = (onnx_export(folder.path()), folder.path().join("pack"));
    let refused = |reason: &str| {
        let made = make_onnx(&export, &out);
        assert_eq!(made.status.code(), Some(1), "{reason}");
        assert!(stderr(&made).contains(reason), "{}", stderr(&made));
        assert!(!out.exists());
    };
    let description = fs::read_to_string(export.join("pack.json")).expect("read");
    let write = |text: &str| fs::write(export.join("pack.json"), text).expect("written");
    write(&description.replace("[0, 5]", "[]").replace("[7]", "[]"));
    refused("known answer");
    write(&description.replace("\"name\": \"npu-1.onnx\"", "\"name\": \"../npu-1.onnx\""));
    refused("not a name");
    write(&description.replace("npu-1.onnx", "npu-2.onnx"));
    refused("npu-2.onnx");
    write(&description.replace("\"tokens\": 1", "\"tokens\": 0"));
    refused("invalid `graphs`");
    write("{");
    refused("pack.json");
}
