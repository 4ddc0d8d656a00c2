"""Makes a table of token sequences for a pack: what a network of this size forgets, as counted in all of the prepared text.

    python -m recipe.ngrams --work WORK --pack PACK      # PACK/ngrams.safetensors; then: recipe.browser

For contexts of two, three and four tokens the table holds the tokens that came next often, at most four a context, each
with its share of all that came next there. `blend` mixes them with the network's probabilities, as `lm/src/ngrams` does
when the model runs.

What goes in: sequences that the text holds at least three times, those first that gain most: count times the logarithm
of how much likelier the token is here than behind the context that is one token shorter; what is never the best guess
gains in proportion to how near it is to that. `--weights` are λ of the three lengths. Validation text would like more (0.3, 0.5,
0.5), but its sources are those that were counted; text of other sources likes less.

# Tensors
- `ngrams.weights` F32 [lengths]: λ, for contexts of 1, 2, ... tokens; 0 for those of one, which the network knows
- `ngrams.offsets` U32 [2^bits + 1]: where the entries of a bucket begin
- `ngrams.entries` U32 [n]: from the top 14 bits of the context's hash, 14 of the token, 4 of the share in sixteenths, less one

The top bits of a context's hash are its bucket, the lowest 14 tell it from others there: one in a thousand is mistaken.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from tqdm import tqdm

from recipe.files import write_atomically
from recipe.mix import END_ID, SETS, SPECIAL_TOKENS
from recipe.stored import TABLE

FILE = "ngrams.safetensors"
PREFIX = TABLE
LENGTHS = (2, 3, 4)
LEAST_COUNT = 3
MOST_PER_CONTEXT = 4
# Taken off each count (absolute discounting): a share of a few sightings says little.
DISCOUNT = 0.75
CHECK_BITS, TOKEN_BITS, SHARE_BITS = 14, 14, 4
# Entries of a bucket, about.
BUCKET = 16
GRID = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder with tokens/ and tokenizer.json")
    parser.add_argument("--pack", type=Path, required=True, help="folder of recipe.quantize; gets the table, too")
    parser.add_argument("--entries", type=int, default=1_200_000, help="four bytes and a quarter each")
    parser.add_argument("--weights", type=float, nargs=len(LENGTHS), default=(0.2, 0.3, 0.3))
    arguments = parser.parse_args()
    table = choose(count(read_tokens(arguments.work)), arguments.entries)
    write(arguments.pack / FILE, arguments.weights, *lay_out(table))
    print(f"wrote {arguments.pack / FILE}: {len(table['token']):,} sequences")


def read_tokens(work):
    files = [work / "tokens" / f"{part.name}.npy" for part in SETS]
    return np.concatenate([np.load(file, mmap_mode="r").astype(np.uint32) for file in files])


def hashes(columns):
    """The hash of every context; `columns`: its tokens, the oldest first, an array each. As `lm/src/ngrams/hash.rs`."""
    golden, stafford = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
    hashed = np.full(len(columns[0]), len(columns), np.uint64)
    with np.errstate(over="ignore"):
        for column in columns:
            total = hashed * golden + column.astype(np.uint64) + np.uint64(1)
            mixed = (total ^ (total >> np.uint64(30))) * stafford
            hashed = mixed ^ (mixed >> np.uint64(27))
    return hashed


def count(tokens):
    """Every sequence that is there often enough: hash of its context, token, count, share, and gain. All lengths."""
    shorter, found = single(tokens), []
    for length in tqdm((1, *LENGTHS), desc="counting", disable=None):
        counted = of_length(tokens, length, shorter)
        shorter = counted
        if length in LENGTHS:
            found.append(counted)
    return {name: np.concatenate([part[name] for part in found]) for name in ("hash", "token", "share", "gain", "count")}


def single(tokens):
    """The end of the chain: how likely a token is without any context."""
    counts = np.bincount(tokens, minlength=1 << TOKEN_BITS) + 0.5
    return {"probability": counts / counts.sum()}


def of_length(tokens, length, shorter):
    places = len(tokens) - length
    hashed = hashes([tokens[at:at + places] for at in range(length)])
    # The context without its lowest bits and the token in one word, so that sorting is counting: bits of the hash enough
    # for a few collisions among tens of millions.
    keys = (hashed & ~np.uint64((1 << TOKEN_BITS) - 1)) | tokens[length:].astype(np.uint64)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    counts = np.diff(np.r_[first, len(keys)])
    contexts = keys[first] >> np.uint64(TOKEN_BITS)
    begins = np.flatnonzero(np.r_[True, contexts[1:] != contexts[:-1]])
    lengths = np.diff(np.r_[begins, len(contexts)])
    totals = np.repeat(np.add.reduceat(counts, begins), lengths)
    kinds = np.repeat(lengths, lengths)
    token = (keys[first] & np.uint64((1 << TOKEN_BITS) - 1)).astype(np.int64)
    keep = (counts >= LEAST_COUNT) & (token >= len(SPECIAL_TOKENS))
    # A context that begins before its document does is none that anybody types.
    for at in range(1, length):
        keep &= tokens[order[first] + at] != END_ID
    place, token, counts, totals, kinds = order[first][keep], token[keep], counts[keep], totals[keep], kinds[keep]
    share = (counts - DISCOUNT) / totals
    lower = lower_probability(tokens, place, length, token, shorter)
    probability = share + DISCOUNT * kinds / totals * lower
    gain = counts * np.log(probability / lower) * np.clip(4 * probability, 0, 1)
    return {"hash": hashed[place], "key": keys[first][keep], "token": token, "count": counts, "share": share,
            "probability": probability, "gain": gain}


def lower_probability(tokens, place, length, token, shorter):
    """How likely the token is behind the context that is one token shorter."""
    if length == 1:
        return shorter["probability"][token]
    hashed = hashes([tokens[place + at] for at in range(1, length)])
    wanted = (hashed & ~np.uint64((1 << TOKEN_BITS) - 1)) | token.astype(np.uint64)
    at = np.minimum(np.searchsorted(shorter["key"], wanted), len(shorter["key"]) - 1)
    # A sequence is at least as frequent without its first token; where that one is a special token, it was left out.
    return np.where(shorter["key"][at] == wanted, shorter["probability"][at], 1e-6)


def choose(table, entries):
    """The entries that gain most, at most four a context."""
    order = np.lexsort((-table["count"], table["hash"]))
    hashed = table["hash"][order]
    begins = np.flatnonzero(np.r_[True, hashed[1:] != hashed[:-1]])
    rank = np.arange(len(hashed)) - np.repeat(begins, np.diff(np.r_[begins, len(hashed)]))
    order = order[(rank < MOST_PER_CONTEXT) & (table["gain"][order] > 0)]
    if len(order) > entries:
        order = order[np.argpartition(-table["gain"][order], entries)[:entries]]
    # Sorted by hash: by bucket first.
    order = order[np.lexsort((table["token"][order], table["hash"][order]))]
    return {name: table[name][order] for name in ("hash", "token", "share")}


def lay_out(table):
    """`offsets` and `entries` as they are stored."""
    bits = max(1, round(np.log2(max(1, len(table["hash"]) / BUCKET))))
    buckets = (table["hash"] >> np.uint64(64 - bits)).astype(np.int64)
    offsets = np.r_[0, np.cumsum(np.bincount(buckets, minlength=1 << bits))].astype(np.uint32)
    check = (table["hash"] & np.uint64((1 << CHECK_BITS) - 1)).astype(np.uint32)
    levels = 1 << SHARE_BITS
    share = np.clip(np.round(table["share"] * levels), 1, levels).astype(np.uint32) - 1
    token = table["token"].astype(np.uint32)
    return offsets, (check << np.uint32(TOKEN_BITS + SHARE_BITS)) | (token << np.uint32(SHARE_BITS)) | share


class Table:
    """The stored form, read as the product reads it: for tests."""

    def __init__(self, weights, offsets, entries):
        self.weights, self.offsets, self.entries = weights, offsets, entries
        self.bits = (len(offsets) - 1).bit_length() - 1

    def next(self, context):
        """What came next: {token: share}."""
        hashed = int(hashes([np.array([token]) for token in context])[0])
        bucket = hashed >> (64 - self.bits)
        found = self.entries[self.offsets[bucket]:self.offsets[bucket + 1]]
        found = found[found >> (TOKEN_BITS + SHARE_BITS) == hashed & ((1 << CHECK_BITS) - 1)]
        levels, mask = 1 << SHARE_BITS, (1 << TOKEN_BITS) - 1
        return {int(entry) >> SHARE_BITS & mask: (int(entry) % levels + 1) / levels for entry in found}

    def blend(self, ids, probabilities):
        """The interpolated probabilities behind `ids`: [vocab]."""
        mixed = np.array(probabilities, np.float64)
        for length, weight in enumerate(self.weights, 1):
            shares = self.next(ids[len(ids) - length:]) if len(ids) >= length else {}
            weight /= max(1.0, sum(shares.values()))
            mixed *= 1.0 - weight * sum(shares.values())
            for token, share in shares.items():
                mixed[token] += weight * share
        return mixed


def write(path, weights, offsets, entries):
    weights = [0.0] * (LENGTHS[0] - 1) + list(weights)
    table = {PREFIX + "weights": torch.tensor(weights, dtype=torch.float32), PREFIX + "offsets": torch.from_numpy(offsets),
             PREFIX + "entries": torch.from_numpy(entries)}
    data = save(table)
    write_atomically(path, lambda file: file.write(data))


if __name__ == "__main__":
    main()
