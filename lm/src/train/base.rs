//! The frozen network in single precision.

use ndarray::Array2;

use super::Matrix;
use crate::network::{Network, Place};
use crate::ngrams::Ngrams;
use crate::weights::StoredMatrix;
use crate::{LlamaConfig, LmError, Weights};

/// A model whose weights stay as they are. Holds four bytes a weight.
#[derive(Debug)]
pub struct Base {
    pub(super) config: LlamaConfig,
    pub(super) network: Network<Frozen>,
}

/// Memory of this process, widened for training.
#[derive(Debug)]
pub(super) struct Frozen;

impl Place for Frozen {
    type Matrix = Matrix;
    type Vector = Vec<f32>;

    fn matrix(&self, stored: StoredMatrix) -> Matrix {
        let (cols, values) = match stored {
            StoredMatrix::Float { cols, values } => (cols, values),
            StoredMatrix::Int8 {
                cols,
                packed,
                scales,
            } => (cols, widened(cols, &packed, &scales)),
        };
        Array2::from_shape_vec((values.len() / cols, cols), values).expect("rows of one length")
    }

    fn vector(&self, values: Vec<f32>) -> Vec<f32> {
        values
    }
}

impl Base {
    /// Widens a model.
    ///
    /// # Errors
    /// [`LmError::Tensor`] as [`crate::Llama::load`].
    pub fn load(config: &LlamaConfig, mut weights: Weights) -> Result<Self, LmError> {
        // The network alone learns.
        Ngrams::take(&mut weights, config.vocab_size)?;
        Ok(Self {
            config: config.clone(),
            network: Network::load(config, weights, &Frozen)?,
        })
    }

    /// The sizes.
    pub fn config(&self) -> &LlamaConfig {
        &self.config
    }
}

/// INT8 values times their row's scale.
fn widened(cols: usize, packed: &[i32], scales: &[f32]) -> Vec<f32> {
    let rows = packed.chunks_exact(cols / 4).zip(scales);
    rows.flat_map(|(row, &scale)| {
        let values = row.iter().flat_map(|word| word.to_le_bytes());
        values.map(move |value| f32::from(value as i8) * scale)
    })
    .collect()
}
