//! Which backend runs the model: measured, not detected, and always with a reason that a person can read.

use crate::protocol::{
    Backend, BackendChoice, BackendMeasurement, BackendMeasurements, BackendReason, Coded,
    ErrorCode,
};

/// Tokens prefilled when calibrating; `BackendMeasurement::prefill_ms` is the time for these.
pub const CALIBRATION_PREFILL_TOKENS: u32 = 64;

/// Single-token steps timed when calibrating: the length of a typical suggestion.
pub const CALIBRATION_DECODE_TOKENS: u32 = 8;

/// Tokens that one keystroke prefills when the rest is in the KV cache: about a word.
const KEYSTROKE_PREFILL_TOKENS: f32 = 4.0;

/// WebGPU must be this much faster than WebAssembly: it shares the GPU with the page, so a tie goes to WebAssembly. A
/// fifth is about what two calibrations of the same machine differ by.
const WEBGPU_ADVANTAGE: f32 = 1.2;

/// Why no backend could be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// Neither backend runs the model.
    #[error("this browser can run the model neither on WebGPU nor on WebAssembly: {}", webgpu.map_or("WebGPU was not tried", sentence))]
    NoneAvailable {
        /// What was wrong with WebGPU.
        webgpu: Option<BackendReason>,
    },
}

impl Coded for ChooseError {
    fn code(&self) -> ErrorCode {
        ErrorCode::BackendUnavailable
    }
}

/// Chooses a backend.
///
/// A requested backend is used if it works. Otherwise WebGPU is used if it passed, its adapter is real hardware, and it
/// was measurably faster than WebAssembly; in every other case WebAssembly is, with WebGPU's failure as the reason.
///
/// # Errors
/// [`ChooseError::NoneAvailable`].
pub fn choose(input: &BackendMeasurements) -> Result<BackendChoice, ChooseError> {
    let find = |backend| {
        input
            .measurements
            .iter()
            .find(|measured| measured.backend == backend)
    };
    let (webgpu, wasm) = (find(Backend::Webgpu), find(Backend::Wasm));
    let works =
        |measured: Option<&BackendMeasurement>| measured.is_some_and(|measured| measured.available);

    if let Some(backend) = input.requested
        && works(find(backend))
    {
        return Ok(choice(backend, BackendReason::Requested, None));
    }
    match (works(webgpu), works(wasm)) {
        (false, false) => Err(ChooseError::NoneAvailable {
            webgpu: webgpu.map(failure),
        }),
        (true, false) => Ok(choice(Backend::Webgpu, BackendReason::WasmFailed, None)),
        (false, true) => {
            let reason = webgpu.map_or(BackendReason::WebgpuAbsent, failure);
            Ok(choice(Backend::Wasm, reason, None))
        }
        (true, true) => Ok(faster(webgpu, wasm)),
    }
}

/// Both work: the faster one, unless WebGPU is a software adapter.
fn faster(webgpu: Option<&BackendMeasurement>, wasm: Option<&BackendMeasurement>) -> BackendChoice {
    if webgpu.is_some_and(|measured| measured.software_adapter) {
        return choice(Backend::Wasm, BackendReason::WebgpuSoftware, None);
    }
    let (webgpu, wasm) = (webgpu.and_then(keystroke_ms), wasm.and_then(keystroke_ms));
    let backend = match (webgpu, wasm) {
        (Some(webgpu), Some(wasm)) if webgpu * WEBGPU_ADVANTAGE < wasm => Backend::Webgpu,
        (Some(_), None) => Backend::Webgpu,
        _ => Backend::Wasm,
    };
    let figure = |ms: Option<f32>| ms.map_or("not measured".to_owned(), |ms| format!("{ms:.0} ms"));
    let detail = format!(
        "a suggestion takes {} on WebGPU, {} on WebAssembly",
        figure(webgpu),
        figure(wasm)
    );
    choice(backend, BackendReason::MeasuredFaster, Some(detail))
}

/// Expected time from a keystroke to a suggestion. `None` where it was not measured or makes no sense.
fn keystroke_ms(measured: &BackendMeasurement) -> Option<f32> {
    let prefill =
        measured.prefill_ms? * (KEYSTROKE_PREFILL_TOKENS / CALIBRATION_PREFILL_TOKENS as f32);
    let decode = 1000.0 * CALIBRATION_DECODE_TOKENS as f32 / measured.decode_tok_per_s?;
    let total = prefill + decode;
    (total.is_finite() && prefill >= 0.0 && decode > 0.0).then_some(total)
}

/// Why a backend that is not available is not; the caller's reason if it fits the backend.
fn failure(measured: &BackendMeasurement) -> BackendReason {
    match (measured.backend, measured.failure) {
        (Backend::Wasm, _) => BackendReason::WasmFailed,
        (
            Backend::Webgpu,
            Some(
                BackendReason::MeasuredFaster
                | BackendReason::Requested
                | BackendReason::WasmFailed,
            ),
        ) => BackendReason::WebgpuAbsent,
        (Backend::Webgpu, Some(reason)) => reason,
        (Backend::Webgpu, None) => BackendReason::WebgpuAbsent,
    }
}

fn choice(backend: Backend, reason: BackendReason, detail: Option<String>) -> BackendChoice {
    BackendChoice {
        backend,
        reason,
        detail: detail.unwrap_or_else(|| sentence(reason).to_owned()),
    }
}

fn sentence(reason: BackendReason) -> &'static str {
    match reason {
        BackendReason::MeasuredFaster => "the faster of the two when measured on this device",
        BackendReason::Requested => "chosen in the settings",
        BackendReason::WebgpuAbsent => "this browser has no WebGPU",
        BackendReason::WebgpuNoAdapter => "WebGPU found no usable graphics adapter",
        BackendReason::WebgpuSoftware => {
            "the graphics adapter is a software one, slower than WebAssembly"
        }
        BackendReason::WebgpuWrongAnswer => "WebGPU gave a wrong answer to the self-test",
        BackendReason::WebgpuLost => "the WebGPU device was lost while working",
        BackendReason::WebgpuCrashedBefore => "WebGPU crashed or hung during an earlier start",
        BackendReason::WasmFailed => "WebAssembly could not run the model",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(backend: Backend, ms: f32, tok_per_s: f32) -> BackendMeasurement {
        BackendMeasurement {
            backend,
            available: true,
            failure: None,
            prefill_ms: Some(ms),
            decode_tok_per_s: Some(tok_per_s),
            software_adapter: false,
        }
    }

    fn failed(backend: Backend, failure: Option<BackendReason>) -> BackendMeasurement {
        BackendMeasurement {
            available: false,
            failure,
            prefill_ms: None,
            decode_tok_per_s: None,
            ..measured(backend, 0.0, 0.0)
        }
    }

    fn chosen(
        requested: Option<Backend>,
        measurements: &[BackendMeasurement],
    ) -> (Backend, BackendReason) {
        let input = BackendMeasurements {
            requested,
            measurements: measurements.to_vec(),
        };
        let choice = choose(&input).unwrap();
        assert!(!choice.detail.is_empty());
        (choice.backend, choice.reason)
    }

    const WASM: fn() -> BackendMeasurement = || measured(Backend::Wasm, 200.0, 230.0);

    #[test]
    fn the_faster_one_is_chosen_with_figures() {
        let input = BackendMeasurements {
            requested: None,
            measurements: vec![measured(Backend::Webgpu, 20.0, 1000.0), WASM()],
        };
        let choice = choose(&input).unwrap();
        assert_eq!(
            (choice.backend, choice.reason),
            (Backend::Webgpu, BackendReason::MeasuredFaster)
        );
        assert_eq!(
            choice.detail,
            "a suggestion takes 9 ms on WebGPU, 47 ms on WebAssembly"
        );
        let slow = measured(Backend::Webgpu, 2000.0, 1.0);
        assert_eq!(
            chosen(None, &[slow, WASM()]),
            (Backend::Wasm, BackendReason::MeasuredFaster)
        );
    }

    #[test]
    fn a_tie_goes_to_wasm() {
        let gpu = measured(Backend::Webgpu, 200.0, 235.0);
        assert_eq!(
            chosen(None, &[gpu, WASM()]),
            (Backend::Wasm, BackendReason::MeasuredFaster)
        );
    }

    #[test]
    fn a_software_adapter_is_used_only_on_request() {
        let gpu = BackendMeasurement {
            software_adapter: true,
            ..measured(Backend::Webgpu, 1.0, 9000.0)
        };
        assert_eq!(
            chosen(None, &[gpu, WASM()]),
            (Backend::Wasm, BackendReason::WebgpuSoftware)
        );
        assert_eq!(
            chosen(Some(Backend::Webgpu), &[gpu, WASM()]),
            (Backend::Webgpu, BackendReason::Requested)
        );
    }

    #[test]
    fn a_failed_webgpu_gives_its_reason() {
        for reason in [
            BackendReason::WebgpuAbsent,
            BackendReason::WebgpuNoAdapter,
            BackendReason::WebgpuSoftware,
            BackendReason::WebgpuWrongAnswer,
            BackendReason::WebgpuLost,
            BackendReason::WebgpuCrashedBefore,
        ] {
            let gpu = failed(Backend::Webgpu, Some(reason));
            assert_eq!(chosen(None, &[gpu, WASM()]), (Backend::Wasm, reason));
            assert_eq!(
                chosen(Some(Backend::Webgpu), &[gpu, WASM()]),
                (Backend::Wasm, reason)
            );
        }
        assert_eq!(
            chosen(None, &[WASM()]),
            (Backend::Wasm, BackendReason::WebgpuAbsent)
        );
    }

    #[test]
    fn webgpu_is_used_where_wasm_fails() {
        let gpu = measured(Backend::Webgpu, 1.0, 1.0);
        let wasm = failed(Backend::Wasm, None);
        assert_eq!(
            chosen(Some(Backend::Wasm), &[gpu, wasm]),
            (Backend::Webgpu, BackendReason::WasmFailed)
        );
    }

    #[test]
    fn nothing_works_is_an_error_with_a_code() {
        let measurements = vec![
            failed(Backend::Wasm, None),
            failed(Backend::Webgpu, Some(BackendReason::WebgpuLost)),
        ];
        let error = choose(&BackendMeasurements {
            requested: None,
            measurements,
        })
        .unwrap_err();
        assert_eq!(error.code(), ErrorCode::BackendUnavailable);
        assert!(error.to_string().contains("device was lost"), "{error}");
        assert!(
            choose(&BackendMeasurements {
                requested: None,
                measurements: vec![]
            })
            .is_err()
        );
    }

    #[test]
    fn senseless_figures_do_not_win() {
        for (ms, speed) in [
            (f32::NAN, 1.0),
            (1.0, 0.0),
            (-1.0, 9.0),
            (1.0, f32::NAN),
            (1.0, -3.0),
        ] {
            assert_eq!(
                chosen(None, &[measured(Backend::Webgpu, ms, speed), WASM()]).0,
                Backend::Wasm
            );
        }
    }
}
