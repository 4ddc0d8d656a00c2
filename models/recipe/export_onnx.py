"""Writes the ONNX graphs of a pack.

    python -m recipe.export_onnx --pack PACK [--run RUN] --out FOLDER [--f32]

`PACK` is a folder as recipe.quantize writes it; its INT8 and INT4 values are taken over bit by bit. `RUN` (a run or a
checkpoint) is asked for the f32 weights of `--f32` only.

    cpu-int8.onnx, npu-prefill.onnx, npu-step.onnx    share int8.data
    cpu-int4.onnx                                     int4.data
    cpu-f32.onnx                                      f32.data, with --f32 only: for tests

The names, shapes and conventions of each graph stand in recipe.onnx_cpu and recipe.onnx_static.
"""

import argparse
import shutil
from pathlib import Path

from safetensors.torch import load_file

from recipe import int4, int4_zeros
from recipe.files import write_atomically
from recipe.onnx_cpu import cpu_graph
from recipe.onnx_graph import DataFile
from recipe.onnx_static import PREFILL_TOKENS, static_graph
from recipe.onnx_weights import Weights
from recipe.stored import load_checkpoint, load_pack


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--run", type=Path, help="run or checkpoint with the f32 weights of the same model")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--f32", action="store_true")
    arguments = parser.parse_args()
    weights = pack_weights(arguments.pack, arguments.run)
    write_graphs(weights, arguments.out, arguments.f32)
    for name in ("config.json", "tokenizer.json"):
        shutil.copyfile(arguments.pack / name, arguments.out / name)
    total = sum(path.stat().st_size for path in arguments.out.iterdir())
    print(f"wrote {arguments.out}: {total / 1e6:.1f} MB")


def pack_weights(pack, run=None):
    network = load_pack(pack)
    stored = load_file(Path(pack) / "model.safetensors")
    state = network.state_dict()
    if run:
        trained, _ = load_checkpoint(run)
        if trained.config != network.config:
            raise SystemExit(f"{run} holds another network than {pack}")
        state = trained.state_dict()
        difference = max((state[name] - tensor).abs().max().item() for name, tensor in network.state_dict().items())
        largest = max(stored[name].max().item() for name in stored if name.endswith("_scale"))
        if difference > largest:
            raise SystemExit(f"{run} is not what {pack} was made from: weights differ by {difference:.3g}")
    groups, zeros = (load_file(path) if path.exists() else None
                     for path in (Path(pack) / form.FILE for form in (int4, int4_zeros)))
    return Weights.of(network.config, state, stored, groups, zeros)


def write_graphs(weights, out, f32=False):
    out.mkdir(parents=True, exist_ok=True)
    int8, int4 = DataFile("int8.data"), DataFile("int4.data")
    graphs = {
        "cpu-int8.onnx": cpu_graph(weights, "int8", int8),
        "npu-prefill.onnx": static_graph(weights, PREFILL_TOKENS, int8),
        "npu-step.onnx": static_graph(weights, 1, int8),
        "cpu-int4.onnx": cpu_graph(weights, "int4", int4),
    }
    files = [int8, int4]
    if f32:
        files.append(DataFile("f32.data"))
        graphs["cpu-f32.onnx"] = cpu_graph(weights, "f32", files[-1])
    for name, model in graphs.items():
        write_atomically(out / name, lambda file: file.write(model.SerializeToString(deterministic=True)))
    for data in files:
        write_atomically(out / data.name, lambda file: file.write(data.content))


if __name__ == "__main__":
    main()
