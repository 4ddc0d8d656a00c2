"""Makes the tiny random models in ONNX form that the host is tested with.

    python -m recipe.onnx_fixture --out ../tests/fixtures/onnx --tokenizer ../tests/fixtures/tiny-llama/tokenizer.json

    ours/            cpu-{f32,int8,int4}.onnx, npu-{prefill,step}.onnx and their data
    merged/          a model as transformers.js wants it (optimum): onnx/model.onnx
    merged-branch/   the older form with `use_cache_branch`: onnx/decoder_model_merged.onnx
    genai/           a model as onnxruntime-genai wants it: genai_config.json, model.onnx, model.onnx.data

All have the same random weights. Every `golden.json` holds `prompt_text`, `prompt_ids` and, per graph file:

- `greedy_ids`: the ids that follow greedily, prompt not included
- `prompt_logits`: the logits after the last prompt id
- `rewound_length`, `rewound_logits`: the logits after `prompt_ids[..rewound_length]`
- `tolerance`: by how much a logit may differ. Of f32 and static graphs it covers the order of sums; the others also
  quantise activations to 8 bits, each processor in its own way

They are answers of recipe.network in f32 (with the quantised weights), not of ONNX Runtime. Every greedy choice leads
the next best by more than the tolerance (which holds for the worst of all logits), so a right engine chooses the same. Seeded: two runs
write the same bytes.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from recipe import int4, int4_zeros
from recipe.export_onnx import write_graphs
from recipe.hf_config import write_config
from recipe.int8 import METHOD, VERSION
from recipe.network import Network, NetworkConfig
from recipe.onnx_foreign import genai_config, genai_graph, merged_decoder
from recipe.onnx_graph import DataFile
from recipe.onnx_weights import Weights

# Small, and every dimension different from the others, so that none can be taken for another; the context is no
# power of two and no multiple of the prefill of 32.
SHAPE = NetworkConfig(
    vocab_size=320, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, head_dim=16, max_position_embeddings=104,
)
PROMPT = "It is a truth universally acknowledged, that a single man in possession of a good fortune, must be"
EXACT, COARSE = 1e-3, 0.5
NEW_TOKENS = {EXACT: 24, COARSE: 8}
# The first seed from 0 on whose greedy choices are clear enough in every precision (`--search` finds it).
SEED = 21
# How much each token speaks for one certain next token. Without it two ids are often nearly equal, and a test of greedy
# ids would test the rounding of a processor.
PULL = 2.0
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--search", action="store_true", help="print seeds that are clear enough; write nothing")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    prompt = Tokenizer.from_file(str(arguments.tokenizer)).encode(PROMPT).ids
    if arguments.search:
        search(prompt)
        return
    write_ours(arguments.out / "ours", prompt, arguments.tokenizer)
    write_merged(arguments.out / "merged", "onnx/model.onnx", False, prompt, arguments.tokenizer)
    write_merged(arguments.out / "merged-branch", "onnx/decoder_model_merged.onnx", True, prompt, arguments.tokenizer)
    write_genai(arguments.out / "genai", prompt, arguments.tokenizer)


def write_ours(folder, prompt, tokenizer):
    weights = tiny_weights(SEED)
    write_graphs(weights, folder, f32=True)
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    write_config(weights.config.llama_config(), folder, quantization={"method": METHOD, "version": VERSION})
    answers = {"cpu-f32.onnx": ("f32", EXACT), "cpu-int8.onnx": ("int8", COARSE), "cpu-int4.onnx": ("int4", COARSE),
               "npu-prefill.onnx": ("int8", EXACT)}
    write_golden(folder, prompt, {
        name: golden(weights, precision, prompt, tolerance) for name, (precision, tolerance) in answers.items()})


def write_merged(folder, name, branch, prompt, tokenizer):
    weights = tiny_weights(SEED)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    model = merged_decoder(weights, branch).SerializeToString(deterministic=True)
    (folder / name).write_bytes(model)
    write_companions(folder, tokenizer)
    write_config(weights.config.llama_config(), folder)
    write_golden(folder, prompt, {name: golden(weights, "f32", prompt, EXACT)})


def write_genai(folder, prompt, tokenizer):
    weights, data = tiny_weights(SEED), DataFile("model.onnx.data")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(genai_graph(weights, data).SerializeToString(deterministic=True))
    (folder / data.name).write_bytes(data.content)
    write_companions(folder, tokenizer)
    write_json(folder / "genai_config.json", genai_config(weights.config, "model.onnx"))
    write_golden(folder, prompt, {"model.onnx": golden(weights, "genai", prompt, COARSE)})


def write_companions(folder, tokenizer):
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    write_json(folder / "tokenizer_config.json", {
        "bos_token": "<|end|>", "eos_token": "<|end|>", "chat_template": CHAT_TEMPLATE,
        "tokenizer_class": "PreTrainedTokenizerFast",
    })


def tiny_weights(seed, pull=PULL, shape=SHAPE):
    network = Network(shape)
    generator = torch.Generator().manual_seed(seed)
    embedding = network.model.embed_tokens.weight
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            # What the blocks add does not drown the embedding; norms scatter around 1.
            scale = 0.15 if ".layers." in name else 0.3
            parameter.copy_(1.0 + 0.1 * noise if parameter.dim() == 1 else scale * noise)
        # One cycle through all ids, so that no id follows itself.
        order = torch.randperm(shape.vocab_size, generator=generator)
        network.lm_head.weight[order.roll(-1)] += pull * embedding[order]
    return Weights.of(shape, {name: tensor.detach().clone() for name, tensor in network.state_dict().items()})


def reference(weights, precision):
    """The network with the weights as the graph of that precision has them."""
    network, embedding = Network(weights.config), "model.embed_tokens.weight"
    state = {}
    for name in network.state_dict():
        stored = weights.head if name == "lm_head.weight" else name
        kind = precision
        if name == embedding:
            kind = {"int4": "int8", "genai": "f32"}.get(precision, precision)
        if kind == "f32" or weights.state[stored].dim() == 1:
            state[name] = weights.state[stored]
        elif kind == "int8":
            values, scales = weights.int8(stored)
            state[name] = torch.from_numpy((values.astype(np.float32) - 128) * scales[:, None])
        elif kind == "int4":
            state[name] = torch.from_numpy(int4_zeros.dequantize(*weights.int4_zeros(stored)))
        else:
            state[name] = torch.from_numpy(int4.dequantize(*weights.int4(stored)))
    network.load_state_dict(state)
    return network.eval()


@torch.no_grad()
def golden(weights, precision, prompt, tolerance):
    network = reference(weights, precision)
    ids = list(prompt)
    logits = network(torch.tensor([ids]))[0]
    rewound = len(prompt) // 2
    answer = {"tolerance": tolerance, "rewound_length": rewound, "prompt_logits": rounded(logits[-1]),
              "rewound_logits": rounded(logits[rewound - 1])}
    for _ in range(NEW_TOKENS[tolerance]):
        best = network(torch.tensor([ids]))[0, -1].topk(2)
        margin = (best.values[0] - best.values[1]).item()
        if margin < tolerance:
            raise ValueError(f"a greedy choice of {precision} is decided by {margin:.3f}: choose another seed")
        ids.append(int(best.indices[0]))
    return {"greedy_ids": ids[len(prompt) :], **answer}


def search(prompt):
    for seed in range(1000):
        weights = tiny_weights(seed)
        try:
            answers = [golden(weights, precision, prompt, COARSE) for precision in ("int4", "genai", "int8")]
            answers += [golden(weights, precision, prompt, EXACT) for precision in ("int8", "f32")]
        except ValueError:
            continue
        print(seed, [len(set(answer["greedy_ids"])) for answer in answers], answers[-1]["greedy_ids"])


def rounded(logits):
    return [round(value, 4) for value in logits.tolist()]


def write_golden(folder, prompt, graphs):
    write_json(folder / "golden.json", {
        "source": "recipe.network, float32, CPU", "prompt_text": PROMPT, "prompt_ids": prompt, "graphs": graphs})


def write_json(path, content):
    path.write_text(json.dumps(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
