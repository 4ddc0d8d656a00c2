//! An unfinished training as bytes, so that it can go on another time, also in another process.
//!
//! **It holds what was learned from the text so far**: keep it where the text is kept. With privacy it also holds nothing that
//! the finished adapter's ε does not cover.

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use sotto_core::pack::{Sha256, sha256};
use sotto_core::protocol::{Coded, ErrorCode};

use super::Trainer;
use super::trainer::Best;

/// Version of these bytes.
const FORMAT: u32 = 2;

/// Name of the description in the header's metadata.
const DESCRIPTION: &str = "sotto-training";

/// Where the training is, as JSON.
#[derive(Serialize, Deserialize)]
struct Description {
    format: u32,
    /// What must be the same for it to go on.
    identity: Sha256,
    step: usize,
    adam_steps: u32,
    /// Losses of the held-out text, in nats per token.
    before: Option<f64>,
    best: Option<f64>,
}

/// Why a training cannot go on. Beginning anew always works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Not such bytes, or damaged.
    #[error("The unfinished training is damaged. It begins anew.")]
    Malformed,
    /// Of another text, model or settings.
    #[error("The unfinished training belongs to another text, model or settings. It begins anew.")]
    Other,
}

impl Coded for StateError {
    fn code(&self) -> ErrorCode {
        ErrorCode::AdapterInvalid
    }
}

impl Trainer {
    /// Everything that the next step depends on.
    pub fn save(&self) -> Vec<u8> {
        let bytes = |values: &[f32]| -> Vec<u8> {
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        };
        let mut tensors = vec![
            ("values", bytes(&self.values)),
            ("average", bytes(&self.average)),
            ("first", bytes(&self.adam.first)),
            ("second", bytes(&self.adam.second)),
        ];
        let description = Description {
            format: FORMAT,
            identity: self.identity(),
            step: self.done,
            adam_steps: self.adam.steps,
            before: self.before,
            best: self.best.as_ref().map(|best| best.nats_per_token),
        };
        if let Some(best) = &self.best {
            tensors.push(("best", bytes(&best.values)));
        }
        let views = tensors.iter().map(|(name, data)| {
            let view = TensorView::new(Dtype::F32, vec![data.len() / 4], data);
            (*name, view.expect("four bytes a value"))
        });
        let description = serde_json::to_string(&description).expect("a plain struct");
        let metadata = std::iter::once((DESCRIPTION.to_owned(), description)).collect();
        safetensors::serialize(views, Some(metadata)).expect("names and sizes are ours")
    }

    /// Goes on where [`Self::save`] was called. After an error the trainer is as it was.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn resume(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        let malformed = |_| StateError::Malformed;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(malformed)?;
        let metadata = header.metadata().as_ref();
        let description = metadata
            .and_then(|values| values.get(DESCRIPTION))
            .ok_or(StateError::Malformed)?;
        let description: Description =
            serde_json::from_str(description).map_err(|_| StateError::Malformed)?;
        if description.format != FORMAT || description.identity != self.identity() {
            return Err(StateError::Other);
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(malformed)?;
        let len = self.values.len();
        let vector = |name: &str| {
            let tensor = tensors.tensor(name).map_err(malformed)?;
            let words = tensor.data().as_chunks().0.iter();
            let values: Vec<f32> = words.map(|&word| f32::from_le_bytes(word)).collect();
            let is_good = values.len() == len && values.iter().all(|value| value.is_finite());
            is_good.then_some(values).ok_or(StateError::Malformed)
        };
        let (values, average) = (vector("values")?, vector("average")?);
        let (first, second) = (vector("first")?, vector("second")?);
        let best = match description.best {
            None => None,
            Some(nats_per_token) => Some(Best {
                nats_per_token,
                values: vector("best")?,
            }),
        };
        self.before = description.before;
        self.best = best;
        self.done = description.step;
        self.values = values;
        self.average = average;
        self.adam.first = first;
        self.adam.second = second;
        self.adam.steps = description.adam_steps;
        Ok(())
    }

    /// A sum over what must be the same for a training to go on.
    fn identity(&self) -> Sha256 {
        let mut bytes = format!("{:?}", self.config).into_bytes();
        bytes.extend(self.base_sum().0);
        for text in [&self.text, &self.held_out] {
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text.tokens().iter().flat_map(|token| token.to_le_bytes()));
        }
        sha256(&bytes)
    }
}
