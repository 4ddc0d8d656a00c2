"""Loads a trained network from a run's checkpoint or from a pack folder."""

import json
import sys
from dataclasses import fields
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from recipe.checkpoint import read_checkpoint
from recipe.hf_config import write_config
from recipe.int4 import dequantize_state as int4_state
from recipe.int8 import METHOD, SCALE_SUFFIX, VERSION, dequantize_state
from recipe.network import Network, NetworkConfig

# What the names of recipe.ngrams begin with.
TABLE = "ngrams."


def load_checkpoint(run):
    """Network of `RUN/checkpoint.pt`, or of a checkpoint file, and the checkpoint's other fields."""
    path = Path(run) if Path(run).is_file() else Path(run) / "checkpoint.pt"
    saved = read_checkpoint(path)
    network = Network(NetworkConfig(**saved["config"]))
    network.load_state_dict(saved["network"])
    return network.eval(), saved


def load_pack(pack, int4=None):
    """Network of a pack folder, dequantised to F32 when the pack is INT8. `int4`: recipe.int4 or recipe.int4_zeros, with the
    INT4 weights of that format."""
    config = json.loads((Path(pack) / "config.json").read_text(encoding="utf-8"))
    known = {field.name for field in fields(NetworkConfig)}
    network = Network(NetworkConfig(**{key: value for key, value in config.items() if key in known}))
    state = load_file(Path(pack) / "model.safetensors")
    quantization = config.get("quantization")
    if quantization:
        if quantization["method"] != METHOD or quantization["version"] not in (1, 2):
            sys.exit(f"{pack}/config.json: unknown quantization {quantization}")
        groups = {key: state[key] for name, tensor in state.items() if tensor.dtype == torch.uint8
                  for key in (name, name + SCALE_SUFFIX)}
        # The table of token sequences is no part of the network.
        rows = {name: tensor for name, tensor in state.items() if name not in groups and not name.startswith(TABLE)}
        state = int4_state(dequantize_state(rows), groups)
    if int4:
        if not (Path(pack) / int4.FILE).exists():
            sys.exit(f"{pack} has no {int4.FILE}: make it with `python -m recipe.quantize`")
        state = int4.dequantize_state(state, load_file(Path(pack) / int4.FILE))
    network.load_state_dict(state)
    return network.eval()


def load_any(path, int4=None):
    """(network, tokenizer) of a pack folder, or of a run folder or checkpoint file with its tokenizer elsewhere."""
    path = Path(path)
    if (path / "model.safetensors").exists():
        return load_pack(path, int4), Tokenizer.from_file(str(path / "tokenizer.json"))
    if int4:
        sys.exit(f"{path} is no pack folder: INT4 weights are made by `python -m recipe.quantize`")
    network, saved = load_checkpoint(path)
    return network, Tokenizer.from_file(str(Path(saved["arguments"]["work"]) / "tokenizer.json"))


def write_pack_config(config, folder, version=VERSION):
    write_config(config.llama_config(), folder, quantization={"method": METHOD, "version": version})
