"""What the model reads, and in which proportion.

The shares are those that the corpus notes suggest. `limit_mb` bounds the preparation; as it stands every file is
prepared whole (some 75 million tokens). Files of the corpus are in random order, so a lower limit takes a fair sample.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Set:
    name: str
    files: tuple  # names in the corpus folder, without the `.xz`
    kind: str  # prose, dialogue, instruct or summarize: see recipe.documents
    share: float  # share of the training sequences, percent
    limit_mb: float  # megabytes of text to prepare
    judged: bool = False  # holds unlabelled text of the kinds that are left out: see recipe.left_out


SETS = (
    Set("conversation", ("prose-conversation-01.txt", "prose-conversation-02.txt"), "prose", 25, 120),
    Set("forms", ("prose-forms-01.txt",), "prose", 20, 40, judged=True),
    Set("dialogue", ("dialogue-01.jsonl",), "dialogue", 10, 40),
    Set("instruct", ("instruct.jsonl",), "instruct", 15, 60, judged=True),
    Set("summarize", ("summarize.jsonl",), "summarize", 5, 20),
    Set("general", ("prose-general-01.txt",), "prose", 12, 40),
    Set("docs", ("prose-docs-01.txt",), "prose", 8, 40),
    Set("fiction", ("prose-fiction-01.txt",), "prose", 5, 40),
)
VALID = Set("valid", ("valid.txt",), "prose", 0, 1e9)

END, USER, ASSISTANT, SUMMARY = "<|end|>", "<|user|>", "<|assistant|>", "<|summary|>"
SPECIAL_TOKENS = [END, USER, ASSISTANT, SUMMARY] + [f"<|reserved_{i}|>" for i in range(4, 8)]
END_ID, USER_ID, ASSISTANT_ID, SUMMARY_ID = range(4)

# Of tuning, in percent of the rows. Records ask and answer; the plain text keeps the model able to continue.
TUNE_SHARES = {
    "instruct": 35, "summarize": 15, "dialogue": 15,
    "forms": 13, "conversation": 10, "general": 6, "docs": 4, "fiction": 2,
}
