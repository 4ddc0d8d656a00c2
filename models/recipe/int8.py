"""The `sotto-int8` weight format, version 1.

Every 2-D weight (all linear projections, `lm_head`, `embed_tokens`) is stored as an I8 tensor under its
own name plus an F32 tensor `<name>_scale`, one scale per row. Everything else (norm weights) stays F32.

    w[row, col] ~= q[row, col] * scale[row]        q in [-127, 127]

# Shapes
Weights are `[out, in]` as in `torch.nn.Linear`; the embedding is `[vocab, hidden]`. Scales are `[out]`
and `[vocab]`.

# Source
Symmetric per-channel quantisation: Krishnamoorthi 2018, arXiv 1806.08342, section 2.2.
"""

import torch

METHOD = "sotto-int8"
VERSION = 1
Q_MAX = 127
SCALE_SUFFIX = "_scale"


def quantize_rows(weight, half_scales=False):
    """Quantises a `[rows, cols]` float tensor; returns (I8 `[rows, cols]`, F32 scale `[rows]`).

    `half_scales`: only scales that a 16-bit float holds too, so that Q8_0 of GGUF has exactly the same weights.
    """
    weight = weight.detach().to(torch.float32)
    absmax = weight.abs().amax(dim=1)
    # A row of zeros gets scale 1 so that dequantising needs no special case.
    absmax = torch.where(absmax > 0, absmax, torch.full_like(absmax, float(Q_MAX)))
    scale = absmax / Q_MAX
    if half_scales:
        scale = half_above(scale)
    return torch.clamp(torch.round(weight / scale[:, None]), -Q_MAX, Q_MAX).to(torch.int8), scale


def half_above(scale):
    """The smallest 16-bit floats that are not below `scale`: below it, the largest weight would be cut."""
    rounded = scale.to(torch.float16)
    step = (rounded.view(torch.int16) + 1).view(torch.float16)  # the next 16-bit float: scales are positive
    return torch.where(rounded.float() < scale, step, rounded).float()


def dequantize_rows(quantized, scale):
    """F32 `[rows, cols]` from I8 `[rows, cols]` and F32 scale `[rows]`."""
    return quantized.to(torch.float32) * scale[:, None]


def quantize_state(state, half_scales=False):
    """Tensors of a HF Llama state dict in the stored form (I8 + scales + F32)."""
    stored = {}
    for name, tensor in state.items():
        if tensor.dim() == 2:
            stored[name], stored[name + SCALE_SUFFIX] = quantize_rows(tensor, half_scales)
        else:
            stored[name] = tensor.detach().to(torch.float32).contiguous()
    return stored


def dequantize_state(stored):
    """F32 state dict from the stored form."""
    state = {}
    for name, tensor in stored.items():
        if name.endswith(SCALE_SUFFIX):
            continue
        scale = stored.get(name + SCALE_SUFFIX)
        if tensor.dtype == torch.int8 and scale is None:
            raise ValueError(f"{name}: int8 tensor without {name}{SCALE_SUFFIX}")
        state[name] = tensor if scale is None else dequantize_rows(tensor, scale)
    return state
