//! One adapter matrix as products read it.

use sotto_core::vector::{F32x4, LANES, dot};

/// `y += B (A x)`, the factor `alpha / rank` already in `B`.
#[derive(Debug)]
pub(crate) struct LowRank {
    rank: usize,
    /// Columns of `A`.
    k: usize,
    /// Rows of `B`.
    n: usize,
    /// `[rank, k]`.
    a: Vec<f32>,
    /// `[n.div_ceil(LANES), rank, LANES]`: four outputs side by side, so that a product is one stream and each output is
    /// read and written once; zeros beyond `n`.
    b: Vec<[f32; LANES]>,
}

/// Rows that go through a factor together: more would not fit into registers.
const ROWS: usize = 4;

impl LowRank {
    /// # Shapes
    /// `a`: `[rank, k]`; `b`: `[n, rank]`.
    pub(crate) fn new(a: &[f32], b: &[f32], rank: usize, scale: f32) -> Self {
        let (k, n) = (a.len() / rank, b.len() / rank);
        let value = |row: usize, at: usize| b.get(row * rank + at).map_or(0.0, |&b| b * scale);
        let packed = (0..n.div_ceil(LANES)).flat_map(|group| {
            (0..rank).map(move |at| std::array::from_fn(|lane| value(group * LANES + lane, at)))
        });
        Self {
            rank,
            k,
            n,
            a: a.to_vec(),
            b: packed.collect(),
        }
    }

    /// Adds to products. `inner` is working memory.
    ///
    /// # Shapes
    /// `x`: `[m, k]`; `out`: `[m, n]`.
    pub(crate) fn add(&self, x: &[f32], inner: &mut Vec<f32>, out: &mut [f32]) {
        let mut x = x.chunks(ROWS * self.k);
        for out in out.chunks_mut(ROWS * self.n) {
            let x = x.next().expect("as many rows as in out");
            inner.clear();
            for a in self.a.chunks_exact(self.k) {
                inner.extend(x.chunks_exact(self.k).map(|x| dot(a, x)));
            }
            match out.len() / self.n {
                1 => self.widen::<1>(inner, out),
                2 => self.widen::<2>(inner, out),
                3 => self.widen::<3>(inner, out),
                _ => self.widen::<ROWS>(inner, out),
            }
        }
    }

    /// `out += B inner`.
    ///
    /// # Shapes
    /// `inner`: `[rank, M]`; `out`: `[M, n]`.
    fn widen<const M: usize>(&self, inner: &[f32], out: &mut [f32]) {
        let (inner, _) = inner.as_chunks::<M>();
        for (group, b) in self.b.chunks_exact(self.rank).enumerate() {
            let mut sums = [F32x4::splat(0.0); M];
            for (b, inner) in b.iter().zip(inner) {
                let b = F32x4::load(b);
                for (sum, inner) in sums.iter_mut().zip(inner) {
                    *sum = *sum + b * F32x4::splat(*inner);
                }
            }
            let start = group * LANES;
            let end = self.n.min(start + LANES);
            for (out, sum) in out.chunks_exact_mut(self.n).zip(sums) {
                for (out, sum) in out[start..end].iter_mut().zip(sum.to_array()) {
                    *out += sum;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_double_precision_for_every_number_of_rows() {
        let wave = |len: usize, step: f32| -> Vec<f32> {
            (0..len).map(|at| (at as f32 * step).sin()).collect()
        };
        for (m, n, k, rank) in [(1, 5, 8, 3), (2, 8, 7, 1), (3, 4, 4, 8), (9, 13, 20, 4)] {
            let (a, b) = (wave(rank * k, 0.3), wave(n * rank, 0.7));
            let x = wave(m * k, 1.1);
            let mut out = vec![0.5; m * n];
            LowRank::new(&a, &b, rank, 2.0).add(&x, &mut Vec::new(), &mut out);
            for (row, out) in out.chunks(n).enumerate() {
                for (column, out) in out.iter().enumerate() {
                    let inner = |at: usize| -> f64 {
                        let terms = a[at * k..][..k].iter().zip(&x[row * k..][..k]);
                        terms.map(|(&a, &x)| f64::from(a) * f64::from(x)).sum()
                    };
                    let terms = (0..rank).map(|at| f64::from(b[column * rank + at]) * inner(at));
                    let expected = 0.5 + 2.0 * terms.sum::<f64>();
                    assert!(
                        (f64::from(*out) - expected).abs() < 1e-5,
                        "{m} {n} {k} {rank}"
                    );
                }
            }
        }
    }
}
