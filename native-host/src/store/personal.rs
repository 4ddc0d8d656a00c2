//! What is personal, sealed before it comes here: this module sees times, sizes and ciphertext, and no key.

use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreError};

pub(super) const SCHEMA: &str = "
    CREATE TABLE personal_state (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        state TEXT NOT NULL
    ) STRICT;
    CREATE TABLE personal_texts (
        id INTEGER PRIMARY KEY,
        at_s INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;
    CREATE TABLE personal_adapters (
        name TEXT PRIMARY KEY,
        at_s INTEGER NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;
";

/// A sealed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedText {
    /// Its number, counted up.
    pub id: i64,
    /// When it was kept, in seconds since 1970.
    pub at_s: i64,
    /// Length of the text in clear, in bytes.
    pub bytes: i64,
    /// Nonce, ciphertext, tag.
    pub sealed: Vec<u8>,
}

/// A sealed adapter, or an unfinished training of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedAdapter {
    /// Its name.
    pub name: String,
    /// When it was kept, in seconds since 1970.
    pub at_s: i64,
    /// Nonce, ciphertext, tag.
    pub sealed: Vec<u8>,
}

/// What a row's new ciphertext is; `None` ends everything without a change.
pub type Reseal<'a> = dyn FnMut(&str, &[u8]) -> Option<Vec<u8>> + 'a;

impl Store {
    /// The state as JSON, if it was ever set.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn personal_state(&self) -> Result<Option<String>, StoreError> {
        self.read(|database| {
            let select = "SELECT state FROM personal_state";
            database.query_row(select, [], |row| row.get(0)).optional()
        })
    }

    /// Sets the state.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn set_personal_state(&mut self, state: &str) -> Result<(), StoreError> {
        self.write(|database| {
            let insert = "INSERT OR REPLACE INTO personal_state (one, state) VALUES (1, ?1)";
            database.execute(insert, [state]).map(drop)
        })
    }

    /// Keeps a text. `seal` is told its number; `None` keeps nothing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn add_personal_text(
        &mut self,
        at_s: i64,
        bytes: i64,
        seal: impl FnOnce(i64) -> Option<Vec<u8>>,
    ) -> Result<Option<i64>, StoreError> {
        self.write(|database| {
            let next = "SELECT coalesce(max(id), 0) + 1 FROM personal_texts";
            let id = database.query_row(next, [], |row| row.get(0))?;
            let Some(sealed) = seal(id) else {
                return Ok(None);
            };
            let insert =
                "INSERT INTO personal_texts (id, at_s, bytes, sealed) VALUES (?1, ?2, ?3, ?4)";
            database.execute(insert, params![id, at_s, bytes, sealed])?;
            Ok(Some(id))
        })
    }

    /// Every text, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn personal_texts(&self) -> Result<Vec<SealedText>, StoreError> {
        self.read(|database| {
            let select = "SELECT id, at_s, bytes, sealed FROM personal_texts ORDER BY id";
            let mut select = database.prepare(select)?;
            let text = |row: &rusqlite::Row<'_>| {
                Ok(SealedText {
                    id: row.get(0)?,
                    at_s: row.get(1)?,
                    bytes: row.get(2)?,
                    sealed: row.get(3)?,
                })
            };
            select.query_map([], text)?.collect()
        })
    }

    /// Erases one text; whether it was there.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn erase_personal_text(&mut self, id: i64) -> Result<bool, StoreError> {
        self.write(|database| {
            let rows = database.execute("DELETE FROM personal_texts WHERE id = ?1", [id])?;
            Ok(rows > 0)
        })
    }

    /// Erases what is older than `before_s`, and then the oldest, until at most `max_bytes` are left; how many.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn trim_personal_texts(
        &mut self,
        before_s: i64,
        max_bytes: i64,
    ) -> Result<usize, StoreError> {
        self.write(|database| {
            let old = "DELETE FROM personal_texts WHERE at_s < ?1";
            let old = database.execute(old, [before_s])?;
            // Sums from the newest backwards: whatever goes beyond the limit goes.
            let large = "DELETE FROM personal_texts WHERE id IN (SELECT id FROM
                (SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS total FROM personal_texts)
                WHERE total > ?1)";
            Ok(old + database.execute(large, [max_bytes])?)
        })
    }

    /// Keeps an adapter, in the place of an older one of that name.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn put_personal_adapter(&mut self, adapter: &SealedAdapter) -> Result<(), StoreError> {
        self.write(|database| {
            let insert =
                "INSERT OR REPLACE INTO personal_adapters (name, at_s, sealed) VALUES (?1, ?2, ?3)";
            let SealedAdapter { name, at_s, sealed } = adapter;
            database
                .execute(insert, params![name, at_s, sealed])
                .map(drop)
        })
    }

    /// Every adapter, by name.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn personal_adapters(&self) -> Result<Vec<SealedAdapter>, StoreError> {
        self.read(|database| {
            let select = "SELECT name, at_s, sealed FROM personal_adapters ORDER BY name";
            let mut select = database.prepare(select)?;
            let adapter = |row: &rusqlite::Row<'_>| {
                Ok(SealedAdapter {
                    name: row.get(0)?,
                    at_s: row.get(1)?,
                    sealed: row.get(2)?,
                })
            };
            select.query_map([], adapter)?.collect()
        })
    }

    /// Erases an adapter; whether it was there.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn erase_personal_adapter(&mut self, name: &str) -> Result<bool, StoreError> {
        self.write(|database| {
            let rows = database.execute("DELETE FROM personal_adapters WHERE name = ?1", [name])?;
            Ok(rows > 0)
        })
    }

    /// Seals everything anew and sets the state, all or nothing. `reseal` is told what each row is (`text 7`, `adapter work`);
    /// whether it did all.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn reseal_personal(
        &mut self,
        state: &str,
        reseal: &mut Reseal<'_>,
    ) -> Result<bool, StoreError> {
        let (texts, adapters) = (self.personal_texts()?, self.personal_adapters()?);
        let mut fresh = Vec::new();
        for text in texts {
            let Some(sealed) = reseal(&text_context(text.id), &text.sealed) else {
                return Ok(false);
            };
            fresh.push((text.id, sealed));
        }
        let mut fresh_adapters = Vec::new();
        for adapter in adapters {
            let Some(sealed) = reseal(&adapter_context(&adapter.name), &adapter.sealed) else {
                return Ok(false);
            };
            fresh_adapters.push((adapter.name, sealed));
        }
        self.write(|database| {
            // What another host kept in the meantime would be lost to the new key.
            let count = |table: &str| {
                let select = format!("SELECT count(*) FROM {table}");
                database.query_row(&select, [], |row| row.get::<_, i64>(0))
            };
            if count("personal_texts")? != fresh.len() as i64
                || count("personal_adapters")? != fresh_adapters.len() as i64
            {
                return Ok(false);
            }
            for (id, sealed) in &fresh {
                let update = "UPDATE personal_texts SET sealed = ?2 WHERE id = ?1";
                database.execute(update, params![id, sealed])?;
            }
            for (name, sealed) in &fresh_adapters {
                let update = "UPDATE personal_adapters SET sealed = ?2 WHERE name = ?1";
                database.execute(update, params![name, sealed])?;
            }
            let update = "UPDATE personal_state SET state = ?1";
            database.execute(update, [state])?;
            Ok(true)
        })
    }

    /// Erases every text and adapter and the state; what was erased is overwritten.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn erase_personal(&mut self) -> Result<usize, StoreError> {
        let rows = self.write(|database| {
            let mut rows = 0;
            for table in ["personal_texts", "personal_adapters", "personal_state"] {
                rows += database.execute(&format!("DELETE FROM {table}"), [])?;
            }
            Ok(rows)
        })?;
        self.compact();
        Ok(rows)
    }
}

/// What a text is sealed as: the same ciphertext under another number does not open.
pub fn text_context(id: i64) -> String {
    format!("text {id}")
}

/// What an adapter is sealed as.
pub fn adapter_context(name: &str) -> String {
    format!("adapter {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Store {
        let mut store = Store::in_memory().unwrap();
        for at_s in [10, 20, 30, 40] {
            store
                .add_personal_text(at_s, 100, |id| Some(vec![id as u8]))
                .unwrap();
        }
        store
    }

    fn ids(store: &Store) -> Vec<i64> {
        let texts = store.personal_texts().unwrap();
        texts.into_iter().map(|text| text.id).collect()
    }

    #[test]
    fn the_old_go_first_and_then_what_is_too_much() {
        let mut store = filled();
        assert_eq!(store.trim_personal_texts(0, 1_000).unwrap(), 0);
        assert_eq!(store.trim_personal_texts(20, 1_000).unwrap(), 1);
        assert_eq!(store.trim_personal_texts(0, 250).unwrap(), 1);
        assert_eq!(ids(&store), [3, 4]);
        assert!(store.erase_personal_text(3).unwrap());
        assert!(!store.erase_personal_text(3).unwrap());
        assert_eq!(ids(&store), [4]);
    }

    #[test]
    fn sealing_anew_is_all_or_nothing() {
        let mut store = filled();
        store.set_personal_state("old").unwrap();
        let mut left = 3;
        let mut some = |_: &str, sealed: &[u8]| {
            left -= 1;
            (left > 0).then(|| [sealed, b"!"].concat())
        };
        assert!(!store.reseal_personal("new", &mut some).unwrap());
        assert_eq!(store.personal_texts().unwrap()[0].sealed, [1]);
        assert_eq!(store.personal_state().unwrap().unwrap(), "old");
        let mut all = |context: &str, _: &[u8]| Some(context.as_bytes().to_vec());
        assert!(store.reseal_personal("new", &mut all).unwrap());
        assert_eq!(store.personal_texts().unwrap()[3].sealed, b"text 4");
        assert_eq!(store.personal_state().unwrap().unwrap(), "new");
    }

    #[test]
    fn deleting_everything_deletes_what_is_personal() {
        let mut store = filled();
        store.set_personal_state("{}").unwrap();
        let adapter = SealedAdapter {
            name: "work".into(),
            at_s: 1,
            sealed: vec![1],
        };
        store.put_personal_adapter(&adapter).unwrap();
        store.delete_everything().unwrap();
        assert!(store.personal_texts().unwrap().is_empty());
        assert!(store.personal_adapters().unwrap().is_empty());
        assert_eq!(store.personal_state().unwrap(), None);
    }
}
