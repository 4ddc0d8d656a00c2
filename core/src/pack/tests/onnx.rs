//! Packs for ONNX Runtime, and blobs that come in piece by piece.

use serde_json::{Value, json};

use super::*;

const GRAPH: &[u8] = b"graph of the processor";
const FIXED: &[u8] = b"graph of the accelerator";
const DATA: &[u8] = b"weights beside the graphs";
const TEMPLATE: &[u8] = b"{{ messages }}";

fn onnx_manifest() -> Manifest {
    let blob = |role, name: Option<&str>, bytes: &[u8]| Blob {
        role,
        name: name.map(Into::into),
        sha256: sha256(bytes),
        bytes: bytes.len() as u32,
    };
    let graph = |name: &str, shape, tokens, device| Graph {
        name: name.into(),
        shape,
        precision: Precision::Int4,
        tokens,
        device,
        data: vec!["model.data".into()],
    };
    Manifest {
        runtime: Runtime::Onnx,
        quantization: Quantization::Int4,
        blobs: vec![
            blob(BlobRole::Config, None, b"{}"),
            blob(BlobRole::Tokenizer, None, b"tokens"),
            blob(BlobRole::Graph, Some("cpu.onnx"), GRAPH),
            blob(BlobRole::Graph, Some("npu-1.onnx"), FIXED),
            blob(BlobRole::Data, Some("model.data"), DATA),
            blob(BlobRole::Template, None, TEMPLATE),
        ],
        graphs: vec![
            graph("cpu.onnx", GraphShape::Gqa, 0, GraphDevice::Cpu),
            graph("npu-1.onnx", GraphShape::Static, 1, GraphDevice::Npu),
        ],
        assist: Assist {
            is_instruction_tuned: true,
            is_abstractive: true,
        },
        ..manifest()
    }
}

fn onnx_changed(change: impl FnOnce(&mut Value)) -> Result<VerifiedManifest, PackError> {
    let mut json = serde_json::to_value(onnx_manifest()).unwrap();
    change(&mut json);
    open(&serde_json::to_vec(&json).unwrap())
}

#[test]
fn a_good_onnx_pack_opens_and_its_files_are_told_apart_by_name() {
    let verified = onnx_changed(|_| ()).unwrap();
    assert_eq!(verified.manifest(), &onnx_manifest());
    let graph =
        |name, bytes: &[u8]| verified.verify_named(BlobRole::Graph, Some(name), bytes.to_vec());
    assert_eq!(
        graph("npu-1.onnx", FIXED).unwrap().name(),
        Some("npu-1.onnx")
    );
    assert!(graph("cpu.onnx", FIXED).is_err(), "the other graph's bytes");
    assert_eq!(
        graph("model.data", DATA),
        Err(PackError::BlobMissing(BlobRole::Graph)),
        "a name of another role"
    );
    let mut set = BlobSet::default();
    for (name, bytes) in [
        ("cpu.onnx", GRAPH),
        ("npu-1.onnx", FIXED),
        ("cpu.onnx", GRAPH),
    ] {
        set.insert(graph(name, bytes).unwrap());
    }
    let npu = set.take_named(BlobRole::Graph, "npu-1.onnx").unwrap();
    assert_eq!(npu.into_bytes(), FIXED);
    assert_eq!(set.into_iter().count(), 1, "the same file twice is one");
}

#[test]
fn the_manifest_of_a_pack_that_ships_is_read_and_written_as_it_was() {
    let json = include_bytes!("../../../../models/packs/sotto-nano/manifest.json");
    let manifest: Manifest = serde_json::from_slice(json).unwrap();
    assert_eq!(manifest.runtime, Runtime::Burn);
    assert!(!manifest.assist.is_abstractive && manifest.graphs.is_empty());
    manifest.check().unwrap();
    let mut written = serde_json::to_vec_pretty(&manifest).unwrap();
    written.push(b'\n');
    assert_eq!(written, json);
}

#[test]
fn only_an_onnx_pack_may_lack_the_known_answer() {
    let without = |json: &mut Value| drop(json.as_object_mut().unwrap().remove("knownAnswer"));
    assert!(
        onnx_changed(without)
            .unwrap()
            .manifest()
            .known_answer
            .is_empty()
    );
    let error = changed(without).unwrap_err();
    assert_eq!(
        error,
        PackError::FieldInvalid {
            field: "knownAnswer"
        }
    );
    let half = |json: &mut Value| json["knownAnswer"]["greedyIds"] = json!([]);
    let error = onnx_changed(half).unwrap_err();
    assert_eq!(
        error,
        PackError::FieldInvalid {
            field: "knownAnswer"
        }
    );
}

#[test]
fn names_are_file_names() {
    for name in ["model.onnx", "model.onnx_data", "A-1", &"a".repeat(128)] {
        assert!(is_file_name(name), "{name}");
    }
    for name in [
        "",
        ".",
        "..",
        ".hidden",
        "a/b",
        "a\\b",
        "/a",
        "C:a",
        "a b",
        "é",
        "a\0",
        &"a".repeat(129),
    ] {
        assert!(!is_file_name(name), "{name}");
        let error = onnx_changed(|json| json["blobs"][4]["name"] = name.into()).unwrap_err();
        assert_eq!(error, PackError::FieldInvalid { field: "blobs" });
    }
}

#[test]
fn files_and_graphs_must_fit() {
    type Change = fn(&mut Value);
    let blobs = PackError::FieldInvalid { field: "blobs" };
    let graphs = PackError::FieldInvalid { field: "graphs" };
    let cases: [(&str, PackError, Change); 17] = [
        ("no name", blobs.clone(), |json| {
            json["blobs"][2]["name"] = Value::Null
        }),
        ("a name twice", blobs.clone(), |json| {
            json["blobs"][4]["name"] = "cpu.onnx".into()
        }),
        ("weights of burn", blobs.clone(), |json| {
            json["blobs"][5]["role"] = "weights".into()
        }),
        ("a graph of 2 GiB", blobs.clone(), |json| {
            json["blobs"][2]["bytes"] = 0x8000_0000_u32.into()
        }),
        ("17 data files", blobs.clone(), |json| {
            for at in 0..16 {
                let mut file = json["blobs"][4].clone();
                file["name"] = format!("more-{at}").into();
                json["blobs"].as_array_mut().unwrap().push(file);
            }
        }),
        (
            "two configs",
            PackError::RoleDuplicate(BlobRole::Config),
            |json| json["blobs"][5]["role"] = "config".into(),
        ),
        (
            "no tokenizer",
            PackError::BlobMissing(BlobRole::Tokenizer),
            |json| {
                json["blobs"].as_array_mut().unwrap().remove(1);
            },
        ),
        (
            "no graph",
            PackError::BlobMissing(BlobRole::Graph),
            |json| {
                json["blobs"].as_array_mut().unwrap().drain(2..4);
            },
        ),
        ("a graph not described", graphs.clone(), |json| {
            json["graphs"].as_array_mut().unwrap().pop();
        }),
        ("a graph described twice", graphs.clone(), |json| {
            json["graphs"][1] = json["graphs"][0].clone()
        }),
        ("data described as a graph", graphs.clone(), |json| {
            json["graphs"][1]["name"] = "model.data".into()
        }),
        (
            "a static graph without its length",
            graphs.clone(),
            |json| json["graphs"][1]["tokens"] = 0.into(),
        ),
        ("a static graph too long", graphs.clone(), |json| {
            json["graphs"][1]["tokens"] = 1_025.into()
        }),
        ("a length where none is fixed", graphs, |json| {
            json["graphs"][0]["tokens"] = 1.into()
        }),
        (
            "instructions without a template",
            PackError::FieldInvalid { field: "assist" },
            |json| {
                json["blobs"].as_array_mut().unwrap().pop();
            },
        ),
        ("files of ONNX for burn", blobs.clone(), |json| {
            json["runtime"] = "burn".into();
            json["quantization"] = "int8".into();
            json["blobs"][2]["role"] = "weights".into();
        }),
        (
            "INT4 for burn",
            PackError::FieldInvalid {
                field: "quantization",
            },
            |json| json["runtime"] = "burn".into(),
        ),
    ];
    for (what, expected, change) in cases {
        assert_eq!(onnx_changed(change).unwrap_err(), expected, "{what}");
    }
    let data = |json: &mut Value| json["blobs"][4]["bytes"] = u32::MAX.into();
    assert!(
        onnx_changed(data).is_ok(),
        "data may have 4 GiB less one byte"
    );
    let unknown = onnx_changed(|json| json["graphs"][0]["shape"] = "round".into());
    assert!(matches!(unknown, Err(PackError::ManifestMalformed { .. })));
    assert!(changed(|json| json["graphs"] = json!([])).is_ok());
}

/// Takes `bytes` in, `step` at a time.
fn received(bytes: &[u8], step: usize) -> Result<VerifiedBlob, PackError> {
    let verified = onnx_changed(|_| ())?;
    let mut intake = verified.receive(BlobRole::Data, Some("model.data"))?;
    for piece in bytes.chunks(step) {
        let len = piece.len().min(intake.spare().len());
        intake.spare()[..len].copy_from_slice(&piece[..len]);
        intake.advance(len);
    }
    intake.finish()
}

#[test]
fn a_blob_that_stays_where_it_is_has_to_be_all_there_and_unaltered() {
    let verified = onnx_changed(|_| ()).unwrap();
    let check = |bytes: &[u8]| verified.verify_in_place(BlobRole::Data, bytes.to_vec());
    let blob = check(DATA).unwrap();
    assert_eq!(blob.byte_len(), DATA.len());
    assert_eq!(*blob.read(2..5), DATA[2..5]);
    let mut altered = DATA.to_vec();
    altered[1] ^= 1;
    assert_eq!(
        check(&altered).unwrap_err(),
        PackError::BlobHash(BlobRole::Data)
    );
    for other in [&DATA[1..], &[DATA, b"x"].concat()] {
        assert!(matches!(check(other), Err(PackError::BlobLength { .. })));
    }
    let missing = verified.verify_in_place(BlobRole::Weights, Vec::new());
    assert!(matches!(missing, Err(PackError::BlobMissing(_))));
}

#[test]
fn a_blob_comes_in_by_pieces_of_any_size_and_is_shared_without_a_copy() {
    for step in 1..=DATA.len() {
        let blob = received(DATA, step).unwrap();
        let at = blob.bytes().as_ptr();
        let shared = blob.into_shared();
        assert_eq!((&shared[..], shared.as_ptr()), (DATA, at));
    }
    let mut altered = DATA.to_vec();
    altered[7] ^= 1;
    assert_eq!(
        received(&altered, 5),
        Err(PackError::BlobHash(BlobRole::Data))
    );
    let error = received(&DATA[..9], 4).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PackBlobMismatch);
    let verified = onnx_changed(|_| ()).unwrap();
    let missing = verified.receive(BlobRole::Data, Some("other")).unwrap_err();
    assert_eq!(missing, PackError::BlobMissing(BlobRole::Data));
    let mut intake = verified
        .receive(BlobRole::Data, Some("model.data"))
        .unwrap();
    intake.advance(usize::MAX);
    assert!(
        intake.spare().is_empty(),
        "more than there is room for counts as all of it"
    );
    assert!(intake.finish().is_err());
}
