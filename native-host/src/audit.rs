//! `sotto-host audit ...`: the record of what was sent, for people.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sotto_core::audit::{Event, Head, Problem, Record, Verdict, verify};
use sotto_core::pack::Sha256;
use sotto_core::protocol::{Coded, ErrorCode};

use crate::store::{Store, StoreError, read_record};

/// What to do with the record.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum AuditCommand {
    /// Check that no record was changed, removed or moved
    Verify {
        /// Check what `export` wrote instead
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// The newest record as you noted it: its number and hash, as `show` and `verify` tell them
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<NotedHead>,
    },
    /// Write every record as it is stored, one JSON object a line, the oldest first
    Export {
        /// Where to; the terminal if it is left out
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show the newest records
    Show {
        /// How many
        #[arg(long, default_value_t = 20)]
        last: u32,
    },
}

/// A head that somebody noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotedHead(Head);

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuditCommandError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file, or the terminal.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        source: io::Error,
    },
}

impl Coded for AuditCommandError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Store(_) => ErrorCode::AuditFailed,
            Self::Io { .. } => ErrorCode::BadRequest,
        }
    }
}

impl AuditCommand {
    /// Does it. Gives whether the records are those that were written, as far as was looked.
    ///
    /// # Errors
    /// [`AuditCommandError`].
    pub fn run(&self, home: &Path, out: &mut dyn Write) -> Result<bool, AuditCommandError> {
        match self {
            Self::Verify { file, head } => {
                let noted = head.map(|NotedHead(head)| head);
                let verdict = match file {
                    Some(path) => verify_file(path, noted)?,
                    None => match open(home)? {
                        Some(store) => store.verify_audit(noted)?,
                        None => verify(&[], Head::START, noted),
                    },
                };
                tell(&verdict, out).map_err(io_error("the terminal"))?;
                Ok(verdict.is_whole())
            }
            Self::Export { out: path } => {
                match path {
                    Some(path) => {
                        let failed = io_error(&path.display().to_string());
                        let file = File::create_new(path).map_err(failed)?;
                        export(home, &mut BufWriter::new(file), &path.display().to_string())?;
                    }
                    None => export(home, out, "the terminal")?,
                }
                Ok(true)
            }
            Self::Show { last } => {
                let records = match open(home)? {
                    Some(store) => store.records(None, *last)?,
                    None => vec![],
                };
                show(&records, out).map_err(io_error("the terminal"))?;
                Ok(true)
            }
        }
    }
}

/// The database; none if nothing was ever recorded: looking makes none.
fn open(home: &Path) -> Result<Option<Store>, StoreError> {
    match Store::exists(home) {
        true => Store::open(home).map(Some),
        false => Ok(None),
    }
}

fn export(home: &Path, out: &mut dyn Write, name: &str) -> Result<(), AuditCommandError> {
    let Some(store) = open(home)? else {
        return Ok(());
    };
    let mut written = Ok(());
    store.each_record(|json| {
        if written.is_ok() {
            written = writeln!(out, "{json}");
        }
    })?;
    written.and_then(|()| out.flush()).map_err(io_error(name))
}

fn verify_file(path: &Path, noted: Option<Head>) -> Result<Verdict, AuditCommandError> {
    let failed = || io_error(&path.display().to_string());
    let file = File::open(path).map_err(failed())?;
    let mut entries = Vec::new();
    for line in BufReader::new(file).lines() {
        entries.push(read_record(&line.map_err(failed())?));
    }
    Ok(verify(&entries, Head::START, noted))
}

fn tell(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    if verdict.is_whole() {
        writeln!(
            out,
            "{} records: none was changed, removed or moved.",
            verdict.records
        )?;
    }
    for problem in &verdict.problems {
        match problem {
            Problem::Malformed { position } => {
                writeln!(out, "Line {} is no record.", position + 1)
            }
            Problem::Changed { sequence } => writeln!(out, "Record {sequence} was changed."),
            Problem::Missing { first, last } if first == last => {
                writeln!(out, "Record {first} is missing.")
            }
            Problem::Missing { first, last } => {
                writeln!(out, "Records {first} to {last} are missing.")
            }
            Problem::OutOfOrder { sequence } => {
                writeln!(
                    out,
                    "Record {sequence} is not in its place, or is there twice."
                )
            }
        }?;
    }
    writeln!(
        out,
        "Newest: {}:{}",
        verdict.head.sequence, verdict.head.hash
    )
}

/// The newest last, as logs are read.
fn show(records: &[Record], out: &mut dyn Write) -> io::Result<()> {
    for record in records.iter().rev() {
        writeln!(
            out,
            "{:>6}  {}  {}",
            record.sequence,
            utc(record.at_s),
            line(&record.event)
        )?;
    }
    match records.first() {
        Some(newest) => writeln!(out, "Newest: {}:{}", newest.sequence, newest.hash),
        None => writeln!(out, "Nothing was recorded."),
    }
}

fn line(event: &Event) -> String {
    match event {
        Event::Decided {
            request,
            task,
            route,
            reason,
        } => format!("request {request}: {task} to {route}, because {reason}"),
        Event::ConsentAsked {
            request,
            endpoint,
            payload_bytes,
            redactions,
            ..
        } => format!(
            "request {request}: asked whether {payload_bytes} bytes may go to {endpoint}, {} values hidden",
            redactions.values().sum::<u32>()
        ),
        Event::ConsentGiven { request, scope, .. } => {
            format!("request {request}: agreed ({scope})")
        }
        Event::ConsentDeclined { request } => format!("request {request}: not agreed"),
        Event::ConsentRevoked { scope } => format!("agreement taken back ({scope})"),
        Event::Sent {
            request,
            endpoint,
            payload_bytes,
            ..
        } => format!("request {request}: {payload_bytes} bytes to {endpoint}"),
        Event::Blocked { request, reason } => {
            format!("request {request}: nothing sent, because {reason}")
        }
        Event::Ended {
            request,
            outcome,
            status,
            answer_bytes,
            duration_ms,
        } => {
            let status = status.map_or(String::new(), |status| format!(", status {status}"));
            format!(
                "request {request}: {outcome}{status}, {answer_bytes} bytes in {duration_ms} ms"
            )
        }
        Event::Pruned { records, reason } => format!("{records} older records deleted ({reason})"),
    }
}

/// A moment as `2026-11-27 19:41:08Z`.
///
/// # Source
/// Days to dates: Howard Hinnant, `civil_from_days`, <https://howardhinnant.github.io/date_algorithms.html>.
fn utc(at_s: u32) -> String {
    let (days, second) = (at_s / 86_400, at_s % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u32::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
}

fn io_error(what: &str) -> impl Fn(io::Error) -> AuditCommandError + use<> {
    let what = what.to_owned();
    move |source| AuditCommandError::Io {
        what: what.clone(),
        source,
    }
}

impl FromStr for NotedHead {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "not a number and a hash, such as 12:9f86d081...";
        let (sequence, hash) = text.split_once(':').ok_or(WRONG)?;
        let hash: Sha256 =
            serde_json::from_value(serde_json::Value::from(hash)).map_err(|_| WRONG)?;
        let sequence = sequence.parse().map_err(|_| WRONG)?;
        Ok(Self(Head { sequence, hash }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates() {
        for (at_s, text) in [
            (0, "1970-01-01 00:00:00Z"),
            (951_782_400, "2000-02-29 00:00:00Z"),
            (1_800_000_000, "2027-01-15 08:00:00Z"),
            (u32::MAX, "2106-02-07 06:28:15Z"),
        ] {
            assert_eq!(utc(at_s), text);
        }
    }

    fn run(command: &AuditCommand, home: &Path) -> (bool, String) {
        let mut out = Vec::new();
        let is_whole = command.run(home, &mut out).unwrap();
        (is_whole, String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_was_exported_verifies_and_a_change_is_found() {
        let home = tempfile::tempdir().unwrap();
        let nothing = run(&AuditCommand::Show { last: 5 }, home.path());
        assert_eq!(nothing.1, "Nothing was recorded.\n");
        assert!(!Store::exists(home.path()), "looking makes no database");
        let mut store = Store::open(home.path()).unwrap();
        for _ in 0..3 {
            let event = |request| Event::ConsentDeclined { request };
            store.record(1_800_000_000_000, event).unwrap();
        }
        let head = store.audit_head().unwrap();
        let noted = NotedHead::from_str(&format!("{}:{}", head.sequence, head.hash)).unwrap();
        assert_eq!(noted, NotedHead(head));

        let path = home.path().join("audit.jsonl");
        let out = Some(path.clone());
        let _ = run(&AuditCommand::Export { out }, home.path());
        let verify = |head| AuditCommand::Verify {
            file: Some(path.clone()),
            head,
        };
        let (is_whole, told) = run(&verify(Some(noted)), home.path());
        assert!(is_whole && told.contains(&head.hash.to_string()), "{told}");

        let exported = std::fs::read_to_string(&path).unwrap();
        let kept: Vec<_> = exported.lines().take(2).collect();
        std::fs::write(&path, kept.join("\n")).unwrap();
        assert!(run(&verify(None), home.path()).0, "nobody said how many");
        let (is_whole, told) = run(&verify(Some(noted)), home.path());
        assert!(!is_whole && told.contains("Record 3 is missing."), "{told}");
        std::fs::write(&path, exported.replace("\"request\":2", "\"request\":1")).unwrap();
        let (is_whole, told) = run(&verify(None), home.path());
        assert!(
            !is_whole && told.contains("Record 2 was changed."),
            "{told}"
        );
    }
}
