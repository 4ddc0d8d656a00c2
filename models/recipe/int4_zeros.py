"""The `sotto-int4` weight format, version 2, and how it is packed: groups of 64 with a zero point, for ONNX Runtime.

    w[row, G * group + i] ~= (q - zero[row, group]) * scale[row, group]        q, zero in 0 .. 15

G is 64, or 32 in matrices whose rows 64 does not divide. ONNX Runtime multiplies groups of 64 in 0.8 of the time that it
takes for groups of 32, and with zero points they are as near and smaller (README.md, Quantised formats). Version 1
(recipe.int4) remains for what knows no zero points: Q4_0 of GGUF, and the browser.

# Shapes
- codes [out, groups, G]; packed uint8 [out, groups, G / 2]: of the two codes in a byte the first is the low half
- scales f32 [out, groups]: numbers that a 16-bit float holds
- zeros [out, groups]; packed uint8 [out, (groups + 1) / 2], the same way; an odd row ends with a half that nobody reads

`int4-zeros.safetensors` of a pack folder holds the packed bytes under the weight's name, F32 scales under `<name>_scale` and
the packed zero points under `<name>_zero`.

# Source
`MatMulNBits`: onnxruntime docs/ContribOperators.md.
"""

import numpy as np
import torch

from recipe.int4 import RATIOS, half, search, unpack
from recipe.int8 import SCALE_SUFFIX

FILE = "int4-zeros.safetensors"
ZERO_SUFFIX = "_zero"
LARGEST_CODE = 15


def group_size(columns):
    size = next((size for size in (64, 32) if columns % size == 0), None)
    if size is None:
        raise ValueError(f"rows of {columns} values cannot be cut into groups of 64 or 32")
    return size


def parameters(groups, ratios=RATIOS):
    """Scale and zero point [out, groups, 1] of groups [out, groups, G], with the smallest squared error: those of version 1, or
    of the group's range, shrunk to one of `ratios`. 0 is in every range, so it stays exactly 0."""
    scale = half(search(groups, ratios)[1])
    best = (scale, torch.full_like(scale, 8.0))
    smallest = squared_error(groups, *best)
    low, high = groups.amin(-1, keepdim=True).clamp_max(0), groups.amax(-1, keepdim=True).clamp_min(0)
    for ratio in ratios:
        scale = half((high - low) * (ratio / LARGEST_CODE))
        found = (scale, torch.clamp(torch.round(-low * ratio / scale), 0, LARGEST_CODE))
        error = squared_error(groups, *found)
        better = error < smallest
        smallest = torch.where(better, error, smallest)
        best = tuple(torch.where(better, new, old) for new, old in zip(found, best))
    return best


def squared_error(groups, scale, zero):
    return ((dequantized(encoded(groups, scale, zero), scale, zero) - groups) ** 2).sum(-1, keepdim=True)


def encoded(values, scale, zero):
    """Codes 0..15."""
    return torch.clamp(torch.round(values / scale) + zero, 0, LARGEST_CODE)


def dequantized(codes, scale, zero):
    return (codes - zero) * scale


def quantize_groups(weight, ratios=RATIOS):
    """Codes [out, groups, G], scales and zeros [out, groups]."""
    rows, columns = weight.shape
    groups = weight.reshape(rows, -1, group_size(columns))
    scales, zeros = parameters(groups, ratios)
    return encoded(groups, scales, zeros), scales.squeeze(-1), zeros.squeeze(-1)


def pack(codes, scales, zeros):
    """numpy uint8 [out, groups, G / 2], f32 [out, groups], uint8 [out, (groups + 1) / 2]."""
    zeros = torch.nn.functional.pad(zeros, (0, zeros.shape[1] % 2))
    return halves(codes), scales.numpy().astype(np.float32), halves(zeros)


def halves(codes):
    codes = codes.numpy().astype(np.uint8)
    return np.ascontiguousarray(codes[..., 0::2] | (codes[..., 1::2] << 4))


def dequantize(packed, scales, zeros):
    """f32 [out, in] of what `pack` made."""
    rows, groups = scales.shape
    zeros = unpack(zeros[:, None]).reshape(rows, -1)[:, :groups, None]
    return ((unpack(packed).astype(np.float32) - zeros) * scales[..., None]).reshape(rows, -1)


def dequantize_state(state, stored):
    """`state` with the matrices that `stored` (the content of the file) has."""
    changed = dict(state)
    for name, tensor in stored.items():
        if not name.endswith((SCALE_SUFFIX, ZERO_SUFFIX)):
            parts = (tensor, stored[name + SCALE_SUFFIX], stored[name + ZERO_SUFFIX])
            changed[name] = torch.from_numpy(dequantize(*(part.numpy() for part in parts)))
    return changed


def content(name, codes, scales, zeros):
    """What the file holds of one matrix."""
    return dict(zip((name, name + SCALE_SUFFIX, name + ZERO_SUFFIX), map(torch.from_numpy, pack(codes, scales, zeros))))
