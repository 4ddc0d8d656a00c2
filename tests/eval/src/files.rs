//! Reading text, plain or xz, and writing results so that a half-written one is never seen.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use crate::error::EvalError;

/// Largest text taken, unpacked: ten times the largest file of the corpus.
const MAX_TEXT_BYTES: u64 = 2 << 30;

/// Line between two documents of a prose file.
const SEPARATOR: &str = "<|doc|>";

/// An error about `path`.
pub(crate) fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> EvalError + '_ {
    move |source| EvalError::File {
        path: path.into(),
        source,
    }
}

/// Reads a file of at most `max_bytes`.
pub(crate) fn read(path: &Path, max_bytes: u64) -> Result<Vec<u8>, EvalError> {
    let file = fs::File::open(path).map_err(failed(path))?;
    take(file, path, max_bytes)
}

/// Reads a text; one whose name ends with `.xz` is unpacked.
pub(crate) fn read_text(path: &Path) -> Result<String, EvalError> {
    let bytes = if path.extension().is_some_and(|extension| extension == "xz") {
        let file = fs::File::open(path).map_err(failed(path))?;
        let reader = lzma_rust2::XzReader::new(std::io::BufReader::new(file), true);
        take(reader, path, MAX_TEXT_BYTES)?
    } else {
        read(path, MAX_TEXT_BYTES)?
    };
    String::from_utf8(bytes).map_err(|_| EvalError::NotText { path: path.into() })
}

fn take(reader: impl std::io::Read, path: &Path, max_bytes: u64) -> Result<Vec<u8>, EvalError> {
    let mut bytes = Vec::new();
    reader
        .take(max_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(failed(path))?;
    if bytes.len() as u64 > max_bytes {
        return Err(EvalError::FileTooLarge {
            path: path.into(),
            bytes: bytes.len() as u64,
        });
    }
    Ok(bytes)
}

/// The documents of a prose file, as `models/recipe/documents.py` reads them.
pub(crate) fn documents(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.strip_suffix('\n').unwrap_or(line) == SEPARATOR {
            found.push(text[start..at].trim_matches('\n'));
            start = at + line.len();
        }
        at += line.len();
    }
    if start < text.len() {
        found.push(text[start..].trim_matches('\n'));
    }
    found
}

/// Writes a file beside its place and moves it there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), EvalError> {
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        fs::create_dir_all(parent).map_err(failed(parent))?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    fs::write(&fresh, bytes).map_err(failed(&fresh))?;
    fs::rename(&fresh, path).map_err(failed(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_as_the_recipe_reads_them() {
        assert_eq!(
            documents("One.\n\nTwo.\n<|doc|>\nThree\n<|doc|>\n"),
            ["One.\n\nTwo.", "Three"]
        );
        assert_eq!(documents("a <|doc|> b\n"), ["a <|doc|> b"]);
        assert_eq!(documents(""), [""; 0]);
    }

    #[test]
    fn xz_is_unpacked_and_a_broken_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.txt.xz");
        // `printf 'hello\n' | xz`
        let packed = [
            0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00,
            0x21, 0x01, 0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0x01, 0x00, 0x05, 0x68,
            0x65, 0x6c, 0x6c, 0x6f, 0x0a, 0x00, 0x00, 0x00, 0xa5, 0x60, 0x97, 0xf1, 0x94, 0xf6,
            0xfd, 0xe0, 0x00, 0x01, 0x1e, 0x06, 0xc1, 0x2f, 0xa4, 0x1d, 0x1f, 0xb6, 0xf3, 0x7d,
            0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a,
        ];
        write(&path, &packed).expect("written");
        assert_eq!(read_text(&path).expect("unpacked"), "hello\n");
        write(&path, &packed[..40]).expect("written");
        assert!(matches!(read_text(&path), Err(EvalError::File { .. })));
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }
}
