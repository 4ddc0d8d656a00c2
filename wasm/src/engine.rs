//! A loaded model: suggestions, one at a time, and measurements. Chat and summaries are in [`crate::assist`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Promise;
use serde::Serialize;
use sotto_core::assist::Abilities;
use sotto_core::autocomplete::{Pacer, Suggestion};
use sotto_core::decode::Decoder;
use sotto_core::pack::Sha256;
use sotto_core::protocol::{
    AutocompleteEvent, AutocompleteRequest, ErrorCode, SuggestTiming, SuggestionSource, WireError,
};
use sotto_lm::LlamaCompleter;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::adapters::Adapters;
use crate::error::{Thrown, to_json, wire_error};
use crate::macrotask::Macrotask;

#[wasm_bindgen]
extern "C" {
    /// Milliseconds.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn now_ms() -> f64;
}

/// A loaded model on one backend.
#[wasm_bindgen]
pub struct Engine {
    pub(crate) shared: Rc<Shared>,
    info: String,
}

/// What runs on when the JavaScript object is freed in the middle.
pub(crate) struct Shared {
    /// `None` while a call uses it.
    completer: RefCell<Option<LlamaCompleter>>,
    superseded: Cell<bool>,
    macrotask: Macrotask,
    /// Name of the model.
    pub(crate) model: String,
    pub(crate) abilities: Abilities,
    /// What adapters for this model are bound to.
    pub(crate) base: Option<Sha256>,
    pub(crate) adapters: RefCell<Adapters>,
}

/// What `info` says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Info {
    pub(crate) model: String,
    pub(crate) version: u32,
    pub(crate) parameters: u32,
    pub(crate) context_tokens: u32,
}

/// What `measure` says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    prefill_ms: f64,
    decode_tok_per_s: f64,
}

#[wasm_bindgen]
impl Engine {
    /// JSON `{model, version, parameters, contextTokens}`.
    pub fn info(&self) -> String {
        self.info.clone()
    }

    /// Answers an `AutocompleteRequest` of type `suggest` with an `AutocompleteEvent`, `done` or `error`; both JSON.
    /// Never rejects. One at a time.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn suggest(&self, request_json: &str) -> Promise {
        let started_ms = now_ms();
        let request = serde_json::from_str(request_json);
        let shared = self.begin();
        future_to_promise(async move {
            let event = match request {
                Ok(request) => answer(&shared, request, started_ms).await,
                // The id cannot be known; the caller matches answers by call.
                Err(_) => failed(
                    0,
                    ErrorCode::BadRequest,
                    "The request is not one of the protocol.",
                ),
            };
            Ok(to_json(&event)?.into())
        })
    }

    /// Ends the suggestion or answer in flight with the error `cancelled`, after the token in flight.
    pub fn supersede(&self) {
        self.shared.superseded.set(true);
    }

    /// Measures: JSON `{prefillMs, decodeTokPerS}`.
    ///
    /// # Errors
    /// `notReady` while a suggestion or an answer is made, `badRequest` if a count is zero, `tooLarge` if they do not fit
    /// into the context, and what the model reports.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn measure(&self, prefill_tokens: u32, decode_tokens: u32) -> Promise {
        let shared = self.shared.clone();
        future_to_promise(async move {
            let mut completer = shared.take().ok_or_else(busy)?;
            let figures = measure(completer.decoder_mut(), prefill_tokens, decode_tokens).await;
            shared.put_back(completer);
            Ok(to_json(&figures?)?.into())
        })
    }
}

impl Engine {
    pub(crate) fn new(
        completer: LlamaCompleter,
        info: Info,
        abilities: Abilities,
        base: Option<Sha256>,
    ) -> Result<Self, Thrown> {
        let info_json = to_json(&info)?;
        let shared = Shared {
            completer: RefCell::new(Some(completer)),
            superseded: Cell::new(false),
            macrotask: Macrotask::new(),
            model: info.model,
            abilities,
            base,
            adapters: RefCell::default(),
        };
        Ok(Self {
            shared: Rc::new(shared),
            info: info_json,
        })
    }

    /// Called where JavaScript calls and not in the future, so that a `supersede` right after the call counts; forgets an
    /// earlier one, but not if the engine is busy, because that would undo it.
    pub(crate) fn begin(&self) -> Rc<Shared> {
        if self.shared.completer.borrow().is_some() {
            self.shared.superseded.set(false);
        }
        self.shared.clone()
    }
}

impl Shared {
    /// The model, for the one call that uses it until [`Self::put_back`]. `None` while another one does.
    pub(crate) fn take(&self) -> Option<LlamaCompleter> {
        self.completer.borrow_mut().take()
    }

    pub(crate) fn put_back(&self, completer: LlamaCompleter) {
        self.completer.replace(Some(completer));
    }

    /// Lets the event loop run. False once the request is superseded.
    pub(crate) async fn pause(&self) -> bool {
        self.macrotask.next().await;
        !self.superseded.get()
    }
}

impl Pacer for &Shared {
    async fn pause(&mut self) -> bool {
        Shared::pause(self).await
    }
}

async fn answer(
    shared: &Shared,
    request: AutocompleteRequest,
    started_ms: f64,
) -> AutocompleteEvent {
    let AutocompleteRequest::Suggest {
        id,
        before,
        after,
        field,
    } = request
    else {
        return failed(
            0,
            ErrorCode::BadRequest,
            "The engine answers suggestions only.",
        );
    };
    let Some(mut completer) = shared.take() else {
        return failed(id, ErrorCode::NotReady, BUSY);
    };
    let mut pacer = shared;
    let result = completer.suggest(&before, &after, field, &mut pacer).await;
    shared.put_back(completer);
    match result {
        Ok(suggestion) => done(id, suggestion, now_ms() - started_ms),
        Err(error) => AutocompleteEvent::Error {
            id,
            error: WireError::new(&error),
        },
    }
}

fn done(id: u32, suggestion: Suggestion, total_ms: f64) -> AutocompleteEvent {
    let Suggestion {
        outcome,
        prefill_tokens,
        reused_tokens,
        decode_steps,
        ..
    } = suggestion;
    let timing = SuggestTiming {
        total_ms: total_ms as f32,
        prefill_tokens,
        reused_tokens,
        decode_steps,
    };
    AutocompleteEvent::Done {
        id,
        outcome,
        timing,
        source: SuggestionSource::Model,
    }
}

fn failed(id: u32, code: ErrorCode, message: &str) -> AutocompleteEvent {
    let error = wire_error(code, message);
    AutocompleteEvent::Error { id, error }
}

/// Message of `notReady` while another call uses the model.
pub(crate) const BUSY: &str = "The engine is busy with another request.";

pub(crate) fn busy() -> Thrown {
    Thrown::new(ErrorCode::NotReady, BUSY)
}

async fn measure<D>(
    decoder: &mut D,
    prefill_tokens: u32,
    decode_tokens: u32,
) -> Result<Figures, Thrown>
where
    D: Decoder<Error: sotto_core::protocol::Coded>,
{
    if prefill_tokens == 0 || decode_tokens == 0 {
        return Err(Thrown::new(
            ErrorCode::BadRequest,
            "There is nothing to measure.",
        ));
    }
    if prefill_tokens.saturating_add(decode_tokens) as usize > decoder.capacity() {
        return Err(Thrown::new(
            ErrorCode::TooLarge,
            "The measurement is longer than the model's context.",
        ));
    }
    // Any tokens do: the work does not depend on them.
    let vocab_size = decoder.vocab_size() as u32;
    let tokens: Vec<u32> = (0..prefill_tokens)
        .map(|at| at * 191 % vocab_size)
        .collect();
    decoder.truncate(0);
    let started_ms = now_ms();
    decoder.prefill(&tokens).await?;
    let prefilled_ms = now_ms();
    for at in 0..decode_tokens {
        decoder.step(at % vocab_size).await?;
    }
    let decode_ms = now_ms() - prefilled_ms;
    decoder.truncate(0);
    Ok(Figures {
        prefill_ms: prefilled_ms - started_ms,
        decode_tok_per_s: f64::from(decode_tokens) * 1e3 / decode_ms,
    })
}
