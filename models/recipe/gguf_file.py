"""Writes a network as GGUF, for comparisons with llama.cpp on the same weights.

The vocabulary is a placeholder of the right size (three special entries, 256 bytes, numbered pieces): comparisons
feed token ids. Text needs the real tokenizer, whose splitting rule llama.cpp does not know.

# Source
Keys and tensor names: ggml docs/gguf.md, and the package `gguf` (`constants.py`, `MODEL_TENSORS`). llama.cpp turns
neighbouring values of a head together where Hugging Face turns halves, hence the reordered rows of queries and keys:
llama.cpp `conversion/llama.py`, `permute`.
"""

import gguf
import numpy as np

KINDS = {
    "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
    "q4_0": (gguf.GGMLQuantizationType.Q4_0, gguf.LlamaFileType.MOSTLY_Q4_0),
}
BLOCK_TENSORS = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}
OTHER_TENSORS = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def write_gguf(weights, kind, path):
    """`weights` is a recipe.onnx_weights.Weights; every matrix gets the type of `kind`, a tied head included."""
    quantization, file_type = KINDS[kind]
    config = weights.config
    part = path.with_name(path.name + ".part")
    writer = gguf.GGUFWriter(part, "llama")
    writer.add_name("benchmark")
    writer.add_file_type(file_type)
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    add_placeholder_vocabulary(writer, config.vocab_size)
    for name in weights.state:
        values = weights.f32(name)
        if name.endswith("q_proj.weight"):
            values = interleaved(values, config.num_attention_heads)
        elif name.endswith("k_proj.weight"):
            values = interleaved(values, config.num_key_value_heads)
        if values.ndim == 1:
            writer.add_tensor(tensor_name(name), values)
        else:
            writer.add_tensor(tensor_name(name), gguf.quants.quantize(values, quantization), raw_dtype=quantization)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(path)


def tensor_name(name):
    stem = name.removesuffix(".weight")
    if stem in OTHER_TENSORS:
        return OTHER_TENSORS[stem] + ".weight"
    _, _, block, inner = stem.split(".", 3)
    return f"blk.{block}.{BLOCK_TENSORS[inner]}.weight"


def interleaved(weight, heads):
    """Rows of each head reordered from (first half, second half) to neighbours."""
    rows, columns = weight.shape
    halves = weight.reshape(heads, 2, rows // heads // 2, columns)
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows, columns))


def add_placeholder_vocabulary(writer, size):
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
