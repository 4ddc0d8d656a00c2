"""Rows for tuning: whole records, as many as fit, and which of their tokens are answers.

A record is what stands between two `<|end|>`. Learned from are the tokens after `<|assistant|>` or `<|summary|>`, up to and
with the `<|user|>` or `<|end|>` that follows: how an answer ends is part of it. A record without such tokens (half of
the dialogues) is plain text, and all of it counts. Of a record that is longer than a row the rest is left out, and
its end is not learned.

# Source
Loss on the answers only: Ouyang et al. 2022, "InstructGPT", arXiv 2203.02155, follow supervised fine-tuning in general;
Wang et al. 2023, "Self-Instruct", arXiv 2212.10560. Greedy packing of whole records: Krell et al. 2021, "Efficient
sequence packing without cross-contamination", arXiv 2107.02027; as in pre-training, a record sees those before it.
"""

import numpy as np

from recipe.mix import ASSISTANT_ID, END_ID, SUMMARY_ID, USER_ID


class RecordRows:
    """`tokens` uint16 of one set: every record starts with `<|end|>`."""

    def __init__(self, tokens, seq):
        self.tokens, self.seq = tokens, seq
        starts = np.flatnonzero(tokens == END_ID)
        ends = np.append(starts[1:], len(tokens))
        self.spans = list(zip(starts.tolist(), np.minimum(ends, starts + seq).tolist()))
        self.whole = ((ends - starts) <= seq).tolist()
        # Row r holds records firsts[r] .. firsts[r + 1]. One place stays free, for the end of the last record.
        self.firsts, used = [], seq
        for number, (start, end) in enumerate(self.spans):
            if used + end - start > seq:
                self.firsts.append(number)
                used = 0
            used += end - start
        self.count = len(self.firsts)
        self.firsts.append(len(self.spans))

    def row(self, index):
        """(tokens [seq + 1], counted [seq])"""
        row, counted = np.full(self.seq + 1, END_ID, dtype=np.uint16), np.zeros(self.seq, dtype=bool)
        place = 0
        for number in range(self.firsts[index], self.firsts[index + 1]):
            start, end = self.spans[number]
            record = self.tokens[start:end]
            row[place : place + len(record)] = record
            counted[place : place + len(record)] = answers(record)
            if not self.whole[number]:
                counted[place + len(record) - 1] = False
            place += len(record)
        return row, counted


def answers(record):
    """Bool [len]: is what follows this token learned from? `record` starts with `<|end|>`."""
    roles = np.isin(record, (END_ID, USER_ID, ASSISTANT_ID, SUMMARY_ID))
    if roles.sum() == 1:
        return np.ones(len(record), dtype=bool)
    latest = np.maximum.accumulate(np.where(roles, np.arange(len(record)), 0))
    return np.isin(record[latest], (ASSISTANT_ID, SUMMARY_ID))
