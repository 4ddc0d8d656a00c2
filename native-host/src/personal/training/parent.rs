//! The host's side of a training.

use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use zeroize::Zeroizing;

use super::MEMORY_LIMIT_MIB;
use super::pipe::{FromChild, Message, PipeError, ToChild, read, write, write_bytes};
use crate::personal::PersonalError;

/// Share of the text, its newest part, that decides whether the adapter is used.
const HELD_OUT_SHARE: f64 = 0.12;

/// The argument before the pack, the last one but one.
const PACK: &str = "--pack";

/// How the process is started.
#[derive(Debug, Clone)]
pub struct ChildCommand {
    /// The host's own program, except in tests.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl ChildCommand {
    /// This program, for a pack of the browser's.
    ///
    /// # Errors
    /// [`PersonalError::Worker`] if the system does not say where this program is.
    pub fn own(pack: &Path) -> Result<Self, PersonalError> {
        let program = std::env::current_exe().map_err(|_| PersonalError::Worker {
            why: "this program does not know where it is".into(),
        })?;
        let arguments = vec![
            "trainer".to_owned(),
            "--memory-limit-mib".to_owned(),
            MEMORY_LIMIT_MIB.to_string(),
        ];
        Ok(Self { program, arguments }.for_pack(pack))
    }

    /// The same for another pack.
    pub fn for_pack(mut self, pack: &Path) -> Self {
        let at = self.arguments.iter().position(|argument| argument == PACK);
        self.arguments.truncate(at.unwrap_or(self.arguments.len()));
        let pack = pack.to_string_lossy().into_owned();
        self.arguments.extend([PACK.to_owned(), pack]);
        self
    }
}

/// What to learn from.
pub struct Plan {
    documents: Vec<String>,
    held_out: Vec<String>,
    epsilon: Option<f64>,
    state: Option<Zeroizing<Vec<u8>>>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Steps done.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
}

/// How it ended.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// It was stopped. This goes on with it.
    Unfinished(Vec<u8>),
    /// It is done.
    Done {
        /// Bits per byte of the part that decides, before.
        before: f64,
        /// And after.
        after: f64,
        /// The adapter, if it is better than none.
        adapter: Option<Vec<u8>>,
        /// What the accountant says, with privacy.
        epsilon: Option<f64>,
    },
}

impl Plan {
    /// Splits the texts, given from the oldest to the newest. `None` if there are fewer than two.
    pub fn new(
        texts: impl IntoIterator<Item = String>,
        epsilon: Option<f64>,
        state: Option<Zeroizing<Vec<u8>>>,
    ) -> Option<Self> {
        let mut documents: Vec<String> = texts.into_iter().collect();
        let total: usize = documents.iter().map(String::len).sum();
        let mut held_out = Vec::new();
        let mut held = 0;
        while (held as f64) < total as f64 * HELD_OUT_SHARE && documents.len() > 1 {
            let newest = documents.pop()?;
            held += newest.len();
            held_out.push(newest);
        }
        held_out.reverse();
        (!held_out.is_empty()).then_some(Self {
            documents,
            held_out,
            epsilon,
            state,
        })
    }
}

/// Trains in a process of its own for as long as `go_on` says, which is asked before each slice. Then gives what there is.
///
/// # Errors
/// [`PersonalError::Worker`]
pub fn train(
    command: &ChildCommand,
    plan: Plan,
    mut go_on: impl FnMut(Report) -> bool,
) -> Result<Outcome, PersonalError> {
    let mut child = Running::start(command)?;
    let Plan {
        documents,
        held_out,
        epsilon,
        state,
    } = plan;
    child.say(&ToChild::Begin {
        documents,
        held_out,
        epsilon,
        has_state: state.is_some(),
    })?;
    if let Some(state) = state {
        write_bytes(&mut child.to, &state).map_err(ended)?;
    }
    let mut report = match child.hear()? {
        FromChild::Ready { step, steps } => Report { step, steps },
        other => return Err(unexpected(other)),
    };
    loop {
        if !go_on(report) {
            child.say(&ToChild::Save)?;
            return Ok(Outcome::Unfinished(child.bytes()?));
        }
        child.say(&ToChild::Step)?;
        match child.hear()? {
            FromChild::Progress { step, steps } => report = Report { step, steps },
            FromChild::Done {
                before,
                after,
                is_better,
                epsilon,
            } => {
                let adapter = is_better.then(|| child.bytes()).transpose()?;
                return Ok(Outcome::Done {
                    before,
                    after,
                    adapter,
                    epsilon,
                });
            }
            other => return Err(unexpected(other)),
        }
    }
}

/// The process. It is killed when this is dropped.
struct Running {
    child: Child,
    to: BufWriter<std::process::ChildStdin>,
    from: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(command: &ChildCommand) -> Result<Self, PersonalError> {
        let failed = |_| PersonalError::Worker {
            why: "it could not be started".into(),
        };
        let mut child = Command::new(&command.program)
            .args(&command.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (to, from) = pipes.ok_or_else(|| failed(std::io::Error::other("no pipes")))?;
        Ok(Self {
            child,
            to: BufWriter::new(to),
            from: BufReader::new(from),
        })
    }

    fn say(&mut self, message: &ToChild) -> Result<(), PersonalError> {
        write(&mut self.to, message).map_err(ended)
    }

    fn hear(&mut self) -> Result<FromChild, PersonalError> {
        match read(&mut self.from).map_err(ended)? {
            Message::Fields(message) => Ok(message),
            Message::Bytes(_) => Err(ended(PipeError::Malformed)),
        }
    }

    fn bytes(&mut self) -> Result<Vec<u8>, PersonalError> {
        match read::<FromChild>(&mut self.from).map_err(ended)? {
            Message::Bytes(bytes) => Ok(bytes),
            Message::Fields(message) => Err(unexpected(message)),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only if it ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ended(error: PipeError) -> PersonalError {
    PersonalError::Worker {
        why: error.to_string(),
    }
}

fn unexpected(message: FromChild) -> PersonalError {
    let why = match message {
        FromChild::Failed { message } => message,
        _ => "it spoke out of turn".into(),
    };
    PersonalError::Worker { why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_part_decides() {
        let texts = |count: usize| (0..count).map(|at| format!("{at}").repeat(100));
        let plan = Plan::new(texts(9), None, None).unwrap();
        assert_eq!(
            plan.held_out,
            [format!("{}", 7).repeat(100), format!("{}", 8).repeat(100)]
        );
        assert_eq!(plan.documents.len(), 7);
        assert!(Plan::new(texts(1), None, None).is_none());
        assert!(Plan::new(texts(0), None, None).is_none());
        assert!(Plan::new(texts(2), None, None).is_some());
    }

    #[test]
    fn a_process_that_is_not_there_or_dies_is_an_error() {
        let plan = || Plan::new(["a".repeat(50), "b".repeat(50)], None, None).unwrap();
        let command = |program: &str| ChildCommand {
            program: program.into(),
            arguments: vec![],
        };
        for program in ["/nowhere/sotto-host", "true"] {
            let outcome = train(&command(program), plan(), |_| true);
            assert!(matches!(outcome, Err(PersonalError::Worker { .. })));
        }
    }
}
