//! Token files: flat arrays of uint16, as `models/recipe/encode.py` writes them with NumPy.
//!
//! # Source
//! NumPy enhancement proposal 1, "A simple file format for NumPy arrays", versions 1.0 and 2.0.

use std::path::{Path, PathBuf};

use crate::error::EvalError;
use crate::files;

/// Largest token file: four times the largest of the corpus.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// The `.npy` files of a folder, in the order of their names.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, EvalError> {
    let entries = std::fs::read_dir(folder).map_err(files::failed(folder))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(files::failed(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "npy") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(EvalError::Tokens {
            path: folder.into(),
            problem: "no token file (*.npy) in it",
        });
    }
    paths.sort();
    Ok(paths)
}

/// The tokens of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u16>, EvalError> {
    let bytes = files::read(path, MAX_FILE_BYTES)?;
    parse(&bytes).map_err(|problem| EvalError::Tokens {
        path: path.into(),
        problem,
    })
}

fn parse(bytes: &[u8]) -> Result<Vec<u16>, &'static str> {
    const NO_NPY: &str = "no NumPy file of version 1 or 2";
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or(NO_NPY)?;
    let (header_len, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        _ => return Err(NO_NPY),
    };
    let (header, data) = rest.split_at_checked(header_len).ok_or(NO_NPY)?;
    let header = str::from_utf8(header).map_err(|_| NO_NPY)?;
    let value = |key: &str| {
        let rest = header.split_once(&format!("'{key}':"))?.1;
        Some(rest.trim_start())
    };
    if !value("descr").is_some_and(|value| value.starts_with("'<u2'")) {
        return Err("not an array of uint16");
    }
    let len = value("shape")
        .and_then(|value| value.strip_prefix('('))
        .and_then(|value| value.split_once(",)"))
        .and_then(|(len, _)| len.trim().parse::<usize>().ok())
        .ok_or("not a flat array")?;
    if len.checked_mul(2) != Some(data.len()) {
        return Err("shorter or longer than its header says");
    }
    let tokens = data.chunks_exact(2);
    Ok(tokens
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let len = u16::try_from(header.len()).expect("short").to_le_bytes();
        [b"\x93NUMPY\x01\x00", &len[..], header.as_bytes(), data].concat()
    }

    #[test]
    fn what_numpy_writes_is_read() {
        let header = "{'descr': '<u2', 'fortran_order': False, 'shape': (2,), }          \n";
        assert_eq!(parse(&file(header, &[1, 0, 0, 1])), Ok(vec![1, 256]));
    }

    #[test]
    fn anything_else_is_refused() {
        let of = |descr: &str, shape: &str| {
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}")
        };
        for bytes in [
            b"".to_vec(),
            b"\x93NUMPY\x09\x00".to_vec(),
            file(&of("<u2", "(2,)"), &[0; 3]),
            file(&of("<u2", "(1, 2)"), &[0; 4]),
            file(&of("<i8", "(2,)"), &[0; 16]),
            file(&of("<u2", "(99999999999999999999,)"), &[0; 4]),
        ] {
            assert!(parse(&bytes).is_err());
        }
    }
}
