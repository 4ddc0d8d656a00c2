//! Small ONNX files for tests, with the names and shapes that the exporters write.

use std::fs;
use std::path::Path;

use prost::Message as _;

use super::messages::{
    AttributeProto, DimensionProto, DimensionValue, GraphProto, ModelProto, NodeProto,
    StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto,
    ValueInfoProto,
};

/// A decoder to be written.
#[derive(Debug, Clone)]
pub(crate) struct TestGraph {
    pub(crate) layers: u32,
    pub(crate) kv_heads: i64,
    pub(crate) head_dim: i64,
    pub(crate) operator: &'static str,
    pub(crate) domain: &'static str,
    pub(crate) bits: Option<i64>,
    pub(crate) inputs: Vec<&'static str>,
    /// Tokens per call, if fixed.
    pub(crate) tokens: Option<i64>,
    /// Location, offset, length of external weights.
    pub(crate) external: Option<(&'static str, &'static str, &'static str)>,
    /// Whether the operator is in the branch of an `If`.
    pub(crate) is_nested: bool,
}

impl Default for TestGraph {
    /// A merged decoder as optimum writes it.
    fn default() -> Self {
        Self {
            layers: 2,
            kv_heads: 1,
            head_dim: 4,
            operator: "MatMul",
            domain: "",
            bits: None,
            inputs: vec!["attention_mask", "position_ids", "use_cache_branch"],
            tokens: None,
            external: None,
            is_nested: false,
        }
    }
}

impl TestGraph {
    /// As onnxruntime-genai's builder writes it, with 4-bit weights beside the graph.
    pub(crate) fn genai() -> Self {
        Self {
            operator: "GroupQueryAttention",
            domain: "com.microsoft",
            inputs: vec!["attention_mask"],
            external: Some(("model.onnx.data", "4096", "64")),
            ..Self::default()
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let fixed = |size| Some(DimensionValue::Value(size));
        let free = |name: &str| Some(DimensionValue::Param(name.into()));
        let past = |name: String| {
            port(
                &name,
                [
                    free("batch"),
                    fixed(self.kv_heads),
                    free("past"),
                    fixed(self.head_dim),
                ],
            )
        };
        let ids = match self.tokens {
            Some(tokens) => port("input_ids", [fixed(1), fixed(tokens)]),
            None => port("input_ids", [free("batch"), free("sequence")]),
        };
        let mut input = vec![ids];
        input.extend(
            self.inputs
                .iter()
                .map(|name| port(name, [free("batch"), free("total")])),
        );
        let mut output = vec![port("logits", [free("batch"), free("sequence"), fixed(9)])];
        for layer in 0..self.layers {
            for part in ["key", "value"] {
                input.push(past(format!("past_key_values.{layer}.{part}")));
                output.push(past(format!("present.{layer}.{part}")));
            }
        }
        let bits = self.bits.map(|i| AttributeProto {
            name: "bits".into(),
            i,
            ..Default::default()
        });
        let operator = NodeProto {
            op_type: self.operator.into(),
            attribute: bits.into_iter().collect(),
            domain: self.domain.into(),
        };
        let initializer = self.external.map(|(location, offset, length)| TensorProto {
            dims: vec![4, 4],
            data_type: 1,
            name: "weight".into(),
            external_data: [
                ("location", location),
                ("offset", offset),
                ("length", length),
            ]
            .map(|(key, value)| StringStringEntryProto {
                key: key.into(),
                value: value.into(),
            })
            .into(),
            data_location: 1,
        });
        let inner = GraphProto {
            node: vec![operator],
            initializer: initializer.into_iter().collect(),
            ..Default::default()
        };
        let graph = match self.is_nested {
            false => GraphProto {
                input,
                output,
                ..inner
            },
            true => GraphProto {
                node: vec![NodeProto {
                    op_type: "If".into(),
                    attribute: vec![AttributeProto {
                        name: "then_branch".into(),
                        g: Some(inner),
                        ..Default::default()
                    }],
                    domain: String::new(),
                }],
                input,
                output,
                ..Default::default()
            },
        };
        let model = ModelProto {
            graph: Some(graph),
            functions: Vec::new(),
        };
        model.encode_to_vec()
    }

    pub(crate) fn write(&self, path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, self.bytes()).unwrap();
    }
}

fn port<const N: usize>(name: &str, dimensions: [Option<DimensionValue>; N]) -> ValueInfoProto {
    let dim = dimensions.map(|value| DimensionProto { value }).into();
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: 1,
                shape: Some(TensorShapeProto { dim }),
            }),
        }),
    }
}
