//! Training in the real process, on the tiny model of the fixtures.

use std::fs;
use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};
use sotto_core::pack::{
    Assist, Blob, BlobRole, FORMAT, KnownAnswer, Manifest, Quantization, Runtime, sha256,
    signed_bytes,
};
use sotto_core::suggestion::SuggestionSettings;
use sotto_host::personal::PersonalError;
use sotto_host::personal::training::{ChildCommand, Outcome, Plan, train};
use sotto_lm::Factors;
use zeroize::Zeroizing;

/// Puts the fixture into a pack, signed with the development key, whose seed is public.
fn make_pack(folder: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let fixture = root.join("tests/fixtures/tiny-llama");
    let blobs = folder.join("blobs");
    fs::create_dir_all(&blobs).expect("it works");
    let files = [
        (BlobRole::Config, "config.json"),
        (BlobRole::Tokenizer, "tokenizer.json"),
        (BlobRole::Weights, "model.safetensors"),
    ];
    let blob = |(role, file): (BlobRole, &str)| {
        let bytes = fs::read(fixture.join(file)).expect("it works");
        let sum = sha256(&bytes);
        fs::write(blobs.join(sum.to_string()), &bytes).expect("it works");
        Blob {
            role,
            name: None,
            sha256: sum,
            bytes: bytes.len() as u32,
        }
    };
    let manifest = Manifest {
        format: FORMAT,
        name: "tiny".into(),
        version: 1,
        license: "CC0-1.0".into(),
        architecture: "llama".into(),
        runtime: Runtime::Burn,
        quantization: Quantization::None,
        parameters: 1,
        context_tokens: 128,
        blobs: files.map(blob).to_vec(),
        graphs: vec![],
        assist: Assist::default(),
        known_answer: KnownAnswer {
            prompt_ids: vec![0],
            greedy_ids: vec![0],
        },
        suggestion: SuggestionSettings::default(),
    };
    let json = serde_json::to_vec(&manifest).expect("it works");
    let file = fs::read_to_string(root.join("tools/pack/dev-signing-key.hex")).expect("it works");
    let seed = file
        .lines()
        .find(|line| !line.starts_with('#'))
        .expect("it works");
    let digits = seed.trim().as_bytes();
    let byte = |at: usize| {
        let pair = std::str::from_utf8(&digits[2 * at..2 * at + 2]).expect("it works");
        u8::from_str_radix(pair, 16).expect("it works")
    };
    let key = SigningKey::from_bytes(&std::array::from_fn(byte));
    let signature = key.sign(&signed_bytes(&json)).to_bytes();
    fs::write(folder.join("manifest.json"), json).expect("it works");
    fs::write(folder.join("manifest.sig"), signature).expect("it works");
}

fn command(pack: &Path) -> ChildCommand {
    ChildCommand {
        program: env!("CARGO_BIN_EXE_sotto-host").into(),
        arguments: ["trainer", "--memory-limit-mib", "2048", "--pack"]
            .map(str::to_owned)
            .into_iter()
            .chain([pack.to_string_lossy().into_owned()])
            .collect(),
    }
}

fn texts() -> Vec<String> {
    let text =
        |at: usize| format!("The lamp in room {at} is green and the door is open. ").repeat(3);
    (0..30).map(text).collect()
}

fn plan(state: Option<Vec<u8>>) -> Plan {
    Plan::new(texts(), None, state.map(Zeroizing::new)).expect("it works")
}

#[test]
fn an_adapter_is_trained_in_slices_and_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().expect("it works");
    make_pack(folder.path());
    let command = command(folder.path());
    let stopped = train(&command, plan(None), |report| report.step < 3).expect("it works");
    let Outcome::Unfinished(state) = stopped else {
        panic!("it was told to stop")
    };
    let mut seen = Vec::new();
    let outcome = train(&command, plan(Some(state)), |report| {
        seen.push(report.step);
        true
    });
    assert_eq!(seen[0], 3);
    let Outcome::Done {
        before,
        after,
        adapter,
        epsilon,
    } = outcome.expect("it works")
    else {
        panic!("nobody stopped it")
    };
    assert!(after < before, "{before} {after}");
    assert_eq!(epsilon, None);
    Factors::from_bytes(&adapter.expect("it works")).unwrap();
}

#[test]
fn with_privacy_the_epsilon_is_what_was_asked_for() {
    let folder = tempfile::tempdir().expect("it works");
    make_pack(folder.path());
    let plan = Plan::new(texts(), Some(8.0), None).expect("it works");
    let outcome = train(&command(folder.path()), plan, |_| true).expect("it works");
    let Outcome::Done { epsilon, .. } = outcome else {
        panic!("nobody stopped it")
    };
    let epsilon = epsilon.expect("it works");
    assert!((7.5..=8.0).contains(&epsilon), "{epsilon}");
}

#[test]
fn a_pack_that_was_changed_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("it works");
    make_pack(folder.path());
    fs::write(folder.path().join("manifest.json"), b"{}").expect("it works");
    let outcome = train(&command(folder.path()), plan(None), |_| true);
    let Err(PersonalError::Worker { why }) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(why.contains("pack"), "{why}");
}
