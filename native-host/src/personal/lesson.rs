//! One training from what is kept to an adapter, or to where it goes on another time.

use sotto_core::protocol::LastTraining;
use zeroize::Zeroizing;

use super::training::{ChildCommand, Outcome, Plan, Report, train};
use super::{Personal, PersonalError, PersonalState};

/// What to learn.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// Name of the adapter.
    pub name: String,
    /// Only texts of this site.
    pub site: Option<String>,
    /// Differential privacy with this ε.
    pub epsilon: Option<f64>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Learned {
    /// It was stopped, and goes on another time.
    Unfinished,
    /// It is done.
    Done {
        /// Whether the adapter is better than none on the newest texts; it is kept then, and thrown away otherwise.
        is_used: bool,
        /// Bits per byte of the newest texts without it.
        before: f64,
        /// And with it.
        after: f64,
        /// What the accountant says, with privacy.
        epsilon: Option<f64>,
    },
}

/// Range of ε: below it nothing is learned, above it nothing is protected.
const EPSILONS: std::ops::RangeInclusive<f64> = 0.1..=100.0;

impl Personal<'_> {
    /// Trains, or goes on with a training of that name. `go_on` is asked before each slice.
    ///
    /// # Errors
    /// [`PersonalError`]; what was trained before is kept.
    pub fn learn(
        &mut self,
        lesson: &Lesson,
        command: &ChildCommand,
        now_s: impl Fn() -> i64,
        go_on: impl FnMut(Report) -> bool,
    ) -> Result<Learned, PersonalError> {
        let Lesson {
            name,
            site,
            epsilon,
        } = lesson;
        if !epsilon.is_none_or(|epsilon| EPSILONS.contains(&epsilon)) {
            return Err(PersonalError::Input("ε is between 0.1 and 100."));
        }
        let state = self.unfinished(name)?;
        let texts = self.texts()?.into_iter();
        let wanted = texts.filter(|text| site.as_ref().is_none_or(|site| text.site == *site));
        let texts = wanted.map(|text| text.text.to_string());
        let plan = Plan::new(texts, *epsilon, state).ok_or(PersonalError::Input(
            "There is too little text to train with yet.",
        ))?;
        match train(command, plan, go_on)? {
            Outcome::Unfinished(state) => {
                let state = Zeroizing::new(state);
                self.put_unfinished(name, Some(&state[..]), now_s())?;
                Ok(Learned::Unfinished)
            }
            Outcome::Done {
                before,
                after,
                adapter,
                epsilon,
            } => {
                self.put_unfinished(name, None, now_s())?;
                if let Some(adapter) = &adapter {
                    self.put_adapter(name, adapter, now_s())?;
                }
                self.set_state(&PersonalState {
                    last_training: Some(LastTraining {
                        at_s: u32::try_from(now_s()).unwrap_or_default(),
                        is_used: adapter.is_some(),
                    }),
                    ..self.state_on()?
                })?;
                Ok(Learned::Done {
                    is_used: adapter.is_some(),
                    before,
                    after,
                    epsilon,
                })
            }
        }
    }
}
