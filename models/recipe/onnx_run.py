"""Runs the exported graphs with onnxruntime, as the host does: for tests, fixtures and measurements.

Both classes take the next tokens with `feed` and go back with `length = n`.
"""

import numpy as np
import onnxruntime as ort


def new_session(path, threads=1, fold_weights=False, optimise=True):
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A thread pool that spins takes the second core from everyone else.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if fold_weights:
        options.add_session_config_entry("session.disable_quant_qdq", "1")
    if not optimise:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class CpuRunner:
    """A graph of recipe.onnx_cpu, or an onnxruntime-genai export; past and present are one buffer."""

    def __init__(self, path, context, threads=1):
        self.session = new_session(path, threads)
        self.binding = self.session.io_binding()
        self.cache = []
        for item in self.session.get_inputs():
            if item.name.startswith("past_key_values."):
                value = ort.OrtValue.ortvalue_from_numpy(
                    np.zeros([1, item.shape[1], context, item.shape[3]], dtype=np.float32))
                self.binding.bind_ortvalue_input(item.name, value)
                self.binding.bind_ortvalue_output(item.name.replace("past_key_values", "present"), value)
                self.cache.append(value)
        self.context, self.length = context, 0

    def feed(self, ids):
        """Logits [rows, vocab] of the new ids; our graphs have only the last row."""
        total = self.length + len(ids)
        if total > self.context:
            raise ValueError(f"{total} tokens do not fit a context of {self.context}")
        # Held until the run is over: a binding may borrow the memory of its arrays.
        tokens, mask = np.array([ids], dtype=np.int64), np.ones((1, total), dtype=np.int64)
        self.binding.bind_cpu_input("input_ids", tokens)
        self.binding.bind_cpu_input("attention_mask", mask)
        self.binding.bind_output("logits", "cpu")
        self.session.run_with_iobinding(self.binding)
        self.length = total
        # Outputs come back in the order of binding, and logits are bound after the cache.
        return self.binding.get_outputs()[len(self.cache)].numpy()[0]


class StaticRunner:
    """The pair of graphs of recipe.onnx_static in one folder; two caches that take turns."""

    def __init__(self, folder, threads=1, fold_weights=True):
        self.prefill = new_session(folder / "npu-prefill.onnx", threads, fold_weights)
        self.step = new_session(folder / "npu-step.onnx", threads, fold_weights)
        shapes = {item.name: item.shape for item in self.prefill.get_inputs()}
        self.tokens = shapes["input_ids"][1]
        self.past = {name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items() if "past" in name}
        self.context, self.length = shapes["past_key_values.0.key"][2], 0

    def feed(self, ids):
        """Logits [1, vocab] of the last id."""
        if self.length + len(ids) > self.context:
            raise ValueError(f"{self.length + len(ids)} tokens do not fit a context of {self.context}")
        logits = None
        for start in range(0, len(ids), self.tokens):
            part = ids[start : start + self.tokens]
            session = self.step if len(part) == 1 else self.prefill
            width = 1 if len(part) == 1 else self.tokens
            tokens, positions = np.zeros((1, width), np.int64), np.full((1, width), self.context, np.int64)
            tokens[0, : len(part)] = part
            positions[0, : len(part)] = np.arange(self.length, self.length + len(part))
            inputs = {"input_ids": tokens, "position_ids": positions, **self.past}
            if width > 1:
                inputs["last_index"] = np.array([len(part) - 1], dtype=np.int64)
            names = [output.name for output in session.get_outputs()]
            outputs = dict(zip(names, session.run(names, inputs)))
            self.past = {name: outputs[name.replace("past_key_values", "present")] for name in self.past}
            self.length += len(part)
            logits = outputs["logits"][0]
        return logits


def greedy(runner, prompt, count):
    """`count` ids after the prompt, and the logits after the prompt."""
    first = logits = runner.feed(prompt)[-1]
    ids = []
    for _ in range(count):
        ids.append(int(logits.argmax()))
        logits = runner.feed(ids[-1:])[-1]
    return ids, first
