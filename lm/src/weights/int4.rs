//! INT4 in groups: half the download of INT8. Nothing multiplies with it.

/// Weights that share a scale.
pub(super) const GROUP: usize = 32;

/// Appends a row to `values` as INT8 and gives its scale.
///
/// # Shapes
/// `codes`: `[cols / 2]`, of the two in a byte the first is the low half, each with 8 added; `scales`: `[cols / GROUP]`.
pub(super) fn append_as_int8(codes: &[u8], scales: &[f32], values: &mut Vec<u8>) -> f32 {
    let largest =
        weights(codes, scales).fold(0.0, |largest: f32, weight| largest.max(weight.abs()));
    let scale = largest / 127.0;
    let inverse = if scale > 0.0 { scale.recip() } else { 0.0 };
    values.extend(weights(codes, scales).map(|weight| (weight * inverse).round() as i8 as u8));
    scale
}

fn weights(codes: &[u8], scales: &[f32]) -> impl Iterator<Item = f32> {
    let groups = codes.chunks_exact(GROUP / 2).zip(scales);
    groups.flat_map(|(codes, &scale)| {
        let halves = codes.iter().flat_map(|&byte| [byte & 15, byte >> 4]);
        halves.map(move |code| (f32::from(code) - 8.0) * scale)
    })
}
