//! Decoders on ONNX Runtime against the golden answers of the recipe's own network: every shape of graph, the same tokens.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use common::pack::Pack;
use serde::Deserialize;
use sotto_core::decode::{Decoder, greedy_tokens};
use sotto_core::pack::{BlobRole, Graph, GraphDevice, GraphShape, KnownAnswer, Precision};
use sotto_core::protocol::{Coded as _, ErrorCode};
use sotto_host::engine::{Candidate, Conditions, EngineError, Loaded, OrtDecoder, Runtime, load};
use sotto_host::models::ModelError;
use tempfile::TempDir;

/// Rows of the fixtures' logits.
const VOCAB_SIZE: usize = 320;

/// Golden answers of a folder of graphs.
#[derive(Deserialize)]
struct Golden {
    prompt_ids: Vec<u32>,
    graphs: BTreeMap<String, GoldenGraph>,
}

/// Golden answers of a graph.
#[derive(Deserialize)]
struct GoldenGraph {
    greedy_ids: Vec<u32>,
    tolerance: f32,
    rewound_length: usize,
    prompt_logits: Vec<f32>,
    rewound_logits: Vec<f32>,
}

/// A pack in a folder of its own.
struct Fixture {
    folder: TempDir,
    pack: Pack,
}

impl Fixture {
    fn new(from: &str, graphs: &[(PathBuf, Graph)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let configuration = fixtures(from).join("golden.json");
        let pack = Pack::new(
            folder.path(),
            &configuration,
            graphs,
            KnownAnswer::default(),
        );
        Self { folder, pack }
    }

    fn load(&self) -> Option<Result<Loaded, EngineError>> {
        Some(load(
            runtime()?,
            &self.pack.sign(),
            VOCAB_SIZE,
            1,
            &mut Anything::default(),
        ))
    }
}

fn fixtures(folder: &str) -> PathBuf {
    common::root().join("tests/fixtures/onnx").join(folder)
}

fn golden(folder: &str) -> Golden {
    let json = fs::read(fixtures(folder).join("golden.json")).expect("golden answers");
    serde_json::from_slice(&json).expect("golden answers")
}

/// ONNX Runtime lives once in a process.
fn runtime() -> Option<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            let folder = common::onnx_runtime()?;
            Some(Runtime::start(&folder).expect("ONNX Runtime starts"))
        })
        .as_ref()
}

/// Allows everything and remembers what was tried.
#[derive(Default)]
struct Anything {
    tried: Vec<String>,
}

impl Conditions for Anything {
    fn allows(&self, _: &Candidate) -> bool {
        true
    }

    fn insists(&self, _: &Candidate) -> bool {
        false
    }

    fn is_quarantined(&self, _: &Candidate) -> bool {
        false
    }

    fn trying(&mut self, candidate: Option<&Candidate>) {
        self.tried
            .extend(candidate.map(|candidate| candidate.label.clone()));
    }

    fn refused(&mut self, _: &Candidate, _: &EngineError) {}
}

fn graph(name: &str, shape: GraphShape, data: &[&str]) -> Graph {
    Graph {
        name: name.into(),
        shape,
        precision: Precision::F32,
        tokens: 0,
        device: GraphDevice::Cpu,
        data: data.iter().map(|&name| name.into()).collect(),
    }
}

/// Every graph of the fixtures that runs on a CPU: folder, file, what it is.
fn graphs() -> Vec<(&'static str, &'static str, Graph)> {
    use GraphShape::{Gqa, Merged};
    vec![
        (
            "ours",
            "cpu-f32.onnx",
            graph("cpu-f32.onnx", Gqa, &["f32.data"]),
        ),
        (
            "ours",
            "cpu-int8.onnx",
            graph("cpu-int8.onnx", Gqa, &["int8.data"]),
        ),
        (
            "ours",
            "cpu-int4.onnx",
            graph("cpu-int4.onnx", Gqa, &["int4.data"]),
        ),
        (
            "genai",
            "model.onnx",
            graph("model.onnx", Gqa, &["model.onnx.data"]),
        ),
        (
            "merged",
            "onnx/model.onnx",
            graph("model.onnx", Merged, &[]),
        ),
        (
            "merged-branch",
            "onnx/decoder_model_merged.onnx",
            graph("decoder_model_merged.onnx", Merged, &[]),
        ),
    ]
}

fn pack_of(folder: &str, file: &str, graph: Graph) -> Fixture {
    let file = fixtures(folder).join(file);
    Fixture::new(folder, &[(file, graph)])
}

fn golden_graph<'a>(golden: &'a Golden, file: &str) -> &'a GoldenGraph {
    let name = file.rsplit('/').next().unwrap_or(file);
    let graphs = &golden.graphs;
    graphs
        .get(file)
        .or_else(|| graphs.get(name))
        .expect("its golden answers")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

#[track_caller]
fn assert_near(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= tolerance,
            "{what}: {found} is not {expected}"
        );
    }
}

#[test]
fn every_graph_gives_the_golden_answers() {
    for (folder, file, graph) in graphs() {
        let Some(loaded) = pack_of(folder, file, graph).load() else {
            return;
        };
        let what = format!("{folder}/{file}");
        let mut decoder = loaded
            .unwrap_or_else(|error| panic!("{what}: {error:?}"))
            .decoder;
        let golden = golden(folder);
        let expected = golden_graph(&golden, file);
        let prompt = &golden.prompt_ids;

        let logits = block_on(decoder.prefill(prompt)).expect("logits");
        assert_near(&what, &logits, &expected.prompt_logits, expected.tolerance);
        assert_eq!(decoder.len(), prompt.len());

        let greedy = block_on(greedy_tokens(
            &mut decoder,
            prompt,
            expected.greedy_ids.len(),
        ));
        let greedy: Vec<u32> = greedy
            .expect("tokens")
            .iter()
            .map(|token| token.id)
            .collect();
        assert_eq!(greedy, expected.greedy_ids, "{what}");

        rewinds(&what, &mut decoder, prompt, expected);
    }
}

/// A prompt that came in pieces is as good as a whole one, also after going back.
fn rewinds(what: &str, decoder: &mut OrtDecoder, prompt: &[u32], expected: &GoldenGraph) {
    decoder.truncate(0);
    let (head, tail) = prompt.split_at(prompt.len() / 2);
    block_on(decoder.prefill(head)).expect("logits");
    let logits = block_on(decoder.prefill(tail)).expect("logits");
    assert_near(what, &logits, &expected.prompt_logits, expected.tolerance);

    decoder.truncate(expected.rewound_length - 1);
    let again = prompt[expected.rewound_length - 1];
    let logits = block_on(decoder.step(again)).expect("logits");
    assert_near(what, &logits, &expected.rewound_logits, expected.tolerance);
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_is_lost() {
    for (folder, file, graph) in graphs() {
        let Some(loaded) = pack_of(folder, file, graph).load() else {
            return;
        };
        let mut decoder = loaded.expect("it loads").decoder;
        let golden = golden(folder);
        let expected = golden_graph(&golden, file);
        block_on(decoder.prefill(&golden.prompt_ids[..expected.rewound_length - 1]))
            .expect("logits");
        let too_many = vec![1; decoder.capacity()];
        let refused = block_on(decoder.prefill(&too_many)).expect_err("it cannot fit");
        assert_eq!(refused.code(), ErrorCode::TooLarge);
        let next = golden.prompt_ids[expected.rewound_length - 1];
        let logits = block_on(decoder.step(next)).expect("logits");
        assert_near(file, &logits, &expected.rewound_logits, expected.tolerance);
    }
}

#[test]
fn every_operator_runs_where_it_is_said() {
    let (folder, file, graph) = graphs().remove(0);
    let Some(loaded) = pack_of(folder, file, graph).load() else {
        return;
    };
    let loaded = loaded.expect("it loads");
    assert_eq!(loaded.device, "CPU");
    assert!(loaded.placement.nodes() > 0);
    assert_eq!(
        loaded.placement.nodes_on("CPUExecutionProvider"),
        loaded.placement.nodes()
    );
    let operators: Vec<&str> = loaded
        .placement
        .by_operator()
        .map(|(_, operator, _)| operator)
        .collect();
    assert!(operators.contains(&"GroupQueryAttention"), "{operators:?}");
    assert!(loaded.reason.contains("NPU"), "{}", loaded.reason);
}

#[test]
fn another_answer_than_the_signed_one_is_no_answer() {
    let (folder, file, graph) = graphs().remove(0);
    let golden = golden(folder);
    let mut answer = KnownAnswer {
        prompt_ids: golden.prompt_ids.clone(),
        greedy_ids: golden_graph(&golden, file).greedy_ids.clone(),
    };
    let mut pack = pack_of(folder, file, graph);
    pack.pack.manifest.known_answer = answer.clone();
    let Some(loaded) = pack.load() else { return };
    assert!(loaded.is_ok());
    answer.greedy_ids[2] ^= 1;
    pack.pack.manifest.known_answer = answer;
    let refused = pack.load().expect("there").expect_err("another answer");
    assert!(matches!(refused, EngineError::WrongAnswer));
    assert_eq!(refused.code(), ErrorCode::BackendUnavailable);
}

/// ONNX Runtime maps weights where they lie, so that a change of the file would be a change of the model.
#[test]
fn weights_that_change_while_they_are_in_use_are_computed_with_no_more() {
    if !cfg!(unix) {
        // Nothing is mapped there.
        return;
    }
    let (folder, file, graph) = graphs().remove(1);
    let fixture = pack_of(folder, file, graph);
    let Some(loaded) = fixture.load() else { return };
    let mut decoder = loaded.expect("it loads").decoder;
    let prompt = golden(folder).prompt_ids;
    block_on(decoder.prefill(&prompt)).expect("logits");
    let manifest = &fixture.pack.manifest;
    let blob = manifest.named(BlobRole::Data, Some("int8.data"));
    let sum = blob.expect("data").sha256.to_string();
    let path = fixture.folder.path().join("blobs").join(sum);
    let mut bytes = fs::read(&path).expect("data");
    bytes[1_000] ^= 1;
    fs::write(&path, bytes).expect("written");
    let refused = block_on(decoder.step(1)).expect_err("other weights");
    assert!(
        matches!(refused, EngineError::Model(ModelError::Changed { .. })),
        "{refused:?}"
    );
    assert_eq!(refused.code(), ErrorCode::PackBlobMismatch);
}

#[test]
fn a_graph_cannot_refer_to_a_file_that_nobody_signed() {
    let (folder, file, mut graph) = graphs().remove(0);
    graph.data.clear();
    let Some(loaded) = pack_of(folder, file, graph).load() else {
        return;
    };
    assert!(matches!(loaded, Err(EngineError::Ort { .. })));
}

#[test]
fn bytes_that_are_no_graph_are_an_error() {
    for (name, bytes) in [
        ("empty", &b""[..]),
        ("noise", &[7; 4_000]),
        ("truncated", b""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("graph.onnx");
        let whole = fs::read(fixtures("genai").join("model.onnx")).unwrap();
        let bytes = if name == "truncated" {
            &whole[..whole.len() / 2]
        } else {
            bytes
        };
        fs::write(&file, if bytes.is_empty() { b"\0" } else { bytes }).unwrap();
        let graph = graph("graph.onnx", GraphShape::Gqa, &[]);
        let pack = Fixture::new("genai", &[(file, graph)]);
        let Some(loaded) = pack.load() else { return };
        let error = loaded.expect_err(name);
        assert!(
            matches!(error, EngineError::Ort { .. } | EngineError::Graph(_)),
            "{name}: {error:?}"
        );
    }
}

/// The two graphs for NPUs, on the CPU.
fn static_pack() -> Fixture {
    let part = |name: &str, tokens| {
        let graph = Graph {
            tokens,
            device: GraphDevice::Npu,
            ..graph(name, GraphShape::Static, &["int8.data"])
        };
        (fixtures("ours").join(name), graph)
    };
    let graphs = [part("npu-prefill.onnx", 32), part("npu-step.onnx", 1)];
    Fixture::new("ours", &graphs)
}

#[test]
fn static_graphs_give_the_golden_answers() {
    let Some(loaded) = static_pack().load() else {
        return;
    };
    let mut decoder = loaded.expect("it loads").decoder;
    let golden = golden("ours");
    let expected = golden_graph(&golden, "npu-prefill.onnx");
    let prompt = &golden.prompt_ids;
    let logits = block_on(decoder.prefill(prompt)).expect("logits");
    assert_near(
        "static",
        &logits,
        &expected.prompt_logits,
        expected.tolerance,
    );
    let greedy = block_on(greedy_tokens(
        &mut decoder,
        prompt,
        expected.greedy_ids.len(),
    ));
    let greedy: Vec<u32> = greedy
        .expect("tokens")
        .iter()
        .map(|token| token.id)
        .collect();
    assert_eq!(greedy, expected.greedy_ids);
    block_on(decoder.prefill(prompt)).expect("logits");
    rewinds("static", &mut decoder, prompt, expected);
}
