//! The browser surface of Sotto: conversion between JavaScript and `sotto-core` + `sotto-lm`, and no decisions.
//!
//! Everything thrown is an `Error` with `code`, `message` and `retryable`. Nothing here prints or throws what a user
//! typed. Empty on other targets than wasm32.
#![cfg(target_arch = "wasm32")]

mod adapters;
mod assist;
mod constructors;
mod engine;
mod error;
mod loader;
mod macrotask;
mod panic;
mod telemetry;

use sotto_core::protocol::{RedactionInput, RedactionPreview};
use wasm_bindgen::prelude::*;

pub use engine::Engine;
pub use loader::PackLoader;
pub use telemetry::Counters;

use error::{Thrown, bad_request};

/// Runs once, when the module is instantiated.
#[wasm_bindgen(start)]
pub fn start() {
    constructors::run();
    panic::install();
}

/// Chooses a backend: `BackendMeasurements` in, `BackendChoice` out, both JSON.
///
/// # Errors
/// `badRequest` if the JSON is of another form, `backendUnavailable` if no backend works.
#[wasm_bindgen(js_name = chooseBackend)]
pub fn choose_backend(measurements_json: &str) -> Result<String, Thrown> {
    let measurements = serde_json::from_str(measurements_json)
        .map_err(|_| bad_request("Unknown measurements."))?;
    let choice = sotto_core::backend::choose(&measurements)?;
    error::to_json(&choice)
}

/// Decides where a request goes: `RouteInput` in, `RouteDecision` out, both JSON.
///
/// # Errors
/// `badRequest` if the JSON is of another form: nothing is decided then, and nothing leaves the device.
#[wasm_bindgen(js_name = decideRoute)]
pub fn decide_route(input_json: &str) -> Result<String, Thrown> {
    let input =
        serde_json::from_str(input_json).map_err(|_| bad_request("Unknown route request."))?;
    error::to_json(&sotto_core::policy::decide_input(&input))
}

/// Hides personal data in a task, as the host does before it asks: `RedactionInput` in, `RedactionPreview` out, both JSON.
///
/// # Errors
/// `badRequest` if the JSON is of another form.
#[wasm_bindgen(js_name = previewRedaction)]
pub fn preview_redaction(input_json: &str) -> Result<String, Thrown> {
    let RedactionInput {
        task,
        own_terms,
        edits,
    } = serde_json::from_str(input_json).map_err(|_| bad_request("Unknown text to redact."))?;
    let veiled = sotto_core::assist::veil(&task, &own_terms, &edits);
    error::to_json(&RedactionPreview {
        task: veiled.task,
        replacements: veiled.replacements,
    })
}

/// Judges a phrase of the user's by the rules of suggestions: `PhraseInput` in, `SuggestOutcome` out, both JSON.
///
/// # Errors
/// `badRequest` if the JSON is of another form.
#[wasm_bindgen(js_name = judgePhrase)]
pub fn judge_phrase(input_json: &str) -> Result<String, Thrown> {
    let input = serde_json::from_str(input_json).map_err(|_| bad_request("Unknown phrase."))?;
    error::to_json(&sotto_core::suggestion::judge_phrase(&input))
}

/// Version of the messages that this build speaks.
#[wasm_bindgen(js_name = protocolVersion)]
pub fn protocol_version() -> u32 {
    sotto_core::protocol::PROTOCOL_VERSION
}
