//! One training, as the host does it.

use std::sync::Arc;
use std::time::Instant;

use futures_lite::future::block_on;
use serde::Serialize;
use sotto_core::pack::Sha256;
use sotto_core::privacy::{PrivateTraining, noise_for};
use sotto_lm::train::{Base, Privacy, TrainConfig, Trainer, add_phrases};
use sotto_lm::{Adapter, Target, Weights};

use crate::arguments::{PersonalOptions, TrainingOptions};
use crate::error::EvalError;
use crate::model::PackModel;
use crate::random::Random;

/// Probability that ε does not hold: well below one over the number of windows.
const DELTA: f64 = 1e-5;

/// What every training of a run shares.
pub(super) struct Fit<'a> {
    pack: &'a PackModel,
    base: Arc<Base>,
    base_sum: Sha256,
    pub(super) config: TrainConfig,
    epsilon: Option<f64>,
    clip_norm: f32,
}

/// What a training gave.
pub(super) struct Fitted {
    /// If it is better on the held-out text than nothing.
    pub(super) adapter: Option<Arc<Adapter>>,
    /// Better or not: the values at the end.
    pub(super) last: Option<Arc<Adapter>>,
    pub(super) bytes: usize,
    pub(super) seconds: f64,
    pub(super) processor_seconds: Option<f64>,
    /// Nats per token of the held-out text, before and after.
    pub(super) held_out: (f64, Option<f64>),
    pub(super) privacy: Option<PrivacyFigures>,
}

/// What the accountant says.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PrivacyFigures {
    epsilon: f64,
    delta: f64,
    noise_multiplier: f64,
    sampling_rate: f64,
    steps: u32,
    clip_norm: f32,
}

impl<'a> Fit<'a> {
    pub(super) fn new(pack: &'a PackModel, options: &PersonalOptions) -> Result<Self, EvalError> {
        let weights = Weights::from_safetensors(pack.weights()?)?;
        let base_sum = pack.manifest().base_sum().ok_or(EvalError::PackRuntime)?;
        Ok(Self {
            pack,
            base: Arc::new(Base::load(&pack.config()?, weights)?),
            base_sum,
            config: config(&options.training)?,
            epsilon: options.training.epsilon,
            clip_norm: options.training.clip_norm,
        })
    }

    pub(super) fn run(
        &self,
        learned: &[Vec<u32>],
        held_out: &[Vec<u32>],
    ) -> Result<Fitted, EvalError> {
        let started = Instant::now();
        let processor = processor_seconds();
        let mut config = self.config.clone();
        let begin = |config: TrainConfig| {
            // Figures must come out the same again; the host takes the system's random numbers.
            let mut random = Random::new(17);
            let bits = Box::new(move || random.next());
            let texts = (learned, held_out);
            Trainer::new(self.base.clone(), self.base_sum, texts, config, bits)
        };
        let mut privacy = None;
        if let Some(epsilon) = self.epsilon {
            let probe = begin(config.clone())?;
            let (sampling_rate, steps) = (probe.sampling_rate(), probe.steps() as u32);
            let noise = noise_for(epsilon, DELTA, sampling_rate, steps);
            let noise_multiplier = noise.ok_or(EvalError::Target)?;
            config.privacy = Some(Privacy {
                clip_norm: self.clip_norm,
                noise_multiplier,
            });
            let training = PrivateTraining {
                sampling_rate,
                noise_multiplier,
                steps,
            };
            privacy = Some(PrivacyFigures {
                epsilon: training.epsilon(DELTA),
                delta: DELTA,
                noise_multiplier,
                sampling_rate,
                steps,
                clip_norm: self.clip_norm,
            });
        }
        let mut trainer = begin(config)?;
        while !trainer.is_done() {
            let report = trainer.advance();
            if let Some(loss) = report.held_out {
                let line = format!(
                    "  step {}: held out {loss:.4}, last batch {:.4}, {:.0} s\n",
                    report.step,
                    report.nats_per_token.unwrap_or_default(),
                    started.elapsed().as_secs_f64(),
                );
                let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        let place = |bytes: &[u8]| {
            let adapter = Adapter::from_bytes(bytes, self.base.config(), &self.base_sum);
            adapter.map(Arc::new).map_err(sotto_lm::LmError::from)
        };
        let last = trainer.last().to_bytes();
        let outcome = trainer.outcome();
        let mut bytes = last.len();
        let adapter = match outcome {
            None => None,
            Some((factors, _)) => {
                let phrases = if self.epsilon.is_none() { learned } else { &[] };
                let mut decoder = self.pack.decoder()?;
                let decoder = (&mut decoder, &self.base_sum);
                let (factors, _) = block_on(add_phrases(factors, decoder, phrases, held_out))?;
                let kept = factors.to_bytes();
                bytes = kept.len();
                Some(place(&kept)?)
            }
        };
        Ok(Fitted {
            last: Some(place(&last)?),
            bytes,
            seconds,
            processor_seconds: processor_seconds()
                .zip(processor)
                .map(|(after, before)| after - before),
            held_out: trainer.held_out_losses(),
            privacy,
            adapter,
        })
    }
}

/// The defaults with what the command line says.
fn config(options: &TrainingOptions) -> Result<TrainConfig, EvalError> {
    let default = match options.epsilon {
        None => TrainConfig::default(),
        Some(_) => TrainConfig::private(),
    };
    let named = |name: &String| Target::from_name(name).ok_or(EvalError::AdapterTarget);
    let targets: Vec<Target> = options
        .targets
        .iter()
        .map(named)
        .collect::<Result<_, _>>()?;
    Ok(TrainConfig {
        rank: options.rank.unwrap_or(default.rank),
        alpha: options.alpha.unwrap_or(default.alpha),
        targets: if targets.is_empty() {
            default.targets
        } else {
            targets
        },
        learning_rate: options.learning_rate.unwrap_or(default.learning_rate),
        epochs: options.epochs.unwrap_or(default.epochs),
        window_tokens: options.window_tokens.unwrap_or(default.window_tokens),
        batch_windows: options.batch_windows.unwrap_or(default.batch_windows),
        threads: options.threads.unwrap_or(default.threads),
        ..default
    })
}

/// Time that processors worked for this process, all threads together, in seconds; Linux alone tells in this way. Counted
/// in hundredths there on every machine that we know.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may hold anything, come the state and then numbers; the 12th and 13th are the times.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields
        .split_whitespace()
        .skip(11)
        .map(|field| field.parse::<f64>().ok());
    Some((times.next()?? + times.next()??) / 100.0)
}
