"""Muon: momentum whose update is replaced by the nearest orthogonal matrix. For the 2-D hidden weights.

    M = momentum * M + (1 - momentum) * G          (then Nesterov)
    W = W * (1 - lr * weight_decay) - lr * sqrt(max(1, rows / cols)) * orthogonalise(M)

Weights of equal shape are worked on as one batch.

# Source
K. Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks", kellerjordan.github.io/posts/muon;
the scale with the shape is theirs. Coefficients of the
iteration: Amsel et al. 2025, "The Polar Express", arXiv 2505.16932, in the rounding of modded-nanogpt.
"""

import torch

COEFFICIENTS = (
    (8.156554524902461, -22.48329292557795, 15.878769915207462),
    (4.042929935166739, -2.808917465908714, 0.5000178451051316),
    (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
    (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
    (2.3465413258596377, -1.7097828382687081, 0.42323551169305323),
)
# The coefficients expect a spectral norm a little below 1.
MARGIN = 1.02


class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum=0.95, weight_decay=0.0, iterations=4, product_type=torch.float32):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay, iterations=iterations))
        self.product_type = product_type

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            # Blocks that have not joined yet have no gradient.
            for same in by_shape(p for p in group["params"] if p.grad is not None):
                self.step_batch(group, same)

    def step_batch(self, group, weights):
        momentum, lr = group["momentum"], group["lr"]
        directions = []
        for weight in weights:
            state = self.state[weight]
            if not state:
                state["momentum"] = torch.zeros_like(weight)
            held = state["momentum"].lerp_(weight.grad, 1 - momentum)
            directions.append(weight.grad.lerp(held, momentum))
        rows, cols = weights[0].shape
        scale = max(1.0, rows / cols) ** 0.5
        updates = orthogonalise(torch.stack(directions), group["iterations"], self.product_type)
        for weight, update in zip(weights, updates):
            weight.mul_(1 - lr * group["weight_decay"]).add_(update, alpha=-lr * scale)


def orthogonalise(batch, iterations, product_type=torch.float32):
    """Newton-Schulz towards U V^T for a batch [n, rows, cols]; singular values end near 1. bfloat16 is enough for it."""
    x = (batch.mT if batch.shape[1] > batch.shape[2] else batch).to(product_type)
    x = x / (x.norm(dim=(1, 2), keepdim=True) * MARGIN + 1e-7)
    for a, b, c in COEFFICIENTS[:iterations]:
        gram = x @ x.mT
        # b gram + c gram gram, then a x + (that) x; the sums are part of the products.
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if batch.shape[1] > batch.shape[2] else x


def by_shape(weights):
    groups = {}
    for weight in weights:
        groups.setdefault(tuple(weight.shape), []).append(weight)
    return groups.values()
