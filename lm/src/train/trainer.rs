//! Training in slices: each call does one small piece of work, so that whoever calls can stop between any two.

use std::sync::Arc;

use sotto_core::pack::Sha256;

use super::Base;
use super::config::{Privacy, TrainConfig};
use super::optimizer::{Adam, add_to_average, schedule};
use super::parallel::Workers;
use super::parameters::Layout;
use super::private::{add_clipped, add_noise};
use super::random::uniform;
use super::windows::{Cut, Text};
use crate::{Factors, LmError, MAX_RANK};

/// Secret random bits, for privacy.
pub type SecretBits = Box<dyn FnMut() -> u64 + Send>;

/// How much of an adapter is tried beside the whole of it.
const SHRUNK: f32 = 0.7;

/// An adapter in the making.
pub struct Trainer {
    pub(super) base: Arc<Base>,
    base_sum: Sha256,
    pub(super) config: TrainConfig,
    layout: Layout,
    pub(super) text: Text,
    pub(super) held_out: Text,
    pub(super) values: Vec<f32>,
    /// Mean over the last steps.
    pub(super) average: Vec<f32>,
    pub(super) adam: Adam,
    pub(super) done: usize,
    /// What the held-out text costs without the adapter, in nats per token, once that is known.
    pub(super) before: Option<f64>,
    pub(super) best: Option<Best>,
    /// The windows of the running epoch.
    epoch: Option<(usize, Vec<Cut>)>,
    bits: SecretBits,
}

/// The values that did best on the held-out text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Best {
    pub(super) nats_per_token: f64,
    pub(super) values: Vec<f32>,
}

/// What a slice did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// Steps done so far.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// Loss of the step's windows before it; `None` if no window was drawn.
    pub nats_per_token: Option<f64>,
    /// Loss of the held-out text, if this slice measured it.
    pub held_out: Option<f64>,
}

impl std::fmt::Debug for Trainer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Trainer(step {} of {})", self.done, self.steps())
    }
}

impl Trainer {
    /// Begins. `documents` are learned from, `held_out` decides which epoch is best, and whether any is; both are tokens
    /// without end-of-text tokens. `bits` must be secret and of cryptographic quality if `config.privacy` is set; they
    /// are not used otherwise.
    ///
    /// # Errors
    /// [`LmError::Input`] if a text is too short, a token is beyond the vocabulary, or a setting is out of its range.
    pub fn new(
        base: Arc<Base>,
        base_sum: Sha256,
        (documents, held_out): (&[Vec<u32>], &[Vec<u32>]),
        config: TrainConfig,
        bits: SecretBits,
    ) -> Result<Self, LmError> {
        let model = base.config();
        let in_range = (1..=MAX_RANK).contains(&config.rank)
            && (16..=model.max_positions).contains(&config.window_tokens)
            && [config.batch_windows, config.epochs, config.threads]
                .iter()
                .all(|&count| (1..=1_024).contains(&count))
            && !config.targets.is_empty()
            && config.learning_rate > 0.0
            && config.alpha > 0.0;
        if !in_range {
            return Err(LmError::Input("a training setting is out of its range"));
        }
        let mut tokens = documents.iter().chain(held_out).flatten();
        if tokens.any(|&token| token as usize >= model.vocab_size) {
            return Err(LmError::Input("a token is beyond the vocabulary"));
        }
        let end = model.end_of_text;
        let (text, held_out) = (Text::new(documents, end), Text::new(held_out, end));
        let is_enough = |text: &Text| !text.windows(config.window_tokens, 0).is_empty();
        if !is_enough(&text) || !is_enough(&held_out) {
            return Err(LmError::Input("there is too little text to train with"));
        }
        let layout = Layout::new(model, &config);
        Ok(Self {
            values: layout.initial(config.seed),
            average: vec![0.0; layout.len()],
            adam: Adam::new(layout.len()),
            base,
            base_sum,
            config,
            layout,
            text,
            held_out,
            done: 0,
            before: None,
            best: None,
            epoch: None,
            bits,
        })
    }

    /// Steps done.
    pub fn step(&self) -> usize {
        self.done
    }

    /// Steps in all.
    pub fn steps(&self) -> usize {
        self.steps_per_epoch() * self.config.epochs
    }

    /// The model that the adapter is for.
    pub(super) fn base_sum(&self) -> &Sha256 {
        &self.base_sum
    }

    fn steps_per_epoch(&self) -> usize {
        self.windows_in_all().div_ceil(self.config.batch_windows)
    }

    fn windows_in_all(&self) -> usize {
        self.text.windows(self.config.window_tokens, 0).len()
    }

    /// Share of the windows that a step is expected to draw with privacy: what the accountant wants to know.
    pub fn sampling_rate(&self) -> f64 {
        (self.config.batch_windows as f64 / self.windows_in_all() as f64).min(1.0)
    }

    /// Whether there is nothing left to do.
    pub fn is_done(&self) -> bool {
        self.done >= self.steps() && self.before.is_some()
    }

    /// Does the next piece of work: a step, and at the end of an epoch the held-out text.
    pub fn advance(&mut self) -> StepReport {
        let steps = self.steps();
        if self.before.is_none() {
            let untrained = self.layout.initial(self.config.seed);
            self.before = Some(self.held_out_loss(&untrained));
        }
        if self.done >= steps {
            return self.report(None, None);
        }
        let rate = self.config.learning_rate * schedule(self.done, steps);
        let (nats, gradients) = match self.config.privacy {
            None => self.gradients(),
            Some(privacy) => self.private_gradients(privacy),
        };
        self.adam.step(&mut self.values, &gradients, rate);
        self.done += 1;
        add_to_average(&mut self.average, &self.values, self.done);
        let is_epoch = self.done.is_multiple_of(self.steps_per_epoch());
        // With privacy only the end counts: choosing among epochs would ask the held-out text more often than needed.
        let is_asked = is_epoch && (self.config.privacy.is_none() || self.done == steps);
        let held_out = is_asked.then(|| self.ask_held_out());
        self.report(nats, held_out)
    }

    /// Loss of the held-out text with the values as they are. What does best there is kept: these, their mean over the last steps,
    /// or that with less of everything, which is better where the text was learned too well. With privacy it is these.
    fn ask_held_out(&mut self) -> f64 {
        let now = self.held_out_loss(&self.values);
        self.keep_if_better(now, self.values.clone());
        if self.config.privacy.is_none() {
            let shrunk = self.layout.shrunk(&self.average, SHRUNK);
            for values in [self.average.clone(), shrunk] {
                let nats_per_token = self.held_out_loss(&values);
                self.keep_if_better(nats_per_token, values);
            }
        }
        now
    }

    fn keep_if_better(&mut self, nats_per_token: f64, values: Vec<f32>) {
        let best = self.best.as_ref();
        if best.is_none_or(|best| nats_per_token < best.nats_per_token) {
            self.best = Some(Best {
                nats_per_token,
                values,
            });
        }
    }

    /// The best adapter, if it is better on the held-out text than none, with that text's loss before and after in nats per
    /// token.
    pub fn outcome(&self) -> Option<(Factors, [f64; 2])> {
        let (before, best) = (self.before?, self.best.as_ref()?);
        let losses = [before, best.nats_per_token];
        let factors = || self.layout.factors(&best.values, self.base_sum);
        (best.nats_per_token < before).then(|| (factors(), losses))
    }

    /// The adapter as it is now, better than none or not.
    pub fn last(&self) -> Factors {
        self.layout.factors(&self.values, self.base_sum)
    }

    /// Loss of the held-out text in nats per token: without an adapter, and with the best so far.
    pub fn held_out_losses(&self) -> (f64, Option<f64>) {
        let best = self.best.as_ref().map(|best| best.nats_per_token);
        (self.before.unwrap_or(f64::NAN), best)
    }

    fn report(&self, nats_per_token: Option<f64>, held_out: Option<f64>) -> StepReport {
        StepReport {
            step: self.done,
            steps: self.steps(),
            nats_per_token,
            held_out,
        }
    }

    /// Mean over the next windows.
    fn gradients(&mut self) -> (Option<f64>, Vec<f32>) {
        let per_epoch = self.steps_per_epoch();
        let (epoch, at) = (self.done / per_epoch, self.done % per_epoch);
        let windows = match self.epoch.take() {
            Some((of, windows)) if of == epoch => windows,
            _ => {
                let order = (self.config.seed, epoch);
                self.text.epoch(self.config.window_tokens, order)
            }
        };
        let batch = self.config.batch_windows;
        let start = (at * batch).min(windows.len());
        // Moving the cuts can make one window more, which belongs to the last step.
        let end = if at + 1 == per_epoch {
            windows.len()
        } else {
            (start + batch).min(windows.len())
        };
        let chosen: Vec<&Cut> = windows[start..end].iter().collect();
        let share = 1.0 / chosen.len().max(1) as f32;
        let (nats, sum) = self.workers(&self.values).sum(&chosen, |gradient, sum| {
            sum.iter_mut()
                .zip(gradient)
                .for_each(|(sum, value)| *sum += share * value);
        });
        self.epoch = Some((epoch, windows));
        (nats, sum)
    }

    /// Each window is drawn on its own, bounded, and hidden in noise.
    fn private_gradients(&mut self, privacy: Privacy) -> (Option<f64>, Vec<f32>) {
        let windows = self.text.windows(self.config.window_tokens, 0);
        let rate = self.sampling_rate();
        let is_drawn = |_: &&Cut| uniform((self.bits)()) <= rate;
        let drawn: Vec<&Cut> = windows.iter().filter(is_drawn).collect();
        let (nats, mut sum) = self.workers(&self.values).sum(&drawn, |gradient, sum| {
            add_clipped(gradient, privacy.clip_norm, sum);
        });
        let deviation = privacy.noise_multiplier * f64::from(privacy.clip_norm);
        add_noise(&mut sum, deviation, &mut *self.bits);
        // The expected number, not the drawn one: that would be another thing that one window changes.
        let share = (1.0 / (rate * windows.len() as f64)) as f32;
        sum.iter_mut().for_each(|value| *value *= share);
        (nats, sum)
    }

    /// Nats per token of the held-out text.
    fn held_out_loss(&self, values: &[f32]) -> f64 {
        let windows = self.held_out.windows(self.config.window_tokens, 0);
        let windows: Vec<&Cut> = windows.iter().collect();
        self.workers(values).loss(&windows)
    }

    fn workers<'a>(&'a self, values: &'a [f32]) -> Workers<'a> {
        Workers {
            base: &self.base,
            layout: &self.layout,
            values,
            threads: self.config.threads,
        }
    }
}
