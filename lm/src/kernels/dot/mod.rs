//! Integer dot products of one tile of INT8 weights with 16-bit inputs: plain Rust, x86-64, WebAssembly SIMD.
//!
//! **Together with the modules below the only `unsafe` code of this crate.** Every unsafe function has the same
//! precondition, checked by the one safe entry point: a tile holds its header and one line of weights for each input
//! word.
//!
//! Inputs reach the instructions four to a 64-bit word, as 16-bit integers or cut into two halves of eight bits
//! ([`Form`]): a multiplier of eight bits takes in twice as many weights at a time, and two passes of it replace
//! widening the weights. Sums are exact in all of them, hence the same bits.
#![allow(unsafe_code, reason = "vector intrinsics; see the SAFETY comments")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx_vnni;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod relaxed;
#[cfg(any(test, all(target_arch = "wasm32", target_feature = "simd128")))]
mod self_test;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

use super::tiles::{Line, TILE};

/// Most words of input in one call: the sum of 512 products of at most `LARGEST_INPUT * 128` fits into 31 bits.
pub(crate) const MAX_WORDS: usize = 128;

/// The largest magnitude of an input: its upper half, rounded to the nearest, fits into eight bits with a sign.
pub(crate) const LARGEST_INPUT: i32 = 127 * 256 + 127;

/// What makes an input positive, for halves without a sign.
pub(crate) const UNSIGNED_OFFSET: i32 = 1 << 15;

/// Bits of a half.
const HALF_BITS: u32 = 8;

/// How the input is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Four 16-bit integers to a word.
    Wide,
    /// The upper halves of four inputs in the lower bytes, the lower halves in the upper bytes; both without a sign, of
    /// the input plus [`UNSIGNED_OFFSET`]. That is taken off again through the sum of the weights, which heads each tile.
    UnsignedHalves,
    /// The same with both halves signed, the upper one rounded to the nearest.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        allow(dead_code, reason = "only relaxed SIMD takes these")
    )]
    SignedHalves,
}

/// The instructions to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Simd {
    /// Plain Rust, on every target.
    Scalar,
    /// 256-bit instructions, 16-bit multipliers.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 256-bit instructions, 8-bit multipliers.
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    /// 128-bit WebAssembly instructions, 16-bit multipliers.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128,
    /// 128-bit WebAssembly instructions, 8-bit multipliers of signed with unsigned.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    RelaxedUnsigned,
    /// 128-bit WebAssembly instructions, 8-bit multipliers of signed with signed.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    RelaxedSigned,
}

impl Simd {
    /// The best that this machine has.
    pub(crate) fn detect() -> Self {
        let all = Self::all();
        all.into_iter()
            .next_back()
            .expect("there is always plain Rust")
    }

    /// Everything that works on this machine, the best last.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Self::Scalar];
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            all.push(Self::Avx2);
            if std::arch::is_x86_feature_detected!("avxvnni") {
                all.push(Self::AvxVnni);
            }
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        {
            all.push(Self::Simd128);
            // Whether the second operand has a sign is up to the machine, and it may be too narrow in between.
            let relaxed = [Self::RelaxedUnsigned, Self::RelaxedSigned];
            all.extend(relaxed.into_iter().filter(|simd| self_test::passes(*simd)));
        }
        all
    }

    /// The form in which this takes inputs.
    pub(crate) fn form(self) -> Form {
        match self {
            Self::Scalar => Form::Wide,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Form::Wide,
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => Form::UnsignedHalves,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => Form::Wide,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::RelaxedUnsigned => Form::UnsignedHalves,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::RelaxedSigned => Form::SignedHalves,
        }
    }

    /// `X` rows of input times the [`TILE`] rows of a tile.
    ///
    /// # Shapes
    /// `x`: rows of `n` words in this instruction set's [`Form`], `n <= MAX_WORDS`; `tile`: a header and `n` lines.
    ///
    /// # Panics
    /// If the lengths do not fit.
    #[inline]
    pub(crate) fn dot<const X: usize>(
        self,
        x: [&[u64]; X],
        tile: &[Line],
        sums: &mut [[i32; TILE]; X],
    ) {
        let words = tile.len() - 1;
        assert!(
            words <= MAX_WORDS && x.iter().all(|row| row.len() == words),
            "a tile is as long as its input"
        );
        match self {
            Self::Scalar => scalar(x, tile, sums),
            // SAFETY: the lengths were just checked; the instructions were detected at run time.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::dot(x, tile, sums) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => unsafe { avx_vnni::dot(x, tile, sums) },
            // SAFETY: the lengths were just checked.
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => unsafe { simd128::dot(x, tile, sums) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::RelaxedUnsigned => unsafe { relaxed::dot::<X, false>(x, tile, sums) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::RelaxedSigned => unsafe { relaxed::dot::<X, true>(x, tile, sums) },
        }
    }
}

fn scalar<const X: usize>(x: [&[u64]; X], tile: &[Line], sums: &mut [[i32; TILE]; X]) {
    for (x, sums) in x.iter().zip(sums) {
        *sums = [0; TILE];
        for (x, words) in x.iter().zip(&tile[1..]) {
            let x = x.to_le_bytes();
            for (sum, word) in sums.iter_mut().zip(words.0) {
                for (at, weight) in word.to_le_bytes().into_iter().enumerate() {
                    let x = i16::from_le_bytes([x[2 * at], x[2 * at + 1]]);
                    *sum += i32::from(x) * i32::from(weight as i8);
                }
            }
        }
    }
}
