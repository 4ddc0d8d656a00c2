//! 256-bit instructions with multipliers of 8 bits (x86-64 AVX-VNNI).

use std::arch::x86_64::*;

use super::super::tiles::{Line, TILE};
use super::HALF_BITS;

/// # Safety
/// `tile` is a header and a line for each word of every row of `x`; the machine has AVX2 and AVX-VNNI.
#[target_feature(enable = "avx2,avxvnni")]
pub(super) unsafe fn dot<const X: usize>(
    x: [&[u64]; X],
    tile: &[Line],
    sums: &mut [[i32; TILE]; X],
) {
    let mut high = [[_mm256_setzero_si256(); 2]; X];
    let mut low = [[_mm256_setzero_si256(); 2]; X];
    for part in 0..2 {
        // SAFETY: eight of the header's sixteen words.
        let header = unsafe { _mm256_loadu_si256(tile[0].0.as_ptr().add(part * 8).cast()) };
        for high in &mut high {
            high[part] = header;
        }
    }
    let weights = tile[1..].as_ptr().cast::<i32>();
    for at in 0..x[0].len() {
        // SAFETY: `at` is below the number of words of each row, and the tile has a line for it.
        let (w, x) = unsafe {
            let words = weights.add(at * TILE);
            let w = [0, 8].map(|part| _mm256_load_si256(words.add(part).cast()));
            (w, x.map(|row| *row.get_unchecked(at)))
        };
        for row in 0..X {
            let x_high = _mm256_set1_epi32(x[row] as i32);
            let x_low = _mm256_set1_epi32((x[row] >> 32) as i32);
            for part in 0..2 {
                high[row][part] = _mm256_dpbusd_avx_epi32(high[row][part], x_high, w[part]);
                low[row][part] = _mm256_dpbusd_avx_epi32(low[row][part], x_low, w[part]);
            }
        }
    }
    for row in 0..X {
        for part in 0..2 {
            let shifted = _mm256_slli_epi32::<{ HALF_BITS as i32 }>(high[row][part]);
            let sum = _mm256_add_epi32(shifted, low[row][part]);
            // SAFETY: eight of the sixteen sums.
            unsafe { _mm256_storeu_si256(sums[row].as_mut_ptr().add(part * 8).cast(), sum) };
        }
    }
}
