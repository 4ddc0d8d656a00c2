//! The real program, as people use it, in a throw-away home.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a folder"));
        fs::create_dir_all(home.path("config/chromium")).expect("made");
        home
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sotto-host"));
        command
            .args(arguments)
            .env("HOME", self.0.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("SOTTO_HOME", self.path("data"))
            .stdin(std::process::Stdio::null());
        command.output().expect("the program starts")
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

fn export() -> String {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/onnx/genai");
    fixture.to_string_lossy().into_owned()
}

#[test]
fn a_model_is_imported_chosen_and_removed() {
    let home = Home::new();
    let asked = home.run(&["model", "import", &export()]);
    assert_eq!(asked.status.code(), Some(1));
    assert!(text(&asked.stdout).contains("sha256 "));
    assert!(
        text(&asked.stderr).contains("--yes (badRequest)"),
        "{}",
        text(&asked.stderr)
    );
    done(&home.run(&["model", "import", &export(), "--yes", "--name", "mine"]));
    done(&home.run(&["model", "use", "mine"]));
    let listed = done(&home.run(&["model", "list"]));
    assert!(
        listed
            .lines()
            .any(|line| line.starts_with("* mine version 1 (imported)")),
        "{listed}"
    );
    done(&home.run(&["model", "remove", "mine"]));
    let gone = home.run(&["model", "use", "mine"]);
    assert!(
        text(&gone.stderr).contains("(modelMissing)"),
        "{}",
        text(&gone.stderr)
    );
}

#[cfg(target_os = "linux")]
#[test]
fn it_is_installed_found_by_doctor_and_uninstalled() {
    let home = Home::new();
    done(&home.run(&["install", "--browser", "chromium"]));
    let manifest = home.path("config/chromium/NativeMessagingHosts/app.sotto.host.json");
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(&manifest).expect("a manifest")).expect("JSON");
    let program = fs::canonicalize(env!("CARGO_BIN_EXE_sotto-host")).expect("the program");
    assert_eq!(json["path"], program.to_str().expect("Unicode"));

    // No library and no model lie beside a test build, so something is broken; but not the browser, and the sandbox was
    // tried out on the process itself.
    let doctor = home.run(&["doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&doctor.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    let of = |area: &str| -> Vec<&serde_json::Value> {
        findings
            .iter()
            .filter(|finding| finding["area"] == area)
            .collect()
    };
    let browser = of("browser");
    let chromium = browser.iter().find(|finding| {
        finding["what"]
            .as_str()
            .is_some_and(|what| what.starts_with("Chromium starts"))
    });
    assert_eq!(chromium.expect("Chromium")["status"], "ok");
    assert_eq!(of("sandbox").len(), 3);
    assert_eq!(doctor.status.success(), report["status"] != "broken");

    done(&home.run(&["uninstall", "--all"]));
    assert!(!manifest.exists() && !home.path("data").exists());
}
