"""The vocabulary of a GGUF file: the tokenizer of the model, or a placeholder of the right size.

llama.cpp splits text by rules that are compiled in and named in `tokenizer.ggml.pre`; none of them is ours (words with
their contraction, digits by threes, line breaks by themselves). `PRE` is the nearest: see the models' README for how often
it gives the same tokens. Where the figures matter, feed token ids. With the right tokens everything else follows: the
merges are the same byte-level BPE.

# Source
Keys: ggml docs/gguf.md; the rules: llama.cpp src/llama-vocab.cpp.
"""

import json

import gguf

from recipe.mix import ASSISTANT, END_ID, SPECIAL_TOKENS, USER, USER_ID

PRE = "bloom"
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    f"{{{{ '{ASSISTANT}' if message['role'] == 'assistant' else '{USER}' }}}}{{{{ message['content'] }}}}"
    "{% endfor %}{% if add_generation_prompt %}"
    f"{{{{ '{ASSISTANT}' }}}}"
    "{% endif %}"
)


def add_tokenizer(writer, tokenizer, pre=PRE):
    """`tokenizer` of the package tokenizers, made by recipe.tokenizer."""
    model = json.loads(tokenizer.to_str())["model"]
    by_id = sorted(model["vocab"].items(), key=lambda entry: entry[1])
    tokens = [text for text, _ in by_id]
    control = set(SPECIAL_TOKENS)
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if text in control else gguf.TokenType.NORMAL for text in tokens])
    writer.add_token_merges(merges)
    # Every document follows <|end|>, and an answer ends with it or with the next question.
    writer.add_bos_token_id(END_ID)
    writer.add_eos_token_id(END_ID)
    writer.add_eot_token_id(USER_ID)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def add_placeholder(writer, size):
    special = [(b"<unk>", gguf.TokenType.UNKNOWN), (b"<s>", gguf.TokenType.CONTROL), (b"</s>", gguf.TokenType.CONTROL)]
    tokens = [text for text, _ in special] + [f"<0x{byte:02X}>".encode() for byte in range(256)]
    types = [kind for _, kind in special] + [gguf.TokenType.BYTE] * 256
    tokens, types = tokens[:size], types[:size]
    tokens += [f"piece{number}".encode() for number in range(len(tokens), size)]
    types += [gguf.TokenType.NORMAL] * (size - len(types))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(number) for number in range(size)])
    writer.add_token_types(types)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(False)
