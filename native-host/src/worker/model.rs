//! The model in use, with everything that it needs to answer.

use std::error::Error;
use std::io::{self, Write as _};

use sotto_core::assist::{Abilities, Answer, Assistant, Env};
use sotto_core::decode::CachedDecoder;
use sotto_core::pack::{BlobRole, VerifiedBlob};
use sotto_core::protocol::{ChatMessage, PageText, SummaryLength, WireError};
use sotto_tokenizer::{HfTokenizer, Vocabulary};

use super::format::Format;
use super::{FromWorker, LoadedEngine, WorkerSettings};
use crate::compiled::{CompiledCache, Statement};
use crate::engine::{Candidate, Conditions, EngineError, ModelSource, OrtDecoder, Runtime, load};
use crate::models::{ChatTemplate, DecoderConfig, DeviceChoice, Installed, ModelStore, Settings};
use crate::providers::read_list;
use crate::quarantine::Quarantine;

/// Most threads: beyond that, a small model only waits for memory, and the browser wants the rest.
const MAX_THREADS: usize = 4;

/// ONNX Runtime with the user's providers. It lives once in a process, also if a model could not be loaded on it.
pub(crate) struct Started {
    runtime: Runtime,
    /// Why providers were left out, as sentences.
    refused: String,
}

/// A loaded model.
pub(crate) struct Model {
    cached: CachedDecoder<OrtDecoder>,
    tokenizer: HfTokenizer,
    format: Format,
    abilities: Abilities,
    end_ids: Vec<u32>,
    /// What runs where.
    pub(crate) description: LoadedEngine,
}

impl Model {
    /// Loads the model that the settings name; `note` is told what is being tried.
    pub(crate) fn load(
        settings: &WorkerSettings,
        started: &mut Option<Started>,
        note: impl FnMut(FromWorker),
    ) -> Result<Self, WireError> {
        let paths = settings.paths();
        let choice = Settings::load(&paths.settings()).settings;
        let store = ModelStore::vouched_by(paths, settings.device_key);
        let installed = store
            .resolve(choice.model.as_deref())
            .map_err(|error| WireError::new(&error))?;
        let mut conditions = Wishes {
            device: choice.device,
            quarantine: &settings.quarantine,
            cache: CompiledCache::new(&settings.home, settings.device_key),
            note,
        };
        let failed = match Self::build(settings, &installed, started, &mut conditions) {
            Ok(model) => return Ok(model),
            Err(error) => error,
        };
        // An update may fail later than at its trial: a damaged disk, other libraries. Then the version before answers, and says so.
        for other in store.stand_ins(&installed) {
            if let Ok(mut model) = Self::build(settings, &other, started, &mut conditions) {
                model.description.reason = format!(
                    "{name} version {version} cannot be used ({failed}), so version {older} answers. {reason}",
                    name = installed.manifest().name,
                    version = installed.manifest().version,
                    older = other.manifest().version,
                    reason = model.description.reason,
                );
                return Ok(model);
            }
        }
        Err(WireError::new(&failed))
    }

    /// Loads a pack on the processor alone, without the user's providers: that it gives its known answer is a part of loading.
    pub(super) fn try_on_cpu(
        settings: &WorkerSettings,
        installed: &Installed,
    ) -> Result<Self, EngineError> {
        let mut started = Some(Started {
            runtime: Runtime::start(&settings.program)?,
            refused: String::new(),
        });
        let mut conditions = Wishes {
            device: DeviceChoice::Cpu,
            quarantine: &settings.quarantine,
            cache: CompiledCache::new(&settings.home, settings.device_key),
            note: |_| (),
        };
        Self::build(settings, installed, &mut started, &mut conditions)
    }

    fn build(
        settings: &WorkerSettings,
        installed: &Installed,
        started: &mut Option<Started>,
        conditions: &mut impl Conditions,
    ) -> Result<Self, EngineError> {
        let manifest = installed.manifest();
        let optional = |role| {
            manifest
                .blob(role)
                .map(|blob| installed.blob(role, blob.name.as_deref()))
                .transpose()
        };
        let generation = optional(BlobRole::Generation)?;
        let config = DecoderConfig::from_json(
            installed.blob(BlobRole::Config, None)?.bytes(),
            generation.as_ref().map(VerifiedBlob::bytes),
        )?;
        let tokenizer_json = installed.blob(BlobRole::Tokenizer, None)?;
        let vocab_size = config.vocab_size as usize;
        let tokenizer = HfTokenizer::from_json(
            tokenizer_json.bytes(),
            Vocabulary {
                size: vocab_size,
                end_of_text: config.end_ids[0],
                is_exact: false,
            },
        )?;
        let format = match optional(BlobRole::Template)? {
            Some(template) => Format::Template(Box::new(ChatTemplate::from_pack(
                template.bytes(),
                &config,
                tokenizer_json.bytes(),
            )?)),
            None => Format::Plain,
        };
        let Started { runtime, refused } = match started {
            Some(started) => started,
            None => {
                let mut runtime = Runtime::start(&settings.program)?;
                let refused = register_providers(settings, &mut runtime, conditions);
                started.insert(Started { runtime, refused })
            }
        };
        let loaded = load(runtime, installed, vocab_size, threads(), conditions)?;
        Ok(Self {
            cached: CachedDecoder::new(loaded.decoder),
            tokenizer,
            format,
            abilities: Abilities {
                is_instruction_tuned: manifest.assist.is_instruction_tuned,
                is_abstractive: manifest.assist.is_abstractive,
            },
            end_ids: config.end_ids,
            description: LoadedEngine {
                model: manifest.name.clone(),
                device: loaded.device,
                reason: format!("{refused}{}", loaded.reason),
                sandbox: String::new(),
            },
        })
    }

    pub(crate) async fn summarize(
        &mut self,
        text: &str,
        length: SummaryLength,
        seed: u64,
        env: &mut impl Env,
    ) -> Result<Answer, WireError> {
        let mut assistant = self.assistant()?;
        let answer = assistant.summarize(text, length, seed, env).await;
        answer.map_err(|error| WireError::new(&error))
    }

    pub(crate) async fn chat(
        &mut self,
        messages: &[ChatMessage],
        page: Option<&PageText>,
        seed: u64,
        env: &mut impl Env,
    ) -> Result<Answer, WireError> {
        let mut assistant = self.assistant()?;
        let answer = assistant.chat(messages, page, seed, env).await;
        answer.map_err(|error| WireError::new(&error))
    }

    fn assistant(&mut self) -> Result<Assistant<'_, OrtDecoder, HfTokenizer, &Format>, WireError> {
        Assistant::new(
            &mut self.cached,
            &self.tokenizer,
            &self.format,
            self.abilities,
            self.end_ids.clone(),
        )
        .map_err(|error| WireError::new(&error))
    }
}

/// Registers what the user added; says why one is left out.
fn register_providers(
    settings: &WorkerSettings,
    runtime: &mut Runtime,
    conditions: &mut impl Conditions,
) -> String {
    let providers = match read_list(&settings.home) {
        Ok(providers) => providers,
        Err(error) => return format!("{error}. "),
    };
    let mut refused = String::new();
    for provider in providers {
        // Its code runs from the moment it is loaded, so a crash there counts, too.
        let candidate = Candidate::library(&provider);
        if conditions.is_quarantined(&candidate) {
            refused += &format!("{} crashed before. ", provider.name);
            continue;
        }
        conditions.trying(Some(&candidate));
        let registered = runtime.register(&provider);
        conditions.trying(None);
        if let Err(error) = registered {
            conditions.refused(&candidate, &error);
            refused += &format!("{}: {error}. ", provider.name);
        }
    }
    refused
}

/// Half of the cores: the other ones belong to the browser, and second threads of a core bring nothing.
fn threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / 2).clamp(1, MAX_THREADS)
}

/// What the user wishes and experience forbids.
struct Wishes<'a, N> {
    device: DeviceChoice,
    quarantine: &'a Quarantine,
    cache: CompiledCache,
    note: N,
}

impl<N: FnMut(FromWorker)> Conditions for Wishes<'_, N> {
    fn allows(&self, candidate: &Candidate) -> bool {
        match self.device {
            DeviceChoice::Auto => true,
            DeviceChoice::Cpu => false,
            DeviceChoice::Npu(number) => candidate.id == format!("npu{number}"),
        }
    }

    fn insists(&self, candidate: &Candidate) -> bool {
        self.device != DeviceChoice::Auto && self.allows(candidate)
    }

    fn is_quarantined(&self, candidate: &Candidate) -> bool {
        self.quarantine
            .holds(&candidate.provider, &candidate.version)
    }

    fn trying(&mut self, candidate: Option<&Candidate>) {
        (self.note)(match candidate {
            Some(candidate) => FromWorker::Trying {
                provider: candidate.provider.clone(),
                version: candidate.version.clone(),
            },
            None => FromWorker::Tried,
        });
    }

    fn cache(&self) -> Option<CompiledCache> {
        Some(self.cache.clone())
    }

    fn compiled(&mut self, statement: Statement) {
        let statement = Box::new(statement);
        (self.note)(FromWorker::Compiled { statement });
    }

    /// For the browser's log. Names of files and operators, no text: nothing but the known answer was computed yet.
    fn refused(&mut self, candidate: &Candidate, error: &EngineError) {
        let mut line = format!("sotto-host: {}", candidate.label);
        let mut next: Option<&dyn Error> = Some(error);
        while let Some(error) = next {
            line += &format!(": {error}");
            next = error.source();
        }
        // Vendors write paragraphs. Where even this fails, nobody listens.
        let words: Vec<&str> = line.split_whitespace().collect();
        let _ = writeln!(io::stderr(), "{}", words.join(" "));
    }
}
