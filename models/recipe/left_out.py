"""Two kinds of text that training never sees, so that its figures can be reported on unknown text as well.

    python -m recipe.left_out --corpus CORPUS --out FOLDER     # FOLDER/support.txt.xz, FOLDER/reviews.txt.xz

- support: answers of a company to its customers (the `bitext` records)
- reviews: hotel and restaurant reviews (with the `dstc11` records: questions and dialogues about such places)

Records that name their source are left out by it. The same kind of text also stands in files without labels; there
a word model of the labelled records decides, and when in doubt the text is left out: losing a few thousand innocent
documents costs little, a leak would make the figures worthless. Both are
written for evaluation, in the format of the prose files.

Reviews carry no label at all. A document that names one of the places of the labelled records is a first example; the
word model made from those finds the others, and a second one made from these decides.

# Source
Naive Bayes over the words of a document: Manning, Raghavan, Schuetze 2008, "Introduction to Information Retrieval",
section 13.2; the division by the length and the thresholds are ours.
"""

import argparse
import lzma
import math
import re
from collections import Counter
from functools import cache
from pathlib import Path

from recipe.corpus_files import records_of
from recipe.files import write_atomically

SUPPORT, REVIEWS = "bitext", "alexa/dstc11-track5"
LEFT_OUT_SOURCES = frozenset((SUPPORT, REVIEWS))
SEPARATOR = "<|doc|>"
WORD = re.compile(r"[a-z']+")
# Mean log odds a word above which a document counts as of the kind. Seen on the corpus: every labelled support answer
# but 1 in 100 lies above 0.7, other instruct answers have their median at -1.5; 1,796 documents of the forms lie
# above 0 as reviews, where 1,189 come from the source that is left out.
THRESHOLD = 0.0
# A document that is used for evaluation must be surely of its kind.
SURE = 1.0
# Short documents are pulled towards 0: two words prove nothing.
MIN_WORDS = 5


class WordModel:
    """Mean log odds a word of one kind of text against everything else."""

    def __init__(self, inside, outside):
        inside, outside = count_words(inside), count_words(outside)
        vocabulary = inside.keys() | outside.keys()
        total_inside, total_outside = inside.total() + len(vocabulary), outside.total() + len(vocabulary)
        self.odds = {
            word: math.log((inside[word] + 1) / total_inside) - math.log((outside[word] + 1) / total_outside)
            for word in vocabulary
        }

    def score(self, text):
        words = WORD.findall(text.lower())
        return sum(self.odds.get(word, 0.0) for word in words) / max(len(words), MIN_WORDS)


class Filter:
    """Says of a document without a label whether it is of a kind that is left out. None: the corpus has nothing of it."""

    def __init__(self, support, reviews):
        self.support, self.reviews = support, reviews

    def leaves_out(self, text):
        return any(model is not None and model.score(text) > THRESHOLD for model in (self.support, self.reviews))


def source_is_left_out(item):
    return item["source"] in LEFT_OUT_SOURCES


@cache
def corpus_filter(corpus):
    """The `Filter` made from the records and forms of a corpus folder."""
    answers, others, places = [], [], set()
    for item in records(corpus, "instruct.jsonl"):
        if item["source"] == SUPPORT:
            answers.append(item["output"])
        elif item["source"] == REVIEWS:
            places.add(item["input"].split("\n")[0].strip().lower())
        elif item["source"] != "project-forms":  # holds such answers itself, without a label
            others.append(item["output"])
    places = {place for place in places if len(place) > 5}
    return Filter(WordModel(answers, others) if answers else None,
                  review_model(list(forms(corpus)), places) if places else None)


def review_model(documents, places):
    """Word model of the reviews among `documents`, found through the names of places (lower case)."""
    named = re.compile(r"\b(" + "|".join(re.escape(place) for place in sorted(places)) + r")\b")
    inside, outside = split(documents, lambda text: named.search(text.lower()))
    for _ in range(2):
        model = WordModel(inside, outside)
        inside, outside = split(documents, lambda text: model.score(text) > THRESHOLD + 0.15)
    return WordModel(inside, outside)


def split(documents, test):
    inside, outside = [], []
    for document in documents:
        (inside if test(document) else outside).append(document)
    return inside, outside


def records(corpus, name):
    return records_of(Path(corpus) / (name + ".xz"), ("source", "input", "output"))


def forms(corpus):
    from recipe.documents import prose  # which needs this module

    return prose(Path(corpus) / "prose-forms-01.txt.xz")


def count_words(texts):
    counts = Counter()
    for text in texts:
        counts.update(WORD.findall(text.lower()))
    return counts


def held_out(corpus):
    """Documents for evaluation, by kind: the labelled answers, and the forms that are surely reviews."""
    reviews = corpus_filter(str(corpus)).reviews
    answers = [item["output"] for item in records(corpus, "instruct.jsonl") if item["source"] == SUPPORT]
    found = [text for text in forms(corpus) if reviews.score(text) > SURE] if reviews else []
    return {"support": answers, "reviews": found}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, documents in held_out(arguments.corpus).items():
        text = f"\n{SEPARATOR}\n".join(documents) + "\n"
        write_atomically(arguments.out / f"{name}.txt.xz", lambda file: file.write(lzma.compress(text.encode())))
        print(f"{name}: {len(documents):,} documents, {len(text.encode()):,} bytes")


if __name__ == "__main__":
    main()
