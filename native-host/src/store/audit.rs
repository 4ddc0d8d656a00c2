//! The record of what was sent, refused and agreed to: a chain of [`sotto_core::audit`], one row a record.
//!
//! The newest record's number and hash stand in a row of their own, written in the same transaction, so that records that
//! are cut off at the end are missed.

use rusqlite::{Connection, OptionalExtension as _, params};
use sotto_core::audit::{Event, Head, Record, Verdict, append, verify};

use super::{Store, StoreError};

pub(super) const SCHEMA: &str = "
    CREATE TABLE audit (
        sequence INTEGER PRIMARY KEY,
        record TEXT NOT NULL
    ) STRICT;
    CREATE TABLE audit_head (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        head TEXT NOT NULL
    ) STRICT;
";

impl Store {
    /// Appends what `event` makes of the record's number, which it gives.
    ///
    /// # Errors
    /// [`StoreError::Audit`] if the head of the chain cannot be read: what is behind it would be chained to nothing.
    pub fn record(
        &mut self,
        now_ms: u64,
        event: impl FnOnce(u32) -> Event,
    ) -> Result<u32, StoreError> {
        let at_s = u32::try_from(now_ms / 1_000).unwrap_or(u32::MAX);
        let written = self.write(|database| {
            let Some(head) = head(database)? else {
                return Ok(None);
            };
            let event = event(head.sequence.saturating_add(1));
            let Some(record) = append(head, at_s, event) else {
                return Ok(None);
            };
            // Words, numbers and hashes: this cannot fail, and what is no JSON is found by whoever verifies.
            database.execute(
                "INSERT INTO audit (sequence, record) VALUES (?1, ?2)",
                params![
                    record.sequence,
                    serde_json::to_string(&record).unwrap_or_default()
                ],
            )?;
            database.execute(
                "INSERT OR REPLACE INTO audit_head (only, head) VALUES (1, ?1)",
                [serde_json::to_string(&record.head()).unwrap_or_default()],
            )?;
            Ok(Some(record.sequence))
        })?;
        written.ok_or_else(|| StoreError::Audit {
            path: self.path.clone(),
        })
    }

    /// At most `limit` records, the newest first, all of them older than `before`. What is no record is left out; whoever
    /// verifies is told.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn records(&self, before: Option<u32>, limit: u32) -> Result<Vec<Record>, StoreError> {
        let rows: Vec<String> = self.read(|database| {
            let mut select = database.prepare(
                "SELECT record FROM audit WHERE ?1 IS NULL OR sequence < ?1 ORDER BY sequence DESC LIMIT ?2",
            )?;
            select
                .query_map(params![before, limit], |row| row.get(0))?
                .collect()
        })?;
        Ok(rows.iter().filter_map(|json| read(json)).collect())
    }

    /// Hands every row to `take`, the oldest first, as it is stored.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn each_record(&self, mut take: impl FnMut(&str)) -> Result<(), StoreError> {
        self.read(|database| {
            let mut select = database.prepare("SELECT record FROM audit ORDER BY sequence")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                take(&row.get::<_, String>(0)?);
            }
            Ok(())
        })
    }

    /// How many records there are.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn record_count(&self) -> Result<u32, StoreError> {
        self.read(|database| database.query_row("SELECT count(*) FROM audit", [], |row| row.get(0)))
    }

    /// The newest record as it was noted beside the chain.
    ///
    /// # Errors
    /// [`StoreError::Audit`] if that cannot be read.
    pub fn audit_head(&self) -> Result<Head, StoreError> {
        self.read(head)?.ok_or_else(|| StoreError::Audit {
            path: self.path.clone(),
        })
    }

    /// Checks the whole chain. `expected` is the newest record as somebody noted it elsewhere; without it, the one that is
    /// noted beside the chain.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn verify_audit(&self, expected: Option<Head>) -> Result<Verdict, StoreError> {
        let mut entries = Vec::new();
        self.each_record(|json| entries.push(read(json)))?;
        let noted = match expected {
            Some(expected) => Some(expected),
            // What cannot be read is noted as no record at all: a chain is behind it, so that is found.
            None => Some(self.read(head)?.unwrap_or(Head::START)),
        };
        Ok(verify(&entries, Head::START, noted))
    }
}

/// A stored record.
pub fn read(json: &str) -> Option<Record> {
    serde_json::from_str(json).ok()
}

/// What the next record is chained to; none if that cannot be read.
fn head(database: &Connection) -> rusqlite::Result<Option<Head>> {
    let noted: Option<String> = database
        .query_row("SELECT head FROM audit_head", [], |row| row.get(0))
        .optional()?;
    match noted {
        Some(json) => Ok(serde_json::from_str(&json).ok()),
        None => {
            let is_empty =
                database.query_row("SELECT NOT EXISTS (SELECT 1 FROM audit)", [], |row| {
                    row.get::<_, bool>(0)
                })?;
            Ok(is_empty.then_some(Head::START))
        }
    }
}

#[cfg(test)]
mod tests {
    use sotto_core::audit::Problem;
    use sotto_core::code::Code;

    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    /// A store in a folder of its own with `count` records.
    fn store(count: u32) -> (tempfile::TempDir, Store) {
        let home = tempfile::tempdir().unwrap();
        let mut store = Store::open(home.path()).unwrap();
        for number in 1..=count {
            let event = |request| Event::ConsentDeclined { request };
            let now = NOW + u64::from(number);
            assert_eq!(store.record(now, event).unwrap(), number);
        }
        (home, store)
    }

    fn problems(store: &Store) -> Vec<Problem> {
        store.verify_audit(None).unwrap().problems
    }

    /// What somebody does who has the file and SQLite.
    fn tampered(sql: &str) -> Vec<Problem> {
        let (home, store) = store(6);
        assert_eq!(problems(&store), []);
        let other = Connection::open(home.path().join(super::super::FILE)).unwrap();
        other.execute_batch(sql).unwrap();
        // Also for a host that starts afterwards.
        drop(store);
        problems(&Store::open(home.path()).unwrap())
    }

    #[test]
    fn a_record_that_was_changed_is_found() {
        assert_eq!(
            tampered(
                "UPDATE audit SET record = replace(record, '\"request\":3', '\"request\":2') WHERE sequence = 3"
            ),
            [Problem::Changed { sequence: 3 }]
        );
        assert_eq!(
            tampered(
                "UPDATE audit SET record = replace(record, '\"atS\":18', '\"atS\":17') WHERE sequence = 6"
            ),
            [Problem::Changed { sequence: 6 }]
        );
        assert_eq!(
            tampered("UPDATE audit SET record = '{}' WHERE sequence = 2"),
            [
                Problem::Malformed { position: 1 },
                Problem::Missing { first: 2, last: 2 }
            ]
        );
    }

    #[test]
    fn a_record_that_is_missing_is_found_wherever_it_was() {
        let missing = |first, last| vec![Problem::Missing { first, last }];
        for sequence in 1..=6 {
            let sql = format!("DELETE FROM audit WHERE sequence = {sequence}");
            assert_eq!(tampered(&sql), missing(sequence, sequence));
        }
        assert_eq!(
            tampered("DELETE FROM audit WHERE sequence > 3"),
            missing(4, 6)
        );
        assert_eq!(tampered("DELETE FROM audit"), missing(1, 6));
        // With what was noted beside them, too: whoever noted the head elsewhere misses them.
        let (_home, mut store) = store(6);
        let head = store.audit_head().unwrap();
        store
            .write(|database| {
                database
                    .execute_batch("DELETE FROM audit WHERE sequence > 3; DELETE FROM audit_head")
            })
            .unwrap();
        assert_eq!(
            store.verify_audit(Some(head)).unwrap().problems,
            missing(4, 6)
        );
        assert!(
            !problems(&store).is_empty(),
            "nor is it a chain without a head"
        );
        let event = |request| Event::ConsentDeclined { request };
        assert!(matches!(
            store.record(NOW, event),
            Err(StoreError::Audit { .. })
        ));
    }

    #[test]
    fn a_record_that_was_moved_is_found() {
        let swap = "UPDATE audit SET sequence = 100 WHERE sequence = 2;
             UPDATE audit SET sequence = 2 WHERE sequence = 4;
             UPDATE audit SET sequence = 4 WHERE sequence = 100;";
        let found = tampered(swap);
        assert!(
            found
                .iter()
                .any(|problem| matches!(problem, Problem::OutOfOrder { .. })),
            "{found:?}"
        );
        let doubled =
            "INSERT INTO audit (sequence, record) SELECT 7, record FROM audit WHERE sequence = 5";
        assert_eq!(tampered(doubled), [Problem::OutOfOrder { sequence: 5 }]);
    }

    #[test]
    fn a_chain_made_anew_from_some_record_on_differs_from_its_head() {
        let (_home, mut store) = store(6);
        let real = store.audit_head().unwrap();
        let (_other_home, mut forged) = self::store(5);
        let reason = Code::of(&sotto_core::protocol::ErrorCode::CloudForbidden).unwrap();
        let event = |request| Event::Blocked { request, reason };
        forged.record(NOW, event).unwrap();
        assert_eq!(problems(&forged), [], "nobody can tell by the chain alone");
        let found = forged.verify_audit(Some(real)).unwrap().problems;
        assert_eq!(found, [Problem::Changed { sequence: 6 }]);
        let event = |request| Event::ConsentDeclined { request };
        assert_eq!(store.record(NOW, event).unwrap(), 7, "the real one goes on");
    }

    #[test]
    fn pages_go_back_from_the_newest() {
        let (_home, store) = store(5);
        let page = |before, limit| -> Vec<u32> {
            let records = store.records(before, limit).unwrap();
            records.iter().map(|record| record.sequence).collect()
        };
        assert_eq!(page(None, 2), [5, 4]);
        assert_eq!(page(Some(4), 2), [3, 2]);
        assert_eq!(page(Some(2), 2), [1]);
        assert_eq!(page(Some(1), 2), [0u32; 0]);
        assert_eq!(store.record_count().unwrap(), 5);
    }

    #[test]
    fn two_hosts_write_one_chain() {
        let (home, mut one) = store(0);
        let mut two = Store::open(home.path()).unwrap();
        let event = |request| Event::ConsentDeclined { request };
        for number in 0..10 {
            let host = if number % 2 == 0 { &mut one } else { &mut two };
            assert_eq!(host.record(NOW, event).unwrap(), number + 1);
        }
        assert_eq!(problems(&one), []);
    }
}
