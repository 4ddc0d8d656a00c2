//! What the worker may not do: reach a network, start programs, write files, take all memory.
//!
//! Confinement comes before the first library is loaded. Where a platform or kernel lacks a part, the rest still holds
//! and the report says so; `doctor` shows it to the user.

mod memory;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Folders that the worker needs.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Files to read, libraries to load: the program's own folder and the models.
    pub read: Vec<PathBuf>,
    /// Files to write: the cache of compiled graphs.
    pub write: Vec<PathBuf>,
}

/// What holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Confinement {
    /// No socket but a Unix one can be made, no program started.
    pub system_calls: Part,
    /// Only the folders that are needed can be read, and fewer written.
    pub files: Part,
    /// Address space is limited.
    pub memory: Part,
}

/// One part of the confinement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "why", rename_all = "camelCase")]
pub enum Part {
    /// It holds.
    Enforced,
    /// It holds as far as this kernel can.
    Partly(String),
    /// It does not hold.
    Absent(String),
}

/// Confines this process for good. Call in the worker before any thread is started or library loaded.
pub fn confine(access: &Access, memory_limit_bytes: u64) -> Confinement {
    let memory = memory::limit(memory_limit_bytes);
    #[cfg(target_os = "linux")]
    {
        // Files before system calls: the filter forbids changing the rules for files.
        let files = linux::confine_files(access);
        let system_calls = linux::confine_system_calls();
        Confinement {
            system_calls,
            files,
            memory,
        }
    }
    #[cfg(windows)]
    {
        let _ = access;
        Confinement {
            system_calls: windows::system_calls(memory == Part::Enforced),
            files: windows::files(),
            memory,
        }
    }
    #[cfg(not(any(target_os = "linux", windows)))]
    {
        let _ = access;
        let absent = || {
            Part::Absent(
                "this platform has no such confinement for a program of its own".to_owned(),
            )
        };
        Confinement {
            system_calls: absent(),
            files: absent(),
            memory,
        }
    }
}

impl Confinement {
    /// One line for people.
    pub fn summary(&self) -> String {
        let parts = [
            ("no network and no programs", &self.system_calls),
            ("limited files", &self.files),
            ("limited memory", &self.memory),
        ];
        let words: Vec<String> = parts
            .into_iter()
            .map(|(name, part)| match part {
                Part::Enforced => name.to_owned(),
                Part::Partly(why) => format!("{name} (partly: {why})"),
                Part::Absent(why) => format!("not: {name} ({why})"),
            })
            .collect();
        words.join(", ")
    }
}
