//! Engine state, as the popup and the options page show it.

use serde::{Deserialize, Serialize};

use super::WireError;

/// Where the model runs inside the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// WebGPU compute shaders.
    Webgpu,
    /// WebAssembly SIMD on one thread.
    Wasm,
}

/// Why that backend. Closed, so that the popup can explain each one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum BackendReason {
    /// Both passed the known-answer test; this one was faster.
    MeasuredFaster,
    /// The user or a test asked for this one.
    Requested,
    /// The browser has no WebGPU.
    WebgpuAbsent,
    /// WebGPU exists but gave no adapter or device.
    WebgpuNoAdapter,
    /// The adapter is a software one, which is slower than WebAssembly.
    WebgpuSoftware,
    /// WebGPU gave a wrong answer to the known-answer test.
    WebgpuWrongAnswer,
    /// The WebGPU device was lost while working.
    WebgpuLost,
    /// WebGPU crashed or hung during an earlier start.
    WebgpuCrashedBefore,
    /// WebAssembly could not run the model or gave a wrong answer.
    WasmFailed,
}

/// Life of the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum EngineStatus {
    /// Nothing loaded yet; the first focus or keystroke loads it.
    Idle,
    /// Reading, verifying and placing the model.
    Loading,
    /// Ready to suggest.
    Ready {
        /// What is loaded and where it runs.
        engine: EngineInfo,
    },
    /// The engine could not start; nothing is suggested.
    Failed {
        /// Why.
        error: WireError,
    },
}

/// A loaded engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct EngineInfo {
    /// Pack name, for example `sotto-nano`.
    pub model: String,
    /// Pack version, counted up.
    pub version: u32,
    /// Number of weights.
    pub parameters: u32,
    /// Where it runs.
    pub backend: Backend,
    /// Why there, from the closed list.
    pub backend_reason: BackendReason,
    /// The reason as a sentence, with the measured figures where there are any.
    pub backend_detail: String,
    /// From the start of loading to ready, in milliseconds.
    pub load_ms: f32,
    /// Time of the last suggestion, in milliseconds.
    pub last_latency_ms: Option<f32>,
}
