"""Bits per byte and next-word recall on the validation text, or on another prose file.

    python -m recipe.evaluate --model RUN_OR_PACK --corpus CORPUS [--every 10] [--stride 128]
    python -m recipe.evaluate --model RUN_OR_PACK --text LEFT_OUT/support.txt.xz

- Bits per byte: -log2 p of every token of every document, over the UTF-8 bytes of the documents. A document
  starts after `<|end|>`. Windows are as long as the model's context and advance by `--stride` tokens; only
  the tokens that are new in a window count, so each has at least `context - stride` tokens before it.
  `--stride` equal to the context (256) is the strictest setting: no overlap at all.
- Next-word recall, as Hard et al. 2018 (arXiv 1811.03604, section 4) count it: at every word start the model
  sees the true text so far; recall@k is the share of words that are among its k guesses. A guess is one of
  the k most probable first tokens, continued greedily up to the word's end. Case counts. Words are runs of
  letters and digits (contractions are one word) after white space; pieces of punctuation are skipped.

A guess can only be right if every greedy token equals the true one, so one pass over the true text answers
both questions exactly, up to words that the model would spell with other tokens than the tokenizer does.
"""

import argparse
import json
import math
import time
from pathlib import Path

import torch
from tqdm import tqdm

from recipe import int4, int4_zeros
from recipe.documents import prose, read_set
from recipe.mix import END_ID, VALID
from recipe.stored import load_any

BATCH = 8


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of a run or of a pack, or a checkpoint")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--corpus", type=Path, help="its validation text is used")
    source.add_argument("--text", type=Path, help="prose file (.txt.xz), such as recipe.left_out writes")
    parser.add_argument("--int4", action="store_const", const=int4, help="GGUF's INT4 weights of a pack folder, not INT8")
    parser.add_argument("--int4-zeros", action="store_const", const=int4_zeros, dest="int4", help="the same, ONNX's")
    parser.add_argument("--every", type=int, default=1, help="use every n-th document only")
    parser.add_argument("--stride", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    network, tokenizer = load_any(arguments.model, arguments.int4)
    documents = read_set(arguments.corpus, VALID) if arguments.corpus else prose(arguments.text)
    documents = list(documents)[:: arguments.every]
    started = time.monotonic()
    figures = evaluate(network, tokenizer, documents, arguments.stride)
    figures["every"] = arguments.every
    figures["seconds"] = round(time.monotonic() - started)
    print(json.dumps(figures))
    if arguments.out:
        arguments.out.write_text(json.dumps(figures) + "\n", encoding="utf-8")


def evaluate(network, tokenizer, documents, stride):
    context = network.config.max_position_embeddings
    if not 0 < stride <= context:
        raise SystemExit(f"--stride must be between 1 and {context}")
    continues = continuing_tokens(tokenizer)
    nats, tokens, words, hits = 0.0, 0, 0, {1: 0, 3: 0}
    windows = [w for document in documents for w in cut(tokenizer, document, context, stride)]
    windows.sort(key=lambda window: len(window["ids"]))
    for start in tqdm(range(0, len(windows), BATCH), desc="windows", unit="batch", disable=None):
        batch = windows[start : start + BATCH]
        ranks = predict(network, batch)
        for window, (losses, top) in zip(batch, ranks):
            nats += losses[window["fresh"] :].sum().item()
            tokens += len(losses) - window["fresh"]
            for first, end in window["words"]:
                right, rest = word_hits(window["ids"], top, first, end, continues)
                words += 1
                hits[1] += right == 0 and rest
                hits[3] += right is not None and rest
    size = sum(len(document.encode("utf-8")) for document in documents)
    return {
        "bits_per_byte": round(nats / math.log(2) / size, 4), "recall_at_1": round(hits[1] / words, 4),
        "recall_at_3": round(hits[3] / words, 4), "nats_per_token": round(nats / tokens, 4),
        "documents": len(documents), "bytes": size, "tokens": tokens, "words": words, "stride": stride,
    }


def cut(tokenizer, document, context, stride):
    """Windows of a document: `ids` (at most context + 1), `fresh` (index of the first target that counts,
    among the targets ids[1:]) and `words` ((first, end) target ranges, half-open, of the words that count)."""
    encoding = tokenizer.encode(document, add_special_tokens=False)
    ids = [END_ID] + encoding.ids
    words = word_ranges(encoding, document)
    windows, covered, start = [], 0, 0
    while covered < len(ids) - 1:
        end = min(start + context, len(ids) - 1)  # targets start .. end
        inside = [(a - start, b - start) for a, b in words if covered <= a and b < end]
        windows.append({"ids": ids[start : end + 1], "fresh": covered - start, "words": inside})
        covered = end
        start = covered - (context - stride)
    return windows


def word_ranges(encoding, document):
    """Half-open token ranges of the words: letters or digits after white space or at the start."""
    ranges, tokens = [], len(encoding.ids)
    index = 0
    while index < tokens:
        word = encoding.word_ids[index]
        end = index
        while end < tokens and encoding.word_ids[end] == word:
            end += 1
        begin, stop = encoding.offsets[index][0], encoding.offsets[end - 1][1]
        piece = document[begin:stop]
        spaced = piece[:1] == " " or begin == 0 or document[begin - 1].isspace()
        if spaced and piece.strip(" ")[:1].isalnum():
            ranges.append((index, end))
        index = end
    return ranges


def continuing_tokens(tokenizer):
    """Bool [vocab]: does this token, after a word, carry the word on?"""
    flags = []
    for token in range(tokenizer.get_vocab_size()):
        text = tokenizer.decode([token], skip_special_tokens=False)
        special = text.startswith("<|") and text.endswith("|>")
        flags.append(not special and (text[:1].isalnum() or text[:1] == "\ufffd" or (
            text[:1] == "'" and text[1:2].isalpha())))
    return flags


@torch.no_grad()
def predict(network, batch):
    """Per window: losses [targets] in nats and the three best ids [targets, 3]."""
    longest = max(len(window["ids"]) for window in batch) - 1
    inputs = torch.full((len(batch), longest), END_ID)
    targets = torch.full((len(batch), longest), END_ID)
    for row, window in enumerate(batch):
        ids = torch.tensor(window["ids"])
        inputs[row, : len(ids) - 1], targets[row, : len(ids) - 1] = ids[:-1], ids[1:]
    hidden = network.model(inputs)
    results = []
    for row, window in enumerate(batch):
        count = len(window["ids"]) - 1
        logits = network.lm_head(hidden[row, :count])
        own = logits.gather(1, targets[row, :count, None]).squeeze(1)
        results.append((torch.logsumexp(logits, dim=1) - own, logits.topk(3, dim=1).indices.tolist()))
    return results


def word_hits(ids, top, first, end, continues):
    """(rank of the true first token among the three or None, is the rest of the word greedy and ended?)"""
    first_token = ids[first + 1]
    rank = top[first].index(first_token) if first_token in top[first] else None
    rest = all(top[i][0] == ids[i + 1] for i in range(first + 1, end))
    return rank, rest and not continues[top[end][0]]


if __name__ == "__main__":
    main()
