//! Any bytes as a stream of frames. Run with a limit on single allocations a little above the largest frame, so that a
//! header alone can never cause a larger one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sotto_core::protocol::HostRequest;
use sotto_host_fuzz::block_on;
use sotto_host_fuzz::wire::frame;

fuzz_target!(|stream: &[u8]| {
    let mut rest = stream;
    loop {
        match block_on(frame::read::<HostRequest>(&mut rest)) {
            Ok(None) => break,
            Ok(Some(request)) => {
                // What was understood can be said again, and means the same.
                let again = frame::encode(&request).expect("it came in a frame of its own");
                let mut again = &again[..];
                let read = block_on(frame::read::<HostRequest>(&mut again));
                assert_eq!(read.expect("a good frame"), Some(request));
            }
            Err(error) if error.is_of_one_frame() => {}
            Err(_) => break,
        }
    }
});
