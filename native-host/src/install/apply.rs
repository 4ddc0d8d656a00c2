//! Installing.

use std::io::Write;
use std::path::PathBuf;

use super::copy::copy_program;
use super::journal::Journal;
use super::manifest::is_extension_id;
use super::writer::{Put, put, set_key};
use super::{Browser, HostManifest, InstallError, Packaging, Place, Platform, flatpak, places};
use crate::extension::ADDED_IDS;
use crate::models::files;

/// Largest list of added ids read, in bytes.
const MAX_IDS_BYTES: u64 = 64 * 1024;

/// What the user asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstallOptions {
    /// For these browsers, found or not; otherwise for all that are found.
    pub browsers: Vec<Browser>,
    /// For this profile (`--user-data-dir`) of a browser of the Chromium family, and no other.
    pub profile: Option<PathBuf>,
    /// Extensions besides ours that may use the host: builds of the user's own.
    pub extension_ids: Vec<String>,
    /// Copy the program into the data directory first, and register the copy.
    pub copy: bool,
}

/// Makes the host known to browsers. Doing it twice changes nothing.
///
/// # Errors
/// [`InstallError`]; what was written until then is in the journal, so that `uninstall` removes it.
pub fn install(
    options: &InstallOptions,
    platform: &Platform<'_>,
    out: &mut dyn Write,
) -> Result<(), InstallError> {
    let mut say = |line: String| {
        // Nobody reads: no reason to stop.
        let _ = writeln!(out, "{line}");
    };
    if let Some(id) = options.extension_ids.iter().find(|id| !is_extension_id(id)) {
        return Err(InstallError::ExtensionId(id.clone()));
    }
    let chosen = chosen(options, platform);
    if chosen.is_empty() {
        return Err(InstallError::NoBrowser);
    }
    let mut journal = Journal::open(&platform.data)?;
    let program = match options.copy {
        true => copy_program(&mut journal, platform, &mut say)?,
        false => platform.program.clone(),
    };
    let ids = added_ids(&mut journal, options, platform)?;
    for place in chosen {
        if !place.can_start_hosts() {
            say(format!(
                "{}: not possible. A browser in a Snap cannot start programs outside. Install its .deb, .rpm or Flatpak instead.",
                place.label()
            ));
            continue;
        }
        let mut registered = program.clone();
        if place.packaging == Packaging::Flatpak
            && let Some(script) = flatpak::script_path(&place)
        {
            let path = program.to_str().ok_or_else(|| InstallError::NotUnicode {
                path: program.clone(),
            })?;
            put(
                &mut journal,
                &script,
                flatpak::script(path).as_bytes(),
                0o755,
            )?;
            say(format!("{}: {}", place.label(), flatpak::advice(&script)));
            registered = script;
        }
        let manifest = HostManifest::ours(place.family, &registered, &ids)?;
        let outcome = put(&mut journal, &place.manifest, &manifest.to_json()?, 0o644)?;
        if let Some(manifest) = place.manifest.to_str() {
            for key in &place.registry {
                set_key(&mut journal, platform.registry, key, manifest)?;
            }
        }
        let file = place.manifest.display();
        say(match outcome {
            Put::Unchanged => format!("{}: is registered already", place.label()),
            Put::Written => format!("{}: registered in {file}", place.label()),
            Put::Kept(backup) => format!(
                "{}: registered in {file}; what was there before is kept as {}",
                place.label(),
                backup.display()
            ),
        });
        if place.packaging == Packaging::Snap {
            say(format!(
                "{}: the desktop will ask once whether it may start Sotto's host; needs the WebExtensions portal (Ubuntu 22.04 or later)",
                place.label()
            ));
        }
    }
    Ok(())
}

/// The places to write to.
fn chosen(options: &InstallOptions, platform: &Platform<'_>) -> Vec<Place> {
    if let Some(profile) = &options.profile {
        // Browsers do not know our working directory.
        let profile = std::path::absolute(profile).unwrap_or_else(|_| profile.clone());
        return vec![Place::profile(&profile)];
    }
    let all = places(platform);
    if options.browsers.is_empty() {
        return all.into_iter().filter(|place| place.is_found).collect();
    }
    all.into_iter()
        .filter(|place| {
            place
                .browser
                .is_some_and(|browser| options.browsers.contains(&browser))
        })
        // One that was named is registered where it would be by default; its Snap and Flatpak only if they are there.
        .filter(|place| place.is_found || place.packaging == Packaging::Native)
        .collect()
}

/// The ids that the user added, now and before; kept for the host, which asks who calls it.
fn added_ids(
    journal: &mut Journal,
    options: &InstallOptions,
    platform: &Platform<'_>,
) -> Result<Vec<String>, InstallError> {
    let path = platform.data.join(ADDED_IDS);
    let known = files::read(&path, MAX_IDS_BYTES).unwrap_or_default();
    let known = String::from_utf8_lossy(&known).into_owned();
    let known: Vec<String> = known
        .lines()
        .map(str::trim)
        .filter(|id| is_extension_id(id))
        .map(str::to_owned)
        .collect();
    let mut ids = known.clone();
    for id in &options.extension_ids {
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    if ids != known {
        let text: String = ids.iter().map(|id| format!("{id}\n")).collect();
        put(journal, &path, text.as_bytes(), 0o600)?;
    }
    Ok(ids)
}
