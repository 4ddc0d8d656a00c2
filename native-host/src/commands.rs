//! What people use on the command line.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Subcommand;
use sotto_core::protocol::Coded;

use crate::audit::AuditCommand;
use crate::cloud::CloudCommand;
use crate::doctor;
use crate::install::{InstallCommand, Platform, UninstallCommand, system_registry};
use crate::models::{ModelCommand, ModelStore, StorePaths, Terminal};
use crate::personal::PersonalCommand;
use crate::providers::ProviderCommand;
use crate::sandbox::{Access, confine};
use crate::update::UpdateCommand;

/// Ceiling while trying out whether memory can be limited at all: doctor itself takes a few MiB.
const DOCTOR_MEMORY_BYTES: u64 = 4 << 30;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make the host known to the browsers of this user
    Install(InstallCommand),
    /// Take back what install wrote
    Uninstall(UninstallCommand),
    /// Show what works, what does not, and what to do about it
    Doctor {
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
        /// Also load the model and ask it something: device, why there, speed
        #[arg(long)]
        model: bool,
    },
    /// Import, list, choose and remove models
    #[command(subcommand)]
    Model(ModelCommand),
    /// Set up an endpoint to be asked, after consent, where this device is not enough
    #[command(subcommand)]
    Cloud(CloudCommand),
    /// Keep what you write on sites that you name, encrypted, and train adapters on it
    #[command(subcommand)]
    Personal(PersonalCommand),
    /// Show, export and verify the record of what was sent, refused and agreed to
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Add, list and remove execution providers for NPUs
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// Look for newer models, fetch them after a yes, or go back to the version before
    Update(UpdateCommand),
}

impl UserCommand {
    /// Does it. Doctor and `audit verify` have an exit status of their own: failure if something is not as it should be.
    ///
    /// # Errors
    /// What the command reports, with its code.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let paths = StorePaths::discover().map_err(coded)?;
        let store = ModelStore::open(paths);
        let registry = system_registry();
        let platform = Platform::discover(store.paths(), &*registry).map_err(coded)?;
        let mut out = io::stdout().lock();
        match self {
            Self::Install(command) => command.run(&platform, &mut out).map_err(coded)?,
            Self::Uninstall(command) => command.run(&platform, &mut out).map_err(coded)?,
            Self::Doctor { json, model } => {
                // First: a process that is confined starts no other.
                let answer = match model {
                    true => doctor::try_model(&platform.program),
                    false => vec![],
                };
                // Tried on this process, after everything else was looked at: what holds here holds in the worker.
                let try_out = || Some(confine(&Access::default(), DOCTOR_MEMORY_BYTES));
                let mut report = doctor::examine(&platform, &store, try_out);
                report.findings.extend(answer);
                // Nobody reads: the exit status still tells.
                let _ = report.write(&mut out, *json).and_then(|()| out.flush());
                return Ok(match report.is_broken() {
                    true => ExitCode::FAILURE,
                    false => ExitCode::SUCCESS,
                });
            }
            Self::Model(command) => {
                let input = io::stdin();
                let mut terminal = Terminal {
                    out: &mut out,
                    is_interactive: input.is_terminal(),
                    input: &mut input.lock(),
                };
                command.run(&store, &mut terminal).map_err(coded)?;
            }
            Self::Cloud(command) => {
                let input = io::stdin();
                let mut terminal = Terminal {
                    out: &mut out,
                    is_interactive: input.is_terminal(),
                    input: &mut input.lock(),
                };
                command.run(store.paths(), &mut terminal).map_err(coded)?;
            }
            Self::Personal(command) => {
                let input = io::stdin();
                let mut terminal = Terminal {
                    out: &mut out,
                    is_interactive: input.is_terminal(),
                    input: &mut input.lock(),
                };
                command.run(store.paths(), &mut terminal).map_err(coded)?;
            }
            Self::Audit(command) => {
                let is_whole = command.run(&store.paths().home, &mut out).map_err(coded)?;
                return Ok(match is_whole {
                    true => ExitCode::SUCCESS,
                    false => ExitCode::FAILURE,
                });
            }
            Self::Provider(command) => {
                let input = io::stdin();
                let mut terminal = Terminal {
                    out: &mut out,
                    is_interactive: input.is_terminal(),
                    input: &mut input.lock(),
                };
                command.run(&store, &mut terminal).map_err(coded)?;
            }
            Self::Update(command) => {
                let input = io::stdin();
                let mut terminal = Terminal {
                    out: &mut out,
                    is_interactive: input.is_terminal(),
                    input: &mut input.lock(),
                };
                command.run(&store, &mut terminal).map_err(coded)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The error in one line, with its code. Its sources are part of its message.
fn coded(error: impl Coded) -> anyhow::Error {
    let code = serde_json::to_value(error.code()).unwrap_or_default();
    anyhow::anyhow!("{error} ({})", code.as_str().unwrap_or("internal"))
}
