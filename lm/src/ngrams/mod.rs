//! A table of token sequences that training text holds often, mixed into what the network says.
//!
//! A network of this size forgets most set phrases, and a table of them costs a lookup a token and a few megabytes. For the
//! last token, the last two, and so on, the table says which tokens came next and how often, as a share of all that came next
//! there; the probabilities of both are interpolated, the longest context last:
//!
//! `p_k(w) = (1 - λ_k M_k) p_{k-1}(w) + λ_k m_k(w)`, with `M_k` the sum of `m_k` and `p_0` the network's.
//!
//! `models/recipe/ngrams.py` makes the table of a model, and chooses what is in it. A personal adapter has one of its own
//! (`count`).
//!
//! # Source
//! F. Jelinek, R. L. Mercer, *Interpolated estimation of Markov source parameters from sparse data*, 1980.

mod blend;
#[cfg(feature = "train")]
mod count;
mod hash;

pub(crate) use blend::blend;

use crate::{LmError, Weights};

/// Names of the parts in files.
pub(crate) const WEIGHTS: &str = "ngrams.weights";
pub(crate) const OFFSETS: &str = "ngrams.offsets";
pub(crate) const ENTRIES: &str = "ngrams.entries";
pub(crate) const SHARES: &str = "ngrams.shares";

/// Most lengths of context.
const MAX_LENGTHS: usize = 4;

/// Largest λ: something of the network's is always left.
const MAX_WEIGHT: f32 = 0.9;

/// Most entries: 64 MiB.
const MAX_ENTRIES: usize = 16 << 20;

/// Bits of an entry: from the top the check of its context, its token, and its share.
const CHECK_BITS: u32 = 14;
const TOKEN_BITS: u32 = 14;
const SHARE_BITS: u32 = 4;

/// Shares that an entry can say.
const LEVELS: usize = 1 << SHARE_BITS;

/// The table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ngrams {
    /// λ of each length of context, from one token on; zero for lengths that have no entries.
    weights: Vec<f32>,
    /// Where the entries of each bucket begin, and where the last ends: `[2^bits + 1]`.
    offsets: Vec<u32>,
    entries: Vec<u32>,
    /// What the share of an entry stands for: sixteenths, unless the table says otherwise.
    shares: [f32; LEVELS],
}

impl Ngrams {
    /// Takes the table out of a weights file; `None` if it holds none.
    ///
    /// # Shapes
    /// `ngrams.weights`: F32 `[lengths]`; `ngrams.offsets`: U32 `[2^bits + 1]`; `ngrams.entries`: U32 `[n]`.
    ///
    /// # Errors
    /// [`LmError::Tensor`] if a part is missing, of another type, or contradicts another.
    pub(crate) fn take(weights: &mut Weights, vocab: usize) -> Result<Option<Self>, LmError> {
        let Some(lengths) = weights.len_of(ENTRIES).and(weights.len_of(WEIGHTS)) else {
            return Ok(None);
        };
        let lambdas = weights.vector(WEIGHTS, lengths)?;
        let offsets = weights.words(OFFSETS, MAX_ENTRIES)?;
        let entries = weights.words(ENTRIES, MAX_ENTRIES)?;
        let table = Self::new(lambdas, offsets, entries)
            .and_then(|table| table.check(vocab).map(|()| table))
            .map_err(|(name, problem)| LmError::Tensor {
                name: name.to_owned(),
                problem,
            })?;
        Ok(Some(table))
    }

    /// The table of these parts. An error names the part.
    pub(crate) fn new(
        weights: Vec<f32>,
        offsets: Vec<u32>,
        entries: Vec<u32>,
    ) -> Result<Self, (&'static str, &'static str)> {
        let is_weight = |weight: &f32| (0.0..=MAX_WEIGHT).contains(weight);
        if !(1..=MAX_LENGTHS).contains(&weights.len()) || !weights.iter().all(is_weight) {
            return Err((WEIGHTS, "are too many, or beyond what a weight may be"));
        }
        let buckets = offsets.len().saturating_sub(1);
        if buckets < 2 || !buckets.is_power_of_two() {
            return Err((OFFSETS, "have a number of buckets that is no power of two"));
        }
        let ends = (offsets.first(), offsets.last());
        if ends != (Some(&0), Some(&(entries.len() as u32))) || !offsets.is_sorted() {
            return Err((OFFSETS, "do not divide the entries"));
        }
        Ok(Self {
            weights,
            offsets,
            entries,
            shares: std::array::from_fn(|level| (level + 1) as f32 / LEVELS as f32),
        })
    }

    /// The same with other shares.
    pub(crate) fn with_shares(self, shares: &[f32]) -> Result<Self, (&'static str, &'static str)> {
        match <[f32; LEVELS]>::try_from(shares) {
            Ok(shares) if shares.iter().all(|share| *share > 0.0 && *share <= 1.0) => {
                Ok(Self { shares, ..self })
            }
            _ => Err((
                SHARES,
                "are too many or too few, or beyond what a share may be",
            )),
        }
    }

    /// Checks that a model of `vocab` tokens has every token.
    pub(crate) fn check(&self, vocab: usize) -> Result<(), (&'static str, &'static str)> {
        let mut tokens = self.entries.iter().map(|&entry| token_of(entry) as usize);
        if tokens.any(|token| token >= vocab) {
            return Err((ENTRIES, "name a token beyond the vocabulary"));
        }
        Ok(())
    }

    /// Weights and shares, offsets and entries, as files have them.
    pub(crate) fn parts(&self) -> ([&[f32]; 2], [&[u32]; 2]) {
        (
            [&self.weights, &self.shares],
            [&self.offsets, &self.entries],
        )
    }

    /// What came next in this context: tokens and their shares.
    fn next(&self, context: &[u32]) -> impl Iterator<Item = (u32, f32)> {
        let hash = hash::hash(context);
        let bits = (self.offsets.len() - 1).trailing_zeros();
        let bucket = (hash >> (u64::BITS - bits)) as usize;
        let range = self.offsets[bucket] as usize..self.offsets[bucket + 1] as usize;
        let check = hash as u32 & ((1 << CHECK_BITS) - 1);
        let entries = self.entries[range].iter();
        entries
            .filter(move |&&entry| entry >> (TOKEN_BITS + SHARE_BITS) == check)
            .map(|&entry| (token_of(entry), self.shares[level_of(entry)]))
    }
}

fn token_of(entry: u32) -> u32 {
    entry >> SHARE_BITS & ((1 << TOKEN_BITS) - 1)
}

fn level_of(entry: u32) -> usize {
    entry as usize % LEVELS
}

#[cfg(test)]
mod tests;
