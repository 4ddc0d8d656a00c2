//! Flatpak: a script inside the browser's own folder that starts the host outside.

use std::path::{Path, PathBuf};

use super::Place;

/// Where the script lies, for a place whose manifest is below `.var/app/<id>`.
pub(super) fn script_path(place: &Place) -> Option<PathBuf> {
    let app = place.manifest.ancestors().find(|folder| {
        folder
            .parent()
            .is_some_and(|parent| parent.ends_with(".var/app"))
    })?;
    Some(app.join("data/sotto/sotto-host"))
}

/// The script. `--watch-bus` ends the host with the browser.
pub(super) fn script(program: &str) -> String {
    format!(
        "#!/bin/sh\n# Written by 'sotto-host install': starts the host outside the browser's confinement.\nexec flatpak-spawn --host --watch-bus {} \"$@\"\n",
        quoted(program)
    )
}

/// What the user must permit.
pub(super) fn advice(script: &Path) -> String {
    let app = script
        .ancestors()
        .nth(3)
        .and_then(|app| app.file_name())
        .unwrap_or_default()
        .to_string_lossy();
    format!(
        "to let it start the host, run: flatpak override --user --talk-name=org.freedesktop.Flatpak {app} (this lets the browser start programs outside its confinement)"
    )
}

/// As one word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_the_shell_whatever_is_in_it() {
        let script = script("/home/o'brien; $(reboot)/sotto-host");
        assert!(
            script.contains(r"'/home/o'\''brien; $(reboot)/sotto-host' "),
            "{script}"
        );
    }
}
