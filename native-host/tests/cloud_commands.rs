//! `sotto-host cloud` as people use it, in a throw-away home.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    /// Runs it with something on its standard input.
    fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sotto-host"))
            .arg("cloud")
            .args(arguments)
            .env("HOME", self.0.path())
            .env("SOTTO_HOME", self.0.path().join("data"))
            // Whoever runs this test may have a keyring; it is none of its business.
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // It need not read all of it.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("it ends")
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join("data").join(name)).unwrap_or_default()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn refused(output: &Output, word: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let message = text(&output.stderr);
    assert!(message.contains(word), "{message}");
}

#[test]
fn an_endpoint_is_set_up_offered_and_forgotten() {
    let home = Home::new();
    refused(&home.run(&["on"]), "(cloudNotConfigured)");
    let set = done(&home.run(&["set", "llama-cpp", "--model", "mine"]));
    assert!(
        set.contains("mine at http://localhost:8080/v1/chat/completions"),
        "{set}"
    );
    assert!(done(&home.run(&["show"])).contains("It is not offered"));
    assert!(
        !home.file("settings.json").contains("cloud"),
        "setting up is not switching on"
    );
    done(&home.run(&["on"]));
    assert!(
        home.file("settings.json")
            .contains(r#""fallback": "cloud""#)
    );
    assert!(done(&home.run(&["show"])).contains("It is offered"));
    done(&home.run(&["off"]));
    assert!(home.file("settings.json").contains(r#""fallback": "none""#));
    done(&home.run(&["on"]));
    done(&home.run(&["remove"]));
    assert_eq!(home.file("cloud.json"), "");
    assert!(home.file("settings.json").contains(r#""fallback": "none""#));
}

#[test]
fn what_cannot_be_used_is_refused_and_nothing_is_written() {
    let home = Home::new();
    let generic = |url| home.run(&["set", "generic", "--model", "m", "--url", url]);
    refused(
        &generic("http://api.example.com/v1"),
        "must begin with https:// unless it is on this device (cloudNotConfigured)",
    );
    refused(
        &generic("https://user:pw@api.example.com/v1"),
        "without user, password",
    );
    refused(&home.run(&["set", "generic", "--model", "m"]), "--url");
    refused(
        &home.run(&["set", "vllm", "--model", "m", "--ca", "/nonexistent.pem"]),
        "/nonexistent.pem",
    );
    let with_cap = home.run(&["set", "vllm", "--model", "m", "--cap", "5"]);
    assert!(!with_cap.status.success(), "a cap needs prices");
    assert_eq!(home.file("cloud.json"), "");
}

#[test]
fn prices_and_limits_are_shown_as_they_hold() {
    let home = Home::new();
    let set = done(&home.run(&[
        "set",
        "generic",
        "--model",
        "m",
        "--url",
        "https://api.example.com/v1",
        "--per-day",
        "50",
        "--price-input",
        "2.5",
        "--price-output",
        "10",
        "--currency",
        "EUR",
        "--cap",
        "20",
    ]));
    assert!(set.contains("10 requests a minute, 50 a day"), "{set}");
    assert!(
        set.contains(
            "2.50 and 10.00 EUR for a million tokens in and out, at most 20.00 in thirty days"
        ),
        "{set}"
    );
}

#[test]
fn a_key_goes_into_the_keyring_or_on_request_into_a_sealed_file() {
    let home = Home::new();
    done(&home.run(&[
        "set",
        "generic",
        "--model",
        "m",
        "--url",
        "https://api.example.com/v1",
    ]));
    // There is no keyring here, and nothing takes its place by itself.
    refused(
        &home.run_with(&["key"], "sk-secret\n"),
        "sotto-host cloud key --file (cloudKeyLocked)",
    );
    assert_eq!(home.file("cloud-key.age"), "");
    refused(
        &home.run_with(&["key", "--file"], "sk-secret\nshort\nshort\n"),
        "at least 12",
    );
    refused(
        &home.run_with(
            &["key", "--file"],
            "sk-secret\na long passphrase\nanother passphrase\n",
        ),
        "the same twice",
    );
    refused(&home.run_with(&["key", "--file"], ""), "nothing to read");
    done(&home.run_with(
        &["key", "--file"],
        "sk-secret\na long passphrase\na long passphrase\n",
    ));
    let sealed = fs::read(home.0.path().join("data/cloud-key.age")).expect("a file");
    assert!(sealed.starts_with(b"age-encryption.org/v1"));
    for name in ["cloud.json", "settings.json"] {
        assert!(!home.file(name).contains("sk-secret"));
    }
    assert!(home.file("cloud.json").contains(r#""key": "file""#));
    done(&home.run(&["key", "--remove"]));
    assert!(!home.0.path().join("data/cloud-key.age").exists());
}
