//! The process that trains.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use sotto_core::decode::Tokenizer as _;
use sotto_core::privacy::{PrivateTraining, noise_for};
use sotto_lm::LmError;
use sotto_lm::train::{Privacy, TrainConfig, Trainer, add_phrases, measure_nats};

use super::base::BaseModel;
use super::pipe::{FromChild, Message, PipeError, ToChild, read, write, write_bytes};
use crate::block_on::block_on;
use crate::personal::PersonalError;
use crate::sandbox::{Access, confine};

/// Probability that ε does not hold: below one over the windows of anybody's text.
const DELTA: f64 = 1e-5;

/// Longest gradient of a window, with privacy.
const CLIP_NORM: f32 = 0.5;

/// What the process is told on its command line.
#[derive(Debug, Clone)]
pub struct ChildOptions {
    /// The browser's pack.
    pub pack: PathBuf,
    /// Ceiling on its memory, in bytes; `None` confines nothing, for tests in this process.
    pub memory_limit_bytes: Option<u64>,
}

/// Serves until the pipe closes. Failures are said over the pipe.
///
/// # Errors
/// [`PipeError`] if not even that is possible.
pub fn serve(
    options: &ChildOptions,
    from: &mut impl Read,
    to: &mut impl Write,
) -> Result<(), PipeError> {
    if let Some(limit) = options.memory_limit_bytes {
        let access = Access {
            read: vec![options.pack.clone()],
            write: vec![],
        };
        let _ = confine(&access, limit);
        // The user's own work comes first. Where the system does not want that, it trains all the same.
        #[cfg(unix)]
        let _ = rustix::process::nice(19);
    }
    let begin = match read::<ToChild>(from) {
        Ok(Message::Fields(begin @ ToChild::Begin { .. })) => begin,
        Err(PipeError::Closed) => return Ok(()),
        Ok(_) => return Err(PipeError::Malformed),
        Err(error) => return Err(error),
    };
    let mut work = match Work::begin(options, begin, from) {
        Ok(work) => work,
        Err(error) => {
            let message = error.to_string();
            return write(to, &FromChild::Failed { message });
        }
    };
    let (step, steps) = (work.trainer.step(), work.trainer.steps());
    write(to, &FromChild::Ready { step, steps })?;
    loop {
        match read::<ToChild>(from) {
            Ok(Message::Fields(ToChild::Step)) if work.trainer.is_done() => {
                return match work.finish() {
                    Ok((done, adapter)) => {
                        write(to, &done)?;
                        adapter.map_or(Ok(()), |adapter| write_bytes(to, &adapter))
                    }
                    Err(error) => {
                        let message = error.to_string();
                        write(to, &FromChild::Failed { message })
                    }
                };
            }
            Ok(Message::Fields(ToChild::Step)) => {
                let report = work.trainer.advance();
                let (step, steps) = (report.step, report.steps);
                write(to, &FromChild::Progress { step, steps })?;
            }
            Ok(Message::Fields(ToChild::Save)) => write_bytes(to, &work.trainer.save())?,
            Ok(_) => return Err(PipeError::Malformed),
            Err(PipeError::Closed) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// A training under way.
struct Work {
    model: BaseModel,
    trainer: Trainer,
    documents: Vec<Vec<u32>>,
    held_out: Vec<Vec<u32>>,
    held_out_bytes: usize,
    private: Option<PrivateTraining>,
}

impl Work {
    fn begin(
        options: &ChildOptions,
        begin: ToChild,
        from: &mut impl Read,
    ) -> Result<Self, PersonalError> {
        let ToChild::Begin {
            documents,
            held_out: held_out_texts,
            epsilon,
            has_state,
        } = begin
        else {
            return Err(PersonalError::Input("The training was not begun."));
        };
        let state = match has_state {
            false => None,
            true => match read::<ToChild>(from) {
                Ok(Message::Bytes(state)) => Some(state),
                _ => {
                    return Err(PersonalError::Input(
                        "The unfinished training did not come.",
                    ));
                }
            },
        };
        let model = BaseModel::open(&options.pack)?;
        let encode = |texts: &[String]| -> Result<Vec<Vec<u32>>, PersonalError> {
            let ids = |text: &String| model.tokenizer.encode(text).map_err(LmError::from);
            Ok(texts.iter().map(ids).collect::<Result<_, _>>()?)
        };
        let (documents, held_out) = (encode(&documents)?, encode(&held_out_texts)?);
        let base = Arc::new(model.widened()?);
        let begin = |mut config: TrainConfig| {
            config.window_tokens = config.window_tokens.min(model.config.max_positions);
            let bits = Box::new(|| getrandom::u64().expect("it gave numbers a moment ago"));
            let texts = (&documents[..], &held_out[..]);
            Trainer::new(base.clone(), model.sum, texts, config, bits)
        };
        getrandom::u64().map_err(|_| PersonalError::Randomness)?;
        let (mut trainer, private) = match epsilon {
            None => (begin(TrainConfig::default())?, None),
            Some(epsilon) => {
                let probe = begin(TrainConfig::private())?;
                let (sampling_rate, steps) = (probe.sampling_rate(), probe.steps() as u32);
                let noise_multiplier = noise_for(epsilon, DELTA, sampling_rate, steps)
                    .ok_or(PersonalError::Input("No training has so small an ε."))?;
                let config = TrainConfig {
                    privacy: Some(Privacy {
                        clip_norm: CLIP_NORM,
                        noise_multiplier,
                    }),
                    ..TrainConfig::private()
                };
                let private = PrivateTraining {
                    sampling_rate,
                    noise_multiplier,
                    steps,
                };
                (begin(config)?, Some(private))
            }
        };
        if let Some(state) = state {
            // Of another text or damaged: it begins anew.
            let _ = trainer.resume(&state);
        }
        Ok(Self {
            held_out_bytes: held_out_texts.iter().map(String::len).sum(),
            model,
            trainer,
            documents,
            held_out,
            private,
        })
    }

    /// Decides with the decoder that ships.
    fn finish(&self) -> Result<(FromChild, Option<Vec<u8>>), PersonalError> {
        let mut decoder = self.model.decoder()?;
        let bits = |nats: f64| nats / std::f64::consts::LN_2 / self.held_out_bytes as f64;
        let before = bits(block_on(measure_nats(&mut decoder, &self.held_out))?);
        let mut after = before;
        let mut adapter = None;
        if let Some((factors, _)) = self.trainer.outcome() {
            // The text itself would be in the table, which no noise hides.
            let phrases = match self.private {
                None => &self.documents[..],
                Some(_) => &[],
            };
            let decoder = (&mut decoder, &self.model.sum);
            let (factors, nats) = block_on(add_phrases(factors, decoder, phrases, &self.held_out))?;
            after = bits(nats);
            adapter = (after < before).then(|| factors.to_bytes());
        }
        let done = FromChild::Done {
            before,
            after,
            is_better: adapter.is_some(),
            epsilon: self.private.map(|private| private.epsilon(DELTA)),
        };
        Ok((done, adapter))
    }
}
