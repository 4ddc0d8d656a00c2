"""The graphs for NPUs: static shapes, standard operators, one for a prefill of S tokens and one for single steps.

Weights are read from the bytes of the int8 data file through DequantizeLinear: the head and the embedding as uint8
[out, in] with the zero point 128 and one scale a row, all others as int8 [in, out] with one scale a column.
Load it with the session option `session.disable_quant_qdq` = 1, which lets ONNX Runtime fold them into f32 constants first:
QNN accepts no DequantizeLinear of weights alone, and others are slow with it.

# Shapes
- in `input_ids`, `position_ids` int64 [1, S]; `last_index` int64 [1] if S > 1; `past_key_values.{i}.key|value` f32
  [1, kv_heads, context, head_dim]
- out `logits` f32 [1, 1, vocab] of row `last_index`; `present.{i}.key|value` as past

A token at position p is written to slot p of the cache and sees slots 0..=p, nothing else. A pad has the position
`context`, one behind the last: it is written nowhere and seen by nobody. Rewinding is going on at an earlier
position. The cache starts with zeros, because 0 * NaN is NaN.

# Source
Writing by a product with a one-hot matrix instead of ScatterND, whose indices NPU compilers take badly: ours. The
operators are those in the intersection of what onnxruntime's QNN and OpenVINO providers list as supported.
"""

import numpy as np
import torch

from recipe.network import rotary_tables
from recipe.onnx_graph import Graph

# What OpenVINO and QNN both read: reductions still take their axes as attributes.
OPSET = 17
PREFILL_TOKENS = 32
# Added to hidden scores. Within the range of f16, and its exponential is 0 in f32.
HIDDEN_SCORE = -10000.0


def static_graph(weights, tokens, data):
    return StaticGraph(weights, tokens, data).build()


class StaticGraph:
    def __init__(self, weights, tokens, data):
        self.weights, self.config, self.tokens = weights, weights.config, tokens
        self.graph = Graph(f"llama-static-{tokens}", data, OPSET)
        self.matrices = {}

    def build(self):
        graph, config, tokens = self.graph, self.config, self.tokens
        ids = graph.input("input_ids", np.int64, [1, tokens])
        positions = graph.input("position_ids", np.int64, [1, tokens])
        last_index = graph.input("last_index", np.int64, [1]) if tokens > 1 else None
        cache = [1, config.num_key_value_heads, config.max_position_embeddings, config.head_dim]
        names = [f"{i}.{part}" for i in range(config.num_hidden_layers) for part in ("key", "value")]
        for name in names:
            graph.input(f"past_key_values.{name}", np.float32, cache)
        graph.output("logits", np.float32, [1, 1, config.vocab_size])
        for name in names:
            graph.output(f"present.{name}", np.float32, cache)

        self.placement(positions)
        self.rotary(positions)
        # Dequantised before it is gathered from: QNN takes no Gather of 8-bit integers.
        rows = graph.node("Gather", [self.matrix(["model.embed_tokens.weight"]), ids], axis=0)
        x = self.reshape(rows, [tokens, config.hidden_size])
        for i in range(config.num_hidden_layers):
            prefix = f"model.layers.{i}."
            x = graph.node("Add", [x, self.attention(i, self.norm(x, prefix + "input_layernorm"))])
            x = graph.node("Add", [x, self.feed_forward(prefix, self.norm(x, prefix + "post_attention_layernorm"))])
        if last_index:
            x = graph.node("Gather", [x, last_index], axis=0)
        logits = graph.node("Gemm", [self.norm(x, "model.norm"), self.matrix([self.weights.head])], transB=1)
        self.reshape(logits, [1, 1, config.vocab_size], "logits")
        return graph.model()

    def placement(self, positions):
        """Which slot each token is written to, which slots stay, which are hidden from whom."""
        graph, context = self.graph, self.config.max_position_embeddings
        slots = graph.constant("slots", np.arange(context, dtype=np.int64)[None])
        column = self.reshape(positions, [self.tokens, 1])
        written = graph.node("Cast", [graph.node("Equal", [column, slots])], to=1)  # [S, context]
        taken = self.reshape(graph.node("ReduceSum", [written, self.ints("first_axis", [0])], keepdims=0), [context, 1])
        self.kept = graph.node("Sub", [self.floats("one", 1.0), taken])  # [context, 1]
        self.written = self.reshape(graph.node("Transpose", [written], perm=[1, 0]), [1, 1, context, self.tokens])
        behind = graph.node("Cast", [graph.node("Greater", [slots, column])], to=1)
        self.bias = graph.node("Mul", [behind, self.floats("hidden_score", HIDDEN_SCORE)])  # [S, context]

    def rotary(self, positions):
        """cos and sin [S, head_dim]; one more row than positions, for the pads."""
        flat = self.reshape(positions, [self.tokens])
        self.cos, self.sin = (
            self.graph.node("Gather", [self.graph.weight(name, torch.nn.functional.pad(table, (0, 0, 0, 1)).numpy()),
                                       flat], axis=0)
            for name, table in zip(("cos", "sin"), rotary_tables(self.config)))

    def attention(self, i, x):
        graph, config, tokens = self.graph, self.config, self.tokens
        heads, kv_heads, head_dim = config.num_attention_heads, config.num_key_value_heads, config.head_dim
        context, prefix = config.max_position_embeddings, f"model.layers.{i}.self_attn."
        qkv = self.product(x, [prefix + f"{part}_proj.weight" for part in "qkv"])
        sizes = self.ints("qkv_sizes", [heads * head_dim, kv_heads * head_dim, kv_heads * head_dim])
        q, k, v = graph.node("Split", [qkv, sizes], 3, axis=1)
        q, k, v = self.split_heads(q, heads), self.split_heads(k, kv_heads), self.split_heads(v, kv_heads)
        k = self.store(i, "key", self.rotate(k))
        v = self.store(i, "value", v)
        # Heads that share keys stand next to each other, so they can be rows of one product.
        rows = [1, kv_heads, heads // kv_heads * tokens, head_dim]
        q = graph.node("Mul", [self.rotate(q), self.floats("score_scale", head_dim ** -0.5)])
        scores = graph.node("MatMul", [self.reshape(q, rows), graph.node("Transpose", [k], perm=[0, 1, 3, 2])])
        scores = graph.node("Add", [self.reshape(scores, [1, heads, tokens, context]), self.bias])
        probs = self.reshape(graph.node("Softmax", [scores], axis=-1), rows[:3] + [context])
        mixed = self.reshape(graph.node("MatMul", [probs, v]), [1, heads, tokens, head_dim])
        mixed = self.reshape(graph.node("Transpose", [mixed], perm=[0, 2, 1, 3]), [tokens, heads * head_dim])
        return self.product(mixed, [prefix + "o_proj.weight"])

    def store(self, i, part, new):
        """The cache with the new rows [1, kv_heads, S, head_dim] at their slots."""
        graph, name = self.graph, f"{i}.{part}"
        kept = graph.node("Mul", [f"past_key_values.{name}", self.kept])
        return graph.node("Add", [kept, graph.node("MatMul", [self.written, new])], [f"present.{name}"])

    def rotate(self, x):
        graph, half = self.graph, self.config.head_dim // 2
        first, second = graph.node("Split", [x, self.ints("halves", [half, half])], 2, axis=3)
        turned = graph.node("Concat", [graph.node("Neg", [second]), first], axis=3)
        return graph.node("Add", [graph.node("Mul", [x, self.cos]), graph.node("Mul", [turned, self.sin])])

    def split_heads(self, x, heads):
        x = self.reshape(x, [1, self.tokens, heads, self.config.head_dim])
        return self.graph.node("Transpose", [x], perm=[0, 2, 1, 3])

    def feed_forward(self, prefix, x):
        graph = self.graph
        gate = self.product(x, [prefix + "mlp.gate_proj.weight"])
        gate = graph.node("Mul", [gate, graph.node("Sigmoid", [gate])])
        inner = graph.node("Mul", [gate, self.product(x, [prefix + "mlp.up_proj.weight"])])
        return self.product(inner, [prefix + "mlp.down_proj.weight"])

    def norm(self, x, name):
        graph = self.graph
        mean = graph.node("ReduceMean", [graph.node("Mul", [x, x])], axes=[-1], keepdims=1)
        root = graph.node("Sqrt", [graph.node("Add", [mean, self.floats("epsilon", self.config.rms_norm_eps)])])
        scale = graph.weight(name + ".weight", self.weights.f32(name + ".weight"))
        return graph.node("Mul", [graph.node("Div", [x, root]), scale])

    def product(self, x, names):
        """x times the stacked matrices."""
        graph = self.graph
        key = names[0] if len(names) == 1 else names[0].replace("q_proj", "qkv_proj")
        values, scales = self.weights.int8_columns(*names)
        matrix = graph.node("DequantizeLinear", [
            graph.weight(key + ".s8", values), graph.weight(key + ".s8_scales", scales)], axis=1)
        return graph.node("Gemm", [x, matrix])

    def matrix(self, names):
        """A matrix as f32 [out, in]; one that is used twice is dequantised once."""
        graph, key = self.graph, names[0]
        if key not in self.matrices:
            values, scales = self.weights.int8(*names)
            zero_points = graph.constant(f"zero_points_{len(values)}", np.full(len(values), 128, dtype=np.uint8))
            self.matrices[key] = graph.node("DequantizeLinear", [
                graph.weight(key + ".b8", values), graph.weight(key + ".b8_scales", scales), zero_points], axis=0)
        return self.matrices[key]

    def reshape(self, x, shape, output=None):
        name = self.ints("shape_" + "_".join(map(str, shape)), shape)
        return self.graph.node("Reshape", [x, name], [output] if output else 1)

    def ints(self, name, values):
        return self.graph.constant(name, np.array(values, dtype=np.int64))

    def floats(self, name, value):
        return self.graph.constant(name, np.float32(value))
