//! IEEE 754 half precision, in which adapters and some weights are stored.

/// The value of a half, exactly.
pub(crate) fn half_to_f32(half: u16) -> f32 {
    let sign = u32::from(half >> 15) << 31;
    let exponent = u32::from(half >> 10) & 0x1f;
    let mantissa = u32::from(half) & 0x3ff;
    match exponent {
        0 => f32::from_bits(sign | (mantissa as f32 * 2f32.powi(-24)).to_bits()),
        31 => f32::from_bits(sign | 0x7f80_0000 | (mantissa << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (mantissa << 13)),
    }
}

/// The nearest half; of two, the even one. Beyond the largest it is infinity, as the standard has it.
#[cfg_attr(
    not(any(test, feature = "train")),
    allow(dead_code, reason = "only training writes halves")
)]
pub(crate) fn f32_to_half(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let magnitude = bits & 0x7fff_ffff;
    match magnitude {
        0x7f80_0001.. => sign | 0x7e00,
        // 65,520 and above.
        0x477f_f000.. => sign | 0x7c00,
        // Below the smallest normal half: counted in steps of 2^-24.
        ..0x3880_0000 => {
            sign | (f32::from_bits(magnitude) * 2f32.powi(24)).round_ties_even() as u16
        }
        _ => {
            let rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
            sign | ((rounded >> 13) - (112 << 10)) as u16
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_comes_back() {
        for half in 0..=u16::MAX {
            let value = half_to_f32(half);
            if value.is_nan() {
                assert!(half_to_f32(f32_to_half(value)).is_nan());
            } else {
                assert_eq!(f32_to_half(value), half, "{value}");
            }
        }
    }

    #[test]
    fn what_lies_between_goes_to_the_nearest() {
        for half in 0..0x7bff_u16 {
            let (low, high) = (half_to_f32(half), half_to_f32(half + 1));
            let middle = low + (high - low) / 2.0;
            let even = half + (half & 1);
            assert_eq!(f32_to_half(middle), even, "{low}");
            assert_eq!(f32_to_half(middle.next_up()), half + 1);
            assert_eq!(f32_to_half(-middle.next_down()), half | 0x8000);
        }
        assert_eq!(f32_to_half(70_000.0), 0x7c00);
    }
}
