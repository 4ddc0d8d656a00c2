"""GGUF files hold the same numbers under llama.cpp's names, with its order of rows in queries and keys."""

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

try:
    import gguf
    import numpy as np

    from recipe.bench_models import random_weights
    from recipe.gguf_file import interleaved, write_gguf
    from recipe.onnx_fixture import SHAPE
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None


class Gguf(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.path = Path(folder.name) / "model.gguf"
        cls.weights = random_weights(replace(SHAPE))
        write_gguf(cls.weights, "q8_0", cls.path)
        cls.reader = gguf.GGUFReader(cls.path)
        cls.tensors = {tensor.name: tensor for tensor in cls.reader.tensors}

    def values(self, name):
        tensor = self.tensors[name]
        return gguf.quants.dequantize(tensor.data, tensor.tensor_type)

    def test_every_weight_is_there_once(self):
        self.assertEqual(len(self.tensors), len(self.weights.state))
        self.assertNotIn("output.weight", self.tensors)  # tied
        np.testing.assert_allclose(
            self.values("blk.1.ffn_down.weight"), self.weights.f32("model.layers.1.mlp.down_proj.weight"), atol=5e-3)

    def test_halves_of_a_head_become_neighbours(self):
        rows = np.arange(8, dtype=np.float32)[:, None]
        self.assertEqual(interleaved(rows, 2)[:, 0].tolist(), [0, 2, 1, 3, 4, 6, 5, 7])
        key = self.weights.f32("model.layers.0.self_attn.k_proj.weight")
        np.testing.assert_allclose(self.values("blk.0.attn_k.weight")[1], key[8], atol=5e-3)

    def test_the_shape_is_stated(self):
        fields = {"block_count": 2, "attention.head_count_kv": 2, "rope.dimension_count": 16, "vocab_size": 320}
        for name, expected in fields.items():
            self.assertEqual(self.reader.get_field(f"llama.{name}").contents(), expected)
        self.assertEqual(len(self.reader.get_field("tokenizer.ggml.tokens").data), 320)

    def test_no_half_written_file_is_left(self):
        self.assertEqual([path.name for path in self.path.parent.iterdir()], ["model.gguf"])


if __name__ == "__main__":
    unittest.main()
