//! Adapters: what training on the first part of an author's text does for the last part, which nobody learned from.
//!
//! The first part plays what a user wrote: nine tenths are learned from, the last tenth decides, as in the product. If the
//! adapter is no better there, "after" is the same as "before". Bits per byte are counted as the product reads: behind the
//! end-of-text token stands what is left of a prompt after a cut, or up to twice as much. Keystrokes are those of
//! `autocomplete`, at the pack's thresholds; time is wall time of the training, its decisions included.

mod canaries;
mod fit;
mod prompts;
mod slowdown;

use std::sync::Arc;

use serde::Serialize;
use sotto_core::decode::Tokenizer as _;
use sotto_lm::{Adapter, LlamaDecoder, Target};
use sotto_tokenizer::HfTokenizer;

use crate::arguments::PersonalOptions;
use crate::autocomplete::TypingTally;
use crate::cases::{self, TextCase};
use crate::error::EvalError;
use crate::language::{self, LlamaPredictor, Predictor as _};
use crate::model::{PackInfo, PackModel};
use crate::report::write_json;
use canaries::CanaryFigures;
use fit::{Fit, PrivacyFigures};
use slowdown::slowdown;

/// What `personal` says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PersonalFigures {
    command: &'static str,
    pack: PackInfo,
    settings: Settings,
    authors: Vec<AuthorFigures>,
    /// Time of a token with an adapter over the time without, minus one; the median of many pairs.
    slowdown: Option<f64>,
    /// Most memory that this process ever had, with everything that it measured beside the training.
    peak_memory_mib: Option<u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    rank: usize,
    alpha: f32,
    targets: Vec<&'static str>,
    learning_rate: f32,
    window_tokens: usize,
    batch_windows: usize,
    epochs: usize,
    threads: usize,
    train_tokens: usize,
    test_tokens: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorFigures {
    name: String,
    bits_per_byte_before: f64,
    bits_per_byte_after: f64,
    /// The same as the model card counts: windows of the whole context that do not overlap.
    bits_per_byte_full_context: [f64; 2],
    keystrokes_saved_before: Option<f64>,
    keystrokes_saved_after: Option<f64>,
    train_s: f64,
    /// Time of all processors: what a machine that does nothing else needs, times its threads.
    train_processor_s: Option<f64>,
    adapter_bytes: usize,
    /// Whether the held-out tenth was better with the adapter than without.
    is_kept: bool,
    /// Of the held-out tenth, in nats per token.
    held_out_before: f64,
    held_out_after: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    privacy: Option<PrivacyFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canaries: Option<CanaryFigures>,
}

/// Least length of a document that is learned from: a letter's.
const PIECE_BYTES: usize = 2_000;

/// An author's text in parts.
struct Parts {
    learned: Vec<Vec<u32>>,
    held_out: Vec<Vec<u32>>,
    test: String,
}

/// Runs the command.
pub(crate) fn run(options: &PersonalOptions) -> Result<String, EvalError> {
    let pack = PackModel::open(&options.common.pack)?;
    let cases: Vec<TextCase> = cases::read(&options.common.cases, options.common.limit)?;
    let fit = Fit::new(&pack, options)?;
    let mut authors = Vec::new();
    let mut slowdowns = None;
    for case in &cases {
        let AuthorResult {
            figures,
            adapter,
            measured,
        } = author(&pack, &fit, case, options)?;
        if slowdowns.is_none()
            && let Some(adapter) = adapter
        {
            slowdowns = slowdown(pack.decoder()?, &adapter, &measured)?;
        }
        let _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!(
                "{}: held out {:.4} -> {:.4}, {:.4} -> {:.4} bits per byte, {:.0} s, {:.0} s of processors\n",
                figures.name,
                figures.held_out_before,
                figures.held_out_after.unwrap_or_default(),
                figures.bits_per_byte_before,
                figures.bits_per_byte_after,
                figures.train_s,
                figures.train_processor_s.unwrap_or_default(),
            ),
        );
        authors.push(figures);
    }
    let config = &fit.config;
    let figures = PersonalFigures {
        command: "personal",
        pack: pack.info(),
        settings: Settings {
            rank: config.rank,
            alpha: config.alpha,
            targets: config
                .targets
                .iter()
                .map(|target| Target::name(*target))
                .collect(),
            learning_rate: config.learning_rate,
            window_tokens: config.window_tokens,
            batch_windows: config.batch_windows,
            epochs: config.epochs,
            threads: config.threads,
            train_tokens: options.train_tokens,
            test_tokens: options.test_tokens,
        },
        authors,
        slowdown: slowdowns,
        peak_memory_mib: peak_memory_mib(),
    };
    write_json(&options.common.json, &figures)?;
    let better =
        |author: &AuthorFigures| 1.0 - author.bits_per_byte_after / author.bits_per_byte_before;
    let all: Vec<String> = figures
        .authors
        .iter()
        .map(|author| format!("{:.1} %", 100.0 * better(author)))
        .collect();
    Ok(format!("bits per byte better by {}", all.join(", ")))
}

/// What an author gave.
struct AuthorResult {
    figures: AuthorFigures,
    adapter: Option<Arc<Adapter>>,
    /// The tokens that were measured.
    measured: Vec<u32>,
}

/// Trains for one author and measures.
fn author(
    pack: &PackModel,
    fit: &Fit<'_>,
    case: &TextCase,
    options: &PersonalOptions,
) -> Result<AuthorResult, EvalError> {
    let tokenizer = pack.tokenizer()?;
    let mut parts = Parts::of(case, &tokenizer, options)?;
    if options.canaries > 0 {
        canaries::plant(&mut parts.learned, &tokenizer, options.canaries)?;
    }
    let fitted = fit.run(&parts.learned, &parts.held_out)?;
    let measure = |adapter: Option<Arc<Adapter>>| {
        let with = |mut decoder: LlamaDecoder| {
            decoder
                .set_adapter(adapter.clone())
                .map_err(sotto_lm::LmError::from)?;
            Ok::<_, EvalError>(decoder)
        };
        let mut predictor = LlamaPredictor::new(with(pack.decoder()?)?);
        let bits =
            prompts::bits_per_byte(&mut predictor, &tokenizer, &parts.test, pack.manifest())?;
        let text = TextCase {
            id: case.id.clone(),
            text: parts.test.clone(),
        };
        let context = predictor.context();
        let full = language::measure(&mut predictor, &tokenizer, &[text], context)?.bits_per_byte;
        let typed: String = parts.test.chars().take(options.typed_characters).collect();
        let mut typing = TypingTally::default();
        if !typed.is_empty() {
            let mut completer = pack.completer(pack.settings(None)?)?;
            let decoder = completer.decoder_mut();
            decoder
                .set_adapter(adapter.clone())
                .map_err(sotto_lm::LmError::from)?;
            typing.add(&typed, &mut completer)?;
        }
        Ok::<_, EvalError>((bits, typing.figures(1.0).saved, full))
    };
    let before = measure(None)?;
    let after = match &fitted.adapter {
        Some(adapter) => measure(Some(adapter.clone()))?,
        None => before,
    };
    let canaries = (options.canaries > 0)
        .then(|| {
            // What would be used, its table of sequences included; if nothing would be, what training ended with.
            let asked = fitted.adapter.as_ref().or(fitted.last.as_ref());
            canaries::extract(pack, asked, &tokenizer)
        })
        .transpose()?;
    let figures = AuthorFigures {
        name: case.id.clone(),
        bits_per_byte_before: before.0,
        bits_per_byte_after: after.0,
        bits_per_byte_full_context: [before.2, after.2],
        keystrokes_saved_before: before.1,
        keystrokes_saved_after: after.1,
        train_s: (fitted.seconds * 10.0).round() / 10.0,
        train_processor_s: fitted.processor_seconds,
        adapter_bytes: fitted.bytes,
        is_kept: fitted.adapter.is_some(),
        held_out_before: fitted.held_out.0,
        held_out_after: fitted.held_out.1,
        privacy: fitted.privacy,
        canaries,
    };
    Ok(AuthorResult {
        figures,
        adapter: fitted.adapter,
        measured: tokenizer.encode(&parts.test)?,
    })
}

impl Parts {
    /// Some paragraphs together are what a user would have written at once: each such piece is a document. What is measured
    /// stays in one.
    fn of(
        case: &TextCase,
        tokenizer: &HfTokenizer,
        options: &PersonalOptions,
    ) -> Result<Self, EvalError> {
        let mut learned = Vec::new();
        let mut test = Vec::new();
        let mut piece = String::new();
        let (mut trained, mut measured) = (0, 0);
        for paragraph in case.text.split("\n\n") {
            if trained < options.train_tokens {
                if !piece.is_empty() {
                    piece += "\n\n";
                }
                piece += paragraph;
                if piece.len() >= PIECE_BYTES {
                    let tokens = tokenizer.encode(&piece)?;
                    trained += tokens.len();
                    learned.push(tokens);
                    piece.clear();
                }
            } else if measured < options.test_tokens {
                measured += tokenizer.encode(paragraph)?.len();
                test.push(paragraph);
            }
        }
        if trained < options.train_tokens || measured * 2 < options.test_tokens {
            return Err(EvalError::AuthorTooShort {
                name: case.id.clone(),
                tokens: trained + measured,
            });
        }
        let mut held = 0;
        let mut held_out = Vec::new();
        while held * 10 < trained
            && let Some(document) = learned.pop()
        {
            held += document.len();
            held_out.push(document);
        }
        Ok(Self {
            learned,
            held_out,
            test: test.join("\n\n"),
        })
    }
}

/// `VmHWM` of Linux.
fn peak_memory_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}
