//! What is said about a compiled graph, and who vouches for it.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use sotto_core::pack::{PublicKey, Sha256, sha256};

/// Written before what is signed, so that no signature of another kind can stand in for one of these.
const DOMAIN: &[u8] = b"sotto-compiled-v1\0";

/// Everything that a compiled graph depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// Name of the model.
    pub model: String,
    /// SHA-256 of its signed manifest, and so of every graph and weight.
    pub manifest: Sha256,
    /// Which of its graphs.
    pub graph: String,
    /// The execution provider.
    pub provider: String,
    /// Its version: a hash of all its files.
    pub provider_version: String,
    /// The device, as the provider describes it.
    pub device: String,
    /// What the provider was told.
    pub options: BTreeMap<String, String>,
    /// Version of ONNX Runtime.
    pub onnx_runtime: String,
}

impl Binding {
    /// What a compiled graph's files are called. One for each graph of a model and each device, so that a newer one takes
    /// the place of the older one.
    pub(super) fn slot(&self) -> String {
        let place = [&self.model, &self.graph, &self.provider, &self.device];
        let json = serde_json::to_vec(&place).unwrap_or_default();
        sha256(&json).to_string()[..32].to_owned()
    }
}

/// A compiled graph and what it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// What it was made from.
    pub binding: Binding,
    /// SHA-256 of the compiled graph.
    pub sha256: Sha256,
    /// Its length.
    pub bytes: u64,
    /// Where the operators ran when it was compiled: provider, operator, number.
    pub placement: Vec<(String, String, usize)>,
}

impl Statement {
    /// The bytes to sign.
    pub(super) fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = DOMAIN.to_vec();
        // Fields are written in the order of the type, maps by key: the same statement gives the same bytes.
        bytes.extend(serde_json::to_vec(self).unwrap_or_default());
        bytes
    }
}

/// A statement with its signature, as it lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) statement: Statement,
    /// 128 hexadecimal digits.
    pub(super) signature: String,
}

impl Record {
    pub(super) fn new(statement: Statement, signature: &[u8; 64]) -> Self {
        let signature = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            statement,
            signature,
        }
    }

    /// The statement, if `key` signed it.
    pub(super) fn verified(self, key: PublicKey) -> Option<Statement> {
        let signature = hex(&self.signature)?;
        let key = VerifyingKey::from_bytes(&key.to_bytes()).ok()?;
        let message = self.statement.signed_bytes();
        key.verify_strict(&message, &Signature::from_bytes(&signature))
            .is_ok()
            .then_some(self.statement)
    }
}

fn hex(digits: &str) -> Option<[u8; 64]> {
    let pairs = digits.as_bytes().chunks_exact(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    bytes?.try_into().ok().filter(|_| digits.len() == 128)
}
