mod onnx;

use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;

use super::*;

use crate::protocol::{Coded as _, ErrorCode};

const BLOBS: [(BlobRole, &[u8]); 3] = [
    (BlobRole::Config, b"{}"),
    (BlobRole::Tokenizer, b"tokens"),
    (BlobRole::Weights, b"numbers"),
];

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn trusted() -> [PublicKey; 1] {
    [PublicKey::from_bytes(key().verifying_key().to_bytes())]
}

fn manifest() -> Manifest {
    let blob = |(role, bytes): (BlobRole, &[u8])| Blob {
        role,
        name: None,
        sha256: sha256(bytes),
        bytes: bytes.len() as u32,
    };
    Manifest {
        format: 1,
        name: "sotto-test".into(),
        version: 3,
        license: "CC-BY-SA-4.0".into(),
        architecture: "llama".into(),
        runtime: Runtime::Burn,
        quantization: Quantization::Int8,
        parameters: 12,
        context_tokens: 256,
        blobs: BLOBS.into_iter().map(blob).collect(),
        graphs: Vec::new(),
        assist: Assist::default(),
        known_answer: KnownAnswer {
            prompt_ids: vec![1, 2],
            greedy_ids: vec![3],
        },
        suggestion: Default::default(),
    }
}

fn signed(json: &[u8]) -> [u8; 64] {
    key().sign(&signed_bytes(json)).to_bytes()
}

fn open(json: &[u8]) -> Result<VerifiedManifest, PackError> {
    verify_manifest(json, &signed(json), &trusted(), None)
}

/// The manifest as JSON with one change.
fn changed(change: impl FnOnce(&mut serde_json::Value)) -> Result<VerifiedManifest, PackError> {
    let mut json = serde_json::to_value(manifest()).unwrap();
    change(&mut json);
    open(&serde_json::to_vec(&json).unwrap())
}

#[test]
fn a_good_pack_opens() {
    let json = serde_json::to_vec(&manifest()).unwrap();
    let verified = open(&json).unwrap();
    assert_eq!(verified.manifest(), &manifest());
    let mut set = BlobSet::default();
    for (role, bytes) in BLOBS {
        assert_eq!(set.get(role), Err(PackError::BlobMissing(role)));
        set.insert(verified.verify_blob(role, bytes.to_vec()).unwrap());
        assert_eq!(set.get(role).unwrap().bytes(), bytes);
    }
    assert_eq!(
        set.take(BlobRole::Weights).unwrap().into_bytes(),
        b"numbers"
    );
    assert_eq!(
        set.take(BlobRole::Weights),
        Err(PackError::BlobMissing(BlobRole::Weights))
    );
}

#[test]
fn any_changed_byte_of_the_manifest_or_signature_is_seen() {
    let json = serde_json::to_vec(&manifest()).unwrap();
    let signature = signed(&json);
    for at in 0..json.len() {
        let mut changed = json.clone();
        changed[at] ^= 1;
        let error = verify_manifest(&changed, &signature, &trusted(), None).unwrap_err();
        assert_eq!(error.code(), ErrorCode::PackSignatureInvalid);
    }
    for at in 0..signature.len() {
        let mut changed = signature;
        changed[at] ^= 0x80;
        assert_eq!(
            verify_manifest(&json, &changed, &trusted(), None).unwrap_err(),
            PackError::Signature
        );
    }
    for len in [0, 63, 65, 1000] {
        assert_eq!(
            verify_manifest(&json, &vec![0; len], &trusted(), None).unwrap_err(),
            PackError::Signature
        );
    }
    for keys in [
        &[][..],
        &[PublicKey::from_bytes([0; 32])],
        &[PublicKey::from_bytes([0xFF; 32])],
    ] {
        assert_eq!(
            verify_manifest(&json, &signature, keys, None).unwrap_err(),
            PackError::Signature
        );
    }
}

#[test]
fn a_signature_without_the_context_does_not_count() {
    let json = serde_json::to_vec(&manifest()).unwrap();
    let bare = key().sign(&json).to_bytes();
    assert_eq!(
        verify_manifest(&json, &bare, &trusted(), None).unwrap_err(),
        PackError::Signature
    );
}

#[test]
fn a_changed_blob_is_seen() {
    let verified = open(&serde_json::to_vec(&manifest()).unwrap()).unwrap();
    for (role, bytes) in BLOBS {
        for at in 0..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1;
            assert_eq!(
                verified.verify_blob(role, changed),
                Err(PackError::BlobHash(role))
            );
        }
        for other in [&bytes[1..], &[bytes, b"x"].concat(), b""] {
            let error = verified.verify_blob(role, other.to_vec()).unwrap_err();
            assert_eq!(error.code(), ErrorCode::PackBlobMismatch);
        }
    }
    assert!(
        verified
            .verify_blob(BlobRole::Config, b"tokens".to_vec())
            .is_err(),
        "the right bytes in the wrong role"
    );
}

#[test]
fn an_older_pack_is_a_rollback() {
    let json = serde_json::to_vec(&manifest()).unwrap();
    let open = |minimum| verify_manifest(&json, &signed(&json), &trusted(), Some(minimum));
    assert!(open(2).is_ok() && open(3).is_ok());
    let error = open(4).unwrap_err();
    assert_eq!(
        error,
        PackError::Rollback {
            found: 3,
            minimum: 4
        }
    );
    assert_eq!(error.code(), ErrorCode::PackRollback);
}

#[test]
fn another_format_says_so_whatever_else_it_holds() {
    let error = open(br#"{"format": 2, "shards": []}"#).unwrap_err();
    assert_eq!(error, PackError::FormatUnknown { found: 2 });
}

#[test]
fn unknown_fields_are_ignored_and_suggestion_may_be_absent() {
    let verified = changed(|json| {
        json["later"] = 1.into();
        json.as_object_mut().unwrap().remove("suggestion");
    });
    assert_eq!(verified.unwrap().manifest(), &manifest());
}

#[test]
fn fields_out_of_range_are_named() {
    type Change = fn(&mut serde_json::Value);
    let long = || "a".repeat(200).into();
    let cases: [(&str, Change); 15] = [
        ("name", |json| json["name"] = "".into()),
        ("name", |json| json["name"] = "../up".into()),
        ("name", |json| json["name"] = "a".repeat(65).into()),
        ("version", |json| json["version"] = 0.into()),
        ("license", |json| json["license"] = "".into()),
        ("architecture", |json| {
            json["architecture"] = "ll\nama".into()
        }),
        ("parameters", |json| json["parameters"] = 0.into()),
        ("contextTokens", |json| json["contextTokens"] = 0.into()),
        ("contextTokens", |json| json["contextTokens"] = 8193.into()),
        ("blobs", |json| json["blobs"][2]["bytes"] = 0.into()),
        ("blobs", |json| json["blobs"][2]["bytes"] = u32::MAX.into()),
        ("blobs", |json| json["blobs"][0]["bytes"] = 70_000.into()),
        ("knownAnswer", |json| {
            json["knownAnswer"]["promptIds"] = serde_json::json!([])
        }),
        ("knownAnswer", |json| {
            json["knownAnswer"]["greedyIds"] = vec![1; 65].into()
        }),
        ("suggestion", |json| {
            json["suggestion"] = serde_json::json!({"minProbTotal": 2})
        }),
    ];
    for (field, change) in cases {
        let error = changed(change).unwrap_err();
        assert_eq!(error, PackError::FieldInvalid { field });
        assert_eq!(error.code(), ErrorCode::PackManifestInvalid);
    }
    assert_eq!(
        changed(|json| json["license"] = long()).unwrap_err(),
        PackError::FieldInvalid { field: "license" }
    );
}

#[test]
fn each_role_comes_exactly_once() {
    let error = changed(|json| json["blobs"][1]["role"] = "config".into()).unwrap_err();
    assert_eq!(error, PackError::RoleDuplicate(BlobRole::Config));
    let error = changed(|json| json["blobs"].as_array_mut().unwrap().truncate(2)).unwrap_err();
    assert_eq!(error, PackError::BlobMissing(BlobRole::Weights));
    assert_eq!(error.code(), ErrorCode::PackBlobMissing);
}

#[test]
fn what_is_no_manifest_is_malformed() {
    let too_large = vec![b' '; MAX_MANIFEST_BYTES + 1];
    assert_eq!(
        open(&too_large).unwrap_err(),
        PackError::ManifestTooLarge {
            size_bytes: too_large.len()
        }
    );
    let cases: [fn(&mut serde_json::Value); 6] = [
        |json| json["blobs"][0]["sha256"] = "AB".repeat(32).into(),
        |json| json["blobs"][0]["sha256"] = "é".repeat(32).into(),
        |json| json["blobs"][0]["sha256"] = "00".into(),
        |json| json["blobs"][0]["role"] = "readme".into(),
        |json| json["quantization"] = "int3".into(),
        |json| json["parameters"] = (-1).into(),
    ];
    for change in cases {
        assert!(matches!(
            changed(change),
            Err(PackError::ManifestMalformed { .. })
        ));
    }
    for bytes in [&b""[..], b"{", b"[]", b"\xFF", b"null"] {
        assert!(matches!(
            open(bytes),
            Err(PackError::ManifestMalformed { .. })
        ));
    }
}

#[test]
fn the_development_key_is_the_one_in_the_tools_folder() {
    let file = include_str!("../../../../tools/pack/dev-signing-key.hex");
    let hex = file.lines().find(|line| !line.starts_with('#')).unwrap();
    let mut seed = [0; 32];
    for (at, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
    }
    let key = PublicKey::from_bytes(SigningKey::from_bytes(&seed).verifying_key().to_bytes());
    assert_eq!(trusted_keys().contains(&key), cfg!(feature = "dev-key"));
}

proptest! {
    #[test]
    fn nothing_signed_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = open(&bytes);
        let _ = verify_manifest(&bytes, &bytes, &trusted(), Some(1));
    }

    #[test]
    fn no_mutilated_manifest_makes_it_panic(at in 0usize..1200, len in 0usize..20, with in "\\PC{0,8}") {
        let mut json = serde_json::to_string(&manifest()).unwrap();
        let at = at.min(json.len());
        json.replace_range(at..(at + len).min(json.len()), &with);
        let _ = open(json.as_bytes());
    }

    #[test]
    fn a_manifest_survives_json(version in 1u32.., ids in proptest::collection::vec(any::<u32>(), 1..64)) {
        let mut manifest = manifest();
        manifest.version = version;
        manifest.known_answer.greedy_ids = ids;
        let verified = open(&serde_json::to_vec(&manifest).unwrap()).unwrap();
        prop_assert_eq!(verified.manifest(), &manifest);
    }
}
