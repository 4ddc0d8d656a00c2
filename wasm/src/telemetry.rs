//! Counting for JavaScript: `sotto_core::telemetry`, with JSON on the way in and out.

use serde::de::DeserializeOwned;
use sotto_core::telemetry::{Epsilon, Observation, Schema, Telemetry};
use wasm_bindgen::prelude::*;

use crate::error::{self, Thrown, bad_request};

#[wasm_bindgen]
extern "C" {
    /// The browser's source of randomness, which workers and pages share.
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_random(bytes: &mut [u8]);
}

/// What was counted on this device.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Counters(Telemetry);

#[wasm_bindgen]
impl Counters {
    /// Goes on from what [`Self::stored`] gave; from nothing if that is damaged.
    #[wasm_bindgen(constructor)]
    pub fn new(stored_json: &str) -> Self {
        Self(serde_json::from_str(stored_json).unwrap_or_default())
    }

    /// Counts an `Observation`.
    ///
    /// # Errors
    /// `badRequest` if it is none; it is not counted then.
    pub fn record(&mut self, observation_json: &str) -> Result<(), Thrown> {
        self.0.record(&parsed::<Observation>(observation_json)?);
        Ok(())
    }

    /// Everything, to be kept.
    ///
    /// # Errors
    /// None in practice: it is plain data.
    pub fn stored(&self) -> Result<String, Thrown> {
        error::to_json(&self.0)
    }

    /// A `TelemetryView`.
    ///
    /// # Errors
    /// None in practice: it is plain data.
    pub fn view(&self) -> Result<String, Thrown> {
        error::to_json(&self.0.view())
    }

    /// An `Export` with noise: `Schema` and `Epsilon` in.
    ///
    /// # Errors
    /// `badRequest` if one of them is of another form or epsilon is out of its range.
    pub fn export(&self, schema_json: &str, epsilon_json: &str) -> Result<String, Thrown> {
        let schema = parsed::<Schema>(schema_json)?;
        let epsilon = parsed::<Epsilon>(epsilon_json)?;
        let mut random = || {
            let mut bytes = [0; 8];
            fill_random(&mut bytes);
            u64::from_le_bytes(bytes)
        };
        error::to_json(&self.0.export(&schema, epsilon, &mut random))
    }
}

fn parsed<T: DeserializeOwned>(json: &str) -> Result<T, Thrown> {
    serde_json::from_str(json).map_err(|_| bad_request("Unknown figures."))
}
