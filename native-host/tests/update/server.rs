//! A web server for a folder, and for misbehaviour.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

/// What is done about a request for a path, beyond serving the file.
#[derive(Clone)]
pub(crate) enum Trick {
    /// Breaks off after so many bytes of the file.
    BreakOff(usize),
    /// Sends bytes without end, and no length.
    Endless,
    /// Sends to another place.
    Redirect,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves `folder`; `trick` is done about paths that contain `of`.
    pub(crate) fn start(folder: PathBuf, of: &'static str, trick: Option<Trick>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (folder, record, trick) = (folder.clone(), Arc::clone(&record), trick.clone());
                thread::spawn(move || {
                    let _ = answer(stream, &folder, &record, of, trick);
                });
            }
        });
        Self { address, asked }
    }

    /// Path and range of every request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

fn answer(
    mut stream: TcpStream,
    folder: &std::path::Path,
    record: &Mutex<Vec<String>>,
    of: &str,
    trick: Option<Trick>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let (mut path, mut from) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            if let Some(rest) = line.strip_prefix("GET /") {
                path = rest.split(' ').next().unwrap_or_default().to_owned();
            }
            if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
                from = range.trim_end_matches('-').parse().unwrap_or(0);
            }
            if line.is_empty() {
                break;
            }
        }
        record
            .lock()
            .expect("not poisoned")
            .push(format!("{path} {from}"));
        let Ok(bytes) = fs::read(folder.join(&path)) else {
            stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
            continue;
        };
        let trick = trick.clone().filter(|_| path.contains(of));
        let rest = &bytes[from.min(bytes.len())..];
        match trick {
            Some(Trick::Redirect) => {
                stream.write_all(
                    b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
                )?;
                continue;
            }
            Some(Trick::Endless) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
                loop {
                    stream.write_all(&[b' '; 65_536])?;
                }
            }
            _ => {}
        }
        let head = match from {
            0 => "HTTP/1.1 200 OK".to_owned(),
            _ => format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{}/{}",
                bytes.len() - 1,
                bytes.len()
            ),
        };
        stream.write_all(format!("{head}\r\nContent-Length: {}\r\n\r\n", rest.len()).as_bytes())?;
        if let Some(Trick::BreakOff(after)) = trick
            && after < rest.len()
        {
            stream.write_all(&rest[..after])?;
            return Ok(());
        }
        stream.write_all(rest)?;
    }
}
