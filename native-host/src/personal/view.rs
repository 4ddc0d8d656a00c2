//! What is personal, as the extension's options page shows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sotto_core::pack::sha256;
use sotto_core::protocol::{
    AdapterView, KeptText, MAX_KEPT_TEXTS, PACK_CHUNK_BYTES, PackChunk, PersonalAnswer,
    PersonalStatus,
};

use super::{KeyHome, Personal, PersonalError, PersonalState, UNFINISHED, state};

/// Text of one answer, in bytes: even if all of it is escaped in JSON it fits a frame.
const MAX_PAGE_BYTES: usize = 128 * 1024;

impl Personal<'_> {
    /// How it stands. A key that cannot be had is no error here, but what there is to say.
    ///
    /// # Errors
    /// [`PersonalError::Store`]
    pub fn status(&self) -> Result<PersonalStatus, PersonalError> {
        let state = state(self.store)?;
        let is_on = state.as_ref().is_some_and(|state| state.is_on);
        let texts = self.store.personal_texts()?;
        let bytes: i64 = texts.iter().map(|text| text.bytes).sum();
        let last_training = state.as_ref().and_then(|state| state.last_training);
        let trained_s = last_training.map_or(i64::MIN, |last| i64::from(last.at_s));
        let new = texts.iter().filter(|text| text.at_s > trained_s);
        let new_bytes: i64 = new.map(|text| text.bytes).sum();
        let unfinished = self.store.personal_adapters()?.into_iter();
        let (sites, trouble) = match is_on {
            false => (Vec::new(), String::new()),
            true => match self.key().and_then(|_| self.sites()) {
                Ok(sites) => (sites, String::new()),
                Err(error) => (Vec::new(), error.to_string()),
            },
        };
        let limits = state
            .clone()
            .unwrap_or_else(|| PersonalState::new(KeyHome::Keyring));
        Ok(PersonalStatus {
            is_on,
            is_open: trouble.is_empty(),
            trouble,
            is_key_in_file: state.is_some_and(|state| state.key_home == KeyHome::File),
            sites,
            texts: small(texts.len()),
            kib: small(bytes / 1024),
            max_days: limits.max_days,
            max_mib: limits.max_bytes >> 20,
            adapters: self
                .adapters()?
                .into_iter()
                .map(|adapter| AdapterView {
                    name: adapter.name,
                    at_s: small(adapter.at_s),
                    kib: small(adapter.bytes.div_ceil(1024)),
                })
                .collect(),
            unfinished: unfinished
                .filter_map(|adapter| adapter.name.strip_prefix(UNFINISHED).map(str::to_owned))
                .collect(),
            last_training,
            new_kib: small(new_bytes / 1024),
        })
    }

    /// A page of texts, the newest first.
    ///
    /// # Errors
    /// As [`Personal::search`].
    pub fn page(&self, query: &str, before: Option<u32>) -> Result<PersonalAnswer, PersonalError> {
        let found = self.search(query)?.into_iter().rev();
        let mut found = found
            .filter(|text| before.is_none_or(|before| text.id < i64::from(before)))
            .peekable();
        let (mut texts, mut bytes) = (Vec::new(), 0);
        while let Some(text) = found.peek() {
            bytes += text.text.len();
            // A text is shorter than a page.
            if texts.len() >= MAX_KEPT_TEXTS as usize || bytes > MAX_PAGE_BYTES {
                break;
            }
            texts.push(KeptText {
                number: small(text.id),
                at_s: small(text.at_s),
                site: text.site.clone(),
                text: text.text.to_string(),
            });
            found.next();
        }
        let has_more = found.peek().is_some();
        Ok(PersonalAnswer::Texts { texts, has_more })
    }

    /// One chunk of an adapter in clear.
    ///
    /// # Errors
    /// As [`Personal::adapter`]; [`PersonalError::Missing`] for a chunk that it does not have.
    pub fn adapter_chunk(&self, name: &str, index: u32) -> Result<PersonalAnswer, PersonalError> {
        let adapter = self.adapter(name)?;
        let (chunk, chunks) = chunk_of(&adapter, index).ok_or(PersonalError::Missing {
            what: format!("part {index} of adapter {name}"),
        })?;
        Ok(PersonalAnswer::Adapter { chunk, chunks })
    }

    /// Whether the key can be had.
    ///
    /// # Errors
    /// [`PersonalError::Vault`] if not, [`PersonalError::Off`] while there is none.
    pub fn open(&self) -> Result<(), PersonalError> {
        let state = state(self.store)?.ok_or(PersonalError::Off)?;
        self.vault.get(state.key_id)?;
        Ok(())
    }
}

/// A chunk of `bytes`, and how many there are; nothing for one that there is not.
pub(super) fn chunk_of(bytes: &[u8], index: u32) -> Option<(PackChunk, u32)> {
    let mut chunks = bytes.chunks(PACK_CHUNK_BYTES as usize);
    let count = small(chunks.len());
    let bytes = chunks.nth(index as usize)?;
    let chunk = PackChunk {
        index,
        sha256: sha256(bytes).to_string(),
        data: STANDARD.encode(bytes),
    };
    Some((chunk, count))
}

/// Numbers of the protocol have 32 bits; none of these gets near.
fn small<N: TryInto<u32>>(number: N) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}
