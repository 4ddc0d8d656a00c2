//! Chat and summaries on the model in the browser: conversion around `sotto_core::assist`.

use js_sys::{Function, Promise};
use serde::Deserialize;
use sotto_core::assist::{Answer, Assistant, Env, PlainFormat, Step, check_task};
use sotto_core::autocomplete::Pacer;
use sotto_core::decode::Tokenizer as _;
use sotto_core::protocol::{AnswerEngine, CloudTask, ErrorCode, HostEvent, Tier, WireError};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::Engine;
use crate::engine::{BUSY, Shared, now_ms};
use crate::error::{to_json, wire_error};

#[wasm_bindgen]
impl Engine {
    /// Answers a `HostRequest` of type `summarize` or `chat`: `onEvent` gets each `progress` and `delta`, the promise the
    /// `done` or `error`; all of them `HostEvent` as JSON with the request's id (0 if it could not be read). Never
    /// rejects. One at a time, suggestions included: `notReady` while another call runs. `supersede` ends it with
    /// `cancelled`, after the token in flight.
    ///
    /// The engine's device and reason are left empty: the caller chose the backend and knows them.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn assist(
        &self,
        request_json: &str,
        #[wasm_bindgen(unchecked_param_type = "(eventJson: string) => void")] on_event: Function,
    ) -> Promise {
        let request = read(request_json);
        let shared = self.begin();
        future_to_promise(async move {
            let event = match request {
                Ok(request) => answer(&shared, request, &on_event).await,
                Err(refused) => refused,
            };
            Ok(to_json(&event)?.into())
        })
    }
}

/// The id and the task of a request. Not through [`HostRequest`][sotto_core::protocol::HostRequest], of whose many messages two
/// are answered here: reading the others would be a hundredth of this module's size.
fn read(request_json: &str) -> Result<(u32, CloudTask), HostEvent> {
    #[derive(Deserialize)]
    struct Id {
        id: u32,
    }
    let id = serde_json::from_str(request_json).map_or(0, |Id { id }| id);
    let task = serde_json::from_str(request_json);
    task.map(|task| (id, task))
        .map_err(|_| refused(id, "The engine answers chats and summaries only."))
}

/// The world of one request.
struct Listener<'a> {
    id: u32,
    shared: &'a Shared,
    on_event: &'a Function,
}

impl Pacer for Listener<'_> {
    async fn pause(&mut self) -> bool {
        self.shared.pause().await
    }
}

impl Env for Listener<'_> {
    fn now_ms(&self) -> f64 {
        now_ms()
    }

    fn emit(&mut self, step: Step<'_>) {
        let id = self.id;
        let event = match step {
            Step::Progress { done, total } => HostEvent::Progress { id, done, total },
            Step::Delta(text) => HostEvent::Delta {
                id,
                text: text.to_owned(),
            },
        };
        if let Ok(json) = to_json(&event) {
            // What the listener throws is its own affair; the answer goes on.
            let _ = self.on_event.call1(&JsValue::NULL, &json.into());
        }
    }
}

async fn answer(shared: &Shared, (id, task): (u32, CloudTask), on_event: &Function) -> HostEvent {
    if let Err(error) = check_task(&task) {
        let error = WireError::new(&error);
        return HostEvent::Error { id, error };
    }
    let Some(mut completer) = shared.take() else {
        let error = wire_error(ErrorCode::NotReady, BUSY);
        return HostEvent::Error { id, error };
    };
    let listener = &mut Listener {
        id,
        shared,
        on_event,
    };
    let (cached, tokenizer) = completer.lend();
    let end_ids = vec![tokenizer.end_of_text()];
    let result = match Assistant::new(cached, tokenizer, PlainFormat, shared.abilities, end_ids) {
        Ok(mut assistant) => match &task {
            CloudTask::Summarize { text, length } => {
                assistant.summarize(text, *length, seed(), listener).await
            }
            CloudTask::Chat { messages, page } => {
                assistant
                    .chat(messages, page.as_ref(), seed(), listener)
                    .await
            }
        },
        Err(error) => Err(error),
    };
    shared.put_back(completer);
    match result {
        Ok(answer) => done(id, shared, answer),
        Err(error) => HostEvent::Error {
            id,
            error: WireError::new(&error),
        },
    }
}

fn done(id: u32, shared: &Shared, answer: Answer) -> HostEvent {
    let engine = AnswerEngine {
        tier: Tier::Browser,
        model: shared.model.clone(),
        device: String::new(),
        reason: String::new(),
    };
    HostEvent::Done {
        id,
        answer: answer.info(engine),
    }
}

fn refused(id: u32, message: &str) -> HostEvent {
    let error = wire_error(ErrorCode::BadRequest, message);
    HostEvent::Error { id, error }
}

/// As many random bits as a JavaScript number holds.
fn seed() -> u64 {
    (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64
}
