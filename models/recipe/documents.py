"""Reads the corpus files and yields documents as plain strings, without the closing `<|end|>`.

- prose: the text as it is; paragraphs are separated by an empty line
- dialogue: every other one as plain paragraphs, the rest with role tokens
- instruct: `<|user|>instruction` (+ empty line + input) `<|assistant|>output`
- summarize: `document<|summary|>summary`

What `recipe.left_out` keeps for evaluation is skipped.

The page an instruction or a summary is about is cut to `CONTEXT_CHARS`, so that it fits a training
sequence together with the answer.
"""

from pathlib import Path

from recipe.corpus_files import lines_of, records_of
from recipe.left_out import SEPARATOR, corpus_filter, source_is_left_out
from recipe.mix import ASSISTANT, SUMMARY, USER

# About 170 tokens of the 256 that the model sees at once.
CONTEXT_CHARS = 700


def read_set(corpus, chosen):
    """Yields the documents of a `recipe.mix.Set` until its limit is reached."""
    left = chosen.limit_mb * 1e6
    per_file = left / len(chosen.files)
    for name in chosen.files:
        left = per_file
        for document in READERS[chosen.kind](Path(corpus) / (name + ".xz")):
            if chosen.judged and corpus_filter(str(corpus)).leaves_out(document):
                continue
            yield document
            left -= len(document.encode("utf-8"))
            if left <= 0:
                break


def prose(path):
    """The documents of one prose file."""
    held = []
    for _, line in lines_of(path):
        if line.rstrip("\n") == SEPARATOR:
            yield "".join(held).strip("\n")
            held = []
        else:
            held.append(line)
    if held:
        yield "".join(held).strip("\n")


def dialogue(path):
    for number, item in enumerate(records_of(path, ("source", "turns"))):
        if source_is_left_out(item):
            continue
        turns = item["turns"]
        if number % 2 == 0:
            yield "\n\n".join(turn["text"] for turn in turns)
        else:
            yield "".join((USER if turn["role"] == "user" else ASSISTANT) + turn["text"] for turn in turns)


def instruct(path):
    for item in records_of(path, ("source", "instruction", "input", "output")):
        if source_is_left_out(item):
            continue
        page = item["input"][:CONTEXT_CHARS]
        asked = item["instruction"] + ("\n\n" + page if page else "")
        yield USER + asked + ASSISTANT + item["output"]


def summarize(path):
    for item in records_of(path, ("source", "document", "summary")):
        if source_is_left_out(item):
            continue
        yield item["document"][:CONTEXT_CHARS] + SUMMARY + item["summary"]


READERS = {"prose": prose, "dialogue": dialogue, "instruct": instruct, "summarize": summarize}
