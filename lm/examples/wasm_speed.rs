//! What `scripts/bench kernels` measures in Chromium: the decoder alone, on a random model of the shipped model's shape.
//!
//! The clock is the browser's: every function here does one thing to measure.
#![allow(unsafe_code, reason = "functions are exported by name")]
#![allow(missing_docs, reason = "an example has no users")]

mod support;

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use futures_lite::future::block_on;
use sotto_core::decode::{Decoder, LogProbs};
use sotto_lm::{Adapter, LlamaDecoder};

thread_local! {
    static WEIGHTS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static DECODER: RefCell<Option<LlamaDecoder>> = const { RefCell::new(None) };
}

fn with_decoder<T>(work: impl FnOnce(&mut LlamaDecoder) -> T) -> T {
    DECODER.with_borrow_mut(|decoder| work(decoder.as_mut().expect("load comes first")))
}

/// Makes the weights file.
#[unsafe(no_mangle)]
pub extern "C" fn prepare() {
    WEIGHTS.set(support::weights(true));
}

/// Loads it.
#[unsafe(no_mangle)]
pub extern "C" fn load() {
    let decoder = support::decoder(WEIGHTS.take()).expect("a good model");
    DECODER.set(Some(decoder));
}

/// Makes an adapter and gives it to the decoder, or takes it away.
#[unsafe(no_mangle)]
pub extern "C" fn adapt(is_wanted: bool) {
    thread_local! {
        static ADAPTER: OnceCell<Arc<Adapter>> = const { OnceCell::new() };
    }
    let make = || Arc::new(support::adapter().expect("fits"));
    let adapter = is_wanted.then(|| ADAPTER.with(|adapter| adapter.get_or_init(make).clone()));
    with_decoder(|decoder| decoder.set_adapter(adapter)).expect("fits");
}

/// Prefills `tokens` into an empty cache.
#[unsafe(no_mangle)]
pub extern "C" fn prefill(tokens: usize) -> f32 {
    with_decoder(|decoder| {
        decoder.truncate(0);
        block_on(decoder.prefill(&support::prompt(tokens))).expect("it fits")[0]
    })
}

/// One token after `past`, which were prefilled before.
#[unsafe(no_mangle)]
pub extern "C" fn step(past: usize) -> f32 {
    with_decoder(|decoder| {
        decoder.truncate(past);
        block_on(decoder.step(support::STEP_TOKEN)).expect("it fits")[0]
    })
}

/// The same with what the hot path does to the logits.
#[unsafe(no_mangle)]
pub extern "C" fn choose(past: usize) -> f32 {
    with_decoder(|decoder| {
        decoder.truncate(past);
        let logits = block_on(decoder.step(support::STEP_TOKEN)).expect("it fits");
        let log_probs = LogProbs::new(logits).expect("numbers");
        log_probs.confidence(log_probs.best()).entropy
    })
}
