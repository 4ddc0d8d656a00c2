"""The `sotto-int4` weight format, version 1, and how it is packed.

Every matrix of the blocks and the head: groups of 32 neighbours of a row share one scale; the embedding stays INT8, since
its rows are read and not multiplied.

    w[row, 32 * group + i] ~= q * scale[row, group]        q in -8 .. 7

# Shapes
- values [out, groups, 32]; packed uint8 [out, groups, 16]: of the two values in a byte the first is the low half, and
  8 is added to each (what MatMulNBits of ONNX Runtime reads)
- scales [out, groups]; may be negative, so that the value of largest magnitude may take the code -8

`int4.safetensors` of a pack folder holds the packed bytes under the weight's name and the scales, F32, under
`<name>_scale`. They are numbers that a 16-bit float holds too, so that Q4_0 of GGUF has exactly the same weights.

# Source
Q4_0: ggml, src/ggml-quants.c. The error search tries scales below the one that fits the largest value, and then takes
the best scale for the codes in the least-squares sense.
"""

import numpy as np
import torch

from recipe.int8 import SCALE_SUFFIX

GROUP = 32
RATIOS = tuple(1.0 - 0.02 * step for step in range(16))
FILE = "int4.safetensors"
EMBEDDING = "model.embed_tokens.weight"


def quantize_groups(weight, ratios=RATIOS):
    """Values -8..7 [out, groups, 32] and scales [out, groups] with the smallest squared error per group."""
    rows, columns = weight.shape
    if columns % GROUP:
        raise ValueError(f"rows of {columns} values cannot be cut into groups of {GROUP}")
    values, scales = search(weight.reshape(rows, columns // GROUP, GROUP), ratios)
    return values, scales.squeeze(2)


def search(groups, ratios=RATIOS):
    """The same of groups [out, groups, any size]; scales [out, groups, 1]."""
    largest = groups.gather(2, groups.abs().argmax(dim=2, keepdim=True))
    largest = torch.where(largest == 0, torch.full_like(largest, -8.0), largest)
    best = None
    for ratio in ratios:
        scale = largest * (ratio / -8.0)
        values = round_to(groups, scale)
        energy = (values * values).sum(dim=2, keepdim=True)
        scale = torch.where(energy > 0, (values * groups).sum(dim=2, keepdim=True) / energy.clamp_min(1e-9), scale)
        error = ((values * scale - groups) ** 2).sum(dim=2, keepdim=True)
        if best is None:
            best = (error, values, scale)
        else:
            better = error < best[0]
            best = tuple(torch.where(better, new, old) for new, old in zip((error, values, scale), best))
    return best[1], best[2]


def round_to(weight, scale):
    return torch.clamp(torch.round(weight / scale), -8, 7)


def half(scale):
    """The nearest numbers that a 16-bit float holds; none becomes zero."""
    rounded = scale.to(torch.float16).to(torch.float32)
    return torch.where(rounded == 0, torch.full_like(scale, 2.0**-24), rounded)


def pack(values, scales):
    """numpy uint8 [out, groups, 16] and f32 [out, groups]."""
    codes = (values.numpy() + 8).astype(np.uint8)
    packed = codes[..., 0::2] | (codes[..., 1::2] << 4)
    return np.ascontiguousarray(packed), scales.numpy().astype(np.float32)


def unpack(packed):
    """Codes 0..15, uint8 [out, groups, 32]."""
    return np.stack([packed & 15, packed >> 4], axis=-1).reshape(*packed.shape[:2], -1)


def dequantize(packed, scales):
    """f32 [out, in] of what `pack` made."""
    return ((unpack(packed).astype(np.float32) - 8) * scales[..., None]).reshape(len(packed), -1)


def dequantize_state(state, stored):
    """`state` with the matrices that `stored` (the content of `int4.safetensors`) has in 4 bits."""
    changed = dict(state)
    for name, tensor in stored.items():
        if not name.endswith(SCALE_SUFFIX):
            changed[name] = torch.from_numpy(dequantize(tensor.numpy(), stored[name + SCALE_SUFFIX].numpy()))
    return changed
