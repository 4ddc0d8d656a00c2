//! Choosing sentences that are central and do not say the same twice.

use super::terms::Vectors;

/// How much centrality counts against likeness to what is chosen already. Carbonell and Goldstein used 0.7 where the
/// reader wants an overview.
const CENTRALITY_SHARE: f32 = 0.7;

/// The indices of at most `count` sentences, best first.
///
/// # Source
/// Maximal marginal relevance of Carbonell and Goldstein 1998, with centrality for relevance.
pub(super) fn select(vectors: &Vectors, scores: &[f32], count: usize) -> Vec<usize> {
    let best = scores.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let mut likeness = vec![0.0f32; scores.len()];
    let mut is_chosen = vec![false; scores.len()];
    let mut chosen = Vec::new();
    while chosen.len() < count.min(scores.len()) {
        let value = |index: usize| {
            CENTRALITY_SHARE * scores[index] / best - (1.0 - CENTRALITY_SHARE) * likeness[index]
        };
        let open = (0..scores.len()).filter(|&index| !is_chosen[index]);
        // The first of several that are as good: `max_by` would take the last.
        let Some(next) = open.rev().max_by(|&a, &b| value(a).total_cmp(&value(b))) else {
            break;
        };
        chosen.push(next);
        is_chosen[next] = true;
        for (index, likeness) in likeness.iter_mut().enumerate() {
            *likeness = likeness.max(vectors.similarity(index, next));
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_not_said_twice() {
        let sentences = [
            "Wolves came back to the valley.",
            "Wolves came back to the valley again.",
            "Farmers want money.",
        ];
        let sentences: Vec<String> = sentences.iter().map(|&text| text.to_owned()).collect();
        let vectors = Vectors::new(&sentences);
        assert_eq!(select(&vectors, &[0.4, 0.39, 0.3], 2), [0, 2]);
        assert_eq!(select(&vectors, &[0.4, 0.39, 0.3], 9).len(), 3);
        assert_eq!(select(&vectors, &[0.3, 0.3, 0.3], 1), [0]);
    }
}
