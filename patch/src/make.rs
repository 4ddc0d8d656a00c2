//! Making a patch. Slow on purpose: it is made once and fetched often.

use std::io::{self, Write as _};

use sotto_core::pack::sha256;
use zstd::stream::Encoder;

use super::layout::{Segment, layout, write_table};
use super::{Header, MAX_BLOB_BYTES, MAX_WINDOW_LOG, Method, PatchError};

/// zstd's strongest level that needs no memory beyond its ordinary bounds to decompress.
const LEVEL: i32 = 19;

/// The smaller one of both methods.
///
/// # Errors
/// [`PatchError::TooLarge`], [`PatchError::Compressor`].
pub fn make(base: &[u8], output: &[u8]) -> Result<Vec<u8>, PatchError> {
    let length = |bytes: &[u8]| {
        u32::try_from(bytes.len())
            .ok()
            .filter(|&length| length <= MAX_BLOB_BYTES)
            .ok_or(PatchError::TooLarge)
    };
    let mut header = Header {
        method: Method::Prefix,
        base_bytes: length(base)?,
        output_bytes: length(output)?,
        base: sha256(base),
        output: sha256(output),
    };
    let mut best = by_prefix(base, output).map_err(PatchError::Compressor)?;
    if let Some(segments) = layout(base, output) {
        let delta = by_delta(base, output, &segments).map_err(PatchError::Compressor)?;
        if delta.len() < best.len() {
            header.method = Method::Delta;
            best = delta;
        }
    }
    let mut patch = header.write();
    patch.append(&mut best);
    Ok(patch)
}

fn by_prefix(base: &[u8], output: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = Encoder::with_ref_prefix(Vec::new(), LEVEL, base)?;
    encoder.long_distance_matching(true)?;
    encoder.window_log(window_log(base.len().max(output.len())))?;
    finish(encoder, output)
}

fn by_delta(base: &[u8], output: &[u8], segments: &[Segment]) -> io::Result<Vec<u8>> {
    let mut stream = write_table(segments);
    stream.reserve(output.len());
    for segment in segments {
        push_difference(base, output, segment, &mut stream);
    }
    finish(Encoder::new(Vec::new(), LEVEL)?, &stream)
}

fn finish(mut encoder: Encoder<'_, Vec<u8>>, bytes: &[u8]) -> io::Result<Vec<u8>> {
    encoder.set_pledged_src_size(Some(bytes.len() as u64))?;
    // The header has a SHA-256 of what comes out.
    encoder.include_checksum(false)?;
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Appends a segment's differences, by significance.
fn push_difference(base: &[u8], output: &[u8], segment: &Segment, stream: &mut Vec<u8>) {
    let new = &output[segment.at..segment.at + segment.len];
    let Some(start) = segment.base else {
        stream.extend_from_slice(new);
        return;
    };
    let old = &base[start..start + segment.len];
    let width = segment.width;
    let first = stream.len();
    stream.resize(first + segment.len, 0);
    let count = segment.len / width;
    for (index, (new, old)) in new
        .chunks_exact(width)
        .zip(old.chunks_exact(width))
        .enumerate()
    {
        let difference = number(new).wrapping_sub(number(old));
        for (plane, byte) in difference.to_le_bytes().into_iter().take(width).enumerate() {
            stream[first + plane * count + index] = byte;
        }
    }
}

/// Up to four bytes as a number.
pub(crate) fn number(bytes: &[u8]) -> u32 {
    let mut all = [0; 4];
    all[..bytes.len()].copy_from_slice(bytes);
    u32::from_le_bytes(all)
}

/// The smallest window that reaches over `length` bytes.
fn window_log(length: usize) -> u32 {
    length
        .next_power_of_two()
        .trailing_zeros()
        .clamp(17, MAX_WINDOW_LOG)
}
