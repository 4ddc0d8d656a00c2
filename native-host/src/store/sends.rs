//! What went to the endpoint and what it cost, for the limits that hold across hosts and restarts.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Store, StoreError};
use crate::cloud::throttle::Sent;

pub(super) const SCHEMA: &str = "
    CREATE TABLE sends (
        id INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        micros INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX sends_by_time ON sends (at_ms);
";

const MINUTE_MS: i64 = 60 * 1_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// The spending cap is for this long.
const CAP_MS: i64 = 30 * DAY_MS;

/// One sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendId(i64);

/// What the user allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Sendings in any day.
    pub per_day: u32,
    /// Spending in any thirty days, in millionths.
    pub cap_micros: Option<u32>,
}

/// Why one more sending is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The day's are used up; the oldest of them stops counting after so many milliseconds.
    Day {
        /// Milliseconds until then.
        wait_ms: u64,
    },
    /// It could go beyond the cap.
    Cap,
}

impl Store {
    /// Notes a sending that may cost `micros`, if it is allowed. **Before it goes out**, so that one whose end nobody saw
    /// counts in full.
    ///
    /// # Errors
    /// [`StoreError`]; nothing may go out then.
    pub fn reserve(
        &mut self,
        now_ms: u64,
        micros: u32,
        allowance: Allowance,
    ) -> Result<Result<SendId, Denied>, StoreError> {
        let now = time(now_ms);
        self.write(|database| {
            // Of no use any more.
            database.execute("DELETE FROM sends WHERE at_ms <= ?1", [now - CAP_MS])?;
            if count_since(database, now - DAY_MS)? >= allowance.per_day {
                let oldest: Option<i64> = database
                    .query_row(
                        "SELECT at_ms FROM sends WHERE at_ms > ?1 ORDER BY at_ms LIMIT 1",
                        [now - DAY_MS],
                        |row| row.get(0),
                    )
                    .optional()?;
                let wait = oldest.unwrap_or(now) + DAY_MS - now;
                return Ok(Err(Denied::Day {
                    wait_ms: u64::try_from(wait).unwrap_or(0),
                }));
            }
            let spent = spent_since(database, now - CAP_MS)?;
            let is_over = |cap: u32| spent.saturating_add(i64::from(micros)) > i64::from(cap);
            if allowance.cap_micros.is_some_and(is_over) {
                return Ok(Err(Denied::Cap));
            }
            database.execute(
                "INSERT INTO sends (at_ms, micros) VALUES (?1, ?2)",
                params![now, micros],
            )?;
            Ok(Ok(SendId(database.last_insert_rowid())))
        })
    }

    /// Puts what a sending really cost in the place of what it could have cost.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn settle(&mut self, id: SendId, micros: u32) -> Result<(), StoreError> {
        self.write(|database| {
            database.execute(
                "UPDATE sends SET micros = ?2 WHERE id = ?1",
                params![id.0, micros],
            )?;
            Ok(())
        })
    }

    /// What was sent lately. What lies in the future counts, too: the clock was set back.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn sent(&self, now_ms: u64) -> Result<Sent, StoreError> {
        let now = time(now_ms);
        self.read(|database| {
            Ok(Sent {
                last_minute: count_since(database, now - MINUTE_MS)?,
                last_day: count_since(database, now - DAY_MS)?,
            })
        })
    }

    /// What was spent in the last thirty days, in millionths.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn spent_micros(&self, now_ms: u64) -> Result<u32, StoreError> {
        let spent = self.read(|database| spent_since(database, time(now_ms) - CAP_MS))?;
        Ok(u32::try_from(spent).unwrap_or(u32::MAX))
    }
}

fn count_since(database: &Connection, since: i64) -> rusqlite::Result<u32> {
    database.query_row(
        "SELECT count(*) FROM sends WHERE at_ms > ?1",
        [since],
        |row| row.get(0),
    )
}

fn spent_since(database: &Connection, since: i64) -> rusqlite::Result<i64> {
    database.query_row(
        "SELECT coalesce(sum(micros), 0) FROM sends WHERE at_ms > ?1",
        [since],
        |row| row.get(0),
    )
}

fn time(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000_000;
    const DAY: u64 = DAY_MS as u64;
    const FREE: Allowance = Allowance {
        per_day: 1_000,
        cap_micros: None,
    };

    fn reserve(
        store: &mut Store,
        now: u64,
        micros: u32,
        allowance: Allowance,
    ) -> Result<SendId, Denied> {
        store.reserve(now, micros, allowance).unwrap()
    }

    #[test]
    fn any_day_has_its_sendings_and_no_more() {
        let mut store = Store::in_memory().unwrap();
        let two = Allowance { per_day: 2, ..FREE };
        reserve(&mut store, NOW, 0, two).unwrap();
        reserve(&mut store, NOW + 1_000, 0, two).unwrap();
        let wait_ms = DAY - 2_000;
        assert_eq!(
            reserve(&mut store, NOW + 2_000, 0, two),
            Err(Denied::Day { wait_ms })
        );
        assert_eq!(
            store.sent(NOW + 2_000).unwrap(),
            Sent {
                last_minute: 2,
                last_day: 2
            }
        );
        reserve(&mut store, NOW + DAY, 0, two).unwrap();
        assert!(reserve(&mut store, NOW + DAY, 0, two).is_err());
        assert!(
            reserve(&mut store, NOW - DAY, 0, two).is_err(),
            "the clock was set back"
        );
    }

    #[test]
    fn a_cap_counts_what_was_spent_and_what_could_be() {
        let mut store = Store::in_memory().unwrap();
        let cap = Allowance {
            cap_micros: Some(100),
            ..FREE
        };
        let first = reserve(&mut store, NOW, 60, cap).unwrap();
        assert_eq!(reserve(&mut store, NOW, 41, cap), Err(Denied::Cap));
        // It was cheaper than it could have been.
        store.settle(first, 10).unwrap();
        assert_eq!(store.spent_micros(NOW).unwrap(), 10);
        reserve(&mut store, NOW, 90, cap).unwrap();
        assert_eq!(reserve(&mut store, NOW, 1, cap), Err(Denied::Cap));
        reserve(&mut store, NOW, 0, cap).unwrap();
        assert_eq!(
            reserve(&mut store, NOW + 30 * DAY - 1, 1, cap),
            Err(Denied::Cap)
        );
        reserve(&mut store, NOW + 30 * DAY, 100, cap).unwrap();
    }

    #[test]
    fn two_hosts_share_the_limits() {
        let home = tempfile::tempdir().unwrap();
        let mut one = Store::open(home.path()).unwrap();
        let mut two = Store::open(home.path()).unwrap();
        let single = Allowance { per_day: 1, ..FREE };
        reserve(&mut one, NOW, 0, single).unwrap();
        assert!(reserve(&mut two, NOW, 0, single).is_err());
    }
}
