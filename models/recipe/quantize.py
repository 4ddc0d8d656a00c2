"""Writes the pack folder: `config.json`, `tokenizer.json`, INT8 `model.safetensors`, `int4.safetensors`, `int4-zeros.safetensors`.

    python -m recipe.quantize --run RUN --out PACK            # of RUN/checkpoint.pt
    python -m recipe.quantize --run RUN/tuned.pt --out PACK   # of another checkpoint

INT8 is one scale a row (recipe.int8) and what the browser loads. INT4 is calibrated on `--rows` rows of training text
(recipe.gptq), in groups of 32 for GGUF (recipe.int4) and in groups of 64 with zero points for ONNX (recipe.int4_zeros).
`--plain` leaves the calibration out: no text is needed.
"""

import argparse
import shutil
from pathlib import Path

import torch
from safetensors.torch import save

from recipe import int4_zeros
from recipe.batches import Batches
from recipe.files import write_atomically
from recipe.gptq import quantize_network
from recipe.int4 import EMBEDDING, FILE, half, pack, quantize_groups
from recipe.int8 import SCALE_SUFFIX, quantize_state
from recipe.stored import load_checkpoint, write_pack_config

# Rows that no run gets to: the text is calibrated with as it comes, in the shares of the mix.
FIRST_ROW = 10**9


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=64, help="rows of text for the calibration")
    parser.add_argument("--plain", action="store_true", help="INT4 without calibration")
    arguments = parser.parse_args()
    network, saved = load_checkpoint(arguments.run)
    work = Path(saved["arguments"]["work"])
    config = network.config
    if arguments.plain:
        int4, zeros = plain_int4(network.state_dict()), plain_zeros(network.state_dict())
    else:
        batches = Batches(work, config.max_position_embeddings, config.vocab_size)
        int4, zeros = quantize_network(network, batches.batch(FIRST_ROW, arguments.rows).inputs)
    write_pack(network, int4, work / "tokenizer.json", arguments.out, zeros)
    sizes = [f"{(arguments.out / name).stat().st_size / 1e6:.1f} MB {kind}"
             for name, kind in (("model.safetensors", "INT8"), (FILE, "INT4 without embedding"),
                                (int4_zeros.FILE, "the same with zero points"))]
    print(f"wrote {arguments.out}: step {saved['step']}, {', '.join(sizes)}")


def write_pack(network, int4, tokenizer, out, zeros=None):
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(tokenizer, out / "tokenizer.json")
    write_pack_config(network.config, out)
    int8 = save(quantize_state(network.state_dict(), half_scales=True), metadata={"format": "pt"})
    write_atomically(out / "model.safetensors", lambda file: file.write(int8))
    for name, content, version in ((FILE, int4, 1), (int4_zeros.FILE, zeros, 2)):
        if content is not None:
            # One entry: the order of several is random, and with it the hash of the file.
            packed = save(content, metadata={"quantization": f"sotto-int4 {version}"})
            write_atomically(out / name, lambda file: file.write(packed))


def plain_int4(state):
    """The content of `int4.safetensors` by the error search alone."""
    stored = {}
    for name, tensor in state.items():
        if tensor.dim() == 2 and name != EMBEDDING:
            values, scales = quantize_groups(tensor.float())
            packed, scales = pack(values, half(scales))
            stored[name], stored[name + SCALE_SUFFIX] = torch.from_numpy(packed), torch.from_numpy(scales)
    return stored


def plain_zeros(state):
    """The content of `int4-zeros.safetensors` by the error search alone."""
    stored = {}
    for name, tensor in state.items():
        if tensor.dim() == 2 and name != EMBEDDING:
            stored |= int4_zeros.content(name, *int4_zeros.quantize_groups(tensor.float()))
    return stored


if __name__ == "__main__":
    main()
