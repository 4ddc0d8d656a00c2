//! One adapter matrix as products read it.
//!
//! Both factors are INT8 with one scale a row and go through the network's own kernels: in single precision they took a third of
//! a token's time, with a fiftieth of its weights. What the rounding loses is a few thousandths of what the adapter adds.

use sotto_core::vector::max_abs;

use crate::kernels::rounded::Rounded;
use crate::kernels::tiles::Tiles;

/// `y += B (A x)`, the factor `alpha / rank` already in `B`.
#[derive(Debug)]
pub(crate) struct LowRank {
    rank: usize,
    /// `[2 * rank, k]`: rounded rows, then what the rounding took from each. A tile has room for sixteen rows, and the
    /// usual rank is eight.
    a: Tiles,
    /// `[n, rank]`.
    b: Tiles,
}

/// What [`LowRank::add`] works in.
#[derive(Debug, Default)]
pub(crate) struct LowRankScratch {
    inner: Vec<f32>,
    rounded: Option<Rounded>,
}

impl LowRank {
    /// # Shapes
    /// `a`: `[rank, k]`; `b`: `[n, rank]`.
    pub(crate) fn new(a: &[f32], b: &[f32], rank: usize, scale: f32) -> Self {
        let k = a.len() / rank;
        // A row of B has one scale for all of its columns, so their lengths are made the same, and the rows of A, which have
        // a scale each, take the difference.
        let lengths: Vec<f32> = (0..rank).map(|at| column_max(b, rank, at)).collect();
        let a: Vec<f32> = (a.chunks_exact(k).zip(&lengths))
            .flat_map(|(row, length)| row.iter().map(move |value| value * length * scale))
            .collect();
        let b: Vec<f32> = (b.chunks_exact(rank))
            .flat_map(|row| {
                row.iter()
                    .zip(&lengths)
                    .map(|(value, length)| value / length)
            })
            .collect();
        let (a, lost) = rounded(&a, k);
        let (rest, _) = rounded(&lost, k);
        let (b, _) = rounded(&b, rank);
        Self {
            rank,
            a: tiles(&[a, rest].concat(), k),
            b: tiles(&b, rank),
        }
    }

    /// Adds to products.
    ///
    /// # Shapes
    /// `x`: m rows of `k`; `out`: `[m, n]`.
    pub(crate) fn add(&self, x: &Rounded, scratch: &mut LowRankScratch, out: &mut [f32]) {
        let LowRankScratch { inner, rounded } = scratch;
        let rank = self.rank;
        inner.resize(x.rows() * 2 * rank, 0.0);
        self.a.multiply(x, false, inner);
        for row in 0..x.rows() {
            for at in 0..rank {
                inner[row * rank + at] =
                    inner[2 * row * rank + at] + inner[(2 * row + 1) * rank + at];
            }
        }
        inner.truncate(x.rows() * rank);
        let rounded = rounded.get_or_insert_with(|| Rounded::new(x.simd()));
        rounded.round(inner, rank);
        self.b.multiply(rounded, true, out);
    }
}

/// Largest magnitude of a column; one if it is all zeros.
fn column_max(b: &[f32], rank: usize, column: usize) -> f32 {
    let values = b.iter().skip(column).step_by(rank);
    let largest = values.fold(0.0_f32, |largest, value| largest.max(value.abs()));
    if largest > 0.0 { largest } else { 1.0 }
}

/// Rows of INT8 values and the scale of each.
type Rows = Vec<(Vec<i8>, f32)>;

/// Rounds rows of `width` values to INT8; also gives what that takes from each value.
fn rounded(values: &[f32], width: usize) -> (Rows, Vec<f32>) {
    let mut lost = Vec::with_capacity(values.len());
    let rows = values.chunks_exact(width).map(|row| {
        let scale = max_abs(row) / 127.0;
        let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        let rounded: Vec<i8> = (row.iter())
            .map(|value| (value * inverse).round() as i8)
            .collect();
        let rest = row.iter().zip(&rounded);
        lost.extend(rest.map(|(value, rounded)| value - f32::from(*rounded) * scale));
        (rounded, scale)
    });
    (rows.collect(), lost)
}

/// Lays rows of `width` values out.
fn tiles(rows: &[(Vec<i8>, f32)], width: usize) -> Tiles {
    let word = |values: &[i8]| {
        let byte = |at: usize| values.get(at).map_or(0, |&value| value as u8);
        i32::from_le_bytes([0, 1, 2, 3].map(byte))
    };
    let words = rows.iter().flat_map(|(row, _)| row.chunks(4).map(word));
    let words: Vec<i32> = words.collect();
    let scales: Vec<f32> = rows.iter().map(|(_, scale)| *scale).collect();
    Tiles::new(&words, width.div_ceil(4), &scales)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Simd;

    #[test]
    fn agrees_with_double_precision_within_eight_bits_for_every_number_of_rows() {
        let wave = |len: usize, step: f32| -> Vec<f32> {
            (0..len).map(|at| (at as f32 * step).sin()).collect()
        };
        for (m, n, k, rank) in [(1, 5, 8, 3), (2, 8, 7, 1), (3, 4, 4, 8), (9, 13, 20, 4)] {
            let (a, b) = (wave(rank * k, 0.3), wave(n * rank, 0.7));
            let x = wave(m * k, 1.1);
            let mut out = vec![0.5; m * n];
            let mut rounded = Rounded::new(Simd::detect());
            rounded.round(&x, k);
            let adapter = LowRank::new(&a, &b, rank, 2.0);
            adapter.add(&rounded, &mut LowRankScratch::default(), &mut out);
            for (row, out) in out.chunks(n).enumerate() {
                for (column, out) in out.iter().enumerate() {
                    let inner = |at: usize| -> f64 {
                        let terms = a[at * k..][..k].iter().zip(&x[row * k..][..k]);
                        terms.map(|(&a, &x)| f64::from(a) * f64::from(x)).sum()
                    };
                    let terms = (0..rank).map(|at| f64::from(b[column * rank + at]) * inner(at));
                    let expected = 0.5 + 2.0 * terms.sum::<f64>();
                    // What eight bits of either factor can lose: half a 127th of the largest, for every product.
                    let largest = (0..rank).map(|at| inner(at).abs()).sum::<f64>();
                    let lost = 2.0 * (largest + (k * rank) as f64) / 254.0;
                    let error = (f64::from(*out) - expected).abs();
                    assert!(error < lost, "{m} {n} {k} {rank}: {error} of {lost}");
                }
            }
        }
    }
}
