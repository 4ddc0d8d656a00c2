//! `sotto-host provider ...`

use std::path::PathBuf;

use super::{Provider, read_list, write_list};
use crate::models::{ModelError, ModelStore, Terminal};

/// What to do with execution providers.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum ProviderCommand {
    /// Add a provider for an NPU: the plugin library of its vendor
    Add {
        /// The library
        library: PathBuf,
        /// Name under which it registers
        #[arg(long)]
        name: String,
        /// An option of it, as its vendor documents them; may be given several times
        #[arg(long = "option", value_name = "KEY=VALUE", value_parser = option)]
        options: Vec<(String, String)>,
        /// Use its devices even if they do not call themselves NPUs, as an emulator's
        #[arg(long)]
        any_device: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Show the providers that were added
    List,
    /// Do not use this provider any more; its files stay
    Remove {
        /// Its name
        name: String,
    },
}

impl ProviderCommand {
    /// Does it.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn run(&self, store: &ModelStore, terminal: &mut Terminal<'_>) -> Result<(), ModelError> {
        let home = &store.paths().home;
        let mut providers = read_list(home)?;
        match self {
            Self::Add {
                library,
                name,
                options,
                any_device,
                yes,
            } => {
                let provider = Provider {
                    options: options.iter().cloned().collect(),
                    any_device: *any_device,
                    ..Provider::inspect(name, library)?
                };
                show(&provider, terminal);
                terminal.line("Its code will run in the host's worker, confined, and see what you ask the host.");
                if !yes {
                    if !terminal.is_interactive {
                        return Err(ModelError::NoTerminal);
                    }
                    if !terminal.confirm("Add it?") {
                        return Err(ModelError::Declined);
                    }
                }
                providers.retain(|other| other.name != *name);
                providers.push(provider);
                write_list(home, &providers)?;
                terminal.line("Added.");
            }
            Self::List => providers
                .iter()
                .for_each(|provider| show(provider, terminal)),
            Self::Remove { name } => {
                let count = providers.len();
                providers.retain(|provider| provider.name != *name);
                if providers.len() == count {
                    return Err(ModelError::ProviderUnknown(name.clone()));
                }
                write_list(home, &providers)?;
                terminal.line("Removed.");
            }
        }
        Ok(())
    }
}

fn show(provider: &Provider, terminal: &mut Terminal<'_>) {
    terminal.line(&format!(
        "{}  {}",
        provider.name,
        provider.library.display()
    ));
    for (file, sum) in &provider.files {
        terminal.line(&format!("  {file}  sha256 {sum}"));
    }
}

fn option(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("not KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
