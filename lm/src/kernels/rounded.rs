//! Rows of activations in 16 bits, one scale each: what INT8 weights are multiplied with.
//!
//! The step is `max |x| / 32639` of the row, a relative error of 2e-5 of the largest, well inside the parity tolerance
//! and far below what the weights' own eight bits lose.

use super::dot::{Form, LARGEST_INPUT, Simd, UNSIGNED_OFFSET};
use sotto_core::vector::{ROUNDER, max_abs};

/// The largest magnitude of a rounded value.
const LARGEST: f32 = LARGEST_INPUT as f32;

/// Values of a row are rounded in blocks of this many, a multiple of every vector width.
const BLOCK: usize = 16;

/// Rounded rows and where they are kept: made once, used again and again.
#[derive(Debug)]
pub(crate) struct Rounded {
    simd: Simd,
    /// `[m, row_words]`, four values to a word.
    words: Vec<u64>,
    /// `[m]`.
    scales: Vec<f32>,
    row_words: usize,
}

impl Rounded {
    /// No rows yet, for products with `simd`.
    pub(crate) fn new(simd: Simd) -> Self {
        Self {
            simd,
            words: Vec::new(),
            scales: Vec::new(),
            row_words: 1,
        }
    }

    /// The instructions that these rows are written down for.
    pub(crate) fn simd(&self) -> Simd {
        self.simd
    }

    /// Rows.
    pub(crate) fn rows(&self) -> usize {
        self.scales.len()
    }

    /// Words of a row.
    pub(crate) fn row_words(&self) -> usize {
        self.row_words
    }

    /// The words of a row.
    pub(crate) fn row(&self, number: usize) -> &[u64] {
        &self.words[number * self.row_words..][..self.row_words]
    }

    /// What a value of a row counts.
    pub(crate) fn scale(&self, row: usize) -> f32 {
        self.scales[row]
    }

    /// Takes these rows instead.
    ///
    /// # Shapes
    /// `x`: `[m, k]`. Rows are padded with zeros to a multiple of [`BLOCK`] where `k` is none.
    pub(crate) fn round(&mut self, x: &[f32], k: usize) {
        self.row_words = k.div_ceil(4);
        self.scales.clear();
        self.words.resize(x.len() / k * self.row_words, 0);
        let form = self.simd.form();
        for (row, words) in x
            .chunks_exact(k)
            .zip(self.words.chunks_exact_mut(self.row_words))
        {
            let scale = max_abs(row) / LARGEST;
            // A scale below the normal range has too few bits left to divide by; such a row counts as zero.
            let scale = if scale < f32::MIN_POSITIVE {
                0.0
            } else {
                scale
            };
            let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
            round_row(row, inverse, form, words);
            self.scales.push(scale);
        }
    }
}

/// Rounds `row * inverse`.
fn round_row(row: &[f32], inverse: f32, form: Form, words: &mut [u64]) {
    let (blocks, rest) = row.as_chunks::<BLOCK>();
    let (word_blocks, word_rest) = words.split_at_mut(blocks.len() * BLOCK / 4);
    for (block, words) in blocks.iter().zip(word_blocks.as_chunks_mut().0) {
        *words = round_block(block, inverse, form);
    }
    if !rest.is_empty() {
        let mut block = [0.0; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        word_rest.copy_from_slice(&round_block(&block, inverse, form)[..word_rest.len()]);
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline]
fn round_block(block: &[f32; BLOCK], inverse: f32, form: Form) -> [u64; BLOCK / 4] {
    // The low 16 bits are the rounded value. The largest comes out as 32639 give or take 0.01.
    let rounded = block.map(|x| (x * inverse + ROUNDER).to_bits() as u16);
    let mut bytes = [0; 2 * BLOCK];
    match high_bias(form) {
        None => {
            for (bytes, value) in bytes.as_chunks_mut().0.iter_mut().zip(rounded) {
                *bytes = value.to_le_bytes();
            }
        }
        Some(bias) => {
            let high = rounded.map(|value| (value.wrapping_add(bias) >> 8) as u8);
            let low = rounded.map(|value| value as u8);
            for word in 0..BLOCK / 4 {
                bytes[8 * word..][..4].copy_from_slice(&high[4 * word..][..4]);
                bytes[8 * word + 4..][..4].copy_from_slice(&low[4 * word..][..4]);
            }
        }
    }
    let mut words = [0; BLOCK / 4];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

/// The same; the compiler does not find these instructions by itself.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline]
fn round_block(block: &[f32; BLOCK], inverse: f32, form: Form) -> [u64; BLOCK / 4] {
    use std::arch::wasm32::*;

    let inverse = f32x4_splat(inverse);
    let rounder = f32x4_splat(ROUNDER);
    let rounded = |part: usize| {
        let x = f32x4(
            block[part],
            block[part + 1],
            block[part + 2],
            block[part + 3],
        );
        // Adding leaves the integer in the low bits; subtracting the bits of what was added leaves nothing else.
        i32x4_sub(f32x4_add(f32x4_mul(x, inverse), rounder), rounder)
    };
    let first = i16x8_narrow_i32x4(rounded(0), rounded(4));
    let second = i16x8_narrow_i32x4(rounded(8), rounded(12));
    let (first, second) = match high_bias(form) {
        None => (first, second),
        Some(bias) => {
            let high = |part| u16x8_shr(i16x8_add(part, u16x8_splat(bias)), 8);
            let low = |part| v128_and(part, u16x8_splat(0xff));
            let high = u8x16_narrow_i16x8(high(first), high(second));
            let low = u8x16_narrow_i16x8(low(first), low(second));
            (
                i32x4_shuffle::<0, 4, 1, 5>(high, low),
                i32x4_shuffle::<2, 6, 3, 7>(high, low),
            )
        }
    };
    [
        u64x2_extract_lane::<0>(first),
        u64x2_extract_lane::<1>(first),
        u64x2_extract_lane::<0>(second),
        u64x2_extract_lane::<1>(second),
    ]
}

/// What is added to an input before its upper half is taken; the lower one is the same in every form. `None` for no
/// halves.
#[inline(always)]
fn high_bias(form: Form) -> Option<u16> {
    match form {
        Form::Wide => None,
        Form::UnsignedHalves => Some(UNSIGNED_OFFSET as u16),
        // Rounds to the nearest: the lower half, with its sign, makes up for it.
        Form::SignedHalves => Some(0x80),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMS: [Form; 3] = [Form::Wide, Form::UnsignedHalves, Form::SignedHalves];

    /// The integers behind words.
    fn values(words: &[u64], form: Form) -> Vec<i32> {
        let value = |word: [u8; 8], at: usize| match form {
            Form::Wide => i32::from(i16::from_le_bytes([word[2 * at], word[2 * at + 1]])),
            Form::UnsignedHalves => {
                i32::from(word[at]) * 256 + i32::from(word[at + 4]) - UNSIGNED_OFFSET
            }
            Form::SignedHalves => i32::from(word[at] as i8) * 256 + i32::from(word[at + 4] as i8),
        };
        let bytes = words.iter().map(|word| word.to_le_bytes());
        bytes
            .flat_map(|word| [0, 1, 2, 3].map(|at| value(word, at)))
            .collect()
    }

    #[test]
    fn every_form_holds_the_nearest_integers() {
        for form in FORMS {
            for k in [1, 4, 15, 16, 17, 40] {
                let row: Vec<f32> = (0..k)
                    .map(|at| (at as f32 * 0.7 + 0.1).sin() * LARGEST)
                    .chain([LARGEST, -LARGEST, 0.0])
                    .collect();
                let mut words = vec![0; row.len().div_ceil(4)];
                round_row(&row, 1.0, form, &mut words);
                let values = values(&words, form);
                assert!(
                    row.iter()
                        .zip(&values)
                        .all(|(&x, &value)| x.round() == value as f32)
                );
                assert!(
                    values[row.len()..].iter().all(|&value| value == 0),
                    "padding is zero"
                );
            }
        }
    }

    #[test]
    fn rows_are_as_large_as_their_scale_says() {
        let x: Vec<f32> = (0..60)
            .map(|at| (at as f32).sin() * (1 + at / 20) as f32)
            .collect();
        let mut rounded = Rounded::new(Simd::Scalar);
        rounded.round(&[9.0; 100], 50);
        rounded.round(&x, 20);
        assert_eq!((rounded.rows(), rounded.row_words()), (3, 5));
        for (number, row) in x.chunks(20).enumerate() {
            let scale = rounded.scale(number);
            for (x, value) in row.iter().zip(values(rounded.row(number), Form::Wide)) {
                assert!((x / scale - value as f32).abs() < 0.51, "{x} {value}");
            }
        }
    }

    #[test]
    fn the_largest_input_never_wraps_to_the_other_sign() {
        let mut bits = 99_u32;
        for _ in 0..20_000 {
            bits ^= bits << 13;
            bits ^= bits >> 17;
            bits ^= bits << 5;
            let value = f32::from_bits(bits % 0x7600_0000 + 0x0980_0000);
            let mut rounded = Rounded::new(Simd::Scalar);
            rounded.round(&[value, -value], 2);
            let values = values(rounded.row(0), Form::Wide);
            assert_eq!(values[..2], [LARGEST_INPUT, -LARGEST_INPUT], "{value:e}");
        }
    }
}
