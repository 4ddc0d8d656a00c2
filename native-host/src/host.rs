//! The broker's surroundings: where things lie, and what to tell about them.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use sotto_core::pack::trusted_keys;
use sotto_core::protocol::{ErrorCode, HostEvent, HostRequest, HostStatus, WireError};
use tokio::fs::File;

use crate::broker::{Session, Surroundings, WorkerCommand, run};
use crate::caller::Caller;
use crate::cli;
use crate::cloud::Office;
use crate::compiled::{Statement, seal};
use crate::extension::is_ours;
use crate::hand_over::{self, BROWSER_MODEL};
use crate::models::{ModelStore, Origin, StorePaths, UpdateState};
use crate::personal::PersonalDesk;
use crate::personal::training::ChildCommand;
use crate::providers::{Provider, read_list};
use crate::quarantine::Quarantine;
use crate::update::{UpdateDesk, Updater, WorkerProof};
use crate::wire::frame::FrameError;
use crate::wire::stdout;
use crate::worker::LoadedEngine;

/// Address space that the worker needs beside the model: ONNX Runtime, its threads' stacks, the C library's arenas.
const BASE_MEMORY_MIB: u32 = 1_536;

/// How much address space a model takes for each byte of its files: the file itself, the weights as ONNX Runtime packs
/// them again, and the KV cache.
const MEMORY_PER_BYTE: u64 = 4;

/// Address space that providers for NPUs need beside their libraries: each of their threads reserves 72 MiB, stack and
/// arena of the C library, before it does anything.
const PROVIDERS_MEMORY_MIB: u32 = 2_048;

/// What compiling takes for each byte of the model: floats instead of 8-bit integers, in ONNX Runtime and in the compiler,
/// for two graphs.
const COMPILING_PER_BYTE: u64 = 16;

/// Serves the browser that started this process, until it closes the connection.
///
/// # Errors
/// Where the process cannot start at all. What goes wrong later is told to the browser.
pub fn serve(caller: &Caller) -> anyhow::Result<()> {
    let output = stdout::take()?;
    let paths = StorePaths::discover()?;
    let session = if is_ours(caller, &paths.home) {
        Session::default()
    } else {
        Session::refusing(WireError {
            code: ErrorCode::OriginRefused,
            message: "This host serves the Sotto extension only.".to_owned(),
            retryable: false,
        })
    };
    let quarantine = Quarantine::read(&paths.home.join("quarantine.json"));
    let surroundings = Host {
        program: std::env::current_exe()?,
        store: ModelStore::open(paths),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let served = runtime.block_on(run(
        tokio::io::stdin(),
        File::from_std(output),
        surroundings,
        session,
        quarantine,
    ));
    // Reading standard input happens on a thread that may still wait for the browser.
    runtime.shutdown_background();
    match served {
        Ok(()) => Ok(()),
        // The browser went away in the middle: no error of ours.
        Err(FrameError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The ceiling for a model of so many bytes on the processor alone, in MiB.
pub(crate) fn memory_for_model_mib(model_bytes: u64) -> u32 {
    BASE_MEMORY_MIB.saturating_add(mib(model_bytes.saturating_mul(MEMORY_PER_BYTE)))
}

fn mib(bytes: u64) -> u32 {
    u32::try_from(bytes / (1024 * 1024)).unwrap_or(u32::MAX)
}

struct Host {
    program: PathBuf,
    store: ModelStore,
}

impl Host {
    /// The ceiling for the model in use, in MiB.
    fn memory_limit_mib(&self) -> u32 {
        let model_bytes = self.store.resolve(None).map_or(0, |installed| {
            let blobs = installed.manifest().blobs.iter();
            blobs.map(|blob| u64::from(blob.bytes)).sum()
        });
        let limit = memory_for_model_mib(model_bytes);
        // A list that cannot be read is reported by the worker, which then uses none of them.
        let providers = read_list(&self.store.paths().home).unwrap_or_default();
        if providers.is_empty() {
            return limit;
        }
        let library_bytes: u64 = providers.iter().map(Provider::bytes).sum();
        limit
            .saturating_add(PROVIDERS_MEMORY_MIB)
            .saturating_add(mib(library_bytes))
            .saturating_add(mib(model_bytes * COMPILING_PER_BYTE))
    }
}

impl Host {
    /// The packs for the browser that updates brought. A candidate, too: the browser is who tries it.
    fn browser_packs(&self) -> Vec<PathBuf> {
        let paths = self.store.updates();
        let packs = UpdateState::load(&paths).packs;
        let held = packs.get(BROWSER_MODEL);
        held.into_iter()
            .flat_map(|pack| [pack.candidate, pack.active])
            .flatten()
            .map(|held| paths.pack(BROWSER_MODEL, held.version))
            .collect()
    }
}

impl Host {
    /// The pack that the browser uses, as far as is known here: what an update brought, or the one beside this program.
    fn browser_pack(&self) -> PathBuf {
        let paths = self.store.updates();
        let packs = UpdateState::load(&paths).packs;
        let active = packs.get(BROWSER_MODEL).and_then(|pack| pack.active);
        match active {
            Some(held) => paths.pack(BROWSER_MODEL, held.version),
            None => self.store.paths().browser_model(),
        }
    }
}

impl Surroundings for Host {
    fn worker_command(&self, quarantine: &Quarantine) -> WorkerCommand {
        let mut arguments = vec![
            "worker".to_owned(),
            "--memory-limit-mib".to_owned(),
            self.memory_limit_mib().to_string(),
        ];
        let keys = self.store.trusted(Origin::Imported).unwrap_or_default();
        if let Some(key) = keys.first() {
            arguments.extend(["--device-key".to_owned(), key.to_string()]);
        }
        for (provider, version) in quarantine.entries() {
            arguments.extend(["--quarantined".to_owned(), format!("{provider}@{version}")]);
        }
        WorkerCommand {
            program: self.program.clone(),
            arguments,
        }
    }

    fn office(&self) -> Option<Office> {
        Office::open(&self.store.paths().home).ok()
    }

    fn compiled(&self, statement: Statement) {
        if let Err(error) = seal(&self.store, statement) {
            // It is compiled again next time, and this is in the browser's log.
            cli::complain(&anyhow::Error::new(error).context("a compiled graph is not kept"));
        }
    }

    fn updates(&self) -> Option<UpdateDesk> {
        let worker = WorkerProof {
            program: self.program.clone(),
        };
        Some(UpdateDesk::new(
            Updater::new(self.store.clone()),
            Arc::new(worker),
        ))
    }

    fn personal(&self) -> Option<PersonalDesk> {
        let trainer = ChildCommand::own(&self.browser_pack()).ok()?;
        let mut bases = self.browser_packs();
        bases.push(self.store.paths().browser_model());
        let home = self.store.paths().home.clone();
        Some(PersonalDesk::new(home, trainer, bases))
    }

    fn pack(&self, request: HostRequest) -> HostEvent {
        hand_over::answer(request, &self.browser_packs(), &trusted_keys())
    }

    fn status(&self, loaded: Option<&LoadedEngine>) -> HostStatus {
        let installed = self.store.resolve(None);
        let (model, is_abstractive, trouble) = match &installed {
            Ok(installed) => {
                let manifest = installed.manifest();
                (
                    manifest.name.clone(),
                    manifest.assist.is_abstractive,
                    String::new(),
                )
            }
            Err(error) => (String::new(), false, error.to_string()),
        };
        HostStatus {
            model,
            is_abstractive,
            device: loaded
                .map(|engine| engine.device.clone())
                .unwrap_or_default(),
            reason: loaded.map_or(trouble, |engine| engine.reason.clone()),
            memory_limit_mib: self.memory_limit_mib(),
            sandbox: loaded
                .map(|engine| engine.sandbox.clone())
                .unwrap_or_default(),
            // The broker's to say.
            cloud: None,
        }
    }
}
