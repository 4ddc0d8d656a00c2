//! Packs made on the spot, signed with the development key.

use std::fs;
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signer as _, SigningKey};
use sotto_core::pack::{
    Assist, Blob, BlobRole, FORMAT, Graph, KnownAnswer, Manifest, Quantization, Runtime, sha256,
    signed_bytes, trusted_keys,
};
use sotto_core::suggestion::SuggestionSettings;
use sotto_host::models::{Installed, Origin};

/// A pack of one graph (or of a pair of static ones beside it), signed with the development key.
pub(crate) struct Pack {
    folder: PathBuf,
    pub(crate) manifest: Manifest,
}

impl Pack {
    /// Copies `graphs` (a file, and what it is) with their data, and the configuration with the tokenizer beside it, into
    /// `folder`.
    pub(crate) fn new(
        folder: &Path,
        configuration: &Path,
        graphs: &[(PathBuf, Graph)],
        known_answer: KnownAnswer,
    ) -> Self {
        let mut this = Self {
            folder: folder.to_owned(),
            manifest: Manifest {
                format: FORMAT,
                name: "fixture".into(),
                version: 1,
                license: "CC0-1.0".into(),
                architecture: "llama".into(),
                runtime: Runtime::Onnx,
                quantization: Quantization::None,
                parameters: 1,
                context_tokens: 512,
                blobs: vec![],
                graphs: graphs.iter().map(|(_, graph)| graph.clone()).collect(),
                assist: Assist::default(),
                known_answer,
                suggestion: SuggestionSettings::default(),
            },
        };
        this.add(BlobRole::Config, None, configuration);
        // Where there is none, nobody reads it.
        let tokenizer = configuration.with_file_name("tokenizer.json");
        let is_there = tokenizer.is_file();
        let tokenizer = if is_there { &tokenizer } else { configuration };
        this.add(BlobRole::Tokenizer, None, tokenizer);
        let mut data: Vec<(String, PathBuf)> = vec![];
        for (file, graph) in graphs {
            this.add(BlobRole::Graph, Some(&graph.name), file);
            data.extend(
                graph
                    .data
                    .iter()
                    .map(|name| (name.clone(), file.with_file_name(name))),
            );
        }
        data.sort();
        data.dedup();
        for (name, file) in data {
            this.add(BlobRole::Data, Some(&name), &file);
        }
        this
    }

    fn add(&mut self, role: BlobRole, name: Option<&str>, file: &Path) {
        let bytes = fs::read(file).expect("a file of the fixture");
        let sum = sha256(&bytes);
        let folder = self.folder.join("blobs");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(sum.to_string()), &bytes).expect("written");
        self.manifest.blobs.push(Blob {
            role,
            name: name.map(Into::into),
            sha256: sum,
            bytes: u32::try_from(bytes.len()).expect("below 4 GiB"),
        });
    }

    /// Signs it and opens it again.
    pub(crate) fn sign(&self) -> Installed {
        let file = fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/pack/dev-signing-key.hex"),
        );
        let file = file.expect("the development key");
        let seed = file
            .lines()
            .find(|line| !line.starts_with('#'))
            .expect("a key");
        let seed: Vec<u8> = (0..32)
            .map(|at| u8::from_str_radix(&seed[2 * at..2 * at + 2], 16).expect("hexadecimal"))
            .collect();
        let key = SigningKey::from_bytes(&seed.try_into().expect("32 bytes"));
        let json = serde_json::to_vec(&self.manifest).expect("JSON");
        let signature = key.sign(&signed_bytes(&json)).to_bytes();
        fs::write(self.folder.join("manifest.json"), &json).expect("written");
        fs::write(self.folder.join("manifest.sig"), signature).expect("written");
        open(&self.folder)
    }
}

/// Opens a pack that was made before.
pub(crate) fn open(folder: &Path) -> Installed {
    Installed::open(folder, Origin::Imported, &trusted_keys()).expect("a good pack")
}
