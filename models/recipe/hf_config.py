"""Writes `config.json` as transformers does, with the two spellings that readers differ on.

transformers 5 nests the rotary base under `rope_parameters`; older readers (and ours) look for a
top-level `rope_theta`. Both are written.
"""

import json
from pathlib import Path


def write_config(config, folder, quantization=None, extra=None):
    """`config` is a transformers `LlamaConfig`; `quantization` is added under that key when given."""
    fields = json.loads(config.to_json_string(use_diff=False))
    fields = {key: value for key, value in fields.items() if value is not None and key in KEPT}
    fields["architectures"] = ["LlamaForCausalLM"]
    fields["rope_theta"] = rope_theta(config)
    fields["torch_dtype"] = "float32"
    fields.update(extra or {})
    if quantization:
        fields["quantization"] = quantization
    path = Path(folder) / "config.json"
    path.write_text(json.dumps(fields, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path


def rope_theta(config):
    parameters = getattr(config, "rope_parameters", None) or {}
    return float(parameters.get("rope_theta", getattr(config, "rope_theta", 10000.0)))


KEPT = {
    "architectures", "attention_bias", "attention_dropout", "bos_token_id", "eos_token_id", "head_dim",
    "hidden_act", "hidden_size", "initializer_range", "intermediate_size", "max_position_embeddings",
    "mlp_bias", "model_type", "num_attention_heads", "num_hidden_layers", "num_key_value_heads",
    "pad_token_id", "rms_norm_eps", "rope_parameters", "rope_theta", "tie_word_embeddings", "use_cache",
    "vocab_size",
}
