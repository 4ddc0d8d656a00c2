//! What to train and how. The defaults are the best of the few that were tried; docs/personal.md says which.

use crate::Target;

/// How an adapter is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainConfig {
    /// Rank of every factor.
    pub rank: usize,
    /// Products count `alpha / rank` times.
    pub alpha: f32,
    /// Which products learn.
    pub targets: Vec<Target>,
    /// Step of Adam after the warm-up.
    pub learning_rate: f32,
    /// Tokens of a window, the longest that one gradient sees.
    pub window_tokens: usize,
    /// Windows a step; with privacy what is expected of the sampling.
    pub batch_windows: usize,
    /// Times that the text is read.
    pub epochs: usize,
    /// Threads. The result depends on it in the last bits.
    pub threads: usize,
    /// Order of the text and the first values: not secret.
    pub seed: u64,
    /// Differential privacy.
    pub privacy: Option<Privacy>,
}

/// DP-SGD: what one window of text can change of the adapter is bounded.
///
/// # Source
/// M. Abadi et al., *Deep Learning with Differential Privacy*, 2016, algorithm 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Privacy {
    /// Longest gradient of a window: longer ones are shortened to it.
    pub clip_norm: f32,
    /// Standard deviation of the noise, in units of `clip_norm`.
    pub noise_multiplier: f64,
}

impl TrainConfig {
    /// The defaults for a training with privacy, without the privacy itself, which depends on the length of the text: few
    /// numbers, since the noise grows with them, and large steps' worth of windows, since it shrinks with those. Chosen by
    /// reasoning; measured, they gain next to nothing (docs/personal.md).
    pub fn private() -> Self {
        Self {
            rank: 1,
            alpha: 2.0,
            targets: vec![Target::Qkv, Target::GateUp],
            batch_windows: 32,
            epochs: 6,
            ..Self::default()
        }
    }
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            rank: 8,
            alpha: 16.0,
            targets: Target::ALL.to_vec(),
            learning_rate: 4e-3,
            window_tokens: 192,
            batch_windows: 4,
            epochs: 2,
            threads: 2,
            seed: 1,
            privacy: None,
        }
    }
}
