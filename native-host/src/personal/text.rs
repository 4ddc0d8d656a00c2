//! The texts: kept, read, searched and erased.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Personal, PersonalError, PersonalState, SITES};
use crate::store::personal::text_context;

/// Longest text that is kept at once, in bytes: a long letter.
pub const MAX_TEXT_BYTES: usize = 32 * 1024;

/// Longest site, in bytes: scheme, longest host name, port.
pub const MAX_SITE_BYTES: usize = 280;

/// Most sites.
const MAX_SITES: usize = 1_000;

/// Of how many texts the newest may go on from one.
const RECENT_TEXTS: usize = 8;

/// For how many seconds.
const RECENT_S: i64 = 60 * 60;

/// Seconds of a day.
pub(super) const DAY_S: i64 = 24 * 60 * 60;

/// A text in clear, in memory. Its `Debug` shows the length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub id: i64,
    /// When it was kept, in seconds since 1970.
    pub at_s: i64,
    /// Where it was written.
    pub site: String,
    /// What was written.
    pub text: Zeroizing<String>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Kept({}, {} bytes)", self.id, self.text.len())
    }
}

/// What is sealed of a text.
#[derive(Serialize, Deserialize)]
struct Sealed {
    site: String,
    text: String,
}

impl Personal<'_> {
    /// The sites that the user named.
    ///
    /// # Errors
    /// [`PersonalError`]
    pub fn sites(&self) -> Result<Vec<String>, PersonalError> {
        let state = self.state_on()?;
        if state.sites.is_empty() {
            return Ok(Vec::new());
        }
        let plain = self.key()?.open(SITES, &state.sites)?;
        serde_json::from_slice(&plain).map_err(|_| PersonalError::Sealed { what: SITES.into() })
    }

    /// Names a site, or takes it back. What was kept of it stays.
    ///
    /// # Errors
    /// [`PersonalError`]
    pub fn set_site(&mut self, site: &str, is_named: bool) -> Result<(), PersonalError> {
        let site = site.trim().trim_end_matches('/');
        if !(1..=MAX_SITE_BYTES).contains(&site.len()) || site.contains(char::is_whitespace) {
            return Err(PersonalError::Input(
                "A site is an origin, such as https://mail.example",
            ));
        }
        let mut sites = self.sites()?;
        sites.retain(|named| named != site);
        if is_named {
            sites.push(site.to_owned());
        }
        if sites.len() > MAX_SITES {
            return Err(PersonalError::Input("More sites are named than are kept."));
        }
        let json = Zeroizing::new(serde_json::to_vec(&sites).unwrap_or_default());
        let state = PersonalState {
            sites: self.key()?.seal(SITES, &json)?,
            ..self.state_on()?
        };
        self.set_state(&state)
    }

    /// Keeps what the user wrote or accepted at a site that they named; gives its number. What was kept of the same text a
    /// while ago, when it was shorter, goes.
    ///
    /// # Errors
    /// [`PersonalError::Off`], [`PersonalError::SiteNotNamed`], [`PersonalError::Input`], and those of the key and the store.
    pub fn keep(&mut self, site: &str, text: &str, now_s: i64) -> Result<i64, PersonalError> {
        let site = site.trim_end_matches('/');
        if !self.sites()?.iter().any(|named| named == site) {
            return Err(PersonalError::SiteNotNamed);
        }
        let before = self.begun(site, text, now_s)?;
        let id = self.keep_anyway(site, text, now_s)?;
        if let Some(before) = before {
            self.erase_text(before)?;
        }
        Ok(id)
    }

    /// The text of the site that this one goes on from, if it is a recent one.
    fn begun(&self, site: &str, text: &str, now_s: i64) -> Result<Option<i64>, PersonalError> {
        let texts = self.texts()?;
        let mut recent = texts.iter().rev().take(RECENT_TEXTS);
        let is_begin = |kept: &&Kept| {
            kept.site == site
                && now_s - kept.at_s < RECENT_S
                && text.starts_with(kept.text.as_str())
        };
        Ok(recent.find(is_begin).map(|kept| kept.id))
    }

    /// Keeps a text that the user gave on the command line: that is permission enough.
    ///
    /// # Errors
    /// As [`Self::keep`], but for the site.
    pub fn keep_anyway(
        &mut self,
        site: &str,
        text: &str,
        now_s: i64,
    ) -> Result<i64, PersonalError> {
        if text.trim().is_empty() || text.len() > MAX_TEXT_BYTES {
            return Err(PersonalError::Input(
                "A text has between one letter and 32 KiB.",
            ));
        }
        let id = self.put_text(site, text, now_s)?;
        self.trim(now_s)?;
        Ok(id)
    }

    /// Puts a text into the store, whatever the limits.
    pub(super) fn put_text(
        &mut self,
        site: &str,
        text: &str,
        at_s: i64,
    ) -> Result<i64, PersonalError> {
        let key = self.key()?;
        let sealed = Sealed {
            site: site.to_owned(),
            text: text.to_owned(),
        };
        let plain = Zeroizing::new(serde_json::to_vec(&sealed).unwrap_or_default());
        let mut failure = None;
        let seal = |id: i64| {
            let sealed = key.seal(&text_context(id), &plain);
            sealed.map_err(|error| failure = Some(error)).ok()
        };
        let id = self
            .store
            .add_personal_text(at_s, text.len() as i64, seal)?;
        id.ok_or(failure.unwrap_or(PersonalError::Randomness))
    }

    /// Every text, the oldest first.
    ///
    /// # Errors
    /// [`PersonalError::Sealed`] for the first that does not open; nothing is deleted.
    pub fn texts(&self) -> Result<Vec<Kept>, PersonalError> {
        let key = self.key()?;
        let open = |text: crate::store::personal::SealedText| {
            let what = text_context(text.id);
            let plain = key.open(&what, &text.sealed)?;
            let sealed: Sealed =
                serde_json::from_slice(&plain).map_err(|_| PersonalError::Sealed { what })?;
            Ok(Kept {
                id: text.id,
                at_s: text.at_s,
                site: sealed.site,
                text: Zeroizing::new(sealed.text),
            })
        };
        self.store.personal_texts()?.into_iter().map(open).collect()
    }

    /// The texts that hold `query`, in any case, or are of a site that does. Opens every text: an index would be a copy of
    /// the words that somebody else could read.
    ///
    /// # Errors
    /// As [`Self::texts`].
    pub fn search(&self, query: &str) -> Result<Vec<Kept>, PersonalError> {
        let query = query.to_lowercase();
        let holds = |text: &Kept| {
            text.text.to_lowercase().contains(&query) || text.site.to_lowercase().contains(&query)
        };
        Ok(self.texts()?.into_iter().filter(holds).collect())
    }

    /// Erases one text. Adapters that learned from it stay until they are trained again. Needs no key.
    ///
    /// # Errors
    /// [`PersonalError::Missing`]
    pub fn erase_text(&mut self, id: i64) -> Result<(), PersonalError> {
        match self.store.erase_personal_text(id)? {
            true => Ok(()),
            false => Err(PersonalError::Missing {
                what: text_context(id),
            }),
        }
    }

    /// Erases what is older or more than the limits allow; how many. Needs no key.
    ///
    /// # Errors
    /// [`PersonalError::Off`], [`PersonalError::Store`]
    pub fn trim(&mut self, now_s: i64) -> Result<usize, PersonalError> {
        let state = self.state_on()?;
        let oldest = now_s.saturating_sub(i64::from(state.max_days) * DAY_S);
        let trimmed = self
            .store
            .trim_personal_texts(oldest, state.max_bytes.into());
        Ok(trimmed?)
    }
}
