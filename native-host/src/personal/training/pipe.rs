//! Messages of the training pipe: one byte of kind, four of length (little-endian), the payload. JSON where there are fields,
//! bytes where there are many of them.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// Largest payload, in bytes: all texts that may be kept, as JSON, with room.
pub const MAX_PAYLOAD_BYTES: usize = 32 << 20;

/// What the host says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ToChild {
    /// What to learn from and how. Answered by `Ready`.
    Begin {
        /// Documents to learn from.
        documents: Vec<String>,
        /// Documents that decide.
        held_out: Vec<String>,
        /// ε of differential privacy, if it was asked for.
        epsilon: Option<f64>,
        /// Whether the state of an unfinished training follows in a `Bytes`.
        has_state: bool,
    },
    /// Do one slice. Answered by `Progress`, at the end by `Done`.
    Step,
    /// Give the state, to go on another time. Answered by `Bytes`.
    Save,
}

/// What the process that trains says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum FromChild {
    /// It has begun, or goes on.
    Ready {
        /// Steps done already.
        step: usize,
        /// Steps in all.
        steps: usize,
    },
    /// A slice is done.
    Progress {
        /// Steps done.
        step: usize,
        /// Steps in all.
        steps: usize,
    },
    /// It is over. If the adapter is better, it follows in a `Bytes`.
    Done {
        /// Bits per byte of the documents that decide, without the adapter and with it, by the decoder that ships.
        before: f64,
        /// The same with it.
        after: f64,
        /// Whether it is better.
        is_better: bool,
        /// What the accountant says, with privacy.
        epsilon: Option<f64>,
    },
    /// It cannot go on. Never holds text of the user's.
    Failed {
        /// Why.
        message: String,
    },
}

/// Why a message could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PipeError {
    /// The other side is gone.
    #[error("the pipe closed")]
    Closed,
    /// The system's.
    #[error("the pipe failed")]
    Io(#[source] io::Error),
    /// Not one of our messages.
    #[error("the pipe carried something that is no message")]
    Malformed,
}

/// Kinds of payloads.
const JSON: u8 = 1;
const BYTES: u8 = 2;

/// A message as it was read.
#[derive(Debug, PartialEq)]
pub enum Message<T> {
    /// Fields.
    Fields(T),
    /// Bytes: a state or an adapter.
    Bytes(Vec<u8>),
}

/// Writes fields.
///
/// # Errors
/// [`PipeError`]
pub fn write<T: Serialize>(to: &mut impl Write, message: &T) -> Result<(), PipeError> {
    let json = serde_json::to_vec(message).map_err(|_| PipeError::Malformed)?;
    put(to, JSON, &json)
}

/// Writes bytes.
///
/// # Errors
/// [`PipeError`]
pub(super) fn write_bytes(to: &mut impl Write, bytes: &[u8]) -> Result<(), PipeError> {
    put(to, BYTES, bytes)
}

fn put(to: &mut impl Write, kind: u8, payload: &[u8]) -> Result<(), PipeError> {
    let length = u32::try_from(payload.len()).map_err(|_| PipeError::Malformed)?;
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(PipeError::Malformed);
    }
    let mut header = [kind, 0, 0, 0, 0];
    header[1..].copy_from_slice(&length.to_le_bytes());
    to.write_all(&header)
        .and_then(|()| to.write_all(payload))
        .and_then(|()| to.flush())
        .map_err(PipeError::Io)
}

/// Reads a message. Its length is checked before anything is allocated.
///
/// # Errors
/// [`PipeError`]
pub fn read<T: for<'de> Deserialize<'de>>(from: &mut impl Read) -> Result<Message<T>, PipeError> {
    let mut header = [0; 5];
    from.read_exact(&mut header).map_err(closed)?;
    let [kind, length @ ..] = header;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_PAYLOAD_BYTES {
        return Err(PipeError::Malformed);
    }
    let mut payload = vec![0; length];
    from.read_exact(&mut payload).map_err(closed)?;
    match kind {
        BYTES => Ok(Message::Bytes(payload)),
        JSON => {
            let fields = serde_json::from_slice(&payload);
            fields
                .map(Message::Fields)
                .map_err(|_| PipeError::Malformed)
        }
        _ => Err(PipeError::Malformed),
    }
}

fn closed(error: io::Error) -> PipeError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => PipeError::Closed,
        _ => PipeError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_through_and_what_is_none_is_refused() {
        let mut pipe = Vec::new();
        write(&mut pipe, &ToChild::Step).unwrap();
        write_bytes(&mut pipe, b"state").unwrap();
        let mut from = &pipe[..];
        assert_eq!(read(&mut from).unwrap(), Message::Fields(ToChild::Step));
        assert_eq!(
            read::<ToChild>(&mut from).unwrap(),
            Message::Bytes(b"state".to_vec())
        );
        assert!(matches!(read::<ToChild>(&mut from), Err(PipeError::Closed)));
        for bytes in [
            &[JSON, 255, 255, 255, 255, 0][..],
            &[9, 0, 0, 0, 0],
            &[JSON, 2, 0, 0, 0, b'{', b'}'],
        ] {
            assert!(matches!(
                read::<ToChild>(&mut &bytes[..]),
                Err(PipeError::Malformed)
            ));
        }
        assert!(matches!(
            read::<ToChild>(&mut &pipe[..7]),
            Err(PipeError::Closed)
        ));
    }
}
