//! Four floats in one vector register.
//!
//! On x86-64 the compiler makes vector instructions of plain arrays by itself; for WebAssembly it mostly does not, so
//! there the instructions are written out. The arithmetic is the same on both, lane by lane and bit by bit, except
//! where an operand is NaN: that gets lost in `max` and `min` on some machines.

use std::ops::{Add, Div, Mul, Sub};

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use std::arch::wasm32 as wasm;

/// Lanes of a vector.
pub const LANES: usize = 4;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
type Register = wasm::v128;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
type Register = [f32; LANES];

/// Four lanes of single precision.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct F32x4(Register);

/// The same operation in WebAssembly and lane by lane.
macro_rules! lanewise {
    ($(#[$doc:meta])* $name:ident($($operand:ident),+), $wasm:expr, $plain:expr) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name($($operand: Self),+) -> Self {
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            return Self($wasm($($operand.0),+));
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            Self(std::array::from_fn(|lane| $plain($($operand.0[lane]),+)))
        }
    };
}

impl F32x4 {
    /// The same value in every lane.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self::load(&[value; LANES])
    }

    /// These values.
    #[inline(always)]
    pub fn load(values: &[f32; LANES]) -> Self {
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        return Self({
            let [a, b, c, d] = *values;
            wasm::f32x4(a, b, c, d)
        });
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        Self(*values)
    }

    /// These whole numbers, rounded where they have more than 24 bits.
    #[inline(always)]
    pub fn from_integers(values: &[i32; LANES]) -> Self {
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        return Self({
            let [a, b, c, d] = *values;
            wasm::f32x4_convert_i32x4(wasm::i32x4(a, b, c, d))
        });
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        Self(values.map(|value| value as f32))
    }

    /// Writes the lanes down.
    #[inline(always)]
    pub fn store(self, values: &mut [f32; LANES]) {
        *values = self.to_array();
    }

    /// The lanes.
    #[inline(always)]
    pub fn to_array(self) -> [f32; LANES] {
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        return [
            wasm::f32x4_extract_lane::<0>(self.0),
            wasm::f32x4_extract_lane::<1>(self.0),
            wasm::f32x4_extract_lane::<2>(self.0),
            wasm::f32x4_extract_lane::<3>(self.0),
        ];
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        self.0
    }

    lanewise!(
        /// Magnitudes.
        abs(self),
        wasm::f32x4_abs,
        f32::abs
    );
    lanewise!(
        /// `other` where it is larger.
        max(self, other),
        wasm::f32x4_pmax,
        |a, b| if a < b { b } else { a }
    );
    lanewise!(
        /// `other` where it is smaller.
        min(self, other),
        wasm::f32x4_pmin,
        |a, b| if b < a { b } else { a }
    );
    lanewise!(
        /// Sums.
        plus(self, other),
        wasm::f32x4_add,
        |a, b| a + b
    );
    lanewise!(
        /// Differences.
        minus(self, other),
        wasm::f32x4_sub,
        |a, b| a - b
    );
    lanewise!(
        /// Products.
        times(self, other),
        wasm::f32x4_mul,
        |a, b| a * b
    );
    lanewise!(
        /// Quotients.
        over(self, other),
        wasm::f32x4_div,
        |a, b| a / b
    );
    lanewise!(
        /// `2^n` for the whole numbers `n` in the low bits of the lanes, where adding [`ROUNDER`] leaves them.
        power_of_two(self),
        |bits| wasm::i32x4_shl(wasm::i32x4_add(bits, wasm::i32x4_splat(127)), 23),
        |n: f32| f32::from_bits(n.to_bits().wrapping_add(127) << 23)
    );

    /// Sum of all lanes.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d] = self.to_array();
        (a + c) + (b + d)
    }

    /// The largest lane.
    #[inline(always)]
    pub fn largest(self) -> f32 {
        let [a, b, c, d] = self.to_array();
        a.max(b).max(c.max(d))
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $named:ident) => {
        impl $trait for F32x4 {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.$named(other)
            }
        }
    };
}
operator!(Add, add, plus);
operator!(Sub, sub, minus);
operator!(Mul, mul, times);
operator!(Div, div, over);

/// `1.5 * 2^23`: adding it rounds an `f32` of magnitude below `2^22` to the nearest integer, which is then in the
/// low bits. Unlike `round` it needs no instruction that baseline x86-64 lacks.
pub const ROUNDER: f32 = 12_582_912.0;

/// What [`exp`] is made of.
trait Real:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    fn splat(value: f32) -> Self;
    fn clamped(self, low: f32, high: f32) -> Self;
    fn power_of_two(self) -> Self;
}

impl Real for F32x4 {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self::splat(value)
    }

    #[inline(always)]
    fn clamped(self, low: f32, high: f32) -> Self {
        self.max(Self::splat(low)).min(Self::splat(high))
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        self.power_of_two()
    }
}

impl Real for f32 {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        value
    }

    #[inline(always)]
    fn clamped(self, low: f32, high: f32) -> Self {
        let value = if self < low { low } else { self };
        if high < value { high } else { value }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self::from_bits(self.to_bits().wrapping_add(127) << 23)
    }
}

/// `e^x`, to within two units in the last place for `-87 <= x <= 88`; clamped outside.
///
/// # Source
/// Cephes `expf` (S. Moshier): `2^n * p(r)` with `x = n ln 2 + r`; coefficients unchanged.
#[inline(always)]
pub fn exp(x: F32x4) -> F32x4 {
    exp_of(x)
}

/// The same of each value, to the last bit.
#[inline(always)]
pub(super) fn exp_each<const N: usize>(values: &mut [f32; N]) {
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    for chunk in values.as_chunks_mut().0 {
        exp(F32x4::load(chunk)).store(chunk);
    }
    // Of four lanes the compiler makes single instructions for each, of a loop over many it does not.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    for value in values {
        *value = exp_of(*value);
    }
}

#[inline(always)]
fn exp_of<T: Real>(x: T) -> T {
    let splat = T::splat;
    let x = x.clamped(-87.0, 88.0);
    let shifted = x * splat(std::f32::consts::LOG2_E) + splat(ROUNDER);
    let n = shifted - splat(ROUNDER);
    let r = x - n * splat(0.693_359_4) + n * splat(2.121_944_4e-4);
    let p = splat(1.987_569_1e-4);
    let p = p * r + splat(1.398_199_9e-3);
    let p = p * r + splat(8.333_452e-3);
    let p = p * r + splat(4.166_579_6e-2);
    let p = p * r + splat(1.666_666_5e-1);
    let p = p * r + splat(5e-1);
    let p = p * r * r + r + splat(1.0);
    p * shifted.power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_agrees_with_the_library() {
        for step in -8_700..=8_800 {
            let x = step as f32 / 100.0;
            let expected = f64::from(x).exp();
            for value in exp(F32x4::splat(x)).to_array() {
                let error = (f64::from(value) - expected).abs() / expected;
                assert!(error < 2.4e-7, "exp({x}) is off by {error:e}");
            }
        }
        let mut many: [f32; 64] = std::array::from_fn(|at| at as f32 * 2.9 - 90.0);
        let lanes = many
            .as_chunks()
            .0
            .iter()
            .flat_map(|lanes| exp(F32x4::load(lanes)).to_array());
        let lanes: Vec<f32> = lanes.collect();
        exp_each(&mut many);
        assert_eq!(many[..], lanes);
        let [low, high, ..] = exp(F32x4::load(&[-1e30, f32::INFINITY, 0.0, 0.0])).to_array();
        assert!(low < 1e-37 && high.is_finite());
    }

    #[test]
    fn lanes_do_not_mix() {
        let (a, b) = ([1.0, -2.0, 3.0, -4.0], [4.0, 3.0, -2.0, 1.0]);
        let (x, y) = (F32x4::load(&a), F32x4::load(&b));
        assert_eq!((x + y).to_array(), [5.0, 1.0, 1.0, -3.0]);
        assert_eq!((x - y).to_array(), [-3.0, -5.0, 5.0, -5.0]);
        assert_eq!((x * y).to_array(), [4.0, -6.0, -6.0, -4.0]);
        assert_eq!((y / x).to_array(), [4.0, -1.5, -2.0 / 3.0, -0.25]);
        assert_eq!(x.max(y).to_array(), [4.0, 3.0, 3.0, 1.0]);
        assert_eq!(x.min(y).to_array(), [1.0, -2.0, -2.0, -4.0]);
        assert_eq!(x.abs().to_array(), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!((x.sum(), x.largest()), (-2.0, 3.0));
        let integers = F32x4::from_integers(&[1, -2, i32::MAX, i32::MIN]).to_array();
        assert_eq!(integers, [1.0, -2.0, 2_147_483_648.0, -2_147_483_648.0]);
        let mut out = [0.0; LANES];
        x.store(&mut out);
        assert_eq!(out, a);
    }
}
