"""The `sotto-int8` weight format, version 1.

Every 2-D weight (all linear projections, `lm_head`, `embed_tokens`) is stored as an I8 tensor under its
own name plus an F32 tensor `<name>_scale`, one scale per row. Everything else (norm weights) stays F32.

    w[row, col] ~= q[row, col] * scale[row]        q in [-127, 127]

# Shapes
Weights are `[out, in]` as in `torch.nn.Linear`; the embedding is `[vocab, hidden]`. Scales are `[out]`
and `[vocab]`.

# Source
Symmetric per-channel quantisation: Krishnamoorthi 2018, arXiv 1806.08342, section 2.2. The optional
search over clip ratios minimises the squared error of each row.
"""

import torch

METHOD = "sotto-int8"
VERSION = 1
Q_MAX = 127
SCALE_SUFFIX = "_scale"
# Ratios of the row's largest magnitude that the error search tries; 1.0 is plain absmax.
CLIP_RATIOS = tuple(1.0 - 0.02 * step for step in range(16))


def quantize_rows(weight, search=False):
    """Quantises a `[rows, cols]` float tensor; returns (I8 `[rows, cols]`, F32 scale `[rows]`)."""
    weight = weight.detach().to(torch.float32)
    absmax = weight.abs().amax(dim=1)
    # A row of zeros gets scale 1 so that dequantising needs no special case.
    absmax = torch.where(absmax > 0, absmax, torch.full_like(absmax, float(Q_MAX)))
    best_scale = absmax / Q_MAX
    best_error = row_error(weight, best_scale)
    for ratio in CLIP_RATIOS[1:] if search else ():
        scale = absmax * ratio / Q_MAX
        error = row_error(weight, scale)
        better = error < best_error
        best_scale = torch.where(better, scale, best_scale)
        best_error = torch.where(better, error, best_error)
    return round_rows(weight, best_scale).to(torch.int8), best_scale


def dequantize_rows(quantized, scale):
    """F32 `[rows, cols]` from I8 `[rows, cols]` and F32 scale `[rows]`."""
    return quantized.to(torch.float32) * scale[:, None]


def quantize_state(state, search=False):
    """Tensors of a HF Llama state dict in the stored form (I8 + scales + F32)."""
    stored = {}
    for name, tensor in state.items():
        if tensor.dim() == 2:
            stored[name], stored[name + SCALE_SUFFIX] = quantize_rows(tensor, search)
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


def round_rows(weight, scale):
    return torch.clamp(torch.round(weight / scale[:, None]), -Q_MAX, Q_MAX)


def row_error(weight, scale):
    return ((round_rows(weight, scale) * scale[:, None] - weight) ** 2).sum(dim=1)
