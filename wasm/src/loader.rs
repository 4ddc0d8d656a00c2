//! From the bytes of a pack to an engine. No byte of the model is used before it is verified.
//!
//! The weights stay in an array of JavaScript and are read from there tensor by tensor: the memory of a wasm instance
//! never shrinks, and a whole file in it would be paid for as long as the engine lives.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use js_sys::{Promise, Uint8Array};
use serde::Serialize;
use sotto_core::assist::Abilities;
use sotto_core::autocomplete::CompleteError;
use sotto_core::decode::greedy_tokens;
use sotto_core::pack::{
    self, Blob, BlobBytes, BlobRole, BlobSet, PackError, VerifiedInPlace, VerifiedManifest,
};
use sotto_core::protocol::{Backend, ErrorCode};
use sotto_lm::{Device, LlamaCompleter, LmError, load_completer, webgpu_device};
use sotto_tokenizer::TokenizerError;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::Engine;
use crate::engine::Info;
use crate::error::{Thrown, bad_request, to_json};

/// Reads and verifies a model pack.
#[wasm_bindgen]
pub struct PackLoader {
    pack: Rc<Pack>,
}

#[derive(Clone)]
struct Pack {
    manifest: VerifiedManifest,
    /// All but the weights.
    blobs: BlobSet,
    weights: Option<VerifiedInPlace<Array>>,
}

/// An array of JavaScript that only this module holds.
#[derive(Clone)]
struct Array(Uint8Array);

impl BlobBytes for Array {
    fn byte_len(&self) -> usize {
        self.0.length() as usize
    }

    fn read(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        // A file is checked to be shorter than what a u32 counts.
        let part = self.0.subarray(range.start as u32, range.end as u32);
        Cow::Owned(part.to_vec())
    }
}

/// What `blobs` lists.
#[derive(Serialize)]
struct Files<'a>(&'a [Blob]);

#[wasm_bindgen]
impl PackLoader {
    /// Verifies the manifest's signature, and that the pack is not older than `least_version`.
    ///
    /// # Errors
    /// `packSignatureInvalid`, `packManifestInvalid`, `packRollback`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        manifest: &[u8],
        signature: &[u8],
        least_version: Option<u32>,
    ) -> Result<PackLoader, Thrown> {
        let manifest =
            pack::verify_manifest(manifest, signature, &pack::trusted_keys(), least_version)?;
        Ok(Self {
            pack: Rc::new(Pack {
                manifest,
                blobs: BlobSet::default(),
                weights: None,
            }),
        })
    }

    /// The files to add: JSON `[{role, sha256, bytes}]`.
    ///
    /// # Errors
    /// None in practice.
    pub fn blobs(&self) -> Result<String, Thrown> {
        to_json(&Files(&self.pack.manifest.manifest().blobs))
    }

    /// Takes over a file, after checking its length and hash. Nobody may write to `bytes` from then on.
    ///
    /// # Errors
    /// `packBlobMismatch`, or `badRequest` for an unknown role.
    pub fn add(&mut self, role: &str, bytes: Uint8Array) -> Result<(), Thrown> {
        let role: BlobRole = parse(role).ok_or_else(|| bad_request("Unknown role of a file."))?;
        let pack = Rc::make_mut(&mut self.pack);
        if role == BlobRole::Weights {
            pack.weights = Some(pack.manifest.verify_in_place(role, Array(bytes))?);
        } else {
            let blob = pack.manifest.verify_blob(role, bytes.to_vec())?;
            pack.blobs.insert(blob);
        }
        Ok(())
    }

    /// Builds the model on `backend` and runs the known-answer test. May be called again, for the other backend.
    ///
    /// # Errors
    /// Rejects with the code of what is wrong with the files; `backendUnavailable` if the backend is not there or gives
    /// another answer than the manifest says; `deviceLost` if it failed while computing.
    #[wasm_bindgen(unchecked_return_type = "Promise<Engine>")]
    pub fn load(
        &self,
        #[wasm_bindgen(unchecked_param_type = "\"webgpu\" | \"wasm\"")] backend: &str,
    ) -> Promise {
        let (pack, backend) = (self.pack.clone(), parse(backend));
        future_to_promise(async move {
            let backend = backend.ok_or_else(|| bad_request("Unknown backend."))?;
            let device = match backend {
                Backend::Wasm => Device::Cpu,
                Backend::Webgpu if !has_webgpu() => {
                    return Err(Thrown::new(
                        ErrorCode::BackendUnavailable,
                        "There is no WebGPU here.",
                    )
                    .into());
                }
                Backend::Webgpu => webgpu_device().await.map_err(Thrown::from)?,
            };
            let completer = checked(build(&pack, &device)?, &pack.manifest).await?;
            let engine = Engine::new(
                completer,
                info(&pack.manifest),
                abilities(&pack.manifest),
                pack.manifest.manifest().base_sum(),
            )?;
            Ok(JsValue::from(engine))
        })
    }
}

/// Whether `navigator.gpu` exists. wgpu takes it for granted.
fn has_webgpu() -> bool {
    let property = |object: &JsValue, name: &str| js_sys::Reflect::get(object, &name.into()).ok();
    property(&js_sys::global(), "navigator")
        .and_then(|navigator| property(&navigator, "gpu"))
        .is_some_and(|gpu| gpu.is_object())
}

/// A name of the protocol, as its enum.
fn parse<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(name.into()).ok()
}

fn info(manifest: &VerifiedManifest) -> Info {
    let manifest = manifest.manifest();
    Info {
        model: manifest.name.clone(),
        version: manifest.version,
        parameters: manifest.parameters,
        context_tokens: manifest.context_tokens,
    }
}

fn abilities(manifest: &VerifiedManifest) -> Abilities {
    let assist = manifest.manifest().assist;
    Abilities {
        is_instruction_tuned: assist.is_instruction_tuned,
        is_abstractive: assist.is_abstractive,
    }
}

fn build(pack: &Pack, device: &Device) -> Result<LlamaCompleter, Thrown> {
    let weights = pack.weights.clone();
    let manifest = pack.manifest.manifest();
    Ok(load_completer(
        pack.blobs.get(BlobRole::Config)?.bytes(),
        pack.blobs.get(BlobRole::Tokenizer)?.bytes(),
        weights.ok_or(PackError::BlobMissing(BlobRole::Weights))?,
        manifest.context_tokens as usize,
        manifest.suggestion.clone(),
        device,
    )?)
}

/// The completer, if its model answers as the manifest says.
async fn checked(
    mut completer: LlamaCompleter,
    manifest: &VerifiedManifest,
) -> Result<LlamaCompleter, Thrown> {
    let expected = &manifest.manifest().known_answer;
    let answer = greedy_tokens(
        completer.decoder_mut(),
        &expected.prompt_ids,
        expected.greedy_ids.len(),
    )
    .await;
    let answer = answer.map_err(|error| CompleteError::<LmError, TokenizerError>::from(error))?;
    if answer
        .iter()
        .map(|step| step.id)
        .eq(expected.greedy_ids.iter().copied())
    {
        Ok(completer)
    } else {
        Err(Thrown::new(
            ErrorCode::BackendUnavailable,
            "The backend gave a wrong answer to the known-answer test.",
        ))
    }
}
