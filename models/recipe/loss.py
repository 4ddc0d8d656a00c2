"""Cross-entropy of the output head, computed in chunks, over all of the vocabulary or a sample of it.

With 12,288 tokens in the vocabulary the logits of one batch would be 300 MB. Working through them a few
hundred positions at a time keeps them in the processor's cache; the gradients are made on the way, so the
logits are never stored.

The head is the largest matrix of the network. For most of the training the sum over the vocabulary is
therefore estimated: the frequent tokens always count, of the rare ones a random eighth counts eightfold,
and the target counts as itself. The estimate of the sum has no bias; the last part of a run uses the full sum.

# Source
Sampled softmax: Jean et al. 2015, arXiv 1412.2007; the split into frequent and sampled rare tokens is ours.
"""

import math

import numpy as np
import torch

CHUNK = 1024
# On a GPU few large products are what counts.
GPU_CHUNK = 16384


class HeadLoss(torch.autograd.Function):
    """Mean cross-entropy in nats.

    x [positions, hidden], weight [vocab, hidden] in float32, targets [positions]; `candidates` [count] are the
    token ids in the sum (None: all), `correction` [count] is added to their logits, `place` [vocab] maps an id to
    its index in `candidates` or -1. Products are made in the type of `x`, sums and logarithms in float32.
    """

    @staticmethod
    def forward(ctx, x, weight, targets, candidates, correction, place):
        positions = x.shape[0]
        sampled = candidates is not None
        head = (weight[candidates] if sampled else weight).to(x.dtype)
        target_rows = weight[targets]
        own = (x.float() * target_rows).sum(dim=1, keepdim=True)
        grad_x, grad_head = torch.empty_like(x, dtype=torch.float32), torch.zeros_like(head, dtype=torch.float32)
        pull = torch.empty_like(own)
        total, chunk = torch.zeros((), device=x.device), GPU_CHUNK if x.is_cuda else CHUNK
        for start in range(0, positions, chunk):
            part, target, mine = (whole[start : start + chunk] for whole in (x, targets, own))
            logits = part @ head.T  # [chunk, count]
            # The target is taken out of the sum and counted once, as itself and exactly.
            known = place[target] if sampled else target
            rows = torch.nonzero(known >= 0).squeeze(1)
            logits[rows, known[rows]] = torch.finfo(logits.dtype).min
            log_total = torch.logaddexp(log_sum(logits, correction), mine)
            total += (log_total - mine).sum()
            probs = probabilities(logits, correction, log_total)
            pull[start : start + chunk] = (mine - log_total).exp_().sub_(1.0)
            grad_x[start : start + chunk] = probs @ head
            grad_head += probs.T @ part
        grad_x.addcmul_(pull, target_rows)
        grad_weight = torch.zeros_like(weight).index_add_(0, candidates, grad_head) if sampled else grad_head
        grad_weight.index_add_(0, targets, pull * x.float())
        ctx.save_for_backward(grad_x.div_(positions).to(x.dtype), grad_weight.div_(positions))
        return total / positions

    @staticmethod
    def backward(ctx, grad_output):
        grad_x, grad_weight = ctx.saved_tensors
        return grad_x * grad_output, grad_weight * grad_output, None, None, None, None


def log_sum(logits, correction):
    """ln of the sum of exp(logits + correction) over each row, in float32; [rows, 1]."""
    shifted = logits.float() if correction is None else logits.float() + correction
    return torch.logsumexp(shifted, dim=1, keepdim=True)


def probabilities(logits, correction, log_total):
    """exp(logits + correction - log_total), in the type of `logits`."""
    shifted = logits.float() if correction is None else logits.float() + correction
    return torch.exp(shifted - log_total).to(logits.dtype)


def compile_loss():
    """Makes one pass over memory of the elementwise parts; needs a C++ compiler."""
    global log_sum, probabilities
    log_sum, probabilities = torch.compile(log_sum, dynamic=True), torch.compile(probabilities, dynamic=True)


def head_loss(x, weight, targets, sample=(None, None, None)):
    return HeadLoss.apply(x.reshape(-1, x.shape[-1]), weight, targets.reshape(-1), *sample)


class VocabularySample:
    """Draws the candidates of a step; the same step always gets the same ones."""

    def __init__(self, counts, frequent, one_in):
        """`counts` [vocab]: how often each token occurs in the training mix."""
        order = np.argsort(-counts, kind="stable")
        self.frequent = np.sort(order[:frequent])
        self.rare = order[frequent:]
        self.drawn = len(self.rare) // one_in
        self.coverage = counts[self.frequent].sum() / counts.sum()

    def draw(self, step):
        rare = np.random.default_rng((11, step)).choice(self.rare, self.drawn, replace=False)
        candidates = torch.from_numpy(np.concatenate([self.frequent, rare]))
        correction = torch.zeros(len(candidates))
        correction[len(self.frequent) :] = math.log(len(self.rare) / self.drawn)
        place = torch.full((len(self.frequent) + len(self.rare),), -1)
        place[candidates] = torch.arange(len(candidates))
        return candidates, correction, place
