"""A run so small that a test can train it: random tokens, one block, two sequences of 32 a step."""

import os
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from recipe import train
from recipe.encode import token_path
from recipe.mix import SETS

MODELS = Path(__file__).resolve().parents[1]
VOCAB = 512
SHAPE = ("--seq", "32", "--layers", "1", "--hidden", "32", "--heads", "2", "--intermediate", "64", "--vocab", str(VOCAB))
OPTIONS = ("--batch", "2", "--log-steps", "1", "--threads", "1", "--products", "float32", "--device", "cpu")


def write_tokens(work, count=700):
    (work / "tokens").mkdir()
    generator = np.random.default_rng(5)
    for chosen in SETS:
        tokens = generator.integers(8, VOCAB, count).astype(np.uint16)
        tokens[::50] = 0  # <|end|>: a document starts
        np.save(token_path(work, chosen), tokens)


class ToyRun(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)
        self.run_folder = self.work / "run"
        write_tokens(self.work)

    def arguments(self, *more):
        return ["--work", str(self.work), "--run", str(self.run_folder), *SHAPE, "--frequent", "64", "--no-bigram-start",
                *OPTIONS, *more]

    def train(self, *plan):
        train.run(train.parse_arguments(self.arguments(*plan)))

    def load(self, name):
        return torch.load(self.run_folder / name, weights_only=True)

    def start(self, module, *plan, **environment):
        """The same in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *self.arguments(*plan)], cwd=MODELS, env={**os.environ, **environment},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def wait_for_line(self, process, text):
        for line in process.stdout:
            if text in line:
                return
        self.fail(f"the process ended without saying {text}")

    def run_ranks(self, count, *plan):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        shared = dict(WORLD_SIZE=str(count), MASTER_ADDR="127.0.0.1", MASTER_PORT=port, GLOO_SOCKET_IFNAME="lo")
        processes = [self.start("recipe.train", *plan, RANK=str(rank), **shared) for rank in range(count)]
        for process in processes:
            output, _ = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, output)

    def assert_same_weights(self, one, other, tolerance=0.0):
        self.assertEqual(one["step"], other["step"])
        for name, tensor in one["network"].items():
            self.assertLessEqual((tensor - other["network"][name]).abs().max().item(), tolerance, name)
