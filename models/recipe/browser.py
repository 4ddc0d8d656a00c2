"""Puts together what the browser loads: a pack's INT8 weights, some of them in INT4, and the table of token sequences.

    python -m recipe.browser --pack PACK --out BROWSER       # config, tokenizer, model.safetensors: for sotto-pack make

The download is what this is about: a matrix in INT4 is unpacked to INT8 with one scale a row while the model is loaded, and from
there on is like the others. Those matrices are in INT4 that lose least by it, see README.md; what they save has room for
the table.

# The `sotto-int8` format, version 2
As version 1 (recipe.int8), but a matrix may be stored as in `recipe.int4`: U8 `[out, groups, 16]` under its name and F16
`[out, groups]` under `<name>_scale`; and there may be the tensors of `recipe.ngrams`.
"""

import argparse
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save

from recipe import int4, ngrams
from recipe.files import write_atomically
from recipe.int8 import SCALE_SUFFIX, quantize_state
from recipe.stored import load_pack, write_pack_config

VERSION = 2
IN_INT4 = ("embed_tokens", "gate_proj", "up_proj", "down_proj")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pack", type=Path, required=True, help="folder of recipe.quantize")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--int4", nargs="*", default=IN_INT4, help="names of the matrices that are stored in INT4")
    arguments = parser.parse_args()
    state = load_file(arguments.pack / "model.safetensors")
    groups = in_groups(arguments.pack)
    for name in [name for name in groups if not name.endswith(SCALE_SUFFIX) and name.split(".")[-2] in arguments.int4]:
        state[name], state[name + SCALE_SUFFIX] = groups[name], groups[name + SCALE_SUFFIX].half()
    table = arguments.pack / ngrams.FILE
    if table.exists():
        state.update(load_file(table))
    arguments.out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(arguments.pack / "tokenizer.json", arguments.out / "tokenizer.json")
    write_pack_config(load_pack(arguments.pack).config, arguments.out, VERSION)
    data = save(state, metadata={"format": "pt"})
    write_atomically(arguments.out / "model.safetensors", lambda file: file.write(data))
    print(f"wrote {arguments.out}: {len(data) / 1e6:.1f} MB, {'with' if table.exists() else 'without'} a table")


def in_groups(pack):
    """The pack's INT4 matrices, and the embedding, which has none there, by the error search."""
    groups = load_file(pack / int4.FILE)
    embedding = load_pack(pack).state_dict()[int4.EMBEDDING]
    values, scales = int4.quantize_groups(embedding.float())
    packed, scales = int4.pack(values, int4.half(scales))
    groups[int4.EMBEDDING] = torch.from_numpy(packed)
    groups[int4.EMBEDDING + SCALE_SUFFIX] = torch.from_numpy(scales)
    return groups


def network_alone(folder):
    """Rewrites a folder as version 1: INT8 everywhere, as the product has it in memory, and no table."""
    network = load_pack(folder)
    write_pack_config(network.config, folder)
    data = save(quantize_state(network.state_dict(), half_scales=True), metadata={"format": "pt"})
    write_atomically(folder / "model.safetensors", lambda file: file.write(data))


if __name__ == "__main__":
    main()
