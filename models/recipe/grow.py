"""Makes a deeper network from a trained one, which computes the same at first.

    python -m recipe.grow --origin RUN/checkpoint.pt --run BIGGER --layers 13 [--place after]
    python -m recipe.train --work WORK --run BIGGER --open --layers 13 --open-depths 0:13

Writes `BIGGER/checkpoint.pt`, from which recipe.train goes on: place in the data as in the origin, so that no text is
read twice, tokens from 0, so that the rate warms up, and optimizers that start anew. A new block is a copy of the one
before it whose projections back into the residual stream are zero: it adds nothing until it has learned something,
and what it learns with is already useful. New blocks stand spread between the old ones (`--place between`), or all after
them (`--place after`).

# Source
Identity blocks between trained ones, copies with zeroed output projections: Wu et al. 2024, "LLaMA Pro: progressive
LLaMA with block expansion", arXiv 2401.02415, section 3.2. Training that starts from a grown model needs half of
the tokens: Du et al. 2024, "Stacking your Transformers", arXiv 2405.15319. Function-preserving growth: Chen et al. 2016,
"Net2Net", arXiv 1511.05641.
"""

import argparse
from dataclasses import asdict, replace
from pathlib import Path

import torch

from recipe.checkpoint import read_checkpoint
from recipe.files import write_atomically
from recipe.network import NetworkConfig

ZEROED = ("self_attn.o_proj.weight", "mlp.down_proj.weight")


def main():
    run(parse_arguments())


def parse_arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--origin", type=Path, required=True, help="checkpoint of the trained network")
    parser.add_argument("--run", type=Path, required=True, help="folder for the new checkpoint")
    parser.add_argument("--layers", type=int, required=True, help="blocks in all")
    parser.add_argument("--place", choices=("between", "after"), default="between", help="where new blocks stand")
    return parser.parse_args(argv)


def run(arguments):
    saved, target = read_checkpoint(arguments.origin), arguments.run / "checkpoint.pt"
    if target.exists():
        raise SystemExit(f"{target} exists: go on with it, or choose another --run folder")
    config = NetworkConfig(**saved["config"])
    old = config.num_hidden_layers
    if arguments.layers <= old:
        raise SystemExit(f"--layers {arguments.layers}: {arguments.origin} has {old} blocks already")
    places = block_places(old, arguments.layers, arguments.place)
    grown = dict(
        config=asdict(replace(config, num_hidden_layers=arguments.layers)), network=grow(saved["network"], places),
        optimizers=[], step=saved["step"], sequences=saved["sequences"], tokens=0, minutes=0.0, curve=[],
        arguments=saved["arguments"] | {"run": str(arguments.run), "grown_from": str(arguments.origin)},
    )
    arguments.run.mkdir(parents=True, exist_ok=True)
    write_atomically(target, lambda file: torch.save(grown, file))
    total = sum(tensor.numel() for tensor in grown["network"].values())
    print(f"wrote {target}: {arguments.layers} blocks from {old}, {total:,} parameters")


def block_places(old, new, place):
    """For each new block: (the old block that it is or copies, is it a copy?)."""
    if place == "after":
        return [(i, False) for i in range(old)] + [(old - 1, True)] * (new - old)
    places = []
    for i in range(old):
        # Copies are spread evenly; where they do not divide, later blocks get one more.
        copies = (i + 1) * (new - old) // old - i * (new - old) // old
        places += [(i, False)] + [(i, True)] * copies
    return places


def grow(state, places):
    """The state dict with blocks at `places`."""
    grown = {name: tensor for name, tensor in state.items() if ".layers." not in name}
    for new, (old, copy) in enumerate(places):
        prefix = f"model.layers.{old}."
        for name, tensor in state.items():
            if name.startswith(prefix):
                inner = name.removeprefix(prefix)
                zeroed = copy and inner in ZEROED
                grown[f"model.layers.{new}.{inner}"] = torch.zeros_like(tensor) if zeroed else tensor.clone()
    return grown


if __name__ == "__main__":
    main()
