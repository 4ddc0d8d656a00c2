"""The INT8 format: shapes, error bound, rows of zeros, round trip of a state dict."""

import unittest

try:
    import torch

    from recipe.int8 import dequantize_rows, dequantize_state, quantize_rows, quantize_state
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None


class Int8(unittest.TestCase):
    def test_error_is_at_most_half_a_step(self):
        weight = torch.randn(8, 64, generator=torch.Generator().manual_seed(1))
        quantized, scale = quantize_rows(weight)
        self.assertEqual((quantized.dtype, quantized.shape, scale.shape), (torch.int8, weight.shape, (8,)))
        error = (dequantize_rows(quantized, scale) - weight).abs()
        self.assertTrue((error <= scale[:, None] * 0.5001).all())

    def test_half_scales_are_16_bit_floats_and_cut_nothing(self):
        weight = torch.randn(64, 64, generator=torch.Generator().manual_seed(2)) * torch.logspace(-6, 1, 64)[:, None]
        quantized, scale = quantize_rows(weight, half_scales=True)
        self.assertTrue(torch.equal(scale.half().float(), scale))
        error = (dequantize_rows(quantized, scale) - weight).abs()
        self.assertTrue((error <= scale[:, None] * 0.5001).all())

    def test_zero_rows_stay_zero(self):
        quantized, scale = quantize_rows(torch.zeros(2, 4))
        self.assertEqual(dequantize_rows(quantized, scale).abs().max().item(), 0.0)

    def test_minus_128_is_never_stored(self):
        quantized, _ = quantize_rows(-torch.eye(4))
        self.assertEqual(quantized.min().item(), -127)

    def test_norms_stay_float(self):
        state = {"norm.weight": torch.ones(4), "head.weight": torch.randn(3, 4)}
        stored = quantize_state(state)
        self.assertEqual(sorted(stored), ["head.weight", "head.weight_scale", "norm.weight"])
        self.assertEqual(sorted(dequantize_state(stored)), sorted(state))

    def test_missing_scale_is_named(self):
        with self.assertRaisesRegex(ValueError, "head.weight_scale"):
            dequantize_state({"head.weight": torch.zeros(2, 2, dtype=torch.int8)})


if __name__ == "__main__":
    unittest.main()
