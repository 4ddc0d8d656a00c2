//! Applying a patch, within the bounds that a signed manifest sets.

use std::io::{self, Read};

use sotto_core::pack::{Sha256, sha256};
use zstd::stream::Decoder;

use super::layout::{Segment, read_entries, table_bytes};
use super::make::number;
use super::{Header, MAX_WINDOW_LOG, Method, PatchError};

/// The new blob. `wanted` and `wanted_bytes` are its SHA-256 and length in the signed manifest: the result has both, or there is
/// none. Nothing is allocated for it before the patch agrees with them, and never more.
///
/// # Errors
/// [`PatchError`]; that of a patch for something else comes before anything is unpacked.
pub fn apply(
    patch: &[u8],
    base: &[u8],
    wanted: Sha256,
    wanted_bytes: u32,
) -> Result<Vec<u8>, PatchError> {
    let (header, payload) = Header::read(patch)?;
    if header.output_bytes > wanted_bytes {
        return Err(PatchError::Bomb {
            allowed_bytes: wanted_bytes,
        });
    }
    if header.output != wanted || header.output_bytes != wanted_bytes {
        return Err(PatchError::OtherOutput);
    }
    if u32::try_from(base.len()) != Ok(header.base_bytes) || sha256(base) != header.base {
        return Err(PatchError::OtherBase);
    }
    let output = match header.method {
        Method::Prefix => {
            let decoder = Decoder::with_ref_prefix(payload, base).map_err(unpacking)?;
            let mut reader = bounded(decoder)?;
            let output = read_exactly(&mut reader, wanted_bytes as usize)?;
            ended(&mut reader, wanted_bytes)?;
            output
        }
        Method::Delta => {
            let mut reader = bounded(Decoder::with_buffer(payload).map_err(unpacking)?)?;
            let output = from_differences(&mut reader, base, wanted_bytes as usize)?;
            ended(&mut reader, wanted_bytes)?;
            output
        }
    };
    if sha256(&output) == wanted {
        Ok(output)
    } else {
        Err(PatchError::WrongResult)
    }
}

fn bounded<R: io::BufRead>(mut decoder: Decoder<'_, R>) -> Result<impl Read, PatchError> {
    decoder.window_log_max(MAX_WINDOW_LOG).map_err(unpacking)?;
    // A second frame would be more than one result.
    Ok(decoder.single_frame())
}

fn from_differences(
    reader: &mut impl Read,
    base: &[u8],
    output_len: usize,
) -> Result<Vec<u8>, PatchError> {
    let mut count = [0; 4];
    reader.read_exact(&mut count).map_err(unpacking)?;
    let table = read_exactly(reader, table_bytes(count)?)?;
    let segments = read_entries(&table, base.len(), output_len)?;
    let mut output = vec![0; output_len];
    for segment in &segments {
        let stored = read_exactly(reader, segment.len)?;
        restore(&stored, base, segment, &mut output);
    }
    Ok(output)
}

/// Adds a segment's differences to its counterpart.
fn restore(stored: &[u8], base: &[u8], segment: &Segment, output: &mut [u8]) {
    let new = &mut output[segment.at..segment.at + segment.len];
    let Some(start) = segment.base else {
        new.copy_from_slice(stored);
        return;
    };
    let old = &base[start..start + segment.len];
    let width = segment.width;
    let count = segment.len / width;
    for (index, (new, old)) in new
        .chunks_exact_mut(width)
        .zip(old.chunks_exact(width))
        .enumerate()
    {
        let mut difference = [0; 4];
        for (plane, byte) in difference.iter_mut().take(width).enumerate() {
            *byte = stored[plane * count + index];
        }
        let sum = number(old).wrapping_add(u32::from_le_bytes(difference));
        new.copy_from_slice(&sum.to_le_bytes()[..width]);
    }
}

/// Reads `len` bytes. Memory grows with what really comes, not with what is announced.
fn read_exactly(reader: &mut impl Read, len: usize) -> Result<Vec<u8>, PatchError> {
    let mut bytes = Vec::new();
    let read = reader.take(len as u64).read_to_end(&mut bytes);
    if read.map_err(unpacking)? == len {
        Ok(bytes)
    } else {
        Err(PatchError::Malformed("it ends too early"))
    }
}

/// Checks that nothing follows.
fn ended(reader: &mut impl Read, allowed_bytes: u32) -> Result<(), PatchError> {
    let mut more = [0];
    match reader.read(&mut more).map_err(unpacking)? {
        0 => Ok(()),
        _ => Err(PatchError::Bomb { allowed_bytes }),
    }
}

/// Every failure of reading from memory is one of the compressed form.
fn unpacking(_: io::Error) -> PatchError {
    PatchError::Malformed("it cannot be unpacked")
}
