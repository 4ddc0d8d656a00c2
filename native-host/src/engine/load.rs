//! From a verified pack to a decoder on the best device that proves itself.

use ort::session::Session;
use sotto_core::decode::Decoder as _;
use sotto_core::pack::{Graph, GraphDevice, GraphShape, KnownAnswer, Precision};

use super::accelerator::{on_accelerator, static_on_cpu};
use super::candidate::{Candidate, accelerators, cpu_builder};
use super::decoder::{Kind, OrtDecoder};
use super::graph::Signature;
use super::growing_cache::GrowingCache;
use super::mapped::mapped;
use super::placement::Placement;
use super::shared_cache::SharedCache;
use super::source::{GraphFiles, ModelSource};
use super::trial::{Trial, commit, measured};
use super::{EngineError, Runtime};
use crate::compiled::{CompiledCache, Statement};

/// Most memory for a KV cache. A model with long contexts gets a shorter one.
const MAX_CACHE_BYTES: usize = 256 * 1024 * 1024;

/// Prompt and answer of the measurement: enough to leave the first run's costs behind.
const MEASURED_TOKENS: usize = 8;

/// A device has to be this much faster than the CPU to be worth its start-up and its memory.
const WORTHWHILE: f64 = 1.1;

/// What may be used, and what is to be told.
pub trait Conditions {
    /// Whether the user's setting allows this place.
    fn allows(&self, candidate: &Candidate) -> bool;

    /// Whether the user's setting names this place: then it is used if it is right, fast or not.
    fn insists(&self, candidate: &Candidate) -> bool;

    /// Whether its provider crashed before.
    fn is_quarantined(&self, candidate: &Candidate) -> bool;

    /// A place is about to be tried; `None`: it did not crash.
    fn trying(&mut self, candidate: Option<&Candidate>);

    /// A place cannot be used. The error's sources say more than the reason that people are given.
    fn refused(&mut self, candidate: &Candidate, error: &EngineError);

    /// Where compiled graphs are kept; nowhere if they are not to be.
    fn cache(&self) -> Option<CompiledCache> {
        None
    }

    /// A compiled graph was put there, and is of use once somebody vouched for it.
    fn compiled(&mut self, statement: Statement) {
        let _ = statement;
    }
}

/// A decoder and how it came to run where it runs.
#[derive(Debug)]
pub struct Loaded {
    /// The decoder.
    pub decoder: OrtDecoder,
    /// For people: `CPU`, the name of an NPU.
    pub device: String,
    /// Why there, as a sentence.
    pub reason: String,
    /// Which provider runs which operators.
    pub placement: Placement,
}

/// Loads `source` on the fastest device that the conditions allow. `vocab_size`: rows of the logits, as its configuration
/// says.
///
/// # Errors
/// [`EngineError`] if it does not even run on the CPU.
pub fn load(
    runtime: &Runtime,
    source: &impl ModelSource,
    vocab_size: usize,
    threads: usize,
    conditions: &mut impl Conditions,
) -> Result<Loaded, EngineError> {
    let cpu = on_cpu(runtime, source, vocab_size, threads)?;
    let answer = known_answer(source, &cpu.answer);
    let mut best = cpu.trial;
    let mut device = "CPU".to_owned();
    let mut reasons = Vec::new();
    let found = accelerators(runtime);
    if found.is_empty() {
        reasons.push("no NPU was found that ONNX Runtime can use".to_owned());
    }
    for candidate in found {
        if !conditions.allows(&candidate) {
            reasons.push(format!("{} was not asked for", candidate.label));
            continue;
        }
        if conditions.is_quarantined(&candidate) {
            reasons.push(format!("{} crashed before", candidate.label));
            continue;
        }
        conditions.trying(Some(&candidate));
        let trial = on_accelerator(runtime, source, vocab_size, &candidate, &answer, conditions);
        conditions.trying(None);
        let label = &candidate.label;
        match trial {
            Ok((trial, graphs)) => {
                let times = trial.tokens_per_s / best.tokens_per_s;
                let is_asked_for = conditions.insists(&candidate);
                if is_asked_for || times >= WORTHWHILE {
                    let asked = if is_asked_for { "was asked for, " } else { "" };
                    // A device that the settings name is the user's choice. What it costs is told.
                    let slower = if times < 1.0 { "slower: " } else { "" };
                    reasons = vec![format!(
                        "{label} {asked}passed the known-answer test and is {slower}{times:.2} times as fast as {device}{graphs}"
                    )];
                    device = candidate.label;
                    best = trial;
                } else {
                    reasons.push(format!(
                        "{label} is not faster ({:.0} against {:.0} tokens a second){graphs}",
                        trial.tokens_per_s, best.tokens_per_s
                    ));
                }
            }
            Err(error) => {
                conditions.refused(&candidate, &error);
                reasons.push(format!("{label}: {error}"));
            }
        }
    }
    // Several devices of one make fail for one reason.
    reasons.dedup();
    Ok(Loaded {
        decoder: best.decoder,
        reason: format!("{device}: {}. {}", reasons.join("; "), best.placement),
        placement: best.placement,
        device,
    })
}

/// The CPU's trial, with the answer that it gave.
struct CpuTrial {
    trial: Trial,
    answer: Vec<u32>,
}

/// What every device must answer: what was signed, or what the CPU answers if a pack from elsewhere brings nothing.
fn known_answer(source: &impl ModelSource, cpu_answer: &[u32]) -> KnownAnswer {
    let signed = &source.manifest().known_answer;
    if !signed.is_empty() {
        return signed.clone();
    }
    KnownAnswer {
        prompt_ids: own_prompt(),
        greedy_ids: cpu_answer.to_vec(),
    }
}

/// A prompt for models that bring none: ids that every vocabulary has.
fn own_prompt() -> Vec<u32> {
    (1..=MEASURED_TOKENS as u32).collect()
}

fn on_cpu(
    runtime: &Runtime,
    source: &impl ModelSource,
    vocab_size: usize,
    threads: usize,
) -> Result<CpuTrial, EngineError> {
    let builder = || cpu_builder(runtime, threads);
    let graphs = source.manifest().graphs.iter();
    let dynamic = graphs
        .filter(|graph| graph.device == GraphDevice::Cpu && graph.shape != GraphShape::Static)
        .min_by_key(|graph| preference(graph.precision));
    let (decoder, placement) = match dynamic {
        Some(graph) => {
            let (session, files) = match mapped(builder()?, source, graph)? {
                Some(mapped) => mapped,
                None => (
                    commit(builder()?, &GraphFiles::read(source, graph)?)?,
                    vec![],
                ),
            };
            let placement = Placement::of(&session)?;
            let decoder = decoder(session, graph, source, vocab_size)?.with_files(files);
            (decoder, placement)
        }
        // A pack that was made for an NPU alone.
        None => static_on_cpu(builder, source, vocab_size)?,
    };
    let signed = &source.manifest().known_answer;
    let prompt = if signed.is_empty() {
        own_prompt()
    } else {
        signed.prompt_ids.clone()
    };
    let count = signed.greedy_ids.len().max(MEASURED_TOKENS);
    let (trial, answer) = measured(decoder, placement, &prompt, count)?;
    if !answer.starts_with(&signed.greedy_ids) {
        return Err(EngineError::WrongAnswer);
    }
    Ok(CpuTrial { trial, answer })
}

/// INT8 keeps the quality of the model and INT4 does not always, so speed comes second.
fn preference(precision: Precision) -> u8 {
    match precision {
        Precision::Int8 => 0,
        Precision::Int4 => 1,
        Precision::F32 => 2,
        Precision::F16 => 3,
    }
}

fn decoder(
    session: Session,
    graph: &Graph,
    source: &impl ModelSource,
    vocab_size: usize,
) -> Result<OrtDecoder, EngineError> {
    let signature = Signature::of(&session)?;
    let position_bytes =
        signature.cache.len() * signature.kv_heads * signature.head_dim * size_of::<f32>();
    let capacity = (source.manifest().context_tokens as usize)
        .min(MAX_CACHE_BYTES / position_bytes.max(1))
        .max(1);
    let kind = match graph.shape {
        GraphShape::Gqa => Kind::Shared(Box::new(SharedCache::new(
            session, signature, vocab_size, capacity,
        )?)),
        GraphShape::Merged => {
            Kind::Growing(GrowingCache::new(session, signature, vocab_size, capacity))
        }
        GraphShape::Static => return Err(EngineError::NoGraph("this device")),
    };
    let decoder = OrtDecoder::new(kind, vocab_size);
    debug_assert!(decoder.is_empty());
    Ok(decoder)
}
