"""A corpus of made-up sentences in all forms that the recipe reads, the same every time."""

import json
import lzma
import random

from recipe.mix import SETS, VALID
from recipe.tokenizer import train_tokenizer

WHO = ("Anna", "The manager", "Our team", "My neighbour", "The editor", "A student", "The driver", "Nobody")
DOES = ("sends", "reads", "checks", "repairs", "forgets", "returns", "describes", "keeps")
WHAT = ("the report", "a letter", "the green bicycle", "an invoice", "the old map", "two tickets", "the contract", "a key")
WHEN = ("today", "before lunch", "on Monday", "after the meeting", "every week", "in the morning", "twice", "at night")
VOCAB = 400


def write_corpus(corpus, work):
    """Writes every file of the corpus and makes `work`; returns a tokenizer made from it."""
    write_files(corpus)
    work.mkdir()
    return train_tokenizer(corpus, VOCAB)


def write_files(corpus):
    corpus.mkdir()
    for number, chosen in enumerate([*SETS, VALID]):
        words = random.Random(number)
        for name in chosen.files:
            text = "\n".join(LINES[chosen.kind](words) for _ in range(60)) + "\n"
            (corpus / (name + ".xz")).write_bytes(lzma.compress(text.encode()))


def sentence(words):
    return " ".join(words.choice(part) for part in (WHO, DOES, WHAT, WHEN)) + "."


def passage(words, count=4):
    return " ".join(sentence(words) for _ in range(count))


def dialogue(words):
    turns = [{"role": role, "text": sentence(words)} for role in ("user", "assistant") * 2]
    return json.dumps({"source": "toy", "turns": turns})


def instruct(words):
    asked = sentence(words)
    return json.dumps({"source": "toy", "instruction": "Repeat the sentence.", "input": asked, "output": asked})


def summarize(words):
    text = passage(words)
    return json.dumps({"source": "toy", "document": text, "summary": text.split(". ")[0] + "."})


LINES = {
    "prose": lambda words: passage(words) + "\n<|doc|>", "dialogue": dialogue, "instruct": instruct, "summarize": summarize,
}
