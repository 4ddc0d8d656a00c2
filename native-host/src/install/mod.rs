//! Making the host known to the browsers of this user, and undoing it.
//!
//! **Everything that is written is noted first**, in a journal in the data directory; uninstalling removes exactly that.
//! What somebody else put in a place that we need is kept beside it, never overwritten silently.
//!
//! Nothing here asks the running system where things are: a [`Platform`] says it, so that the layouts of Linux, macOS and
//! Windows are all tested anywhere.

mod apply;
mod browsers;
mod command;
mod copy;
mod error;
mod flatpak;
mod journal;
mod manifest;
mod places;
mod platform;
mod registry;
mod remove;
mod writer;

#[cfg(test)]
mod tests;

pub use apply::{InstallOptions, install};
pub use browsers::{Browser, Family, Packaging};
pub use command::{InstallCommand, UninstallCommand};
pub use error::InstallError;
pub use manifest::HostManifest;
pub use places::{Place, places};
pub use platform::{Os, Platform};
pub use registry::{MemoryRegistry, NoRegistry, Registry, system_registry};
pub use remove::{Extent, uninstall};
