//! Builds and signs what `sotto-host update` reads: a folder of static files with TUF metadata and, beside it, manifests, blobs
//! and patches of model packs.
//!
//! ```text
//! metadata/N.root.json, N.targets.json, N.snapshot.json, timestamp.json
//! targets/<sha256>.<pack>.manifest.json, <sha256>.<pack>.manifest.sig
//!         <sha256>.<sha256>.blob
//!         <sha256>.<sha256 of the old blob>-<sha256 of the new blob>.patch
//! ```
//!
//! A library, so that the tests of the host build good releases and bad ones with the same code.

mod error;
mod files;
mod keys;
mod release;
mod root;
mod sign;

pub use error::ReleaseError;
pub use keys::{Key, PublicKey, read_public};
pub use release::{Expiries, Options, Report, refresh, release};
pub use root::{Roles, read_root, rotate, write_root};
pub use sign::{Signers, sign, to_bytes};
