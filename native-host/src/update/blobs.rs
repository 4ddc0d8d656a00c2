//! Getting one blob into the pack that is being put together: from here, by a patch, or whole. Only a file whose SHA-256 is the
//! manifest's gets its name.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sotto_core::pack::Blob;
use sotto_patch::MAX_BLOB_BYTES;

use super::UpdateError;
use super::failpoint::point;
use super::fetch::{Fetcher, RemoteFile, remove};
use super::plan::{FilePlan, Way, partial_path};
use super::updater::{Progress, Watch};
use crate::models::{UpdatePaths, files};

/// Puts blobs into a folder.
pub(super) struct Collector<'a> {
    pub(super) fetcher: &'a Fetcher,
    pub(super) paths: &'a UpdatePaths,
    /// `blobs` of the pack that is being put together.
    pub(super) folder: PathBuf,
}

impl Collector<'_> {
    /// Gets a blob.
    ///
    /// # Errors
    /// [`UpdateError`]; what was fetched is kept where it is of use.
    pub(super) async fn collect(
        &self,
        file: &FilePlan,
        watch: &mut Watch<'_>,
    ) -> Result<(), UpdateError> {
        let FilePlan { blob, way } = file;
        match way {
            Way::Staged => Ok(()),
            Way::Here(path) => self.reuse(path, blob),
            Way::Whole { whole, .. } => self.whole(whole, blob, watch).await,
            Way::Patch {
                base, patch, whole, ..
            } => match self.patched(base, patch, blob, watch).await {
                Err(error) if is_of_the_patch(&error) => {
                    watch.tell(Progress::PatchFailed {
                        why: error.to_string(),
                        whole_bytes: whole.bytes,
                    })?;
                    self.whole(whole, blob, watch).await
                }
                done => done,
            },
        }
    }

    /// A blob that another pack on this device has. The same file under another name where the system can do that.
    fn reuse(&self, from: &Path, blob: &Blob) -> Result<(), UpdateError> {
        let to = self.place(blob);
        let fresh = self.folder.join(format!(".{}", blob.sha256));
        remove(&fresh)?;
        if fs::hard_link(from, &fresh).is_err() {
            let mut input = files::open(from)?;
            let mut output = files::create(&fresh, 0o644).map_err(UpdateError::file(&fresh))?;
            files::copy_hashed(&mut input, &mut output, |_| ())
                .map_err(UpdateError::file(&fresh))?;
            output.sync_all().map_err(UpdateError::file(&fresh))?;
        }
        point("reused");
        match files::hash(&fresh)? {
            (bytes, sum) if bytes == u64::from(blob.bytes) && sum == blob.sha256 => {
                fs::rename(&fresh, &to).map_err(UpdateError::file(&to))
            }
            _ => {
                remove(&fresh)?;
                // The old pack is damaged. Without it the next check fetches the blob.
                Err(UpdateError::PlanOutdated)
            }
        }
    }

    async fn whole(
        &self,
        file: &RemoteFile,
        blob: &Blob,
        watch: &mut Watch<'_>,
    ) -> Result<(), UpdateError> {
        let part = self.download(file, watch).await?;
        let to = self.place(blob);
        fs::rename(&part, &to).map_err(UpdateError::file(&to))?;
        point("placed");
        Ok(())
    }

    async fn patched(
        &self,
        base: &Path,
        file: &RemoteFile,
        blob: &Blob,
        watch: &mut Watch<'_>,
    ) -> Result<(), UpdateError> {
        let part = self.download(file, watch).await?;
        let patch = files::read(&part, file.bytes)?;
        let base = files::read(base, MAX_BLOB_BYTES.into())?;
        let output = sotto_patch::apply(&patch, &base, blob.sha256, blob.bytes);
        let output = match output {
            Ok(output) => output,
            Err(error) => {
                remove(&part)?;
                return Err(error.into());
            }
        };
        point("patched");
        let to = self.place(blob);
        let fresh = self.folder.join(format!(".{}", blob.sha256));
        let mut out = files::create(&fresh, 0o644).map_err(UpdateError::file(&fresh))?;
        out.write_all(&output)
            .and_then(|()| out.sync_all())
            .map_err(UpdateError::file(&fresh))?;
        point("patch written");
        fs::rename(&fresh, &to).map_err(UpdateError::file(&to))?;
        remove(&part)
    }

    async fn download(
        &self,
        file: &RemoteFile,
        watch: &mut Watch<'_>,
    ) -> Result<PathBuf, UpdateError> {
        let part = partial_path(self.paths, file);
        let folder = self.paths.partial();
        fs::create_dir_all(&folder).map_err(UpdateError::file(&folder))?;
        self.fetcher
            .download(file, &part, &mut |bytes| watch.bytes(&file.name, bytes))
            .await?;
        watch.finished(file.bytes);
        Ok(part)
    }

    fn place(&self, blob: &Blob) -> PathBuf {
        self.folder.join(blob.sha256.to_string())
    }
}

/// Whether another way to the same blob may do. A source that is not there or a user who stops it has none.
fn is_of_the_patch(error: &UpdateError) -> bool {
    matches!(
        error,
        UpdateError::Patch(_)
            | UpdateError::Mixed { .. }
            | UpdateError::Endless { .. }
            | UpdateError::Missing { .. }
    )
}
