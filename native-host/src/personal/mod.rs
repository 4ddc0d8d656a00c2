//! What the user wrote and accepted on sites that they named, and the adapters that were trained on it.
//!
//! **Off unless the user switched it on**, and then everything is sealed before it reaches the disk, with a key that is in the
//! system's keyring or behind a passphrase. Erasing everything throws the key away first, so that what a backup or a worn-out
//! disk still holds is noise. An error never deletes anything: a locked keyring, an altered row or another key say so, and the
//! model goes on without an adapter.

mod archive;
mod command;
mod desk;
mod error;
mod lesson;
mod seal;
mod state;
mod text;
pub mod training;
mod transfer;
mod vault;
mod view;

pub use command::PersonalCommand;
pub use desk::PersonalDesk;
pub use error::PersonalError;
pub use lesson::{Learned, Lesson};
pub use seal::DataKey;
pub use state::{KeyHome, PersonalState};
pub use text::{Kept, MAX_SITE_BYTES, MAX_TEXT_BYTES};
pub use transfer::Imported;
pub use vault::{Keyring, OpenedFile, PassphraseFile, Vault, VaultError};

use std::time::SystemTime;

use zeroize::Zeroizing;

use crate::store::Store;
use crate::store::personal::{SealedAdapter, adapter_context};

/// Longest name of an adapter, in bytes.
const MAX_NAME_BYTES: usize = 32;

/// Mebibytes of text that may be kept.
const MAX_MIB: u32 = 16;

/// What marks an unfinished training; no adapter's name can begin so.
const UNFINISHED: &str = "~";

/// The sites' row.
const SITES: &str = "sites";

/// The store and the key to it.
pub struct Personal<'a> {
    store: &'a mut Store,
    vault: &'a dyn Vault,
}

impl std::fmt::Debug for Personal<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Personal(..)")
    }
}

/// An adapter in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAdapter {
    /// Its name.
    pub name: String,
    /// When it was made, in seconds since 1970.
    pub at_s: i64,
    /// Its length as it is kept, in bytes.
    pub bytes: usize,
}

/// What was decided, without a key.
///
/// # Errors
/// [`PersonalError::Store`]; a state that cannot be read is one.
pub fn state(store: &Store) -> Result<Option<PersonalState>, PersonalError> {
    let Some(json) = store.personal_state()? else {
        return Ok(None);
    };
    let state = serde_json::from_str(&json);
    state
        .map(Some)
        .map_err(|_| PersonalError::Input("What was decided about personalisation cannot be read."))
}

impl<'a> Personal<'a> {
    /// Works on `store` with keys from `vault`.
    pub fn new(store: &'a mut Store, vault: &'a dyn Vault) -> Self {
        Self { store, vault }
    }

    /// Switches it on: makes a key the first time, and later finds the one that is there.
    ///
    /// # Errors
    /// [`PersonalError::Vault`]; nothing is switched on then.
    pub fn switch_on(&mut self, key_home: KeyHome) -> Result<(), PersonalError> {
        let state = match state(self.store)? {
            Some(old) if old.key_home == key_home => {
                self.vault.get(old.key_id)?;
                PersonalState { is_on: true, ..old }
            }
            Some(_) => {
                let problem =
                    "The key is kept in another place already. To move it, erase everything first.";
                return Err(PersonalError::Input(problem));
            }
            None => {
                let state = PersonalState::new(key_home);
                self.vault.set(&DataKey::generate(state.key_id)?)?;
                state
            }
        };
        self.set_state(&state)
    }

    /// Switches it off: nothing more is kept or used. What is there stays until it is erased.
    ///
    /// # Errors
    /// [`PersonalError::Store`]
    pub fn switch_off(&mut self) -> Result<(), PersonalError> {
        match state(self.store)? {
            None => Ok(()),
            Some(old) => self.set_state(&PersonalState {
                is_on: false,
                ..old
            }),
        }
    }

    /// Sets how long and how much is kept, and erases what is over it now.
    ///
    /// # Errors
    /// [`PersonalError::Off`], [`PersonalError::Store`]
    pub fn set_limits(
        &mut self,
        max_days: u32,
        max_bytes: u32,
        now_s: i64,
    ) -> Result<usize, PersonalError> {
        let state = PersonalState {
            max_days,
            max_bytes,
            ..self.state_on()?
        };
        self.set_state(&state)?;
        self.trim(now_s)
    }

    /// Erases everything and throws the key away. Works without the key, and where only the store or only the keyring does.
    ///
    /// # Errors
    /// [`PersonalError`], after both were tried.
    pub fn erase_everything(&mut self) -> Result<(), PersonalError> {
        let key = state(self.store).ok().flatten().map(|state| state.key_id);
        // The key first: from here on what is kept is noise, whatever happens to the rows.
        let forgotten = key.map_or(Ok(()), |id| self.vault.remove(id));
        self.store.erase_personal()?;
        Ok(forgotten?)
    }

    /// Seals everything with a new key and forgets the old one. An interruption leaves everything under one of them.
    ///
    /// # Errors
    /// [`PersonalError`]; everything is as before then.
    pub fn rotate_key(&mut self) -> Result<(), PersonalError> {
        let old_state = self.state_on()?;
        let old = self.vault.get(old_state.key_id)?;
        let new = DataKey::generate(old.id() + 1)?;
        self.vault.set(&new)?;
        let mut failure = None;
        let mut anew = |what: &str, sealed: &[u8]| {
            let moved = old
                .open(what, sealed)
                .and_then(|plain| new.seal(what, &plain));
            moved.map_err(|error| failure = Some(error)).ok()
        };
        let sites = match old_state.sites.is_empty() {
            true => Some(Vec::new()),
            false => anew(SITES, &old_state.sites),
        };
        let done = match sites {
            None => Ok(false),
            Some(sites) => {
                let state = PersonalState {
                    key_id: new.id(),
                    sites,
                    ..old_state
                };
                let json = json(&state)?;
                self.store.reseal_personal(&json, &mut anew)
            }
        };
        if matches!(done, Ok(true)) {
            // It opens nothing any more; that it could not be removed is no reason to fail.
            let _ = self.vault.remove(old.id());
            return Ok(());
        }
        let _ = self.vault.remove(new.id());
        done?;
        let busy = PersonalError::Input("Something was kept at the same moment. Try again.");
        Err(failure.unwrap_or(busy))
    }

    /// Keeps an adapter (safetensors) under a name, in the place of an older one.
    ///
    /// # Errors
    /// [`PersonalError`]
    pub fn put_adapter(
        &mut self,
        name: &str,
        bytes: &[u8],
        now_s: i64,
    ) -> Result<(), PersonalError> {
        check_name(name)?;
        self.put(name, bytes, now_s)
    }

    /// An adapter in clear, in memory.
    ///
    /// # Errors
    /// [`PersonalError::Missing`], [`PersonalError::Sealed`], [`PersonalError::Vault`]
    pub fn adapter(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, PersonalError> {
        check_name(name)?;
        let missing = PersonalError::Missing {
            what: format!("adapter {name}"),
        };
        self.get(name)?.ok_or(missing)
    }

    /// Every adapter, by name.
    ///
    /// # Errors
    /// [`PersonalError::Store`]
    pub fn adapters(&self) -> Result<Vec<ListedAdapter>, PersonalError> {
        let all = self.store.personal_adapters()?.into_iter();
        let finished = all.filter(|adapter| !adapter.name.starts_with(UNFINISHED));
        Ok(finished
            .map(|adapter| ListedAdapter {
                bytes: adapter.sealed.len(),
                name: adapter.name,
                at_s: adapter.at_s,
            })
            .collect())
    }

    /// Erases an adapter and its unfinished training. Needs no key.
    ///
    /// # Errors
    /// [`PersonalError::Missing`]
    pub fn erase_adapter(&mut self, name: &str) -> Result<(), PersonalError> {
        check_name(name)?;
        let is_unfinished = self.store.erase_personal_adapter(&unfinished(name))?;
        if self.store.erase_personal_adapter(name)? || is_unfinished {
            return Ok(());
        }
        Err(PersonalError::Missing {
            what: format!("adapter {name}"),
        })
    }

    /// Keeps a training that is not finished, or forgets it.
    ///
    /// # Errors
    /// [`PersonalError`]
    pub fn put_unfinished(
        &mut self,
        name: &str,
        bytes: Option<&[u8]>,
        now_s: i64,
    ) -> Result<(), PersonalError> {
        check_name(name)?;
        match bytes {
            Some(bytes) => self.put(&unfinished(name), bytes, now_s),
            None => {
                self.store.erase_personal_adapter(&unfinished(name))?;
                Ok(())
            }
        }
    }

    /// The training of that name that is not finished.
    ///
    /// # Errors
    /// [`PersonalError`]
    pub fn unfinished(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, PersonalError> {
        check_name(name)?;
        self.get(&unfinished(name))
    }

    fn put(&mut self, name: &str, bytes: &[u8], at_s: i64) -> Result<(), PersonalError> {
        let sealed = self.key()?.seal(&adapter_context(name), bytes)?;
        let name = name.to_owned();
        Ok(self
            .store
            .put_personal_adapter(&SealedAdapter { name, at_s, sealed })?)
    }

    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, PersonalError> {
        let key = self.key()?;
        let all = self.store.personal_adapters()?;
        let found = all.into_iter().find(|adapter| adapter.name == name);
        found
            .map(|adapter| key.open(&adapter_context(name), &adapter.sealed))
            .transpose()
    }

    /// The state, if it is on.
    fn state_on(&self) -> Result<PersonalState, PersonalError> {
        let state = state(self.store)?;
        state.filter(|state| state.is_on).ok_or(PersonalError::Off)
    }

    /// The key, if it is on.
    fn key(&self) -> Result<DataKey, PersonalError> {
        Ok(self.vault.get(self.state_on()?.key_id)?)
    }

    fn set_state(&mut self, state: &PersonalState) -> Result<(), PersonalError> {
        Ok(self.store.set_personal_state(&json(state)?)?)
    }
}

/// Seconds since 1970.
fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}

fn json(state: &PersonalState) -> Result<String, PersonalError> {
    let json = serde_json::to_string(state);
    json.map_err(|_| PersonalError::Input("What was decided cannot be written."))
}

fn unfinished(name: &str) -> String {
    format!("{UNFINISHED}{name}")
}

/// Names are of a few plain characters, so that they can be typed, shown and put into messages.
fn check_name(name: &str) -> Result<(), PersonalError> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_plain) {
        Ok(())
    } else {
        Err(PersonalError::Input(
            "An adapter's name has up to 32 of the characters a-z, 0-9 and -, such as: work",
        ))
    }
}

#[cfg(test)]
mod tests;
