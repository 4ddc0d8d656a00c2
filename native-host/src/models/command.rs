//! `sotto-host model ...`

use std::fs;
use std::io::{BufRead, Write};
use std::path::PathBuf;

use crate::compiled::forget_model;

use super::import::{Lock, sweep};
use super::store::UNFINISHED;
use super::{ImportOptions, Listed, ModelError, ModelStore, Origin, SHIPPED_MODEL, import};

/// What to do with models.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum ModelCommand {
    /// Import a model from a folder: an ONNX export of optimum, transformers.js or onnxruntime-genai
    Import {
        /// The folder
        dir: PathBuf,
        /// Take this graph, where the folder has several
        #[arg(long)]
        file: Option<PathBuf>,
        /// Name it so
        #[arg(long)]
        name: Option<String>,
        /// Whether it may write summaries in its own words; decided by its size otherwise
        #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
        abstractive: Option<bool>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Show the models on this device
    List,
    /// Use this model from now on
    Use {
        /// Its name
        name: String,
    },
    /// Remove an imported model
    Remove {
        /// Its name
        name: String,
    },
}

/// Where a command reads and writes.
pub struct Terminal<'a> {
    /// For the user.
    pub out: &'a mut dyn Write,
    /// From the user.
    pub input: &'a mut dyn BufRead,
    /// Whether there is somebody to ask.
    pub is_interactive: bool,
}

impl std::fmt::Debug for Terminal<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Terminal(interactive: {})", self.is_interactive)
    }
}

impl Terminal<'_> {
    /// Writes a line. That nobody reads any more (`| head`) is no reason to stop.
    pub fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}");
    }

    /// Asks; anything but a clear yes is a no.
    pub fn confirm(&mut self, question: &str) -> bool {
        let _ = write!(self.out, "{question} [y/N] ");
        let _ = self.out.flush();
        let mut answer = String::new();
        let read = self.input.read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }
}

impl ModelCommand {
    /// Does it.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn run(&self, store: &ModelStore, terminal: &mut Terminal<'_>) -> Result<(), ModelError> {
        match self {
            Self::Import {
                dir,
                file,
                name,
                abstractive,
                yes,
            } => {
                let options = ImportOptions {
                    dir: dir.clone(),
                    file: file.clone(),
                    name: name.clone(),
                    abstractive: *abstractive,
                    yes: *yes,
                };
                let name = import(&options, store, terminal)?;
                terminal.line(&format!(
                    "imported {name}; 'sotto-host model use {name}' makes it the one that answers"
                ));
                Ok(())
            }
            Self::List => {
                list(store, terminal);
                Ok(())
            }
            Self::Use { name } => choose(store, name, terminal),
            Self::Remove { name } => remove(store, name, terminal),
        }
    }
}

fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("say yes or no"),
    }
}

fn list(store: &ModelStore, terminal: &mut Terminal<'_>) {
    let settings = store.settings();
    if !settings.notice.is_empty() {
        terminal.line(&settings.notice);
    }
    let chosen = settings.settings.model.as_deref().unwrap_or(SHIPPED_MODEL);
    let listed = store.list();
    if listed.is_empty() {
        terminal.line("no models: 'sotto-host model import DIR' brings one in");
    }
    for Listed { dir, origin, pack } in listed {
        match pack {
            Ok(pack) => {
                let manifest = pack.manifest();
                let bytes: u64 = manifest
                    .blobs
                    .iter()
                    .map(|blob| u64::from(blob.bytes))
                    .sum();
                terminal.line(&format!(
                    "{} {} version {} ({}), {}, {}{}",
                    if manifest.name == chosen { "*" } else { " " },
                    manifest.name,
                    manifest.version,
                    match origin {
                        Origin::Shipped => "came with Sotto",
                        Origin::Updated => "updated",
                        Origin::Imported => "imported",
                    },
                    size(bytes),
                    manifest.license,
                    if manifest.assist.is_instruction_tuned {
                        ", chat"
                    } else {
                        ""
                    },
                ));
            }
            Err(error) => {
                let name = dir.file_name().unwrap_or_default().to_string_lossy();
                terminal.line(&format!("! {name} cannot be used: {error}"));
            }
        }
    }
}

fn choose(store: &ModelStore, name: &str, terminal: &mut Terminal<'_>) -> Result<(), ModelError> {
    let pack = store.resolve(Some(name))?;
    let loaded = store.settings();
    if !loaded.notice.is_empty() {
        terminal.line(&loaded.notice);
    }
    let mut settings = loaded.settings;
    settings.model = Some(pack.manifest().name.clone());
    settings.save(&store.paths().settings())?;
    terminal.line(&format!(
        "{name} answers from the next start of the host on"
    ));
    Ok(())
}

/// Removes every version of an imported model, damaged ones too.
fn remove(store: &ModelStore, name: &str, terminal: &mut Terminal<'_>) -> Result<(), ModelError> {
    let lock = Lock::take(store)?;
    sweep(store, &lock);
    let is_meant = |listed: &Listed| match &listed.pack {
        Ok(pack) => pack.manifest().name == name,
        Err(_) => super::store::is_named(&listed.dir, name),
    };
    let listed: Vec<Listed> = store.list().into_iter().filter(is_meant).collect();
    let imported: Vec<&Listed> = listed
        .iter()
        .filter(|listed| listed.origin == Origin::Imported)
        .collect();
    if imported.is_empty() {
        return Err(match listed.is_empty() {
            true => ModelError::Unknown(name.into()),
            false => ModelError::Shipped(name.into()),
        });
    }
    for (index, listed) in imported.iter().enumerate() {
        // Renamed first: from then on it is gone for every reader, also if removing the files is interrupted.
        let gone = store.paths().models().join(format!(
            "{UNFINISHED}removed-{}-{index}",
            std::process::id()
        ));
        fs::rename(&listed.dir, &gone).map_err(ModelError::file(&listed.dir))?;
        fs::remove_dir_all(&gone).map_err(ModelError::file(&gone))?;
    }
    forget_model(&store.paths().home, name)?;
    let mut settings = store.settings().settings;
    if settings.model.as_deref() == Some(name) {
        settings.model = None;
        settings.save(&store.paths().settings())?;
        terminal.line("it was in use: the model that came with Sotto takes its place");
    }
    terminal.line(&format!("removed {name}"));
    Ok(())
}

/// A length for people: decimal units, as file managers show them.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}
