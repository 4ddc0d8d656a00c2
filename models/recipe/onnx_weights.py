"""Weights as the ONNX graphs want them: f32, 8 bits with one scale a row, 4 bits in blocks of 32.

# Shapes
All matrices are `[out, in]`, as in `torch.nn.Linear`. `MatMulNBits` wants them as `[out, blocks, bytes of a block]`
with scales `[out, blocks]`; for 8 bits that is the same run of bytes, so one copy serves it and `DequantizeLinear`.

# Source
`MatMulNBits`: onnxruntime docs/ContribOperators.md. Unsigned values, zero point 2^(bits-1) by default; of two 4-bit
values in a byte the first is the low half. Error search over clip ratios as in recipe.int8.
"""

from dataclasses import dataclass

import numpy as np
import torch

from recipe.int8 import SCALE_SUFFIX, quantize_rows
from recipe.network import NetworkConfig

INT4_BLOCK = 32
INT4_RATIOS = tuple(1.0 - 0.02 * step for step in range(16))
LARGEST_BLOCK = 256  # of MatMulNBits with 8 bits


@dataclass
class Weights:
    """`state` holds f32 tensors by Hugging Face name, `stored` their `sotto-int8` form (recipe.int8)."""

    config: NetworkConfig
    state: dict
    stored: dict
    int4_ratios: tuple = INT4_RATIOS

    @classmethod
    def of(cls, config, state, stored=None, int4_ratios=INT4_RATIOS):
        if stored is None:
            stored = {}
            for name, tensor in state.items():
                if tensor.dim() == 2:
                    stored[name], stored[name + SCALE_SUFFIX] = quantize_rows(tensor)
        return cls(config, state, stored, int4_ratios)

    @property
    def tied(self):
        return "lm_head.weight" not in self.state

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

    def int4(self, *names):
        """uint8 `[out, blocks, 16]` with two values a byte and zero point 8, f32 scales `[out, blocks]`."""
        return pack_int4(*quantize_blocks(torch.from_numpy(self.f32(*names)), self.int4_ratios))


def int8_block(columns):
    """The largest block of MatMulNBits that divides a row; every block of a row repeats the row's scale."""
    block = LARGEST_BLOCK
    while columns % block:
        block //= 2
    if block < 16:
        raise ValueError(f"rows of {columns} values cannot be cut into blocks of 16 or more")
    return block


def quantize_blocks(weight, ratios=INT4_RATIOS):
    """Values -8..7 `[out, blocks, 32]` and scales `[out, blocks]` with the smallest squared error per block.

    The value of largest magnitude may take the code -8, which the positive side does not have: hence signed scales.
    """
    rows, columns = weight.shape
    if columns % INT4_BLOCK:
        raise ValueError(f"rows of {columns} values cannot be cut into blocks of {INT4_BLOCK}")
    blocks = weight.reshape(rows, columns // INT4_BLOCK, INT4_BLOCK)
    largest = blocks.gather(2, blocks.abs().argmax(dim=2, keepdim=True))
    largest = torch.where(largest == 0, torch.full_like(largest, -8.0), largest)
    best = None
    for ratio in ratios:
        scale = largest * (ratio / -8.0)
        values = torch.clamp(torch.round(blocks / scale), -8, 7)
        # The scale that fits these values best in the least-squares sense.
        energy = (values * values).sum(dim=2, keepdim=True)
        scale = torch.where(energy > 0, (values * blocks).sum(dim=2, keepdim=True) / energy.clamp_min(1e-9), scale)
        error = ((values * scale - blocks) ** 2).sum(dim=2, keepdim=True)
        if best is None:
            best = (error, values, scale)
        else:
            better = error < best[0]
            best = tuple(torch.where(better, new, old) for new, old in zip((error, values, scale), best))
    return best[1], best[2].squeeze(2)


def pack_int4(values, scales):
    codes = (values.numpy() + 8).astype(np.uint8)
    packed = codes[..., 0::2] | (codes[..., 1::2] << 4)
    return np.ascontiguousarray(packed), scales.numpy().astype(np.float32)


def unpack_int4(packed, scales):
    """f32 `[out, in]` of what `pack_int4` made; for tests and reference values."""
    codes = np.stack([packed & 15, packed >> 4], axis=-1).reshape(*packed.shape[:2], -1)
    return ((codes.astype(np.float32) - 8) * scales[..., None]).reshape(len(packed), -1)
