"""What a stopped run needs to go on: weights, optimizers, counters, curve, in one file."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from recipe.files import write_atomically


def read_checkpoint(path):
    """The fields of a checkpoint, on the CPU.

    # Errors
    `SystemExit` that says what to do when the file is missing, cut off or something else.
    """
    path = Path(path)
    if not path.exists():
        sys.exit(f"{path} is missing: run `python -m recipe.train` first")
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        if "network" not in saved or "config" not in saved:
            raise ValueError("it has no network")
    except Exception as error:  # torch raises anything from KeyError to UnpicklingError on strange bytes
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        sys.exit(f"{path} cannot be read: {reason}. It is damaged or no checkpoint of this recipe: put a copy in its "
                 "place, or move it away to start anew")
    return saved


def curve_path(path):
    """The file with one line a logged step, beside a checkpoint: curve.jsonl, decayed.jsonl, tuned.jsonl."""
    return path.with_name("curve.jsonl" if path.name == "checkpoint.pt" else path.stem + ".jsonl")


class State:
    """A run in memory. `path` is the file that it is kept in."""

    def __init__(self, network, optimizers, path):
        self.network, self.optimizers, self.path = network, optimizers, path
        self.step, self.sequences, self.tokens, self.minutes, self.curve = 0, 0, 0, 0.0, []

    def resume(self, path=None):
        """Goes on with what `path` (None: its own file) holds; does nothing where its own file does not exist yet."""
        if path is None and not self.path.exists():
            return
        path = path or self.path
        saved = read_checkpoint(path)
        self.check_shape(path, saved["config"])
        self.network.load_state_dict(saved["network"])
        # A grown network comes without: its optimizers start anew.
        for optimizer, held in zip(self.optimizers, saved["optimizers"]):
            base = [group["base_lr"] for group in optimizer.param_groups]
            optimizer.load_state_dict(held)
            for group, rate in zip(optimizer.param_groups, base):
                group["base_lr"] = rate
        self.step, self.sequences, self.tokens = saved["step"], saved["sequences"], saved["tokens"]
        self.minutes, self.curve = saved["minutes"], saved["curve"]

    def resume_stage(self, origin, with_optimizers):
        """Goes on with a stage that has its own file, or starts one from `origin`: its minutes and curve count from 0.

        A decay keeps momentum and place in the data of its origin, tuning keeps the weights only.
        """
        if self.path.exists():
            self.resume()
        elif with_optimizers:
            self.resume(origin)
            self.minutes, self.curve = 0.0, []
        else:
            saved = read_checkpoint(origin)
            self.check_shape(origin, saved["config"])
            self.network.load_state_dict(saved["network"])

    def check_shape(self, path, found):
        # The context may change between sittings: no weight depends on it.
        wanted = asdict(self.network.config)
        differences = [f"{name} is {found.get(name)}, not {value}" for name, value in wanted.items()
                       if found.get(name) != value and name != "max_position_embeddings"]
        if differences:
            sys.exit(f"{path} holds another network ({'; '.join(differences)}); use its options or another --run folder")

    def save(self, arguments):
        saved = dict(
            config=asdict(self.network.config), network=self.network.state_dict(),
            optimizers=[optimizer.state_dict() for optimizer in self.optimizers],
            step=self.step, sequences=self.sequences, tokens=self.tokens, minutes=self.minutes, curve=self.curve,
            arguments={key: str(value) for key, value in vars(arguments).items()},
        )
        write_atomically(self.path, lambda file: torch.save(saved, file))
        lines = "".join(json.dumps(point) + "\n" for point in self.curve)
        write_atomically(curve_path(self.path), lambda file: file.write(lines.encode()))
