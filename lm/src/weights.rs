//! The weights file (safetensors): every tensor is asked for by name and shape, and nothing may be left over.
//!
//! 2-D weights are floating point (F32, F16, BF16), or INT8 with one scale per output row (`<name>_scale`), or INT4 with
//! one per group of a row, which is how they are fetched and not how they are used: it becomes INT8 here ([`mod@int4`]). INT8
//! is never widened here, it stays packed until a kernel multiplies with it.

mod int4;

use std::borrow::Cow;
use std::collections::BTreeSet;

use safetensors::Dtype;
use safetensors::tensor::{Metadata, SafeTensorError, TensorInfo};
use sotto_core::pack::BlobBytes;

use crate::LmError;
use crate::half::half_to_f32;

/// Bytes of the length that a weights file begins with.
const LENGTH_BYTES: usize = 8;

/// A verified weights file, not yet placed on a device.
pub struct Weights {
    bytes: Box<dyn BlobBytes>,
    tensors: Metadata,
    /// Where the data of the first tensor begins.
    data_start: usize,
    used: BTreeSet<String>,
}

impl std::fmt::Debug for Weights {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Weights({} bytes)", self.bytes.byte_len())
    }
}

/// A weight matrix `[rows, cols]` as the file has it: one row per output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StoredMatrix {
    /// Row-major values.
    Float { cols: usize, values: Vec<f32> },
    /// Rows of INT8 values, four to an `i32` in little-endian order; a weight is its value times its row's scale.
    Int8 {
        /// A multiple of four.
        cols: usize,
        packed: Vec<i32>,
        scales: Vec<f32>,
    },
}

impl StoredMatrix {
    /// Packs INT8 rows. `values`: `[scales.len(), cols]`, two's complement.
    fn pack(cols: usize, values: &[u8], scales: Vec<f32>) -> Result<Self, LmError> {
        let mut packed = reserved(values.len() / 4)?;
        let words = values.as_chunks().0.iter();
        packed.extend(words.map(|&word| i32::from_le_bytes(word)));
        Ok(Self::Int8 {
            cols,
            packed,
            scales,
        })
    }

    /// Puts the rows of several matrices under each other. Callers pass matrices of equal width.
    pub(crate) fn stack(parts: Vec<Self>) -> Result<Self, LmError> {
        let mixed = || LmError::Tensor {
            name: "of one layer".to_owned(),
            problem: "some are INT8 and some are not, which no kernel supports",
        };
        let mut parts = parts.into_iter();
        let mut stacked = parts.next().ok_or_else(mixed)?;
        for part in parts {
            match (&mut stacked, part) {
                (Self::Float { values, .. }, Self::Float { values: more, .. }) => {
                    values.extend(more)
                }
                (
                    Self::Int8 { packed, scales, .. },
                    Self::Int8 {
                        packed: more_packed,
                        scales: more_scales,
                        ..
                    },
                ) => {
                    packed.extend(more_packed);
                    scales.extend(more_scales);
                }
                _ => return Err(mixed()),
            }
        }
        Ok(stacked)
    }
}

impl Weights {
    /// Takes over a safetensors file and checks its header against its length.
    ///
    /// # Errors
    /// [`LmError::WeightsSyntax`] if the header or the length is wrong.
    pub fn from_safetensors(bytes: impl BlobBytes + 'static) -> Result<Self, LmError> {
        let (tensors, data_start) = header(&bytes).map_err(LmError::WeightsSyntax)?;
        Ok(Self {
            bytes: Box::new(bytes),
            tensors,
            data_start,
            used: BTreeSet::new(),
        })
    }

    /// A one-dimensional tensor of `len` floating-point values.
    pub(crate) fn vector(&mut self, name: &str, len: usize) -> Result<Vec<f32>, LmError> {
        let values = self.floats(name, &[len])?;
        self.used.insert(name.to_owned());
        Ok(values)
    }

    /// How many values a one-dimensional tensor has; `None` if there is none of that name.
    pub(crate) fn len_of(&self, name: &str) -> Option<usize> {
        let info = self.tensors.info(name)?;
        Some(info.shape.iter().product())
    }

    /// A one-dimensional tensor of at most `most` 32-bit words.
    pub(crate) fn words(&mut self, name: &str, most: usize) -> Result<Vec<u32>, LmError> {
        let len = self.len_of(name).unwrap_or_default();
        let info = self.info(name, &[len])?;
        if info.dtype != Dtype::U32 || len > most {
            return Err(problem(name, "is not of words, or has too many"));
        }
        let data = self.data(info);
        let mut words = reserved(len)?;
        words.extend(
            data.as_chunks()
                .0
                .iter()
                .map(|&word| u32::from_le_bytes(word)),
        );
        self.used.insert(name.to_owned());
        Ok(words)
    }

    /// A weight matrix, floating-point, or INT8 or INT4 with its scales.
    pub(crate) fn matrix(
        &mut self,
        name: &str,
        rows: usize,
        cols: usize,
    ) -> Result<StoredMatrix, LmError> {
        if self
            .tensors
            .info(name)
            .is_some_and(|info| info.dtype == Dtype::U8)
        {
            return self.int4_matrix(name, rows, cols);
        }
        if self.info(name, &[rows, cols])?.dtype != Dtype::I8 {
            let values = self.floats(name, &[rows, cols])?;
            self.used.insert(name.to_owned());
            return Ok(StoredMatrix::Float { cols, values });
        }
        if !cols.is_multiple_of(4) {
            return Err(problem(
                name,
                "is INT8 with rows of no whole number of words",
            ));
        }
        let scale_name = format!("{name}_scale");
        let scales = self.floats(&scale_name, &[rows])?;
        if scales.iter().any(|&scale| scale < 0.0) {
            return Err(problem(&scale_name, "a scale is negative"));
        }
        let values = self.data(self.info(name, &[rows, cols])?);
        let matrix = StoredMatrix::pack(cols, &values, scales)?;
        self.used.extend([name.to_owned(), scale_name]);
        Ok(matrix)
    }

    /// A matrix that is stored as INT4, as INT8.
    fn int4_matrix(
        &mut self,
        name: &str,
        rows: usize,
        cols: usize,
    ) -> Result<StoredMatrix, LmError> {
        let groups = cols / int4::GROUP;
        let codes = self.info(name, &[rows, groups, int4::GROUP / 2])?;
        if !cols.is_multiple_of(int4::GROUP) {
            return Err(problem(
                name,
                "is INT4 with rows of no whole number of groups",
            ));
        }
        let scale_name = format!("{name}_scale");
        let scales = self.floats(&scale_name, &[rows, groups])?;
        let mut values = reserved(rows * cols)?;
        let mut row_scales = reserved(rows)?;
        let data = self.data(codes);
        let data = data.chunks_exact(cols / 2);
        for (codes, scales) in data.zip(scales.chunks_exact(groups)) {
            row_scales.push(int4::append_as_int8(codes, scales, &mut values));
        }
        let matrix = StoredMatrix::pack(cols, &values, row_scales)?;
        self.used.extend([name.to_owned(), scale_name]);
        Ok(matrix)
    }

    /// Ends the loading: a tensor that nobody asked for means that the file belongs to another model.
    pub(crate) fn finish(self) -> Result<(), LmError> {
        // Old checkpoints carry this constant; it is computed from the config.
        let known = |name: &str| self.used.contains(name) || name.ends_with(".rotary_emb.inv_freq");
        let names = self.tensors.offset_keys();
        match names.iter().find(|name| !known(name)) {
            Some(name) => Err(problem(name, "no part of this model has that name")),
            None => Ok(()),
        }
    }

    fn info(&self, name: &str, shape: &[usize]) -> Result<&TensorInfo, LmError> {
        let info = self.tensors.info(name);
        let info = info.ok_or_else(|| problem(name, "is missing"))?;
        if info.shape == shape {
            Ok(info)
        } else {
            Err(problem(name, "has another shape than the config says"))
        }
    }

    /// The offsets were checked against each other and the file's length when it was opened.
    fn data(&self, info: &TensorInfo) -> Cow<'_, [u8]> {
        let (start, end) = info.data_offsets;
        self.bytes
            .read(self.data_start + start..self.data_start + end)
    }

    fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, LmError> {
        let info = self.info(name, shape)?;
        let data = self.data(info);
        let mut values = reserved(shape.iter().product())?;
        match info.dtype {
            Dtype::F32 => values.extend(
                data.as_chunks()
                    .0
                    .iter()
                    .map(|&bytes| f32::from_le_bytes(bytes)),
            ),
            Dtype::BF16 => values.extend(
                data.as_chunks()
                    .0
                    .iter()
                    .map(|&bytes| f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16)),
            ),
            Dtype::F16 => values.extend(
                data.as_chunks()
                    .0
                    .iter()
                    .map(|&bytes| half_to_f32(u16::from_le_bytes(bytes))),
            ),
            _ => return Err(problem(name, "has a type that this build does not read")),
        }
        if values.iter().all(|value: &f32| value.is_finite()) {
            Ok(values)
        } else {
            Err(problem(name, "holds a value that is not a number"))
        }
    }
}

/// What the header lists, and where the data begins. As `SafeTensors::read_metadata`, which wants the whole file.
fn header(bytes: &impl BlobBytes) -> Result<(Metadata, usize), SafeTensorError> {
    let file_len = bytes.byte_len();
    if file_len < LENGTH_BYTES {
        return Err(SafeTensorError::HeaderTooSmall);
    }
    let length = bytes.read(0..LENGTH_BYTES);
    let length = length.first_chunk().copied().map(u64::from_le_bytes);
    let data_start = length
        .and_then(|length| usize::try_from(length).ok())
        .and_then(|length| length.checked_add(LENGTH_BYTES))
        .filter(|&end| end <= file_len)
        .ok_or(SafeTensorError::InvalidHeaderLength)?;
    let tensors: Metadata = serde_json::from_slice(&bytes.read(LENGTH_BYTES..data_start))
        .map_err(SafeTensorError::InvalidHeaderDeserialization)?;
    if tensors.data_len() == file_len - data_start {
        Ok((tensors, data_start))
    } else {
        Err(SafeTensorError::MetadataIncompleteBuffer)
    }
}

/// An empty vector with room for `len` values, or an error instead of an abort.
fn reserved<T>(len: usize) -> Result<Vec<T>, LmError> {
    let mut values = Vec::new();
    values
        .try_reserve_exact(len)
        .map_err(|_| LmError::OutOfMemory)?;
    Ok(values)
}

fn problem(name: &str, problem: &'static str) -> LmError {
    // The name comes from the file: cut it so that a hostile header cannot fill a log.
    LmError::Tensor {
        name: name.chars().take(80).collect(),
        problem,
    }
}

#[cfg(test)]
mod tests;
