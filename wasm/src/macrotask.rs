//! Giving way to the worker's event loop.
//!
//! An `await` on a settled promise only runs other promise callbacks; a message for the worker, such as `supersede`,
//! waits for the next task. A message to ourselves through a channel is the fastest way to get there.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    type MessageChannel;
    #[wasm_bindgen(constructor)]
    fn new() -> MessageChannel;
    #[wasm_bindgen(method, getter)]
    fn port1(this: &MessageChannel) -> MessagePort;
    #[wasm_bindgen(method, getter)]
    fn port2(this: &MessageChannel) -> MessagePort;

    type MessagePort;
    #[wasm_bindgen(method, js_name = postMessage)]
    fn post_message(this: &MessagePort, message: &JsValue);
    #[wasm_bindgen(method, setter, js_name = onmessage)]
    fn set_onmessage(this: &MessagePort, listener: &Function);
    #[wasm_bindgen(method)]
    fn close(this: &MessagePort);
}

/// A channel to ourselves.
pub(crate) struct Macrotask {
    sender: MessagePort,
    receiver: MessagePort,
}

impl Macrotask {
    pub(crate) fn new() -> Self {
        let channel = MessageChannel::new();
        Self {
            sender: channel.port1(),
            receiver: channel.port2(),
        }
    }

    /// Resolves in a later task, after messages that are waiting now. One caller at a time.
    pub(crate) async fn next(&self) {
        let promise = Promise::new(&mut |resolve, _| {
            self.receiver.set_onmessage(&resolve);
            self.sender.post_message(&JsValue::NULL);
        });
        // The promise is never rejected.
        let _ = JsFuture::from(promise).await;
    }
}

impl Drop for Macrotask {
    fn drop(&mut self) {
        self.sender.close();
    }
}
