"""The exported graphs against the network they were made from, run by ONNX Runtime."""

import json
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

try:
    import numpy as np
    import onnx
    import onnxruntime
    import torch

    from recipe import int4, int4_zeros, onnx_fixture, onnx_weights
    from recipe.export_onnx import pack_weights, write_graphs
    from recipe.network import NetworkConfig
    from recipe.onnx_cpu import cpu_graph
    from recipe.onnx_graph import DataFile
    from recipe.onnx_run import CpuRunner, StaticRunner, greedy, new_session
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None

FIXTURES = Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "onnx"
EXACT = 2e-4


def tiny(tied=False, **shape):
    """Random weights of the fixture's shape, or of one that differs in `shape`."""
    config = replace(onnx_fixture.SHAPE, **shape)
    network = onnx_fixture.Network(config)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(1.0 + 0.1 * noise if parameter.dim() == 1 else 0.2 * noise)
    state = {name: tensor.detach() for name, tensor in network.state_dict().items()}
    if tied:
        del state["lm_head.weight"]
    return onnx_weights.Weights.of(config, state)


class Model(unittest.TestCase):
    """Graphs of one tiny model, and what the network answers. Holds no tests itself."""

    tied = False

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.weights = tiny(cls.tied)
        write_graphs(cls.weights, cls.folder, f32=True)
        cls.context = cls.weights.config.max_position_embeddings
        cls.ids = torch.randint(1, 320, (70,), generator=torch.Generator().manual_seed(4)).tolist()

    def expected(self, precision, ids):
        network = onnx_fixture.reference(self.weights, precision)
        with torch.no_grad():
            return network(torch.tensor([ids]))[0].numpy()

    def assert_near(self, logits, expected, tolerance=EXACT):
        self.assertLess(np.abs(logits - expected).max(), tolerance)

    def runners(self):
        """(runner, precision of the weights, tolerance). 8-bit activations cost the others a tenth of a unit or two;
        the logits spread over five."""
        yield CpuRunner(self.folder / "cpu-f32.onnx", self.context), "f32", EXACT
        yield CpuRunner(self.folder / "cpu-int8.onnx", self.context), "int8", 0.6
        yield CpuRunner(self.folder / "cpu-int4.onnx", self.context), "int4", 0.6
        yield StaticRunner(self.folder), "int8", EXACT
        # Left to itself, ONNX Runtime rounds activations here, too.
        yield StaticRunner(self.folder, fold_weights=False), "int8", 0.6


class Exported(Model):
    def test_every_graph_gives_the_logits_of_the_network(self):
        for runner, precision, tolerance in self.runners():
            expected = self.expected(precision, self.ids)
            self.assert_near(runner.feed(self.ids[:1])[-1], expected[0], tolerance)
            self.assert_near(runner.feed(self.ids[1:9])[-1], expected[8], tolerance)
            # Longer than the static prefill, and not a multiple of it.
            self.assert_near(runner.feed(self.ids[9:])[-1], expected[-1], tolerance)

    def test_every_graph_can_be_rewound(self):
        for runner, precision, tolerance in self.runners():
            runner.feed(self.ids)
            runner.length = 20
            changed = self.ids[:20] + [7, 8, 9]
            self.assert_near(runner.feed([7, 8, 9])[-1], self.expected(precision, changed)[-1], tolerance)

    def test_every_graph_fills_its_context_to_the_last_slot(self):
        ids = (self.ids * 2)[: self.context]
        for runner, precision, tolerance in self.runners():
            runner.feed(ids[:-1])
            self.assert_near(runner.feed(ids[-1:])[-1], self.expected(precision, ids)[-1], tolerance)
            with self.assertRaisesRegex(ValueError, "do not fit"):
                runner.feed([1])

    def test_greedy_ids_in_f32_are_the_network_s(self):
        ids = list(self.ids[:5])
        found, _ = greedy(CpuRunner(self.folder / "cpu-f32.onnx", self.context), ids, 30)
        for _ in found:
            ids.append(int(self.expected("f32", ids)[-1].argmax()))
        self.assertEqual(found, ids[5:])

    def test_rotary_positions_matter(self):
        """A guard of the tests themselves: the same ids elsewhere must give other logits."""
        runner = CpuRunner(self.folder / "cpu-f32.onnx", self.context)
        first = runner.feed([5, 9, 5, 9])[-1].copy()
        self.assertGreater(np.abs(runner.feed([5, 9, 5, 9])[-1] - first).max(), 0.01)


class ExportedTied(Exported):
    tied = True

    def test_the_head_reads_the_bytes_of_the_embedding(self):
        model = onnx.load(self.folder / "cpu-int8.onnx", load_external_data=False)
        places = {
            tensor.name: {entry.key: entry.value for entry in tensor.external_data} for tensor in model.graph.initializer}
        self.assertEqual(places["model.embed_tokens.weight.rows"]["offset"], places["model.embed_tokens.weight.b8"]["offset"])


class Static(Model):
    def test_pads_write_nothing_and_change_nothing(self):
        runner = StaticRunner(self.folder)
        logits = runner.feed(self.ids[:6])[-1]
        self.assert_near(logits, self.expected("int8", self.ids[:6])[-1])
        for value in runner.past.values():
            self.assertTrue((value[:, :, 6:] == 0).all())
            self.assertTrue((value[:, :, :6] != 0).any())

    def test_past_and_present_may_be_one_buffer_on_the_cpu(self):
        session = new_session(self.folder / "npu-step.onnx", fold_weights=True)
        binding = session.io_binding()
        held = []  # An OrtValue borrows the memory of its array: it must outlive the binding's use.
        for item in session.get_inputs():
            if item.name.startswith("past"):
                held.append(np.zeros(item.shape, dtype=np.float32))
                value = onnxruntime.OrtValue.ortvalue_from_numpy(held[-1])
                held.append(value)
                binding.bind_ortvalue_input(item.name, value)
                binding.bind_ortvalue_output(item.name.replace("past_key_values", "present"), value)
        binding.bind_output("logits", "cpu")
        for position, token in enumerate(self.ids[:12]):
            held += [np.array([[token]]), np.array([[position]])]
            binding.bind_cpu_input("input_ids", held[-2])
            binding.bind_cpu_input("position_ids", held[-1])
            session.run_with_iobinding(binding)
        self.assert_near(binding.get_outputs()[-1].numpy()[0, 0], self.expected("int8", self.ids[:12])[-1])

    def test_shapes_are_static_and_operators_standard(self):
        for name in ("npu-prefill.onnx", "npu-step.onnx"):
            model = onnx.load(self.folder / name)
            onnx.checker.check_model(model, full_check=True)
            self.assertEqual({entry.domain for entry in model.opset_import}, {""})
            for value in [*model.graph.input, *model.graph.output]:
                self.assertTrue(all(d.HasField("dim_value") for d in value.type.tensor_type.shape.dim), value.name)

    def test_every_graph_names_one_data_file(self):
        expected = {"cpu-f32": "f32.data", "cpu-int8": "int8.data", "cpu-int4": "int4.data", "npu-prefill": "int8.data",
                    "npu-step": "int8.data"}
        for name, data in expected.items():
            model = onnx.load(self.folder / f"{name}.onnx", load_external_data=False)
            found = {entry.value for tensor in model.graph.initializer for entry in tensor.external_data
                     if entry.key == "location"}
            self.assertEqual(found, {data})


class Packing(unittest.TestCase):
    def test_int4_survives_packing_and_is_as_near_as_its_scale(self):
        weight = torch.randn(6, 96, generator=torch.Generator().manual_seed(1))
        values, scales = int4.quantize_groups(weight)
        packed, scales = int4.pack(values, scales)
        back = int4.dequantize(packed, scales)
        self.assertEqual(packed.shape, (6, 3, 16))
        np.testing.assert_array_equal(back, (values * torch.from_numpy(scales)[..., None]).reshape(6, 96).numpy())
        self.assertLess(np.abs(back - weight.numpy()).mean(), 0.1)

    def test_int4_of_zeros_is_zero(self):
        packed, scales = int4.pack(*int4.quantize_groups(torch.zeros(2, 32)))
        self.assertTrue((int4.dequantize(packed, scales) == 0).all())

    def test_zero_points_survive_packing_and_fit_weights_that_lie_to_one_side(self):
        weight = torch.randn(6, 192, generator=torch.Generator().manual_seed(1)).abs() + 0.1
        parts = int4_zeros.quantize_groups(weight)
        packed = int4_zeros.pack(*parts)
        # Three groups of 64, and half a byte that is left over.
        self.assertEqual([part.shape for part in packed], [(6, 3, 32), (6, 3), (6, 2)])
        back = int4_zeros.dequantize(*packed)
        codes, scales, zeros = (part.numpy() for part in parts)
        np.testing.assert_array_equal(back, ((codes - zeros[..., None]) * scales[..., None]).reshape(6, 192))
        symmetric = int4.dequantize(*int4.pack(*int4.quantize_groups(weight)))
        error = lambda found: np.square(found - weight.numpy()).mean()
        self.assertLess(error(back), 0.6 * error(symmetric))

    def test_weights_of_zero_stay_zero_among_others(self):
        weight = torch.randn(2, 96, generator=torch.Generator().manual_seed(1)) + 0.5
        weight[:, ::5] = 0
        back = int4_zeros.dequantize(*int4_zeros.pack(*int4_zeros.quantize_groups(weight)))
        self.assertTrue((back[:, ::5] == 0).all())
        self.assertTrue((int4_zeros.dequantize(*int4_zeros.pack(*int4_zeros.quantize_groups(torch.zeros(2, 64)))) == 0).all())

    def test_rows_that_cannot_be_cut_are_refused(self):
        with self.assertRaisesRegex(ValueError, "groups of 32"):
            int4.quantize_groups(torch.zeros(2, 40))
        with self.assertRaisesRegex(ValueError, "groups of 64 or 32"):
            int4_zeros.quantize_groups(torch.zeros(2, 40))
        with self.assertRaisesRegex(ValueError, "blocks of 16"):
            onnx_weights.int8_block(40)

    def test_int8_blocks_of_common_widths(self):
        self.assertEqual([onnx_weights.int8_block(n) for n in (256, 768, 576, 1536, 48)], [256, 256, 64, 256, 16])

    def test_equal_bytes_are_stored_once(self):
        data = DataFile("x")
        values = np.arange(12, dtype=np.float32)
        first = data.place(values)
        other = data.place(values + 1)
        self.assertEqual(data.place(values.reshape(3, 4)), first)
        self.assertEqual(other[0] % 64, 0)
        self.assertEqual(len(data.content), 64 + 48)

    def test_int8_columns_are_the_rows_turned(self):
        weights = tiny()
        names = [f"model.layers.0.self_attn.{part}_proj.weight" for part in "qkv"]
        rows, scales = weights.int8(*names)
        columns, same = weights.int8_columns(*names)
        self.assertEqual(columns.dtype, np.int8)
        np.testing.assert_array_equal(columns.T.astype(int), rows.astype(int) - 128)
        np.testing.assert_array_equal(same, scales)

    def test_calibrated_groups_of_an_older_pack_are_taken_over_into_the_graph(self):
        weights = tiny()
        names = [f"model.layers.{i}.{part}.weight" for i in range(2) for part in (
            "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj",
            "mlp.down_proj")] + ["lm_head.weight"]
        weights.stored_int4 = {}
        for name in names:
            values, scales = weights.__class__.int4(tiny(), name)
            weights.stored_int4 |= {name: torch.from_numpy(values), name + "_scale": torch.from_numpy(scales)}
        self.assertEqual(self.block_sizes(weights), {32})
        # Of a model without any, 64 where the rows allow it: those of down_proj here.
        self.assertEqual(self.block_sizes(tiny()), {32, 64})

    def block_sizes(self, weights):
        graph = cpu_graph(weights, "int4", DataFile("x")).graph
        return {attribute.i for node in graph.node for attribute in node.attribute if attribute.name == "block_size"}

    def test_int8_of_a_pack_is_taken_over_bit_by_bit(self):
        pack = FIXTURES.parent / "tiny-llama" / "int8"
        weights = pack_weights(pack)
        values, scales = weights.int8("lm_head.weight")
        np.testing.assert_array_equal(values.astype(int) - 128, weights.stored["lm_head.weight"].numpy())
        self.assertEqual(scales.shape, (320,))


class Fixtures(unittest.TestCase):
    """The files that other parts of the project test with say the truth."""

    def check(self, folder, name, runner, **overrides):
        golden = json.loads((FIXTURES / folder / "golden.json").read_text())
        graph = golden["graphs"][name]
        ids, logits = greedy(runner, golden["prompt_ids"], len(graph["greedy_ids"]))
        self.assertEqual(ids, graph["greedy_ids"])
        self.assertLess(np.abs(logits - graph["prompt_logits"]).max(), graph["tolerance"])
        if hasattr(runner, "length"):
            runner.length = 0
            rewound = runner.feed(golden["prompt_ids"][: graph["rewound_length"]])[-1]
            self.assertLess(np.abs(rewound - graph["rewound_logits"]).max(), graph["tolerance"])

    def test_ours(self):
        for name in ("cpu-f32.onnx", "cpu-int8.onnx", "cpu-int4.onnx"):
            self.check("ours", name, CpuRunner(FIXTURES / "ours" / name, 104))
        self.check("ours", "npu-prefill.onnx", StaticRunner(FIXTURES / "ours"))

    def test_genai(self):
        self.check("genai", "model.onnx", CpuRunner(FIXTURES / "genai" / "model.onnx", 104))

    def test_merged(self):
        self.check("merged", "onnx/model.onnx", MergedRunner(FIXTURES / "merged/onnx/model.onnx"))
        name = "onnx/decoder_model_merged.onnx"
        self.check("merged-branch", name, MergedRunner(FIXTURES / "merged-branch" / name))

    def test_made_again_the_files_are_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            prompt = json.loads((FIXTURES / "genai" / "golden.json").read_text())["prompt_ids"]
            onnx_fixture.write_genai(Path(folder), prompt, FIXTURES / "genai" / "tokenizer.json")
            for path in Path(folder).iterdir():
                stored = FIXTURES / "genai" / path.name
                if path.name == "golden.json":
                    # The last digit of a logit depends on the order in which a processor adds.
                    self.assert_alike(json.loads(path.read_text()), json.loads(stored.read_text()))
                else:
                    self.assertEqual(path.read_bytes(), stored.read_bytes(), path.name)

    def assert_alike(self, made, stored):
        if isinstance(stored, dict):
            self.assertEqual(made.keys(), stored.keys())
            for key, value in stored.items():
                self.assert_alike(made[key], value)
        elif isinstance(stored, list) and stored and isinstance(stored[0], float):
            np.testing.assert_allclose(made, stored, atol=2e-4)
        else:
            self.assertEqual(made, stored)


class MergedRunner:
    """An optimum model: the cache is empty at first and grows."""

    def __init__(self, path):
        self.session = new_session(path)
        self.past = {
            item.name: np.zeros((1, item.shape[1], 0, item.shape[3]), dtype=np.float32)
            for item in self.session.get_inputs() if item.name.startswith("past")}
        self.branch = any(item.name == "use_cache_branch" for item in self.session.get_inputs())

    def feed(self, ids):
        length = next(iter(self.past.values())).shape[2]
        total = length + len(ids)
        inputs = {"input_ids": np.array([ids]), "attention_mask": np.ones((1, total), dtype=np.int64),
                  "position_ids": np.arange(length, total)[None], **self.past}
        if self.branch:
            inputs["use_cache_branch"] = np.array([length > 0])
        names = [output.name for output in self.session.get_outputs()]
        outputs = dict(zip(names, self.session.run(names, inputs)))
        self.past = {name: outputs[name.replace("past_key_values", "present")] for name in self.past}
        return outputs["logits"][0]


if __name__ == "__main__":
    unittest.main()
