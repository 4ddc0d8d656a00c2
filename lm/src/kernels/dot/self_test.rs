//! Whether instructions do on this machine what they should, by comparing with plain Rust on input that goes to the
//! limits. What fails is not used.

use super::super::rounded::Rounded;
use super::super::tiles::{TILE, Tiles};
use super::{LARGEST_INPUT, Simd};

/// Values in a row.
const WIDTH: usize = 32;

/// Whether `simd` gives the sums that plain Rust gives.
pub(super) fn passes(simd: Simd) -> bool {
    let weights = [127_i8, -128, 1, -77, 0, 101];
    let rows: Vec<i32> = (0..TILE * WIDTH / 4)
        .map(|word| {
            // Whole rows of the extremes, then mixtures.
            let byte = |at: usize| match word / (WIDTH / 4) {
                row @ 0..2 => weights[row] as u8,
                row => weights[(word * 4 + at * row) % weights.len()] as u8,
            };
            i32::from_le_bytes([0, 1, 2, 3].map(byte))
        })
        .collect();
    let tiles = Tiles::new(&rows, WIDTH / 4, &[1.0; TILE]);
    let largest = LARGEST_INPUT as f32;
    // Halves of all ones, of all zeros, of the sign alone, and anything.
    let x: Vec<f32> = [
        largest, -largest, 128.0, -129.0, 127.0, -32_512.0, 3.0, -4_567.0,
    ]
    .into_iter()
    .flat_map(|value| {
        let mixed = (0..WIDTH - 1).map(move |at| if at % 5 == 4 { value / 2.0 } else { value });
        // Each row has the largest in it, so that its step is one.
        std::iter::once(largest).chain(mixed)
    })
    .collect();
    let products = |simd| {
        let mut rounded = Rounded::new(simd);
        // Hidden from the compiler, which might work the instructions out its own way.
        rounded.round(&std::hint::black_box(x.clone()), WIDTH);
        let mut out = vec![0.0; rounded.rows() * TILE];
        tiles.multiply(&rounded, false, &mut out);
        out
    };
    products(simd) == products(Simd::Scalar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_use_passes() {
        assert!(Simd::all().into_iter().all(passes));
    }
}
