//! Interpolation of the network's probabilities with those of tables.

use sotto_core::vector::{exp_sums, max};

use super::Ngrams;

/// Most tokens that a table may speak of at once; a personal one keeps sixteen a context, of three lengths, a model's four.
const MAX_FOUND: usize = 64;

/// A token that the table speaks of.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    token: u32,
    /// Its probability before the table is asked.
    before: f32,
    /// And after.
    probability: f32,
}

/// What a softmax over logits divides by: `e^(logit - shift)`, summed. It is a pass over the vocabulary, and more work than
/// everything else here, so it is done once for all tables.
#[derive(Debug, Clone, Copy)]
struct Softmax {
    shift: f32,
    sum: f32,
}

impl Softmax {
    fn of(logits: &[f32]) -> Self {
        let shift = max(logits);
        let (sum, _) = exp_sums(logits, shift);
        Self { shift, sum }
    }
}

/// Changes the logits of the tokens that tables speak of behind `ids`, one table after the other, so that a softmax gives the
/// interpolated probabilities; the others' logits stay, because a common factor does not matter. Does nothing where no table
/// knows the context.
///
/// # Shapes
/// `logits`: `[vocab]`, finite.
pub(crate) fn blend<'a>(tables: impl Iterator<Item = &'a Ngrams>, ids: &[u32], logits: &mut [f32]) {
    let mut softmax = None;
    for table in tables {
        table.blend(ids, logits, &mut softmax);
    }
}

impl Ngrams {
    /// Blends this table in. `softmax` is that of `logits` if it is known, before and after.
    fn blend(&self, ids: &[u32], logits: &mut [f32], softmax: &mut Option<Softmax>) {
        let mut found = [Found::default(); MAX_FOUND];
        let mut count = 0;
        // What the network's probabilities are multiplied with where the table says nothing.
        let mut kept = 1.0;
        for (length, &weight) in (1..).zip(&self.weights) {
            if weight == 0.0 || length > ids.len() {
                continue;
            }
            let mut shares = [(0, 0.0); MAX_FOUND];
            let mut known = 0;
            for (place, share) in shares.iter_mut().zip(self.next(&ids[ids.len() - length..])) {
                *place = share;
                known += 1;
            }
            let shares = &shares[..known];
            if shares.is_empty() {
                continue;
            }
            let Softmax { shift, sum } = *softmax.get_or_insert_with(|| Softmax::of(logits));
            // Shares are rounded, so they may be more than one together.
            let total: f32 = shares.iter().map(|(_, share)| share).sum();
            let scale = weight / total.max(1.0);
            let factor = 1.0 - scale * total;
            for known in &mut found[..count] {
                known.probability *= factor;
            }
            for &(token, share) in shares {
                let at = found[..count].iter().position(|known| known.token == token);
                let at = at.unwrap_or_else(|| {
                    let before = (logits[token as usize] - shift).exp() / sum;
                    let probability = kept * factor * before;
                    if count < MAX_FOUND {
                        found[count] = Found {
                            token,
                            before,
                            probability,
                        };
                        count += 1;
                    }
                    count - 1
                });
                if found[at].token == token {
                    found[at].probability += scale * share;
                }
            }
            kept *= factor;
        }
        if let Some(Softmax { shift, sum }) = softmax.as_mut() {
            let mut change = 0.0;
            for known in &found[..count] {
                let after = known.probability / kept;
                logits[known.token as usize] = (after * *sum).ln() + *shift;
                change += after - known.before;
            }
            *sum *= 1.0 + change;
        }
    }
}
