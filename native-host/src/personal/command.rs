//! `sotto-host personal ...`: everything that the user can do about what is personal.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sotto_core::protocol::{ExportKind, MAX_EXPORT_BYTES};
use zeroize::Zeroizing;

use super::training::{ChildCommand, Report, base_of};
use super::transfer::MIN_PASSPHRASE;
use super::{
    Imported, KeyHome, Keyring, Learned, Lesson, PassphraseFile, Personal, PersonalError,
    PersonalState, Vault, now_s, state,
};
use crate::cloud::secret;
use crate::models::{StorePaths, Terminal, files};
use crate::store::Store;

/// Where texts of the command line are from.
const COMMAND_LINE: &str = "command-line";

/// What switching on means, before it is done.
const EXPLANATION: &str = "\
Personalisation keeps what you write and accept on sites that you name, and learns from it on this device.

  kept      encrypted on this device; the key is in the system's keyring, or behind a passphrase with --file
  how long  180 days and 4 MiB at most: sotto-host personal limits
  used for  small adapters of the suggestion model, trained here when you say so; nothing of it leaves this device
  never     fields for passwords, codes and cards; sites that you did not name
  read it   sotto-host personal list, search
  erase it  sotto-host personal erase NUMBER, or --all: that throws the key away, too

An adapter can repeat what it learned, also to somebody else at your keyboard or with a copy of it that they can open.
sotto-host personal train NAME --private 8 limits that, at the price of learning less.";

/// What to do.
#[derive(Debug, Clone, PartialEq, clap::Subcommand)]
pub enum PersonalCommand {
    /// Explain personalisation, ask, and switch it on
    On {
        /// Keep the key in a file that a passphrase opens, instead of the system's keyring
        #[arg(long)]
        file: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Keep and use nothing more; what is there stays until it is erased
    Off,
    /// Show whether it is on, and what is kept
    Status,
    /// Show the sites of which something is kept
    Sites,
    /// Name a site, such as https://mail.example
    AddSite {
        /// Its origin
        site: String,
    },
    /// Take a site back; what was kept of it stays
    RemoveSite {
        /// Its origin
        site: String,
    },
    /// Set how long and how much is kept
    Limits {
        /// Days
        #[arg(long, default_value_t = 180)]
        days: u32,
        /// Mebibytes of text
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=i64::from(super::MAX_MIB)))]
        mib: u32,
    },
    /// Learn from a text file of yours, too: paragraphs are split at empty lines
    Add {
        /// The file, in UTF-8
        file: PathBuf,
    },
    /// Show what is kept
    List,
    /// Show what is kept and holds a word
    Search {
        /// What to look for
        query: String,
    },
    /// Erase one text by its number, or everything and the key
    Erase {
        /// Its number, see list
        #[arg(required_unless_present = "all")]
        number: Option<i64>,
        /// Everything: texts, adapters, and the key
        #[arg(long, conflicts_with = "number")]
        all: bool,
    },
    /// Train an adapter on what is kept; the newest part of it decides whether it is used
    Train {
        /// Its name, such as work
        name: String,
        /// Learn only from texts of this site
        #[arg(long)]
        site: Option<String>,
        /// Differential privacy with this ε, such as 8: what one passage can change is bounded
        #[arg(long, value_name = "EPSILON")]
        private: Option<f64>,
        /// Stop after so many seconds; the same command goes on another time
        #[arg(long, value_name = "SECONDS")]
        r#for: Option<u64>,
        /// The browser's pack, if it is not beside the host's
        #[arg(long)]
        pack: Option<PathBuf>,
    },
    /// Show the adapters
    Adapters,
    /// Erase an adapter
    Remove {
        /// Its name
        name: String,
    },
    /// Write an adapter to a file that a passphrase opens
    Export {
        /// Its name
        name: String,
        /// The file
        file: PathBuf,
    },
    /// Write all texts that are kept to a file that a passphrase opens
    ExportTexts {
        /// The file
        file: PathBuf,
    },
    /// Read such a file
    Import {
        /// The adapter's name from now on; texts have none
        name: String,
        /// The file
        file: PathBuf,
    },
    /// Encrypt everything with a new key and forget the old one
    RotateKey,
}

impl PersonalCommand {
    /// Does it.
    ///
    /// # Errors
    /// [`PersonalError`]
    pub fn run(
        &self,
        paths: &StorePaths,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), PersonalError> {
        let mut store = Store::open(&paths.home)?;
        let known = state(&store)?;
        if matches!(self, Self::Status) {
            status(&store, known.as_ref(), terminal)?;
            return Ok(());
        }
        let key_home = match (self, &known) {
            (Self::On { file: true, .. }, _) => KeyHome::File,
            (Self::On { .. }, _) | (_, None) => KeyHome::Keyring,
            (_, Some(state)) => state.key_home,
        };
        let vault = self.vault(key_home, known.is_none(), &paths.home, terminal)?;
        let mut personal = Personal::new(&mut store, &*vault);
        self.with(&mut personal, key_home, paths, terminal)
    }

    /// The keys' place. Asks for the passphrase where one is needed.
    fn vault(
        &self,
        key_home: KeyHome,
        is_new: bool,
        home: &Path,
        terminal: &mut Terminal<'_>,
    ) -> Result<Box<dyn Vault>, PersonalError> {
        let needs_none = matches!(
            self,
            Self::Off
                | Self::Limits { .. }
                | Self::Adapters
                | Self::Remove { .. }
                | Self::Erase { .. }
        );
        Ok(match key_home {
            KeyHome::Keyring => Box::new(Keyring),
            KeyHome::File if needs_none => Box::new(PassphraseFile::new(home, String::new())),
            KeyHome::File => {
                let passphrase = match is_new {
                    true => new_passphrase(terminal)?,
                    false => passphrase("Passphrase: ", terminal)?,
                };
                Box::new(PassphraseFile::new(home, passphrase))
            }
        })
    }

    fn with(
        &self,
        personal: &mut Personal<'_>,
        key_home: KeyHome,
        paths: &StorePaths,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), PersonalError> {
        let now_s = now_s();
        match self {
            Self::Status => {}
            Self::On { yes, .. } => {
                terminal.line(EXPLANATION);
                if !yes && !terminal.confirm("\nSwitch it on?") {
                    terminal.line("It stays off.");
                    return Ok(());
                }
                personal.switch_on(key_home)?;
                terminal.line(
                    "It is on. Name a site: sotto-host personal add-site https://mail.example",
                );
            }
            Self::Off => {
                personal.switch_off()?;
                terminal
                    .line("It is off. What is kept stays until: sotto-host personal erase --all");
            }
            Self::Sites => {
                for site in personal.sites()? {
                    terminal.line(&site);
                }
            }
            Self::AddSite { site } => personal.set_site(site, true)?,
            Self::RemoveSite { site } => personal.set_site(site, false)?,
            Self::Limits { days, mib } => {
                let erased = personal.set_limits(*days, mib << 20, now_s)?;
                terminal.line(&format!(
                    "{erased} texts were over the limits and are erased."
                ));
            }
            Self::Add { file } => add(personal, file, now_s, terminal)?,
            Self::List => show(&personal.texts()?, terminal),
            Self::Search { query } => show(&personal.search(query)?, terminal),
            Self::Erase { all: true, .. } => {
                personal.erase_everything()?;
                terminal.line("Everything personal is erased, and its key is gone.");
            }
            Self::Erase { number, .. } => {
                personal.erase_text(number.unwrap_or_default())?;
                terminal.line("Erased. Adapters that learned from it stay as they are until you train them again.");
            }
            Self::Train { .. } => self.train(personal, paths, terminal)?,
            Self::Adapters => {
                for adapter in personal.adapters()? {
                    terminal.line(&format!("{}: {} KiB", adapter.name, adapter.bytes / 1024));
                }
            }
            Self::Remove { name } => personal.erase_adapter(name)?,
            Self::Export { name, file } => {
                let what = ExportKind::Adapter { name: name.clone() };
                write_export(personal, &what, file, terminal)?;
                terminal.line(
                    "Written. Whoever has the file and the passphrase can ask it what it learned.",
                );
            }
            Self::ExportTexts { file } => {
                write_export(personal, &ExportKind::Texts, file, terminal)?;
                terminal.line("Written. Whoever has the file and the passphrase can read it.");
            }
            Self::Import { name, file } => {
                let sealed = files::read_followed(file, MAX_EXPORT_BYTES.into())?;
                let passphrase = passphrase("Passphrase of the file: ", terminal)?;
                let base = base_of(&paths.browser_model()).map(|(_, sum)| sum);
                let bases = base.as_slice();
                terminal.line(
                    &match personal.import(&sealed, passphrase, name, bases, now_s)? {
                        Imported::Adapter => format!("{name} is here."),
                        Imported::Texts { kept, left_out } => format!(
                            "{kept} texts are kept; {left_out} were here already or are over the limits."
                        ),
                    },
                );
            }
            Self::RotateKey => {
                personal.rotate_key()?;
                terminal.line("Everything is encrypted with a new key. The old one is gone.");
            }
        }
        Ok(())
    }

    fn train(
        &self,
        personal: &mut Personal<'_>,
        paths: &StorePaths,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), PersonalError> {
        let Self::Train {
            name,
            site,
            private,
            r#for: seconds,
            pack,
        } = self
        else {
            return Ok(());
        };
        let pack = pack.clone().unwrap_or(paths.browser_model());
        let lesson = Lesson {
            name: name.clone(),
            site: site.clone(),
            epsilon: *private,
        };
        let deadline = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let mut told = 0;
        let go_on = |Report { step, steps }| {
            let tenth = 10 * step / steps.max(1);
            if tenth > told {
                told = tenth;
                terminal.line(&format!("{} % ({step} of {steps} steps)", 10 * tenth));
            }
            deadline.is_none_or(|deadline| Instant::now() < deadline)
        };
        let learned = personal.learn(&lesson, &ChildCommand::own(&pack)?, now_s, go_on)?;
        let Learned::Done {
            is_used,
            before,
            after,
            epsilon,
        } = learned
        else {
            terminal.line("Not finished. The same command goes on.");
            return Ok(());
        };
        if let Some(epsilon) = epsilon {
            terminal.line(&in_words(epsilon));
        }
        let change = 100.0 * (1.0 - after / before);
        if is_used {
            terminal.line(&format!(
                "{name} is ready: {change:.1} % fewer bits per byte on your newest texts ({before:.3} to {after:.3})."
            ));
        } else {
            terminal.line("The adapter is no better on your newest texts than the model without it, so it is not used.");
        }
        Ok(())
    }
}

/// ε for people.
fn in_words(epsilon: f64) -> String {
    format!(
        "With privacy: whether or not one passage of about {} words was learned from changes the chance of any result by at most \
         a factor of {:.0} (ε = {epsilon:.1}); in one case of 100,000 this may not hold. Smaller is more private. A passage that \
         you wrote several times is protected less.",
        100,
        epsilon.exp()
    )
}

fn write_export(
    personal: &Personal<'_>,
    what: &ExportKind,
    file: &Path,
    terminal: &mut Terminal<'_>,
) -> Result<(), PersonalError> {
    let sealed = personal.export(what, new_passphrase(terminal)?)?;
    Ok(files::write_atomically(file, &sealed, 0o600)?)
}

fn add(
    personal: &mut Personal<'_>,
    file: &Path,
    now_s: i64,
    terminal: &mut Terminal<'_>,
) -> Result<(), PersonalError> {
    const MAX_FILE_BYTES: u64 = 16 << 20;
    let bytes = Zeroizing::new(files::read_followed(file, MAX_FILE_BYTES)?);
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|_| PersonalError::Input("The file is not in UTF-8."))?;
    let mut count = 0;
    for piece in pieces(text) {
        personal.keep_anyway(COMMAND_LINE, &piece, now_s)?;
        count += 1;
    }
    terminal.line(&format!("{count} texts are kept."));
    Ok(())
}

/// Paragraphs put together to texts of a letter's length.
fn pieces(text: &str) -> Vec<String> {
    const PIECE_BYTES: usize = 2_000;
    let mut pieces = vec![String::new()];
    for paragraph in text
        .split("\n\n")
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        // A paragraph that is longer than a text may be is cut into what may.
        let mut rest = paragraph;
        while !rest.is_empty() {
            let (first, second) =
                rest.split_at(rest.floor_char_boundary(super::MAX_TEXT_BYTES / 2));
            let Some(last) = pieces.last_mut() else { break };
            if last.len() >= PIECE_BYTES {
                pieces.push(first.to_owned());
            } else {
                if !last.is_empty() {
                    last.push_str("\n\n");
                }
                last.push_str(first);
            }
            rest = second;
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn show(texts: &[super::Kept], terminal: &mut Terminal<'_>) {
    for text in texts {
        terminal.line(&format!("{} {}\n{}\n", text.id, text.site, *text.text));
    }
    terminal.line(&format!("{} texts", texts.len()));
}

fn status(
    store: &Store,
    state: Option<&PersonalState>,
    terminal: &mut Terminal<'_>,
) -> Result<(), PersonalError> {
    let Some(state) = state else {
        terminal.line("Personalisation is off, and nothing is kept.");
        return Ok(());
    };
    let texts = store.personal_texts()?;
    let bytes: i64 = texts.iter().map(|text| text.bytes).sum();
    let adapters = store.personal_adapters()?;
    terminal.line(match state.is_on {
        true => "Personalisation is on.",
        false => "Personalisation is off. What was kept before is still there.",
    });
    terminal.line(&format!(
        "  {} texts, {} KiB, kept for at most {} days and {} MiB; {} adapters",
        texts.len(),
        bytes / 1024,
        state.max_days,
        state.max_bytes >> 20,
        adapters.len()
    ));
    terminal.line(match state.key_home {
        KeyHome::Keyring => "  encrypted; the key is in the system's keyring",
        KeyHome::File => "  encrypted; the key is in a file with a passphrase",
    });
    Ok(())
}

fn new_passphrase(terminal: &mut Terminal<'_>) -> Result<String, PersonalError> {
    let first = passphrase("New passphrase: ", terminal)?;
    let again = Zeroizing::new(passphrase("The same again: ", terminal)?);
    if first == *again && first.chars().count() >= MIN_PASSPHRASE {
        Ok(first)
    } else {
        Err(PersonalError::Input(
            "A passphrase has at least 12 characters, entered the same twice.",
        ))
    }
}

fn passphrase(prompt: &str, terminal: &mut Terminal<'_>) -> Result<String, PersonalError> {
    secret(prompt, terminal).map_err(|_| PersonalError::Input("There was no passphrase to read."))
}

/// Seconds since 1970; a clock before that counts as then.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_cut_at_paragraphs_and_nothing_is_lost() {
        let paragraphs: Vec<String> = (0..40)
            .map(|at| format!("paragraph {at} ").repeat(12))
            .collect();
        let text = paragraphs.join("\n\n");
        let pieces = pieces(&text);
        assert!(pieces.len() > 2);
        assert!(pieces.iter().all(|piece| piece.len() < 4_000));
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(&pieces.join("\n\n")), words(&text));
        let long = "é".repeat(40_000);
        let cut = super::pieces(&long);
        assert!(
            cut.len() > 1
                && cut
                    .iter()
                    .all(|piece| piece.len() <= super::super::MAX_TEXT_BYTES)
        );
        assert_eq!(super::pieces("\n\n \n\n"), Vec::<String>::new());
    }

    #[test]
    fn epsilon_is_said_as_a_factor() {
        assert!(in_words(3.0).contains("a factor of 20"));
    }
}
