"""Small look-alikes of the two shapes in which other exporters write Llama models. For fixtures only.

- `merged_decoder`: what optimum writes and transformers.js reads: standard operators, a cache that is empty at first and
  grows by concatenation, `position_ids` beside the mask, logits of all positions. With `branch` it has the older form
  with the input `use_cache_branch`, in which an `If` chooses between a pass that ignores the cache and one that uses it.
- `genai_graph`, `genai_config`: what onnxruntime-genai's builder writes.

# Shapes
- in `input_ids`, `position_ids` int64 [batch, s], `attention_mask` int64 [batch, total], `past_key_values.{i}.key|value` f32
  [batch, kv_heads, past, head_dim], `use_cache_branch` bool [1]
- out `logits` f32 [batch, s, vocab], `present.{i}.key|value` f32 [batch, kv_heads, total, head_dim]

# Source
Names and order of inputs: github.com/huggingface/optimum-onnx, exporters/onnx/config.py (`TextDecoderOnnxConfig`) and
github.com/microsoft/onnxruntime-genai, src/python/py/models/builder.py (`make_genai_config`).
"""

import numpy as np

from recipe.onnx_cpu import CpuGraph
from recipe.onnx_graph import Graph

OPSET = 17
HIDDEN_SCORE = float(np.finfo(np.float32).min)
BOOL = 9


def genai_graph(weights, data):
    return CpuGraph(weights, "int4", data, all_positions=True, f32_embedding=True, scaled_query=False,
                    int4_zeros=False).build()


def genai_config(config, filename):
    return {
        "model": {
            "bos_token_id": 0, "context_length": config.max_position_embeddings,
            "decoder": {
                "session_options": {"log_id": "onnxruntime-genai", "provider_options": []},
                "filename": filename, "head_size": config.head_dim, "hidden_size": config.hidden_size,
                "inputs": {
                    "input_ids": "input_ids", "attention_mask": "attention_mask",
                    "past_key_names": "past_key_values.%d.key", "past_value_names": "past_key_values.%d.value",
                },
                "outputs": {
                    "logits": "logits", "present_key_names": "present.%d.key", "present_value_names": "present.%d.value",
                },
                "num_attention_heads": config.num_attention_heads, "num_hidden_layers": config.num_hidden_layers,
                "num_key_value_heads": config.num_key_value_heads,
            },
            "eos_token_id": 0, "pad_token_id": 0, "type": "llama", "vocab_size": config.vocab_size,
        },
        "search": {
            "diversity_penalty": 0.0, "do_sample": False, "early_stopping": True, "length_penalty": 1.0,
            "max_length": config.max_position_embeddings, "min_length": 0, "no_repeat_ngram_size": 0, "num_beams": 1,
            "num_return_sequences": 1, "past_present_share_buffer": True, "repetition_penalty": 1.0,
            "temperature": 1.0, "top_k": 50, "top_p": 1.0,
        },
    }


def merged_decoder(weights, branch=False):
    """The whole model in one file, weights included."""
    config = weights.config
    graph = Graph("main_graph", None, OPSET)
    graph.input("input_ids", np.int64, ["batch_size", "sequence_length"])
    graph.input("attention_mask", np.int64, ["batch_size", "total_sequence_length"])
    graph.input("position_ids", np.int64, ["batch_size", "sequence_length"])
    past = ["batch_size", config.num_key_value_heads, "past_sequence_length", config.head_dim]
    for name in cache_names(config):
        graph.input(f"past_key_values.{name}", np.float32, past)
    add_outputs(graph, config)
    if branch:
        graph.input("use_cache_branch", np.bool_, [1])
        parts = [Pass(graph, weights, prefix, with_past) for prefix, with_past in (("past/", True), ("first/", False))]
        names = [output.name for output in graph.outputs]
        graph.node("If", ["use_cache_branch"], names, then_branch=parts[0].body(), else_branch=parts[1].body())
    else:
        Pass(graph, weights, "", True, inside=graph)
    return graph.model()


def cache_names(config):
    return [f"{i}.{part}" for i in range(config.num_hidden_layers) for part in ("key", "value")]


def add_outputs(graph, config, prefix=""):
    graph.output(prefix + "logits", np.float32, ["batch_size", "sequence_length", config.vocab_size])
    present = ["batch_size", config.num_key_value_heads, "total_sequence_length", config.head_dim]
    for name in cache_names(config):
        graph.output(f"{prefix}present.{name}", np.float32, present)


class Pass:
    """The nodes of one pass, in the main graph (`inside`) or in one of its own that shares the weights."""

    def __init__(self, main, weights, prefix, with_past, inside=None):
        self.weights, self.config, self.prefix, self.with_past = weights, weights.config, prefix, with_past
        self.graph = inside
        if inside is None:
            self.graph = Graph(prefix.strip("/"), None, OPSET)
            self.graph.prefix, self.graph.initializers = prefix, main.initializers
            add_outputs(self.graph, self.config, prefix)
        self.build()

    def body(self):
        return self.graph.body()

    def build(self):
        graph, config = self.graph, self.config
        embedding = self.matrix("model.embed_tokens.weight", transposed=False)
        x = graph.node("Gather", [embedding, "input_ids"], axis=0)
        self.rotary()
        self.bias = self.mask()
        for i in range(config.num_hidden_layers):
            prefix = f"model.layers.{i}."
            x = graph.node("Add", [x, self.attention(i, self.norm(x, prefix + "input_layernorm"))])
            h = self.norm(x, prefix + "post_attention_layernorm")
            gate = self.product(h, prefix + "mlp.gate_proj.weight")
            gate = graph.node("Mul", [gate, graph.node("Sigmoid", [gate])])
            h = graph.node("Mul", [gate, self.product(h, prefix + "mlp.up_proj.weight")])
            x = graph.node("Add", [x, self.product(h, prefix + "mlp.down_proj.weight")])
        head = self.matrix(self.weights.head)
        graph.node("MatMul", [self.norm(x, "model.norm"), head], [self.prefix + "logits"])

    def rotary(self):
        """cos and sin [batch, 1, s, head_dim] computed from `position_ids`."""
        graph, config = self.graph, self.config
        powers = np.arange(0, config.head_dim, 2, dtype=np.float32) / config.head_dim
        frequencies = graph.constant("inv_freq", (config.rope_theta ** -powers).astype(np.float32)[None, None, None])
        positions = graph.node("Unsqueeze", ["position_ids", self.ints("axes_1_3", [1, 3])])
        angles = graph.node("Mul", [graph.node("Cast", [positions], to=1), frequencies])
        angles = graph.node("Concat", [angles, angles], axis=3)
        self.cos, self.sin = graph.node("Cos", [angles]), graph.node("Sin", [angles])

    def mask(self):
        """Added to the scores [batch, kv_heads, group, s, total]: the causal triangle and the padding."""
        graph = self.graph
        total = self.size("attention_mask", 1)
        new = self.size("input_ids", 1)
        zero, one = self.scalar("zero", 0), self.scalar("one", 1)
        columns = graph.node("Range", [zero, total, one])
        rows = graph.node("Range", [graph.node("Sub", [total, new]), total, one])
        rows = graph.node("Unsqueeze", [rows, self.ints("axes_1", [1])])
        causal = graph.node("LessOrEqual", [columns, rows])  # [s, total]
        kept = graph.node("Unsqueeze", ["attention_mask", self.ints("axes_1_2_3", [1, 2, 3])])
        kept = graph.node("Cast", [kept], to=BOOL)
        seen = graph.node("And", [causal, kept])
        zero = graph.constant("no_bias", np.float32(0))
        return graph.node("Where", [seen, zero, graph.constant("hidden", np.float32(HIDDEN_SCORE))])

    def attention(self, i, x):
        graph, config, prefix = self.graph, self.config, f"model.layers.{i}.self_attn."
        heads, kv_heads, head_dim = config.num_attention_heads, config.num_key_value_heads, config.head_dim
        q = self.rotate(self.heads(self.product(x, prefix + "q_proj.weight"), heads))
        k = self.rotate(self.heads(self.product(x, prefix + "k_proj.weight"), kv_heads))
        v = self.heads(self.product(x, prefix + "v_proj.weight"), kv_heads)
        k, v = self.grow(i, "key", k), self.grow(i, "value", v)
        q = graph.node("Reshape", [q, self.ints("grouped", [0, kv_heads, heads // kv_heads, -1, head_dim])])
        axis = self.ints("axes_2", [2])
        k, v = graph.node("Unsqueeze", [k, axis]), graph.node("Unsqueeze", [v, axis])
        scores = graph.node("MatMul", [q, graph.node("Transpose", [k], perm=[0, 1, 2, 4, 3])])
        scores = graph.node("Mul", [scores, graph.constant("scale", np.float32(head_dim ** -0.5))])
        probs = graph.node("Softmax", [graph.node("Add", [scores, self.bias])], axis=-1)
        mixed = graph.node("MatMul", [probs, v])
        mixed = graph.node("Reshape", [mixed, self.ints("ungrouped", [0, heads, -1, head_dim])])
        mixed = graph.node("Transpose", [mixed], perm=[0, 2, 1, 3])
        mixed = graph.node("Reshape", [mixed, self.ints("joined", [0, 0, heads * head_dim])])
        return self.product(mixed, prefix + "o_proj.weight")

    def grow(self, i, part, new):
        output = [f"{self.prefix}present.{i}.{part}"]
        if not self.with_past:
            return self.graph.node("Identity", [new], output)
        return self.graph.node("Concat", [f"past_key_values.{i}.{part}", new], output, axis=2)

    def heads(self, x, count):
        x = self.graph.node("Reshape", [x, self.ints(f"heads_{count}", [0, 0, count, self.config.head_dim])])
        return self.graph.node("Transpose", [x], perm=[0, 2, 1, 3])

    def rotate(self, x):
        graph, half = self.graph, self.config.head_dim // 2
        first, second = graph.node("Split", [x, self.ints("halves", [half, half])], 2, axis=3)
        turned = graph.node("Concat", [graph.node("Neg", [second]), first], axis=3)
        return graph.node("Add", [graph.node("Mul", [x, self.cos]), graph.node("Mul", [turned, self.sin])])

    def norm(self, x, name):
        graph = self.graph
        mean = graph.node("ReduceMean", [graph.node("Mul", [x, x])], axes=[-1], keepdims=1)
        epsilon = graph.constant("epsilon", np.float32(self.config.rms_norm_eps))
        root = graph.node("Sqrt", [graph.node("Add", [mean, epsilon])])
        return graph.node("Mul", [graph.node("Div", [x, root]), self.matrix(name + ".weight", transposed=False)])

    def product(self, x, name):
        return self.graph.node("MatMul", [x, self.matrix(name)])

    def matrix(self, name, transposed=True):
        values = self.weights.f32(name)
        if not transposed:
            return self.graph.constant(name, values)
        return self.graph.constant(name + ".transposed", np.ascontiguousarray(values.T))

    def size(self, name, axis):
        shape = self.graph.node("Shape", [name])
        return self.graph.node("Gather", [shape, self.scalar(f"axis_{axis}", axis)], axis=0)

    def ints(self, name, values):
        return self.graph.constant(name, np.array(values, dtype=np.int64))

    def scalar(self, name, value):
        return self.graph.constant(f"scalar_{name}", np.array(value, dtype=np.int64))
