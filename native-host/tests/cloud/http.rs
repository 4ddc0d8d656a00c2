//! The real client against a real server on this machine that misbehaves on purpose.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use sotto_core::protocol::{Coded, ErrorCode};
use sotto_host::cloud::{
    ApiKey, Client, CloudError, Completed, HttpTransport, Timeouts, Transport as _,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::support::*;

/// A head that announces a stream.
const STREAM: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

/// Reads one request, headers and body.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece).await.expect("readable");
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        assert!(read > 0, "the request broke off");
    }
}

/// Answers the first request with `answer` and gives what was asked.
async fn serve_once(listener: TcpListener, answer: Vec<u8>) -> String {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let asked = request(&mut stream).await;
    // The client may hang up in the middle of a long answer.
    let _ = stream.write_all(&answer).await;
    let _ = stream.shutdown().await;
    asked
}

struct Exchange {
    result: Result<Completed, CloudError>,
    text: String,
    asked: String,
}

/// Sends "Hello" to a server that answers so.
fn exchange(answer: Vec<u8>, key: Option<ApiKey>) -> Exchange {
    real_time(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let endpoint = endpoint(&format!("http://{address}/v1"));
        let client = Client::new(
            HttpTransport::new(&endpoint).expect("a way"),
            Timeouts::default(),
        );
        let token = token(&endpoint, "Hello", NOW);
        let mut text = String::new();
        let gate = OpenGate::default();
        let sending = client.send(token, key.as_ref(), &gate, |piece| text.push_str(piece));
        let (result, asked) = tokio::join!(sending, serve_once(listener, answer));
        Exchange {
            result,
            text,
            asked,
        }
    })
}

fn real_time<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(test)
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[test]
fn the_bytes_that_were_agreed_to_are_the_bytes_that_arrive() {
    let body = [STREAM.as_bytes(), &chunk("Hi "), &chunk("語"), &end()].concat();
    let key = ApiKey::new("sk-secret".into()).expect("a key");
    let exchange = exchange(body, Some(key));
    assert!(exchange.result.is_ok(), "{:?}", exchange.result);
    assert_eq!(exchange.text, "Hi 語");
    let (head, body) = exchange.asked.split_once("\r\n\r\n").expect("a request");
    let here = endpoint("http://127.0.0.1:1/v1");
    let token = token(&here, "Hello", NOW);
    let agreed = token.open(here.fingerprint(), NOW).expect("open").json();
    assert_eq!(body, agreed);
    assert!(
        head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"),
        "{head}"
    );
    let names: Vec<_> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    // Nothing that tells who or what is asking.
    let mut expected = [
        "content-type",
        "accept",
        "authorization",
        "host",
        "content-length",
    ];
    let mut names: Vec<_> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert!(head.contains("authorization: Bearer sk-secret"));
}

#[test]
fn faults_have_their_codes() {
    let quoting = br#"{"error":{"message":"you sent: Hello","type":"invalid_request_error"}}"#;
    for (bytes, code) in [
        (
            answer("401 Unauthorized", "", quoting),
            ErrorCode::CloudUnauthorized,
        ),
        (
            answer("400 Bad Request", "", quoting),
            ErrorCode::CloudRejected,
        ),
        (
            answer("200 OK", "Content-Type: application/json\r\n", quoting),
            ErrorCode::CloudInvalid,
        ),
        (
            answer("429 Too Many Requests", "Retry-After: 3600\r\n", quoting),
            ErrorCode::CloudRateLimited,
        ),
        (
            [STREAM.as_bytes(), b"data: \xff\n\n"].concat(),
            ErrorCode::CloudInvalid,
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), ErrorCode::CloudCut),
        (Vec::new(), ErrorCode::CloudCut),
    ] {
        let exchange = exchange(bytes, None);
        let error = exchange.result.expect_err("a fault");
        assert_eq!(error.code(), code, "{error:?}");
        assert!(!format!("{error} {error:?}").contains("Hello"));
    }
}

#[test]
fn a_server_that_fails_and_one_that_is_not_there() {
    real_time(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let endpoint = endpoint(&format!("http://{address}/v1"));
        let transport = HttpTransport::new(&endpoint).expect("a way");
        let token = token(&endpoint, "Hello", NOW);
        let failure = answer("500 Internal Server Error", "Retry-After: 2\r\n", b"");
        let (head, _) = tokio::join!(
            transport.post(&token, None, NOW),
            serve_once(listener, failure)
        );
        let head = head.expect("an answer");
        assert_eq!(
            (head.status, head.retry_after.map(|wait| wait.as_secs())),
            (500, Some(2))
        );
        // Its port is closed now.
        let refused = transport
            .post(&token, None, NOW)
            .await
            .expect_err("nobody there");
        assert_eq!(refused.code(), ErrorCode::CloudUnreachable);
    });
}

#[test]
fn a_stream_that_breaks_off_keeps_what_was_there() {
    // Announces more than it sends.
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 100000\r\n\r\n";
    let exchange = exchange([head.as_bytes(), &chunk("Once upon")].concat(), None);
    assert_eq!(exchange.text, "Once upon");
    assert_eq!(
        exchange.result.expect_err("cut").code(),
        ErrorCode::CloudCut
    );
}

#[test]
fn a_hundred_megabytes_are_not_read() {
    let body = [
        STREAM.as_bytes(),
        &b": filler filler\n".repeat(100_000_000 / 16),
    ]
    .concat();
    let exchange = exchange(body, None);
    assert_eq!(
        exchange.result.expect_err("too long").code(),
        ErrorCode::CloudTooLarge
    );
}

#[test]
fn nobody_follows_a_redirect() {
    real_time(async {
        let target = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let elsewhere = target.local_addr().expect("an address");
        for status in [
            "301 Moved Permanently",
            "302 Found",
            "307 Temporary Redirect",
            "308 Permanent Redirect",
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            let endpoint = endpoint(&format!("http://{address}/v1"));
            let client = Client::new(
                HttpTransport::new(&endpoint).expect("a way"),
                Timeouts::default(),
            );
            let gate = OpenGate::default();
            let token = token(&endpoint, "Hello", NOW);
            let moved = answer(
                status,
                &format!("Location: http://{elsewhere}/v1/chat/completions\r\n"),
                b"",
            );
            let sending = client.send(token, None, &gate, |_| panic!("nothing is said"));
            let (result, _) = tokio::join!(sending, serve_once(listener, moved));
            assert_eq!(
                result.expect_err("refused").code(),
                ErrorCode::CloudRedirected
            );
        }
        // Nobody is waiting to be accepted there.
        let mut knock = std::pin::pin!(target.accept());
        let nobody = std::future::poll_fn(|context| {
            std::task::Poll::Ready(knock.as_mut().poll(context).is_pending())
        });
        assert!(nobody.await);
    });
}

#[test]
fn localhost_is_this_machine() {
    real_time(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let endpoint = endpoint(&format!("http://localhost:{port}/v1"));
        let transport = HttpTransport::new(&endpoint).expect("a way");
        let token = token(&endpoint, "Hello", NOW);
        let fine = answer("200 OK", "", b"");
        let (head, asked) = tokio::join!(
            transport.post(&token, None, NOW),
            serve_once(listener, fine)
        );
        assert_eq!(head.expect("an answer").status, 200);
        assert!(
            asked.contains(&format!("host: localhost:{port}")),
            "{asked}"
        );
    });
}

/// A server with a certificate of its own for `name`, and the certificate.
async fn tls_server(name: &str) -> (TcpListener, TlsAcceptor, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a configuration");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    (listener, TlsAcceptor::from(Arc::new(config)), cert.pem())
}

async fn serve_tls(listener: TcpListener, acceptor: TlsAcceptor) -> Option<String> {
    let (stream, _) = listener.accept().await.expect("a connection");
    let mut stream = acceptor.accept(stream).await.ok()?;
    let asked = request(&mut stream).await;
    write(&mut stream).await;
    Some(asked)
}

async fn write(stream: &mut (impl AsyncWrite + Unpin)) {
    let body = [STREAM.as_bytes(), &chunk("safe"), &end()].concat();
    stream.write_all(&body).await.expect("written");
    let _ = stream.shutdown().await;
}

#[test]
fn a_certificate_must_be_trusted_and_for_the_right_name() {
    real_time(async {
        let folder = tempfile::tempdir().expect("a folder");
        let ca_file = folder.path().join("ca.pem");
        for (name, is_given, expected) in [
            ("localhost", true, Ok(())),
            ("localhost", false, Err(ErrorCode::CloudTls)),
            ("other.example", true, Err(ErrorCode::CloudTls)),
        ] {
            let (listener, acceptor, pem) = tls_server(name).await;
            std::fs::write(&ca_file, pem).expect("written");
            let port = listener.local_addr().expect("an address").port();
            let endpoint = endpoint_with(|config| {
                config.url = format!("https://localhost:{port}/v1");
                config.ca_file = is_given.then(|| ca_file.clone());
            });
            let client = Client::new(
                HttpTransport::new(&endpoint).expect("a way"),
                Timeouts::default(),
            );
            let gate = OpenGate::default();
            let token = token(&endpoint, "Hello", NOW);
            let sending = client.send(token, None, &gate, |_| ());
            let (result, asked) = tokio::join!(sending, serve_tls(listener, acceptor));
            assert_eq!(
                result.map(|_| ()).map_err(|error| error.code()),
                expected,
                "{name}"
            );
            assert_eq!(
                asked.is_some(),
                expected.is_ok(),
                "nothing is said before the certificate is trusted"
            );
            assert_eq!(gate.admitted(), 1, "and it is not tried again");
        }
    });
}

#[test]
fn certificates_that_cannot_be_read_are_found_out_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("none.pem", None),
        ("empty.pem", Some("")),
        ("bad.pem", Some("not a certificate")),
    ] {
        let path = folder.path().join(name);
        if let Some(text) = text {
            std::fs::write(&path, text).expect("written");
        }
        let endpoint = endpoint_with(|config| config.ca_file = Some(path));
        assert!(HttpTransport::new(&endpoint).is_err(), "{name}");
    }
}
