//! Taking what is personal to another device, and bringing it from there.

use std::collections::HashSet;

use sotto_core::pack::Sha256;
use sotto_core::protocol::ExportKind;
use sotto_lm::Factors;

use super::archive::{ArchivedText, Content, open, plain_texts, seal};
use super::text::{DAY_S, MAX_SITE_BYTES, MAX_TEXT_BYTES};
use super::{Personal, PersonalError, check_name};

/// Shortest passphrase, in characters, as for keys.
pub(super) const MIN_PASSPHRASE: usize = 12;

/// What an import brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// An adapter.
    Adapter,
    /// Texts.
    Texts {
        /// Those that are kept now and were not before.
        kept: usize,
        /// Those that were here already, or are over the limits of time and size.
        left_out: usize,
    },
}

impl Personal<'_> {
    /// An adapter, or all texts, sealed with a passphrase.
    ///
    /// # Errors
    /// [`PersonalError`]; [`PersonalError::Missing`] where there is nothing to export.
    pub fn export(&self, what: &ExportKind, passphrase: String) -> Result<Vec<u8>, PersonalError> {
        if passphrase.chars().count() < MIN_PASSPHRASE {
            return Err(PersonalError::Input(
                "A passphrase has at least 12 characters.",
            ));
        }
        match what {
            ExportKind::Adapter { name } => seal(&self.adapter(name)?, passphrase),
            ExportKind::Texts => {
                let archived: Vec<ArchivedText> = self
                    .texts()?
                    .into_iter()
                    .map(|kept| ArchivedText {
                        at_s: kept.at_s,
                        site: kept.site,
                        text: kept.text.to_string(),
                    })
                    .collect();
                if archived.is_empty() {
                    let what = "text to export".to_owned();
                    return Err(PersonalError::Missing { what });
                }
                seal(&plain_texts(&archived), passphrase)
            }
        }
    }

    /// Keeps what an exported file holds; an adapter under `name`, in the place of an older one. `bases`: the
    /// models that an adapter may be for; none where that is not known.
    ///
    /// # Errors
    /// Those of opening the file, [`PersonalError::OtherModel`], and those of keeping. Nothing is kept then, and what is here
    /// stays.
    pub fn import(
        &mut self,
        file: &[u8],
        passphrase: String,
        name: &str,
        bases: &[Sha256],
        now_s: i64,
    ) -> Result<Imported, PersonalError> {
        // Before a second of scrypt.
        self.state_on()?;
        self.key()?;
        match open(file, passphrase)? {
            Content::Adapter(bytes) => {
                check_name(name)?;
                let factors = Factors::from_bytes(&bytes).map_err(sotto_lm::LmError::from)?;
                if !bases.is_empty() && !bases.contains(&factors.info().base) {
                    return Err(PersonalError::OtherModel);
                }
                self.put_adapter(name, &bytes, now_s)?;
                Ok(Imported::Adapter)
            }
            Content::Texts(texts) => self.import_texts(texts, now_s),
        }
    }

    /// The newest of them that there is room for. What is here already goes for none of them.
    fn import_texts(
        &mut self,
        texts: Vec<ArchivedText>,
        now_s: i64,
    ) -> Result<Imported, PersonalError> {
        let state = self.state_on()?;
        let oldest_s = now_s.saturating_sub(i64::from(state.max_days) * DAY_S);
        let here = self.texts()?;
        let mut known: HashSet<(&str, &str)> = here
            .iter()
            .map(|kept| (&*kept.site, kept.text.as_str()))
            .collect();
        let used: usize = here.iter().map(|kept| kept.text.len()).sum();
        let mut room = (state.max_bytes as usize).saturating_sub(used);
        let mut taken: Vec<&ArchivedText> = Vec::new();
        for archived in texts.iter().rev() {
            let ArchivedText { at_s, site, text } = archived;
            let is_sound = !text.trim().is_empty()
                && text.len() <= MAX_TEXT_BYTES
                && (1..=MAX_SITE_BYTES).contains(&site.len())
                && *at_s > oldest_s;
            if !is_sound || text.len() > room || !known.insert((site, text)) {
                continue;
            }
            room -= text.len();
            taken.push(archived);
        }
        for ArchivedText { at_s, site, text } in taken.iter().rev() {
            // A clock that was wrong elsewhere shall not keep a text here for longer.
            self.put_text(site, text, (*at_s).min(now_s))?;
        }
        Ok(Imported::Texts {
            kept: taken.len(),
            left_out: texts.len() - taken.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Memory, NOW, SITE, filled, texts};
    use super::*;
    use crate::store::Store;

    const PASSPHRASE: &str = "correct horse battery";

    /// For a model that nobody has.
    const ADAPTER: &[u8] = include_bytes!("../../../lm/fuzz/seeds/adapter/small");

    fn exported(what: &ExportKind) -> Vec<u8> {
        let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
        filled(&mut store, &vault);
        let personal = Personal::new(&mut store, &vault);
        personal.export(what, PASSPHRASE.to_owned()).unwrap()
    }

    fn import(personal: &mut Personal<'_>, file: &[u8]) -> Result<Imported, PersonalError> {
        personal.import(file, PASSPHRASE.to_owned(), "home", &[], NOW + 5)
    }

    #[test]
    fn texts_move_to_another_device_once() {
        let file = exported(&ExportKind::Texts);
        let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
        let mut personal = Personal::new(&mut store, &vault);
        assert!(matches!(
            import(&mut personal, &file),
            Err(PersonalError::Off)
        ));
        personal.switch_on(super::super::KeyHome::Keyring).unwrap();
        let all = Imported::Texts {
            kept: 2,
            left_out: 0,
        };
        assert_eq!(import(&mut personal, &file).unwrap(), all);
        let again = Imported::Texts {
            kept: 0,
            left_out: 2,
        };
        assert_eq!(import(&mut personal, &file).unwrap(), again);
        assert_eq!(
            texts(&personal),
            ["The harbour is closed.", "Bring the blue rope."]
        );
        // A site is named by its user, here, and by no file.
        assert!(personal.sites().unwrap().is_empty());
    }

    #[test]
    fn an_import_stays_within_the_limits_and_pushes_nothing_out() {
        let file = exported(&ExportKind::Texts);
        let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
        let mut personal = Personal::new(&mut store, &vault);
        personal.switch_on(super::super::KeyHome::Keyring).unwrap();
        personal.set_site(SITE, true).unwrap();
        personal
            .keep(SITE, "Here from the beginning.", NOW)
            .unwrap();
        personal.set_limits(10, 50, NOW).unwrap();
        let newest = Imported::Texts {
            kept: 1,
            left_out: 1,
        };
        assert_eq!(import(&mut personal, &file).unwrap(), newest);
        assert_eq!(
            texts(&personal),
            ["Here from the beginning.", "Bring the blue rope."]
        );
        let late = NOW + 20 * DAY_S;
        let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
        let mut personal = Personal::new(&mut store, &vault);
        personal.switch_on(super::super::KeyHome::Keyring).unwrap();
        personal.set_limits(10, 1 << 20, late).unwrap();
        let old = personal
            .import(&file, PASSPHRASE.to_owned(), "home", &[], late)
            .unwrap();
        assert_eq!(
            old,
            Imported::Texts {
                kept: 0,
                left_out: 2
            }
        );
    }

    #[test]
    fn an_adapter_of_another_model_is_not_taken() {
        let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
        let mut personal = Personal::new(&mut store, &vault);
        personal.switch_on(super::super::KeyHome::Keyring).unwrap();
        let base = Factors::from_bytes(ADAPTER).unwrap().info().base;
        let other = sotto_core::pack::sha256(b"another model");
        personal.put_adapter("work", ADAPTER, NOW).unwrap();
        let what = ExportKind::Adapter {
            name: "work".to_owned(),
        };
        let file = personal.export(&what, PASSPHRASE.to_owned()).unwrap();
        let mut import = |bases: &[Sha256]| {
            let done = personal.import(&file, PASSPHRASE.to_owned(), "home", bases, NOW);
            done.map(|done| (done, personal.adapters().unwrap().len()))
        };
        assert!(matches!(import(&[other]), Err(PersonalError::OtherModel)));
        assert_eq!(import(&[other, base]).unwrap(), (Imported::Adapter, 2));
        assert_eq!(import(&[]).unwrap(), (Imported::Adapter, 2));
        assert_eq!(&personal.adapter("home").unwrap()[..], ADAPTER);
    }

    #[test]
    fn short_passphrases_and_nothing_to_export_are_refused() {
        let (mut store, vault) = (Store::in_memory().unwrap(), Memory::default());
        let mut personal = Personal::new(&mut store, &vault);
        personal.switch_on(super::super::KeyHome::Keyring).unwrap();
        for (what, passphrase) in [
            (ExportKind::Texts, "short"),
            (ExportKind::Texts, PASSPHRASE),
            (ExportKind::Adapter { name: "x".into() }, PASSPHRASE),
        ] {
            assert!(personal.export(&what, passphrase.to_owned()).is_err());
        }
    }
}
