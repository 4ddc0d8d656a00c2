//! INT8 weight matrices in tiles, the order in which products read them, and the products.
//!
//! A tile is sixteen rows. It lies in memory as a product goes through it: the first four values of every row, then
//! the next four, and so on, so that one pass over a matrix is one stream, and an instruction that multiplies four
//! values and adds them up has a row in each lane. Rows of more than [`SEGMENT`] words are cut, and each piece has
//! a header of its own, for inputs that are made positive (see [`super::dot`]).
//!
//! Sums are exact integers and become floating point once: every instruction set gives the same bits, and a row's
//! result does not depend on the rows beside it.

use sotto_core::vector::{F32x4, LANES};

use super::dot::{MAX_WORDS, Simd, UNSIGNED_OFFSET};
use super::rounded::Rounded;

/// Rows of weights in a tile.
pub(crate) const TILE: usize = 16;

/// Four values of every row of a tile, which are multiplied at the same time: one cache line.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [i32; TILE]);

/// Most words of a row in one piece of a tile.
const SEGMENT: usize = MAX_WORDS;

/// The header is the sum of a row's values times this: the upper half of what makes an input positive.
const HEADER_FACTOR: i32 = -(UNSIGNED_OFFSET >> 8);

/// An INT8 weight matrix `[n, k]`: a weight is its value times its row's scale.
#[derive(Debug)]
pub(crate) struct Tiles {
    /// `[n.div_ceil(TILE), tile_len(row_words)]`; rows beyond `n` are zeros.
    lines: Vec<Line>,
    /// `[n.div_ceil(TILE)]`; zeros beyond `n`.
    scales: Vec<[f32; TILE]>,
    rows: usize,
    /// Words of four values in a row.
    row_words: usize,
}

/// Lines of a tile whose rows have `row_words`.
fn tile_len(row_words: usize) -> usize {
    row_words + row_words.div_ceil(SEGMENT)
}

impl Tiles {
    /// Puts rows of four-value words into tiles.
    ///
    /// # Shapes
    /// `words`: `[scales.len(), row_words]`.
    pub(crate) fn new(words: &[i32], row_words: usize, scales: &[f32]) -> Self {
        let mut lines = Vec::with_capacity(scales.len().div_ceil(TILE) * tile_len(row_words));
        let zeros = vec![0; row_words];
        for group in words.chunks(TILE * row_words) {
            let mut group = group.chunks_exact(row_words);
            let group: [&[i32]; TILE] = std::array::from_fn(|_| group.next().unwrap_or(&zeros));
            for start in (0..row_words).step_by(SEGMENT) {
                let segment = start..row_words.min(start + SEGMENT);
                let header = |row: &[i32]| HEADER_FACTOR * sum_of_values(&row[segment.clone()]);
                lines.push(Line(group.map(header)));
                lines.extend(segment.clone().map(|at| Line(group.map(|row| row[at]))));
            }
        }
        let of_tile = |scales: &[f32]| std::array::from_fn(|at| *scales.get(at).unwrap_or(&0.0));
        Self {
            lines,
            scales: scales.chunks(TILE).map(of_tile).collect(),
            rows: scales.len(),
            row_words,
        }
    }

    /// Rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// `out[m, n] (+)= x[m, k] * weights^T`.
    ///
    /// # Shapes
    /// `x`: m rows, as long as ours; `out`: `[m, n]`.
    pub(crate) fn multiply(&self, x: &Rounded, add: bool, out: &mut [f32]) {
        let (simd, n, m) = (x.simd(), self.rows, x.rows());
        assert_eq!(
            (x.row_words(), out.len()),
            (self.row_words, m * n),
            "shapes"
        );
        let tiles = self.lines.chunks_exact(tile_len(self.row_words));
        for (tile, (first, scales)) in tiles.zip((0..).step_by(TILE).zip(&self.scales)) {
            let of_tile = first..n.min(first + TILE);
            let mut store = |row: usize, products: &Products| {
                let out = &mut out[row * n..(row + 1) * n][of_tile.clone()];
                store(products, x.scale(row), scales, add, out);
            };
            let mut row = 0;
            while row + 2 <= m {
                let [a, b] = products(simd, [x.row(row), x.row(row + 1)], tile);
                store(row, &a);
                store(row + 1, &b);
                row += 2;
            }
            if row < m {
                let [a] = products(simd, [x.row(row)], tile);
                store(row, &a);
            }
        }
    }

    /// A row of the matrix as floating point.
    ///
    /// # Shapes
    /// `out`: `[k]`.
    pub(crate) fn row(&self, number: usize, out: &mut [f32]) {
        let (tile, lane) = (number / TILE, number % TILE);
        let scale = self.scales[tile][lane];
        let tile = &self.lines[tile * tile_len(self.row_words)..][..tile_len(self.row_words)];
        let lines = tile.chunks(1 + SEGMENT).flat_map(|segment| &segment[1..]);
        for (out, line) in out.chunks_mut(4).zip(lines) {
            for (out, value) in out.iter_mut().zip(line.0[lane].to_le_bytes()) {
                *out = f32::from(value as i8) * scale;
            }
        }
    }
}

/// Products of a row with the rows of a tile, before their scales.
type Products = [F32x4; TILE / LANES];

/// Scales products and writes them down, or adds them.
///
/// # Shapes
/// `out`: `[TILE]`, or less at the end of a matrix.
#[inline]
fn store(products: &Products, x_scale: f32, scales: &[f32; TILE], add: bool, out: &mut [f32]) {
    let Ok(whole) = <&mut [f32; TILE]>::try_from(&mut *out) else {
        let mut whole = [0.0; TILE];
        whole[..out.len()].copy_from_slice(out);
        store(products, x_scale, scales, add, &mut whole);
        out.copy_from_slice(&whole[..out.len()]);
        return;
    };
    let x_scale = F32x4::splat(x_scale);
    let (scales, _) = scales.as_chunks();
    let (out, _) = whole.as_chunks_mut();
    for ((out, product), scale) in out.iter_mut().zip(products).zip(scales) {
        let product = *product * (x_scale * F32x4::load(scale));
        let sum = if add {
            F32x4::load(out) + product
        } else {
            product
        };
        sum.store(out);
    }
}

/// Sum of the values behind words.
fn sum_of_values(words: &[i32]) -> i32 {
    let bytes = words.iter().flat_map(|word| word.to_le_bytes());
    bytes.map(|byte| i32::from(byte as i8)).sum()
}

/// Sums of `X` rows with a tile, segment by segment.
#[inline]
fn products<const X: usize>(simd: Simd, x: [&[u64]; X], tile: &[Line]) -> [Products; X] {
    let mut totals = [[F32x4::splat(0.0); TILE / LANES]; X];
    let mut sums = [[0; TILE]; X];
    for (at, segment) in tile.chunks(1 + SEGMENT).enumerate() {
        let words = at * SEGMENT..at * SEGMENT + segment.len() - 1;
        simd.dot(x.map(|row| &row[words.clone()]), segment, &mut sums);
        for (totals, sums) in totals.iter_mut().zip(&sums) {
            for (total, sums) in totals.iter_mut().zip(sums.as_chunks().0) {
                *total = *total + F32x4::from_integers(sums);
            }
        }
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pseudo_random(len: usize, seed: u32) -> impl Iterator<Item = u32> {
        let mut state = seed | 1;
        (0..len).map(move |_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        })
    }

    struct Matrix {
        rows: Vec<Vec<i8>>,
        scales: Vec<f32>,
        tiles: Tiles,
    }

    impl Matrix {
        fn new(rows: Vec<Vec<i8>>, scales: Vec<f32>) -> Self {
            let row_words = rows[0].len().div_ceil(4);
            let word = |values: &[i8]| {
                let byte = |at: usize| values.get(at).map_or(0, |&value| value as u8);
                i32::from_le_bytes([0, 1, 2, 3].map(byte))
            };
            let words: Vec<i32> = rows
                .iter()
                .flat_map(|row| row.chunks(4).map(word))
                .collect();
            let tiles = Tiles::new(&words, row_words, &scales);
            Self {
                rows,
                scales,
                tiles,
            }
        }

        fn random(n: usize, k: usize, seed: u32) -> Self {
            let values: Vec<i8> = pseudo_random(n * k, seed).map(|bits| bits as i8).collect();
            let scales = pseudo_random(n, seed ^ 0xabcd).map(|bits| (bits % 1_000) as f32 / 3e4);
            Self::new(
                values.chunks(k).map(<[i8]>::to_vec).collect(),
                scales.collect(),
            )
        }

        /// Products in double precision, and how far rounding the input may move each.
        fn reference(&self, x: &[f32]) -> Vec<(f64, f64)> {
            let k = self.rows[0].len();
            let half_step = |row: &[f32]| {
                row.iter()
                    .fold(0.0, |max: f64, x| max.max(f64::from(x.abs())))
                    / 65_278.0
            };
            let product = |row: &[f32], values: &[i8], scale: f32| {
                let terms = row
                    .iter()
                    .zip(values)
                    .map(|(&x, &w)| f64::from(x) * f64::from(w));
                let magnitudes: f64 = values.iter().map(|&w| f64::from(w).abs()).sum();
                let scale = f64::from(scale);
                (
                    terms.sum::<f64>() * scale,
                    magnitudes * scale * half_step(row),
                )
            };
            x.chunks_exact(k)
                .flat_map(|row| {
                    let columns = self.rows.iter().zip(&self.scales);
                    columns.map(move |(values, &scale)| product(row, values, scale))
                })
                .collect()
        }
    }

    fn multiply(simd: Simd, matrix: &Matrix, x: &[f32], k: usize) -> Vec<f32> {
        let mut rounded = Rounded::new(simd);
        rounded.round(x, k);
        let mut out = vec![0.5; rounded.rows() * matrix.rows.len()];
        matrix.tiles.multiply(&rounded, true, &mut out);
        out
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        // No property-test crate: these tests also run in WebAssembly, with nothing around them.
        let sizes = pseudo_random(64 * 3, 5)
            .map(|bits| bits as usize)
            .collect::<Vec<_>>();
        for (seed, size) in (0..).zip(sizes.chunks(3)) {
            let (m, n, k) = (1 + size[0] % 5, 1 + size[1] % 40, 1 + size[2] % 700);
            let matrix = Matrix::random(n, k, seed);
            let x: Vec<f32> = pseudo_random(m * k, !seed)
                .map(|bits| bits as i32 as f32 / 1e9)
                .collect();
            let scalar = multiply(Simd::Scalar, &matrix, &x, k);
            for simd in Simd::all() {
                assert_eq!(
                    multiply(simd, &matrix, &x, k),
                    scalar,
                    "{simd:?}, {m} {n} {k}"
                );
                // One row at a time is the same too.
                for (x, out) in x.chunks_exact(k).zip(scalar.chunks_exact(n)) {
                    assert_eq!(multiply(simd, &matrix, x, k), out, "{simd:?}, {m} {n} {k}");
                }
            }
            for (out, (expected, bound)) in scalar.iter().zip(matrix.reference(&x)) {
                let error = (f64::from(*out) - 0.5 - expected).abs();
                let allowed = bound * 1.01 + expected.abs() * 1e-6 + 1e-6;
                assert!(error <= allowed, "{error:e} is more than {bound:e}");
            }
        }
    }

    #[test]
    fn extreme_values_do_not_overflow() {
        // The longest row that config.json allows, and lengths around a segment, with the largest magnitudes on both
        // sides and either sign.
        for k in [32_768, 508, 512, 516] {
            for (weight, x) in [(-128_i8, -3.0_f32), (127, 3.0), (-128, 3.0)] {
                let matrix = Matrix::new(vec![vec![weight; k]; 2], vec![1.0, 1.0]);
                let expected = k as f32 * f32::from(weight) * x;
                for simd in Simd::all() {
                    let out = multiply(simd, &matrix, &vec![x; 3 * k], k);
                    assert!(
                        out.iter().all(|&out| (out / expected - 1.0).abs() < 1e-4),
                        "{simd:?}: {out:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn zero_input_gives_zero() {
        let matrix = Matrix::random(3, 20, 7);
        for simd in Simd::all() {
            assert_eq!(
                multiply(simd, &matrix, &[0.0; 20], 20),
                [0.5; 3],
                "{simd:?}"
            );
        }
    }

    #[test]
    fn rows_come_out_as_they_went_in() {
        for (n, k) in [(1, 4), (17, 36), (33, 1_028)] {
            let matrix = Matrix::random(n, k, 11);
            for (number, (values, scale)) in matrix.rows.iter().zip(&matrix.scales).enumerate() {
                let mut out = vec![0.0; k];
                matrix.tiles.row(number, &mut out);
                assert!(
                    out.iter()
                        .zip(values)
                        .all(|(&out, &value)| out == f32::from(value) * scale)
                );
            }
        }
    }
}
