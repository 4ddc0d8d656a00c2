//! Imports of small exports in the shapes that exporters write. Whether real graphs run is the engine's tests' question.

use std::fs;
use std::path::{Path, PathBuf};

use sotto_core::pack::{BlobRole, GraphShape, Precision};
use sotto_core::protocol::{Coded as _, ErrorCode};
use tempfile::TempDir;

use super::*;
use crate::models::onnx::test_graphs::TestGraph;
use crate::models::{ModelCommand, Origin, StorePaths};

const CHATML: &str = "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n";

/// A throw-away device and an export on it.
struct Scene {
    folder: TempDir,
    store: ModelStore,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = ModelStore::open(StorePaths {
            home: folder.path().join("home"),
            shipped: folder.path().join("shipped"),
        });
        let scene = Self { folder, store };
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny-llama");
        fs::create_dir(scene.dir()).unwrap();
        fs::copy(
            fixture.join("tokenizer.json"),
            scene.dir().join("tokenizer.json"),
        )
        .unwrap();
        let json = fs::read(fixture.join("config.json")).unwrap();
        let mut config: serde_json::Value = serde_json::from_slice(&json).unwrap();
        for (field, value) in [
            ("num_hidden_layers", 2),
            ("num_key_value_heads", 1),
            ("head_dim", 4),
        ] {
            config[field] = value.into();
        }
        scene.put("config.json", &config.to_string());
        scene
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("Tiny_Model 2B")
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.dir().join(name), text).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.dir().join(name)).unwrap();
    }

    fn options(&self) -> ImportOptions {
        ImportOptions {
            dir: self.dir(),
            yes: true,
            ..ImportOptions::default()
        }
    }

    /// Imports; what was shown, too.
    fn import_with(
        &self,
        options: &ImportOptions,
        answer: Option<&str>,
    ) -> (Result<String, ModelError>, String) {
        let mut shown = Vec::new();
        let mut input = answer.unwrap_or_default().as_bytes();
        let mut terminal = Terminal {
            out: &mut shown,
            input: &mut input,
            is_interactive: answer.is_some(),
        };
        let imported = import(options, &self.store, &mut terminal);
        (imported, String::from_utf8(shown).unwrap())
    }

    fn import(&self) -> Result<String, ModelError> {
        self.import_with(&self.options(), None).0
    }

    fn run(&self, command: &ModelCommand) -> Result<String, ModelError> {
        let mut shown = Vec::new();
        let mut terminal = Terminal {
            out: &mut shown,
            input: &mut &b""[..],
            is_interactive: false,
        };
        command.run(&self.store, &mut terminal)?;
        Ok(String::from_utf8(shown).unwrap())
    }

    /// Entries of the models folder, the lock aside.
    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.store.paths().models())
            .into_iter()
            .flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != ".lock").collect()
    }

    #[track_caller]
    fn refused(&self, code: ErrorCode, reason: &str) {
        let error = self.import().unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(error.code(), code, "{error}");
        assert!(self.left().is_empty(), "nothing is left behind");
    }
}

fn merged(scene: &Scene) {
    TestGraph::default().write(&scene.dir().join("onnx/model.onnx"));
}

#[test]
fn a_merged_decoder_of_optimum_is_imported_and_loads_verified() {
    let scene = Scene::new();
    TestGraph::default().write(&scene.dir().join("decoder_model_merged.onnx"));
    scene.put("README.md", "---\nlicense: apache-2.0\n---\n");
    assert_eq!(scene.import().unwrap(), "tiny-model-2b");
    let pack = scene.store.resolve(Some("tiny-model-2b")).unwrap();
    let manifest = pack.manifest();
    assert_eq!(
        (pack.origin(), manifest.license.as_str()),
        (Origin::Imported, "Apache-2.0")
    );
    let graph = &manifest.graphs[0];
    assert_eq!(
        (graph.shape, graph.precision),
        (GraphShape::Merged, Precision::F32)
    );
    assert!(!manifest.assist.is_instruction_tuned && !manifest.assist.is_abstractive);
    let blobs = pack.load(|blob| blob.role == BlobRole::Graph).unwrap();
    let bytes = blobs.get(BlobRole::Graph).unwrap().bytes();
    assert_eq!(bytes, TestGraph::default().bytes());
    assert_eq!(scene.left(), ["tiny-model-2b-1"]);
}

#[test]
fn of_several_precisions_the_smallest_is_taken_unless_the_user_says_otherwise() {
    let scene = Scene::new();
    merged(&scene);
    let int4 = TestGraph {
        operator: "MatMulNBits",
        domain: "com.microsoft",
        bits: Some(4),
        external: Some(("model_q4.onnx_data", "0", "4")),
        ..TestGraph::default()
    };
    int4.write(&scene.dir().join("onnx/model_q4.onnx"));
    scene.put("onnx/model_q4.onnx_data", "data");
    scene.import().unwrap();
    let pack = scene.store.resolve(Some("tiny-model-2b")).unwrap();
    let graph = &pack.manifest().graphs[0];
    assert_eq!(
        (graph.name.as_str(), graph.precision),
        ("model_q4.onnx", Precision::Int4)
    );
    assert_eq!(graph.data, ["model_q4.onnx_data"]);

    let options = ImportOptions {
        file: Some("onnx/model.onnx".into()),
        name: Some("plain".into()),
        ..scene.options()
    };
    scene.import_with(&options, None).0.unwrap();
    let pack = scene.store.resolve(Some("plain")).unwrap();
    assert_eq!(pack.manifest().graphs[0].name, "model.onnx");
}

#[test]
fn an_export_of_onnxruntime_genai_is_imported_with_its_data() {
    let scene = Scene::new();
    TestGraph::genai().write(&scene.dir().join("text.onnx"));
    scene.put(
        "genai_config.json",
        r#"{"model": {"decoder": {"filename": "text.onnx"}}}"#,
    );
    scene.put("model.onnx.data", &"x".repeat(4_160));
    scene.import().unwrap();
    let pack = scene.store.resolve(Some("tiny-model-2b")).unwrap();
    assert_eq!(pack.manifest().graphs[0].shape, GraphShape::Gqa);
    let data = pack
        .manifest()
        .named(BlobRole::Data, Some("model.onnx.data"));
    assert_eq!(data.unwrap().bytes, 4_160);
}

/// The files that the recipe keeps for the engine's tests, in the three shapes.
#[test]
fn the_real_exports_are_imported() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/onnx");
    for (name, shape) in [
        ("merged", GraphShape::Merged),
        ("merged-branch", GraphShape::Merged),
        ("genai", GraphShape::Gqa),
    ] {
        let scene = Scene::new();
        let options = ImportOptions {
            dir: fixtures.join(name),
            ..scene.options()
        };
        let imported = scene.import_with(&options, None).0.expect(name);
        let pack = scene.store.resolve(Some(&imported)).unwrap();
        let manifest = pack.manifest();
        assert_eq!((imported.as_str(), manifest.graphs[0].shape), (name, shape));
        assert!(manifest.assist.is_instruction_tuned, "{name}");
        pack.load(|_| true).unwrap();
    }
}

#[test]
fn our_own_export_is_imported_with_all_its_graphs() {
    let scene = Scene::new();
    let data = Some(("int8.data", "0", "4"));
    let cpu = TestGraph {
        external: data,
        ..TestGraph::genai()
    };
    cpu.write(&scene.dir().join("cpu.onnx"));
    let npu = TestGraph {
        inputs: vec!["position_ids"],
        tokens: Some(32),
        external: data,
        ..TestGraph::default()
    };
    npu.write(&scene.dir().join("npu.onnx"));
    scene.put("int8.data", "data");
    let description = r#"{"graphs": [
        {"name": "cpu.onnx", "shape": "gqa", "precision": "int8", "tokens": 0, "device": "cpu"},
        {"name": "npu.onnx", "shape": "static", "precision": "int8", "tokens": 32, "device": "npu"}
      ], "knownAnswer": {"promptIds": [1], "greedyIds": [2]}, "parameters": 77}"#;
    scene.put("pack.json", &description.replace("32", "16"));
    scene.refused(
        ErrorCode::ModelWeightsInvalid,
        "another shape than pack.json says",
    );
    scene.put("pack.json", description);
    scene.import().unwrap();
    let pack = scene.store.resolve(Some("tiny-model-2b")).unwrap();
    let manifest = pack.manifest();
    assert_eq!((manifest.graphs.len(), manifest.parameters), (2, 77));
    assert_eq!(manifest.known_answer.greedy_ids, [2]);
    let count = manifest
        .blobs
        .iter()
        .filter(|blob| blob.role == BlobRole::Data)
        .count();
    assert_eq!(count, 1, "shared by both graphs");
}

#[test]
fn a_chat_template_makes_it_instruction_tuned_wherever_it_is() {
    for (file, text) in [
        ("chat_template.jinja", CHATML.to_owned()),
        ("chat_template.json", serde_json::json!({"chat_template": CHATML}).to_string()),
        ("tokenizer_config.json", serde_json::json!({"chat_template": CHATML}).to_string()),
        (
            "tokenizer_config.json",
            serde_json::json!({"chat_template": [{"name": "tools", "template": "x"}, {"name": "default", "template": CHATML}]}).to_string(),
        ),
    ] {
        let scene = Scene::new();
        merged(&scene);
        scene.put(file, &text);
        let options = ImportOptions {
            abstractive: Some(true),
            ..scene.options()
        };
        scene.import_with(&options, None).0.unwrap();
        let pack = scene.store.resolve(Some("tiny-model-2b")).unwrap();
        assert!(pack.manifest().assist.is_instruction_tuned && pack.manifest().assist.is_abstractive);
        let template = pack.load(|blob| blob.role == BlobRole::Template).unwrap();
        assert_eq!(template.get(BlobRole::Template).unwrap().bytes(), CHATML.as_bytes());
    }
    for (template, reason) in [
        ("{% for %}", "not valid Jinja"),
        ("{{ raise_exception('no') }}", "refuses"),
        ("constant", "leaves out what people write"),
    ] {
        let scene = Scene::new();
        merged(&scene);
        scene.put("chat_template.jinja", template);
        scene.refused(ErrorCode::ModelConfigInvalid, reason);
    }
}

#[test]
fn small_models_do_not_write_summaries_unless_told_to() {
    let scene = Scene::new();
    merged(&scene);
    scene.put("chat_template.jinja", CHATML);
    let (imported, shown) = scene.import_with(&scene.options(), None);
    imported.unwrap();
    assert!(
        shown.contains("made of the text's own sentences"),
        "{shown}"
    );
    let pack = scene.store.resolve(Some("tiny-model-2b")).unwrap();
    assert!(!pack.manifest().assist.is_abstractive);
}

#[test]
fn the_question_is_asked_after_everything_was_shown() {
    let scene = Scene::new();
    merged(&scene);
    let asking = ImportOptions {
        yes: false,
        ..scene.options()
    };
    let (imported, shown) = scene.import_with(&asking, None);
    assert!(matches!(imported, Err(ModelError::NoTerminal)));
    assert!(
        shown.contains("sha256 ") && shown.contains("LicenseRef-unknown"),
        "{shown}"
    );
    for no in ["n\n", "\n", "", "nyes\n"] {
        let (imported, shown) = scene.import_with(&asking, Some(no));
        assert!(matches!(imported, Err(ModelError::Declined)), "{no:?}");
        assert!(shown.ends_with("Import it? [y/N] "), "{shown}");
        assert!(scene.left().is_empty());
    }
    assert!(scene.import_with(&asking, Some("Yes\n")).0.is_ok());
}

#[test]
fn bad_folders_are_refused_with_a_code_and_leave_nothing() {
    let scene = Scene::new();
    scene.refused(ErrorCode::ModelMissing, "there is no ONNX decoder");
    merged(&scene);
    let weights = ErrorCode::ModelWeightsInvalid;
    type Change = fn(&mut TestGraph);
    let cases: [(ErrorCode, &str, Change); 8] = [
        (weights, "no cache", |graph| graph.layers = 0),
        (weights, "fewer layers", |graph| graph.layers = 1),
        (weights, "more layers", |graph| graph.layers = 3),
        (weights, "another size", |graph| graph.head_dim = 8),
        (weights, "no plain decoder", |graph| {
            graph.inputs.push("pixel_values")
        }),
        (weights, "fixed shapes", |graph| graph.tokens = Some(1)),
        (
            weights,
            "operators that ONNX Runtime does not have",
            |graph| graph.domain = "custom",
        ),
        (weights, "is missing", |graph| {
            graph.external = Some(("gone.data", "0", "1"))
        }),
    ];
    let path = scene.dir().join("onnx/model.onnx");
    for (code, reason, change) in cases {
        let mut graph = TestGraph::default();
        change(&mut graph);
        graph.write(&path);
        scene.refused(code, reason);
    }
    TestGraph {
        external: Some(("short.data", "0", "10")),
        ..TestGraph::default()
    }
    .write(&path);
    scene.put("onnx/short.data", "x");
    scene.refused(weights, "downloaded completely");
    fs::write(&path, "not protobuf").unwrap();
    scene.refused(weights, "damaged");
    merged(&scene);
    scene.put(
        "genai_config.json",
        r#"{"model": {"decoder": {"filename": "../other.onnx"}}}"#,
    );
    scene.refused(ErrorCode::ModelConfigInvalid, "elsewhere");
    scene.remove("genai_config.json");

    let tokenizer = fs::read_to_string(scene.dir().join("tokenizer.json")).unwrap();
    scene.put("tokenizer.json", "{}");
    scene.refused(ErrorCode::TokenizerInvalid, "tokenizer.json");
    scene.remove("tokenizer.json");
    scene.refused(ErrorCode::ModelMissing, "there is no tokenizer.json");
    scene.put("tokenizer.json", &tokenizer);
    scene.put("config.json", "{}");
    scene.refused(ErrorCode::ModelConfigInvalid, "config.json");
    scene.remove("config.json");
    scene.refused(ErrorCode::ModelMissing, "there is no config.json");
}

#[test]
fn names_are_checked_and_unique() {
    let scene = Scene::new();
    merged(&scene);
    for name in ["", "Upper", "a/b", "..", &"a".repeat(65)] {
        let options = ImportOptions {
            name: Some(name.to_owned()),
            ..scene.options()
        };
        let error = scene.import_with(&options, None).0.unwrap_err();
        assert!(matches!(error, ModelError::Name(_)), "{name}");
    }
    scene.import().unwrap();
    let error = scene.import().unwrap_err();
    assert!(matches!(error, ModelError::NameTaken(_)));
    assert_eq!(error.code(), ErrorCode::BadRequest);
}

#[test]
fn an_import_that_fails_at_its_last_step_leaves_nothing() {
    let scene = Scene::new();
    merged(&scene);
    let models = scene.store.paths().models();
    fs::create_dir_all(&models).unwrap();
    // A file where the model's folder is to be: the rename fails.
    fs::write(models.join("tiny-model-2b-1"), "in the way").unwrap();
    let error = scene.import().unwrap_err();
    assert!(matches!(error, ModelError::File { .. }), "{error}");
    assert_eq!(scene.left(), ["tiny-model-2b-1"]);
}

#[test]
fn what_a_killed_import_left_is_swept_and_two_at_once_are_not_allowed() {
    let scene = Scene::new();
    merged(&scene);
    let lock = Lock::take(&scene.store).unwrap();
    assert!(matches!(scene.import(), Err(ModelError::Busy)));
    drop(lock);
    let unfinished = scene.store.paths().models().join(".import-4711");
    fs::create_dir_all(unfinished.join("blobs")).unwrap();
    fs::write(unfinished.join("blobs/half"), "x").unwrap();
    scene.import().unwrap();
    assert_eq!(scene.left(), ["tiny-model-2b-1"]);
}

#[test]
fn an_altered_model_is_not_loaded() {
    let scene = Scene::new();
    merged(&scene);
    scene.import().unwrap();
    let pack = scene.store.resolve(Some("tiny-model-2b")).unwrap();
    let graph = pack.manifest().blob(BlobRole::Graph).unwrap();
    let path = pack.dir().join("blobs").join(graph.sha256.to_string());
    let good = fs::read(&path).unwrap();
    let loads = || pack.load(|blob| blob.role == BlobRole::Graph);
    let code = || {
        let (loaded, checked) = (loads().unwrap_err(), pack.verify_all().unwrap_err());
        assert_eq!(loaded.code(), checked.code());
        loaded.code()
    };
    let mut altered = good.clone();
    altered[20] ^= 1;
    for bad in [&altered[..], &good[1..], &[&good[..], b"x"].concat()] {
        fs::write(&path, bad).unwrap();
        assert_eq!(code(), ErrorCode::PackBlobMismatch);
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(code(), ErrorCode::PackBlobMissing);
    #[cfg(unix)]
    {
        let elsewhere = scene.folder.path().join("elsewhere");
        fs::write(&elsewhere, &good).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert!(
            matches!(loads(), Err(ModelError::NotAFile { .. })),
            "the right bytes behind a link"
        );
        fs::remove_file(&path).unwrap();
    }
    fs::write(&path, &good).unwrap();
    assert!(loads().is_ok() && pack.verify_all().is_ok());

    // Another device's key, or none.
    fs::write(scene.store.paths().device_key(), [7; 32]).unwrap();
    let error = scene.store.resolve(Some("tiny-model-2b")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PackSignatureInvalid);
    fs::remove_file(scene.store.paths().device_key()).unwrap();
    assert!(scene.store.resolve(Some("tiny-model-2b")).is_err());
}

#[test]
fn models_are_listed_chosen_and_removed() {
    let scene = Scene::new();
    merged(&scene);
    assert!(matches!(
        scene.store.resolve(None),
        Err(ModelError::NoneInstalled)
    ));
    let name = "tiny-model-2b".to_owned();
    let missing = ModelCommand::Use { name: name.clone() };
    assert!(matches!(scene.run(&missing), Err(ModelError::Unknown(_))));
    scene.import().unwrap();
    scene
        .run(&ModelCommand::Use { name: name.clone() })
        .unwrap();
    assert_eq!(scene.store.resolve(None).unwrap().manifest().name, name);
    let listed = scene.run(&ModelCommand::List).unwrap();
    assert!(
        listed.starts_with("* tiny-model-2b version 1 (imported)"),
        "{listed}"
    );

    let manifest = scene
        .store
        .paths()
        .models()
        .join("tiny-model-2b-1/manifest.json");
    fs::write(&manifest, "{}").unwrap();
    let listed = scene.run(&ModelCommand::List).unwrap();
    assert!(
        listed.starts_with("! tiny-model-2b-1 cannot be used"),
        "{listed}"
    );
    let remove = ModelCommand::Remove { name };
    let shown = scene.run(&remove).unwrap();
    assert!(
        shown.contains("it was in use") && scene.left().is_empty(),
        "{shown}"
    );
    assert_eq!(scene.store.settings().settings.model, None);
    assert!(matches!(scene.run(&remove), Err(ModelError::Unknown(_))));
}

#[test]
fn a_pack_for_the_browser_and_one_without_a_self_test_do_not_ship() {
    let scene = Scene::new();
    let shipped = scene.store.paths().shipped.join("nano");
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/packs/sotto-nano");
    fs::create_dir_all(&shipped).unwrap();
    for name in ["manifest.json", "manifest.sig"] {
        fs::copy(packs.join(name), shipped.join(name)).unwrap();
    }
    let listed = scene.store.list();
    assert!(
        matches!(listed[0].pack, Err(ModelError::WrongPack { .. })),
        "for burn"
    );

    merged(&scene);
    scene.import().unwrap();
    let pack = scene.store.resolve(Some("tiny-model-2b")).unwrap();
    let keys = scene.store.trusted(Origin::Imported).unwrap();
    let error = crate::models::Installed::open(pack.dir(), Origin::Shipped, &keys).unwrap_err();
    assert!(
        matches!(error, ModelError::WrongPack { .. }),
        "without a known answer"
    );
}
