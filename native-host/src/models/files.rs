//! Reading, writing and copying files so that a crash at any moment leaves the old state or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek as _, Write};
use std::path::Path;

use sha2::Digest as _;
use sotto_core::pack::Sha256;

use super::ModelError;

/// Bytes copied or hashed at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Opens a plain file for reading. A link at `path` itself is refused, whatever it leads to.
///
/// # Errors
/// [`ModelError::NotAFile`] for anything but a plain file, [`ModelError::File`].
pub(crate) fn open(path: &Path) -> Result<File, ModelError> {
    let not_a_file = || ModelError::NotAFile { path: path.into() };
    // Looked at before opening too: opening a named pipe would wait for its writer.
    if !fs::symlink_metadata(path)
        .map_err(ModelError::file(path))?
        .is_file()
    {
        return Err(not_a_file());
    }
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path).map_err(ModelError::file(path))?;
    if file.metadata().map_err(ModelError::file(path))?.is_file() {
        Ok(file)
    } else {
        Err(not_a_file())
    }
}

/// Reads a plain file of at most `max_bytes`; the length is checked before anything is allocated.
///
/// # Errors
/// [`ModelError::TooLarge`], and those of [`open`].
pub(crate) fn read(path: &Path, max_bytes: u64) -> Result<Vec<u8>, ModelError> {
    read_open(open(path)?, path, max_bytes)
}

/// As [`read`], but a link is followed: for files of a folder that the user named, which a downloader may have filled
/// with links into its cache.
pub(crate) fn read_followed(path: &Path, max_bytes: u64) -> Result<Vec<u8>, ModelError> {
    read_open(open_followed(path)?, path, max_bytes)
}

/// Opens a plain file, through a link if it is one.
pub(crate) fn open_followed(path: &Path) -> Result<File, ModelError> {
    open(&path.canonicalize().map_err(ModelError::file(path))?)
}

fn read_open(file: File, path: &Path, max_bytes: u64) -> Result<Vec<u8>, ModelError> {
    let bytes = file.metadata().map_err(ModelError::file(path))?.len();
    if bytes > max_bytes {
        return Err(ModelError::TooLarge {
            path: path.into(),
            bytes,
        });
    }
    let mut read = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    file.take(max_bytes)
        .read_to_end(&mut read)
        .map_err(ModelError::file(path))?;
    Ok(read)
}

/// Copies everything from `from` to `to` and gives length and SHA-256 of what was copied. `on_bytes` is told the length
/// after each piece.
///
/// # Errors
/// Of the reader or the writer.
pub(crate) fn copy_hashed(
    from: &mut impl Read,
    to: &mut impl Write,
    mut on_bytes: impl FnMut(u64),
) -> io::Result<(u64, Sha256)> {
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut copied = 0;
    loop {
        let len = match from.read(&mut buffer) {
            Ok(0) => return Ok((copied, Sha256(hasher.finalize().into()))),
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..len]);
        to.write_all(&buffer[..len])?;
        copied += len as u64;
        on_bytes(copied);
    }
}

/// Length and SHA-256 of a plain file; a link is followed.
///
/// # Errors
/// As [`open`].
pub(crate) fn hash(path: &Path) -> Result<(u64, Sha256), ModelError> {
    let mut file = open_followed(path)?;
    copy_hashed(&mut file, &mut io::sink(), |_| ()).map_err(ModelError::file(path))
}

/// Length and SHA-256 of a file that is open already, from its beginning.
pub(crate) fn hash_open(mut file: &File) -> io::Result<(u64, Sha256)> {
    file.rewind()?;
    copy_hashed(&mut file, &mut io::sink(), |_| ())
}

/// Puts `bytes` in the place of `path`, all or nothing: a temporary file beside it, synced, renamed. `mode` are the
/// permissions on Unix.
///
/// # Errors
/// [`ModelError::DiskFull`], [`ModelError::File`]; the old file is untouched then.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> Result<(), ModelError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(ModelError::file(folder))?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = path.with_file_name(name);
    let written = create(&fresh, mode)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&fresh, path));
    if let Err(error) = written {
        // What is left of it is of no use to anyone; that it cannot be removed says nothing new.
        let _ = fs::remove_file(&fresh);
        return Err(ModelError::file(path)(error));
    }
    sync_folder(folder);
    Ok(())
}

/// Creates a file anew, for writing; one that is there is replaced.
pub(crate) fn create(path: &Path, mode: u32) -> io::Result<File> {
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)
}

/// Makes the names in a folder durable. Where a folder cannot be opened (Windows) renames are durable by themselves.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        write_atomically(&path, b"old", 0o600).unwrap();
        write_atomically(&path, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        // A folder in the file's place: the rename fails.
        let taken = folder.path().join("taken");
        fs::create_dir_all(taken.join("inside")).unwrap();
        assert!(write_atomically(&taken, b"x", 0o600).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_plain_files_are_opened() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "text").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert_eq!(read(&file, 10).unwrap(), b"text");
        for path in [link.as_path(), &pipe, folder.path()] {
            assert!(matches!(read(path, 10), Err(ModelError::NotAFile { .. })));
        }
        assert_eq!(read_followed(&link, 10).unwrap(), b"text");
        assert!(matches!(read(&file, 3), Err(ModelError::TooLarge { .. })));
    }

    #[test]
    fn a_full_disk_is_told_apart() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = copy_hashed(&mut &b"x"[..], &mut Full, |_| ()).unwrap_err();
        let error = ModelError::file(Path::new("model.onnx"))(error);
        assert_eq!(error.to_string(), "model.onnx: the disk is full");
    }
}
