//! Whether the model fits into memory.

use std::fs;

use super::Report;
use crate::install::{Os, Platform};
use crate::models::ModelStore;

/// Memory besides the weights: ONNX Runtime, the cache, the process.
const EXTRA_BYTES: u64 = 256 << 20;

/// Compares what is available with what the model in use takes. Only Linux tells without a library.
pub(super) fn examine(platform: &Platform<'_>, store: &ModelStore, report: &mut Report) {
    let area = "memory";
    if platform.os != Os::Linux {
        return;
    }
    let meminfo = fs::read_to_string(platform.root.join("proc/meminfo")).unwrap_or_default();
    let (Some(total), Some(available)) = (
        bytes(&meminfo, "MemTotal:"),
        bytes(&meminfo, "MemAvailable:"),
    ) else {
        report.note(
            area,
            "the system does not say how much memory there is".into(),
        );
        return;
    };
    let needed = store.resolve(None).map_or(0, |pack| {
        let blobs = pack.manifest().blobs.iter();
        EXTRA_BYTES + blobs.map(|blob| u64::from(blob.bytes)).sum::<u64>()
    });
    let mib = |bytes: u64| bytes >> 20;
    let what = format!(
        "{} MiB of {} MiB are available; the model in use takes about {} MiB",
        mib(available),
        mib(total),
        mib(needed)
    );
    if available < needed {
        report.warn(area, what, "close other programs, or use a smaller model");
    } else {
        report.good(area, what);
    }
}

/// A line of `/proc/meminfo`, which counts in kiB.
fn bytes(meminfo: &str, name: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}
