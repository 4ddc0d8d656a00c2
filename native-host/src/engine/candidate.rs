//! Where a model could run, in the order in which that is tried.

use std::collections::BTreeMap;
use std::path::Path;

use ort::ep::{self, ExecutionProvider as _};
use ort::memory::DeviceType;
use ort::session::builder::{AutoDevicePolicy, SessionBuilder};
use sotto_core::pack::Graph;

use super::placement::NO_FALLBACK;
use super::runtime::Plugin;
use super::source::ModelSource;
use super::{EngineError, ONNX_RUNTIME_VERSION, Runtime};
use crate::compiled::Binding;
use crate::providers::Provider;

/// Name of ONNX Runtime's own provider.
pub(crate) const CPU_PROVIDER: &str = "CPUExecutionProvider";

/// Session option that makes weights plain floats while loading: QNN's compiler takes no DequantizeLinear on weights alone, and
/// the CPU's would round activations, too.
pub(crate) const UNPACK: (&str, &str) = ("session.disable_quant_qdq", "1");

/// Session option for products of unsigned activations with signed weights: where a processor's instructions would overflow,
/// ONNX Runtime makes the weights unsigned.
const NO_OVERFLOW: (&str, &str) = ("session.x64quantprecision", "1");

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// As in the settings: `npu0`, `npu1`, ..., `coreml`, `directml`, `openvino`.
    pub id: String,
    /// For people.
    pub label: String,
    /// The execution provider.
    pub provider: String,
    /// Its version: one that crashed gets another chance when this changes.
    pub version: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// A device of a provider that was registered as a plugin.
    Plugin {
        /// Its place in the list of all devices.
        index: usize,
        /// As the user gave them.
        options: BTreeMap<String, String>,
        /// What it is, for telling one from another.
        device: String,
    },
    CoreMl,
    DirectMl,
    OpenVino,
    /// The library of a plugin itself, before anything is known of its devices.
    Library,
}

/// Everything but the CPU that `runtime` may know, best first: NPUs of plugins, then what the platform has built in.
pub(crate) fn accelerators(runtime: &Runtime) -> Vec<Candidate> {
    let devices: Vec<_> = runtime.environment().devices().collect();
    let mut candidates = Vec::new();
    for plugin in runtime.plugins() {
        let Plugin {
            provider,
            devices: range,
        } = plugin;
        for index in range.clone() {
            let Some(device) = devices.get(index) else {
                continue;
            };
            let hardware = device.hardware_device();
            if hardware.ty() != DeviceType::NPU && !provider.any_device {
                continue;
            }
            let ep = device.ep().unwrap_or_default();
            candidates.push(Candidate {
                id: format!("npu{}", candidates.len()),
                label: label(hardware.vendor().unwrap_or_default(), hardware.ty(), ep),
                provider: ep.to_owned(),
                version: provider.version(),
                kind: Kind::Plugin {
                    index,
                    options: provider.options.clone(),
                    device: format!(
                        "{} {:?} {}",
                        hardware.vendor().unwrap_or_default(),
                        hardware.ty(),
                        hardware.id()
                    ),
                },
            });
        }
    }
    let built_in = |id: &str, label: &str, provider: &str, kind| Candidate {
        id: id.to_owned(),
        label: label.to_owned(),
        provider: provider.to_owned(),
        version: ONNX_RUNTIME_VERSION.to_owned(),
        kind,
    };
    // A build of ONNX Runtime has some of these, and none in the one for Linux.
    let is_built_in = |provider: ort::Result<bool>| provider.unwrap_or(false);
    if cfg!(target_os = "macos") && is_built_in(ep::CoreML::is_available()) {
        candidates.push(built_in(
            "coreml",
            "Apple Neural Engine",
            "CoreMLExecutionProvider",
            Kind::CoreMl,
        ));
    }
    if cfg!(windows) && is_built_in(ep::DirectML::is_available()) {
        candidates.push(built_in(
            "directml",
            "DirectML",
            "DmlExecutionProvider",
            Kind::DirectMl,
        ));
    }
    if is_built_in(ep::OpenVINO::is_available()) {
        candidates.push(built_in(
            "openvino",
            "Intel NPU",
            "OpenVINOExecutionProvider",
            Kind::OpenVino,
        ));
    }
    candidates
}

/// What to call a device. One that is no NPU was allowed by the user all the same, so its provider tells more than its make.
fn label(vendor: &str, ty: DeviceType, ep: &str) -> String {
    let label = match ty {
        DeviceType::NPU => format!("{vendor} NPU"),
        DeviceType::GPU => format!("{vendor} GPU ({ep})"),
        _ => format!("{vendor} CPU ({ep})"),
    };
    label.trim().to_owned()
}

impl Candidate {
    /// A plugin that is about to be loaded.
    pub(crate) fn library(provider: &Provider) -> Self {
        Self {
            id: String::new(),
            label: provider.name.clone(),
            provider: provider.name.clone(),
            version: provider.version(),
            kind: Kind::Library,
        }
    }

    /// What a compiled form of `graph` depends on here. None for what the platform's build brings: those providers keep
    /// nothing that could be taken back, or keep it by themselves.
    pub(crate) fn binding(&self, source: &impl ModelSource, graph: &Graph) -> Option<Binding> {
        let Kind::Plugin {
            options, device, ..
        } = &self.kind
        else {
            return None;
        };
        Some(Binding {
            model: source.manifest().name.clone(),
            manifest: source.identity(),
            graph: graph.name.clone(),
            provider: self.provider.clone(),
            provider_version: self.version.clone(),
            device: device.clone(),
            options: options.clone(),
            onnx_runtime: ONNX_RUNTIME_VERSION.to_owned(),
        })
    }

    /// A session builder for this place, which fails rather than to let the CPU do a part. What is compiled is also written
    /// to `left_in`, a file that must not be there yet.
    pub(crate) fn builder(
        &self,
        runtime: &Runtime,
        left_in: Option<&Path>,
    ) -> Result<SessionBuilder, EngineError> {
        let mut builder = base(runtime)?
            .with_config_entry(NO_FALLBACK.0, NO_FALLBACK.1)
            .map_err(EngineError::build("forbidding the fallback"))?
            .with_config_entry(UNPACK.0, UNPACK.1)
            .map_err(EngineError::build("unpacking the weights"))?;
        if let Some(path) = left_in.and_then(Path::to_str) {
            // By these options and not by the compile API, which leaves the graph as it is: then weights are not unpacked.
            let entries = [
                ("ep.context_enable", "1"),
                ("ep.context_embed_mode", "1"),
                ("ep.context_file_path", path),
            ];
            for (key, value) in entries {
                builder = builder
                    .with_config_entry(key, value)
                    .map_err(EngineError::build("leaving the compiled graph"))?;
            }
        }
        let chosen = match &self.kind {
            Kind::Plugin { index, options, .. } => {
                let device = runtime.environment().devices().nth(*index);
                let prefixed: Vec<(String, String)> = options
                    .iter()
                    .map(|(key, value)| (format!("{}.{key}", self.provider), value.clone()))
                    .collect();
                builder.with_devices(device, Some(&prefixed))
            }
            Kind::Library => return Err(EngineError::NoGraph("a library")),
            Kind::CoreMl => builder.with_execution_providers([ep::CoreML::default()
                .with_compute_units(ep::coreml::ComputeUnits::CPUAndNeuralEngine)
                .build()
                .error_on_failure()]),
            Kind::DirectMl => builder
                .with_execution_providers([ep::DirectML::default().build().error_on_failure()]),
            Kind::OpenVino => builder.with_execution_providers([ep::OpenVINO::default()
                .with_device_type("NPU")
                .build()
                .error_on_failure()]),
        };
        chosen.map_err(EngineError::build("choosing the device"))
    }
}

/// A session builder for the CPU, and for nothing else.
pub(crate) fn cpu_builder(
    runtime: &Runtime,
    threads: usize,
) -> Result<SessionBuilder, EngineError> {
    // By name: a plugin's emulator also calls itself a CPU, and a policy that prefers CPUs would take that one.
    let devices = runtime.environment().devices();
    let own = devices.filter(|device| device.ep().is_ok_and(|ep| ep == CPU_PROVIDER));
    let mut builder = base(runtime)?;
    if overflows() {
        builder = builder
            .with_config_entry(NO_OVERFLOW.0, NO_OVERFLOW.1)
            .map_err(EngineError::build("asking for whole products"))?;
    }
    builder
        .with_devices(own, None)
        .map_err(EngineError::build("choosing the CPU"))?
        .with_intra_threads(threads)
        .map_err(EngineError::build("setting threads"))?
        .with_inter_threads(1)
        .map_err(EngineError::build("setting threads"))
}

/// Whether this processor adds pairs of products of bytes in 16 bits, which may overflow: x86-64 from before VNNI. ONNX
/// Runtime's own test for it also says so of processors with a matrix unit, which would then be left unused.
fn overflows() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        !(is_x86_feature_detected!("avx512vnni") || is_x86_feature_detected!("avxvnni"))
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// ort's builder prefers an NPU by itself; nothing is chosen here that was not asked for.
fn base(runtime: &Runtime) -> Result<SessionBuilder, EngineError> {
    let record = super::placement::RECORD;
    SessionBuilder::new(runtime.environment())
        .map_err(EngineError::ort("making a session"))?
        .with_auto_device(AutoDevicePolicy::PreferCPU)
        .map_err(EngineError::build("choosing the device"))?
        .with_config_entry(record.0, record.1)
        .map_err(EngineError::build("recording the placement"))
}
