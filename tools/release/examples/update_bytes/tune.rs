//! A fine-tune, imitated on INT8 weights.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Failure;

/// How far it goes.
pub(crate) struct Tune {
    /// Standard deviation of the change of a weight, as a share of its row's root mean square. Fine-tunes of small language models
    /// move weights by 0.1 to 5 % of it.
    pub(crate) relative: f64,
    /// Weights of earlier layers, embeddings and the output stay as they are; none: everything moves.
    pub(crate) first_layer: Option<usize>,
}

/// A tensor of a safetensors file.
pub(crate) struct Tensor {
    pub(crate) is_int8: bool,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The tensors by name.
pub(crate) fn tensors(file: &[u8]) -> Result<BTreeMap<String, Tensor>, Failure> {
    let length = file.first_chunk::<8>().ok_or("no safetensors")?;
    let data = 8 + usize::try_from(u64::from_le_bytes(*length))?;
    let header: Value = serde_json::from_slice(file.get(8..data).ok_or("no safetensors")?)?;
    let mut tensors = BTreeMap::new();
    for (name, entry) in header.as_object().ok_or("no safetensors")? {
        let offset = |at: usize| entry["data_offsets"][at].as_u64().unwrap_or(0) as usize + data;
        if name != "__metadata__" {
            let tensor = Tensor {
                is_int8: entry["dtype"] == "I8",
                start: offset(0),
                end: offset(1),
            };
            tensors.insert(name.clone(), tensor);
        }
    }
    Ok(tensors)
}

/// The number of the layer that a tensor belongs to.
pub(crate) fn layer(name: &str) -> Option<usize> {
    name.split("layers.")
        .nth(1)?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// The file after the fine-tune.
pub(crate) fn tuned(file: &[u8], tune: &Tune) -> Result<Vec<u8>, Failure> {
    let tensors = tensors(file)?;
    let mut out = file.to_vec();
    let mut dice = Dice(0x853C_49E6_748F_EA9B);
    for (name, tensor) in &tensors {
        let moves = match tune.first_layer {
            None => true,
            Some(first) => layer(name).is_some_and(|layer| layer >= first),
        };
        if !tensor.is_int8 || !moves {
            continue;
        }
        let scales = &tensors
            .get(&format!("{name}_scale"))
            .ok_or("a tensor without scales")?;
        let rows = (scales.end - scales.start) / 4;
        let columns = (tensor.end - tensor.start) / rows;
        for row in 0..rows {
            let at = tensor.start + row * columns;
            let codes = &file[at..at + columns];
            let place = scales.start + 4 * row;
            let scale = f32::from_le_bytes(*file[place..].first_chunk::<4>().ok_or("cut")?);
            let (fresh, scale) = row_after(codes, scale, tune.relative, &mut dice);
            out[place..place + 4].copy_from_slice(&scale.to_le_bytes());
            out[at..at + columns].copy_from_slice(&fresh);
        }
    }
    Ok(out)
}

fn row_after(codes: &[u8], scale: f32, relative: f64, dice: &mut Dice) -> (Vec<u8>, f32) {
    let codes: Vec<f64> = codes.iter().map(|&code| f64::from(code as i8)).collect();
    let square: f64 = codes.iter().map(|code| code * code).sum();
    let spread = relative * (square / codes.len() as f64).sqrt();
    // What was rounded away is not known; the change is what counts.
    let weights: Vec<f64> = codes
        .iter()
        .map(|code| code + dice.even() - 0.5 + spread * dice.normal())
        .collect();
    let largest = |values: &[f64]| {
        values
            .iter()
            .fold(0.0_f64, |most, value| most.max(value.abs()))
    };
    let step = largest(&weights) / largest(&codes).max(1.0);
    let fresh = weights
        .iter()
        .map(|weight| (weight / step).round().clamp(-127.0, 127.0) as i8 as u8)
        .collect();
    (fresh, (f64::from(scale) * step) as f32)
}

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    /// Even in 0..1.
    fn even(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.even().max(f64::MIN_POSITIVE).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.even()).cos()
    }
}
