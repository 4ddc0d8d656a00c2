//! The parts of the host that read what a browser sends, compiled from their own files: without ONNX Runtime and the rest,
//! the sanitizers' build takes seconds.

/// As in the host.
#[path = "../../src/wire"]
pub mod wire {
    pub mod frame;
}

#[path = "../../src/broker/session.rs"]
pub mod session;

/// The result of a future over bytes in memory, which never waits.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => unreachable!("memory is always ready"),
    }
}
