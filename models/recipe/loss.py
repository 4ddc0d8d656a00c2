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

CHUNK = 512


class HeadLoss(torch.autograd.Function):
    """Mean cross-entropy in nats.

    x [positions, hidden], weight [vocab, hidden], targets [positions]; `candidates` [count] are the token
    ids in the sum (None: all), `correction` [count] is added to their logits, `place` [vocab] maps an id to
    its index in `candidates` or -1.
    """

    @staticmethod
    def forward(ctx, x, weight, targets, candidates, correction, place):
        positions = x.shape[0]
        sampled = candidates is not None
        head = weight[candidates] if sampled else weight
        grad_x, grad_head = torch.empty_like(x), torch.zeros_like(head)
        grad_weight = torch.zeros_like(weight) if sampled else grad_head
        total = 0.0
        for start in range(0, positions, CHUNK):
            part, target = x[start : start + CHUNK], targets[start : start + CHUNK]
            logits = part @ head.T  # [chunk, count]
            if not sampled:
                log_total = torch.logsumexp(logits, dim=1, keepdim=True)
                total += (log_total.sum() - logits.gather(1, target[:, None]).sum()).item()
                probs = logits.sub_(log_total).exp_()
                probs.scatter_add_(1, target[:, None], torch.full_like(log_total, -1.0))
                torch.matmul(probs, head, out=grad_x[start : start + CHUNK])
            else:
                logits += correction
                # The target is taken out of the sample and counted once, as itself.
                known = place[target]
                rows = torch.nonzero(known >= 0).squeeze(1)
                logits[rows, known[rows]] = -math.inf
                target_rows = weight[target]
                own = (part * target_rows).sum(dim=1, keepdim=True)
                log_total = torch.logaddexp(torch.logsumexp(logits, dim=1, keepdim=True), own)
                total += (log_total - own).sum().item()
                probs = logits.sub_(log_total).exp_()
                pull = (own - log_total).exp_().sub_(1.0)  # [chunk, 1]
                torch.matmul(probs, head, out=grad_x[start : start + CHUNK])
                grad_x[start : start + CHUNK] += pull * target_rows
                grad_weight.index_add_(0, target, pull * part)
            grad_head.addmm_(probs.T, part)
        if sampled:
            grad_weight.index_add_(0, candidates, grad_head)
        ctx.save_for_backward(grad_x.div_(positions), grad_weight.div_(positions))
        return x.new_tensor(total / positions)

    @staticmethod
    def backward(ctx, grad_output):
        grad_x, grad_weight = ctx.saved_tensors
        return grad_x.mul_(grad_output), grad_weight.mul_(grad_output), None, None, None, None


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
