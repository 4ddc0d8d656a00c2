//! Which bytes of the new blob are compared with which of the old one, and in which order the differences are stored.
//!
//! Weights are numbers of one, two or four bytes. A small change of a number changes its low bytes in a random way and its high
//! bytes hardly ever, so the difference is taken as a number of that width and its bytes are stored by significance: all lowest
//! bytes of a tensor, then all next ones. What compresses well then stands together.

use std::collections::HashMap;

use serde::Deserialize;

use super::PatchError;

/// Most segments: a hundred times the tensors of a large model.
const MAX_SEGMENTS: usize = 1 << 16;

/// Bytes of one entry in the table.
const ENTRY_BYTES: usize = 16;

/// Stands for "compared with nothing".
const NOTHING: u32 = u32::MAX;

/// A run of bytes of the new blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Where it lies in the new blob.
    pub(crate) at: usize,
    /// Its length, in bytes.
    pub(crate) len: usize,
    /// Where its counterpart lies in the old blob; nowhere if it is new.
    pub(crate) base: Option<usize>,
    /// Width of its numbers: 1, 2 or 4 bytes. The length is a multiple of it.
    pub(crate) width: usize,
}

/// Tensors of the same name, type and shape are compared if both blobs are safetensors; otherwise blobs of the same length
/// byte by byte. Nothing if neither fits.
pub(crate) fn layout(base: &[u8], output: &[u8]) -> Option<Vec<Segment>> {
    if let (Some(base), Some((tensors, data))) = (tensors(base), tensors(output)) {
        let mut segments = paired(&base.0, &tensors, data, output.len());
        // Of one width together: the statistics of a block are then of one kind.
        segments.sort_by_key(|segment| (segment.width, segment.at));
        return (segments.len() <= MAX_SEGMENTS).then_some(segments);
    }
    (base.len() == output.len() && !output.is_empty()).then(|| {
        vec![Segment {
            at: 0,
            len: output.len(),
            base: Some(0),
            width: 1,
        }]
    })
}

/// A tensor's place in a file.
#[derive(Debug, Clone)]
struct Tensor {
    kind: (String, Vec<u64>),
    start: usize,
    end: usize,
}

/// The tensors of a safetensors file by name, and where their data begins.
fn tensors(file: &[u8]) -> Option<(HashMap<String, Tensor>, usize)> {
    #[derive(Deserialize)]
    struct Entry {
        dtype: String,
        shape: Vec<u64>,
        data_offsets: (usize, usize),
    }
    let header = usize::try_from(u64::from_le_bytes(file.get(..8)?.try_into().ok()?)).ok()?;
    let data = header.checked_add(8)?;
    let entries: HashMap<String, serde_json::Value> =
        serde_json::from_slice(file.get(8..data)?).ok()?;
    let mut tensors = HashMap::new();
    for (name, entry) in entries {
        if name == "__metadata__" {
            continue;
        }
        let entry: Entry = serde_json::from_value(entry).ok()?;
        let (start, end) = entry.data_offsets;
        let (start, end) = (data.checked_add(start)?, data.checked_add(end)?);
        if start > end || end > file.len() {
            return None;
        }
        let kind = (entry.dtype, entry.shape);
        tensors.insert(name, Tensor { kind, start, end });
    }
    Some((tensors, data))
}

/// A segment for each tensor, and for what lies between them.
fn paired(
    base: &HashMap<String, Tensor>,
    output: &HashMap<String, Tensor>,
    data: usize,
    len: usize,
) -> Vec<Segment> {
    let mut ordered: Vec<(&String, &Tensor)> = output.iter().collect();
    ordered.sort_by_key(|(_, tensor)| (tensor.start, tensor.end));
    let mut segments = Vec::new();
    let mut at = 0;
    let plain = |from: usize, to: usize, segments: &mut Vec<Segment>| {
        if to > from {
            segments.push(Segment {
                at: from,
                len: to - from,
                base: None,
                width: 1,
            });
        }
    };
    plain(0, data.min(len), &mut segments);
    at = at.max(data.min(len));
    for (name, tensor) in ordered {
        // Tensors that overlap are no good file; what was covered already is not stored twice.
        if tensor.start < at || tensor.start == tensor.end {
            continue;
        }
        plain(at, tensor.start, &mut segments);
        let length = tensor.end - tensor.start;
        let same = base.get(name).filter(|old| old.kind == tensor.kind);
        let width = match tensor.kind.0.as_str() {
            "F32" | "I32" | "U32" if length % 4 == 0 => 4,
            "F16" | "BF16" | "I16" | "U16" if length % 2 == 0 => 2,
            _ => 1,
        };
        segments.push(Segment {
            at: tensor.start,
            len: length,
            base: same
                .filter(|old| old.end - old.start == length)
                .map(|old| old.start),
            width,
        });
        at = tensor.end;
    }
    plain(at, len, &mut segments);
    segments
}

/// The table of segments as bytes: their number, then place, length, counterpart and width of each, all little-endian.
pub(crate) fn write_table(segments: &[Segment]) -> Vec<u8> {
    let number = |value: usize| u32::try_from(value).unwrap_or(NOTHING).to_le_bytes();
    let mut bytes = Vec::with_capacity(4 + segments.len() * ENTRY_BYTES);
    bytes.extend_from_slice(&number(segments.len()));
    for segment in segments {
        bytes.extend_from_slice(&number(segment.at));
        bytes.extend_from_slice(&number(segment.len));
        bytes.extend_from_slice(&number(segment.base.unwrap_or(NOTHING as usize)));
        bytes.extend_from_slice(&number(segment.width));
    }
    bytes
}

/// How many bytes the table has, from its first four.
pub(crate) fn table_bytes(count: [u8; 4]) -> Result<usize, PatchError> {
    match u32::from_le_bytes(count) as usize {
        count if count <= MAX_SEGMENTS => Ok(count * ENTRY_BYTES),
        _ => Err(PatchError::Malformed("too many segments")),
    }
}

/// Reads the entries of a table and checks that they cover the new blob exactly once and stay within the old one.
pub(crate) fn read_entries(
    table: &[u8],
    base_len: usize,
    output_len: usize,
) -> Result<Vec<Segment>, PatchError> {
    let mut segments = Vec::with_capacity(table.len() / ENTRY_BYTES);
    for entry in table.chunks_exact(ENTRY_BYTES) {
        let number = |at: usize| {
            let bytes = [entry[at], entry[at + 1], entry[at + 2], entry[at + 3]];
            u32::from_le_bytes(bytes)
        };
        let segment = Segment {
            at: number(0) as usize,
            len: number(4) as usize,
            base: (number(8) != NOTHING).then_some(number(8) as usize),
            width: number(12) as usize,
        };
        let is_within =
            |start: usize, all: usize| start.checked_add(segment.len).is_some_and(|end| end <= all);
        let has_numbers = matches!(segment.width, 1 | 2 | 4)
            && segment.len > 0
            && segment.len.is_multiple_of(segment.width);
        if !has_numbers
            || !is_within(segment.at, output_len)
            || !segment.base.is_none_or(|base| is_within(base, base_len))
        {
            return Err(PatchError::Malformed("a segment out of range"));
        }
        segments.push(segment);
    }
    let mut ordered = segments.clone();
    ordered.sort_by_key(|segment| segment.at);
    let covered = ordered.iter().try_fold(0, |at, segment| {
        (segment.at == at).then_some(at + segment.len)
    });
    match covered {
        Some(covered) if covered == output_len => Ok(segments),
        _ => Err(PatchError::Malformed(
            "the segments do not cover the file exactly once",
        )),
    }
}
