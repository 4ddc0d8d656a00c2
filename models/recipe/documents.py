"""Reads the corpus files and yields documents as plain strings, without the closing `<|end|>`.

- prose: the text as it is; paragraphs are separated by an empty line
- dialogue: every other one as plain paragraphs, the rest with role tokens
- instruct: `<|user|>instruction` (+ empty line + input) `<|assistant|>output`
- summarize: `document<|summary|>summary`

What `recipe.left_out` keeps for evaluation is skipped.

The page an instruction or a summary is about is cut to `CONTEXT_CHARS`, so that it fits a training
sequence together with the answer.
"""

import json
import lzma
from pathlib import Path

from recipe.left_out import SEPARATOR, corpus_filter, source_is_left_out
from recipe.mix import ASSISTANT, SUMMARY, USER

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
                if chosen.judged and corpus_filter(str(corpus)).leaves_out(document):
                    continue
                yield document
                left -= len(document.encode("utf-8"))
                if left <= 0:
                    break


def read_prose(path):
    """The documents of one prose file."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        yield from prose(lines)


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
        item = json.loads(line)
        if source_is_left_out(item):
            continue
        turns = item["turns"]
        if number % 2 == 0:
            yield "\n\n".join(turn["text"] for turn in turns)
        else:
            yield "".join((USER if turn["role"] == "user" else ASSISTANT) + turn["text"] for turn in turns)


def instruct(lines):
    for line in lines:
        item = json.loads(line)
        if source_is_left_out(item):
            continue
        page = item["input"][:CONTEXT_CHARS]
        asked = item["instruction"] + ("\n\n" + page if page else "")
        yield USER + asked + ASSISTANT + item["output"]


def summarize(lines):
    for line in lines:
        item = json.loads(line)
        yield item["document"][:CONTEXT_CHARS] + SUMMARY + item["summary"]


READERS = {"prose": prose, "dialogue": dialogue, "instruct": instruct, "summarize": summarize}
