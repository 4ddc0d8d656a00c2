"""Which training sequences come in which order. A pure function of the step number, so resuming is exact.

Every set is cut into rows of `seq + 1` tokens (one overlaps, as the target of the last input). The sets are
interleaved by their shares; within a set the rows follow a pseudo-random permutation that is drawn anew for every pass.

Pre-training cuts the text wherever a row is full and learns from every token. Tuning (`records`) keeps records whole
and learns from the answers only: see recipe.record_rows.
"""

from typing import NamedTuple

import numpy as np
import torch

from recipe.encode import token_path
from recipe.mix import SETS
from recipe.record_rows import RecordRows

SEED = 7


class Batch(NamedTuple):
    """`inputs`, `targets` int64 [size, seq]; `counted` bool [size, seq]: targets that are learned from (None: all)."""

    inputs: torch.Tensor
    targets: torch.Tensor
    counted: torch.Tensor | None


class FlatRows:
    """The tokens of a set, cut wherever a row is full."""

    def __init__(self, tokens, seq):
        self.tokens, self.seq, self.count = tokens, seq, (len(tokens) - 1) // seq

    def row(self, index):
        """(tokens [seq + 1], counted [seq] or None)"""
        return self.tokens[index * self.seq : (index + 1) * self.seq + 1], None


class Batches:
    """`shares`: percent of the rows by set name (None: those of recipe.mix). `records`: rows of whole records."""

    def __init__(self, work, seq, vocab_size, shares=None, records=False):
        self.seq, self.records = seq, records
        self.sets = [chosen for chosen in SETS if shares is None or shares.get(chosen.name)]
        self.shares = [chosen.share if shares is None else shares[chosen.name] for chosen in self.sets]
        self.tokens = [read_tokens(token_path(work, chosen), vocab_size) for chosen in self.sets]
        self.rows = [RecordRows(tokens, seq) if records and chosen.kind != "prose" else FlatRows(tokens, seq)
                     for chosen, tokens in zip(self.sets, self.tokens)]
        for chosen, rows in zip(self.sets, self.rows):
            if rows.count < 1:
                raise SystemExit(f"{token_path(work, chosen)} holds less than one row of {seq} tokens")
        # The set of row number n is schedule[n % len]: exact shares in every 100-row round.
        rounds = np.repeat(np.arange(len(self.sets)), np.array(self.shares, dtype=int))
        self.schedule = np.random.default_rng(SEED).permutation(rounds)
        self.permutations = {}

    def batch(self, first, size):
        """Rows first .. first + size (half-open)."""
        found = [self.row(first + i) for i in range(size)]
        rows = torch.from_numpy(np.stack([tokens for tokens, _ in found]).astype(np.int64))
        counted = None
        if self.records:
            whole = np.ones(self.seq, dtype=bool)
            counted = torch.from_numpy(np.stack([whole if mask is None else mask for _, mask in found]))
        return Batch(rows[:, :-1].contiguous(), rows[:, 1:].contiguous(), counted)

    def row(self, number):
        rounds, offset = divmod(number, len(self.schedule))
        which = self.schedule[offset]
        # How many rows of this set came before: full rounds, then the start of this one.
        before = rounds * int((self.schedule == which).sum()) + int((self.schedule[:offset] == which).sum())
        epoch, index = divmod(before, self.rows[which].count)
        return self.rows[which].row(int(self.permutation(which, epoch)[index]))

    def permutation(self, which, epoch):
        key = (int(which), epoch)
        if key not in self.permutations:
            self.permutations[key] = np.random.default_rng((SEED, *key)).permutation(self.rows[which].count)
        return self.permutations[key]

    def token_counts(self, vocab_size):
        """How often each token occurs in the mix, relative; float [vocab]."""
        total = np.zeros(vocab_size)
        for share, tokens in zip(self.shares, self.tokens):
            total += np.bincount(tokens, minlength=vocab_size) * (share / len(tokens))
        return total

    def epochs(self, number):
        """Passes over each set after `number` rows, by name."""
        return {chosen.name: number * share / 100 / rows.count
                for chosen, share, rows in zip(self.sets, self.shares, self.rows)}


def read_tokens(path, vocab_size):
    """uint16 tokens of a set, memory-mapped."""
    if not path.exists():
        raise SystemExit(f"{path} is missing: run `python -m recipe.encode` first")
    try:
        tokens = np.load(path, mmap_mode="r")
    except (ValueError, EOFError, OSError) as error:
        raise SystemExit(f"{path} cannot be read ({error}): delete it and run `python -m recipe.encode` again") from None
    largest = int(tokens.max()) if len(tokens) else 0
    if largest >= vocab_size:
        raise SystemExit(f"{path} holds token {largest}, but the network knows {vocab_size} only: it was encoded with "
                         "another tokenizer. Delete it and run `python -m recipe.encode` again")
    return tokens
