"""What the model reads, and in which proportion.

The shares are those that the corpus notes suggest. `limit_mb` keeps preparation short: a first model sees
some 10-15 million tokens, so a full pass over every set is never needed. Files of the corpus are in random
order, so their head is a fair sample.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Set:
    name: str
    files: tuple  # names in the corpus folder, without the `.xz`
    kind: str  # prose, dialogue, instruct or summarize: see recipe.documents
    share: float  # share of the training sequences, percent
    limit_mb: float  # megabytes of text to prepare


SETS = (
    Set("conversation", ("prose-conversation-01.txt", "prose-conversation-02.txt"), "prose", 25, 40),
    Set("forms", ("prose-forms-01.txt",), "prose", 20, 40),
    Set("dialogue", ("dialogue-01.jsonl",), "dialogue", 10, 20),
    Set("instruct", ("instruct.jsonl",), "instruct", 15, 30),
    Set("summarize", ("summarize.jsonl",), "summarize", 5, 10),
    Set("general", ("prose-general-01.txt",), "prose", 12, 24),
    Set("docs", ("prose-docs-01.txt",), "prose", 8, 16),
    Set("fiction", ("prose-fiction-01.txt",), "prose", 5, 12),
)
VALID = Set("valid", ("valid.txt",), "prose", 0, 1e9)

END, USER, ASSISTANT, SUMMARY = "<|end|>", "<|user|>", "<|assistant|>", "<|summary|>"
SPECIAL_TOKENS = [END, USER, ASSISTANT, SUMMARY] + [f"<|reserved_{i}|>" for i in range(4, 8)]
END_ID = 0
