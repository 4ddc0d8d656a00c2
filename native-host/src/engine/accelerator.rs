//! A model on an accelerator: its two static graphs, compiled now or in an earlier start, and the proof that they are right.

use ort::session::Session;
use ort::session::builder::SessionBuilder;
use sotto_core::pack::{Graph, GraphShape, KnownAnswer};

use super::candidate::{Candidate, UNPACK};
use super::decoder::{Kind, OrtDecoder};
use super::fixed_cache::FixedCache;
use super::graph::Signature;
use super::load::Conditions;
use super::placement::Placement;
use super::source::{GraphFiles, ModelSource};
use super::trial::{Trial, commit, measured};
use super::{EngineError, Runtime};
use crate::compiled::{Binding, CompiledCache, Draft, Miss};
use crate::models::operators_of;

/// The operator that stands for a part of a graph which a provider compiled.
const COMPILED_OPERATOR: &str = "EPContext";

/// The graphs of a pack for fixed shapes: for one token, for a block of tokens.
pub(super) struct StaticGraphs<'a> {
    step: &'a Graph,
    prefill: &'a Graph,
}

impl<'a> StaticGraphs<'a> {
    /// # Errors
    /// [`EngineError::NoGraph`] if the pack has none.
    pub(super) fn of(source: &'a impl ModelSource) -> Result<Self, EngineError> {
        let graphs = || source.manifest().graphs.iter();
        let find = |is_step: bool| {
            graphs()
                .find(|graph| graph.shape == GraphShape::Static && (graph.tokens == 1) == is_step)
                .ok_or(EngineError::NoGraph("this device"))
        };
        Ok(Self {
            step: find(true)?,
            prefill: find(false)?,
        })
    }

    fn both(&self) -> [&'a Graph; 2] {
        [self.step, self.prefill]
    }
}

/// Tries `candidate` out. The text, if there is one, says what became of its compiled graphs.
///
/// # Errors
/// Why it cannot be used.
pub(super) fn on_accelerator(
    runtime: &Runtime,
    source: &impl ModelSource,
    vocab_size: usize,
    candidate: &Candidate,
    answer: &KnownAnswer,
    conditions: &mut impl Conditions,
) -> Result<(Trial, String), EngineError> {
    let graphs = StaticGraphs::of(source)?;
    let attempt = Attempt {
        runtime,
        candidate,
        vocab_size,
        answer,
    };
    let bound = conditions.cache().zip(bindings(source, candidate, &graphs));
    let Some((cache, bindings)) = bound else {
        let (trial, _) = attempt.compiled_now(source, &graphs, None)?;
        return Ok((trial, String::new()));
    };
    let miss = match attempt.compiled_before(&cache, &bindings) {
        Ok(Ok(trial)) => return Ok((trial, "; its compiled graphs were kept".to_owned())),
        Ok(Err(error)) => {
            conditions.refused(candidate, &error);
            Miss::Useless
        }
        Err(miss) => miss,
    };
    let draft = cache.draft();
    let (trial, placements) = attempt
        .compiled_now(source, &graphs, draft.as_ref())
        // A provider need not be able to give away what it compiled.
        .or_else(|_| attempt.compiled_now(source, &graphs, None))?;
    // Only of graphs that just gave the right answer.
    for ((graph, binding), placement) in graphs.both().iter().zip(bindings).zip(placements) {
        let compiled = draft.as_ref().and_then(|draft| draft.take(&graph.name));
        let whole = compiled.filter(|compiled| is_whole(compiled));
        let statement = whole.and_then(|graph| cache.keep(binding, &graph, placement.counts()));
        statement
            .into_iter()
            .for_each(|statement| conditions.compiled(statement));
    }
    Ok((trial, format!("; its graphs were compiled: {miss}")))
}

/// What the compiled graphs of a candidate depend on; nothing if they cannot be kept.
fn bindings(
    source: &impl ModelSource,
    candidate: &Candidate,
    graphs: &StaticGraphs<'_>,
) -> Option<[Binding; 2]> {
    let bind = |graph: &Graph| candidate.binding(source, graph);
    Some([bind(graphs.step)?, bind(graphs.prefill)?])
}

/// One candidate for one model.
struct Attempt<'a> {
    runtime: &'a Runtime,
    candidate: &'a Candidate,
    vocab_size: usize,
    answer: &'a KnownAnswer,
}

impl Attempt<'_> {
    /// With graphs of an earlier start: a miss, or what came of trying them.
    fn compiled_before(
        &self,
        cache: &CompiledCache,
        bindings: &[Binding; 2],
    ) -> Result<Result<Trial, EngineError>, Miss> {
        let (step, prefill) = (cache.find(&bindings[0])?, cache.find(&bindings[1])?);
        Ok((|| {
            let open = |graph: &[u8]| {
                let mut builder = self.candidate.builder(self.runtime, None)?;
                let session = builder
                    .commit_from_memory(graph)
                    .map_err(EngineError::ort("loading a compiled graph"))?;
                self.check_placement(&Placement::of(&session)?)?;
                Ok::<_, EngineError>(session)
            };
            let sessions = [open(&step.graph)?, open(&prefill.graph)?];
            // The operators are hidden in the compiled graphs; what was recorded when they were compiled was signed.
            let placement = Placement::from_counts(step.placement)
                .and(Placement::from_counts(prefill.placement));
            self.try_out(sessions, placement)
        })())
    }

    /// With graphs that are compiled now, and left in `draft` if there is one; gives the placement of each, too.
    fn compiled_now(
        &self,
        source: &impl ModelSource,
        graphs: &StaticGraphs<'_>,
        draft: Option<&Draft>,
    ) -> Result<(Trial, [Placement; 2]), EngineError> {
        let open = |graph: &Graph| {
            let left_in = draft.map(|draft| draft.path(&graph.name));
            let builder = self.candidate.builder(self.runtime, left_in.as_deref())?;
            let session = commit(builder, &GraphFiles::read(source, graph)?)?;
            let placement = Placement::of(&session)?;
            self.check_placement(&placement)?;
            Ok::<_, EngineError>((session, placement))
        };
        let (step, prefill) = (open(graphs.step)?, open(graphs.prefill)?);
        let placement = step.1.clone().and(prefill.1.clone());
        let trial = self.try_out([step.0, prefill.0], placement)?;
        Ok((trial, [step.1, prefill.1]))
    }

    /// The option that forbids it is obeyed by most providers; the record shows it for all.
    fn check_placement(&self, placement: &Placement) -> Result<(), EngineError> {
        if placement.is_all_on(&self.candidate.provider) {
            Ok(())
        } else if placement.nodes() == 0 {
            Err(EngineError::Graph("runs nobody knows where"))
        } else {
            Err(EngineError::Graph("was left to the CPU in part"))
        }
    }

    fn try_out(
        &self,
        [step, prefill]: [Session; 2],
        placement: Placement,
    ) -> Result<Trial, EngineError> {
        let decoder = fixed_decoder(step, prefill, self.vocab_size)?;
        let KnownAnswer {
            prompt_ids,
            greedy_ids,
        } = self.answer;
        let (trial, found) = measured(decoder, placement, prompt_ids, greedy_ids.len())?;
        if found == *greedy_ids {
            Ok(trial)
        } else {
            Err(EngineError::WrongAnswer)
        }
    }
}

/// Whether everything in a graph was compiled: a part that was not would depend on more than its binding says.
fn is_whole(compiled: &[u8]) -> bool {
    let operators = operators_of(compiled).unwrap_or_default();
    !operators.is_empty()
        && operators
            .iter()
            .all(|operator| operator == COMPILED_OPERATOR)
}

/// A decoder from two static graphs.
pub(super) fn fixed_decoder(
    step: Session,
    prefill: Session,
    vocab_size: usize,
) -> Result<OrtDecoder, EngineError> {
    let signed = |session: Session| {
        let signature = Signature::of(&session)?;
        Ok::<_, EngineError>((session, signature))
    };
    let cache = FixedCache::new(signed(prefill)?, signed(step)?, vocab_size)?;
    Ok(OrtDecoder::new(Kind::Fixed(Box::new(cache)), vocab_size))
}

/// The static graphs on the CPU, for a pack that was made for an NPU alone.
pub(super) fn static_on_cpu(
    builder: impl Fn() -> Result<SessionBuilder, EngineError>,
    source: &impl ModelSource,
    vocab_size: usize,
) -> Result<(OrtDecoder, Placement), EngineError> {
    let graphs = StaticGraphs::of(source)?;
    let open = |graph: &Graph| {
        let builder = builder()?
            .with_config_entry(UNPACK.0, UNPACK.1)
            .map_err(EngineError::build("unpacking the weights"))?;
        commit(builder, &GraphFiles::read(source, graph)?)
    };
    let (step, prefill) = (open(graphs.step)?, open(graphs.prefill)?);
    let placement = Placement::of(&step)?.and(Placement::of(&prefill)?);
    Ok((fixed_decoder(step, prefill, vocab_size)?, placement))
}
