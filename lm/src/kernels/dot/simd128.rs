//! 128-bit WebAssembly instructions with multipliers of 16 bits.

use std::arch::wasm32::*;

use super::super::tiles::{Line, TILE};

/// # Safety
/// `tile` is a header and a line for each word of every row of `x`.
#[inline]
pub(super) unsafe fn dot<const X: usize>(
    x: [&[u64]; X],
    tile: &[Line],
    sums: &mut [[i32; TILE]; X],
) {
    let weights = tile[1..].as_ptr().cast::<i32>();
    // All sixteen rows of weights with one row of x, or eight with two: what fits into sixteen registers.
    for first in (0..TILE).step_by(TILE / X) {
        // Two partial sums for each of two rows of weights.
        let mut lanes = [[i32x4_splat(0); 8]; X];
        let parts = TILE / X / 2;
        for at in 0..x[0].len() {
            // SAFETY: `at` is below the number of words of each row, and the tile has a line for it.
            let (x, words) = unsafe {
                let x = x.map(|row| v128_load64_splat(row.as_ptr().add(at)));
                (x, weights.add(at * TILE + first))
            };
            for part in 0..parts {
                // SAFETY: two of the sixteen words.
                let wide = unsafe { i16x8_load_extend_i8x8(words.add(part * 2).cast()) };
                for (lanes, x) in lanes.iter_mut().zip(x) {
                    lanes[part] = i32x4_add(lanes[part], i32x4_dot_i16x8(x, wide));
                }
            }
        }
        for (sums, lanes) in sums.iter_mut().zip(lanes) {
            for part in 0..parts / 2 {
                let (a, b) = (lanes[2 * part], lanes[2 * part + 1]);
                let even = i32x4_shuffle::<0, 2, 4, 6>(a, b);
                let odd = i32x4_shuffle::<1, 3, 5, 7>(a, b);
                let target = sums[first + part * 4..][..4].as_mut_ptr();
                // SAFETY: four sums from `target` on.
                unsafe { v128_store(target.cast(), i32x4_add(even, odd)) };
            }
        }
    }
}
