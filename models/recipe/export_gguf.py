"""Writes a pack as GGUF files.

    python -m recipe.export_gguf --pack PACK [--run RUN] --out FOLDER

    model-q8_0.gguf, model-q4_0.gguf    the pack's INT8 and INT4 values
    model-f16.gguf, model-f32.gguf      the weights of the run or checkpoint that `--run` names

Tokenizer and chat template are inside. llama.cpp has no splitting rule equal to ours: recipe.gguf_vocabulary.
"""

import argparse
from pathlib import Path

from tokenizers import Tokenizer

from recipe.export_onnx import pack_weights
from recipe.gguf_file import KINDS, write_gguf


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--run", type=Path, help="run or checkpoint with the f32 weights of the same model")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="sotto", help="name inside the files")
    arguments = parser.parse_args()
    weights = pack_weights(arguments.pack, arguments.run)
    tokenizer = Tokenizer.from_file(str(arguments.pack / "tokenizer.json"))
    arguments.out.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        if arguments.run or kind.startswith("q"):
            path = arguments.out / f"model-{kind}.gguf"
            write_gguf(weights, kind, path, tokenizer, arguments.name)
            print(f"wrote {path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
