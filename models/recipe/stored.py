"""Loads a trained network from a run's checkpoint or from a pack folder."""

import json
import sys
from dataclasses import fields
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from recipe.hf_config import write_config
from recipe.int8 import METHOD, VERSION, dequantize_state
from recipe.network import Network, NetworkConfig


def load_checkpoint(run):
    """Network of `RUN/checkpoint.pt`, or of a checkpoint file, and the checkpoint's other fields."""
    path = Path(run) if Path(run).is_file() else Path(run) / "checkpoint.pt"
    if not path.exists():
        sys.exit(f"{path} is missing: run `python -m recipe.train` first")
    saved = torch.load(path, weights_only=True)
    network = Network(NetworkConfig(**saved["config"]))
    network.load_state_dict(saved["network"])
    return network.eval(), saved


def load_pack(pack):
    """Network of a pack folder, dequantised to F32 when the pack is INT8."""
    config = json.loads((Path(pack) / "config.json").read_text(encoding="utf-8"))
    known = {field.name for field in fields(NetworkConfig)}
    network = Network(NetworkConfig(**{key: value for key, value in config.items() if key in known}))
    state = load_file(Path(pack) / "model.safetensors")
    quantization = config.get("quantization")
    if quantization:
        if quantization != {"method": METHOD, "version": VERSION}:
            sys.exit(f"{pack}/config.json: unknown quantization {quantization}")
        state = dequantize_state(state)
    network.load_state_dict(state)
    return network.eval()


def load_any(path):
    """(network, tokenizer) of a pack folder, or of a run folder or checkpoint file with its tokenizer elsewhere."""
    path = Path(path)
    if (path / "model.safetensors").exists():
        return load_pack(path), Tokenizer.from_file(str(path / "tokenizer.json"))
    network, saved = load_checkpoint(path)
    return network, Tokenizer.from_file(str(Path(saved["arguments"]["work"]) / "tokenizer.json"))


def write_pack_config(config, folder):
    write_config(config.llama_config(), folder, quantization={"method": METHOD, "version": VERSION})
