//! Interpolation of the network's probabilities with the table's.

use sotto_core::vector::{exp_sums, max};

use super::Ngrams;

/// Most tokens that the table may speak of at once; the recipe keeps four a context.
const MAX_FOUND: usize = 32;

/// A token that the table speaks of, with its probability.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    token: u32,
    probability: f32,
}

impl Ngrams {
    /// Changes the logits of the tokens that the table speaks of behind `ids`, so that a softmax gives the interpolated
    /// probabilities; the others' logits stay, because a common factor does not matter. Does nothing where the table does not
    /// know the context.
    ///
    /// # Shapes
    /// `logits`: `[vocab]`, finite.
    pub(crate) fn blend(&self, ids: &[u32], logits: &mut [f32]) {
        let contexts = (1..)
            .zip(&self.weights)
            .filter(|(_, weight)| **weight > 0.0);
        let known = contexts.filter_map(|(length, &weight)| {
            let context = &ids[ids.len().checked_sub(length)?..];
            let total: f32 = self.next(context).map(|(_, share)| share).sum();
            (total > 0.0).then_some((context, weight, total))
        });
        let mut found = [Found::default(); MAX_FOUND];
        let mut count = 0;
        // What the network's probabilities are multiplied with where the table says nothing.
        let mut kept = 1.0;
        let mut shift_and_sum = None;
        for (context, weight, total) in known {
            let (shift, sum) = *shift_and_sum.get_or_insert_with(|| {
                let shift = max(logits);
                (shift, exp_sums(logits, shift).0)
            });
            // Shares are rounded, so they may be more than one together.
            let scale = weight / total.max(1.0);
            let factor = 1.0 - scale * total;
            for (token, _) in self.next(context) {
                let is_new = found[..count].iter().all(|other| other.token != token);
                if is_new && count < MAX_FOUND {
                    let network = (logits[token as usize] - shift).exp() / sum;
                    found[count] = Found {
                        token,
                        probability: kept * network,
                    };
                    count += 1;
                }
            }
            kept *= factor;
            for known in &mut found[..count] {
                known.probability *= factor;
            }
            for (token, share) in self.next(context) {
                if let Some(known) = found[..count].iter_mut().find(|known| known.token == token) {
                    known.probability += scale * share;
                }
            }
        }
        if let Some((shift, sum)) = shift_and_sum {
            for Found { token, probability } in &found[..count] {
                logits[*token as usize] = (probability / kept * sum).ln() + shift;
            }
        }
    }
}
