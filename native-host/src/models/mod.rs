//! The models on this device: those that ship beside the program, newer ones that an update brought, and those that the user
//! brought.
//!
//! **No byte of a model reaches an engine unverified.** A shipped pack and its updates are signed by a key compiled into the program;
//! an imported one by this device's own key, made at the first import. Both have the same format (`sotto_core::pack`) and
//! go through the same checks, every time they are loaded.

mod chat_template;
mod command;
mod config;
mod device_key;
mod error;
pub(crate) mod files;
mod held;
mod import;
mod onnx;
mod paths;
mod settings;
mod store;
mod updated;

pub use chat_template::{ChatTemplate, TemplateRole, Turn};
pub(crate) use command::size;
pub use command::{ModelCommand, Terminal};
pub use config::DecoderConfig;
pub use device_key::DeviceKey;
pub use error::ModelError;
pub use held::HeldFile;
pub use import::{ImportOptions, import};
pub(crate) use onnx::{operators_of, relocated};
pub use paths::{BROWSER, StorePaths};
pub use settings::{DeviceChoice, FallbackChoice, LoadedSettings, Settings};
pub(crate) use store::{BLOBS, MANIFEST, SIGNATURE};
pub use store::{Installed, Listed, ModelStore, Origin, SHIPPED_MODEL};
pub use updated::{Held, PackState, Refused, UpdatePaths, UpdateState};
