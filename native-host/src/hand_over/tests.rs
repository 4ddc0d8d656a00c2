use std::fs;

use ed25519_dalek::{Signer as _, SigningKey};
use sotto_core::pack::{
    Assist, Blob, BlobRole, FORMAT, KnownAnswer, Manifest, Quantization, signed_bytes,
};
use tempfile::TempDir;

use super::*;

const CHUNK: usize = PACK_CHUNK_BYTES as usize;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn trusted() -> [PublicKey; 1] {
    [PublicKey::from_bytes(key().verifying_key().to_bytes())]
}

/// A pack whose weights are one whole chunk and a bit.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new(name: &str, runtime: Runtime, version: u32) -> Self {
        let this = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let files = [
            (BlobRole::Config, b"{}".to_vec()),
            (BlobRole::Tokenizer, b"tokens".to_vec()),
            (BlobRole::Weights, Self::weights()),
        ];
        fs::create_dir(this.path().join("blobs")).unwrap();
        let blobs = files.map(|(role, bytes)| {
            let hash = sha256(&bytes);
            fs::write(this.path().join("blobs").join(hash.to_string()), &bytes).unwrap();
            Blob {
                role,
                name: None,
                sha256: hash,
                bytes: bytes.len() as u32,
            }
        });
        let manifest = Manifest {
            format: FORMAT,
            name: name.into(),
            version,
            license: "CC0-1.0".into(),
            architecture: "llama".into(),
            runtime,
            quantization: Quantization::Int8,
            parameters: 1,
            context_tokens: 64,
            blobs: blobs.into(),
            graphs: vec![],
            assist: Assist::default(),
            known_answer: KnownAnswer {
                prompt_ids: vec![1],
                greedy_ids: vec![2],
            },
            suggestion: Default::default(),
        };
        let json = serde_json::to_vec(&manifest).unwrap();
        let signature = key().sign(&signed_bytes(&json)).to_bytes();
        fs::write(this.path().join("manifest.json"), json).unwrap();
        fs::write(this.path().join("manifest.sig"), signature).unwrap();
        this
    }

    fn weights() -> Vec<u8> {
        (0..CHUNK + 5).map(|at| (at % 251) as u8).collect()
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn ask(&self, request: HostRequest) -> HostEvent {
        answer(request, &[self.path().into()], &trusted())
    }

    fn offered(&self, newer_than: u32) -> Option<PackOffer> {
        match self.ask(HostRequest::OfferPack { id: 1, newer_than }) {
            HostEvent::PackOffer { id: 1, offer } => offer,
            other => panic!("{other:?}"),
        }
    }

    fn read(&self, version: u32, file: String, index: u32) -> Result<PackChunk, ErrorCode> {
        let part = PackPart {
            version,
            file,
            index,
        };
        match self.ask(HostRequest::ReadPack { id: 2, part }) {
            HostEvent::PackChunk { id: 2, chunk } => Ok(chunk),
            HostEvent::Error { id: 2, error } => Err(error.code),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_newer_pack_is_offered_as_it_was_signed() {
    let bench = Bench::new(BROWSER_MODEL, Runtime::Burn, 3);
    let offer = bench.offered(2).unwrap();
    assert_eq!(offer.version, 3);
    let json = fs::read(bench.path().join("manifest.json")).unwrap();
    assert_eq!(offer.manifest.as_bytes(), json);
    assert_eq!(offer.signature.len(), 128);
    assert_eq!(bench.offered(3), None, "no newer one");
}

#[test]
fn the_newest_of_several_counts() {
    let [old, new] = [3, 4].map(|version| Bench::new(BROWSER_MODEL, Runtime::Burn, version));
    let folders = [new.path().to_owned(), old.path().to_owned()];
    let request = HostRequest::OfferPack {
        id: 1,
        newer_than: 1,
    };
    let HostEvent::PackOffer { offer, .. } = answer(request, &folders, &trusted()) else {
        panic!("no offer");
    };
    assert_eq!(offer.unwrap().version, 4);
}

#[test]
fn chunks_put_together_are_the_file() {
    let bench = Bench::new(BROWSER_MODEL, Runtime::Burn, 3);
    let file = sha256(&Bench::weights()).to_string();
    let mut whole = Vec::new();
    for index in 0..2 {
        let chunk = bench.read(3, file.clone(), index).unwrap();
        let bytes = STANDARD.decode(chunk.data).unwrap();
        assert_eq!(
            (chunk.index, chunk.sha256),
            (index, sha256(&bytes).to_string())
        );
        whole.extend(bytes);
    }
    assert_eq!(whole, Bench::weights());
    assert_eq!(
        bench.read(3, file, 2),
        Err(ErrorCode::PackBlobMissing),
        "it has no third"
    );
}

#[test]
fn nothing_is_read_that_the_manifest_does_not_name() {
    let bench = Bench::new(BROWSER_MODEL, Runtime::Burn, 3);
    fs::write(bench.path().join("blobs/other"), "secret").unwrap();
    for file in ["other", "../manifest.json", "", "/etc/passwd"] {
        assert_eq!(
            bench.read(3, file.into(), 0),
            Err(ErrorCode::PackBlobMissing),
            "{file}"
        );
    }
    let config = sha256(b"{}").to_string();
    assert!(bench.read(3, config.clone(), 0).is_ok());
    assert_eq!(
        bench.read(2, config.clone(), 0),
        Err(ErrorCode::PackBlobMissing),
        "another version"
    );
    assert_eq!(
        bench.read(3, config, u32::MAX),
        Err(ErrorCode::PackBlobMissing)
    );
}

#[test]
fn a_pack_that_does_not_verify_or_is_for_another_engine_is_not_offered() {
    let bench = Bench::new(BROWSER_MODEL, Runtime::Burn, 3);
    let manifest = bench.path().join("manifest.json");
    let json = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, json.replace("\"version\":3", "\"version\":9")).unwrap();
    assert_eq!(bench.offered(0), None);
    assert_eq!(Bench::new("another", Runtime::Burn, 3).offered(0), None);
    let folder = tempfile::tempdir().unwrap();
    let request = HostRequest::OfferPack {
        id: 1,
        newer_than: 0,
    };
    let nowhere = answer(request, &[folder.path().into()], &trusted());
    assert_eq!(nowhere, HostEvent::PackOffer { id: 1, offer: None });
}
