//! 256-bit instructions with multipliers of 16 bits (x86-64 AVX2).

use std::arch::x86_64::*;

use super::super::tiles::{Line, TILE};

/// # Safety
/// `tile` is a header and a line for each word of every row of `x`; the machine has AVX2.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn dot<const X: usize>(
    x: [&[u64]; X],
    tile: &[Line],
    sums: &mut [[i32; TILE]; X],
) {
    // Two partial sums for each of four rows of weights.
    let mut lanes = [[_mm256_setzero_si256(); 4]; X];
    let weights = tile[1..].as_ptr().cast::<i32>();
    for at in 0..x[0].len() {
        // SAFETY: `at` is below the number of words of each row, and the tile has a line for it.
        let (x, words) = unsafe {
            let x = x.map(|row| _mm256_set1_epi64x(*row.get_unchecked(at) as i64));
            (x, weights.add(at * TILE))
        };
        for part in 0..4 {
            // SAFETY: four of the sixteen words.
            let narrow = unsafe { _mm_loadu_si128(words.add(part * 4).cast()) };
            let wide = _mm256_cvtepi8_epi16(narrow);
            for (lanes, x) in lanes.iter_mut().zip(x) {
                lanes[part] = _mm256_add_epi32(lanes[part], _mm256_madd_epi16(x, wide));
            }
        }
    }
    for (sums, lanes) in sums.iter_mut().zip(lanes) {
        for part in 0..2 {
            let pairs = _mm256_hadd_epi32(lanes[2 * part], lanes[2 * part + 1]);
            // The horizontal sum leaves the 64-bit quarters in the order 0, 2, 1, 3.
            let ordered = _mm256_permute4x64_epi64::<0b1101_1000>(pairs);
            // SAFETY: eight of the sixteen sums.
            unsafe { _mm256_storeu_si256(sums.as_mut_ptr().add(part * 8).cast(), ordered) };
        }
    }
}
