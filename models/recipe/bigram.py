"""A start for embedding and head that already knows which token follows which.

A training run of an hour reads a tenth of the prepared text. Counting pairs of neighbours in all of it takes
a minute. So embedding and head start as a low-rank factorisation of the pair counts, and the network begins
as a bigram model instead of learning that first:

    logit(next | current) = ln p(next) + u[current] . v[next]

u and v come from a truncated SVD of the shrunk log ratio ln((n + k) / (e + k)), n being the observed and e
the expected count of a pair, rows and columns weighted by the fourth root of their frequency.

# Shapes
embedding and head [vocab, hidden]. Every embedding row has length sqrt(hidden) (times the scale), so the
final RMSNorm leaves it alone: one direction is constant and carries ln p, one takes up the slack. A random
rotation then spreads everything over all coordinates, because Adam works on each one by itself.

# Source
Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization"; the shrinkage, the
constant and slack directions and the use as an LM start are ours.
"""

import math

import numpy as np
import torch

PSEUDO_COUNT = 1.0
WEIGHT_POWER = 0.25
# Share of the squared length of an embedding row that the constant direction gets.
CONSTANT_SHARE = 0.2


def pair_counts(batches, vocab_size):
    """float32 [vocab, vocab]: how often column follows row, sets weighted as in the mix."""
    total = sum(len(tokens) for tokens in batches.tokens)
    counts = np.zeros(vocab_size * vocab_size, dtype=np.float32)
    for share, tokens in zip(batches.shares, batches.tokens):
        ids = np.asarray(tokens, dtype=np.int64)
        weight = np.float32(share / 100 * total / len(ids))
        codes, times = np.unique(ids[:-1] * vocab_size + ids[1:], return_counts=True)
        counts[codes] += times.astype(np.float32) * weight
    return torch.from_numpy(counts.reshape(vocab_size, vocab_size))


def factorise(counts, rank, seed):
    """u, v [vocab, rank] and ln p [vocab] of the shrunk log ratios."""
    total = counts.sum(dtype=torch.float64)
    before = (counts.sum(dim=1) / total).float().clamp_min(1e-9)
    after = (counts.sum(dim=0) / total).float().clamp_min(1e-9)
    ratio = counts.add(PSEUDO_COUNT).log_()
    for rows in range(0, len(ratio), 1024):  # in place, a part at a time: the matrix is 600 MB
        expected = torch.outer(before[rows : rows + 1024], after) * float(total)
        ratio[rows : rows + 1024] -= expected.add_(PSEUDO_COUNT).log_()
    left, right = before**WEIGHT_POWER, after**WEIGHT_POWER
    ratio.mul_(left[:, None]).mul_(right[None, :])
    u, s, v = seeded_svd(ratio, rank, seed)
    root = s.sqrt()
    return u * root / left[:, None], v * root / right[:, None], after.log()


def seeded_svd(matrix, rank, seed):
    """Randomised SVD (Halko et al. 2011, algorithm 4.4) with two power iterations."""
    generator = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(matrix @ torch.randn(matrix.shape[1], rank + 16, generator=generator))[0]
    for _ in range(2):
        basis = torch.linalg.qr(matrix.T @ basis)[0]
        basis = torch.linalg.qr(matrix @ basis)[0]
    u, s, v = torch.linalg.svd(basis.T @ matrix, full_matrices=False)
    return (basis @ u)[:, :rank], s[:rank], v[:rank].T


def starting_weights(u, v, log_p, hidden, scale, seed, sharpness=1.2, quantile=0.997):
    """Embedding and head [vocab, hidden] from factors of rank hidden - 2."""
    constant = math.sqrt(CONSTANT_SHARE * hidden)
    room = math.sqrt((1 - CONSTANT_SHARE) * hidden)
    lengths = u.norm(dim=1)
    # The longest rows (3 in 1000) are cut rather than letting them set everyone's scale.
    gain = room / torch.quantile(lengths, quantile)
    fitted = u * gain * (room / (lengths * gain)).clamp_max(1.0)[:, None]
    slack = (room**2 - fitted.square().sum(dim=1)).clamp_min(0).sqrt()
    embedding = torch.cat([torch.full_like(slack, constant)[:, None], slack[:, None], fitted], dim=1)
    head = torch.cat([(log_p / constant)[:, None], torch.zeros_like(log_p)[:, None], sharpness * v / gain], dim=1)
    generator = torch.Generator().manual_seed(seed)
    rotation = torch.linalg.qr(torch.randn(hidden, hidden, generator=generator))[0]
    return embedding @ rotation * scale, head @ rotation
