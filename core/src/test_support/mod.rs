//! In-memory twins of the engine, for tests of this crate and of those that build on it: a tokenizer over a handful of
//! pieces and a decoder that has learned a handful of texts. Deterministic, and small enough to predict.

mod decoder;
mod tokenizer;

pub use decoder::{DecoderFault, Fault, TableDecoder};
pub use tokenizer::PieceTokenizer;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::autocomplete::Pacer;

/// Runs a future that never waits for anything outside.
///
/// # Panics
/// If it waits all the same.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits for something outside"),
    }
}

/// Counts the pauses, and can end the request at one of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct CountingPacer {
    /// Pauses so far.
    pub pauses: usize,
    stop_after: Option<usize>,
}

impl CountingPacer {
    /// Lets `pauses` pauses pass and then says that the request is over.
    pub fn stopping_after(pauses: usize) -> Self {
        Self {
            pauses: 0,
            stop_after: Some(pauses),
        }
    }
}

impl Pacer for CountingPacer {
    async fn pause(&mut self) -> bool {
        self.pauses += 1;
        self.stop_after
            .is_none_or(|stop_after| self.pauses <= stop_after)
    }
}
