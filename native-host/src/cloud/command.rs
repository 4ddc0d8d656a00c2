//! `sotto-host cloud ...`: the only place where an endpoint and its key are set up. No message of a browser can.

use std::path::PathBuf;

use sotto_core::consent::TokenLimitField;
use sotto_core::protocol::{Coded, ErrorCode};
use zeroize::Zeroizing;

use super::endpoint::{Endpoint, EndpointConfig, KeyPlace, Preset};
use super::enterprise::EnterprisePolicy;
use super::error::SetupError;
use super::keys::{self, ApiKey, KeyError, KeyFile, in_keyring};
use super::price::Price;
use super::setup::{ReadSetup as _, SetupFiles};
use crate::models::{FallbackChoice, ModelError, Settings, StorePaths, Terminal};

/// What to do with the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum CloudCommand {
    /// Set up the endpoint that may be asked, after consent, where this device is not enough
    Set(Box<SetCommand>),
    /// Store the endpoint's key, or remove it
    Key {
        /// In a file that a passphrase opens, instead of the system's keyring
        #[arg(long)]
        file: bool,
        /// Remove the key
        #[arg(long, conflicts_with = "file")]
        remove: bool,
    },
    /// Offer the endpoint where a local answer is not good enough
    On,
    /// Do not offer it
    Off,
    /// Show what is set up
    Show,
    /// Forget the endpoint and its key
    Remove,
}

/// An endpoint on the command line.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct SetCommand {
    /// What kind of server it is
    #[arg(value_enum)]
    preset: Preset,
    /// The model to ask for
    #[arg(long)]
    model: String,
    /// Where its API begins, such as https://api.example.com/v1
    #[arg(long)]
    url: Option<String>,
    /// Your name for it
    #[arg(long)]
    name: Option<String>,
    /// Context of the model, in tokens
    #[arg(long)]
    context: Option<u32>,
    /// Where its key is
    #[arg(long, value_enum)]
    key: Option<KeyPlace>,
    /// Certificates to trust beside the system's, in PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Bound the answer with max_completion_tokens instead of max_tokens
    #[arg(long)]
    max_completion_tokens: bool,
    /// Requests allowed in a minute
    #[arg(long, default_value_t = 10)]
    per_minute: u32,
    /// Requests allowed in a day
    #[arg(long, default_value_t = 200)]
    per_day: u32,
    /// What a million tokens that are sent cost, such as 2.50
    #[arg(long, value_parser = micros, requires = "price_output")]
    price_input: Option<u32>,
    /// What a million tokens of answers cost
    #[arg(long, value_parser = micros, requires = "price_input")]
    price_output: Option<u32>,
    /// Currency of the prices
    #[arg(long, default_value = "USD")]
    currency: String,
    /// Most that may be spent in thirty days
    #[arg(long, value_parser = micros, requires = "price_input")]
    cap: Option<u32>,
}

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum CloudCommandError {
    /// What was given cannot be used.
    #[error("The endpoint cannot be used: {0}")]
    Setup(#[from] SetupError),
    /// Only servers of one's own have an address of their own.
    #[error("Say where it is: --url https://api.example.com/v1")]
    UrlMissing,
    /// Nothing is set up.
    #[error("No endpoint is set up. Run: sotto-host cloud set")]
    NotConfigured,
    /// It needs no key.
    #[error("The endpoint was set up to need no key. Run: sotto-host cloud set ... --key keyring")]
    KeyNotNeeded,
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The two passphrases differ, or are too short.
    #[error("A passphrase has at least {MIN_PASSPHRASE} characters, entered the same twice.")]
    Passphrase,
    /// The settings.
    #[error(transparent)]
    Settings(#[from] ModelError),
    /// Nothing came from the user.
    #[error("There was nothing to read.")]
    Input,
}

impl Coded for CloudCommandError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Setup(_) | Self::NotConfigured => ErrorCode::CloudNotConfigured,
            Self::UrlMissing | Self::KeyNotNeeded | Self::Passphrase | Self::Input => {
                ErrorCode::BadRequest
            }
            Self::Key(_) => ErrorCode::CloudKeyLocked,
            Self::Settings(error) => error.code(),
        }
    }
}

/// Shortest passphrase, in characters: scrypt makes each guess take half a second, and this many words of a dictionary's
/// letters are out of reach then.
const MIN_PASSPHRASE: usize = 12;

impl CloudCommand {
    /// Does it.
    ///
    /// # Errors
    /// [`CloudCommandError`].
    pub fn run(
        &self,
        paths: &StorePaths,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), CloudCommandError> {
        let files = SetupFiles::new(&paths.home);
        match self {
            Self::Set(command) => set(command, &files, terminal),
            Self::Key { file, remove } => key(*file, *remove, &files, paths, terminal),
            Self::On => switch(FallbackChoice::Cloud, paths, &files, terminal),
            Self::Off => switch(FallbackChoice::None, paths, &files, terminal),
            Self::Show => show(&files, paths, terminal),
            Self::Remove => remove(&files, paths, terminal),
        }
    }
}

fn set(
    command: &SetCommand,
    files: &SetupFiles,
    terminal: &mut Terminal<'_>,
) -> Result<(), CloudCommandError> {
    let preset = command.preset;
    let url = command.url.clone().or(preset.url().map(str::to_owned));
    let price = command.price_input.zip(command.price_output);
    let config = EndpointConfig {
        name: command.name.clone().unwrap_or(preset.title().to_owned()),
        url: url.ok_or(CloudCommandError::UrlMissing)?,
        model: command.model.clone(),
        context_tokens: command.context.unwrap_or(preset.context_tokens()),
        key: command.key.unwrap_or(preset.key()),
        token_limit: match command.max_completion_tokens {
            true => TokenLimitField::MaxCompletionTokens,
            false => TokenLimitField::MaxTokens,
        },
        ca_file: command.ca.clone(),
        per_minute: command.per_minute,
        per_day: command.per_day,
        price: price.map(|(input_micros, output_micros)| Price {
            input_micros,
            output_micros,
            currency: command.currency.clone(),
        }),
        cap_micros: command.cap,
        other: serde_json::Map::new(),
    };
    let endpoint = Endpoint::new(config)?;
    // A file of certificates that cannot be read is found out now and not when it is needed.
    super::http::HttpTransport::new(&endpoint)?;
    files.save(endpoint.config())?;
    describe(&endpoint, terminal);
    if endpoint.config().key != KeyPlace::None {
        terminal.line("Its key: sotto-host cloud key");
    }
    terminal.line("To have it offered: sotto-host cloud on");
    Ok(())
}

fn key(
    file: bool,
    remove: bool,
    files: &SetupFiles,
    paths: &StorePaths,
    terminal: &mut Terminal<'_>,
) -> Result<(), CloudCommandError> {
    let endpoint = configured(files)?;
    let origin = endpoint.origin();
    let key_file = KeyFile::new(&paths.home);
    if remove {
        keys::forget(Some(&endpoint), &key_file)?;
        terminal.line("Removed.");
        return Ok(());
    }
    if endpoint.config().key == KeyPlace::None {
        return Err(CloudCommandError::KeyNotNeeded);
    }
    let key = ApiKey::new(secret("Key: ", terminal)?)?;
    let place = if file {
        let passphrase = secret("Passphrase: ", terminal)?;
        let again = Zeroizing::new(secret("The same again: ", terminal)?);
        if passphrase != *again || passphrase.chars().count() < MIN_PASSPHRASE {
            return Err(CloudCommandError::Passphrase);
        }
        key_file.write(&origin, &key, passphrase)?;
        KeyPlace::File
    } else {
        in_keyring::set(&origin, &key)?;
        KeyPlace::Keyring
    };
    let mut config = endpoint.config().clone();
    config.key = place;
    files.save(&config)?;
    terminal.line(match place {
        KeyPlace::File => {
            "Kept in a file. You will be asked for the passphrase when the key is needed."
        }
        _ => "Kept in the system's keyring.",
    });
    Ok(())
}

fn switch(
    fallback: FallbackChoice,
    paths: &StorePaths,
    files: &SetupFiles,
    terminal: &mut Terminal<'_>,
) -> Result<(), CloudCommandError> {
    if fallback == FallbackChoice::Cloud {
        describe(&configured(files)?, terminal);
        terminal.line("It will be offered where a local answer is not good enough. You will see what would be sent, each time.");
    } else {
        terminal.line("No endpoint will be offered.");
    }
    let mut settings = Settings::load(&paths.settings()).settings;
    settings.fallback = fallback;
    Ok(settings.save(&paths.settings())?)
}

fn show(
    files: &SetupFiles,
    paths: &StorePaths,
    terminal: &mut Terminal<'_>,
) -> Result<(), CloudCommandError> {
    let setup = files.read();
    match setup.endpoint? {
        None => terminal.line("No endpoint is set up."),
        Some(endpoint) => describe(&endpoint, terminal),
    }
    let settings = Settings::load(&paths.settings()).settings;
    terminal.line(match settings.fallback {
        FallbackChoice::Cloud => "It is offered where a local answer is not good enough.",
        FallbackChoice::None => "It is not offered: sotto-host cloud on",
    });
    if setup.enterprise != EnterprisePolicy::NONE {
        terminal.line(&format!(
            "There is a policy of this device's administrator: {}",
            EnterprisePolicy::path().display()
        ));
    }
    Ok(())
}

fn remove(
    files: &SetupFiles,
    paths: &StorePaths,
    terminal: &mut Terminal<'_>,
) -> Result<(), CloudCommandError> {
    if let Ok(endpoint) = configured(files) {
        keys::forget(Some(&endpoint), &KeyFile::new(&paths.home))?;
    }
    files.remove()?;
    switch(FallbackChoice::None, paths, files, terminal)
}

fn configured(files: &SetupFiles) -> Result<Endpoint, CloudCommandError> {
    let config = files.config()?.ok_or(CloudCommandError::NotConfigured)?;
    Ok(Endpoint::new(config)?)
}

fn describe(endpoint: &Endpoint, terminal: &mut Terminal<'_>) {
    let config = endpoint.config();
    terminal.line(&format!(
        "{}: {} at {}",
        config.name,
        config.model,
        endpoint.url()
    ));
    let key = match config.key {
        KeyPlace::None => "no key",
        KeyPlace::Keyring => "key in the system's keyring",
        KeyPlace::File => "key in a file with a passphrase",
    };
    terminal.line(&format!(
        "  context {} tokens, {key}, {} requests a minute, {} a day",
        config.context_tokens, config.per_minute, config.per_day
    ));
    if let Some(price) = &config.price {
        let cap = config.cap_micros.map_or("no cap".to_owned(), |cap| {
            format!("at most {} in thirty days", amount(cap))
        });
        terminal.line(&format!(
            "  {} and {} {} for a million tokens in and out, {cap}",
            amount(price.input_micros),
            amount(price.output_micros),
            price.currency
        ));
    }
}

/// A secret from the user: not shown while it is typed, a line of its own where it is piped in.
pub(crate) fn secret(
    prompt: &str,
    terminal: &mut Terminal<'_>,
) -> Result<String, CloudCommandError> {
    if terminal.is_interactive {
        return rpassword::prompt_password(prompt).map_err(|_| CloudCommandError::Input);
    }
    let mut line = String::new();
    let read = terminal.input.read_line(&mut line);
    if !matches!(read, Ok(1..)) {
        return Err(CloudCommandError::Input);
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

/// Millionths from an amount such as `2.50`.
fn micros(text: &str) -> Result<u32, &'static str> {
    const WRONG: &str = "not an amount such as 2.50";
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > 6 {
        return Err(WRONG);
    }
    format!("{whole}{part:0<6}").parse().map_err(|_| WRONG)
}

/// As [`micros`], back.
fn amount(micros: u32) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let short = text.trim_end_matches('0');
    // Two places at least, as people write money.
    let places = short.len() - short.find('.').map_or(0, |at| at + 1);
    text[..short.len() + 2usize.saturating_sub(places)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written() {
        for (text, expected, again) in [
            ("2.50", 2_500_000, "2.50"),
            ("0", 0, "0.00"),
            ("12", 12_000_000, "12.00"),
            ("0.000001", 1, "0.000001"),
            ("4294.967295", u32::MAX, "4294.967295"),
            ("1.1", 1_100_000, "1.10"),
        ] {
            assert_eq!(micros(text), Ok(expected), "{text}");
            assert_eq!(amount(expected), again);
        }
        for text in [
            "",
            ".5",
            "-1",
            "1e3",
            "1,5",
            "1.0000001",
            "4295",
            "1.5.5",
            "$1",
        ] {
            assert!(micros(text).is_err(), "{text}");
        }
    }
}
