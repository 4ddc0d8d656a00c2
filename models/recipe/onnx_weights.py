"""Weights as the exports want them: f32, 8 bits with one scale a row, 4 bits in groups of 32, or of 64 with zero points.

# Shapes
All matrices are `[out, in]`, as in `torch.nn.Linear`, but for `int8_columns`, which is `[in, out]`. `MatMulNBits` wants
them as `[out, blocks, bytes of a block]` with scales `[out, blocks]`; for 8 bits that is the same run of bytes, so one
copy serves it and `DequantizeLinear`.

# Source
`MatMulNBits`, `DynamicQuantizeMatMul`: onnxruntime docs/ContribOperators.md. Of the first, values are unsigned, with the
zero point 2^(bits-1) by default.
"""

from dataclasses import dataclass

import numpy as np
import torch

from recipe import int4_zeros
from recipe.int4 import RATIOS, pack, quantize_groups
from recipe.int8 import SCALE_SUFFIX, quantize_rows
from recipe.network import NetworkConfig

LARGEST_BLOCK = 256  # of MatMulNBits with 8 bits


@dataclass
class Weights:
    """`state` holds f32 tensors by Hugging Face name, `stored` their `sotto-int8` form (recipe.int8), `stored_int4`
    and `stored_zeros` their `sotto-int4` forms (recipe.int4, recipe.int4_zeros; None: made by the error search)."""

    config: NetworkConfig
    state: dict
    stored: dict
    stored_int4: dict | None = None
    stored_zeros: dict | None = None
    int4_ratios: tuple = RATIOS

    @classmethod
    def of(cls, config, state, stored=None, stored_int4=None, stored_zeros=None, int4_ratios=RATIOS):
        if stored is None:
            stored = {}
            for name, tensor in state.items():
                if tensor.dim() == 2:
                    stored[name], stored[name + SCALE_SUFFIX] = quantize_rows(tensor)
        return cls(config, state, stored, stored_int4, stored_zeros, int4_ratios)

    @property
    def tied(self):
        return "lm_head.weight" not in self.state

    @property
    def has_int4_zeros(self):
        """A pack of before they were made has calibrated weights of the other form, which are better than searched ones."""
        return self.stored_zeros is not None or self.stored_int4 is None

    @property
    def head(self):
        return "model.embed_tokens.weight" if self.tied else "lm_head.weight"

    def f32(self, *names):
        """f32 `[out, in]`; several matrices are stacked along `out`."""
        return np.concatenate([self.state[name].numpy() for name in names]).astype(np.float32)

    def int8(self, *names):
        """uint8 `[out, in]` with zero point 128, f32 scales `[out]`."""
        values = np.concatenate([self.stored[name].numpy() for name in names]).astype(np.int16)
        scales = np.concatenate([self.stored[name + SCALE_SUFFIX].numpy() for name in names])
        return (values + 128).astype(np.uint8), scales.astype(np.float32)

    def int8_columns(self, *names):
        """int8 `[in, out]`, f32 scales `[out]`."""
        values = np.concatenate([self.stored[name].numpy() for name in names])
        scales = np.concatenate([self.stored[name + SCALE_SUFFIX].numpy() for name in names])
        return np.ascontiguousarray(values.T), scales.astype(np.float32)

    def int4(self, *names):
        """uint8 `[out, groups, 16]` with two values a byte and zero point 8, f32 scales `[out, groups]`."""
        if self.stored_int4 is None:
            return pack(*quantize_groups(torch.from_numpy(self.f32(*names)), self.int4_ratios))
        return tuple(np.concatenate([self.stored_int4[name + suffix].numpy() for name in names])
                     for suffix in ("", SCALE_SUFFIX))

    def int4_zeros(self, *names):
        """uint8 `[out, groups, bytes]` with two values a byte, f32 scales `[out, groups]`, uint8 zero points
        `[out, (groups + 1) / 2]`; a group is 64 or 32 values."""
        if self.stored_zeros is None:
            return int4_zeros.pack(*int4_zeros.quantize_groups(torch.from_numpy(self.f32(*names)), self.int4_ratios))
        return tuple(np.concatenate([self.stored_zeros[name + suffix].numpy() for name in names])
                     for suffix in ("", SCALE_SUFFIX, int4_zeros.ZERO_SUFFIX))


def int8_block(columns):
    """The largest block of MatMulNBits that divides a row; every block of a row repeats the row's scale."""
    block = LARGEST_BLOCK
    while columns % block:
        block //= 2
    if block < 16:
        raise ValueError(f"rows of {columns} values cannot be cut into blocks of 16 or more")
    return block
