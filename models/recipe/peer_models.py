"""Writes a pack in the forms that other engines in the browser run, so that they can be measured on the same weights.

    python -m recipe.peer_models --pack PACK --out FOLDER

`PACK` is a pack that ships (manifest and blobs) or a folder as recipe.quantize writes it.

    f32.onnx, int8.onnx, int4.onnx      GroupQueryAttention, and MatMulNBits where quantised; their data beside them
    dynamic-int8.onnx                   what Hugging Face calls q8: f32.onnx through ONNX Runtime's dynamic quantisation
    model-q8_0.gguf, model-q4_0.gguf    for llama.cpp and what is built on it
    model.json                          shapes, and for 16, 64 and 256 tokens of prompt their ids, their text and the ids
                                        that follow greedily in f32, so that a bench can see that all run the same model

The f32 files hold the pack's INT8 values, dequantised: nothing is gained by another precision but its own speed. The table of
token sequences is left out: nobody else has one.
"""

import argparse
import json
from pathlib import Path

import torch
from onnx import TensorProto
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

from recipe.browser import network_alone
from recipe.export_onnx import pack_weights
from recipe.files import write_atomically
from recipe.gguf_file import write_gguf
from recipe.onnx_cpu import cpu_graph
from recipe.onnx_graph import DataFile
from recipe.onnx_run import CpuRunner, greedy
from recipe.shipped import unpack

PROMPT_TOKENS = (16, 64, 256)
GREEDY_TOKENS = 16

# Ours, so that it can be repeated here; what it says does not change the speed.
TEXT = (
    "Thank you for your letter, it was very good to hear from you again. I would like to know whether you can come to "
    "the meeting on Monday. At the end of the day we went back to the house and sat by the fire, and nobody said very "
    "much for a long time. She looked at him and asked what had happened to the garden. It is one of the most important "
    "things that we have to talk about before the end of the year, and I do not think that it can wait until the summer. "
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_models(plain_folder(arguments.pack, arguments.out / "pack"), arguments.out)


def plain_folder(pack, target):
    """`pack` itself, or for a pack that ships the folder `target` with the blobs under their names."""
    if not (pack / "manifest.json").exists():
        return pack
    target.mkdir(exist_ok=True)
    unpack(pack, target)
    network_alone(target)
    return target


def write_models(pack, out):
    weights = pack_weights(pack)
    for precision in ("f32", "int8", "int4"):
        data = DataFile(f"{precision}.data")
        graph = cpu_graph(weights, precision, data).SerializeToString(deterministic=True)
        write_atomically(out / data.name, lambda file: file.write(data.content))
        write_atomically(out / f"{precision}.onnx", lambda file: file.write(graph))
    # Types behind operators that are not ONNX's own are unknown to the quantiser; all of ours are float.
    quantize_dynamic(
        out / "f32.onnx", out / "dynamic-int8.onnx", weight_type=QuantType.QInt8, per_channel=True,
        extra_options={"DefaultTensorType": TensorProto.FLOAT})
    tokenizer = Tokenizer.from_file(str(pack / "tokenizer.json"))
    for kind in ("q8_0", "q4_0"):
        write_gguf(weights, kind, out / f"model-{kind}.gguf", tokenizer, "sotto")
    description = json.dumps(describe(out, weights.config, tokenizer), indent=1) + "\n"
    write_atomically(out / "model.json", lambda file: file.write(description.encode()))
    for path in sorted(out.iterdir()):
        if path.is_file():
            print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")


def describe(out, config, tokenizer):
    ids = tokenizer.encode(TEXT, add_special_tokens=False).ids
    prompts = []
    for tokens in PROMPT_TOKENS:
        prompt = (ids * (tokens // len(ids) + 1))[:tokens]
        runner = CpuRunner(out / "f32.onnx", tokens + GREEDY_TOKENS)
        answers, _ = greedy(runner, prompt, GREEDY_TOKENS)
        prompts.append({"ids": prompt, "text": tokenizer.decode(prompt), "greedyIds": answers})
    return {
        "layers": config.num_hidden_layers, "kvHeads": config.num_key_value_heads, "headDim": config.head_dim,
        "vocab": config.vocab_size, "context": config.max_position_embeddings, "prompts": prompts,
    }


if __name__ == "__main__":
    main()
