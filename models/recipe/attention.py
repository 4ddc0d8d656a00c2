"""Causal attention with grouped heads, a block of queries at a time.

Each block of queries multiplies with the keys up to its own end only: half of the work that a full square with a mask is,
and the scores stay in the cache. PyTorch's own kernel for the CPU takes four times as long on the way back in
bfloat16 (26 ms against 6 for 16 sequences of 256, four heads). On a GPU PyTorch's own is the fast one.

# Shapes
q [batch, heads, seq, head_dim]; k, v [batch, kv_heads, seq, head_dim]; result as q. Query head h reads key head
h // (heads // kv_heads), as in Llama.
"""

import torch
import torch.nn.functional as F

QUERIES = 128


def causal_attention(q, k, v):
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    batch, heads, seq, size = q.shape
    kv_heads = k.shape[1]
    group, rows = heads // kv_heads, batch * kv_heads
    q = (q * size**-0.5).reshape(rows, group, seq, size)
    k, v = k.reshape(rows, seq, size), v.reshape(rows, seq, size)
    parts = []
    for start in range(0, seq, QUERIES):
        end = min(start + QUERIES, seq)
        block = q[:, :, start:end].reshape(rows, group * (end - start), size)
        scores = torch.bmm(block, k[:, :end].transpose(1, 2)).view(rows, group, end - start, end).float()
        future = torch.arange(end, device=q.device) > torch.arange(start, end, device=q.device)[:, None]
        probs = torch.softmax(scores.masked_fill(future, float("-inf")), dim=-1).to(q.dtype)
        mixed = torch.bmm(probs.view(rows, group * (end - start), end), v[:, :end])
        parts.append(mixed.view(rows, group, end - start, size))
    return torch.cat(parts, dim=2).view(batch, heads, seq, size)
