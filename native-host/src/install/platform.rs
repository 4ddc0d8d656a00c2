//! Where things are.

use std::path::{Path, PathBuf};

use super::{InstallError, Registry};
use crate::models::StorePaths;

/// Operating systems with layouts of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Os {
    /// Linux and other systems with XDG folders.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

/// The folders of one user on one system.
#[derive(Debug)]
pub struct Platform<'a> {
    /// Which layout.
    pub os: Os,
    /// The user's home.
    pub home: PathBuf,
    /// `$XDG_CONFIG_HOME` on Linux, `%LOCALAPPDATA%` on Windows; not used on macOS.
    pub config: PathBuf,
    /// The root of the file system, to look for programs.
    pub root: PathBuf,
    /// Sotto's data directory.
    pub data: PathBuf,
    /// The program to be registered.
    pub program: PathBuf,
    /// The registry, where there is one.
    pub registry: &'a dyn Registry,
}

impl<'a> Platform<'a> {
    /// This system and this user.
    ///
    /// # Errors
    /// [`InstallError::Store`] if there is no home directory, [`InstallError::File`] if the program cannot tell where it
    /// lies.
    pub fn discover(store: &StorePaths, registry: &'a dyn Registry) -> Result<Self, InstallError> {
        let home = etcetera::home_dir().map_err(|_| crate::models::ModelError::NoHome)?;
        let program = std::env::current_exe()
            .and_then(|program| program.canonicalize())
            .map_err(InstallError::file(Path::new("sotto-host")))?;
        let (os, folder, variable) = if cfg!(windows) {
            (Os::Windows, "AppData/Local", "LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            (Os::MacOs, "Library/Application Support", "")
        } else {
            (Os::Linux, ".config", "XDG_CONFIG_HOME")
        };
        let named = std::env::var_os(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute());
        Ok(Self {
            os,
            config: named.unwrap_or_else(|| home.join(folder)),
            home,
            root: PathBuf::from(if cfg!(windows) { "C:\\" } else { "/" }),
            data: store.home.clone(),
            program: plain(program),
            registry,
        })
    }

    /// `~/Library/Application Support`
    pub(super) fn application_support(&self) -> PathBuf {
        self.home.join("Library/Application Support")
    }
}

/// Without the prefix `\\?\` that Windows puts in front of canonical paths and browsers do not know.
fn plain(path: PathBuf) -> PathBuf {
    match path.to_str().and_then(|path| path.strip_prefix(r"\\?\")) {
        Some(rest) if !rest.starts_with("UNC") => PathBuf::from(rest),
        _ => path,
    }
}
