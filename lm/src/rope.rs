//! Angles of the rotary position embedding.

use crate::LlamaConfig;

/// Cosines and sines by position, in the same single precision steps as the reference implementation.
///
/// # Shapes
/// Result: `[capacity, head_dim]`: the cosines of `head_dim / 2` angles, then their sines.
pub(crate) fn rope_table(config: &LlamaConfig, capacity: usize) -> Vec<f32> {
    let half = config.head_dim / 2;
    let frequency = |at: usize| {
        1.0 / config
            .rope_theta
            .powf((2 * at) as f32 / config.head_dim as f32)
    };
    let frequencies: Vec<f32> = (0..half).map(frequency).collect();
    let mut table = Vec::with_capacity(capacity * config.head_dim);
    for position in 0..capacity {
        let angles = || {
            frequencies
                .iter()
                .map(|frequency| f64::from(position as f32 * frequency))
        };
        table.extend(angles().map(|angle| angle.cos() as f32));
        table.extend(angles().map(|angle| angle.sin() as f32));
    }
    table
}
