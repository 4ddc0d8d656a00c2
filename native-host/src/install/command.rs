//! `sotto-host install` and `sotto-host uninstall`

use std::io::Write;
use std::path::PathBuf;

use super::{Browser, Extent, InstallError, InstallOptions, Platform, install, uninstall};

/// Make the host known to the browsers of this user.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct InstallCommand {
    /// For this browser, found or not; may be given several times. Otherwise for all that are found
    #[arg(long)]
    browser: Vec<Browser>,
    /// For the profile in this folder (a browser's --user-data-dir) and no other
    #[arg(long, value_name = "USER_DATA_DIR", conflicts_with = "browser")]
    profile: Option<PathBuf>,
    /// Serve the extension with this id, too: a build of your own
    #[arg(long, value_name = "ID")]
    extension_id: Vec<String>,
    /// Copy the program into the data directory first, so that this folder can be deleted
    #[arg(long)]
    copy: bool,
}

/// Take back what install wrote.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct UninstallCommand {
    /// Remove imported models, too
    #[arg(long)]
    models: bool,
    /// Remove models, settings and caches, too: everything
    #[arg(long)]
    all: bool,
}

impl InstallCommand {
    /// Does it.
    ///
    /// # Errors
    /// [`InstallError`].
    pub fn run(&self, platform: &Platform<'_>, out: &mut dyn Write) -> Result<(), InstallError> {
        let options = InstallOptions {
            browsers: self.browser.clone(),
            profile: self.profile.clone(),
            extension_ids: self.extension_id.clone(),
            copy: self.copy,
        };
        install(&options, platform, out)
    }
}

impl UninstallCommand {
    /// Does it.
    ///
    /// # Errors
    /// [`InstallError`].
    pub fn run(&self, platform: &Platform<'_>, out: &mut dyn Write) -> Result<(), InstallError> {
        let extent = match (self.all, self.models) {
            (true, _) => Extent::All,
            (false, true) => Extent::Models,
            (false, false) => Extent::Registration,
        };
        uninstall(extent, platform, out)
    }
}
