//! `sotto-host update ...`

use std::path::PathBuf;

use super::{Outcome, Plan, Progress, Prove, UpdateError, Updater, WorkerProof};
use crate::models::{ModelStore, PackState, Terminal, UpdateState, size};

/// Newer models: look for them, fetch them after a yes, or say where they come from.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct UpdateCommand {
    #[command(subcommand)]
    what: Option<Subcommand>,
    /// Only say what there is and how large it is
    #[arg(long)]
    check: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Also what failed here before, or what you went back from
    #[arg(long)]
    retry: bool,
    /// This model, and no others; may be given several times
    #[arg(long, value_name = "NAME")]
    pack: Vec<String>,
}

/// What else.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
enum Subcommand {
    /// Say where updates come from: an address (https) or a folder. Fetches nothing
    Source {
        /// The address or the folder
        source: String,
        /// The first root of trust, where none is compiled in; from somebody you trust, not from the source
        #[arg(long, value_name = "FILE")]
        root: Option<PathBuf>,
    },
    /// Show where updates come from and which models came that way. Fetches nothing
    Show,
    /// Go back to the version before
    Rollback {
        /// The model
        #[arg(value_name = "NAME")]
        pack: String,
    },
}

impl UpdateCommand {
    /// Does it.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn run(&self, store: &ModelStore, terminal: &mut Terminal<'_>) -> Result<(), UpdateError> {
        let updater = Updater::new(store.clone());
        match &self.what {
            Some(Subcommand::Source { source, root }) => {
                let source = updater.set_source(source, root.as_deref())?;
                terminal.line(&format!(
                    "updates come from {} when you ask for them: 'sotto-host update --check'",
                    source.describe()
                ));
                Ok(())
            }
            Some(Subcommand::Show) => {
                show(&updater, terminal);
                Ok(())
            }
            Some(Subcommand::Rollback { pack }) => {
                let version = match updater.roll_back(pack)? {
                    Some(version) => format!("version {version}"),
                    None => "the version that came with Sotto".to_owned(),
                };
                terminal.line(&format!(
                    "{pack}: {version} answers from the next start of the host on"
                ));
                Ok(())
            }
            None => self.update(&updater, terminal),
        }
    }

    fn update(&self, updater: &Updater, terminal: &mut Terminal<'_>) -> Result<(), UpdateError> {
        let packs = match self.pack.is_empty() {
            true => updater.packs(),
            false => self.pack.clone(),
        };
        let plan = updater.check(&packs)?;
        describe(&plan, terminal);
        if self.check || plan.packs.is_empty() {
            return Ok(());
        }
        if !self.yes {
            if !terminal.is_interactive {
                return Err(UpdateError::NoTerminal);
            }
            if !terminal.confirm(&format!("Fetch {}?", size(plan.fetch_bytes()))) {
                return Err(UpdateError::Declined);
            }
        }
        let outcome = apply(updater, &plan, self.retry, terminal)?;
        for (name, version) in outcome.active {
            terminal.line(&format!(
                "{name} version {version} gave its known answer; it answers from the next start of the host on"
            ));
        }
        for (name, version) in outcome.candidates {
            terminal.line(&format!(
                "{name} version {version} is here; the browser tries it before it uses it"
            ));
        }
        Ok(())
    }
}

fn apply(
    updater: &Updater,
    plan: &Plan,
    retry: bool,
    terminal: &mut Terminal<'_>,
) -> Result<Outcome, UpdateError> {
    let program = std::env::current_exe()
        .map_err(|_| UpdateError::Internal("the program cannot tell where it lies"))?;
    let worker = WorkerProof { program };
    let prove = testing::prove(&worker);
    let mut shown = 0;
    // Lines are collected and written afterwards: the terminal is not for other threads.
    let mut lines = Vec::new();
    let done = updater.apply(plan, prove, retry, &mut |progress| {
        match progress {
            Progress::Fetched {
                done_bytes,
                total_bytes,
            } => {
                let tenths = done_bytes * 10 / total_bytes.max(1);
                if tenths > shown {
                    shown = tenths;
                    tell(&format!("{} % fetched", tenths * 10));
                }
            }
            Progress::PatchFailed { why, whole_bytes } => {
                lines.push(format!("{why}: {} are fetched instead", size(whole_bytes)));
            }
            Progress::Trying { name, version } => {
                tell(&format!("trying {name} version {version}"));
            }
        }
        true
    });
    for line in lines {
        terminal.line(&line);
    }
    done
}

/// Progress is not a result: it goes where errors go.
fn tell(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn describe(plan: &Plan, terminal: &mut Terminal<'_>) {
    for note in &plan.notes {
        terminal.line(note);
    }
    for pack in &plan.packs {
        let from = match pack.installed {
            Some(version) => format!("version {version} is here"),
            None => "it is not here yet".to_owned(),
        };
        let (fetch, at_most) = (pack.fetch_bytes(), pack.at_most_bytes());
        let more = match at_most > fetch {
            true => format!(", {} if no patch fits", size(at_most)),
            false => String::new(),
        };
        terminal.line(&format!(
            "{} version {} ({from}): {} to fetch{more}, {} in all",
            pack.name,
            pack.version,
            size(fetch),
            size(pack.total_bytes()),
        ));
        if let Some(why) = &pack.refused {
            terminal.line(&format!(
                "  it was refused here before ({why}); --retry tries it again"
            ));
        }
    }
}

fn show(updater: &Updater, terminal: &mut Terminal<'_>) {
    match updater.source() {
        Ok(source) => terminal.line(&format!("updates come from {}", source.describe())),
        Err(error) => terminal.line(&error.to_string()),
    }
    let state = UpdateState::load(updater.paths());
    for (name, pack) in state.packs {
        let PackState {
            active,
            previous,
            candidate,
            refused,
            ..
        } = pack;
        for (held, what) in [
            (active, "in use"),
            (previous, "kept for going back"),
            (candidate, "waits for its known-answer test"),
        ] {
            if let Some(held) = held {
                terminal.line(&format!("{name} version {}: {what}", held.version));
            }
        }
        if let Some(refused) = refused {
            let version = refused.pack.version;
            terminal.line(&format!(
                "{name} version {version}: refused ({})",
                refused.why
            ));
        }
    }
}

/// Tests of the whole program have no ONNX Runtime: builds with debug assertions let them say how a trial ends.
mod testing {
    use super::{Prove, WorkerProof};

    #[cfg(not(debug_assertions))]
    pub(super) fn prove(worker: &WorkerProof) -> &dyn Prove {
        worker
    }

    #[cfg(debug_assertions)]
    pub(super) fn prove(worker: &WorkerProof) -> &dyn Prove {
        match std::env::var("SOTTO_TEST_TRIAL").as_deref() {
            Ok("good") => &Said(true),
            Ok("broken") => &Said(false),
            _ => worker,
        }
    }

    #[cfg(debug_assertions)]
    struct Said(bool);

    #[cfg(debug_assertions)]
    impl Prove for Said {
        fn prove(&self, _: &std::path::Path, _: u64) -> super::super::Verdict {
            match self.0 {
                true => super::super::Verdict::Good,
                false => super::super::Verdict::Broken("a test says so".to_owned()),
            }
        }
    }
}
