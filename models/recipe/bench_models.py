"""Makes random models of two sizes in our CPU ONNX form and as GGUF, for measuring speed against llama.cpp.

    python -m recipe.bench_models --out ../.cache/bench-models [--only 30m]

    30m/    8 layers, width 512, 8 heads, 4 key-value heads, inner width 1408, vocabulary 12,288, tied: 29.9 M
    135m/   the shape of SmolLM2-135M: 30 layers, width 576, 9 and 3 heads, inner width 1536, vocabulary 49,152, tied

Each folder gets `cpu-{f32,int8,int4}.onnx` with their data, `model-{f16,q8_0,q4_0}.gguf`, and `model.json`:
`parameters`, `context`, `layers`, `kvHeads`, `headDim`, `vocab`, `promptIds` (128) and `greedyIds`, 16 answers of the
f32 graph to the first 32 of them, so that a bench can see that both engines run the same model. A folder with
`model.json` is complete and is left alone: remove it after a change of the graphs. 4-bit scales are not searched for: the speed is the same.
Needs 4 GB of memory and 2.5 GB of disk.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from recipe.files import write_atomically
from recipe.gguf_file import KINDS, write_gguf
from recipe.network import Network, NetworkConfig
from recipe.onnx_cpu import cpu_graph
from recipe.onnx_graph import DataFile
from recipe.onnx_run import CpuRunner, greedy
from recipe.onnx_weights import Weights

SEED = 20261122
SHAPES = {
    "30m": NetworkConfig(
        vocab_size=12288, hidden_size=512, intermediate_size=1408, num_hidden_layers=8, num_attention_heads=8,
        num_key_value_heads=4, head_dim=64, max_position_embeddings=1024),
    # huggingface.co/HuggingFaceTB/SmolLM2-135M config.json, with a shorter context.
    "135m": NetworkConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, head_dim=64, max_position_embeddings=2048, rope_theta=100000.0),
}
PROMPT_TOKENS, CHECKED_PROMPT, CHECKED_TOKENS = 128, 32, 16


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", choices=SHAPES, help="one of the sizes")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name, config in SHAPES.items():
        if arguments.only in (None, name):
            write_model(arguments.out / name, config)


def write_model(folder, config):
    if (folder / "model.json").exists():
        print(f"{folder} exists, skipped")
        return
    folder.mkdir(parents=True, exist_ok=True)
    weights = random_weights(config)
    for precision in ("f32", "int8", "int4"):
        data = DataFile(f"{precision}.data")
        graph = cpu_graph(weights, precision, data).SerializeToString(deterministic=True)
        write_atomically(folder / data.name, lambda file: file.write(data.content))
        write_atomically(folder / f"cpu-{precision}.onnx", lambda file: file.write(graph))
        print(f"{folder}: {precision}", flush=True)
    for kind in KINDS:
        write_gguf(weights, kind, folder / f"model-{kind}.gguf")
        print(f"{folder}: {kind}", flush=True)
    description = json.dumps(describe(folder, weights)) + "\n"
    write_atomically(folder / "model.json", lambda file: file.write(description.encode()))


def random_weights(config):
    network = Network(config)
    generator = torch.Generator().manual_seed(SEED)
    state = {}
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name == "lm_head.weight":
                continue
            # The embedding is also the head: wide enough that the best logit leads clearly.
            std = 0.1 if "embed" in name else parameter.shape[-1] ** -0.5
            state[name] = torch.ones_like(parameter) if parameter.dim() == 1 else parameter.normal_(
                0.0, std, generator=generator).detach()
    return Weights.of(config, state, int4_ratios=(1.0,))


def describe(folder, weights):
    config = weights.config
    prompt = np.random.default_rng(SEED).integers(300, config.vocab_size, PROMPT_TOKENS).tolist()
    runner = CpuRunner(folder / "cpu-f32.onnx", 64)
    answers, _ = greedy(runner, prompt[:CHECKED_PROMPT], CHECKED_TOKENS)
    return {
        "parameters": sum(tensor.numel() for tensor in weights.state.values()),
        "context": config.max_position_embeddings, "layers": config.num_hidden_layers,
        "kvHeads": config.num_key_value_heads, "headDim": config.head_dim, "vocab": config.vocab_size,
        "promptIds": prompt, "greedyIds": answers,
    }


if __name__ == "__main__":
    main()
