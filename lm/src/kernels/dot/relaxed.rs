//! 128-bit WebAssembly instructions with multipliers of 8 bits (relaxed SIMD).
//!
//! The instruction multiplies signed values with values of seven bits; whether an eighth bit is a sign, and whether sums
//! of two products still fit then, is left to the machine. x86-64 with VNNI takes it for none and has room, ARM with its
//! dot products takes it for one and has room: on both it is one instruction, and [`super::self_test`] finds out which.
//! On others it is several, has no room, and 16-bit multipliers are faster.
//!
//! Browsers that know the instruction: Chromium since 114, Firefox since 145. A module with it does not load in others.

use std::arch::wasm32::*;

use super::super::tiles::{Line, TILE};
use super::HALF_BITS;

#[target_feature(enable = "relaxed-simd")]
fn add_products(weights: v128, x: v128, sums: v128) -> v128 {
    i32x4_relaxed_dot_i8x16_i7x16_add(weights, x, sums)
}

/// # Safety
/// `tile` is a header and a line for each word of every row of `x`.
#[target_feature(enable = "relaxed-simd")]
pub(super) unsafe fn dot<const X: usize, const SIGNED: bool>(
    x: [&[u64]; X],
    tile: &[Line],
    sums: &mut [[i32; TILE]; X],
) {
    // All sixteen rows of weights with one row of x, or eight with two: what fits into sixteen registers.
    let parts = TILE / X / 4;
    for first in (0..TILE).step_by(TILE / X) {
        let mut high = [[i32x4_splat(0); 4]; X];
        let mut low = [[i32x4_splat(0); 4]; X];
        // The header takes off what makes inputs positive.
        for part in 0..if SIGNED { 0 } else { parts } {
            // SAFETY: four of the header's sixteen words.
            let header = unsafe { v128_load(tile[0].0.as_ptr().add(first + part * 4).cast()) };
            for high in &mut high {
                high[part] = header;
            }
        }
        let mut words = tile[1..].as_ptr().cast::<i32>().wrapping_add(first);
        for at in 0..x[0].len() {
            let mut w = [i32x4_splat(0); 4];
            for (part, w) in w[..parts].iter_mut().enumerate() {
                // SAFETY: `at` is below the number of words of each row, and the tile has a line for it.
                *w = unsafe { v128_load(words.add(part * 4).cast()) };
            }
            for row in 0..X {
                // SAFETY: as above.
                let (x_high, x_low) = unsafe {
                    let x = x[row].as_ptr().add(at).cast::<u32>();
                    (v128_load32_splat(x), v128_load32_splat(x.add(1)))
                };
                for part in 0..parts {
                    high[row][part] = add_products(w[part], x_high, high[row][part]);
                    low[row][part] = add_products(w[part], x_low, low[row][part]);
                }
            }
            words = words.wrapping_add(TILE);
        }
        for row in 0..X {
            for part in 0..parts {
                let sum = i32x4_add(i32x4_shl(high[row][part], HALF_BITS), low[row][part]);
                let target = sums[row][first + part * 4..][..4].as_mut_ptr();
                // SAFETY: four sums from `target` on.
                unsafe { v128_store(target.cast(), sum) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Simd, self_test};
    use super::*;

    /// What the instruction makes of four equal products.
    fn four_products(weight: i8, x: i8) -> i32 {
        let [weights, x] = std::hint::black_box([i8x16_splat(weight), i8x16_splat(x)]);
        i32x4_extract_lane::<0>(add_products(weights, x, i32x4_splat(0)))
    }

    #[test]
    fn what_the_instruction_can_do_is_used() {
        // Without this a mistake in `dot` would only make everything slower: what fails is not used.
        if four_products(127, -1) == 4 * 127 * 255 {
            assert!(self_test::passes(Simd::RelaxedUnsigned));
        }
        if four_products(127, -1) == -4 * 127 && four_products(-128, -128) == 4 * 128 * 128 {
            assert!(self_test::passes(Simd::RelaxedSigned));
        }
    }
}
