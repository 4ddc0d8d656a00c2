//! The real program on the tiny model of the fixtures, in a pack signed with the development key. The model is random: what is
//! tested is the way of the figures, not their height.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sotto_core::pack::{
    Assist, Blob, BlobRole, FORMAT, KnownAnswer, Manifest, Quantization, Runtime, sha256,
    signed_bytes,
};
use sotto_core::suggestion::SuggestionSettings;
use tempfile::TempDir;

/// Largest difference in bits per byte from the reference, which is rounded to four digits.
const TOLERANCE: f64 = 2e-4;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder with a pack in it.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let this = Self {
            folder: TempDir::new().expect("a folder"),
        };
        this.make_pack(&root().join("tests/fixtures/tiny-llama"));
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("written");
        path
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).expect("a result")).expect("JSON")
    }

    fn run(&self, line: &str) -> Output {
        let arguments = line.split_whitespace();
        Command::new(env!("CARGO_BIN_EXE_sotto-eval"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("the program starts")
    }

    #[track_caller]
    fn good(&self, line: &str) -> String {
        let output = self.run(line);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {stderr}");
        String::from_utf8(output.stdout).expect("text")
    }

    #[track_caller]
    fn bad(&self, line: &str, reason: &str) {
        let output = self.run(line);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line}: {stderr}");
        assert!(stderr.contains(reason), "{line}: {stderr}");
    }

    fn make_pack(&self, model: &Path) {
        let blobs = self.path("pack/blobs");
        fs::create_dir_all(&blobs).expect("a folder");
        let blob = |(role, name): (BlobRole, &str)| {
            let bytes = fs::read(model.join(name)).expect("a file of the fixture");
            let sum = sha256(&bytes);
            fs::write(blobs.join(sum.to_string()), &bytes).expect("written");
            Blob {
                role,
                name: None,
                sha256: sum,
                bytes: u32::try_from(bytes.len()).expect("small"),
            }
        };
        let golden: Value =
            serde_json::from_slice(&fs::read(model.join("golden.json")).expect("read"))
                .expect("JSON");
        let ids = |key: &str| -> Vec<u32> {
            serde_json::from_value(golden[key].clone()).expect("token ids")
        };
        let prompt_ids = ids("prompt_ids");
        let manifest = Manifest {
            format: FORMAT,
            name: "tiny".into(),
            version: 2,
            license: "CC0-1.0".into(),
            architecture: "llama".into(),
            runtime: Runtime::Burn,
            quantization: Quantization::None,
            parameters: 1,
            context_tokens: 128,
            blobs: [
                (BlobRole::Config, "config.json"),
                (BlobRole::Tokenizer, "tokenizer.json"),
                (BlobRole::Weights, "model.safetensors"),
            ]
            .map(blob)
            .to_vec(),
            graphs: Vec::new(),
            assist: Assist::default(),
            known_answer: KnownAnswer {
                greedy_ids: ids("greedy_ids")[prompt_ids.len()..][..4].to_vec(),
                prompt_ids,
            },
            suggestion: SuggestionSettings::default(),
        };
        let json = serde_json::to_vec(&manifest).expect("JSON");
        let signature = development_key().sign(&signed_bytes(&json)).to_bytes();
        fs::write(self.path("pack/manifest.json"), &json).expect("written");
        fs::write(self.path("pack/manifest.sig"), signature).expect("written");
    }
}

fn development_key() -> SigningKey {
    let file = fs::read_to_string(root().join("tools/pack/dev-signing-key.hex"))
        .expect("the development key");
    let digits = file
        .lines()
        .find(|line| !line.starts_with('#'))
        .expect("a key");
    let seed: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("hexadecimal"))
        .collect();
    SigningKey::from_bytes(&seed.try_into().expect("32 bytes"))
}

fn golden_text() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/text.txt");
    fs::read_to_string(path).expect("part of the repository")
}

/// Thresholds under which a random model shows something.
const OPEN: &str = r#"{"minProbWordStart": 0.0, "minProbShortStem": 0.0, "minProbLongStem": 0.0, "minProbNextWord": 0.0,
    "minProbTotal": 0.0, "minProbMidLine": 0.0, "minLettersPerToken": 0.0}"#;

/// English that is long enough for every kind of case.
fn prose() -> String {
    let sentence = "On Monday we met Anna in Berlin, and on the next evening at 1830 there were 27 more people in the \
        old town hall than anybody had expected before.";
    let document = [sentence; 3].join(" ");
    format!("{document}\n\nYours\n<|doc|>\n{document}\n\n{document}\n<|doc|>\nHi\n")
}

#[test]
fn language_agrees_with_the_recipe() {
    let bench = Bench::new();
    bench.write("text.txt", &golden_text());
    bench.good("cases --text text.txt --out . --name golden --insert 0 --suppress 0 --passages 0");
    let golden: Value = serde_json::from_str(include_str!("golden/language.json")).expect("JSON");
    for expected in golden.as_array().expect("a list") {
        let stride = &expected["stride"];
        bench.good(&format!(
            "language --pack pack --cases golden-language.jsonl --json out.json --stride {stride}"
        ));
        let found = bench.json("out.json");
        for (theirs, ours) in [
            ("documents", "documents"),
            ("bytes", "bytes"),
            ("tokens", "tokens"),
            ("words", "words"),
        ] {
            assert_eq!(found[ours], expected[theirs], "{ours} at stride {stride}");
        }
        for (theirs, ours) in [
            ("bits_per_byte", "bitsPerByte"),
            ("nats_per_token", "natsPerToken"),
            ("recall_at_1", "recallAt1"),
            ("recall_at_3", "recallAt3"),
        ] {
            let (found, expected) = (found[ours].as_f64(), expected[theirs].as_f64());
            let (found, expected) = (found.expect("a figure"), expected.expect("a figure"));
            assert!(
                (found - expected).abs() < TOLERANCE,
                "{ours} at stride {stride}: {found} instead of {expected}"
            );
        }
        assert_eq!(found["pack"]["name"], "tiny");
        assert_eq!(found["cases"]["count"], expected["documents"]);
    }
}

#[test]
fn cases_are_the_same_every_time_and_can_be_measured() {
    let bench = Bench::new();
    bench.write("text.txt", &prose());
    bench.write("open.json", OPEN);
    for folder in ["a", "b"] {
        bench.good(&format!(
            "cases --text text.txt --out {folder} --name p --insert 40 --suppress 40 --passages 2"
        ));
    }
    for name in ["p-language.jsonl", "p-autocomplete.jsonl", "p-typing.jsonl"] {
        let read = |folder: &str| fs::read_to_string(bench.path(folder).join(name)).expect("read");
        assert_eq!(read("a"), read("b"), "{name}");
        assert!(!read("a").is_empty(), "{name}");
    }
    let run = "autocomplete --pack pack --suggestion open.json --json out.json --cases";
    bench.good(&format!("{run} a/p-autocomplete.jsonl"));
    let carets = bench.json("out.json");
    for key in [
        "coverage",
        "precisionWhenShown",
        "wrongShow",
        "suppressionAccuracy",
    ] {
        let share = carets[key].as_f64().expect(key);
        assert!((0.0..=1.0).contains(&share), "{key}");
    }
    assert!(carets["coverage"].as_f64() > Some(0.1), "{carets}");
    assert!(carets["exactByLength"].is_object());
    // Nothing is shown there whatever the thresholds.
    for group in ["insideWord", "secret", "numberStem", "nonLatin"] {
        let silent = &carets["suppressGroups"][group]["suppressionAccuracy"];
        assert_eq!(*silent, json!(1.0), "{group}");
    }
    bench.good(&format!("{run} a/p-typing.jsonl"));
    let typing = bench.json("out.json");
    assert!(typing["keystrokesSaved"].is_number());
    assert_eq!(typing["typing"]["passages"], 2);
    let reused = typing["typing"]["reusedTokensPerRequest"].as_f64();
    let prefilled = typing["typing"]["prefillTokensPerRequest"].as_f64();
    assert!(
        reused > prefilled,
        "the KV cache is kept between keystrokes"
    );
}

#[test]
fn wrong_packs_and_cases_are_named() {
    let bench = Bench::new();
    bench.write("good.jsonl", "{\"id\": \"a\", \"text\": \"Hello there\"}\n");
    bench.write(
        "bad.jsonl",
        "{\"id\": \"a\", \"text\": \"Hello\"}\n{\"id\": \"b\"}\n",
    );
    let language =
        |pack: &str, cases: &str| format!("language --pack {pack} --cases {cases} --json out.json");
    bench.bad(&language("nowhere", "good.jsonl"), "manifest.json");
    bench.bad(&language("pack", "nowhere.jsonl"), "nowhere.jsonl");
    bench.bad(&language("pack", "bad.jsonl"), "line 2");
    bench.bad(
        &format!("{} --stride 129", language("pack", "good.jsonl")),
        "between 1 and the context of 128",
    );
    let manifest = bench.path("pack/manifest.json");
    let json = fs::read_to_string(&manifest).expect("read");
    fs::write(&manifest, json.replace("\"version\":2", "\"version\":3")).expect("written");
    bench.bad(&language("pack", "good.jsonl"), "not signed");
    assert!(!bench.path("out.json").exists());
    assert_eq!(bench.run("language --pack pack").status.code(), Some(2));
}

#[test]
fn baselines_are_trained_on_token_files() {
    let bench = Bench::new();
    bench.write("text.txt", &prose());
    bench.write("open.json", OPEN);
    bench.good("cases --text text.txt --out . --name p --insert 20 --suppress 0 --passages 1");
    bench.write_tokens("tokens", 200);
    let ngram = "ngram --pack pack --tokens tokens --cases p-language.jsonl --json";
    bench.good(&format!("{ngram} ngram.json"));
    let figures = bench.json("ngram.json");
    assert!(
        figures["bitsPerByte"].as_f64() < Some(2.0),
        "it has read this very text: {figures}"
    );
    assert!(figures["recallAt1"].as_f64() > Some(0.5), "{figures}");
    assert!(figures["wordFrequency"]["recallAt3"].as_f64() < figures["recallAt3"].as_f64());
    bench.good(&format!("{ngram} few.json --max-tokens 400"));
    let few = bench.json("few.json");
    assert!(few["trainedTokens"].as_u64() <= Some(400));
    assert!(few["bitsPerByte"].as_f64() > figures["bitsPerByte"].as_f64());
    for engine in ["ngram", "frequency"] {
        bench.good(&format!(
            "autocomplete --pack pack --engine {engine} --tokens tokens --suggestion open.json --cases p-autocomplete.jsonl \
             --json {engine}.json"
        ));
        assert_eq!(bench.json(&format!("{engine}.json"))["engine"], engine);
    }
    let precision = |name: &str| bench.json(name)["precisionWhenShown"].as_f64();
    assert!(
        precision("ngram.json") > Some(0.5),
        "it has read this very text"
    );
    bench.bad(
        &format!("{ngram} out.json --tokenizer text.txt"),
        "tokenizer",
    );
    fs::write(bench.path("tokens/zz.npy"), b"no array").expect("written");
    bench.bad(&format!("{ngram} out.json"), "zz.npy");
}

impl Bench {
    /// Token files of the prose, `times` over, as the recipe writes them.
    fn write_tokens(&self, folder: &str, times: usize) {
        use sotto_core::decode::Tokenizer as _;
        let fixture = root().join("tests/fixtures/tiny-llama");
        let json = fs::read(fixture.join("tokenizer.json")).expect("read");
        let vocabulary = sotto_tokenizer::Vocabulary {
            size: 320,
            end_of_text: 0,
            is_exact: true,
        };
        let tokenizer = sotto_tokenizer::HfTokenizer::from_json(&json, vocabulary).expect("good");
        let mut tokens = Vec::new();
        for document in prose().split("<|doc|>\n") {
            tokens.push(0_u16);
            let ids = tokenizer.encode(document.trim_matches('\n')).expect("text");
            tokens.extend(ids.into_iter().map(|id| id as u16));
        }
        let tokens = tokens.repeat(times);
        let header = format!(
            "{{'descr': '<u2', 'fortran_order': False, 'shape': ({},), }}\n",
            tokens.len()
        );
        let len = u16::try_from(header.len()).expect("short").to_le_bytes();
        let data: Vec<u8> = tokens
            .iter()
            .flat_map(|token| token.to_le_bytes())
            .collect();
        fs::create_dir_all(self.path(folder)).expect("a folder");
        let file = [b"\x93NUMPY\x01\x00", &len[..], header.as_bytes(), &data].concat();
        fs::write(self.path(folder).join("a.npy"), file).expect("written");
    }
}

#[test]
fn calibration_writes_settings_and_a_curve() {
    let bench = Bench::new();
    let documents = vec![prose(); 8].concat().replace("Hi\n", "Hi\n<|doc|>\n");
    bench.write("text.txt", &documents);
    bench.good("cases --text text.txt --out . --name p --insert 120 --suppress 16 --passages 0");
    let line = bench.good(
        "calibrate --pack pack --cases p-autocomplete.jsonl --json out.json --settings settings.json --svg curve.svg",
    );
    assert!(line.contains("precision"), "{line}");
    let settings: SuggestionSettings =
        serde_json::from_value(bench.json("settings.json")).expect("settings");
    assert!(settings.is_valid());
    let bins = bench.json("out.json")["reliability"]["firstWord"].clone();
    assert_eq!(bins.as_array().map(Vec::len), Some(10));
    let svg = fs::read_to_string(bench.path("curve.svg")).expect("a drawing");
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    bench.good("autocomplete --pack pack --suggestion settings.json --cases p-autocomplete.jsonl --json again.json");
    bench.bad(
        "calibrate --pack pack --cases p-autocomplete.jsonl --json out.json --target 1.5",
        "target",
    );
}

#[test]
fn no_canary_leaks_even_of_a_model_that_knows_them_by_heart() {
    let bench = Bench::new();
    bench.write("open.json", OPEN);
    for settings in ["", "--suggestion open.json"] {
        bench.good(&format!("canaries --pack pack --json out.json {settings}"));
        let figures = bench.json("out.json");
        assert_eq!(figures["parrot"]["leaks"], 0);
        assert_eq!(figures["openings"]["listed"], 0);
        assert!(
            figures["parrot"]["shownBeforeSecret"].as_u64() > Some(100),
            "the parrot is asked and answers: {figures}"
        );
    }
    bench.good("canaries --pack pack --json out.json --plant plant.txt");
    let planted = fs::read_to_string(bench.path("plant.txt")).expect("read");
    assert!(planted.matches("<|doc|>").count() >= 30);
}

#[test]
fn summaries_and_answers() {
    let bench = Bench::new();
    let records = [
        json!({"source": "s", "document": prose().replace("<|doc|>\n", "\n"), "summary": "On Monday we met Anna in Berlin."}),
        json!({"source": "t", "document": "One.", "summary": "One."}),
        json!({"source": "s", "instruction": "What is it?", "input": "A house is a building.", "output": "a building"}),
    ];
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    bench.write("records.jsonl", &lines.join("\n"));
    bench.good("cases --records records.jsonl --kind summarize --source s --out . --name r");
    bench.good("cases --records records.jsonl --kind chat --source s --out . --name r");
    bench.good("summarize --pack pack --cases r-summarize.jsonl --json summarize.json");
    let summaries = bench.json("summarize.json");
    for key in [
        "rouge1",
        "rouge2",
        "rougeL",
        "lead3RougeL",
        "extractiveRougeL",
    ] {
        let figure = summaries[key].as_f64().expect(key);
        assert!((0.0..=1.0).contains(&figure), "{key}");
    }
    assert!(summaries["lead3RougeL"].as_f64() > Some(0.1));
    assert!(
        summaries["unsupportedRate"].as_f64() < Some(0.2),
        "{summaries}"
    );
    bench.good("summarize --pack pack --cases r-summarize.jsonl --json shipped.json --as-shipped");
    let shipped = bench.json("shipped.json");
    assert_eq!(shipped["abstractiveShare"], 0.0);
    assert_eq!(shipped["rougeL"], shipped["extractiveRougeL"]);
    bench.good("chat --pack pack --cases r-chat.jsonl --json chat.json");
    let chat = bench.json("chat.json");
    assert!(chat["tokenF1"].is_number() && chat["bitsPerByte"].as_f64() > Some(0.5));
    assert_eq!(chat["measuredShare"], 1.0);

    bench.good("table --results . --json all.json --markdown table.md");
    let table = fs::read_to_string(bench.path("table.md")).expect("read");
    assert!(
        table.contains("## Summaries") && table.contains("## Chat") && table.contains("tiny 2")
    );
    assert_eq!(bench.json("all.json")["chat"]["command"], "chat");
    bench.bad(
        "cases --records records.jsonl --kind chat --source t --out . --name r",
        "no record",
    );
}
