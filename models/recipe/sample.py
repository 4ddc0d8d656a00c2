"""Greedy continuations of fixed openings, and a token-by-token look at the probabilities.

    python -m recipe.sample --model RUN_OR_PACK [--tokens 16]

The openings are fixed here and every answer is printed as it comes: nothing is selected.
"""

import argparse
from pathlib import Path

import torch

from recipe.mix import END_ID
from recipe.stored import load_any

OPENINGS = (
    "Thank you for your",
    "I am writing to let you know that",
    "Please let me know if you have any",
    "I think we should",
    "The meeting has been moved to",
    "Hi Anna,\n\nI hope you are",
    "We are looking forward to",
    "The problem is that the",
    "Could you please send me",
    "It was a long time before",
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=16)
    arguments = parser.parse_args()
    network, tokenizer = load_any(arguments.model)
    for opening in OPENINGS:
        text, probability = continuation(network, tokenizer, opening, arguments.tokens)
        print(f"{opening!r} -> {text!r} (mean token probability {probability:.2f})")


@torch.no_grad()
def continuation(network, tokenizer, opening, count):
    """(greedy text, geometric mean of its token probabilities); ends early at `<|end|>`."""
    ids = [END_ID] + tokenizer.encode(opening, add_special_tokens=False).ids
    start, total = len(ids), 0.0
    for _ in range(count):
        log_probs = torch.log_softmax(network(torch.tensor([ids]))[0, -1], dim=0)
        best = int(log_probs.argmax())
        total += log_probs[best].item()
        if best == END_ID:
            break
        ids.append(best)
    text = tokenizer.decode(ids[start:], skip_special_tokens=False)
    return text, float(torch.tensor(total / max(1, len(ids) - start)).exp())


if __name__ == "__main__":
    main()
