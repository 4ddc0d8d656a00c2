//! How much memory this process has taken. Linux only: elsewhere it takes a library.

use std::fs::File;
use std::io::{Read as _, Seek as _};

/// Longer than the file is.
const MAX_BYTES: u64 = 16 * 1024;

/// The process's own entry under `/proc`, opened before the process may open nothing any more.
#[derive(Debug)]
pub(super) struct Gauge(Option<File>);

impl Gauge {
    /// Opens it. Where there is none, nothing is told.
    pub(super) fn open() -> Self {
        Self(File::open("/proc/self/status").ok())
    }

    /// The most memory that was resident at one time, in MiB.
    pub(super) fn peak_mib(&mut self) -> Option<u32> {
        let file = self.0.as_mut()?;
        file.rewind().ok()?;
        let mut status = String::new();
        file.take(MAX_BYTES).read_to_string(&mut status).ok()?;
        peak_kib(&status)?.div_ceil(1024).try_into().ok()
    }
}

fn peak_kib(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_anew_each_time_and_never_falls() {
        let mut gauge = Gauge::open();
        let before = gauge.peak_mib();
        assert_eq!(before.is_some(), cfg!(target_os = "linux"));
        let block = vec![1_u8; 64 << 20];
        let after = gauge.peak_mib();
        assert!(block.iter().all(|&byte| byte == 1));
        assert!(
            after >= before && after.is_none_or(|mib| mib >= 64),
            "{before:?} {after:?}"
        );
    }

    #[test]
    fn what_is_no_status_tells_nothing() {
        assert_eq!(peak_kib("VmHWM:\t    2048 kB\n"), Some(2048));
        for text in ["", "VmHWM: 12", "VmHWM: x kB", "VmRSS: 12 kB"] {
            assert_eq!(peak_kib(text), None, "{text}");
        }
    }
}
