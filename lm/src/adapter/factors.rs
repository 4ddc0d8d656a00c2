//! The factors of an adapter, in the order in which training and files have them.

use std::collections::BTreeMap;

use sotto_core::pack::Sha256;

use super::low_rank::LowRank;
use super::{AdapterError, Slot, Target};
use crate::LlamaConfig;
use crate::ngrams::Ngrams;

/// What an adapter is.
#[derive(Debug, Clone, PartialEq)]
pub struct AdapterInfo {
    /// The model that it belongs to ([`sotto_core::pack::Manifest::base_sum`]).
    pub base: Sha256,
    /// Rows of each `A`, columns of each `B`.
    pub rank: usize,
    /// Products count `alpha / rank` times.
    pub alpha: f32,
}

/// Pairs of factors by the matrix that they belong to, and a table of token sequences beside them.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors {
    info: AdapterInfo,
    pairs: BTreeMap<Slot, Pair>,
    ngrams: Option<Ngrams>,
}

/// `A` and `B` of one matrix.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pair {
    /// `[rank, k]`.
    pub(crate) a: Vec<f32>,
    /// `[n, rank]`.
    pub(crate) b: Vec<f32>,
}

impl Factors {
    /// Factors of these shapes; [`Factors::check`] says whether they fit a model.
    pub(crate) fn new(info: AdapterInfo, pairs: BTreeMap<Slot, Pair>) -> Self {
        Self {
            info,
            pairs,
            ngrams: None,
        }
    }

    /// The same with a table of the person's own token sequences.
    pub(crate) fn with_ngrams(self, ngrams: Option<Ngrams>) -> Self {
        Self { ngrams, ..self }
    }

    /// The table, if there is one.
    pub(crate) fn ngrams(&self) -> Option<&Ngrams> {
        self.ngrams.as_ref()
    }

    /// What the adapter is.
    pub fn info(&self) -> &AdapterInfo {
        &self.info
    }

    /// The targets that it changes, in the order of computing.
    pub fn targets(&self) -> Vec<Target> {
        let is_there = |target: &Target| self.pairs.keys().any(|slot| slot.target() == *target);
        Target::ALL.into_iter().filter(is_there).collect()
    }

    pub(crate) fn pairs(&self) -> &BTreeMap<Slot, Pair> {
        &self.pairs
    }

    /// Checks every shape against a model's.
    pub(super) fn check(&self, config: &LlamaConfig) -> Result<(), AdapterError> {
        for (slot, pair) in &self.pairs {
            let (n, k) = slot.target().shape(config);
            let rank = self.info.rank;
            if slot.layer() >= config.layers {
                return Err(AdapterError::tensor(
                    &slot.name(),
                    "the model has no such layer",
                ));
            }
            if (pair.a.len(), pair.b.len()) != (rank * k, n * rank) {
                let problem = "has another shape than the model";
                return Err(AdapterError::tensor(&slot.name(), problem));
            }
        }
        match &self.ngrams {
            Some(ngrams) => ngrams
                .check(config.vocab_size)
                .map_err(|(name, problem)| AdapterError::tensor(name, problem)),
            None => Ok(()),
        }
    }

    pub(super) fn low_rank(&self, slot: Slot) -> Option<LowRank> {
        let AdapterInfo { rank, alpha, .. } = self.info;
        let pair = self.pairs.get(&slot)?;
        Some(LowRank::new(&pair.a, &pair.b, rank, alpha / rank as f32))
    }
}
