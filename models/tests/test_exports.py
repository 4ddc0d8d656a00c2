"""One tiny model in every form that we export: same weights, same greedy tokens.

Exact in f32; of the quantised forms, those that multiply in f32 give the tokens of the network with the quantised
weights, and those that also round activations to 8 bits stay within COARSE of its logits. Every greedy choice is clear,
so the tokens are the same everywhere.
"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

try:
    import gguf
    import numpy as np
    import torch
    from tokenizers import Tokenizer

    from recipe import export_onnx, gptq, int4, int4_zeros, onnx_fixture
    from recipe.gguf_file import KINDS, tensor_name, write_gguf
    from recipe.network import Network
    from recipe.onnx_run import CpuRunner, StaticRunner, greedy
    from recipe.quantize import write_pack
    from recipe.stored import load_any, load_pack
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None

ROOT = Path(__file__).resolve().parents[2]
TOKENIZER = ROOT / "tests" / "fixtures" / "tiny-llama" / "tokenizer.json"
# A folder with node_modules/node-llama-cpp; `scripts/bench host` installs the one of tests/bench/llama.
LLAMA = Path(os.environ.get("SOTTO_LLAMA", ROOT / "tests" / "bench" / "llama"))
COUNT = 8
# llama.cpp's kernels for AMX give wrong products of quantised rows of 32 values, which the fixture's shape has.
SHAPE = replace(onnx_fixture.SHAPE, hidden_size=64, intermediate_size=96)
# A seed whose greedy choices are clear in all four precisions; with the fixture's pull none was found.
SEED, PULL = 419, 3.0
EXACT = 2e-4
# 8-bit activations: share of the distance between the largest and the smallest logit.
COARSE = 0.02
# By how much every greedy choice leads; so clear a choice no rounding of activations changes.
CLEAR = 0.5
TEXTS = ["It was the best of times, and the worst.", "I don't know: is it 12 or 345?", "Dear Anna,\n\nThe room isn't free."]


class Exports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.pack, cls.onnx, cls.gguf = (Path(folder.name) / name for name in ("pack", "onnx", "gguf"))
        weights = onnx_fixture.tiny_weights(SEED, PULL, SHAPE)
        cls.tokenizer = Tokenizer.from_file(str(TOKENIZER))
        cls.prompt = cls.tokenizer.encode(onnx_fixture.PROMPT).ids
        cls.f32 = Network(weights.config)
        cls.f32.load_state_dict(weights.state)
        calibration = torch.randint(8, 320, (16, 104), generator=torch.Generator().manual_seed(1))
        groups, zeros = gptq.quantize_network(cls.f32, calibration)
        write_pack(cls.f32, groups, TOKENIZER, cls.pack, zeros)
        cls.networks = {"f32": cls.f32, "int8": load_pack(cls.pack), "int4": load_pack(cls.pack, int4),
                        "int4-zeros": load_pack(cls.pack, int4_zeros)}
        exported = export_onnx.pack_weights(cls.pack)
        exported.state = weights.state  # f32, as from --run
        export_onnx.write_graphs(exported, cls.onnx, f32=True)
        cls.gguf.mkdir()
        for kind in KINDS:
            write_gguf(exported, kind, cls.gguf / f"{kind}.gguf", cls.tokenizer)

    @torch.no_grad()
    def expected(self, precision):
        """(greedy ids, logits after the prompt) of the network; every choice is clear."""
        network, ids = self.networks[precision], list(self.prompt)
        first = network(torch.tensor([ids]))[0, -1].numpy()
        for _ in range(COUNT):
            best = network(torch.tensor([ids]))[0, -1].topk(2)
            self.assertGreater((best.values[0] - best.values[1]).item(), CLEAR)
            ids.append(int(best.indices[0]))
        return ids[len(self.prompt) :], first

    def test_onnx_gives_the_network_s_tokens(self):
        context = self.f32.config.max_position_embeddings
        runners = [
            (CpuRunner(self.onnx / "cpu-f32.onnx", context), "f32", EXACT),
            (CpuRunner(self.onnx / "cpu-int8.onnx", context), "int8", COARSE),
            (CpuRunner(self.onnx / "cpu-int4.onnx", context), "int4-zeros", COARSE),
            (StaticRunner(self.onnx), "int8", EXACT),
        ]
        for runner, precision, tolerance in runners:
            ids, logits = greedy(runner, self.prompt, COUNT)
            expected, first = self.expected(precision)
            self.assertEqual(ids, expected)
            self.assertLess(np.abs(logits - first).max(), tolerance * (1 if tolerance == EXACT else np.ptp(first)))

    def test_gguf_holds_the_weights_of_the_pack(self):
        for kind, precision in (("f32", "f32"), ("q8_0", "int8"), ("q4_0", "int4")):
            state = self.read_back(kind)
            for name, tensor in self.networks[precision].state_dict().items():
                np.testing.assert_array_equal(state[name], tensor.numpy(), err_msg=f"{kind} {name}")
        state = self.read_back("f16")
        for name, tensor in self.f32.state_dict().items():
            np.testing.assert_allclose(state[name], tensor.numpy(), rtol=2**-10, atol=1e-6)

    def read_back(self, kind):
        """f32 arrays by Hugging Face name."""
        found = {tensor.name: tensor for tensor in gguf.GGUFReader(self.gguf / f"{kind}.gguf").tensors}
        config, state = self.f32.config, {}
        for name, like in self.f32.state_dict().items():
            tensor = found[tensor_name(name)]
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(like.shape)
            if "q_proj" in name or "k_proj" in name:
                heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
                values = values.reshape(heads, -1, 2, values.shape[1]).swapaxes(1, 2).reshape(like.shape)
            state[name] = values
        return state

    def test_gguf_brings_the_tokenizer(self):
        reader = gguf.GGUFReader(self.gguf / "q8_0.gguf")
        tokens = reader.get_field("tokenizer.ggml.tokens").contents()
        vocabulary = self.tokenizer.get_vocab()
        self.assertEqual([vocabulary[token] for token in tokens], list(range(320)))
        merges = [line.split(" ") for line in reader.get_field("tokenizer.ggml.merges").contents()]
        self.assertEqual(merges, [list(pair) for pair in json.loads(self.tokenizer.to_str())["model"]["merges"]])
        for key in ("bos_token_id", "eos_token_id"):
            self.assertEqual(reader.get_field(f"tokenizer.ggml.{key}").contents(), 0)

    @unittest.skipUnless((LLAMA / "node_modules" / "node-llama-cpp").exists() and shutil.which("node"),
                         "no llama.cpp: install tests/bench/llama with npm, or set SOTTO_LLAMA")
    def test_llama_cpp_gives_the_network_s_tokens(self):
        kinds = {"f32": "f32", "f16": "f32", "q8_0": "int8", "q4_0": "int4"}
        request = {"files": [str(self.gguf / f"{kind}.gguf") for kind in kinds], "prompt": self.prompt, "count": COUNT,
                   "texts": TEXTS}
        script = Path(__file__).with_name("llama.mjs")
        answer = subprocess.run(["node", str(script), str(LLAMA)], input=json.dumps(request), capture_output=True,
                                text=True, timeout=300)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        lines = [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("{")]
        self.assertEqual(len(lines), len(kinds))
        for line, (kind, precision) in zip(lines, kinds.items()):
            self.assertEqual(line["greedy"], self.expected(precision)[0], kind)
            self.assertEqual(line["ids"], [self.tokenizer.encode(text).ids for text in TEXTS])


class Quantised(unittest.TestCase):
    """What the calibration is for: the error of products, on inputs whose parts belong together."""

    def setUp(self):
        generator = torch.Generator().manual_seed(7)
        self.weight = torch.randn(48, 64, generator=generator)
        self.x = torch.randn(2000, 64, generator=generator) @ torch.randn(64, 64, generator=generator)
        self.products = self.x.T @ self.x

    def error(self, values, scales):
        rounded = (values * scales[..., None]).reshape(self.weight.shape)
        return (self.x @ (rounded - self.weight).T).square().mean().item()

    def test_calibrated_products_are_nearer_than_searched_ones(self):
        searched = self.error(*int4.quantize_groups(self.weight))
        calibrated = self.error(*gptq.quantize(self.weight, self.products))
        self.assertLess(calibrated, 0.8 * searched)

    def test_codes_and_scales_fit_the_format(self):
        values, scales = gptq.quantize(self.weight, self.products)
        self.assertTrue(((values >= -8) & (values <= 7) & (values == values.round())).all())
        self.assertTrue(torch.equal(scales, scales.half().float()))
        self.assertEqual((values.shape, scales.shape), ((48, 2, 32), (48, 2)))

    def test_inputs_that_never_occur_do_no_harm(self):
        self.x[:, 5] = 0
        values, scales = gptq.quantize(self.weight, self.x.T @ self.x)
        self.assertTrue(torch.isfinite(scales).all())
        self.assertLess(self.error(values, scales), self.error(*int4.quantize_groups(self.weight)))

    def test_zero_points_make_up_for_groups_of_twice_the_size(self):
        codes, scales, zeros = gptq.quantize_zeros(self.weight, self.products)
        self.assertEqual((codes.shape, scales.shape, zeros.shape), ((48, 1, 64), (48, 1), (48, 1)))
        self.assertTrue(((codes >= 0) & (codes <= 15) & (codes == codes.round())).all())
        self.assertTrue(((zeros >= 0) & (zeros <= 15) & (zeros == zeros.round())).all())
        of_64 = self.error(codes - zeros[..., None], scales)
        self.assertLess(of_64, self.error(*int4.quantize_groups(self.weight)))
        searched, scale, zero = int4_zeros.quantize_groups(self.weight)
        self.assertLess(of_64, 0.8 * self.error(searched - zero[..., None], scale))

    def test_weights_of_zero_stay_zero(self):
        values, scales = gptq.quantize(torch.zeros(4, 64), self.products)
        self.assertEqual((values * scales[..., None]).abs().max().item(), 0.0)


class Refusals(unittest.TestCase):
    def test_int4_of_something_without_int4_says_how_to_make_it(self):
        fixture = ROOT / "tests" / "fixtures" / "tiny-llama" / "int8"
        with tempfile.TemporaryDirectory() as folder:
            for path in fixture.iterdir():
                shutil.copy(path, folder)
            shutil.copy(TOKENIZER, folder)
            with self.assertRaisesRegex(SystemExit, "int4.safetensors.*recipe.quantize"):
                load_any(folder, int4)


if __name__ == "__main__":
    unittest.main()
