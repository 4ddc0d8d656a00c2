"""Makes `tests/golden/`: a text, and what `recipe.evaluate` says of it with the tiny model of the fixtures.

    cd models && PYTHONPATH=. python ../tests/eval/make_golden.py

`sotto-eval language` must say the same (tests/commands.rs). The tiny model is random and right about nothing, so a part of
the text is written by itself: of the tokens that are letters or a space the one it finds most probable, as long as the
tokenizer cuts the text into the same tokens again. The rest is English with everything that could be counted differently.
"""

import json
from pathlib import Path

import torch

from recipe.evaluate import evaluate
from recipe.left_out import SEPARATOR
from recipe.mix import END_ID
from recipe.stored import load_any

HERE = Path(__file__).parent
TINY = HERE.parent / "fixtures" / "tiny-llama"
OWN_TOKENS = 260
STRIDES = (128, 48)
ENGLISH = (
    "It was the best of times, it wasn't the worst (of times): 3,141 wise fools read \"well-known\" books - and left.\n\n"
    "Call me Ishmael. Caf\u00e9 na\u00efve, \u00fcber 12 \U0001f642 miles;  two  spaces.\n- Alice\n- Bob\n\nThe end",
    "Hi",
)


@torch.no_grad()
def own_words(network, tokenizer, first):
    """A text that begins with `first`."""
    allowed = [
        token for token in range(tokenizer.get_vocab_size())
        if (text := tokenizer.decode([token])) and text.strip(" ").isascii() and all(c.isalpha() or c == " " for c in text)
        and "  " not in text and not text.endswith(" ")
    ]
    text = first
    context = network.config.max_position_embeddings
    while len(ids := tokenizer.encode(text).ids) < OWN_TOKENS:
        window = torch.tensor([([END_ID] + ids)[-context // 2:]])
        logits = network.lm_head(network.model(window)[0, -1])
        for token in sorted(allowed, key=lambda token: -logits[token]):
            longer = text + tokenizer.decode([token])
            if tokenizer.encode(longer).ids == ids + [token] and text[-12:].count(tokenizer.decode([token])) < 2:
                text = longer
                break
    return text


def main():
    torch.set_num_threads(1)
    network, tokenizer = load_any(TINY)
    documents = [ENGLISH[0], *(own_words(network, tokenizer, first) for first in ("It was", "Alice")), ENGLISH[1]]
    golden = [evaluate(network, tokenizer, documents, stride) for stride in STRIDES]
    folder = HERE / "tests" / "golden"
    folder.mkdir(exist_ok=True)
    (folder / "text.txt").write_text(f"\n{SEPARATOR}\n".join(documents) + "\n", encoding="utf-8")
    lines = ",\n".join("  " + json.dumps(figures) for figures in golden)
    (folder / "language.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(lines)


if __name__ == "__main__":
    main()
