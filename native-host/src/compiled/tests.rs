use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sotto_core::pack::{PublicKey, sha256};
use tempfile::TempDir;

use super::store::record_path;
use super::*;
use crate::engine::ONNX_RUNTIME_VERSION;
use crate::models::{DeviceKey, ModelStore, StorePaths};
use crate::providers::{Provider, write_list};

const GRAPH: &[u8] = b"a compiled graph, of which every byte counts";

struct Scene {
    home: TempDir,
    key: DeviceKey,
}

impl Scene {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let key = DeviceKey::load_or_make(&home.path().join("device-key")).unwrap();
        Self { home, key }
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    fn cache(&self) -> CompiledCache {
        CompiledCache::new(self.path(), Some(self.key.public()))
    }

    fn write(&self, binding: &Binding) -> Statement {
        let kept = self.cache().keep(binding.clone(), GRAPH, placement());
        kept.expect("it is written")
    }

    /// A graph that was written and signed.
    fn kept(binding: &Binding) -> Self {
        let scene = Self::new();
        let statement = scene.write(binding);
        seal::write(scene.path(), statement, &scene.key).unwrap();
        assert_eq!(scene.cache().find(binding).unwrap().graph, GRAPH);
        scene
    }

    fn record(&self, binding: &Binding) -> PathBuf {
        record_path(&folder(self.path()), binding)
    }

    fn graph(&self, binding: &Binding) -> PathBuf {
        self.record(binding).with_extension("onnx")
    }
}

fn binding() -> Binding {
    Binding {
        model: "model".into(),
        manifest: sha256(b"manifest"),
        graph: "npu-step.onnx".into(),
        provider: "NpuExecutionProvider".into(),
        provider_version: "0123".into(),
        device: "Maker NPU 7".into(),
        options: BTreeMap::from([("mode".into(), "fast".into())]),
        onnx_runtime: ONNX_RUNTIME_VERSION.into(),
    }
}

fn placement() -> Vec<(String, String, usize)> {
    vec![("NpuExecutionProvider".into(), "Gemm".into(), 9)]
}

#[test]
fn it_is_found_once_it_was_signed() {
    let (scene, binding) = (Scene::new(), binding());
    assert_eq!(scene.cache().find(&binding), Err(Miss::Absent));
    let statement = scene.write(&binding);
    assert_eq!(scene.cache().find(&binding), Err(Miss::Absent), "unsigned");
    seal::write(scene.path(), statement, &scene.key).unwrap();
    let found = scene.cache().find(&binding).unwrap();
    assert_eq!((&*found.graph, found.placement), (GRAPH, placement()));
}

#[test]
fn a_graph_of_which_anything_changed_is_not_given() {
    let binding = binding();
    let scene = Scene::kept(&binding);
    let path = scene.graph(&binding);
    let mut changed: Vec<Vec<u8>> = (0..GRAPH.len())
        .map(|at| {
            let mut bytes = GRAPH.to_vec();
            bytes[at] ^= 1;
            bytes
        })
        .collect();
    changed.extend((0..GRAPH.len()).map(|len| GRAPH[..len].to_vec()));
    changed.push([GRAPH, b"!"].concat());
    for bytes in changed {
        fs::write(&path, bytes).unwrap();
        assert_eq!(scene.cache().find(&binding), Err(Miss::Changed));
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(scene.cache().find(&binding), Err(Miss::Changed));
}

#[test]
fn a_record_that_this_device_did_not_sign_vouches_for_nothing() {
    let binding = binding();
    let scene = Scene::kept(&binding);
    let path = scene.record(&binding);
    let json = fs::read_to_string(&path).unwrap();
    let not_signed = |what: &str| {
        assert_eq!(scene.cache().find(&binding), Err(Miss::NotSigned), "{what}");
    };
    let forged = [
        json.replace(&sha256(GRAPH).to_string(), &sha256(b"other").to_string()),
        json.replace("\"signature\": \"", "\"signature\": \"00"),
        json.replace("Gemm", "Gemv"),
        json[..json.len() / 2].to_owned(),
        String::new(),
    ];
    for text in forged {
        assert_ne!(text, json);
        fs::write(&path, text).unwrap();
        not_signed("changed");
    }
    let stranger = Scene::new();
    seal::write(scene.path(), scene.write(&binding), &stranger.key).unwrap();
    not_signed("signed elsewhere");
    seal::write(scene.path(), scene.write(&binding), &scene.key).unwrap();
    assert!(scene.cache().find(&binding).is_ok());
    let keyless = CompiledCache::new(scene.path(), None);
    assert_eq!(keyless.find(&binding), Err(Miss::NotSigned));
}

#[test]
fn a_signature_for_a_pack_is_none_for_a_compiled_graph() {
    let (scene, binding) = (Scene::new(), binding());
    let statement = scene.write(&binding);
    let json = serde_json::to_vec(&statement).unwrap();
    let record = record::Record::new(statement, &scene.key.sign(&json));
    let path = scene.record(&binding);
    fs::write(path, serde_json::to_vec(&record).unwrap()).unwrap();
    assert_eq!(scene.cache().find(&binding), Err(Miss::NotSigned));
}

#[test]
fn under_other_circumstances_it_is_compiled_again_and_the_reason_is_told() {
    let kept = binding();
    let scene = Scene::kept(&kept);
    type Change = fn(&mut Binding);
    let changes: [(Change, Miss); 7] = [
        (|it| it.manifest = sha256(b"newer"), Miss::OtherModel),
        (
            |it| it.provider_version = "4567".into(),
            Miss::OtherProvider,
        ),
        (|it| it.options.clear(), Miss::OtherOptions),
        (|it| it.onnx_runtime = "1.28.0".into(), Miss::OtherRuntime),
        (|it| it.device = "Maker NPU 8".into(), Miss::Absent),
        (|it| it.model = "other".into(), Miss::Absent),
        (|it| it.graph = "npu-prefill.onnx".into(), Miss::Absent),
    ];
    for (change, miss) in changes {
        let mut wanted = binding();
        change(&mut wanted);
        assert_eq!(scene.cache().find(&wanted), Err(miss));
        assert!(!miss.to_string().is_empty());
        if miss == Miss::Absent {
            // Files that somebody renamed into that place say themselves what they are.
            fs::copy(scene.record(&kept), scene.record(&wanted)).unwrap();
            fs::copy(scene.graph(&kept), scene.graph(&wanted)).unwrap();
            assert_eq!(scene.cache().find(&wanted), Err(Miss::NotSigned));
        }
    }
}

#[test]
fn an_interrupted_write_is_no_graph() {
    let kept = binding();
    let scene = Scene::kept(&kept);
    // Cut off before the rename: the old pair stands.
    let partial = scene.graph(&kept).with_extension("onnx.77.new");
    fs::write(&partial, b"half").unwrap();
    assert!(scene.cache().find(&kept).is_ok());
    // Cut off between the graph and its record, in either order.
    scene.write(&kept);
    assert_eq!(scene.cache().find(&kept), Err(Miss::Absent));
    let scene = Scene::kept(&kept);
    fs::write(scene.graph(&kept), b"a newer graph").unwrap();
    assert_eq!(scene.cache().find(&kept), Err(Miss::Changed));
}

#[test]
fn what_cannot_be_written_is_not_kept_and_hurts_nobody() {
    let (scene, binding) = (Scene::new(), binding());
    fs::write(folder(scene.path()), b"a file in the folder's place").unwrap();
    let kept = scene.cache().keep(binding.clone(), GRAPH, placement());
    assert_eq!(kept, None);
    assert!(scene.cache().find(&binding).is_err());
}

/// A store with the shipped model and one provider, and a statement that fits both.
fn broker() -> (Scene, ModelStore, Statement) {
    let scene = Scene::new();
    let library = scene.path().join("npu/provider.so");
    fs::create_dir(library.parent().unwrap()).unwrap();
    fs::write(&library, b"library").unwrap();
    let provider = Provider::inspect("npu", &library).unwrap();
    let store = ModelStore::open(StorePaths {
        home: scene.path().to_owned(),
        shipped: Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/packs"),
    });
    let installed = store.resolve(None).unwrap();
    let statement = scene.write(&Binding {
        model: installed.manifest().name.clone(),
        manifest: installed.identity(),
        provider_version: provider.version(),
        options: provider.options.clone(),
        ..binding()
    });
    write_list(scene.path(), &[provider]).unwrap();
    (scene, store, statement)
}

#[test]
fn the_broker_signs_what_fits_what_it_knows() {
    let (scene, store, statement) = broker();
    let binding = statement.binding.clone();
    seal(&store, statement).unwrap();
    assert!(scene.cache().find(&binding).is_ok());
    assert_eq!(
        survey(scene.path(), Some(scene.key.public())),
        (1, 1, GRAPH.len() as u64)
    );
    let stranger: PublicKey = Scene::new().key.public();
    assert_eq!(
        survey(scene.path(), Some(stranger)),
        (1, 0, GRAPH.len() as u64)
    );
}

#[test]
fn the_broker_signs_nothing_else() {
    let (scene, store, good) = broker();
    type Change = fn(&mut Statement);
    let changes: [Change; 7] = [
        |it| it.binding.model = "other".into(),
        |it| it.binding.manifest = sha256(b"other"),
        |it| it.binding.provider_version = "other".into(),
        |it| it.binding.options = BTreeMap::from([("mode".into(), "other".into())]),
        |it| it.binding.graph = "../../other".into(),
        |it| it.binding.onnx_runtime = "1.0".into(),
        |it| it.bytes = 0,
    ];
    for change in changes {
        let mut statement = good.clone();
        change(&mut statement);
        assert!(seal(&store, statement.clone()).is_err(), "{statement:?}");
        assert!(!scene.record(&statement.binding).exists());
    }
}

#[test]
fn with_a_model_goes_what_was_compiled_of_it() {
    let (mine, mut other) = (binding(), binding());
    other.model = "other".into();
    let scene = Scene::kept(&mine);
    let statement = scene.write(&other);
    seal::write(scene.path(), statement, &scene.key).unwrap();
    forget_model(scene.path(), "model").unwrap();
    assert_eq!(scene.cache().find(&mine), Err(Miss::Absent));
    assert!(!scene.graph(&mine).exists());
    assert!(scene.cache().find(&other).is_ok());
    forget_model(&scene.path().join("nothing here"), "model").unwrap();
}

#[test]
fn a_draft_goes_with_its_worker_or_a_day_later() {
    let scene = Scene::new();
    assert!(scene.cache().draft().is_none(), "no folder");
    let folder = folder(scene.path());
    fs::create_dir(&folder).unwrap();
    let draft = scene.cache().draft().unwrap();
    assert_eq!(draft.take("step.onnx"), None);
    fs::write(draft.path("step.onnx"), GRAPH).unwrap();
    assert_eq!(draft.take("step.onnx").as_deref(), Some(GRAPH));
    drop(draft);
    let day_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(25 * 60 * 60);
    for name in ["old.onnx.7.new", "young.onnx.7.new", "old.onnx"] {
        let file = fs::File::create(folder.join(name)).unwrap();
        if name.starts_with("old") {
            file.set_modified(day_ago).unwrap();
        }
    }
    drop(scene.cache().draft());
    let mut left: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["old.onnx", "young.onnx.7.new"]);
}
