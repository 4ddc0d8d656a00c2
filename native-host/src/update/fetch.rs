//! Bytes from a source: small files whole, large ones into a file that can be gone on with later. **Nothing here is trusted, and
//! everything has a bound.**

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode, Url};
use sotto_core::pack::Sha256;

use super::UpdateError;
use super::failpoint::point;
use super::source::{Source, is_loopback};
use crate::models::files;

/// Connecting and TLS. A server that needs longer is not there.
const CONNECT: Duration = Duration::from_secs(10);

/// Longest silence in the middle of a file.
const SILENCE: Duration = Duration::from_secs(30);

/// Bytes read from a folder at once.
const CHUNK_BYTES: usize = 1 << 18;

/// A way to one source, and to nowhere else.
#[derive(Debug, Clone)]
pub(super) struct Fetcher {
    source: Source,
    client: Option<reqwest::Client>,
}

/// A file that signed metadata names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RemoteFile {
    /// Its path below the source, with `/`.
    pub(super) path: String,
    /// What people are told.
    pub(super) name: String,
    /// Its length.
    pub(super) bytes: u64,
    /// Its SHA-256.
    pub(super) sha256: Sha256,
}

/// What comes, piece by piece.
#[derive(Debug)]
enum Body {
    Web(Box<Response>),
    Folder(File),
}

/// A body and where in the file it begins.
struct Opened {
    body: Body,
    from: u64,
    /// What the source says about the length of what follows.
    announced: Option<u64>,
}

impl Fetcher {
    /// A way to `source`. Connects to nothing yet.
    ///
    /// # Errors
    /// [`UpdateError::SourceUnusable`].
    pub(super) fn new(source: &Source) -> Result<Self, UpdateError> {
        let client = match source {
            Source::Folder(_) => None,
            Source::Web(url) => Some(client(url)?),
        };
        Ok(Self {
            source: source.clone(),
            client,
        })
    }

    /// The address of a folder below the source, for `tough`, which joins names to it.
    pub(super) fn address(&self, folder: &str) -> Result<Url, UpdateError> {
        let unusable = |_| UpdateError::SourceUnusable("is not an address");
        match &self.source {
            Source::Web(url) => url.join(folder).map_err(unusable),
            Source::Folder(path) => Url::from_directory_path(path.join(folder))
                .map_err(|()| UpdateError::SourceUnusable("is not an absolute folder")),
        }
    }

    /// The path below the source of an address that [`Self::address`] began.
    pub(super) fn path_of(&self, address: &Url) -> Option<String> {
        let base = self.address("").ok()?;
        let path = address.as_str().strip_prefix(base.as_str())?;
        let is_plain =
            !path.contains(['?', '#', '%', '\\']) && !path.split('/').any(|part| part == "..");
        is_plain.then(|| path.to_owned())
    }

    /// A small file, at most `max_bytes` and one more: who gets so many knows that there are too many.
    pub(super) async fn read(&self, path: &str, max_bytes: u64) -> Result<Vec<u8>, UpdateError> {
        let mut opened = self.open(path, 0).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = opened.body.next(path).await? {
            let room = (max_bytes + 1).saturating_sub(bytes.len() as u64);
            let taken = piece.len().min(usize::try_from(room).unwrap_or(usize::MAX));
            bytes.extend_from_slice(&piece[..taken]);
            if bytes.len() as u64 > max_bytes {
                break;
            }
        }
        Ok(bytes)
    }

    /// A small file that metadata names, whole and verified.
    pub(super) async fn read_verified(&self, file: &RemoteFile) -> Result<Vec<u8>, UpdateError> {
        let bytes = self.read(&file.path, file.bytes).await?;
        if bytes.len() as u64 > file.bytes {
            return Err(endless(file));
        }
        if bytes.len() as u64 != file.bytes || sotto_core::pack::sha256(&bytes) != file.sha256 {
            return Err(mixed(file));
        }
        Ok(bytes)
    }

    /// Fetches a file into `to`, going on from what is there, and verifies it as a whole. `on_bytes` is told how much there is;
    /// it says whether to go on.
    ///
    /// # Errors
    /// [`UpdateError`]. What was fetched is kept where going on can help, and removed where it cannot.
    pub(super) async fn download(
        &self,
        file: &RemoteFile,
        to: &Path,
        on_bytes: &mut (dyn FnMut(u64) -> bool + Send),
    ) -> Result<(), UpdateError> {
        let mut have = fs::metadata(to).map_or(0, |found| found.len());
        if have > file.bytes {
            remove(to)?;
            have = 0;
        }
        if have < file.bytes {
            self.download_rest(file, to, have, on_bytes).await?;
        }
        point("fetched");
        match files::hash(to)? {
            (bytes, sum) if bytes == file.bytes && sum == file.sha256 => Ok(()),
            _ => {
                remove(to)?;
                Err(mixed(file))
            }
        }
    }

    async fn download_rest(
        &self,
        file: &RemoteFile,
        to: &Path,
        have: u64,
        on_bytes: &mut (dyn FnMut(u64) -> bool + Send),
    ) -> Result<(), UpdateError> {
        let mut opened = self.open(&file.path, have).await?;
        let mut have = opened.from;
        if opened
            .announced
            .is_some_and(|more| more > file.bytes - have)
        {
            remove(to)?;
            return Err(endless(file));
        }
        let mut out = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(to)
            .map_err(UpdateError::file(to))?;
        out.set_len(have).map_err(UpdateError::file(to))?;
        out.seek(SeekFrom::End(0)).map_err(UpdateError::file(to))?;
        while let Some(piece) = opened.body.next(&file.name).await? {
            have += piece.len() as u64;
            if have > file.bytes {
                drop(out);
                remove(to)?;
                return Err(endless(file));
            }
            out.write_all(&piece).map_err(UpdateError::file(to))?;
            point("piece");
            if !on_bytes(have) {
                return Err(UpdateError::Stopped);
            }
        }
        out.sync_all().map_err(UpdateError::file(to))?;
        if have < file.bytes {
            return Err(UpdateError::Unreachable {
                file: format!("{} broke off", file.name),
                source: None,
            });
        }
        Ok(())
    }

    /// Opens a file at `from`, or at its beginning where the source cannot do better.
    async fn open(&self, path: &str, from: u64) -> Result<Opened, UpdateError> {
        match (&self.source, &self.client) {
            (Source::Web(base), Some(client)) => {
                let unusable = |_| UpdateError::SourceUnusable("is not an address");
                let address = base.join(path).map_err(unusable)?;
                open_web(client, address, path, from).await
            }
            (Source::Folder(folder), _) => open_file(&folder.join(path), path, from),
            (Source::Web(_), None) => Err(UpdateError::Internal("a web source without a client")),
        }
    }
}

impl Body {
    async fn next(&mut self, name: &str) -> Result<Option<Vec<u8>>, UpdateError> {
        match self {
            Self::Web(response) => match response.chunk().await {
                Ok(piece) => Ok(piece.map(|bytes| bytes.to_vec())),
                Err(error) => Err(unreachable(&format!("{name} broke off"), error)),
            },
            Self::Folder(file) => {
                let mut piece = vec![0; CHUNK_BYTES];
                let path = PathBuf::from(name);
                let read = file.read(&mut piece).map_err(UpdateError::file(&path))?;
                piece.truncate(read);
                Ok((read > 0).then_some(piece))
            }
        }
    }
}

fn client(url: &Url) -> Result<reqwest::Client, UpdateError> {
    // One for the whole process; the second call finds the first one's and fails, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        // The user named one place.
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .referer(false)
        .https_only(url.scheme() == "https");
    if is_loopback(url) {
        let port = url.port_or_known_default().unwrap_or(80);
        let here = [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ]
        .map(|ip| SocketAddr::new(ip, port));
        // Whatever the system's resolver says.
        builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
    }
    builder.build().map_err(|_| {
        UpdateError::SourceUnusable("cannot be reached with this system's certificates")
    })
}

async fn open_web(
    client: &reqwest::Client,
    address: Url,
    path: &str,
    from: u64,
) -> Result<Opened, UpdateError> {
    let mut request = client.get(address);
    if from > 0 {
        request = request.header(RANGE, format!("bytes={from}-"));
    }
    let response = request
        .send()
        .await
        .map_err(|error| unreachable(path, error))?;
    let from = match response.status() {
        StatusCode::OK => 0,
        StatusCode::PARTIAL_CONTENT if begins_at(&response, from) => from,
        // Buckets say "forbidden" for what is not there.
        StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::GONE => {
            return Err(UpdateError::Missing { file: path.into() });
        }
        status => {
            return Err(UpdateError::Unreachable {
                file: format!("{path} (status {})", status.as_u16()),
                source: None,
            });
        }
    };
    Ok(Opened {
        announced: response.content_length(),
        body: Body::Web(Box::new(response)),
        from,
    })
}

/// Whether a partial answer is the part that was asked for.
fn begins_at(response: &Response, from: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE);
    range
        .and_then(|range| range.to_str().ok())
        .and_then(|range| range.strip_prefix("bytes "))
        .and_then(|range| range.split('-').next()?.parse::<u64>().ok())
        == Some(from)
}

fn open_file(file: &Path, path: &str, from: u64) -> Result<Opened, UpdateError> {
    let mut opened = File::open(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => UpdateError::Missing { file: path.into() },
        _ => UpdateError::file(file)(error),
    })?;
    let all = opened.metadata().map_err(UpdateError::file(file))?.len();
    let from = from.min(all);
    opened
        .seek(SeekFrom::Start(from))
        .map_err(UpdateError::file(file))?;
    Ok(Opened {
        body: Body::Folder(opened),
        from,
        announced: Some(all - from),
    })
}

fn unreachable(file: &str, error: reqwest::Error) -> UpdateError {
    UpdateError::Unreachable {
        file: file.to_owned(),
        source: Some(error.without_url().into()),
    }
}

fn endless(file: &RemoteFile) -> UpdateError {
    UpdateError::Endless {
        file: file.name.clone(),
        limit_bytes: file.bytes,
    }
}

fn mixed(file: &RemoteFile) -> UpdateError {
    UpdateError::Mixed {
        file: file.name.clone(),
    }
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> Result<(), UpdateError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(UpdateError::file(path)(error))
        }
        _ => Ok(()),
    }
}
