"""Makes the tiny random Llama models that the Rust crate `sotto-lm` is checked against.

    python -m recipe.tiny_fixture --out ../tests/fixtures

Writes `tiny-llama/` (untied head, with `tokenizer.json` and an `int8/` copy in the `sotto-int8` format)
and `tiny-llama-tied/` (tied head). Every `golden.json` holds what Hugging Face transformers answers in
float32 on a CPU:

- `prompt_ids`, `prompt_text`: the prompt
- `greedy_ids`: the prompt followed by 40 greedily chosen ids
- `last_prompt_logits`: the 320 logits after the last prompt id
- `sum_nll_nats`: sum of -ln p(prompt_ids[i] | prompt_ids[..i]) for i from 1

`ngrams/` holds a table of recipe.ngrams and, for some contexts, the probabilities that come of it.

Seeded: two runs write the same bytes with the pinned versions.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

from recipe import ngrams
from recipe.hf_config import write_config
from recipe.int8 import METHOD, VERSION, dequantize_state, quantize_state

VOCAB_SIZE = 320
NEW_TOKENS = 40
SPECIAL_TOKENS = ["<|end|>", "<|user|>", "<|assistant|>", "<|summary|>"]
UNTIED_SHAPE = dict(
    hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2
)
TIED_SHAPE = dict(
    hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1
)
PROMPT = "It was the best of times, and the"

# Opening lines of books whose copyright has ended everywhere: Dickens 1859, Austen 1813, Melville 1851,
# Carroll 1865.
SENTENCES = """\
It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness.
It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife.
However little known the feelings or views of such a man may be on his first entering a neighbourhood, this truth
is so well fixed in the minds of the surrounding families, that he is considered as the rightful property of some
one or other of their daughters.
Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in my purse, and nothing
particular to interest me on shore, I thought I would sail about a little and see the watery part of the world.
Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder that receives both model folders")
    out = parser.parse_args().out

    torch.set_num_threads(1)
    tokenizer = tiny_tokenizer()
    for name, tied in (("tiny-llama", False), ("tiny-llama-tied", True)):
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        model = tiny_model(tied)
        state = unique_state(model)
        write_model(folder, model, state, tokenizer)
        if not tied:
            tokenizer.save(str(folder / "tokenizer.json"))
            write_int8(folder / "int8", model, state, tokenizer)
        print(f"wrote {folder}")
    write_ngrams(out / "ngrams")
    print(f"wrote {out / 'ngrams'}")


def write_ngrams(folder):
    """A table of a text of twenty tokens in an order that repeats itself, and what it makes of some logits."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(20261128)
    phrases = random.integers(8, 20, (6, 5))
    text = np.concatenate([phrases[at] for at in random.integers(0, 6, 200)]).astype(np.uint32)
    stored = ngrams.lay_out(ngrams.choose(ngrams.count(text), 60))
    weights = [0.2, 0.3, 0.4]
    ngrams.write(folder / "model.safetensors", weights, *stored)
    logits = random.normal(0, 2, 20).astype(np.float32)
    network = np.exp(logits.astype(np.float64))
    network /= network.sum()
    table = ngrams.Table([0.0, *weights], *stored)
    contexts = [[int(token) for token in text[at:at + 2 + at % 5]] for at in range(0, 60, 5)] + [[], [9], [0, 0, 0, 0]]
    cases = [{"ids": ids, "probabilities": table.blend(ids, network).tolist()} for ids in contexts]
    text = json.dumps({"logits": logits.tolist(), "cases": cases}) + "\n"
    (folder / "cases.json").write_text(text, encoding="utf-8")


def tiny_tokenizer():
    """Byte-level BPE of exactly 320 entries: 4 special tokens, 256 bytes, 60 merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES.splitlines(), trainer)
    if tokenizer.get_vocab_size() != VOCAB_SIZE:
        raise SystemExit(f"tokenizer has {tokenizer.get_vocab_size()} entries, wanted {VOCAB_SIZE}")
    return tokenizer


def tiny_model(tied):
    # The tied one only has to show that the head reuses the embedding: smaller, to keep the repository light.
    shape = TIED_SHAPE if tied else UNTIED_SHAPE
    config = LlamaConfig(
        vocab_size=VOCAB_SIZE, head_dim=16, max_position_embeddings=128, rms_norm_eps=1e-5,
        tie_word_embeddings=tied, bos_token_id=0, eos_token_id=0, **shape,
    )
    model = LlamaForCausalLM(config).to(torch.float32).eval()
    generator = torch.Generator().manual_seed(20261122 + tied)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            # 0.2 spreads the logits over several units; norms scatter around 1.
            parameter.copy_(1.0 + 0.1 * noise if parameter.dim() == 1 else 0.2 * noise)
    return model


def unique_state(model):
    """State dict without the second name of a tied head."""
    state = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        state.pop("lm_head.weight", None)
    return state


def write_model(folder, model, state, tokenizer):
    write_config(model.config, folder)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    write_golden(folder, model, tokenizer)


def write_int8(folder, model, state, tokenizer):
    folder.mkdir(exist_ok=True)
    stored = quantize_state(state)
    write_config(model.config, folder, quantization={"method": METHOD, "version": VERSION})
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    model.load_state_dict(dequantize_state(stored))
    write_golden(folder, model, tokenizer)


@torch.no_grad()
def write_golden(folder, model, tokenizer):
    prompt_ids = tokenizer.encode(PROMPT).ids
    logits = model(torch.tensor([prompt_ids])).logits[0]  # [prompt, vocab]
    log_probs = torch.log_softmax(logits.double(), dim=-1)
    nll = -sum(log_probs[i, token].item() for i, token in enumerate(prompt_ids[1:]))
    ids = list(prompt_ids)
    for _ in range(NEW_TOKENS):
        # No KV cache on purpose: the fixture must not depend on anyone's cache being right.
        ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
    golden = {
        "source": "Hugging Face transformers LlamaForCausalLM, float32, CPU",
        "prompt_text": PROMPT,
        "prompt_ids": prompt_ids,
        "greedy_ids": ids,
        "last_prompt_logits": [round(value, 5) for value in logits[-1].tolist()],
        "sum_nll_nats": round(nll, 4),
    }
    (folder / "golden.json").write_text(json.dumps(golden) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
