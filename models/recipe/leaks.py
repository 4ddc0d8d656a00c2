"""Looks for text that is kept for evaluation in what training reads.

    python -m recipe.leaks --corpus CORPUS --left-out LEFT_OUT        # 2 min; LEFT_OUT as recipe.left_out writes it

Counts, for every set as training reads it, the runs of 8 words that also stand in a left-out document. Set phrases are
shared by chance ("please do not hesitate to contact us if"); a copy shares hundreds. Ends with status 1 when one document
shares `--limit` runs or more with a kind. Says counts and file names, never text.

# Source
Overlap of 8 to 13 words as the sign of contamination: Brown et al. 2020, arXiv 2005.14165, appendix C; Touvron et
al. 2023, "Llama 2", arXiv 2307.09288, appendix A.6.
"""

import argparse
import re
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from recipe.documents import prose, read_set
from recipe.mix import SETS

WORDS = 8
WORD = re.compile(r"[a-z0-9']+")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--left-out", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=12, help="runs in one document that count as a leak")
    arguments = parser.parse_args()
    kept = left_out_runs(arguments.left_out)
    worst = 0
    for chosen in SETS:
        counts = overlaps(read_set(arguments.corpus, chosen), kept, chosen.name)
        for kind, shared in sorted(counts.items()):
            print(f"{chosen.name}: {len(shared)} documents share a run with {kind}, the most {max(shared)}", flush=True)
            worst = max(worst, *shared)
    if worst >= arguments.limit:
        raise SystemExit(f"leak: a document of the training text shares {worst} runs of {WORDS} words with a left-out kind")
    print(f"no leak: at most {worst} runs of {WORDS} words in one document")


def runs(text):
    words = WORD.findall(text.lower())
    return {hash(tuple(words[i : i + WORDS])) for i in range(len(words) - WORDS + 1)}


def left_out_runs(folder):
    """Which kind each run belongs to."""
    paths = sorted(folder.glob("*.txt.xz"))
    if not paths:
        raise SystemExit(f"{folder} has no *.txt.xz: make them with `python -m recipe.left_out`")
    return {run: path.name.removesuffix(".txt.xz") for path in paths for document in prose(path) for run in runs(document)}


def overlaps(documents, kept, name="documents"):
    """By kind: how many of its runs each document has that has any."""
    found = {}
    for document in tqdm(documents, desc=name, unit="doc", disable=None):
        counts = Counter(kept[run] for run in runs(document) if run in kept)
        for kind, count in counts.items():
            found.setdefault(kind, []).append(count)
    return found


if __name__ == "__main__":
    main()
