//! Whether each browser would start the host.

use std::path::Path;

use sotto_core::protocol::HOST_NAME;

use super::{Report, is_executable};
use crate::install::{HostManifest, Packaging, Place, Platform, places};
use crate::models::{ModelError, files};

const AREA: &str = "browser";

/// Largest manifest read, in bytes.
const MAX_MANIFEST_BYTES: u64 = 64 * 1024;

/// Looks at every browser that is there.
pub(super) fn examine(platform: &Platform<'_>, report: &mut Report) {
    let found: Vec<Place> = places(platform)
        .into_iter()
        .filter(|place| place.is_found)
        .collect();
    if found.is_empty() {
        report.note(
            AREA,
            "no browser was found where browsers usually are".into(),
        );
    }
    for place in found {
        let label = place.label();
        if !place.can_start_hosts() {
            report.warn(
                AREA,
                format!("{label} cannot start programs outside its confinement, so summaries and chat run in the browser"),
                "install its .deb, .rpm or Flatpak instead",
            );
            continue;
        }
        let install = format!("run: sotto-host install --browser {}", name(&place));
        match inspect(platform, &place) {
            Ok(Some(path)) => report.good(AREA, format!("{label} starts {path}")),
            Ok(None) => report.warn(AREA, format!("{label} does not know the host"), &install),
            Err(fault) => report.broken(AREA, format!("{label}: {fault}"), &install),
        }
        if place.packaging == Packaging::Flatpak {
            report.note(
                AREA,
                format!(
                    "{label} starts it only with the permission that 'sotto-host install' names"
                ),
            );
        }
    }
}

/// The browser's name on the command line.
fn name(place: &Place) -> String {
    use clap::ValueEnum as _;
    let value = place
        .browser
        .and_then(|browser| browser.to_possible_value());
    value
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

/// The program that the browser would start; none if it is not registered; or why it would fail.
fn inspect(platform: &Platform<'_>, place: &Place) -> Result<Option<String>, String> {
    let shown = place.manifest.display();
    let json = match files::read_followed(&place.manifest, MAX_MANIFEST_BYTES) {
        Ok(json) => json,
        Err(ModelError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
    };
    let manifest: HostManifest =
        serde_json::from_slice(&json).map_err(|_| format!("{shown} is no manifest of a host"))?;
    if manifest.name != HOST_NAME || manifest.kind != "stdio" {
        return Err(format!("{shown} is the manifest of another host"));
    }
    let program = Path::new(&manifest.path);
    if !program.is_absolute() || !is_executable(program) {
        return Err(format!(
            "{shown} names a program that is not there or cannot be started: {}",
            manifest.path
        ));
    }
    if !manifest.allows_us(place.family) {
        return Err(format!("{shown} does not allow the Sotto extension"));
    }
    for key in &place.registry {
        if platform.registry.get(key).as_deref() != place.manifest.to_str() {
            return Err(format!("the registry key {key} does not name {shown}"));
        }
    }
    Ok(Some(manifest.path))
}
