//! Which bucket a context is in, and what tells it from the others there.

/// A hash of a context, by its tokens and their order.
///
/// # Source
/// The mixer is that of SplitMix64: G. Steele, D. Lea, C. Flood, *Fast splittable pseudorandom number generators*, 2014,
/// with Stafford's constant, its last step left out.
pub(super) fn hash(context: &[u32]) -> u64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    const STAFFORD: u64 = 0xbf58_476d_1ce4_e5b9;
    context.iter().fold(context.len() as u64, |hash, &token| {
        let sum = hash.wrapping_mul(GOLDEN).wrapping_add(u64::from(token) + 1);
        let mixed = (sum ^ (sum >> 30)).wrapping_mul(STAFFORD);
        mixed ^ (mixed >> 27)
    })
}
