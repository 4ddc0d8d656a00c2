//! Centrality of sentences: continuous LexRank on a sparse graph.

use super::terms::Vectors;

/// Share of the random jump. LexRank uses 0.1 to 0.2.
const JUMP: f32 = 0.15;

/// How much likelier the random jump lands on one of the first sentences than on another.
const LEAD_WEIGHT: f32 = 3.0;
/// How many sentences are the first.
const LEAD_SENTENCES: usize = 2;

/// Change of all scores together, relative to their sum of 1, below which they are taken for settled.
const SETTLED: f32 = 1e-4;
/// The change shrinks by 1 - [`JUMP`] at least with every round: 57 rounds get from 1 to [`SETTLED`].
const MAX_ROUNDS: usize = 60;

/// Scores and what they cost.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ranked {
    /// By sentence; their sum is 1.
    pub(super) scores: Vec<f32>,
    /// Multiplications, for the test that bounds them.
    pub(super) work: usize,
}

/// Ranks the sentences of a text.
///
/// Unlike in the paper a sentence has no edge to itself: one that shares nothing with the others is not central.
pub(super) fn rank(vectors: &Vectors) -> Ranked {
    let count = vectors.rows.len();
    let mut work = 0;
    let edges = edges(vectors, &mut work);
    let degree: Vec<f32> = edges
        .iter()
        .map(|row| row.iter().map(|(_, weight)| weight).sum())
        .collect();
    let jump = jump(count);
    let mut scores = jump.clone();
    for _ in 0..MAX_ROUNDS {
        // What is at sentences without edges jumps.
        let isolated = scores
            .iter()
            .zip(&degree)
            .filter(|(_, degree)| **degree <= 0.0);
        let jumping = JUMP + (1.0 - JUMP) * isolated.map(|(score, _)| score).sum::<f32>();
        let next: Vec<f32> = edges
            .iter()
            .zip(&jump)
            .map(|(row, jump)| {
                work += row.len();
                let flow = row
                    .iter()
                    .map(|&(from, weight)| scores[from as usize] * weight / degree[from as usize]);
                jumping * jump + (1.0 - JUMP) * flow.sum::<f32>()
            })
            .collect();
        let change: f32 = scores.iter().zip(&next).map(|(a, b)| (a - b).abs()).sum();
        scores = next;
        if change < SETTLED {
            break;
        }
    }
    Ranked { scores, work }
}

/// By sentence: the others that share a term, with the cosine.
fn edges(vectors: &Vectors, work: &mut usize) -> Vec<Vec<(u32, f32)>> {
    let postings = vectors.postings();
    let mut cosine = vec![0.0f32; vectors.rows.len()];
    let mut touched = Vec::new();
    vectors
        .rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            for &(term, weight) in row {
                for &(other, other_weight) in &postings[term as usize] {
                    *work += 1;
                    if cosine[other as usize] == 0.0 {
                        touched.push(other);
                    }
                    cosine[other as usize] += weight * other_weight;
                }
            }
            let taken = touched.drain(..).map(|other| {
                let weight = std::mem::take(&mut cosine[other as usize]);
                (other, weight)
            });
            taken
                .filter(|&(other, weight)| other as usize != index && weight > 0.0)
                .collect()
        })
        .collect()
}

/// Where the random jump lands.
fn jump(count: usize) -> Vec<f32> {
    let weight = |index| {
        if index < LEAD_SENTENCES {
            LEAD_WEIGHT
        } else {
            1.0
        }
    };
    let total: f32 = (0..count).map(weight).sum();
    (0..count).map(|index| weight(index) / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(sentences: &[&str]) -> Vec<f32> {
        let sentences: Vec<String> = sentences.iter().map(|&text| text.to_owned()).collect();
        rank(&Vectors::new(&sentences)).scores
    }

    #[test]
    fn scores_sum_to_one_and_the_centre_is_highest() {
        let scores = ranked(&[
            "Something else entirely.",
            "Another remark.",
            "Wolves hunt at night.",
            "Farmers fear wolves and lose sheep.",
            "Sheep graze on hills.",
            "Farmers build fences.",
            "Unrelated words.",
        ]);
        assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-3);
        let best = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        assert_eq!(best, Some(3), "{scores:?}");
        assert!(scores[6] < scores[5]);
    }

    #[test]
    fn where_nothing_is_alike_the_first_are_first() {
        let scores = ranked(&["one", "two", "three", "four"]);
        assert!(scores[0] == scores[1] && scores[1] > scores[2] && scores[2] == scores[3]);
        assert_eq!(ranked(&[]), Vec::<f32>::new());
        assert_eq!(ranked(&["alone"]), [1.0]);
    }
}
