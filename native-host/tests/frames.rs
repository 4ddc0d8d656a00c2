//! Frames: what goes in comes out, and nothing that comes in can do harm.

use proptest::prelude::*;
use serde_json::Value;
use sotto_core::protocol::{HostRequest, MAX_FRAME_BYTES};
use sotto_host::wire::frame::{self, FrameError};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(future)
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(bytes.len())
        .expect("short")
        .to_ne_bytes()
        .to_vec();
    frame.extend_from_slice(bytes);
    frame
}

proptest! {
    #[test]
    fn what_is_written_is_read(texts in proptest::collection::vec(".{0,40}", 0..8)) {
        let mut stream = Vec::new();
        run(async {
            for text in &texts {
                frame::write(&mut stream, text).await.unwrap();
            }
            let mut rest = &stream[..];
            for text in &texts {
                assert_eq!(frame::read::<String>(&mut rest).await.unwrap().as_ref(), Some(text));
            }
            assert!(frame::read::<String>(&mut rest).await.unwrap().is_none());
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Headers of any size in front of any bytes.
    #[test]
    fn ten_thousand_malformed_frames(header in any::<u32>(), body in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut stream = header.to_ne_bytes().to_vec();
        stream.extend_from_slice(&body);
        let mut rest = &stream[..];
        run(async {
            // Ends, because every turn takes at least a header away.
            loop {
                match frame::read::<HostRequest>(&mut rest).await {
                    Ok(None) | Err(FrameError::Io(_)) => break,
                    Ok(Some(_)) | Err(FrameError::TooLarge { .. } | FrameError::Malformed) => {}
                }
            }
        });
    }
}

#[test]
fn a_frame_that_is_too_long_is_passed_over() {
    let long = vec![b' '; MAX_FRAME_BYTES as usize + 1];
    let stream = [framed(&long), framed(b"1")].concat();
    let mut rest = &stream[..];
    run(async {
        let refused = frame::read::<Value>(&mut rest).await;
        assert!(
            matches!(refused, Err(error @ FrameError::TooLarge { size_bytes }) if
            size_bytes == long.len() as u64 && error.is_of_one_frame())
        );
        assert_eq!(
            frame::read::<Value>(&mut rest).await.unwrap(),
            Some(1.into())
        );
    });
}

#[test]
fn the_longest_frame_is_read() {
    let mut text = vec![b'"'; 1];
    text.resize(MAX_FRAME_BYTES as usize - 1, b'x');
    text.push(b'"');
    let mut stream = &framed(&text)[..];
    let read = run(frame::read::<String>(&mut stream)).unwrap().unwrap();
    assert_eq!(read.len(), MAX_FRAME_BYTES as usize - 2);
}

#[test]
fn a_message_that_is_too_long_is_not_begun() {
    let text = "x".repeat(MAX_FRAME_BYTES as usize);
    let mut stream = Vec::new();
    let refused = run(frame::write(&mut stream, &text));
    assert!(matches!(refused, Err(FrameError::TooLarge { .. })));
    assert!(stream.is_empty());
}

#[test]
fn an_end_inside_a_frame_is_an_error_and_between_frames_is_not() {
    let frame = framed(b"123");
    for end in 0..frame.len() {
        let mut stream = &frame[..end];
        let read = run(frame::read::<Value>(&mut stream));
        match end {
            0 => assert!(read.unwrap().is_none()),
            _ => assert!(matches!(read, Err(FrameError::Io(_))), "{end}"),
        }
    }
}
