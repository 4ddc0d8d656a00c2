//! The record of what was sent: whether it can be read, and whether it is whole. While it cannot be read, nothing is sent.

use std::path::Path;

use super::Report;
use crate::store::Store;

pub(super) fn examine(home: &Path, report: &mut Report) {
    let area = "records";
    if !Store::exists(home) {
        return report.good(area, "nothing was put to an endpoint yet".to_owned());
    }
    match Store::look(home).and_then(|store| store.verify_audit(None)) {
        Ok(verdict) if verdict.is_whole() => report.good(
            area,
            format!("{} in all, none changed, removed or moved", verdict.records),
        ),
        Ok(_) => report.broken(
            area,
            "records were changed, removed or moved".to_owned(),
            "sotto-host audit verify says which; the options page can delete everything",
        ),
        Err(error) => report.broken(
            area,
            error.to_string(),
            "nothing is sent while it cannot be read: move the file away",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_told_and_nothing_is_made() {
        let home = tempfile::tempdir().unwrap();
        let examined = || {
            let mut report = Report::default();
            examine(home.path(), &mut report);
            let mut text = Vec::new();
            report.write(&mut text, false).unwrap();
            (report.is_broken(), String::from_utf8(text).unwrap())
        };
        assert!(!examined().0);
        assert!(!Store::exists(home.path()));
        let mut store = Store::open(home.path()).unwrap();
        let event = |request| sotto_core::audit::Event::ConsentDeclined { request };
        store.record(0, event).unwrap();
        let (is_broken, text) = examined();
        assert!(!is_broken && text.contains("1 in all"), "{text}");
        let other = rusqlite::Connection::open(home.path().join("sotto.db")).unwrap();
        other.execute_batch("DELETE FROM audit").unwrap();
        assert!(examined().0);
        drop((store, other));
        std::fs::write(home.path().join("sotto.db"), "no database ".repeat(99)).unwrap();
        assert!(examined().0);
    }
}
