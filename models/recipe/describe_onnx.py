"""Writes `pack.json` beside exported graphs: what `sotto-pack make --runtime onnx` asks for and no other file says.

    python -m recipe.describe_onnx --onnx ONNX --manifest BURN_PACK/manifest.json [--without cpu-int4.onnx]

The known answer is the burn pack's: both hold the same weights, so both must give it.
"""

import argparse
import json
from pathlib import Path

from recipe.files import write_atomically
from recipe.onnx_static import PREFILL_TOKENS

GRAPHS = (
    dict(name="cpu-int8.onnx", shape="gqa", precision="int8", tokens=0, device="cpu", data=["int8.data"]),
    dict(name="cpu-int4.onnx", shape="gqa", precision="int4", tokens=0, device="cpu", data=["int4.data"]),
    dict(name="npu-prefill.onnx", shape="static", precision="int8", tokens=PREFILL_TOKENS, device="npu",
         data=["int8.data"]),
    dict(name="npu-step.onnx", shape="static", precision="int8", tokens=1, device="npu", data=["int8.data"]),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--without", action="append", default=[], choices=[graph["name"] for graph in GRAPHS],
                        help="a graph to leave out, for instance to keep the pack small")
    arguments = parser.parse_args()
    description = describe(json.loads(arguments.manifest.read_text(encoding="utf-8")), arguments.without)
    content = json.dumps(description, indent=1) + "\n"
    write_atomically(arguments.onnx / "pack.json", lambda file: file.write(content.encode()))


def describe(manifest, without=()):
    return dict(
        graphs=[graph for graph in GRAPHS if graph["name"] not in without],
        knownAnswer=manifest["knownAnswer"], parameters=manifest["parameters"],
        contextTokens=manifest["contextTokens"],
    )


if __name__ == "__main__":
    main()
