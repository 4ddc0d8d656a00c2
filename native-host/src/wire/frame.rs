//! Native-messaging frames: a 4-byte length in native byte order, then that many bytes of UTF-8 JSON.
//!
//! A length above the cap is refused **before anything is allocated**; its payload is read and thrown away, so that one
//! bad frame does not end the session. The same frames run between broker and worker.
//!
//! # Source
//! Chrome's and Mozilla's documentation of native messaging: 1 MiB is the most that a browser takes from a host.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sotto_core::protocol::{Coded, ErrorCode, MAX_FRAME_BYTES};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// What is thrown away at a time when a frame is too long.
const SKIP_BYTES: u64 = 64 * 1024;

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The stream ended inside a frame, or could not be read or written.
    #[error("the connection broke")]
    Io(#[from] io::Error),
    /// The frame was longer than the cap. The stream stands behind it.
    #[error("a message of {size_bytes} bytes is more than the {MAX_FRAME_BYTES} that are allowed")]
    TooLarge {
        /// What its header said.
        size_bytes: u64,
    },
    /// The frame holds no message of the protocol. The stream stands behind it. The cause is dropped: it may quote text.
    #[error("a message could not be understood")]
    Malformed,
}

impl Coded for FrameError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Io(_) => ErrorCode::PeerGone,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::Malformed => ErrorCode::BadRequest,
        }
    }
}

impl FrameError {
    /// Whether the next frame can still be read.
    pub fn is_of_one_frame(&self) -> bool {
        !matches!(self, Self::Io(_))
    }
}

/// Reads one message; `None` at the end of the stream, between frames.
///
/// # Errors
/// [`FrameError`].
pub async fn read<T: DeserializeOwned>(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<T>, FrameError> {
    match read_bytes(stream).await? {
        Some(bytes) => parse(&bytes).map(Some),
        None => Ok(None),
    }
}

/// Reads the bytes of one frame; `None` at the end of the stream, between frames.
///
/// # Errors
/// [`FrameError::Io`], [`FrameError::TooLarge`].
pub async fn read_bytes(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<Vec<u8>>, FrameError> {
    let Some(size_bytes) = read_header(stream).await? else {
        return Ok(None);
    };
    if size_bytes > MAX_FRAME_BYTES {
        skip(stream, u64::from(size_bytes)).await?;
        return Err(too_large(size_bytes));
    }
    read_body(stream, size_bytes).await.map(Some)
}

/// As [`read`], from a peer of our own make: a frame that is too long is noise, and what follows it never comes.
///
/// # Errors
/// [`FrameError`]; the stream is of no use after any of them.
pub async fn read_strictly<T: DeserializeOwned>(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<T>, FrameError> {
    match read_header(stream).await? {
        None => Ok(None),
        Some(size_bytes) if size_bytes > MAX_FRAME_BYTES => Err(too_large(size_bytes)),
        Some(size_bytes) => parse(&read_body(stream, size_bytes).await?).map(Some),
    }
}

async fn read_header(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<u32>, FrameError> {
    let mut header = [0; 4];
    let mut filled = 0;
    while filled < header.len() {
        match stream.read(&mut header[filled..]).await? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            count => filled += count,
        }
    }
    Ok(Some(u32::from_ne_bytes(header)))
}

async fn read_body(
    stream: &mut (impl AsyncRead + Unpin),
    size_bytes: u32,
) -> Result<Vec<u8>, FrameError> {
    let mut bytes = vec![0; size_bytes as usize];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn too_large(size_bytes: u32) -> FrameError {
    FrameError::TooLarge {
        size_bytes: u64::from(size_bytes),
    }
}

/// The message in the bytes of a frame.
///
/// # Errors
/// [`FrameError::Malformed`].
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(bytes).map_err(|_| FrameError::Malformed)
}

/// Writes one message.
///
/// # Errors
/// [`FrameError::TooLarge`] without having written anything; [`FrameError::Io`].
pub async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> Result<(), FrameError> {
    stream.write_all(&encode(message)?).await?;
    stream.flush().await?;
    Ok(())
}

/// A message as a frame.
///
/// # Errors
/// [`FrameError::TooLarge`].
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message).map_err(|_| FrameError::Malformed)?;
    let size_bytes = frame.len() - 4;
    match u32::try_from(size_bytes) {
        Ok(header) if header <= MAX_FRAME_BYTES => {
            frame[..4].copy_from_slice(&header.to_ne_bytes());
            Ok(frame)
        }
        _ => Err(FrameError::TooLarge {
            size_bytes: size_bytes as u64,
        }),
    }
}

async fn skip(stream: &mut (impl AsyncRead + Unpin), size_bytes: u64) -> Result<(), FrameError> {
    let mut left = size_bytes;
    let mut scrap = vec![0; usize::try_from(left.min(SKIP_BYTES)).unwrap_or(0)];
    while left > 0 {
        let part = usize::try_from(left.min(SKIP_BYTES)).unwrap_or(0);
        stream.read_exact(&mut scrap[..part]).await?;
        left -= part as u64;
    }
    Ok(())
}
