//! Integer dot products of 16-bit inputs with INT8 weights: scalar, x86-64 AVX2, WebAssembly SIMD.
//!
//! **The only `unsafe` code of the workspace.** Every unsafe function has the same precondition, checked by the one
//! safe entry point: slices are whole rows of `stride` elements, and `stride` is a multiple of 16.
#![allow(unsafe_code, reason = "vector intrinsics; see the SAFETY comments")]

/// Most results of one block: rows of `x` times rows of `w`.
pub(crate) const MAX_BLOCK: usize = 8;

/// Elements after which 32-bit lane sums are added to 64-bit ones. A lane of the narrowest kernel (four lanes) takes
/// in a quarter of the elements, each at most `32768 * 128`: 2047 / 4 * 2^22 < 2^31.
const SEGMENT: usize = 2_032;

/// The instructions to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Simd {
    /// Plain Rust, on every target.
    #[cfg_attr(
        all(target_arch = "wasm32", target_feature = "simd128"),
        allow(dead_code, reason = "for tests")
    )]
    Scalar,
    /// 256-bit integer instructions.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 128-bit WebAssembly instructions.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128,
}

impl Simd {
    /// The best that this machine has.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            return Self::Avx2;
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        return Self::Simd128;
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        Self::Scalar
    }

    /// Every row of `x` times every row of `w`: `sums[i * w_rows + j] = x[i] . w[j]`.
    ///
    /// # Shapes
    /// `x`: `[x_rows, stride]`, `w`: `[w_rows, stride]`; `x_rows * w_rows <= MAX_BLOCK`.
    ///
    /// # Panics
    /// If a slice is not whole rows, or `stride` not a multiple of 16.
    pub(crate) fn dot_block(self, x: &[i16], w: &[i8], stride: usize, sums: &mut [i64; MAX_BLOCK]) {
        let (x_rows, w_rows) = (x.len() / stride, w.len() / stride);
        assert!(
            stride.is_multiple_of(16) && x.len() == x_rows * stride && w.len() == w_rows * stride,
            "rows are whole and padded"
        );
        sums.fill(0);
        for start in (0..stride).step_by(SEGMENT) {
            let len = SEGMENT.min(stride - start);
            let part = Part {
                x: &x[start..],
                w: &w[start..],
                stride,
                len,
            };
            // SAFETY: the assertion above holds and `start + len <= stride`, so that every row has `len` elements
            // from its start on; AVX2 was detected at run time, simd128 is a feature of the whole build.
            unsafe { self.dot_part(part, (x_rows, w_rows), sums) };
        }
    }

    /// # Safety
    /// Row `i` of both slices has `part.len` elements at `i * part.stride`; `part.len` is a multiple of 16; this
    /// machine has the instructions.
    #[inline]
    unsafe fn dot_part(self, part: Part<'_>, rows: (usize, usize), sums: &mut [i64; MAX_BLOCK]) {
        match self {
            Self::Scalar => scalar(part, rows, sums),
            // SAFETY: passed on from the caller.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe {
                match rows {
                    (1, 4) => avx2::dot::<1, 4>(part, sums),
                    (4, 2) => avx2::dot::<4, 2>(part, sums),
                    _ => one_by_one(part, rows, sums, |part, sums| avx2::dot::<1, 1>(part, sums)),
                }
            },
            // SAFETY: passed on from the caller.
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => unsafe {
                match rows {
                    (1, 4) => simd128::dot::<1, 4>(part, sums),
                    (4, 2) => simd128::dot::<4, 2>(part, sums),
                    _ => one_by_one(part, rows, sums, |part, sums| {
                        simd128::dot::<1, 1>(part, sums)
                    }),
                }
            },
        }
    }
}

/// The next `len` elements of each row: both slices start at row 0's first of them.
#[derive(Clone, Copy)]
struct Part<'a> {
    x: &'a [i16],
    w: &'a [i8],
    stride: usize,
    len: usize,
}

fn scalar(part: Part<'_>, (x_rows, w_rows): (usize, usize), sums: &mut [i64; MAX_BLOCK]) {
    for (at, total) in sums[..x_rows * w_rows].iter_mut().enumerate() {
        let x = &part.x[at / w_rows * part.stride..][..part.len];
        let w = &part.w[at % w_rows * part.stride..][..part.len];
        // 256 products of at most 2^22 fit into 31 bits.
        for (x, w) in x.chunks(256).zip(w.chunks(256)) {
            let products = x.iter().zip(w).map(|(&x, &w)| i32::from(x) * i32::from(w));
            *total += i64::from(products.sum::<i32>());
        }
    }
}

/// The edges of a matrix, where a block is not full.
#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
#[cfg_attr(
    all(target_arch = "wasm32", not(target_feature = "simd128")),
    allow(dead_code, reason = "scalar build")
)]
fn one_by_one(
    part: Part<'_>,
    (x_rows, w_rows): (usize, usize),
    sums: &mut [i64; MAX_BLOCK],
    single: impl Fn(Part<'_>, &mut [i64; MAX_BLOCK]),
) {
    for (at, total) in sums[..x_rows * w_rows].iter_mut().enumerate() {
        let mut sum = [0; MAX_BLOCK];
        let x = &part.x[at / w_rows * part.stride..];
        let w = &part.w[at % w_rows * part.stride..];
        single(Part { x, w, ..part }, &mut sum);
        *total += sum[0];
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{MAX_BLOCK, Part};

    /// # Safety
    /// Row `i` of both slices has `part.len` elements at `i * part.stride`, for `X` and `W` rows; `part.len` is a
    /// multiple of 16; the machine has AVX2.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn dot<const X: usize, const W: usize>(
        part: Part<'_>,
        sums: &mut [i64; MAX_BLOCK],
    ) {
        let (x, w) = (part.x.as_ptr(), part.w.as_ptr());
        let mut lanes = [[_mm256_setzero_si256(); W]; X];
        for at in (0..part.len).step_by(16) {
            let mut wide = [_mm256_setzero_si256(); W];
            for (row, wide) in wide.iter_mut().enumerate() {
                // SAFETY: 16 elements from `at` lie inside row `row`, by the function's contract.
                let narrow = unsafe { _mm_loadu_si128(w.add(row * part.stride + at).cast()) };
                *wide = _mm256_cvtepi8_epi16(narrow);
            }
            for (row, lanes) in lanes.iter_mut().enumerate() {
                // SAFETY: as above.
                let input = unsafe { _mm256_loadu_si256(x.add(row * part.stride + at).cast()) };
                for (lanes, wide) in lanes.iter_mut().zip(wide) {
                    *lanes = _mm256_add_epi32(*lanes, _mm256_madd_epi16(input, wide));
                }
            }
        }
        for (sum, lanes) in sums.iter_mut().zip(lanes.as_flattened()) {
            let low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(*lanes));
            let high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256::<1>(*lanes));
            let four = _mm256_add_epi64(low, high);
            let two = _mm_add_epi64(
                _mm256_castsi256_si128(four),
                _mm256_extracti128_si256::<1>(four),
            );
            *sum += _mm_extract_epi64::<0>(two) + _mm_extract_epi64::<1>(two);
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128 {
    use std::arch::wasm32::*;

    use super::{MAX_BLOCK, Part};

    /// # Safety
    /// Row `i` of both slices has `part.len` elements at `i * part.stride`, for `X` and `W` rows; `part.len` is a
    /// multiple of 16.
    #[inline]
    pub(super) unsafe fn dot<const X: usize, const W: usize>(
        part: Part<'_>,
        sums: &mut [i64; MAX_BLOCK],
    ) {
        let (x, w) = (part.x.as_ptr(), part.w.as_ptr());
        let mut lanes = [[i32x4_splat(0); W]; X];
        for at in (0..part.len).step_by(8) {
            let mut wide = [i32x4_splat(0); W];
            for (row, wide) in wide.iter_mut().enumerate() {
                // SAFETY: 8 elements from `at` lie inside row `row`, by the function's contract.
                *wide = unsafe { i16x8_load_extend_i8x8(w.add(row * part.stride + at)) };
            }
            for (row, lanes) in lanes.iter_mut().enumerate() {
                // SAFETY: as above.
                let input = unsafe { v128_load(x.add(row * part.stride + at).cast()) };
                for (lanes, wide) in lanes.iter_mut().zip(wide) {
                    *lanes = i32x4_add(*lanes, i32x4_dot_i16x8(input, wide));
                }
            }
        }
        for (sum, lanes) in sums.iter_mut().zip(lanes.as_flattened()) {
            let two = i64x2_add(
                i64x2_extend_low_i32x4(*lanes),
                i64x2_extend_high_i32x4(*lanes),
            );
            *sum += i64x2_extract_lane::<0>(two) + i64x2_extract_lane::<1>(two);
        }
    }
}
