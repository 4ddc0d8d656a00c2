use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::install::{Browser, InstallOptions, NoRegistry, Os, install};
use crate::models::StorePaths;

struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        scene.file("program/sotto-host", "program");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(scene.path("program/sotto-host"), mode).unwrap();
        }
        fs::create_dir_all(scene.path("home/.config/chromium")).unwrap();
        scene
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn platform(&self) -> Platform<'static> {
        Platform {
            os: Os::Linux,
            home: self.path("home"),
            config: self.path("home/.config"),
            root: self.path("root"),
            data: self.path("data"),
            program: self.path("program/sotto-host"),
            registry: &NoRegistry,
        }
    }

    fn install(&self) {
        install(
            &InstallOptions::default(),
            &self.platform(),
            &mut Vec::new(),
        )
        .unwrap();
    }

    fn report(&self) -> Report {
        let store = ModelStore::open(StorePaths {
            home: self.path("data"),
            shipped: self.path("program/models"),
        });
        let confinement = Confinement {
            system_calls: Part::Enforced,
            files: Part::Absent("old kernel".into()),
            memory: Part::Partly("heap only".into()),
        };
        examine(&self.platform(), &store, || Some(confinement))
    }

    /// The only finding of the area that is not fine.
    #[track_caller]
    fn fault(&self, area: &str) -> Finding {
        let findings = self.report().findings;
        let mut faults = findings
            .into_iter()
            .filter(|finding| finding.area == area && finding.status > Status::Note);
        let fault = faults.next().expect("a fault");
        assert_eq!(faults.next(), None);
        fault
    }
}

#[test]
fn a_browser_is_followed_from_absent_to_registered_to_broken() {
    let scene = Scene::new();
    let fault = scene.fault("browser");
    assert_eq!(fault.status, Status::Warning);
    assert_eq!(fault.advice, "run: sotto-host install --browser chromium");
    scene.install();
    let report = scene.report();
    let mut browsers = report
        .findings
        .iter()
        .filter(|finding| finding.area == "browser");
    assert!(
        browsers.all(|finding| finding.status == Status::Ok),
        "{report:?}"
    );

    let manifest = Browser::ALL
        .iter()
        .find_map(|_| {
            let folder = scene.path("home/.config/chromium/NativeMessagingHosts");
            fs::read_dir(folder)
                .ok()?
                .next()?
                .ok()
                .map(|entry| entry.path())
        })
        .expect("a manifest");
    let good = fs::read_to_string(&manifest).unwrap();
    let program = scene.path("program/sotto-host");
    let gone = good.replace(program.to_str().unwrap(), "/gone/sotto-host");
    for (text, reason) in [
        (gone, "is not there or cannot be started"),
        (
            good.replace("ccpcheklebdf", "aaaaaaaaaaaa"),
            "does not allow",
        ),
        (good.replace("stdio", "pipe"), "another host"),
        ("{".to_owned(), "no manifest"),
    ] {
        fs::write(&manifest, text).unwrap();
        let fault = scene.fault("browser");
        assert_eq!(fault.status, Status::Broken);
        assert!(fault.what.contains(reason), "{}", fault.what);
    }
    fs::write(&manifest, good).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(scene.fault("browser").what.contains("cannot be started"));
    }
}

#[test]
fn snap_is_named() {
    let scene = Scene::new();
    scene.install();
    fs::create_dir_all(scene.path("home/snap/chromium")).unwrap();
    let fault = scene.fault("browser");
    assert!(
        fault.what.contains("Chromium (Snap) cannot start"),
        "{}",
        fault.what
    );
}

#[test]
fn a_missing_or_wrong_runtime_and_model_are_broken() {
    let scene = Scene::new();
    assert!(scene.fault("runtime").what.contains("is missing"));
    assert!(scene.fault("model").what.contains("is not there"));
    assert!(scene.report().is_broken());
    let library = library_path(&scene.path("program"));
    fs::write(&library, "another library").unwrap();
    assert_eq!(scene.fault("runtime").status, Status::Broken);
    scene.file("program/models/sotto-nano-onnx/manifest.json", "{}");
    scene.file("program/models/sotto-nano-onnx/manifest.sig", "");
    let faults = scene
        .report()
        .findings
        .into_iter()
        .filter(|finding| finding.area == "model");
    assert!(
        faults
            .map(|fault| fault.what)
            .any(|what| what.contains("not signed"))
    );
}

#[test]
fn a_shipped_model_is_verified_to_the_last_byte() {
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/packs/sotto-nano-onnx");
    if !pack.exists() {
        println!("skipped: the pack for ONNX Runtime is not in this checkout");
        return;
    }
    let scene = Scene::new();
    let to = scene.path("program/models/sotto-nano-onnx");
    fs::create_dir_all(to.join("blobs")).unwrap();
    for folder in ["", "blobs"] {
        for entry in fs::read_dir(pack.join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                fs::copy(entry.path(), to.join(folder).join(entry.file_name())).unwrap();
            }
        }
    }
    let report = scene.report();
    let mut models = report
        .findings
        .iter()
        .filter(|finding| finding.area == "model");
    assert!(
        models.all(|finding| finding.status == Status::Ok),
        "{report:?}"
    );
    let blob = fs::read_dir(to.join("blobs"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = fs::read(&blob).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&blob, bytes).unwrap();
    assert!(scene.report().is_broken());
}

#[test]
fn memory_and_the_sandbox_are_told() {
    let scene = Scene::new();
    scene.file(
        "root/proc/meminfo",
        "MemTotal:  8000000 kB\nMemAvailable:  4000000 kB\n",
    );
    let report = scene.report();
    let what = |area: &str| -> Vec<&str> {
        let findings = report
            .findings
            .iter()
            .filter(|finding| finding.area == area);
        findings.map(|finding| finding.what.as_str()).collect()
    };
    assert!(
        what("memory")[0].starts_with("3906 MiB of 7812 MiB"),
        "{:?}",
        what("memory")
    );
    assert_eq!(what("sandbox").len(), 3);
    assert!(what("sandbox")[1].contains("old kernel"));
}

#[test]
fn the_report_is_written_for_people_and_for_programs() {
    let scene = Scene::new();
    scene.file("data/settings.json", "{");
    let report = scene.report();
    let written = |as_json| {
        let mut out = Vec::new();
        report.write(&mut out, as_json).unwrap();
        String::from_utf8(out).unwrap()
    };
    let text = written(false);
    assert!(
        text.contains("BROKEN  runtime: ") && text.contains("warning settings: "),
        "{text}"
    );
    assert!(
        text.contains("        -> run: sotto-host install"),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&written(true)).unwrap();
    assert_eq!(json["status"], "broken");
    assert_eq!(
        json["findings"].as_array().unwrap().len(),
        report.findings.len()
    );
}
