"""The graph for ONNX Runtime's CPU kernels: GroupQueryAttention, and DynamicQuantizeMatMul (INT8) or MatMulNBits (INT4).

Names, shapes and the meaning of `attention_mask` are those of an onnxruntime-genai export, so one engine runs both.

# Shapes
- in `input_ids` int64 [1, s], `attention_mask` int64 [1, total], `past_key_values.{i}.key|value` f32 [1, kv_heads, max, head_dim]
- out `logits` f32 [1, 1, vocab] of the last position (`all_positions`: [1, s, vocab]), `present.{i}.key|value` as past

The INT8 products take signed weights, one scale a column, and activations with one scale a call: those kernels use a
processor's matrix unit (AMX), which MatMulNBits has none for, and many tokens at once are several times as fast. The head
multiplies one row only and stays MatMulNBits, whose bytes serve the embedding, too. Measured on the model that ships
(16 thousand tokens it never saw, 256 at a time): 4.3095 nats a token with f32 activations, 4.3102 with one scale a block,
4.3113 with one scale a call.

The query is scaled by its weights and not by GroupQueryAttention: only unscaled products of one row read the keys as they
lie, others copy them first. The scale of a head of 64 is a power of two, so nothing is rounded. Measured with 128 to 160
tokens in the cache: attention takes 0.7 of the time, a token of the 30 M model 0.91 of it in INT8 and in INT4.

`total` counts the tokens in the cache and the new ones. Past and present may be one buffer: GroupQueryAttention writes
the new rows at `total - s`, so a shorter mask rewinds the cache.

# Source
Operators: onnxruntime docs/ContribOperators.md. The mask arithmetic: onnxruntime-genai
src/python/py/models/builder.py, `make_attention_mask_reformatting_for_gqa`. The products of one row: onnxruntime
core/mlas/lib/sgemm.cpp, `MlasSgemmOperation`.
"""

import numpy as np

from recipe.network import rotary_tables
from recipe.onnx_graph import Graph
from recipe.onnx_weights import int8_block

OPSET = 21
CONTRIB = "com.microsoft"
# Activations are quantised to 8 bits for the products (onnxruntime: SQNBIT_CompInt8). Without it the kernels unpack
# the weights to f32 first, which costs more than the products.
INT8_PRODUCTS = 4


def cpu_graph(weights, precision, data):
    """`precision` is f32, int8 or int4. Of an int4 graph the embedding stays int8: rows are read, not multiplied."""
    return CpuGraph(weights, precision, data).build()


class CpuGraph:
    """The options past `data` are how foreign exports differ from ours."""

    def __init__(self, weights, precision, data, all_positions=False, f32_embedding=False, scaled_query=True,
                 int4_zeros=True):
        self.weights, self.config, self.precision = weights, weights.config, precision
        self.all_positions = all_positions
        self.f32_embedding = f32_embedding or precision == "f32"
        self.scaled_query = scaled_query
        self.int4_zeros = int4_zeros and weights.has_int4_zeros
        self.graph = Graph(f"llama-{precision}", data, OPSET, contrib=True)

    def build(self):
        graph, config = self.graph, self.config
        ids = graph.input("input_ids", np.int64, [1, "s"])
        mask = graph.input("attention_mask", np.int64, [1, "total"])
        cache = [1, config.num_key_value_heads, "max", config.head_dim]
        for i in range(config.num_hidden_layers):
            for part in ("key", "value"):
                graph.input(f"past_key_values.{i}.{part}", np.float32, cache)
        rows = "s" if self.all_positions else 1
        graph.output("logits", np.float32, [1, rows, config.vocab_size])
        for i in range(config.num_hidden_layers):
            for part in ("key", "value"):
                graph.output(f"present.{i}.{part}", np.float32, cache)

        self.lengths(mask)
        residual = self.embedding(ids)
        normed = graph.node("SimplifiedLayerNormalization", [residual, self.norm("model.layers.0.input_layernorm")],
                            axis=-1, epsilon=config.rms_norm_eps, stash_type=1)
        for i in range(config.num_hidden_layers):
            normed, residual = self.block(i, normed, residual)
        self.product(normed, [self.weights.head], "logits")
        return graph.model()

    def lengths(self, mask):
        """`seqlens_k` (index of the last token, int32 [1]) and `total` (int32 scalar) from the mask."""
        graph = self.graph
        one = graph.constant("one", np.array([1], dtype=np.int64))
        summed = graph.node("ReduceSum", [mask, one], keepdims=0)
        self.seqlens = graph.node("Cast", [graph.node("Sub", [summed, one])], to=6)
        shape = graph.node("Shape", [mask])
        total = graph.node("Gather", [shape, graph.constant("axis_one", np.array(1, dtype=np.int64))], axis=0)
        self.total = graph.node("Cast", [total], to=6)

    def embedding(self, ids):
        graph, name = self.graph, "model.embed_tokens.weight"
        if self.f32_embedding:
            return graph.node("Gather", [graph.weight(name, self.weights.f32(name)), ids], axis=0)
        return dequantized_rows(graph, self.weights, ids)

    def block(self, i, normed, residual):
        graph, config, prefix = self.graph, self.config, f"model.layers.{i}."
        attention = [prefix + f"self_attn.{part}_proj.weight" for part in "qkv"]
        cos, sin = self.rotary()
        mixed, _, _ = graph.node(
            "GroupQueryAttention",
            [self.product(normed, attention), "", "", f"past_key_values.{i}.key", f"past_key_values.{i}.value",
             self.seqlens, self.total, cos, sin],
            [f"attention_{i}", f"present.{i}.key", f"present.{i}.value"], domain=CONTRIB,
            num_heads=config.num_attention_heads, kv_num_heads=config.num_key_value_heads,
            scale=1.0 if self.scaled_query else config.head_dim ** -0.5, do_rotary=1, rotary_interleaved=0,
            local_window_size=-1,
        )
        last = i == config.num_hidden_layers - 1
        if last and not self.all_positions:
            # From here on positions do not see each other: only the last one is needed.
            index = graph.constant("last", np.array([-1], dtype=np.int64))
            mixed = graph.node("Gather", [mixed, index], axis=1)
            residual = graph.node("Gather", [residual, index], axis=1)
        mixed = self.product(mixed, [prefix + "self_attn.o_proj.weight"])
        normed, residual = self.add_and_norm(residual, mixed, prefix + "post_attention_layernorm")
        gate = self.product(normed, [prefix + "mlp.gate_proj.weight"])
        gate = graph.node("Mul", [gate, graph.node("Sigmoid", [gate])])
        inner = graph.node("Mul", [gate, self.product(normed, [prefix + "mlp.up_proj.weight"])])
        inner = self.product(inner, [prefix + "mlp.down_proj.weight"])
        return self.add_and_norm(residual, inner, "model.norm" if last else f"model.layers.{i + 1}.input_layernorm")

    def add_and_norm(self, residual, update, norm):
        """(norm(residual + update), residual + update)"""
        normed, _, _, total = self.graph.node(
            "SkipSimplifiedLayerNormalization", [residual, update, self.norm(norm)],
            [f"{norm}.normed", "", "", f"{norm}.sum"], domain=CONTRIB, epsilon=self.config.rms_norm_eps)
        return normed, total

    def norm(self, name):
        return self.graph.weight(name + ".weight", self.weights.f32(name + ".weight"))

    def rotary(self):
        """Tables [positions, head_dim / 2]: the halves of a head turn by the same angles."""
        half = self.config.head_dim // 2
        cos, sin = rotary_tables(self.config)
        return [self.graph.weight(name, table[:, :half].numpy().copy()) for name, table in (("cos", cos), ("sin", sin))]

    def product(self, x, names, output=None):
        """x times the stacked matrices, in the graph's precision."""
        graph, outputs = self.graph, [output] if output else 1
        key = names[0] if len(names) == 1 else names[0].replace("q_proj", "qkv_proj")
        factors = self.factors(names)
        if self.precision == "f32":
            matrix = np.ascontiguousarray(self.weights.f32(*names).T * factors)
            return graph.node("MatMul", [x, graph.weight(key + ".transposed", matrix)], outputs)
        if self.precision == "int8" and names != [self.weights.head]:
            values, scales = self.weights.int8_columns(*names)
            scales = scales * factors
            # Where signed weights would overflow, ONNX Runtime rewrites them, and wants zero points of their own for it.
            zero_points = graph.constant(key + ".s8_zero_points", np.zeros(len(scales), dtype=np.int8))
            return graph.node("DynamicQuantizeMatMul", [
                x, graph.weight(key + ".s8", values), graph.weight(key + ".s8_scales", scales), zero_points], outputs,
                domain=CONTRIB)
        if self.precision == "int8":
            values, scales = self.weights.int8(*names)
            bits, block = 8, int8_block(values.shape[1])
            values = values.reshape(len(values), -1, block)
            scales = np.repeat(scales[:, None], values.shape[1], axis=1)
            zeros = None
        else:
            values, scales, zeros = self.weights.int4_zeros(*names) if self.int4_zeros else (*self.weights.int4(*names), None)
            scales = scales * factors[:, None]
            bits, block = 4, values.shape[2] * 2
        tensors = [graph.weight(f"{key}.b{bits}", values), graph.weight(f"{key}.b{bits}_scales", scales)]
        if zeros is not None:
            tensors.append(graph.weight(f"{key}.b{bits}_zeros", zeros))
        return graph.node("MatMulNBits", [x, *tensors], outputs, domain=CONTRIB, K=values.shape[1] * block, N=len(values),
                          bits=bits, block_size=block, accuracy_level=INT8_PRODUCTS)

    def factors(self, names):
        """f32 [out]: what the rows of the stacked matrices are multiplied by. 1, but for the query's."""
        rows = [len(self.weights.state[name]) for name in names]
        factors = [self.config.head_dim ** -0.5 if self.scaled_query and "q_proj" in name else 1.0 for name in names]
        return np.repeat(factors, rows).astype(np.float32)


def dequantized_rows(graph, weights, ids):
    """f32 rows of the int8 embedding: gather first, so that only what is read is dequantised. Adds a last axis."""
    name = "model.embed_tokens.weight"
    values, scales = weights.int8(name)
    rows = graph.node("Gather", [graph.weight(name + ".rows", values), ids], axis=0)
    scale = graph.node("Gather", [graph.weight(name + ".rows_scales", scales[:, None]), ids], axis=0)
    centred = graph.node("Sub", [graph.node("Cast", [rows], to=1), graph.constant("zero_point", np.float32(128))])
    return graph.node("Mul", [centred, scale])
