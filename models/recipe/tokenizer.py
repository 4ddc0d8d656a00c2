"""Trains the byte-level BPE tokenizer.

    python -m recipe.tokenizer --corpus CORPUS --work WORK

Writes `WORK/tokenizer.json` (Hugging Face format, read by the Rust crate `tokenizers`). No normaliser, no
prefix space: any text survives encode and decode unchanged.

The pre-tokenizer keeps the space in front of a word with the word, as GPT-2 does (Radford et al. 2019,
section 2.2), and differs from it in three places: a contraction stays one word ("don't"), digits come in
groups of at most three, and line breaks are never glued to punctuation, so that a stop rule can see them.
"""

import argparse
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from recipe.documents import read_set
from recipe.files import write_atomically
from recipe.mix import END, END_ID, SETS, SPECIAL_TOKENS

VOCAB_SIZE = 12288
SPLIT = (
    r" ?\p{L}+(?:'(?:s|t|re|ve|m|ll|d|S|T|RE|VE|M|LL|D)(?!\p{L}))?"
    r"| ?\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+"
    r"|[\r\n]+"
    r"|\s+(?!\S)"
    r"|\s+"
)
# Megabytes of text that the merges are learned from, spread over the sets by their share.
SAMPLE_MB = 32


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--vocab", type=int, default=VOCAB_SIZE, help="entries, special tokens and bytes included")
    arguments = parser.parse_args()
    target = arguments.work / "tokenizer.json"
    if target.exists():
        print(f"{target} exists, nothing to do")
        return
    tokenizer = train_tokenizer(arguments.corpus, arguments.vocab)
    arguments.work.mkdir(parents=True, exist_ok=True)
    write_atomically(target, lambda file: file.write(tokenizer.to_str(pretty=True).encode()))
    print(f"wrote {target}")


def train_tokenizer(corpus, vocab_size):
    tokenizer = new_tokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, min_frequency=2, special_tokens=SPECIAL_TOKENS, show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator(sample(corpus), trainer)
    if tokenizer.get_vocab_size() != vocab_size or tokenizer.token_to_id(END) != END_ID:
        raise SystemExit(f"{tokenizer.get_vocab_size()} entries came out, not {vocab_size}: the text is too short "
                         "for so many; give --vocab")
    return tokenizer


def new_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def sample(corpus):
    """Documents without their special tokens, which are no text."""
    for chosen in SETS:
        left = SAMPLE_MB * 1e6 * chosen.share / 100
        for document in read_set(corpus, chosen):
            for special in SPECIAL_TOKENS:
                document = document.replace(special, "\n")
            yield document
            left -= len(document)
            if left <= 0:
                break


if __name__ == "__main__":
    main()
