//! Frames to the broker.

use std::fs::File;
use std::io::Write as _;

use sotto_core::protocol::{HostEvent, WireError};

use super::FromWorker;
use crate::wire::frame;

/// The pipe to the broker. If it breaks, the broker is gone and so is the reason to live.
#[derive(Debug)]
pub(crate) struct Output(File);

impl Output {
    pub(crate) fn new(pipe: File) -> Self {
        Self(pipe)
    }

    /// Sends one message.
    pub(crate) fn send(&mut self, message: &FromWorker) {
        let sent = frame::encode(message).is_ok_and(|frame| self.0.write_all(&frame).is_ok());
        if !sent {
            std::process::exit(0);
        }
    }

    /// Sends an event for the browser.
    pub(crate) fn event(&mut self, event: HostEvent) {
        self.send(&FromWorker::Event { event });
    }

    /// Ends a request with an error.
    pub(crate) fn error(&mut self, id: u32, error: WireError) {
        self.event(HostEvent::Error { id, error });
    }
}
