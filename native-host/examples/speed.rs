//! Speed and memory of one graph: `scripts/bench host` runs it once to make a pack and once, in a fresh process, to measure.
//!
//!     speed make FOLDER PRECISION PACK    a pack of FOLDER/cpu-PRECISION.onnx
//!     speed run LIBRARY PACK IDS          LIBRARY: folder of ONNX Runtime; IDS: model.json. One line of JSON.
//!
//! Speeds are per second of processor time. It is one thread that computes, so on an idle machine that is the time on the wall;
//! on a busy one it is what the wall would have shown.

#![allow(clippy::print_stdout, reason = "its output is its purpose")]

#[path = "../tests/common/pack.rs"]
mod pack;

use std::fs;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::process::Command;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use sotto_core::decode::Decoder as _;
use sotto_core::pack::{Graph, GraphDevice, GraphShape, KnownAnswer, Precision};
use sotto_host::broker::large_pages;
use sotto_host::engine::{Candidate, Conditions, EngineError, Runtime, load};

/// Runs of each measurement; the fastest counts, because everything else that happens can only slow one down.
const RUNS: usize = 5;

/// Single-token steps of a run.
const STEPS: usize = 32;

/// What a made-up model says about itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ids {
    vocab: usize,
    prompt_ids: Vec<u32>,
    greedy_ids: Vec<u32>,
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["make", folder, precision, target] => {
            make(Path::new(folder), precision, Path::new(target))
        }
        ["run", library, pack, ids] => match large_pages() {
            // The C library reads it once, when a process begins: as the worker begins, so does this.
            Some((name, value)) => again(&arguments, name, value),
            None => run(Path::new(library), Path::new(pack), Path::new(ids)),
        },
        _ => bail!("see the head of this file"),
    }
}

/// This program with one variable more.
fn again(arguments: &[&str], name: &str, value: &str) -> anyhow::Result<()> {
    let status = Command::new(std::env::current_exe()?)
        .args(arguments)
        .env(name, value)
        .status()?;
    if !status.success() {
        bail!("the measurement ended with {status}");
    }
    Ok(())
}

fn make(folder: &Path, precision: &str, target: &Path) -> anyhow::Result<()> {
    let name = format!("cpu-{precision}.onnx");
    let graph = Graph {
        name: name.clone(),
        shape: GraphShape::Gqa,
        precision: match precision {
            "f32" => Precision::F32,
            "int8" => Precision::Int8,
            "int4" => Precision::Int4,
            _ => bail!("unknown precision"),
        },
        tokens: 0,
        device: GraphDevice::Cpu,
        data: vec![format!("{precision}.data")],
    };
    fs::create_dir_all(target)?;
    pack::Pack::new(
        target,
        &folder.join("model.json"),
        &[(folder.join(name), graph)],
        KnownAnswer::default(),
    )
    .sign();
    Ok(())
}

fn run(library: &Path, folder: &Path, ids: &Path) -> anyhow::Result<()> {
    let ids: Ids = serde_json::from_slice(&fs::read(ids)?)?;
    let runtime = Runtime::start(library)?;
    let pack = pack::open(folder);
    let weights: u64 = pack
        .manifest()
        .blobs
        .iter()
        .map(|blob| u64::from(blob.bytes))
        .sum();
    let start = Instant::now();
    let mut decoder = load(&runtime, &pack, ids.vocab, 1, &mut CpuOnly)?.decoder;
    let load_ms = start.elapsed().as_secs_f64() * 1e3;
    let mut prefill_seconds = f64::INFINITY;
    let mut step_seconds = f64::INFINITY;
    for _ in 0..RUNS {
        decoder.truncate(0);
        let start = processor_time();
        block_on(decoder.prefill(&ids.prompt_ids))?;
        prefill_seconds = prefill_seconds.min((processor_time() - start).as_secs_f64());
        let start = processor_time();
        for step in 0..STEPS {
            block_on(decoder.step(ids.greedy_ids[step % ids.greedy_ids.len()]))?;
        }
        step_seconds = step_seconds.min((processor_time() - start).as_secs_f64());
    }
    let mib = |bytes: u64| bytes as f64 / (1024.0 * 1024.0);
    let report = serde_json::json!({
        "loadMs": load_ms,
        "prefillTokPerS": ids.prompt_ids.len() as f64 / prefill_seconds,
        "decodeTokPerS": STEPS as f64 / step_seconds,
        "peakMiB": mib(peak_memory_bytes()?),
        "weightsMiB": mib(weights),
    });
    println!("{report}");
    Ok(())
}

/// What all threads of this process have computed together; where the system is not asked for it, the time on the wall.
fn processor_time() -> Duration {
    #[cfg(unix)]
    {
        use rustix::time::{ClockId, clock_gettime};
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(
            time.tv_sec.unsigned_abs(),
            time.tv_nsec.unsigned_abs() as u32,
        )
    }
    #[cfg(not(unix))]
    {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

/// The most memory that this process ever had.
fn peak_memory_bytes() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: u64 = line
        .and_then(|line| line.trim().strip_suffix("kB"))
        .context("this system does not tell")?
        .trim()
        .parse()?;
    Ok(kib * 1024)
}

/// Only the CPU is measured.
struct CpuOnly;

impl Conditions for CpuOnly {
    fn allows(&self, _: &Candidate) -> bool {
        false
    }

    fn insists(&self, _: &Candidate) -> bool {
        false
    }

    fn is_quarantined(&self, _: &Candidate) -> bool {
        true
    }

    fn trying(&mut self, _: Option<&Candidate>) {}

    fn refused(&mut self, _: &Candidate, _: &EngineError) {}
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("ONNX Runtime computes before it returns"),
    }
}
