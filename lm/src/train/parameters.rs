//! Everything that is trained, in one vector, so that Adam, clipping, noise and saving need not know what it is.

use std::collections::BTreeMap;

use ndarray::{ArrayView2, ArrayViewMut2};
use sotto_core::pack::Sha256;

use super::config::TrainConfig;
use super::random::{Random, normal_pair};
use crate::adapter::Pair;
use crate::{AdapterInfo, Factors, LlamaConfig, Slot};

/// Where each factor is in the vector.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) rank: usize,
    pub(super) alpha: f32,
    places: BTreeMap<Slot, SlotPlace>,
    len: usize,
}

#[derive(Debug, Clone, Copy)]
struct SlotPlace {
    start: usize,
    n: usize,
    k: usize,
}

impl Layout {
    pub(super) fn new(config: &LlamaConfig, train: &TrainConfig) -> Self {
        let mut start = 0;
        let mut places = BTreeMap::new();
        for slot in Slot::all(config.layers, &train.targets) {
            let (n, k) = slot.target().shape(config);
            places.insert(slot, SlotPlace { start, n, k });
            start += train.rank * (n + k);
        }
        Self {
            rank: train.rank,
            alpha: train.alpha,
            places,
            len: start,
        }
    }

    /// Numbers in the vector.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn scale(&self) -> f32 {
        self.alpha / self.rank as f32
    }

    /// First values: `A` normal with variance `1 / k`, `B` zero, so that the adapter changes nothing at first.
    pub(super) fn initial(&self, seed: u64) -> Vec<f32> {
        let mut values = vec![0.0; self.len];
        let mut random = Random::new(seed);
        for place in self.places.values() {
            let a = &mut values[place.start..][..self.rank * place.k];
            let scale = 1.0 / (place.k as f64).sqrt();
            for pair in a.chunks_mut(2) {
                let normal = normal_pair(random.next(), random.next());
                for (value, normal) in pair.iter_mut().zip(normal) {
                    *value = (normal * scale) as f32;
                }
            }
        }
        values
    }

    /// `A [rank, k]` and `B [n, rank]` of a slot, if it is trained.
    pub(super) fn pair<'a>(
        &self,
        values: &'a [f32],
        slot: Slot,
    ) -> Option<(ArrayView2<'a, f32>, ArrayView2<'a, f32>)> {
        let place = self.places.get(&slot)?;
        let (a, rest) = values[place.start..].split_at(self.rank * place.k);
        let b = &rest[..place.n * self.rank];
        let a = ArrayView2::from_shape((self.rank, place.k), a).expect("its length");
        let b = ArrayView2::from_shape((place.n, self.rank), b).expect("its length");
        Some((a, b))
    }

    /// The same, to be written to.
    pub(super) fn pair_mut<'a>(
        &self,
        values: &'a mut [f32],
        slot: Slot,
    ) -> Option<(ArrayViewMut2<'a, f32>, ArrayViewMut2<'a, f32>)> {
        let place = self.places.get(&slot)?;
        let (a, rest) = values[place.start..].split_at_mut(self.rank * place.k);
        let b = &mut rest[..place.n * self.rank];
        let a = ArrayViewMut2::from_shape((self.rank, place.k), a).expect("its length");
        let b = ArrayViewMut2::from_shape((place.n, self.rank), b).expect("its length");
        Some((a, b))
    }

    /// The same with every `B`, and so all that the adapter adds, times `share`.
    pub(super) fn shrunk(&self, values: &[f32], share: f32) -> Vec<f32> {
        let mut shrunk = values.to_vec();
        for place in self.places.values() {
            let b = &mut shrunk[place.start + self.rank * place.k..][..place.n * self.rank];
            b.iter_mut().for_each(|value| *value *= share);
        }
        shrunk
    }

    /// The adapter that these values are.
    pub(super) fn factors(&self, values: &[f32], base: Sha256) -> Factors {
        let pair = |&slot: &Slot| {
            let (a, b) = self.pair(values, slot).expect("a slot of ours");
            let (a, b) = (a.iter().copied().collect(), b.iter().copied().collect());
            (slot, Pair { a, b })
        };
        let info = AdapterInfo {
            base,
            rank: self.rank,
            alpha: self.alpha,
        };
        Factors::new(info, self.places.keys().map(pair).collect())
    }
}
