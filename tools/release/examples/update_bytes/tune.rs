//! A fine-tune, imitated on INT8 and INT4 weights.

use std::collections::BTreeMap;
use std::ops::Range;

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

/// What a tensor holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One code a byte, one scale (F32) a row.
    Int8,
    /// Two codes a byte, each with 8 added, one scale (F16) for every 32.
    Int4,
    /// Anything else: it stays as it is.
    Other,
}

/// A tensor of a safetensors file.
pub(crate) struct Tensor {
    pub(crate) kind: Kind,
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
                kind: match entry["dtype"].as_str() {
                    Some("I8") => Kind::Int8,
                    Some("U8") => Kind::Int4,
                    _ => Kind::Other,
                },
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
        if tensor.kind == Kind::Other || !moves {
            continue;
        }
        let scales = &tensors
            .get(&format!("{name}_scale"))
            .ok_or("a tensor without scales")?;
        let (codes, scales) = (tensor.start..tensor.end, scales.start..scales.end);
        match tensor.kind {
            Kind::Int8 => tune_int8(&mut out, codes, scales, tune.relative, &mut dice),
            _ => tune_int4(&mut out, codes, scales, tune.relative, &mut dice),
        }
    }
    Ok(out)
}

fn tune_int8(
    out: &mut [u8],
    codes: Range<usize>,
    scales: Range<usize>,
    relative: f64,
    dice: &mut Dice,
) {
    let columns = codes.len() / (scales.len() / 4);
    for (at, place) in codes.step_by(columns).zip(scales.step_by(4)) {
        let row: Vec<f64> = out[at..at + columns]
            .iter()
            .map(|&code| f64::from(code as i8))
            .collect();
        let weights = moved(&row, relative, dice);
        let step = largest(&weights) / largest(&row).max(1.0);
        let scale =
            f32::from_le_bytes([out[place], out[place + 1], out[place + 2], out[place + 3]]);
        let scale = (f64::from(scale) * step) as f32;
        out[place..place + 4].copy_from_slice(&scale.to_le_bytes());
        for (to, weight) in out[at..at + columns].iter_mut().zip(weights) {
            *to = (weight / step).round().clamp(-127.0, 127.0) as i8 as u8;
        }
    }
}

/// Scales stay: what was rounded away of a group's largest weight is not known, and is much more than noise of this size.
fn tune_int4(
    out: &mut [u8],
    codes: Range<usize>,
    scales: Range<usize>,
    relative: f64,
    dice: &mut Dice,
) {
    let bytes = codes.len() / (scales.len() / 2);
    for at in codes.step_by(bytes) {
        let group: Vec<f64> = out[at..at + bytes]
            .iter()
            .flat_map(|&byte| [byte & 15, byte >> 4])
            .map(|code| f64::from(code) - 8.0)
            .collect();
        let fresh: Vec<u8> = moved(&group, relative, dice)
            .iter()
            .map(|weight| (weight.round().clamp(-8.0, 7.0) + 8.0) as u8)
            .collect();
        for (to, pair) in out[at..at + bytes].iter_mut().zip(fresh.as_chunks().0) {
            let [low, high]: [u8; 2] = *pair;
            *to = low | (high << 4);
        }
    }
}

/// Codes as weights, in steps, after the fine-tune. What was rounded away is not known: it is evenly spread.
fn moved(codes: &[f64], relative: f64, dice: &mut Dice) -> Vec<f64> {
    let square: f64 = codes.iter().map(|code| code * code).sum();
    let spread = relative * (square / codes.len() as f64).sqrt();
    codes
        .iter()
        .map(|code| code + dice.even() - 0.5 + spread * dice.normal())
        .collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most, value| most.max(value.abs()))
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
