//! The file: safetensors with `<slot>.a` and `<slot>.b` in half precision, the parts of the table as a model's file has them, and
//! what it is in the header's metadata.
//!
//! Every size is checked before anything of that size is allocated.

use std::collections::BTreeMap;

use safetensors::tensor::{Metadata, TensorView};
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use sotto_core::pack::Sha256;
use sotto_core::vector::are_finite;

use super::factors::Pair;
use super::{AdapterError, AdapterInfo, Factors, Slot};
use crate::half::{f32_to_half, half_to_f32};
use crate::ngrams::{ENTRIES, Ngrams, OFFSETS, SHARES, WEIGHTS};

/// Version of the adapter format.
pub const ADAPTER_FORMAT: u32 = 1;

/// Largest file read, in bytes: twice what an adapter of ours may have.
pub const MAX_ADAPTER_BYTES: usize = 4 << 20;

/// Largest rank read.
pub const MAX_RANK: usize = 64;

/// Largest header, in bytes. Two tensors for each of a few dozen matrices take some thousand.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Range of `alpha`: far beyond what anybody uses on either side.
const ALPHAS: std::ops::RangeInclusive<f32> = 1e-3..=1e3;

/// Name of the description in the header's metadata. One entry, since several would come in any order.
const DESCRIPTION: &str = "sotto-adapter";

/// What the header says, as JSON.
#[derive(Serialize, Deserialize)]
struct Description {
    format: u32,
    base: Sha256,
    rank: usize,
    alpha: f32,
}

impl Factors {
    /// Reads a file. Whether it fits a model is another question ([`super::Adapter::new`]).
    ///
    /// # Errors
    /// [`AdapterError::TooLarge`], [`AdapterError::Malformed`], [`AdapterError::Format`], [`AdapterError::Tensor`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AdapterError> {
        if bytes.len() > MAX_ADAPTER_BYTES {
            return Err(AdapterError::TooLarge { bytes: bytes.len() });
        }
        let unreadable = AdapterError::Malformed("it is no safetensors file");
        let header = bytes.first_chunk().copied().map(u64::from_le_bytes);
        if header.is_none_or(|length| length > MAX_HEADER_BYTES as u64) {
            return Err(unreadable);
        }
        let Ok((_, header)) = SafeTensors::read_metadata(bytes) else {
            return Err(unreadable);
        };
        let info = info(&header)?;
        let Ok(tensors) = SafeTensors::deserialize(bytes) else {
            return Err(unreadable);
        };
        let mut pairs = BTreeMap::new();
        for (name, tensor) in tensors.iter() {
            let Some(slot) = name.strip_suffix(".a") else {
                continue;
            };
            let slot = Slot::from_name(slot)
                .ok_or_else(|| AdapterError::tensor(name, "no part of a model has that name"))?;
            let other = format!("{}.b", slot.name());
            let b = tensors
                .tensor(&other)
                .map_err(|_| AdapterError::tensor(&other, "is missing"))?;
            let (&[rank, _], &[_, columns]) = (tensor.shape(), b.shape()) else {
                return Err(AdapterError::tensor(name, "is no matrix"));
            };
            if (rank, columns) != (info.rank, info.rank) {
                return Err(AdapterError::tensor(name, "is not of the adapter's rank"));
            }
            let pair = Pair {
                a: values(name, &tensor)?,
                b: values(&other, &b)?,
            };
            pairs.insert(slot, pair);
        }
        let ngrams = table(&tensors)?;
        let is_there = |name: &&&str| tensors.tensor(name).is_ok();
        let table_parts = [WEIGHTS, OFFSETS, ENTRIES, SHARES].iter().filter(is_there);
        let table_parts = if ngrams.is_some() {
            table_parts.count()
        } else {
            0
        };
        if pairs.is_empty() || tensors.len() != 2 * pairs.len() + table_parts {
            return Err(AdapterError::Malformed("a factor is missing or nobody's"));
        }
        Ok(Self::new(info, pairs).with_ngrams(ngrams))
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let halves = |values: &[f32]| -> Vec<u8> {
            let halves = values.iter().map(|&value| f32_to_half(value));
            halves.flat_map(u16::to_le_bytes).collect()
        };
        let rank = self.info().rank;
        let mut tensors = Vec::new();
        for (slot, pair) in self.pairs() {
            let (k, n) = (pair.a.len() / rank, pair.b.len() / rank);
            tensors.push((format!("{}.a", slot.name()), [rank, k], halves(&pair.a)));
            tensors.push((format!("{}.b", slot.name()), [n, rank], halves(&pair.b)));
        }
        let views = tensors.iter().map(|(name, shape, data)| {
            let view = TensorView::new(Dtype::F16, shape.to_vec(), data);
            (name.as_str(), view.expect("two bytes a value"))
        });
        let table: Vec<_> = self
            .ngrams()
            .map(table_tensors)
            .into_iter()
            .flatten()
            .collect();
        let table = table.iter().map(|(name, dtype, data)| {
            let view = TensorView::new(*dtype, vec![data.len() / 4], data);
            (*name, view.expect("four bytes a value"))
        });
        let views = views.chain(table);
        let AdapterInfo { base, rank, alpha } = *self.info();
        let description = Description {
            format: ADAPTER_FORMAT,
            base,
            rank,
            alpha,
        };
        let description = serde_json::to_string(&description).expect("a plain struct");
        let metadata = std::iter::once((DESCRIPTION.to_owned(), description)).collect();
        safetensors::serialize(views, Some(metadata)).expect("names and sizes are ours")
    }
}

/// What the header says that the adapter is.
fn info(header: &Metadata) -> Result<AdapterInfo, AdapterError> {
    /// Read first, so that a later format gives the right error even if its other fields differ.
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let metadata = header.metadata().as_ref();
    let description =
        metadata
            .and_then(|values| values.get(DESCRIPTION))
            .ok_or(AdapterError::Malformed(
                "it does not say that it is an adapter",
            ))?;
    let unclear = |_| AdapterError::Malformed("what it says of itself cannot be read");
    let Format { format: found } = serde_json::from_str(description).map_err(unclear)?;
    if found != ADAPTER_FORMAT {
        let expected = ADAPTER_FORMAT;
        return Err(AdapterError::Format { found, expected });
    }
    let Description {
        base, rank, alpha, ..
    } = serde_json::from_str(description).map_err(unclear)?;
    if !(1..=MAX_RANK).contains(&rank) {
        return Err(AdapterError::Malformed("its rank is out of range"));
    }
    if !ALPHAS.contains(&alpha) {
        return Err(AdapterError::Malformed("its alpha is out of range"));
    }
    Ok(AdapterInfo { base, rank, alpha })
}

/// The table, if the file has one.
fn table(tensors: &SafeTensors<'_>) -> Result<Option<Ngrams>, AdapterError> {
    if tensors.tensor(ENTRIES).is_err() {
        return Ok(None);
    }
    let part = |name: &str, dtype: Dtype| -> Result<Vec<[u8; 4]>, AdapterError> {
        let tensor = tensors.tensor(name);
        let tensor = tensor.map_err(|_| AdapterError::tensor(name, "is missing"))?;
        match tensor.dtype() == dtype {
            true => Ok(tensor.data().as_chunks().0.to_vec()),
            false => Err(AdapterError::tensor(name, "is of another type")),
        }
    };
    let floats =
        |words: Vec<[u8; 4]>| -> Vec<f32> { words.into_iter().map(f32::from_le_bytes).collect() };
    let words = |words: Vec<[u8; 4]>| words.into_iter().map(u32::from_le_bytes).collect();
    let table = Ngrams::new(
        floats(part(WEIGHTS, Dtype::F32)?),
        words(part(OFFSETS, Dtype::U32)?),
        words(part(ENTRIES, Dtype::U32)?),
    );
    // Files of before have none.
    let shares = match tensors.tensor(SHARES) {
        Ok(_) => Some(floats(part(SHARES, Dtype::F32)?)),
        Err(_) => None,
    };
    table
        .and_then(|table| match shares {
            Some(shares) => table.with_shares(&shares),
            None => Ok(table),
        })
        .map(Some)
        .map_err(|(name, problem)| AdapterError::tensor(name, problem))
}

/// Name, type and bytes of the parts of a table.
fn table_tensors(table: &Ngrams) -> [(&'static str, Dtype, Vec<u8>); 4] {
    let ([weights, shares], [offsets, entries]) = table.parts();
    let bytes = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let floats = |values: &[f32]| {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    };
    [
        (WEIGHTS, Dtype::F32, floats(weights)),
        (SHARES, Dtype::F32, floats(shares)),
        (OFFSETS, Dtype::U32, bytes(offsets)),
        (ENTRIES, Dtype::U32, bytes(entries)),
    ]
}

/// The values of a tensor.
fn values(name: &str, tensor: &TensorView<'_>) -> Result<Vec<f32>, AdapterError> {
    if tensor.dtype() != Dtype::F16 {
        return Err(AdapterError::tensor(name, "is not in half precision"));
    }
    let halves = tensor.data().as_chunks().0.iter();
    let values: Vec<f32> = halves
        .map(|&half| half_to_f32(u16::from_le_bytes(half)))
        .collect();
    if are_finite(&values) {
        Ok(values)
    } else {
        Err(AdapterError::tensor(
            name,
            "holds a value that is not a number",
        ))
    }
}
