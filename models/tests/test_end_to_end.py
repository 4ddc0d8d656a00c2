"""Every step of the recipe as a command, on made-up text, up to a signed pack: about a minute on one core."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import numpy as np
    import torch
    from safetensors.torch import load_file

    from recipe import ngrams
    from recipe.browser import network_alone
    from recipe.onnx_run import CpuRunner, StaticRunner, greedy
    from recipe.stored import load_any

    from tests.toy_corpus import VOCAB, write_files
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None

MODELS = Path(__file__).resolve().parents[1]
PACK_TOOL = [path for kind in ("release", "debug") if (path := MODELS.parent / "target" / kind / "sotto-pack").exists()]
SHAPE = ("--seq", "64", "--layers", "2", "--hidden", "64", "--heads", "2", "--intermediate", "96", "--vocab", VOCAB)
STEPS = ("--batch", "16", "--threads", "1", "--device", "cpu", "--products", "float32", "--log-steps", "20")


class FromTextToPack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.corpus, cls.work, cls.run_folder, cls.pack, cls.browser, cls.onnx, cls.gguf = (
            cls.folder / name for name in ("corpus", "work", "run", "pack", "browser", "onnx", "gguf"))
        write_files(cls.corpus)
        place = ("--work", cls.work, "--run", cls.run_folder)
        cls.said = {}
        cls.step("tokenizer", "--corpus", cls.corpus, "--work", cls.work, "--vocab", VOCAB)
        cls.step("encode", "--corpus", cls.corpus, "--work", cls.work)
        cls.step("train", *place, *SHAPE, *STEPS, "--frequent", 200, "--open", "--warmup-tokens", 2e4, "--open-depths",
                 "0:1,5e4:2", "--until-tokens", 12e4)
        cls.step("train", *place, *SHAPE, *STEPS, "--frequent", 200, "--decay-minutes", 0.05)
        cls.step("tune", *place, *STEPS, "--minutes", 0.05)
        cls.step("quantize", "--run", cls.run_folder / "tuned.pt", "--out", cls.pack)
        cls.step("ngrams", "--work", cls.work, "--pack", cls.pack, "--entries", 2000)
        cls.step("browser", "--pack", cls.pack, "--out", cls.browser)
        cls.step("export_onnx", "--pack", cls.pack, "--run", cls.run_folder / "tuned.pt", "--out", cls.onnx, "--f32")
        cls.step("export_gguf", "--pack", cls.pack, "--run", cls.run_folder / "tuned.pt", "--out", cls.gguf)

    @classmethod
    def step(cls, name, *arguments):
        command = [sys.executable, "-m", f"recipe.{name}", *map(str, arguments)]
        done = subprocess.run(command, cwd=MODELS, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(f"{name}: {done.stderr[-2000:]}")
        return done.stdout

    def figures(self, model, *more):
        out = self.folder / "figures.json"
        self.step("evaluate", "--model", model, "--corpus", self.corpus, "--stride", 64, "--threads", 1, "--out", out, *more)
        return json.loads(out.read_text())

    def test_it_has_learned_and_quantising_costs_little(self):
        f32 = self.figures(self.run_folder / "tuned.pt")
        # Sentences of four choices among eight are 12 bits in some 40 bytes; a model that has learned nothing needs 5 a byte.
        self.assertLess(f32["bits_per_byte"], 1.0)
        self.assertGreater(f32["recall_at_3"], 0.3)
        for options, share in (((), 0.005), (("--int4",), 0.02), (("--int4-zeros",), 0.02)):
            quantised = self.figures(self.pack, *options)
            self.assertLess(quantised["bits_per_byte"], f32["bits_per_byte"] * (1 + share))

    def test_onnx_says_what_the_network_says(self):
        network, tokenizer = load_any(self.run_folder / "tuned.pt")
        packed, _ = load_any(self.pack)
        prompt = [0, *tokenizer.encode("Our team checks the", add_special_tokens=False).ids]
        for runner, model in ((CpuRunner(self.onnx / "cpu-f32.onnx", 64), network), (StaticRunner(self.onnx), packed)):
            ids, logits = greedy(runner, prompt, 12)
            with torch.no_grad():
                np.testing.assert_allclose(logits, model(torch.tensor([prompt]))[0, -1].numpy(), atol=2e-3)
            self.assertTrue(tokenizer.decode(ids).strip())

    def test_every_file_of_the_exports_is_there(self):
        self.assertEqual(sorted(path.name for path in self.gguf.iterdir()),
                         [f"model-{kind}.gguf" for kind in ("f16", "f32", "q4_0", "q8_0")])
        self.assertEqual(sorted(path.name for path in self.onnx.iterdir()), [
            "config.json", "cpu-f32.onnx", "cpu-int4.onnx", "cpu-int8.onnx", "f32.data", "int4.data", "int8.data",
            "npu-prefill.onnx", "npu-step.onnx", "tokenizer.json"])

    def test_every_step_may_be_run_again(self):
        self.assertIn("nothing to do", self.step("tokenizer", "--corpus", self.corpus, "--work", self.work))
        self.assertEqual(self.step("encode", "--corpus", self.corpus, "--work", self.work).count("exists, skipped"), 8)
        before = (self.pack / "int4.safetensors").read_bytes()
        self.step("quantize", "--run", self.run_folder / "tuned.pt", "--out", self.pack)
        self.assertEqual((self.pack / "int4.safetensors").read_bytes(), before)

    def test_the_curve_is_drawn(self):
        picture = self.folder / "curve.svg"
        self.step("card", "curve", "--run", self.run_folder, "--out", picture)
        self.assertIn("bits per byte", picture.read_text())

    @unittest.skipUnless(PACK_TOOL, "sotto-pack is not built: cargo build -p sotto-pack")
    def test_the_pack_is_signed_and_its_answer_known(self):
        key, signed = self.folder / "key", self.folder / "signed"
        for arguments in (("keygen", "--out", key),
                          ("make", "--blobs", self.browser, "--name", "toy", "--version", "1", "--out", signed, "--key", key)):
            done = subprocess.run([PACK_TOOL[0], *arguments], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        answer = json.loads((signed / "manifest.json").read_text())["knownAnswer"]
        network, _ = load_any(self.browser)
        stored = load_file(self.browser / "model.safetensors")
        table = ngrams.Table(*(stored[ngrams.PREFIX + part].numpy() for part in ("weights", "offsets", "entries")))
        ids, changed = answer["promptIds"], 0
        for expected in answer["greedyIds"]:
            with torch.no_grad():
                own = torch.softmax(network(torch.tensor([ids]))[0, -1], -1).numpy()
            mixed = table.blend(ids, own)
            self.assertEqual(int(mixed.argmax()), expected)
            changed += bool((mixed != own).any())
            ids = [*ids, expected]
        self.assertGreater(changed, 0, "the table knows none of it")

    def test_the_browsers_weights_lose_little_and_can_be_taken_apart_again(self):
        browser = self.figures(self.browser)
        self.assertLess(browser["bits_per_byte"], self.figures(self.pack)["bits_per_byte"] * 1.02)
        alone = self.folder / "alone"
        shutil.copytree(self.browser, alone)
        network_alone(alone)
        names = load_file(alone / "model.safetensors")
        self.assertFalse([name for name in names if name.startswith(ngrams.PREFIX)])
        self.assertAlmostEqual(self.figures(alone)["bits_per_byte"], browser["bits_per_byte"], delta=0.01)


if __name__ == "__main__":
    unittest.main()
