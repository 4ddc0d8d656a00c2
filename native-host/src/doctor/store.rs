//! Whether the models and the settings can be used.

use super::Report;
use crate::compiled::survey;
use crate::models::{Installed, ModelStore, Origin, SHIPPED_MODEL};

/// Reads and verifies every pack.
pub(super) fn examine(store: &ModelStore, report: &mut Report) {
    let area = "model";
    let listed = store.list();
    let mut has_shipped = false;
    for entry in &listed {
        let name = entry.dir.file_name().unwrap_or_default().to_string_lossy();
        let verified = match &entry.pack {
            Ok(pack) => pack
                .verify_all()
                .map(|()| pack)
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match verified {
            Ok(pack) => {
                has_shipped |= is_shipped(pack);
                report.good(area, format!("{name}: signature and every file verified"));
            }
            Err(fault) => {
                let advice = match entry.origin {
                    Origin::Shipped => "install Sotto again".to_owned(),
                    Origin::Updated => format!(
                        "the version before answers; to go back to it for good: sotto-host update rollback {}",
                        name.rsplit_once('-').map_or(&*name, |(name, _)| name)
                    ),
                    Origin::Imported => format!(
                        "import it again: sotto-host model remove {}, then sotto-host model import",
                        name.rsplit_once('-').map_or(&*name, |(name, _)| name)
                    ),
                };
                report.broken(area, fault, &advice);
            }
        }
    }
    if !has_shipped {
        report.broken(
            area,
            format!("{SHIPPED_MODEL}, which comes with Sotto, is not there"),
            "install Sotto again; in a checkout: scripts/build",
        );
    }
    let settings = store.settings();
    if !settings.notice.is_empty() {
        report.warn("settings", settings.notice, "check the settings");
    }
    match store.resolve(None) {
        Ok(pack) => report.good("settings", format!("{} answers", pack.manifest().name)),
        Err(error) => report.broken(
            "settings",
            format!("no model can answer: {error}"),
            "choose one: sotto-host model list, then sotto-host model use NAME",
        ),
    }
}

/// What providers compiled. Whether each file is the one that was signed is checked when it is loaded.
pub(super) fn compiled(store: &ModelStore, report: &mut Report) {
    let key = store.trusted(Origin::Imported).unwrap_or_default();
    let (count, signed, bytes) = survey(&store.paths().home, key.first().copied());
    let area = "compiled";
    if count == 0 {
        return;
    }
    let what = format!(
        "{signed} of {count} compiled graphs are signed by this device, {} MiB",
        bytes >> 20
    );
    if signed == count {
        report.good(area, what);
    } else {
        report.note(
            area,
            format!("{what}; the others are not used, and compiled again"),
        );
    }
}

fn is_shipped(pack: &Installed) -> bool {
    pack.origin() == Origin::Shipped && pack.manifest().name == SHIPPED_MODEL
}
