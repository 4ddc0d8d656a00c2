"""Writes a network as GGUF, so that llama.cpp and what is built on it can run the same weights.

The quantised kinds hold the pack's own values: Q8_0 has the INT8 numbers with the scale of a row in each of its groups,
Q4_0 the INT4 ones, beside an INT8 embedding (a tied one is the head, and INT4).

# Source
Keys and tensor names: ggml docs/gguf.md, and the package `gguf` (`constants.py`, `MODEL_TENSORS`). llama.cpp turns
neighbouring values of a head together where Hugging Face turns halves, hence the reordered rows of queries and keys:
llama.cpp `conversion/llama.py`, `permute`. Layout of the groups: ggml, src/ggml-common.h, `block_q4_0` (the low halves of
the bytes are the first 16 values, the high halves the others) and `block_q8_0`.
"""

import gguf
import numpy as np

from recipe.files import replacing
from recipe.gguf_vocabulary import add_placeholder, add_tokenizer
from recipe.int4 import EMBEDDING, GROUP, unpack

F32, F16, Q8, Q4 = (
    getattr(gguf.GGMLQuantizationType, name) for name in ("F32", "F16", "Q8_0", "Q4_0"))
KINDS = {
    "f32": (F32, gguf.LlamaFileType.ALL_F32),
    "f16": (F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (Q8, gguf.LlamaFileType.MOSTLY_Q8_0),
    "q4_0": (Q4, gguf.LlamaFileType.MOSTLY_Q4_0),
}
BLOCK_TENSORS = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}
OTHER_TENSORS = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def write_gguf(weights, kind, path, tokenizer=None, name="benchmark"):
    """`weights` is a recipe.onnx_weights.Weights. Without a `tokenizer` (of the package tokenizers) the file can be fed
    with token ids only."""
    quantization, file_type = KINDS[kind]
    config = weights.config
    writer = gguf.GGUFWriter(None, "llama")
    writer.add_name(name)
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
    add_tokenizer(writer, tokenizer) if tokenizer else add_placeholder(writer, config.vocab_size)
    for tensor in weights.state:
        add_tensor(writer, weights, tensor, quantization)
    with replacing(path) as temporary:
        writer.write_header_to_file(temporary)
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def add_tensor(writer, weights, name, quantization):
    config, heads = weights.config, None
    if weights.state[name].dim() == 1:
        writer.add_tensor(tensor_name(name), weights.f32(name))
        return
    if name.endswith("q_proj.weight"):
        heads = config.num_attention_heads
    elif name.endswith("k_proj.weight"):
        heads = config.num_key_value_heads
    if quantization == Q4 and name == EMBEDDING and not weights.tied:
        quantization = Q8
    content = CONTENT[quantization](weights, name)
    if heads:
        content = interleaved(content, heads)
    writer.add_tensor(tensor_name(name), content, raw_dtype=quantization)


def q8_rows(weights, name):
    """uint8 [out, bytes of a row]"""
    values, scales = weights.int8(name)
    rows, columns = values.shape
    codes = (values.astype(np.int16) - 128).astype(np.int8).view(np.uint8).reshape(rows, columns // GROUP, GROUP)
    return with_scales(np.repeat(scales[:, None], columns // GROUP, axis=1), codes)


def q4_rows(weights, name):
    packed, scales = weights.int4(name)
    codes = unpack(packed)
    return with_scales(scales, codes[..., : GROUP // 2] | (codes[..., GROUP // 2 :] << 4))


def with_scales(scales, codes):
    """Each group's scale as a 16-bit float, then its codes [out, groups, bytes]; uint8 [out, bytes of a row]."""
    scales = np.ascontiguousarray(scales.astype(np.float16)[..., None]).view(np.uint8)
    return np.ascontiguousarray(np.concatenate([scales, codes], axis=-1).reshape(len(codes), -1))


CONTENT = {
    F32: lambda weights, name: weights.f32(name),
    F16: lambda weights, name: weights.f32(name).astype(np.float16),
    Q8: q8_rows,
    Q4: q4_rows,
}


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
