"""INT4 with calibration: each rounding error is made good by the columns that are not rounded yet.

The error that counts is the one of a product, |W X - Q X|^2 over the inputs X that a layer really gets. Its second
derivative X X^T says how much of a column's error the columns after it can take over. Inputs are those of the network
before quantisation, on training text: one pass. Using the inputs of the layers that are already rounded needs a pass a
layer and gained a twentieth of a percent.

# Shapes
weight [out, in]; products [in, in]: the sum of x x^T over the inputs x; codes [out, groups, group], 0 .. 15; scales, zeros
[out, groups].

# Source
Frantar et al. 2022, "GPTQ: accurate post-training quantization for generative pre-trained transformers", arXiv
2210.17323, section 3; columns in their own order, scales of a group chosen when the group is reached.
"""

import torch
from torch import nn

from recipe import int4_zeros
from recipe.int4 import EMBEDDING, GROUP, half, pack, search
from recipe.int8 import SCALE_SUFFIX

# Added to the diagonal, relative to its mean: as the paper has it.
DAMPING = 0.01
BATCH = 8


def quantize_network(network, ids):
    """The content of `int4.safetensors` and of `int4-zeros.safetensors`. `ids` [sequences, seq]: text to calibrate with."""
    products, stored, stored_zeros = input_products(network, ids), {}, {}
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear):
            weight = module.weight.detach().float()
            packed, scales = pack(*quantize(weight, products[name]))
            stored[name + ".weight"], stored[name + ".weight" + SCALE_SUFFIX] = (
                torch.from_numpy(packed), torch.from_numpy(scales))
            stored_zeros |= int4_zeros.content(name + ".weight", *quantize_zeros(weight, products[name]))
    assert EMBEDDING not in stored
    return stored, stored_zeros


@torch.no_grad()
def input_products(network, ids):
    """The sum of x x^T over the inputs of every linear layer, by the layer's name."""
    products, hooks = {}, []
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear):
            hooks.append(module.register_forward_hook(collector(products, name)))
    try:
        for start in range(0, len(ids), BATCH):
            network(ids[start : start + BATCH])
    finally:
        for hook in hooks:
            hook.remove()
    return products


def collector(products, name):
    def add(module, inputs, output):
        x = inputs[0].reshape(-1, inputs[0].shape[-1]).float()
        products[name] = products.get(name, 0) + x.T @ x

    return add


def quantize(weight, products):
    """Values -8..7 [out, groups, 32] and scales: what recipe.int4 packs."""
    codes, scales, _ = calibrated(weight, products, GROUP, symmetric)
    return codes - 8, scales


def quantize_zeros(weight, products):
    """Codes, scales and zeros: what recipe.int4_zeros packs."""
    return calibrated(weight, products, int4_zeros.group_size(weight.shape[1]), int4_zeros.parameters)


def symmetric(group):
    """Scale and zero point [out, 1, 1] of a group [out, 1, 32], as recipe.int4 has them."""
    scale = half(search(group)[1])
    return scale, torch.full_like(scale, 8.0)


def calibrated(weight, products, size, parameters):
    """Codes, scales and zeros. `parameters`: scale and zero point [out, 1, 1] of a group [out, 1, size]."""
    rows, columns = weight.shape
    left, takes_over = weight.clone(), inverse_root(products)
    codes, scales, zeros = torch.zeros_like(left), torch.zeros(rows, columns // size), torch.zeros(rows, columns // size)
    for start in range(0, columns, size):
        end = start + size
        group = left[:, start:end].clone()
        scale, zero = (part.squeeze(1) for part in parameters(group[:, None]))
        errors = torch.zeros_like(group)
        for i in range(size):
            column, own = group[:, i : i + 1], takes_over[start + i, start + i]
            code = int4_zeros.encoded(column, scale, zero)
            codes[:, start + i : start + i + 1] = code
            errors[:, i : i + 1] = (column - int4_zeros.dequantized(code, scale, zero)) / own
            group[:, i:] -= errors[:, i : i + 1] * takes_over[start + i, start + i : end]
        left[:, end:] -= errors @ takes_over[start:end, end:]
        scales[:, start // size], zeros[:, start // size] = scale.squeeze(1), zero.squeeze(1)
    return codes.reshape(rows, -1, size), scales, zeros


def inverse_root(products):
    """Upper triangular U with U^T U = (products + damping)^-1."""
    damped = products.clone()
    diagonal = damped.diagonal()
    diagonal += DAMPING * diagonal.mean() + 1e-8
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    return torch.linalg.cholesky(inverse, upper=True)
