"""Builds ONNX graphs node by node, with weights in one external file that several graphs may share.

Nothing is traced: every node is written down, so the graph is the same on every machine and version of PyTorch.

# Source
External data: onnx.proto3, message TensorProto, fields `external_data` and `data_location`.
"""

from hashlib import sha256

import numpy as np
import onnx
from onnx import TensorProto, helper

# Weights start at multiples of this, so that vector loads of a memory-mapped file are aligned.
ALIGNMENT = 64
IR_VERSION = 10
TYPES = {
    np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.uint8): TensorProto.UINT8, np.dtype(np.int8): TensorProto.INT8,
    np.dtype(np.int64): TensorProto.INT64, np.dtype(np.bool_): TensorProto.BOOL,
}


class DataFile:
    """The bytes of an external file. Equal bytes are stored once, whatever shape each graph gives them."""

    def __init__(self, name):
        self.name = name
        self.content = bytearray()
        self.places = {}

    def place(self, array):
        """(offset, length) of the array's bytes."""
        content = np.ascontiguousarray(array).tobytes()
        digest = sha256(content).digest()
        if digest not in self.places:
            self.content.extend(bytes(-len(self.content) % ALIGNMENT))
            self.places[digest] = (len(self.content), len(content))
            self.content.extend(content)
        return self.places[digest]


class Graph:
    """Nodes, inputs and outputs of one graph. Methods return the names of what they make."""

    def __init__(self, name, data, opset, contrib=False):
        self.name, self.data, self.opset, self.contrib = name, data, opset, contrib
        self.nodes, self.inputs, self.outputs, self.initializers = [], [], [], {}
        # Put before the names of what nodes make: a subgraph must not repeat names of the graph around it.
        self.prefix = ""

    def input(self, name, dtype, shape):
        self.inputs.append(helper.make_tensor_value_info(name, TYPES[np.dtype(dtype)], shape))
        return name

    def output(self, name, dtype, shape):
        self.outputs.append(helper.make_tensor_value_info(name, TYPES[np.dtype(dtype)], shape))
        return name

    def node(self, op, inputs, outputs=1, domain="", **attributes):
        """Adds a node. `outputs` is a count or the names; one output is returned as a string, more as a list."""
        if isinstance(outputs, int):
            outputs = [f"{self.prefix}{op}_{len(self.nodes)}" + (f"_{i}" if outputs > 1 else "") for i in range(outputs)]
        node = helper.make_node(op, list(inputs), list(outputs), name=f"{self.prefix}n{len(self.nodes)}_{op}", domain=domain)
        # One by one: helper.make_node drops attributes that are None, but also reorders them.
        node.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(attributes.items()))
        self.nodes.append(node)
        return outputs[0] if len(outputs) == 1 else outputs

    def constant(self, name, array):
        """A small tensor inside the graph file."""
        array = np.asarray(array)
        if name not in self.initializers:
            self.initializers[name] = onnx.numpy_helper.from_array(array, name)
        return name

    def weight(self, name, array):
        """A tensor in the external file."""
        if name not in self.initializers:
            offset, length = self.data.place(array)
            tensor = TensorProto(name=name, data_type=TYPES[array.dtype], dims=array.shape)
            tensor.data_location = TensorProto.EXTERNAL
            for field, value in (("location", self.data.name), ("offset", offset), ("length", length)):
                tensor.external_data.add(key=field, value=str(value))
            self.initializers[name] = tensor
        return name

    def body(self):
        """The nodes as a subgraph for an `If`; reads what it needs from the graph around it."""
        return helper.make_graph(self.nodes, self.name, [], self.outputs)

    def model(self):
        graph = helper.make_graph(
            self.nodes, self.name, self.inputs, self.outputs, initializer=list(self.initializers.values()))
        opsets = [helper.make_opsetid("", self.opset)]
        if self.contrib:
            opsets.append(helper.make_opsetid("com.microsoft", 1))
        model = helper.make_model(graph, opset_imports=opsets, producer_name="sotto")
        model.ir_version = IR_VERSION
        return model
