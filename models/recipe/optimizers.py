"""The optimizers of a network: Muon for the matrices of the blocks, AdamW for embedding, head and norms."""

import torch

from recipe.muon import Muon


def make_optimizers(network, arguments):
    """`arguments` has muon_lr, embedding_lr, head_lr, norm_lr and weight_decay (recipe.options)."""
    matrices = [p for name, p in network.named_parameters() if p.dim() == 2 and ".layers." in name]
    norms = [p for p in network.parameters() if p.dim() == 1]
    muon = Muon([dict(params=matrices)], lr=arguments.muon_lr, weight_decay=arguments.weight_decay,
                product_type=network.model.stream_type)
    adam = torch.optim.AdamW(
        [
            dict(params=[network.model.embed_tokens.weight], lr=arguments.embedding_lr),
            dict(params=[network.lm_head.weight], lr=arguments.head_lr),
            dict(params=norms, lr=arguments.norm_lr),
        ],
        betas=(0.8, 0.95), eps=1e-10, weight_decay=0.0, fused=True,
    )
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group["base_lr"] = group["lr"]
    return [muon, adam]
