//! Releases made on the spot, and a device that updates from them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ed25519_dalek::{Signer as _, SigningKey};
use jiff::{SignedDuration, Timestamp};
use sotto_core::pack::{
    Assist, Blob, BlobRole, FORMAT, Graph, GraphDevice, GraphShape, KnownAnswer, Manifest,
    Precision, Quantization, Runtime, sha256, signed_bytes,
};
use sotto_core::suggestion::SuggestionSettings;
use sotto_host::models::{ModelStore, SHIPPED_MODEL, StorePaths, UpdatePaths, UpdateState};
use sotto_host::update::{Outcome, Plan, Prove, UpdateError, Updater, Verdict};
use sotto_release::{Expiries, Key, Options, Report, Roles, Signers, release, write_root};
use tempfile::TempDir;

/// Length of the weights in these packs, in bytes: several pieces of a transfer.
pub(crate) const WEIGHTS_BYTES: usize = 600_000;

/// Everything of one test.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) keys: Keys,
}

/// All keys of a repository.
pub(crate) struct Keys {
    pub(crate) root: Vec<Key>,
    pub(crate) targets: Vec<Key>,
    pub(crate) snapshot: Key,
    pub(crate) timestamp: Key,
}

impl Keys {
    pub(crate) fn generate() -> Self {
        let key = || Key::generate().expect("a key");
        Self {
            root: (0..3).map(|_| key()).collect(),
            targets: (0..3).map(|_| key()).collect(),
            snapshot: key(),
            timestamp: key(),
        }
    }

    /// Root and targets: two of three.
    pub(crate) fn roles(&self) -> Roles {
        let public = |keys: &[Key]| keys.iter().map(Key::public).collect();
        Roles {
            root: (public(&self.root), 2),
            targets: (public(&self.targets), 2),
            snapshot: (vec![self.snapshot.public()], 1),
            timestamp: (vec![self.timestamp.public()], 1),
        }
    }

    pub(crate) fn signers(&self) -> Signers {
        Signers {
            targets: self.targets[..2].to_vec(),
            snapshot: vec![self.snapshot.clone()],
            timestamp: vec![self.timestamp.clone()],
        }
    }
}

impl World {
    /// Version 1 came with the program; a release folder with a root and nothing else.
    pub(crate) fn new() -> Self {
        let world = Self {
            folder: tempfile::tempdir().expect("a folder"),
            keys: Keys::generate(),
        };
        for folder in [world.home(), world.out()] {
            fs::create_dir_all(folder).expect("made");
        }
        world.make_pack(1, &world.shipped().join(SHIPPED_MODEL));
        world.write_root(&world.keys);
        world
    }

    /// As [`Self::new`], with version 2 released and the device told where.
    pub(crate) fn with_update() -> Self {
        let world = Self::new();
        world.release(&[2]);
        world.set_source();
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path("home")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.path("release")
    }

    fn shipped(&self) -> PathBuf {
        self.path("models")
    }

    pub(crate) fn metadata(&self, name: &str) -> PathBuf {
        self.out().join("metadata").join(name)
    }

    pub(crate) fn write_root(&self, keys: &Keys) {
        let expires = Timestamp::now() + SignedDuration::from_hours(24 * 365);
        write_root(&self.out(), &keys.roles(), 1, expires, &keys.root).expect("a root");
    }

    pub(crate) fn options(&self, versions: &[u32]) -> Options {
        let pack = |version: &u32| {
            let dir = self.path(&format!("packs/{version}"));
            if !dir.exists() {
                self.make_pack(*version, &dir);
            }
            dir
        };
        Options {
            out: self.out(),
            packs: versions.iter().map(pack).collect(),
            from: vec![self.shipped().join(SHIPPED_MODEL)],
            expiries: Expiries::default(),
            now: Timestamp::now(),
        }
    }

    /// Releases these versions of the pack, one after the other.
    pub(crate) fn release(&self, versions: &[u32]) -> Report {
        let (last, before) = versions.split_last().expect("a version");
        for version in before {
            self.release_with(&self.options(&[*version]));
        }
        self.release_with(&self.options(&[*last]))
    }

    pub(crate) fn release_with(&self, options: &Options) -> Report {
        release(options, &self.keys.signers()).expect("a release")
    }

    pub(crate) fn store(&self) -> ModelStore {
        ModelStore::open(StorePaths {
            home: self.home(),
            shipped: self.shipped(),
        })
    }

    pub(crate) fn paths(&self) -> UpdatePaths {
        UpdatePaths::new(&self.home())
    }

    pub(crate) fn updater(&self) -> Updater {
        Updater::new(self.store())
    }

    pub(crate) fn set_source(&self) {
        let source = self.out().to_string_lossy().into_owned();
        let root = self.metadata("1.root.json");
        self.updater()
            .set_source(&source, Some(&root))
            .expect("a source");
    }

    pub(crate) fn check(&self) -> Result<Plan, UpdateError> {
        self.updater().check(&[SHIPPED_MODEL.to_owned()])
    }

    /// Checks and applies; the new model gives its known answer.
    pub(crate) fn update(&self) -> Result<Outcome, UpdateError> {
        self.update_with(&Says(Verdict::Good))
    }

    pub(crate) fn update_with(&self, prove: &dyn Prove) -> Result<Outcome, UpdateError> {
        let plan = self.check()?;
        self.updater().apply(&plan, prove, false, &mut |_| true)
    }

    /// The version that answers. Every byte of it is verified.
    pub(crate) fn version(&self) -> u32 {
        let pack = self.store().resolve(None).expect("a model");
        pack.verify_all().expect("a whole model");
        pack.manifest().version
    }

    /// An attack failed: nothing of it is on the device, and the version that was there answers.
    #[track_caller]
    pub(crate) fn is_untouched(&self, version: u32) {
        assert_eq!(self.version(), version);
        let state = UpdateState::load(&self.paths());
        let active = state.packs.get(SHIPPED_MODEL).and_then(|pack| pack.active);
        assert_eq!(active.map_or(1, |held| held.version), version);
        let held = self.paths().pack(SHIPPED_MODEL, version);
        let entries = |folder: PathBuf| {
            let all = fs::read_dir(folder).into_iter().flatten().flatten();
            all.map(|entry| entry.path())
        };
        for path in entries(self.paths().installed()) {
            let is_known = path == held || path == self.paths().state();
            assert!(is_known, "{}", path.display());
        }
        assert_eq!(entries(self.paths().partial()).count(), 0);
        // What was good of it may wait for another try.
        for pack in entries(self.paths().all_staging()) {
            assert!(!pack.join("manifest.json").exists());
            for blob in entries(pack.join("blobs")) {
                let sum = sha256(&fs::read(&blob).expect("a blob")).to_string();
                assert_eq!(blob.file_name().and_then(|name| name.to_str()), Some(&*sum));
            }
        }
    }

    /// Runs the real program.
    pub(crate) fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let program = self.path("sotto-host");
        if !program.exists() {
            let built = env!("CARGO_BIN_EXE_sotto-host");
            fs::hard_link(built, &program)
                .or_else(|_| fs::copy(built, &program).map(|_| ()))
                .expect("the program");
        }
        Command::new(program)
            .args(arguments)
            .env("SOTTO_HOME", self.home())
            .env_remove("SOTTO_TEST_STOP_AT")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .expect("the program starts")
    }

    fn make_pack(&self, version: u32, dir: &Path) {
        make_pack(dir, SHIPPED_MODEL, version, |_| ());
    }
}

/// A trial that ends so.
pub(crate) struct Says(pub(crate) Verdict);

impl Prove for Says {
    fn prove(&self, _: &Path, _: u64) -> Verdict {
        self.0.clone()
    }
}

/// A trial that must not happen.
pub(crate) struct Never;

impl Prove for Never {
    fn prove(&self, pack: &Path, _: u64) -> Verdict {
        panic!("{} must not be loaded", pack.display());
    }
}

/// Numbers that look random and are the same every time.
pub(crate) fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..bytes)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect()
}

/// A pack of this version: the tokenizer is the same in all of them, of the weights each version changes a little.
pub(crate) fn make_pack(dir: &Path, name: &str, version: u32, edit: impl FnOnce(&mut Manifest)) {
    let mut weights = noise(7, WEIGHTS_BYTES);
    for (at, byte) in weights.iter_mut().enumerate() {
        if at % 97 == 0 {
            *byte = byte.wrapping_add(version as u8);
        }
    }
    let config = format!("{{\"version\": {version}}}");
    let files: [(BlobRole, Option<&str>, Vec<u8>); 4] = [
        (BlobRole::Config, None, config.into_bytes()),
        (BlobRole::Tokenizer, None, noise(1, 20_000)),
        (BlobRole::Graph, Some("cpu.onnx"), noise(2, 5_000)),
        (BlobRole::Data, Some("int8.data"), weights),
    ];
    let blobs = dir.join("blobs");
    fs::create_dir_all(&blobs).expect("made");
    let blob = |(role, name, bytes): &(BlobRole, Option<&str>, Vec<u8>)| {
        let sum = sha256(bytes);
        fs::write(blobs.join(sum.to_string()), bytes).expect("written");
        Blob {
            role: *role,
            name: name.map(Into::into),
            sha256: sum,
            bytes: u32::try_from(bytes.len()).expect("short"),
        }
    };
    let graph = Graph {
        name: "cpu.onnx".into(),
        shape: GraphShape::Gqa,
        precision: Precision::Int8,
        tokens: 0,
        device: GraphDevice::Cpu,
        data: vec!["int8.data".into()],
    };
    let mut manifest = Manifest {
        format: FORMAT,
        name: name.into(),
        version,
        license: "CC0-1.0".into(),
        architecture: "llama".into(),
        runtime: Runtime::Onnx,
        quantization: Quantization::Int8,
        parameters: 1,
        context_tokens: 512,
        blobs: files.iter().map(blob).collect(),
        graphs: vec![graph],
        assist: Assist::default(),
        known_answer: KnownAnswer {
            prompt_ids: vec![1],
            greedy_ids: vec![2],
        },
        suggestion: SuggestionSettings::default(),
    };
    edit(&mut manifest);
    sign_pack(dir, &manifest, &development_key());
}

pub(crate) fn sign_pack(dir: &Path, manifest: &Manifest, key: &SigningKey) {
    let json = serde_json::to_vec(manifest).expect("JSON");
    let signature = key.sign(&signed_bytes(&json)).to_bytes();
    fs::write(dir.join("manifest.json"), &json).expect("written");
    fs::write(dir.join("manifest.sig"), signature).expect("written");
}

pub(crate) fn development_key() -> SigningKey {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/pack/dev-signing-key.hex");
    let text = fs::read_to_string(file).expect("the development key");
    let digits = text
        .lines()
        .find(|line| !line.starts_with('#'))
        .expect("a key");
    let seed: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("digits"))
        .collect();
    SigningKey::from_bytes(&seed.try_into().expect("32 bytes"))
}

/// The text of a process.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
