//! What the host keeps: one SQLite database in the data directory. Never text that anybody wrote in clear: times, sums, counts,
//! amounts and reasons, and what is personal only sealed (`personal`).
//!
//! Several hosts may run at once, one for each browser. Whatever must not be done twice is one transaction that takes the
//! write lock first.

mod audit;
pub mod personal;
mod scopes;
mod sends;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use sotto_core::protocol::Deletion;

pub use audit::read as read_record;
pub use sends::{Allowance, Denied, SendId};

/// The database's file in the data directory.
const FILE: &str = "sotto.db";

/// How long to wait for another host that is writing. Its transactions take milliseconds.
const BUSY: Duration = Duration::from_secs(2);

/// What each version of the database adds to the one before. Never changed once released, only added to.
const MIGRATIONS: &[&str] = &[
    sends::SCHEMA,
    scopes::SCHEMA,
    audit::SCHEMA,
    personal::SCHEMA,
];

/// Why something could not be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite's.
    #[error("{}: {source}", path.display())]
    Database {
        /// The database's file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The chain of records cannot go on.
    #[error("{}: the record of what was sent is damaged. Run: sotto-host audit verify", path.display())]
    Audit {
        /// The database's file.
        path: PathBuf,
    },
    /// The database was made by a newer host.
    #[error("{}: made by a newer version of Sotto", path.display())]
    TooNew {
        /// The database's file.
        path: PathBuf,
    },
}

/// The database.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens the database of a data directory; makes it if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(home: &Path) -> Result<Self, StoreError> {
        let path = home.join(FILE);
        let _ = std::fs::create_dir_all(home);
        // Nobody else's business, and SQLite gives its journal the same permissions.
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            let _ = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path);
        }
        let connection = Connection::open(&path).map_err(failed(&path))?;
        Self::set_up(connection, path)
    }

    /// A database that nobody finds again; for tests, and where no data directory can be had.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn in_memory() -> Result<Self, StoreError> {
        let path = PathBuf::from(":memory:");
        let connection = Connection::open_in_memory().map_err(failed(&path))?;
        Self::set_up(connection, path)
    }

    /// Opens the database of a data directory to look at it. Makes and changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; one that was made by an older host cannot be looked at before a newer one opened it.
    pub fn look(home: &Path) -> Result<Self, StoreError> {
        let path = home.join(FILE);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(&path, flags).map_err(failed(&path))?;
        connection.busy_timeout(BUSY).map_err(failed(&path))?;
        Ok(Self { connection, path })
    }

    /// Whether a data directory has a database.
    pub fn exists(home: &Path) -> bool {
        home.join(FILE).exists()
    }

    /// Deletes everything: records, permissions, times, costs, and what is personal. What was deleted is overwritten.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is deleted then.
    pub fn delete_everything(&mut self) -> Result<Deletion, StoreError> {
        let deletion = self.write(|database| {
            let delete = |sql: &str| {
                let rows = database.execute(sql, [])?;
                Ok::<_, rusqlite::Error>(u32::try_from(rows).unwrap_or(u32::MAX))
            };
            let deletion = Deletion {
                audit_records: delete("DELETE FROM audit")?,
                permissions: delete("DELETE FROM scopes")?,
                sends: delete("DELETE FROM sends")?,
                endpoint: false,
            };
            delete("DELETE FROM audit_head")?;
            for table in ["personal_texts", "personal_adapters", "personal_state"] {
                delete(&format!("DELETE FROM {table}"))?;
            }
            Ok(deletion)
        })?;
        self.compact();
        Ok(deletion)
    }

    /// Takes rows that were deleted out of the journal and the file.
    fn compact(&self) {
        // The rows are gone, and `secure_delete` wrote zeros over them. These take them out of the journal and the file as well;
        // while another host reads, they wait for the next time.
        let _ = self.connection.execute_batch("VACUUM");
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let _ = self.connection.query_row(checkpoint, [], |_| Ok(()));
    }

    fn set_up(mut connection: Connection, path: PathBuf) -> Result<Self, StoreError> {
        let version = prepare(&mut connection).map_err(failed(&path))?;
        if version > MIGRATIONS.len() {
            return Err(StoreError::TooNew { path });
        }
        Ok(Self { connection, path })
    }

    /// Does `work` in one transaction that nobody else writes beside; undone if it fails.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed(&self.path))?;
        let done = work(&transaction).map_err(failed(&self.path))?;
        transaction.commit().map_err(failed(&self.path))?;
        Ok(done)
    }

    /// Reads.
    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        work(&self.connection).map_err(failed(&self.path))
    }
}

/// Sets the database up and gives its version.
fn prepare(connection: &mut Connection) -> rusqlite::Result<usize> {
    connection.busy_timeout(BUSY)?;
    // A crash of this process loses nothing, one of the machine at most the last records.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = version as usize;
    for migration in MIGRATIONS.iter().skip(version) {
        transaction.execute_batch(migration)?;
    }
    if version < MIGRATIONS.len() {
        transaction.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
    }
    transaction.commit()?;
    Ok(version)
}

fn failed(path: &Path) -> impl FnOnce(rusqlite::Error) -> StoreError + use<'_> {
    |source| StoreError::Database {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_made_once_and_found_again() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("data");
        drop(Store::open(&place).unwrap());
        drop(Store::open(&place).unwrap());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(place.join(FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_newer_database_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path()).unwrap();
        store
            .connection
            .pragma_update(None, "user_version", 999)
            .unwrap();
        drop(store);
        assert!(matches!(
            Store::open(home.path()),
            Err(StoreError::TooNew { .. })
        ));
    }

    #[test]
    fn a_file_that_is_no_database_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(
            home.path().join(FILE),
            "This is not a database, but long enough to be one. ".repeat(9),
        )
        .unwrap();
        assert!(matches!(
            Store::open(home.path()),
            Err(StoreError::Database { .. })
        ));
    }
}
