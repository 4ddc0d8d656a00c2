//! The switch, the limits, keys that fail, rotation and erasing.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use sotto_core::protocol::{Coded as _, ErrorCode};

use super::*;
use crate::cloud::KeyError;

pub(super) const SITE: &str = "https://mail.example";
pub(super) const NOW: i64 = 1_800_000_000;

/// Keys in memory; may be locked, as a keyring can.
#[derive(Default)]
pub(super) struct Memory {
    keys: RefCell<HashMap<u32, String>>,
    is_locked: Cell<bool>,
}

impl Memory {
    fn check(&self) -> Result<(), VaultError> {
        match self.is_locked.get() {
            true => Err(VaultError::Keyring(KeyError::Locked)),
            false => Ok(()),
        }
    }
}

impl Vault for Memory {
    fn get(&self, id: u32) -> Result<DataKey, VaultError> {
        self.check()?;
        let keys = self.keys.borrow();
        let text = keys.get(&id).ok_or(VaultError::Missing)?;
        DataKey::from_text(id, text).ok_or(VaultError::NotAKey)
    }

    fn set(&self, key: &DataKey) -> Result<(), VaultError> {
        self.check()?;
        let text = key.to_text().to_string();
        self.keys.borrow_mut().insert(key.id(), text);
        Ok(())
    }

    fn remove(&self, id: u32) -> Result<(), VaultError> {
        self.check()?;
        self.keys.borrow_mut().remove(&id);
        Ok(())
    }
}

/// Switched on, with a site, two texts and an adapter.
pub(super) fn filled(store: &mut Store, vault: &Memory) {
    let mut personal = Personal::new(store, vault);
    personal.switch_on(KeyHome::Keyring).unwrap();
    personal.set_site(SITE, true).unwrap();
    personal.keep(SITE, "The harbour is closed.", NOW).unwrap();
    personal
        .keep(SITE, "Bring the blue rope.", NOW + 1)
        .unwrap();
    personal.put_adapter("work", b"adapter", NOW).unwrap();
}

pub(super) fn texts(personal: &Personal<'_>) -> Vec<String> {
    let texts = personal.texts().unwrap();
    texts.iter().map(|text| text.text.to_string()).collect()
}

#[test]
fn it_is_off_until_it_is_switched_on_and_keeps_only_of_named_sites() {
    let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
    let mut personal = Personal::new(&mut store, &vault);
    assert!(matches!(
        personal.keep(SITE, "text", NOW),
        Err(PersonalError::Off)
    ));
    assert!(vault.keys.borrow().is_empty());
    personal.switch_on(KeyHome::Keyring).unwrap();
    assert!(matches!(
        personal.keep(SITE, "text", NOW),
        Err(PersonalError::SiteNotNamed)
    ));
    personal.set_site(SITE, true).unwrap();
    assert_eq!(personal.keep(SITE, "text", NOW).unwrap(), 1);
    personal.set_site(SITE, false).unwrap();
    assert!(matches!(
        personal.keep(SITE, "text", NOW),
        Err(PersonalError::SiteNotNamed)
    ));
    personal.switch_off().unwrap();
    assert!(matches!(personal.texts(), Err(PersonalError::Off)));
    // What was there is there again.
    personal.switch_on(KeyHome::Keyring).unwrap();
    assert_eq!(texts(&personal), ["text"]);
}

#[test]
fn texts_are_found_read_and_erased() {
    let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
    filled(&mut store, &vault);
    let mut personal = Personal::new(&mut store, &vault);
    let found = personal.search("ROPE").unwrap();
    assert_eq!((found.len(), found[0].id, &*found[0].site), (1, 2, SITE));
    personal.erase_text(1).unwrap();
    assert!(matches!(
        personal.erase_text(1),
        Err(PersonalError::Missing { .. })
    ));
    assert_eq!(texts(&personal), ["Bring the blue rope."]);
    for text in ["", " \n", &"x".repeat(MAX_TEXT_BYTES + 1)] {
        assert!(matches!(
            personal.keep(SITE, text, NOW),
            Err(PersonalError::Input(_))
        ));
    }
}

#[test]
fn nothing_is_on_the_disk_in_clear() {
    let (home, vault) = (tempfile::tempdir().unwrap(), Memory::default());
    let mut store = Store::open(home.path()).unwrap();
    filled(&mut store, &vault);
    drop(store);
    for entry in std::fs::read_dir(home.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in ["harbour", "rope", "mail.example", "adapter!"] {
            let holds = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!holds, "{secret}");
        }
    }
}

#[test]
fn what_is_too_old_or_too_much_goes() {
    let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
    filled(&mut store, &vault);
    let mut personal = Personal::new(&mut store, &vault);
    assert_eq!(personal.set_limits(10, 1 << 20, NOW).unwrap(), 0);
    let later = NOW + 11 * 24 * 60 * 60;
    assert_eq!(personal.trim(later).unwrap(), 2);
    personal.keep(SITE, &"a".repeat(700), later).unwrap();
    personal.set_limits(10, 1_000, later).unwrap();
    personal.keep(SITE, &"b".repeat(700), later).unwrap();
    assert_eq!(texts(&personal), ["b".repeat(700)]);
}

#[test]
fn a_locked_or_lost_key_says_so_and_deletes_nothing() {
    let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
    filled(&mut store, &vault);
    let mut personal = Personal::new(&mut store, &vault);
    vault.is_locked.set(true);
    for error in [
        personal.texts().map(drop),
        personal.adapter("work").map(drop),
        personal.keep(SITE, "more", NOW).map(drop),
        personal.rotate_key(),
    ] {
        assert_eq!(error.unwrap_err().code(), ErrorCode::PersonalLocked);
    }
    vault.is_locked.set(false);
    assert_eq!(texts(&personal).len(), 2);
    let key = vault.keys.borrow_mut().remove(&1).unwrap();
    assert!(matches!(
        personal.texts(),
        Err(PersonalError::Vault(VaultError::Missing))
    ));
    // Another key than the one that sealed it.
    let other = DataKey::generate(1).unwrap().to_text().to_string();
    vault.keys.borrow_mut().insert(1, other);
    assert!(matches!(
        personal.adapter("work"),
        Err(PersonalError::Sealed { .. })
    ));
    vault.keys.borrow_mut().insert(1, key);
    assert_eq!(**personal.adapter("work").unwrap(), *b"adapter");
    assert_eq!(texts(&personal).len(), 2);
}

#[test]
fn an_altered_row_is_noticed_and_stays() {
    let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
    filled(&mut store, &vault);
    let mut adapter = store.personal_adapters().unwrap().remove(0);
    adapter.sealed[30] ^= 1;
    store.put_personal_adapter(&adapter).unwrap();
    let personal = Personal::new(&mut store, &vault);
    let error = personal.adapter("work").unwrap_err();
    assert!(error.to_string().contains("altered"), "{error}");
    assert_eq!(personal.adapters().unwrap().len(), 1);
    // Under another name it does not open, either.
    adapter.sealed[30] ^= 1;
    adapter.name = "home".into();
    store.put_personal_adapter(&adapter).unwrap();
    let personal = Personal::new(&mut store, &vault);
    assert!(matches!(
        personal.adapter("home"),
        Err(PersonalError::Sealed { .. })
    ));
}

#[test]
fn a_rotation_moves_everything_to_a_new_key_or_nothing() {
    let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
    filled(&mut store, &vault);
    Personal::new(&mut store, &vault).rotate_key().unwrap();
    assert_eq!(vault.keys.borrow().keys().copied().collect::<Vec<_>>(), [2]);
    let personal = Personal::new(&mut store, &vault);
    assert_eq!(texts(&personal).len(), 2);
    assert_eq!(personal.sites().unwrap(), [SITE]);
    assert_eq!(**personal.adapter("work").unwrap(), *b"adapter");
    // One row does not open: everything stays under the old key.
    let mut adapter = store.personal_adapters().unwrap().remove(0);
    let good = adapter.clone();
    adapter.sealed[30] ^= 1;
    store.put_personal_adapter(&adapter).unwrap();
    let error = Personal::new(&mut store, &vault).rotate_key().unwrap_err();
    assert!(matches!(error, PersonalError::Sealed { .. }));
    assert_eq!(vault.keys.borrow().keys().copied().collect::<Vec<_>>(), [2]);
    store.put_personal_adapter(&good).unwrap();
    assert_eq!(texts(&Personal::new(&mut store, &vault)).len(), 2);
}

#[test]
fn erasing_everything_throws_the_key_away_and_begins_anew() {
    let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
    filled(&mut store, &vault);
    let mut personal = Personal::new(&mut store, &vault);
    personal.erase_everything().unwrap();
    assert!(vault.keys.borrow().is_empty());
    assert!(matches!(personal.texts(), Err(PersonalError::Off)));
    personal.switch_on(KeyHome::Keyring).unwrap();
    assert!(personal.texts().unwrap().is_empty() && personal.adapters().unwrap().is_empty());
    // With a locked keyring the rows go all the same, and the user is told about the key.
    vault.is_locked.set(true);
    assert!(matches!(
        personal.erase_everything(),
        Err(PersonalError::Vault(_))
    ));
    vault.is_locked.set(false);
    assert!(matches!(personal.texts(), Err(PersonalError::Off)));
}

#[test]
fn unfinished_trainings_are_kept_beside_the_adapters_and_not_shown() {
    let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
    filled(&mut store, &vault);
    let mut personal = Personal::new(&mut store, &vault);
    personal
        .put_unfinished("work", Some(b"state"), NOW)
        .unwrap();
    assert_eq!(**personal.unfinished("work").unwrap().unwrap(), *b"state");
    assert_eq!(personal.adapters().unwrap().len(), 1);
    personal.erase_adapter("work").unwrap();
    assert!(personal.unfinished("work").unwrap().is_none());
    assert!(matches!(
        personal.erase_adapter("work"),
        Err(PersonalError::Missing { .. })
    ));
    for name in ["", "~work", "Work", "a b", "../x", &"a".repeat(33)] {
        assert!(personal.put_adapter(name, b"x", NOW).is_err(), "{name}");
    }
}
