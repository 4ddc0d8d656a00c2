//! The command line.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use sotto_core::pack::PublicKey;

use crate::commands::UserCommand;
use crate::models::StorePaths;
use crate::personal::training::{self, ChildOptions};
use crate::quarantine::Quarantine;
use crate::update::ProofReport;
use crate::wire::stdout;
use crate::worker::{self, WorkerSettings};

/// Sotto's host: summaries and chat on this device's NPU or CPU. Browsers start it; people use these commands.
#[derive(Debug, Parser)]
#[command(name = "sotto-host", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    User(UserCommand),
    /// Trains a personal adapter; started by the host itself.
    #[command(hide = true)]
    Trainer {
        /// Ceiling on the address space.
        #[arg(long)]
        memory_limit_mib: u64,
        /// The browser's pack.
        #[arg(long)]
        pack: PathBuf,
    },
    /// Runs the model; started by the host itself.
    #[command(hide = true)]
    Worker {
        /// Ceiling on the address space.
        #[arg(long)]
        memory_limit_mib: u64,
        /// Public half of the device's key, in hexadecimal digits.
        #[arg(long)]
        device_key: Option<PublicKey>,
        /// `PROVIDER@VERSION` that must not be tried.
        #[arg(long)]
        quarantined: Vec<String>,
    },
    /// Loads a model and compares its known answer; started by an update.
    #[command(hide = true)]
    TryPack {
        /// Ceiling on the address space.
        #[arg(long)]
        memory_limit_mib: u64,
        /// Folder of the pack.
        pack: PathBuf,
    },
}

/// Does what the command line says.
///
/// # Errors
/// What the command's own code reports; clap ends the process by itself for arguments that it does not know.
pub fn run() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::User(command) => command.run(),
        Command::Trainer {
            memory_limit_mib,
            pack,
        } => {
            let mut output = io::BufWriter::new(stdout::take()?);
            let options = ChildOptions {
                pack,
                memory_limit_bytes: Some(memory_limit_mib.saturating_mul(1024 * 1024)),
            };
            training::serve(&options, &mut io::stdin().lock(), &mut output)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Worker {
            memory_limit_mib,
            device_key,
            quarantined,
        } => {
            // Before anything else: whatever a library prints must not get between our frames.
            let output = stdout::take()?;
            let paths = StorePaths::discover()?;
            let quarantined = quarantined.iter().filter_map(|entry| entry.split_once('@'));
            let settings = WorkerSettings {
                program: program_folder()?,
                home: paths.home,
                device_key,
                memory_limit_bytes: memory_limit_mib.saturating_mul(1024 * 1024),
                quarantine: Quarantine::given(
                    quarantined
                        .map(|(provider, version)| (provider.to_owned(), version.to_owned())),
                ),
            };
            worker::serve(&settings, output)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::TryPack {
            memory_limit_mib,
            pack,
        } => {
            let output = stdout::take()?;
            let settings = WorkerSettings {
                program: program_folder()?,
                home: StorePaths::discover()?.home,
                device_key: None,
                memory_limit_bytes: memory_limit_mib.saturating_mul(1024 * 1024),
                quarantine: Quarantine::given([]),
            };
            let error = worker::try_pack(&settings, &pack).err();
            ProofReport { error }.write(output)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Tells the user, or the browser's log, why the process ends.
pub fn complain(error: &anyhow::Error) {
    // Where even that fails, nobody listens.
    let _ = writeln!(io::stderr(), "sotto-host: {error:#}");
}

fn program_folder() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?.canonicalize()?;
    Ok(program.parent().map(PathBuf::from).unwrap_or_default())
}
