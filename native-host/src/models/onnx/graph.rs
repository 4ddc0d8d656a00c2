//! From the messages to what is asked of them.

use std::path::Path;

use prost::Message as _;
use sotto_core::pack::{BlobRole, Precision, is_file_name};

use super::messages::{
    AttributeProto, DimensionValue, GraphProto, ModelProto, NodeProto, SparseTensorProto,
    TensorProto, ValueInfoProto,
};
use crate::models::{ModelError, files};

/// `TensorProto.DataLocation.EXTERNAL`
const EXTERNAL: i32 = 1;
/// `TensorProto.DataType`
const FLOAT: i32 = 1;
const FLOAT16: i32 = 10;
const BFLOAT16: i32 = 16;

/// Domains whose operators ONNX Runtime itself has. Others need a library that somebody would have to load.
const KNOWN_DOMAINS: [&str; 3] = ["", "ai.onnx", "com.microsoft"];

/// An ONNX file, as far as an import looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphFile {
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
    /// Whether attention is ONNX Runtime's fused operator.
    pub(crate) has_gqa: bool,
    pub(crate) precision: Precision,
    /// What it reads of which data files.
    pub(crate) slices: Vec<Slice>,
}

/// An input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) name: String,
    pub(crate) dimensions: Vec<Dimension>,
}

/// A dimension of an input or output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dimension {
    Fixed(u32),
    Free,
}

/// A range of a data file: `start..end` in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) file: String,
    pub(crate) end: u64,
}

/// Types of the operators of a graph in memory, without those of graphs inside it; nothing if it is no ONNX model.
pub(crate) fn operators_of(model: &[u8]) -> Option<Vec<String>> {
    let graph = ModelProto::decode(model).ok()?.graph?;
    Some(graph.node.into_iter().map(|node| node.op_type).collect())
}

/// Whether a graph in memory keeps what it has in data files in its list of weights alone: not in graphs inside it, in
/// functions or in attributes.
pub(super) fn has_data_only_in_initializers(model: &[u8]) -> bool {
    let Ok(model) = ModelProto::decode(model) else {
        return false;
    };
    let mut survey = Survey::default();
    let mut elsewhere = || {
        if let Some(graph) = &model.graph {
            survey.nodes(&graph.node)?;
            for tensor in &graph.sparse_initializer {
                survey.sparse(tensor)?;
            }
        }
        for function in &model.functions {
            survey.nodes(&function.node)?;
        }
        Ok::<_, &str>(())
    };
    elsewhere().is_ok() && survey.slices.is_empty()
}

impl GraphFile {
    /// Reads `path`.
    ///
    /// # Errors
    /// [`ModelError::Graph`] for what is no ONNX model, or refers to something outside its folder or outside ONNX Runtime.
    pub(crate) fn read(path: &Path) -> Result<Self, ModelError> {
        let bytes = files::read_followed(path, BlobRole::Graph.max_bytes().into())?;
        Self::parse(&bytes).map_err(|reason| ModelError::Graph {
            path: path.into(),
            reason,
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let damaged = "is damaged, or no ONNX model";
        // prost bounds the depth of nesting itself.
        let model = ModelProto::decode(bytes).map_err(|_| damaged)?;
        let graph = model.graph.ok_or(damaged)?;
        if graph.node.is_empty() {
            return Err(damaged);
        }
        let mut survey = Survey::default();
        survey.graph(&graph)?;
        for function in &model.functions {
            survey.nodes(&function.node)?;
        }
        Ok(Self {
            // Older exports list the weights among the inputs.
            inputs: ports(&graph.input, &graph.initializer),
            outputs: ports(&graph.output, &[]),
            has_gqa: survey.has_gqa,
            precision: survey.precision(),
            slices: survey.slices,
        })
    }

    /// The input with this name.
    pub(crate) fn input(&self, name: &str) -> Option<&Port> {
        self.inputs.iter().find(|port| port.name == name)
    }

    /// Names of the data files.
    pub(crate) fn data(&self) -> Vec<String> {
        self.slices.iter().map(|slice| slice.file.clone()).collect()
    }

    /// Whether there is an output with this name.
    pub(crate) fn has_output(&self, name: &str) -> bool {
        self.outputs.iter().any(|port| port.name == name)
    }
}

fn ports(values: &[ValueInfoProto], initializers: &[TensorProto]) -> Vec<Port> {
    let dimension = |value: Option<&DimensionValue>| match value {
        Some(DimensionValue::Value(value)) => {
            u32::try_from(*value).map_or(Dimension::Free, Dimension::Fixed)
        }
        Some(DimensionValue::Param(_)) | None => Dimension::Free,
    };
    values
        .iter()
        .filter(|value| !initializers.iter().any(|tensor| tensor.name == value.name))
        .map(|value| Port {
            name: value.name.clone(),
            dimensions: value
                .r#type
                .iter()
                .filter_map(|kind| kind.tensor_type.as_ref()?.shape.as_ref())
                .flat_map(|shape| &shape.dim)
                .map(|dim| dimension(dim.value.as_ref()))
                .collect(),
        })
        .collect()
}

/// What was seen on the way through a graph and the graphs inside it.
#[derive(Default)]
struct Survey {
    has_gqa: bool,
    has_int4: bool,
    has_int8: bool,
    /// Elements of 32-bit and of 16-bit weights.
    elements: [u64; 2],
    slices: Vec<Slice>,
}

impl Survey {
    fn graph(&mut self, graph: &GraphProto) -> Result<(), &'static str> {
        for tensor in &graph.initializer {
            self.tensor(tensor)?;
        }
        for tensor in &graph.sparse_initializer {
            self.sparse(tensor)?;
        }
        self.nodes(&graph.node)
    }

    fn nodes(&mut self, nodes: &[NodeProto]) -> Result<(), &'static str> {
        for node in nodes {
            if !KNOWN_DOMAINS.contains(&node.domain.as_str()) {
                return Err("uses operators that ONNX Runtime does not have");
            }
            self.operator(node);
            for attribute in &node.attribute {
                self.attribute(attribute)?;
            }
        }
        Ok(())
    }

    fn operator(&mut self, node: &NodeProto) {
        let bits = || {
            let named = node
                .attribute
                .iter()
                .find(|attribute| attribute.name == "bits");
            named.map_or(4, |attribute| attribute.i)
        };
        match node.op_type.as_str() {
            "GroupQueryAttention" => self.has_gqa = true,
            "MatMulNBits" if bits() <= 4 => self.has_int4 = true,
            "MatMulBnb4" => self.has_int4 = true,
            "MatMulNBits"
            | "MatMulInteger"
            | "QLinearMatMul"
            | "DequantizeLinear"
            | "DynamicQuantizeMatMul"
            | "MatMulIntegerToFloat" => self.has_int8 = true,
            _ => {}
        }
    }

    fn attribute(&mut self, attribute: &AttributeProto) -> Result<(), &'static str> {
        for tensor in attribute.t.iter().chain(&attribute.tensors) {
            self.tensor(tensor)?;
        }
        for tensor in attribute
            .sparse_tensor
            .iter()
            .chain(&attribute.sparse_tensors)
        {
            self.sparse(tensor)?;
        }
        for graph in attribute.g.iter().chain(&attribute.graphs) {
            self.graph(graph)?;
        }
        Ok(())
    }

    fn sparse(&mut self, sparse: &SparseTensorProto) -> Result<(), &'static str> {
        for tensor in sparse.values.iter().chain(&sparse.indices) {
            self.tensor(tensor)?;
        }
        Ok(())
    }

    fn tensor(&mut self, tensor: &TensorProto) -> Result<(), &'static str> {
        let elements = tensor
            .dims
            .iter()
            .try_fold(1u64, |product, dim| {
                product.checked_mul(u64::try_from(*dim).ok()?)
            })
            .ok_or("has a tensor of an impossible size")?;
        match tensor.data_type {
            FLOAT => self.elements[0] = self.elements[0].saturating_add(elements),
            FLOAT16 | BFLOAT16 => self.elements[1] = self.elements[1].saturating_add(elements),
            _ => {}
        }
        if tensor.data_location != EXTERNAL && tensor.external_data.is_empty() {
            return Ok(());
        }
        let entry = |key: &str| {
            let mut entries = tensor.external_data.iter();
            entries
                .find(|entry| entry.key == key)
                .map(|entry| entry.value.as_str())
        };
        let number = |key| match entry(key) {
            None => Ok(0),
            Some(digits) => digits
                .parse::<u64>()
                .map_err(|_| "has weights at an impossible place"),
        };
        // One plain name: no path, so nothing above or beside the folder, and nothing absolute.
        let file = entry("location")
            .filter(|name| is_file_name(name))
            .ok_or("has weights outside its folder")?;
        let end = number("offset")?
            .checked_add(number("length")?)
            .ok_or("has weights at an impossible place")?;
        match self.slices.iter_mut().find(|slice| slice.file == file) {
            Some(slice) => slice.end = slice.end.max(end),
            None => self.slices.push(Slice {
                file: file.into(),
                end,
            }),
        }
        Ok(())
    }

    fn precision(&self) -> Precision {
        if self.has_int4 {
            Precision::Int4
        } else if self.has_int8 {
            Precision::Int8
        } else if self.elements[1] > self.elements[0] {
            Precision::F16
        } else {
            Precision::F32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_graphs::TestGraph;
    use super::*;

    fn parsed(graph: &TestGraph) -> Result<GraphFile, &'static str> {
        GraphFile::parse(&graph.bytes())
    }

    #[test]
    fn names_dimensions_and_operators_are_read() {
        let graph = parsed(&TestGraph::genai()).unwrap();
        assert!(graph.has_gqa && graph.has_output("present.1.value"));
        let past = graph.input("past_key_values.1.key").unwrap();
        let expected = [
            Dimension::Free,
            Dimension::Fixed(1),
            Dimension::Free,
            Dimension::Fixed(4),
        ];
        assert_eq!(past.dimensions, expected);
        let slice = Slice {
            file: "model.onnx.data".into(),
            end: 4_160,
        };
        assert_eq!(graph.slices, [slice]);
    }

    #[test]
    fn the_precision_is_that_of_the_operators() {
        let precision = |operator, domain, bits, is_nested| {
            let graph = TestGraph {
                operator,
                domain,
                bits,
                is_nested,
                ..TestGraph::default()
            };
            parsed(&graph).unwrap().precision
        };
        assert_eq!(precision("MatMul", "", None, false), Precision::F32);
        assert_eq!(
            precision("MatMulInteger", "ai.onnx", None, true),
            Precision::Int8
        );
        assert_eq!(
            precision("MatMulNBits", "com.microsoft", Some(8), false),
            Precision::Int8
        );
        assert_eq!(
            precision("MatMulNBits", "com.microsoft", None, true),
            Precision::Int4
        );
    }

    #[test]
    fn nothing_outside_the_folder_and_the_runtime_is_accepted() {
        for location in [
            "/etc/passwd",
            "../model.data",
            "sub/model.data",
            "..",
            "C:\\model",
            "",
        ] {
            for is_nested in [false, true] {
                let graph = TestGraph {
                    external: Some((location, "0", "8")),
                    is_nested,
                    ..TestGraph::default()
                };
                assert_eq!(
                    parsed(&graph),
                    Err("has weights outside its folder"),
                    "{location}"
                );
            }
        }
        for (offset, length) in [("-1", "4"), ("x", "4"), ("18446744073709551615", "4")] {
            let graph = TestGraph {
                external: Some(("model.data", offset, length)),
                ..TestGraph::default()
            };
            assert_eq!(parsed(&graph), Err("has weights at an impossible place"));
        }
        for is_nested in [false, true] {
            let graph = TestGraph {
                domain: "com.example",
                is_nested,
                ..TestGraph::default()
            };
            assert_eq!(
                parsed(&graph),
                Err("uses operators that ONNX Runtime does not have")
            );
        }
    }

    #[test]
    fn damaged_files_are_refused_without_a_panic() {
        let bytes = TestGraph::genai().bytes();
        assert!(GraphFile::parse(b"").is_err());
        assert!(GraphFile::parse(b"\xff\xff\xff\xff").is_err());
        assert!(GraphFile::parse(&[0x3a; 4_000]).is_err());
        for len in 0..bytes.len() {
            let _ = GraphFile::parse(&bytes[..len]);
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0xff;
            let _ = GraphFile::parse(&changed);
        }
        // Graphs in graphs in graphs: prost's limit, not our stack.
        let mut deep = GraphProto::default();
        for _ in 0..2_000 {
            deep = GraphProto {
                node: vec![NodeProto {
                    attribute: vec![AttributeProto {
                        g: Some(deep),
                        ..Default::default()
                    }],
                    ..Default::default()
                }],
                ..Default::default()
            };
        }
        let model = ModelProto {
            graph: Some(deep),
            functions: Vec::new(),
        };
        assert!(GraphFile::parse(&model.encode_to_vec()).is_err());
    }
}
