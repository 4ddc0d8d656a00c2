"""Which training sequences come in which order. A pure function of the step number, so resuming is exact.

Every set is cut into sequences of `seq + 1` tokens (one overlaps, as the target of the last input). The
sets are interleaved by their shares; within a set the sequences follow a pseudo-random permutation that is
drawn anew for every pass.
"""

import numpy as np
import torch

from recipe.encode import token_path
from recipe.mix import SETS

SEED = 7


class Batches:
    def __init__(self, work, seq):
        self.seq = seq
        self.tokens = []
        for chosen in SETS:
            path = token_path(work, chosen)
            if not path.exists():
                raise SystemExit(f"{path} is missing: run `python -m recipe.encode` first")
            self.tokens.append(np.load(path, mmap_mode="r"))
        self.counts = [(len(tokens) - 1) // seq for tokens in self.tokens]
        shares = np.array([chosen.share for chosen in SETS], dtype=np.float64)
        # The set of sequence number n is schedule[n % len]: exact shares in every 100-sequence round.
        rounds = np.repeat(np.arange(len(SETS)), shares.astype(int))
        self.schedule = np.random.default_rng(SEED).permutation(rounds)
        self.permutations = {}

    def batch(self, first, size):
        """Inputs and targets, each [size, seq], of sequences first .. first + size (half-open)."""
        rows = np.stack([self.sequence(first + i) for i in range(size)]).astype(np.int64)
        rows = torch.from_numpy(rows)
        return rows[:, :-1].contiguous(), rows[:, 1:].contiguous()

    def sequence(self, number):
        rounds, offset = divmod(number, len(self.schedule))
        which = self.schedule[offset]
        # How many sequences of this set came before: full rounds, then the start of this one.
        before = rounds * int((self.schedule == which).sum()) + int((self.schedule[:offset] == which).sum())
        epoch, index = divmod(before, self.counts[which])
        start = int(self.permutation(which, epoch)[index]) * self.seq
        return self.tokens[which][start : start + self.seq + 1]

    def permutation(self, which, epoch):
        key = (int(which), epoch)
        if key not in self.permutations:
            self.permutations[key] = np.random.default_rng((SEED, *key)).permutation(self.counts[which])
        return self.permutations[key]

    def token_counts(self, vocab_size):
        """How often each token occurs in the mix, relative; float [vocab]."""
        total = np.zeros(vocab_size)
        for chosen, tokens in zip(SETS, self.tokens):
            total += np.bincount(tokens, minlength=vocab_size) * (chosen.share / len(tokens))
        return total

    def epochs(self, number):
        """Passes over each set after `number` sequences, by name."""
        return {
            chosen.name: number * chosen.share / 100 / count for chosen, count in zip(SETS, self.counts)
        }
