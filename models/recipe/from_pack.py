"""Makes a checkpoint from the INT8 pack that ships, for whoever goes on with the model and has no run of their own.

    python -m recipe.from_pack --pack packs/sotto-nano --work WORK --run RUN --rows 90000
    python -m recipe.train --work WORK --run RUN --minutes 120 --depths 0:6 --warmup 0.02 --decay 0.95

Writes `RUN/checkpoint.pt`: the weights dequantised, which costs less than 0.01 % of the bits per byte, and optimizers that
start anew, so the rate has to warm up. `--rows` is the place in the data: what the shipped model read before it is
stated in its card.
"""

import argparse
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import torch

from recipe.files import write_atomically
from recipe.shipped import FILES, unpack
from recipe.stored import load_pack


def main():
    run(parse_arguments())


def parse_arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pack", type=Path, required=True, help="folder with manifest.json and blobs/")
    parser.add_argument("--work", type=Path, required=True, help="gets the pack's tokenizer.json where it has none")
    parser.add_argument("--run", type=Path, required=True, help="folder for the new checkpoint")
    parser.add_argument("--rows", type=int, default=0, help="place in the data")
    return parser.parse_args(argv)


def run(arguments):
    target = arguments.run / "checkpoint.pt"
    if target.exists():
        raise SystemExit(f"{target} exists: go on with it, or choose another --run folder")
    with tempfile.TemporaryDirectory() as folder:
        unpack(arguments.pack, Path(folder))
        network = load_pack(folder)
        keep_tokenizer(Path(folder) / FILES["tokenizer"], arguments.work)
    saved = dict(
        config=asdict(network.config), network=network.state_dict(), optimizers=[], step=1, sequences=arguments.rows,
        tokens=0, minutes=0.0, curve=[], arguments={"work": str(arguments.work), "run": str(arguments.run)},
    )
    arguments.run.mkdir(parents=True, exist_ok=True)
    write_atomically(target, lambda file: torch.save(saved, file))
    print(f"wrote {target}: {sum(tensor.numel() for tensor in saved['network'].values()):,} parameters")


def keep_tokenizer(tokenizer, work):
    own = work / "tokenizer.json"
    if own.exists() and own.read_bytes() != tokenizer.read_bytes():
        raise SystemExit(f"{own} is another tokenizer than the pack's: choose another --work folder")
    work.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(tokenizer, own)


if __name__ == "__main__":
    main()
