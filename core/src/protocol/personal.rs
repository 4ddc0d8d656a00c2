//! What the user wrote on sites that they named, and the adapters that learned from it: kept by the host, sealed, and only
//! while the user has it switched on. From the extension's own pages only, but for `keep`, whose text comes from a page that
//! the user named.

use serde::{Deserialize, Serialize};

use super::{PackChunk, Passphrase};

/// Longest text that is kept at once, in UTF-16 code units: three bytes each at most, so that it stays below the host's 32 KiB.
pub const MAX_KEPT_UTF16: u32 = 10_000;

/// Shortest text that is worth keeping, in UTF-16 code units: a sentence.
pub const MIN_KEPT_UTF16: u32 = 40;

/// Largest exported file, in bytes: as many texts as may be kept, with room for JSON around them.
pub const MAX_EXPORT_BYTES: u32 = 32 * 1024 * 1024;

/// Texts in one answer.
pub const MAX_KEPT_TEXTS: u32 = 50;

/// What is asked of the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum PersonalTask {
    /// How it stands. Answered by `status`.
    Status,
    /// Switch it on, with a key in the system's keyring. Answered by `status`.
    SwitchOn,
    /// Open the file that holds the key, until the host ends, where the key is in one. Answered by `status`.
    Unlock {
        /// What opens it.
        passphrase: Passphrase,
    },
    /// Keep and use nothing more; what is there stays. Answered by `status`.
    SwitchOff,
    /// Name a site, or take it back; what was kept of it stays. Answered by `status`.
    SetSite {
        /// Its origin, such as `https://mail.example`.
        site: String,
        /// Whether texts of it are kept from now on.
        is_named: bool,
    },
    /// Set how long and how much is kept; what is over it is erased. Answered by `status`.
    SetLimits {
        /// Days.
        days: u32,
        /// Mebibytes of text, 1 to 16.
        mib: u32,
    },
    /// Keep what the user wrote at a site that they named. One that goes on from the text kept last takes its place. Answered
    /// by `kept`.
    Keep {
        /// The origin of the page.
        site: String,
        /// What was written: [`MIN_KEPT_UTF16`] to [`MAX_KEPT_UTF16`] code units.
        text: String,
    },
    /// Texts that hold `query`, in any case, or are of a site that does; the newest first. Answered by `texts`.
    Texts {
        /// What to look for; empty for all.
        query: String,
        /// Only texts with a smaller number: that of the last text of the answer before; none: the newest.
        #[serde(default)]
        before: Option<u32>,
    },
    /// Erase one text. Adapters that learned from it stay until they are trained again. Answered by `status`.
    EraseText {
        /// Its number.
        number: u32,
    },
    /// Erase everything, and throw the key away. Answered by `status`.
    EraseAll,
    /// Train an adapter on what is kept; the newest part of it decides whether it is used. Stops for a while whenever something
    /// else is asked of the host. Answered by `progress` in steps, and by `trained`; behind `cancel` by `error` `cancelled`,
    /// and then the next training of that name goes on from there.
    Train {
        /// Its name: up to 32 of the characters a-z, 0-9 and -.
        name: String,
        /// Learn from texts of this site only.
        #[serde(default)]
        site: Option<String>,
        /// Differential privacy with this ε; none: without.
        #[serde(default)]
        epsilon: Option<f32>,
        /// The version of the model that the browser uses, which the adapter is for; none: the host's own guess.
        #[serde(default)]
        browser_version: Option<u32>,
    },
    /// Erase an adapter. Answered by `status`.
    EraseAdapter {
        /// Its name.
        name: String,
    },
    /// Seal an adapter or all texts with a passphrase, so that they can be taken to another device. Answered by `exported` with
    /// the first chunk; `readExport` gives the others.
    Export {
        /// What.
        what: ExportKind,
        /// What opens the file: at least twelve characters.
        passphrase: Passphrase,
    },
    /// Another chunk of what was exported last; the host forgets it behind the last chunk. Answered by `exported`.
    ReadExport {
        /// Which chunk.
        index: u32,
    },
    /// A chunk of an exported file, in order; the first one begins a new file. Answered by `received`.
    PutImport {
        /// The chunk.
        chunk: PackChunk,
        /// How many there are.
        chunks: u32,
    },
    /// Open the file that was put and keep what is in it: an adapter, or texts, of which those that are here already are left
    /// out. Answered by `imported`; behind an error about the passphrase the file is still there, so that another one can be
    /// tried.
    Import {
        /// The adapter's name from now on.
        name: String,
        /// What opens the file.
        passphrase: Passphrase,
    },
    /// One chunk of an adapter in clear, for the engine. Answered by `adapter`.
    ReadAdapter {
        /// Its name.
        name: String,
        /// Which chunk, from 0; of [`super::PACK_CHUNK_BYTES`] as those of models.
        index: u32,
    },
}

/// What is exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ExportKind {
    /// An adapter.
    Adapter {
        /// Its name.
        name: String,
    },
    /// All texts that are kept.
    Texts,
}

/// What the host answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum PersonalAnswer {
    /// How it stands now.
    Status {
        /// The state.
        status: PersonalStatus,
    },
    /// The text is kept.
    Kept {
        /// Its number.
        number: u32,
    },
    /// Some texts.
    Texts {
        /// The newest first.
        texts: Vec<KeptText>,
        /// Whether there are more of them.
        has_more: bool,
    },
    /// A training is done.
    Trained {
        /// What came of it.
        outcome: TrainingOutcome,
    },
    /// A part of an adapter.
    Adapter {
        /// The chunk.
        chunk: PackChunk,
        /// How many there are.
        chunks: u32,
    },
    /// A part of an exported file.
    Exported {
        /// The chunk.
        chunk: PackChunk,
        /// How many there are.
        chunks: u32,
    },
    /// A part of a file has arrived.
    Received {
        /// Its number.
        index: u32,
    },
    /// What a file held is kept.
    Imported {
        /// Whether it was an adapter; texts otherwise.
        is_adapter: bool,
        /// Texts that are kept now and were not before.
        texts: u32,
        /// Texts that were left out: here already, or over the limits of time and size.
        left_out: u32,
    },
}

/// How personalisation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct PersonalStatus {
    /// Whether it is switched on.
    pub is_on: bool,
    /// Whether the key can be had; always so while it is off.
    pub is_open: bool,
    /// Why not, as a sentence; empty otherwise.
    pub trouble: String,
    /// Whether the key is in a file that a passphrase opens (`unlock`), and not in the system's keyring.
    pub is_key_in_file: bool,
    /// The sites that the user named; empty while it is off or the key cannot be had.
    pub sites: Vec<String>,
    /// Texts that are kept.
    pub texts: u32,
    /// KiB that they have together.
    pub kib: u32,
    /// Days that a text is kept.
    pub max_days: u32,
    /// Mebibytes of text that are kept.
    pub max_mib: u32,
    /// The adapters, by name.
    pub adapters: Vec<AdapterView>,
    /// Names of trainings that are not finished.
    pub unfinished: Vec<String>,
    /// The last training that came to an end; none before the first.
    pub last_training: Option<LastTraining>,
    /// KiB of text that were kept since then; all of it before the first training.
    pub new_kib: u32,
}

/// The end of a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct LastTraining {
    /// When, in seconds since 1970.
    pub at_s: u32,
    /// Whether its adapter was better than none.
    pub is_used: bool,
}

/// An adapter, from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct AdapterView {
    /// Its name.
    pub name: String,
    /// When it was made, in seconds since 1970.
    pub at_s: u32,
    /// Its length in KiB.
    pub kib: u32,
}

/// A text that is kept. Its `Debug` shows the length alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct KeptText {
    /// Its number.
    pub number: u32,
    /// When it was kept, in seconds since 1970.
    pub at_s: u32,
    /// Where it was written.
    pub site: String,
    /// What was written.
    pub text: String,
}

impl std::fmt::Debug for KeptText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "KeptText({}, {} bytes)",
            self.number,
            self.text.len()
        )
    }
}

/// What came of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct TrainingOutcome {
    /// Whether the adapter is better than none on the newest texts. One that is not is thrown away.
    pub is_used: bool,
    /// Bits per byte of the newest texts without it.
    pub before: f32,
    /// And with it.
    pub after: f32,
    /// What the accountant says, where it was trained with privacy.
    pub epsilon: Option<f32>,
}
