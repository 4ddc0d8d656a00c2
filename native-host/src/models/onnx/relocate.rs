//! Other names for the files that a graph's weights lie in. Everything else stays as it is, byte by byte: most of a graph
//! is of no interest here, and our messages do not know it.

use prost::Message as _;
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

use super::graph::has_data_only_in_initializers;
use super::messages::StringStringEntryProto;

/// `ModelProto.graph`, `GraphProto.initializer`, `TensorProto.external_data`.
const ENTRIES: [u32; 3] = [7, 5, 13];

/// `model` with `name_of(file)` in the place of each file. Nothing if it is no ONNX model, refers to a file that has no such
/// name, or refers to one from somewhere else than its own list of weights.
pub(crate) fn relocated(model: &[u8], name_of: impl Fn(&str) -> Option<String>) -> Option<Vec<u8>> {
    if !has_data_only_in_initializers(model) {
        return None;
    }
    rewritten(model, &ENTRIES, &mut |entry| {
        let mut entry = StringStringEntryProto::decode(entry).ok()?;
        if entry.key == "location" {
            entry.value = name_of(&entry.value)?;
        }
        Some(entry.encode_to_vec())
    })
}

/// `message` with `change` applied to the messages at the end of `path`, a list of field numbers.
fn rewritten(
    message: &[u8],
    path: &[u32],
    change: &mut impl FnMut(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let Some((&wanted, rest)) = path.split_first() else {
        return change(message);
    };
    let mut out = Vec::with_capacity(message.len());
    let mut left = message;
    while !left.is_empty() {
        let start = left;
        let (field, kind) = decode_key(&mut left).ok()?;
        let len = match kind {
            WireType::Varint => decode_varint(&mut left).map(|_| 0).ok()?,
            WireType::ThirtyTwoBit => 4,
            WireType::SixtyFourBit => 8,
            WireType::LengthDelimited => usize::try_from(decode_varint(&mut left).ok()?).ok()?,
            // No ONNX file has groups.
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        let (content, after) = left.split_at_checked(len)?;
        left = after;
        if (field, kind) == (wanted, WireType::LengthDelimited) {
            let content = rewritten(content, rest, change)?;
            encode_key(field, kind, &mut out);
            encode_varint(content.len() as u64, &mut out);
            out.extend(content);
        } else {
            out.extend(&start[..start.len() - after.len()]);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::test_graphs::TestGraph;
    use super::*;

    #[test]
    fn only_the_names_change() {
        let file = "../tests/fixtures/onnx/ours/cpu-int8.onnx";
        let model = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let there = |from: &'static str, to: &'static str| {
            move |name: &str| (name == from).then(|| to.to_owned())
        };
        let renamed = relocated(&model, there("int8.data", "a much longer name than before"));
        let renamed = renamed.unwrap();
        assert_ne!(renamed, model);
        let back = relocated(
            &renamed,
            there("a much longer name than before", "int8.data"),
        );
        assert_eq!(back.unwrap(), model);
        assert_eq!(relocated(&model, there("other.data", "x")), None);
    }

    #[test]
    fn what_is_damaged_or_refers_from_elsewhere_is_left_alone() {
        let model = TestGraph::genai().bytes();
        assert!(relocated(&model, |name| Some(name.to_owned())).is_some());
        for len in 0..model.len() {
            // No panic; what is cut at the end of a field may still be a message.
            let _ = relocated(&model[..len], |name| Some(name.to_owned()));
        }
        let nested = TestGraph {
            is_nested: true,
            ..TestGraph::genai()
        };
        assert_eq!(
            relocated(&nested.bytes(), |name| Some(name.to_owned())),
            None
        );
    }
}
