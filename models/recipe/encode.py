"""Turns the corpus into token files.

    python -m recipe.encode --corpus CORPUS --work WORK

Writes one `WORK/tokens/<set>.npy` per set: a flat uint16 array in which every document is preceded by
`<|end|>`. Sets that are already there are skipped.
"""

import argparse
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tqdm import tqdm

from recipe.documents import read_set
from recipe.files import write_atomically
from recipe.mix import END_ID, SETS

BATCH = 500


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    path = arguments.work / "tokenizer.json"
    if not path.exists():
        raise SystemExit(f"{path} is missing: run `python -m recipe.tokenizer` first")
    encode_all(Tokenizer.from_file(str(path)), arguments.corpus, arguments.work)


def encode_all(tokenizer, corpus, work):
    """Makes the token files that are not there yet; each is whole or absent."""
    (work / "tokens").mkdir(exist_ok=True)
    for chosen in SETS:
        target = token_path(work, chosen)
        if target.exists():
            print(f"{target} exists, skipped")
            continue
        tokens = encode_set(tokenizer, corpus, chosen)
        write_atomically(target, lambda file: np.save(file, tokens))
        print(f"{chosen.name}: {len(tokens):,} tokens", flush=True)


def token_path(work, chosen):
    return Path(work) / "tokens" / f"{chosen.name}.npy"


def encode_set(tokenizer, corpus, chosen):
    parts, held = [], []
    for document in tqdm(read_set(corpus, chosen), desc=chosen.name, unit="doc", disable=None):
        held.append(document)
        if len(held) == BATCH:
            parts.append(encode_batch(tokenizer, held))
            held = []
    if held:
        parts.append(encode_batch(tokenizer, held))
    if not parts:
        raise SystemExit(f"{chosen.name}: no document was found in {', '.join(chosen.files)}")
    return np.concatenate(parts)


def encode_batch(tokenizer, documents):
    ids = []
    for encoding in tokenizer.encode_batch_fast(documents, add_special_tokens=False):
        ids.append(END_ID)
        ids.extend(encoding.ids)
    return np.array(ids, dtype=np.uint16)


if __name__ == "__main__":
    main()
