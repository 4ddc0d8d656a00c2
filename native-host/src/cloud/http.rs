//! The real way to an endpoint: HTTP/1.1 over TLS, by reqwest and rustls.

use std::error::Error as StdError;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Response};
use sotto_core::consent::{ConsentToken, Fingerprint};

use super::endpoint::Endpoint;
use super::error::{CloudError, SetupError};
use super::keys::ApiKey;
use super::transport::{Body, Head, Transport};

/// Connecting and TLS. A server that needs longer is not there.
const CONNECT: Duration = Duration::from_secs(10);

/// Largest file of certificates.
const MAX_CA_BYTES: u64 = 1024 * 1024;

/// A way to one endpoint, and to nowhere else.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    url: reqwest::Url,
    fingerprint: Fingerprint,
}

impl HttpTransport {
    /// A way to `endpoint`. Connects to nothing yet.
    ///
    /// # Errors
    /// [`SetupError::Certificates`].
    pub fn new(endpoint: &Endpoint) -> Result<Self, SetupError> {
        // One for the whole process; the second call finds the first one's and fails, which is as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            // A redirect is an answer, and the client refuses it: the user agreed to one address.
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(0)
            .referer(false)
            .https_only(endpoint.url().scheme() == "https");
        if endpoint.is_loopback() {
            builder = builder
                .no_proxy()
                // Whatever the system's resolver says.
                .resolve_to_addrs("localhost", &loopback(endpoint));
        }
        if let Some(path) = &endpoint.config().ca_file {
            let unreadable = || SetupError::Certificates { path: path.clone() };
            let is_small = fs::metadata(path).is_ok_and(|file| file.len() <= MAX_CA_BYTES);
            let pem = if is_small { fs::read(path).ok() } else { None };
            let certificates = pem
                .and_then(|pem| Certificate::from_pem_bundle(&pem).ok())
                .filter(|certificates| !certificates.is_empty())
                .ok_or_else(unreadable)?;
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(|_| SetupError::Certificates {
            path: endpoint.config().ca_file.clone().unwrap_or_default(),
        })?;
        Ok(Self {
            client,
            url: endpoint.url().clone(),
            fingerprint: endpoint.fingerprint(),
        })
    }
}

impl Transport for HttpTransport {
    type Body = Response;

    async fn post(
        &self,
        token: &ConsentToken,
        key: Option<&ApiKey>,
        now_ms: u64,
    ) -> Result<Head<Response>, CloudError> {
        let payload = token.open(self.fingerprint, now_ms)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        if let Some(key) = key {
            headers.insert(reqwest::header::AUTHORIZATION, key.bearer()?);
        }
        let request = self
            .client
            .post(self.url.clone())
            .headers(headers)
            .body(payload.json().to_owned());
        let response = request.send().await.map_err(classified)?;
        let headers = response.headers();
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Ok(Head {
            status: response.status().as_u16(),
            is_event_stream: text(CONTENT_TYPE)
                .is_some_and(|kind| kind.trim_start().starts_with("text/event-stream")),
            retry_after: text(RETRY_AFTER)
                .and_then(|seconds| seconds.trim().parse().ok())
                .map(Duration::from_secs),
            body: response,
        })
    }
}

impl Body for Response {
    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, CloudError> {
        // The URL in the error is no secret, but of no use in a log either.
        let chunk = Response::chunk(self)
            .await
            .map_err(|error| CloudError::Cut(Some(error.without_url().into())))?;
        Ok(chunk.map(|bytes| bytes.to_vec()))
    }
}

/// What kept a request from being answered.
fn classified(error: reqwest::Error) -> CloudError {
    let error = error.without_url();
    if is_tls(&error) {
        CloudError::Tls(error.into())
    } else if error.is_connect() || error.is_timeout() {
        CloudError::Unreachable(error.into())
    } else {
        CloudError::Cut(Some(error.into()))
    }
}

/// Whether rustls is somewhere among the sources.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let wrapped = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        if error.is::<rustls::Error>() || wrapped.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        next = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

/// This device, at the endpoint's port.
fn loopback(endpoint: &Endpoint) -> [SocketAddr; 2] {
    let port = endpoint.url().port_or_known_default().unwrap_or(80);
    [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ]
    .map(|ip| SocketAddr::new(ip, port))
}
