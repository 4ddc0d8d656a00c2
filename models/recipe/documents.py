"""Reads the corpus files and yields documents as plain strings, without the closing `<|end|>`.

- prose: the text as it is; paragraphs are separated by an empty line
- dialogue: every other one as plain paragraphs, the rest with role tokens
- instruct: `<|user|>instruction` (+ empty line + input) `<|assistant|>output`
- summarize: `document<|summary|>summary`

The page an instruction or a summary is about is cut to `CONTEXT_CHARS`, so that it fits a training
sequence together with the answer.
"""

import json
import lzma
from pathlib import Path

from recipe.mix import ASSISTANT, SUMMARY, USER

SEPARATOR = "<|doc|>"
# About 170 tokens of the 256 that the model sees at once.
CONTEXT_CHARS = 700


def read_set(corpus, chosen):
    """Yields the documents of a `recipe.mix.Set` until its limit is reached."""
    left = chosen.limit_mb * 1e6
    per_file = left / len(chosen.files)
    for name in chosen.files:
        path = Path(corpus) / (name + ".xz")
        if not path.exists():
            raise SystemExit(f"{path}: corpus file is missing; pass the corpus folder with --corpus")
        left = per_file
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for document in READERS[chosen.kind](lines):
                yield document
                left -= len(document.encode("utf-8"))
                if left <= 0:
                    break


def prose(lines):
    held = []
    for line in lines:
        if line.rstrip("\n") == SEPARATOR:
            yield "".join(held).strip("\n")
            held = []
        else:
            held.append(line)
    if held:
        yield "".join(held).strip("\n")


def dialogue(lines):
    for number, line in enumerate(lines):
        turns = json.loads(line)["turns"]
        if number % 2 == 0:
            yield "\n\n".join(turn["text"] for turn in turns)
        else:
            yield "".join((USER if turn["role"] == "user" else ASSISTANT) + turn["text"] for turn in turns)


def instruct(lines):
    for line in lines:
        item = json.loads(line)
        page = item["input"][:CONTEXT_CHARS]
        asked = item["instruction"] + ("\n\n" + page if page else "")
        yield USER + asked + ASSISTANT + item["output"]


def summarize(lines):
    for line in lines:
        item = json.loads(line)
        yield item["document"][:CONTEXT_CHARS] + SUMMARY + item["summary"]


READERS = {"prose": prose, "dialogue": dialogue, "instruct": instruct, "summarize": summarize}
