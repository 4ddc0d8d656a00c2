"""Writes the pack folder: `config.json`, `tokenizer.json` and INT8 `model.safetensors`.

    python -m recipe.quantize --run RUN --out PACK [--search]

`--search` tries clip ratios and keeps, row by row, the scale with the smallest squared error; without it the
scale is the row's largest magnitude / 127.
"""

import argparse
import shutil
from pathlib import Path

from safetensors.torch import save_file

from recipe.int8 import quantize_state
from recipe.stored import load_checkpoint, write_pack_config


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--search", action="store_true")
    arguments = parser.parse_args()
    network, saved = load_checkpoint(arguments.run)
    arguments.out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(saved["arguments"]["work"]) / "tokenizer.json", arguments.out / "tokenizer.json")
    write_pack_config(network.config, arguments.out)
    path = arguments.out / "model.safetensors"
    part = path.with_suffix(".part")
    save_file(quantize_state(network.state_dict(), arguments.search), part, metadata={"format": "pt"})
    part.chmod(0o644)
    part.replace(path)
    print(f"wrote {arguments.out}: step {saved['step']}, {path.stat().st_size / 1e6:.1f} MB of weights")


if __name__ == "__main__":
    main()
