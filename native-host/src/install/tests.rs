//! Whole installations in throw-away homes, in the layouts of all three systems.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sotto_core::protocol::HOST_NAME;
use tempfile::TempDir;

use super::*;
use crate::extension::{ADDED_IDS, CHROMIUM_ID, FIREFOX_ID};

/// A home with a program.
struct Scene {
    folder: TempDir,
    os: Os,
    registry: MemoryRegistry,
}

impl Scene {
    fn new(os: Os) -> Self {
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
            os,
            registry: MemoryRegistry::default(),
        };
        scene.file("download/sotto-host", "program");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(scene.path("download/sotto-host"), mode).unwrap();
        }
        scene.file("download/libonnxruntime.so.1.27.0", "library");
        scene.file("download/models/nano/blobs/ab", "blob");
        scene.file("download/README.md", "not copied");
        fs::create_dir_all(scene.path("home")).unwrap();
        scene
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn folder(&self, path: &str) {
        fs::create_dir_all(self.path(path)).unwrap();
    }

    fn platform(&self) -> Platform<'_> {
        let config = match self.os {
            Os::Linux => "home/.config",
            Os::MacOs => "home/Library/Application Support",
            Os::Windows => "home/AppData/Local",
        };
        Platform {
            os: self.os,
            home: self.path("home"),
            config: self.path(config),
            root: self.path("root"),
            data: self.path("home/data"),
            program: self.path("download/sotto-host"),
            registry: &self.registry,
        }
    }

    fn install(&self, options: &InstallOptions) -> Result<String, InstallError> {
        let mut out = Vec::new();
        install(options, &self.platform(), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn installed(&self) -> String {
        self.install(&InstallOptions::default()).unwrap()
    }

    fn uninstall(&self, extent: Extent) -> String {
        let mut out = Vec::new();
        uninstall(extent, &self.platform(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Every file and folder below home, with contents.
    fn snapshot(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        fn walk(folder: &Path, seen: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, seen);
                    seen.insert(path, None);
                } else {
                    let bytes = fs::read(&path).unwrap();
                    seen.insert(path, Some(bytes));
                }
            }
        }
        let mut seen = BTreeMap::new();
        walk(&self.path("home"), &mut seen);
        seen
    }

    fn manifest(&self, path: &str) -> HostManifest {
        let path = self
            .path("home")
            .join(path)
            .join(format!("{HOST_NAME}.json"));
        serde_json::from_slice(&fs::read(&path).unwrap_or_else(|_| panic!("{}", path.display())))
            .unwrap()
    }
}

fn for_browser(browser: Browser) -> InstallOptions {
    InstallOptions {
        browsers: vec![browser],
        ..InstallOptions::default()
    }
}

#[test]
fn every_browser_of_every_system_gets_its_manifest_and_loses_it_again() {
    use Browser::{Brave, Chrome, Chromium, Edge, Firefox, LibreWolf, Opera, Vivaldi};
    let mac = "Library/Application Support";
    let cases = [
        (
            Os::Linux,
            Chrome,
            ".config/google-chrome/NativeMessagingHosts".to_owned(),
        ),
        (
            Os::Linux,
            Chromium,
            ".config/chromium/NativeMessagingHosts".into(),
        ),
        (
            Os::Linux,
            Edge,
            ".config/microsoft-edge/NativeMessagingHosts".into(),
        ),
        (
            Os::Linux,
            Brave,
            ".config/BraveSoftware/Brave-Browser/NativeMessagingHosts".into(),
        ),
        (
            Os::Linux,
            Vivaldi,
            ".config/vivaldi/NativeMessagingHosts".into(),
        ),
        (
            Os::Linux,
            Opera,
            ".config/opera/NativeMessagingHosts".into(),
        ),
        (Os::Linux, Firefox, ".mozilla/native-messaging-hosts".into()),
        (
            Os::Linux,
            LibreWolf,
            ".librewolf/native-messaging-hosts".into(),
        ),
        (
            Os::MacOs,
            Chrome,
            format!("{mac}/Google/Chrome/NativeMessagingHosts"),
        ),
        (
            Os::MacOs,
            Chromium,
            format!("{mac}/Chromium/NativeMessagingHosts"),
        ),
        (
            Os::MacOs,
            Edge,
            format!("{mac}/Microsoft Edge/NativeMessagingHosts"),
        ),
        (
            Os::MacOs,
            Brave,
            format!("{mac}/BraveSoftware/Brave-Browser/NativeMessagingHosts"),
        ),
        (
            Os::MacOs,
            Vivaldi,
            format!("{mac}/Vivaldi/NativeMessagingHosts"),
        ),
        (
            Os::MacOs,
            Opera,
            format!("{mac}/com.operasoftware.Opera/NativeMessagingHosts"),
        ),
        (
            Os::MacOs,
            Firefox,
            format!("{mac}/Mozilla/NativeMessagingHosts"),
        ),
        (
            Os::MacOs,
            LibreWolf,
            format!("{mac}/LibreWolf/NativeMessagingHosts"),
        ),
        (Os::Windows, Chrome, "data/native-messaging/chromium".into()),
        (Os::Windows, Firefox, "data/native-messaging/firefox".into()),
    ];
    for (os, browser, folder) in cases {
        let scene = Scene::new(os);
        let before = scene.snapshot();
        scene.install(&for_browser(browser)).unwrap();
        let manifest = scene.manifest(&folder);
        assert_eq!(
            manifest.path,
            scene.path("download/sotto-host").to_str().unwrap()
        );
        assert_eq!(
            (manifest.name.as_str(), manifest.kind.as_str()),
            (HOST_NAME, "stdio")
        );
        let origin = format!("chrome-extension://{CHROMIUM_ID}/");
        match browser.family() {
            Family::Chromium => assert_eq!(manifest.allowed_origins, [origin]),
            Family::Firefox => assert_eq!(manifest.allowed_extensions, [FIREFOX_ID]),
        }
        scene.uninstall(Extent::Registration);
        assert_eq!(scene.snapshot(), before, "{os:?} {browser:?}");
        assert!(scene.registry.entries().is_empty());
    }
}

#[test]
fn on_windows_the_registry_names_the_manifest() {
    let scene = Scene::new(Os::Windows);
    let theirs = format!(r"Software\Chromium\NativeMessagingHosts\{HOST_NAME}");
    scene.registry.set(&theirs, r"C:\other.json").unwrap();
    let before = scene.registry.entries();
    for browser in Browser::ALL {
        scene.install(&for_browser(browser)).unwrap();
    }
    let entries = scene.registry.entries();
    for vendor in [
        r"Google\Chrome",
        "Chromium",
        r"Microsoft\Edge",
        r"BraveSoftware\Brave-Browser",
        "Vivaldi",
        "Opera Software",
        "Mozilla",
        "LibreWolf",
    ] {
        let key = format!(r"Software\{vendor}\NativeMessagingHosts\{HOST_NAME}");
        let manifest = entries.get(&key).expect(&key);
        assert!(Path::new(manifest).is_file(), "{manifest}");
    }
    // Somebody changed one since: it stays.
    let edge = format!(r"Software\Microsoft\Edge\NativeMessagingHosts\{HOST_NAME}");
    scene.registry.set(&edge, r"C:\newer.json").unwrap();
    scene.uninstall(Extent::Registration);
    let mut expected = before;
    expected.insert(edge, r"C:\newer.json".into());
    assert_eq!(scene.registry.entries(), expected);
}

#[test]
fn without_a_choice_the_browsers_that_are_there_are_served() {
    let scene = Scene::new(Os::Linux);
    let nobody = scene.install(&InstallOptions::default());
    assert!(matches!(nobody, Err(InstallError::NoBrowser)));
    scene.folder("home/.config/chromium");
    scene.file("root/usr/bin/firefox-esr", "");
    let shown = scene.installed();
    assert_eq!(shown.lines().count(), 2, "{shown}");
    scene.manifest(".config/chromium/NativeMessagingHosts");
    scene.manifest(".mozilla/native-messaging-hosts");
    assert!(!scene.path("home/.config/google-chrome").exists());
}

#[test]
fn doing_it_twice_changes_nothing() {
    let scene = Scene::new(Os::Linux);
    scene.folder("home/.config/chromium");
    let options = InstallOptions {
        copy: true,
        ..InstallOptions::default()
    };
    scene.install(&options).unwrap();
    let once = scene.snapshot();
    let shown = scene.install(&options).unwrap();
    assert!(shown.contains("registered already"), "{shown}");
    assert_eq!(scene.snapshot(), once);
    scene.uninstall(Extent::All);
    let shown = scene.uninstall(Extent::All);
    assert_eq!(shown, "nothing is registered\n");
    assert!(!scene.path("home/data").exists());
}

#[test]
fn somebody_elses_manifest_is_kept_and_put_back() {
    let scene = Scene::new(Os::Linux);
    let theirs = format!("home/.config/chromium/NativeMessagingHosts/{HOST_NAME}.json");
    scene.file(&theirs, r#"{"name": "theirs"}"#);
    scene.file(
        "home/.config/chromium/NativeMessagingHosts/other.json",
        "other",
    );
    let before = scene.snapshot();
    let shown = scene.installed();
    assert!(shown.contains("is kept as"), "{shown}");
    scene.manifest(".config/chromium/NativeMessagingHosts");
    let shown = scene.installed();
    assert!(!shown.contains("is kept as"), "only once: {shown}");
    scene.uninstall(Extent::Registration);
    assert_eq!(scene.snapshot(), before);
}

#[test]
fn a_newer_program_takes_the_place_of_the_older_one_without_a_backup() {
    let scene = Scene::new(Os::Linux);
    scene.folder("home/.config/chromium");
    scene.installed();
    let newer = scene.path("newer/sotto-host");
    scene.file("newer/sotto-host", "newer");
    let platform = Platform {
        program: newer.clone(),
        ..scene.platform()
    };
    install(&InstallOptions::default(), &platform, &mut Vec::new()).unwrap();
    let manifest = scene.manifest(".config/chromium/NativeMessagingHosts");
    assert_eq!(manifest.path, newer.to_str().unwrap());
    let hosts = scene.path("home/.config/chromium/NativeMessagingHosts");
    assert_eq!(fs::read_dir(hosts).unwrap().count(), 1);
}

#[test]
fn a_manifest_that_was_edited_is_not_removed() {
    let scene = Scene::new(Os::Linux);
    scene.folder("home/.config/chromium");
    scene.installed();
    let path = format!("home/.config/chromium/NativeMessagingHosts/{HOST_NAME}.json");
    scene.file(&path, "edited");
    let shown = scene.uninstall(Extent::All);
    assert!(
        shown.contains("was changed after it was installed"),
        "{shown}"
    );
    assert_eq!(fs::read_to_string(scene.path(&path)).unwrap(), "edited");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_manifests_place_is_moved_and_what_it_leads_to_is_not_written() {
    let scene = Scene::new(Os::Linux);
    scene.file("home/precious", "precious");
    scene.folder("home/.config/chromium/NativeMessagingHosts");
    let path = format!("home/.config/chromium/NativeMessagingHosts/{HOST_NAME}.json");
    std::os::unix::fs::symlink(scene.path("home/precious"), scene.path(&path)).unwrap();
    scene.installed();
    assert_eq!(
        fs::read_to_string(scene.path("home/precious")).unwrap(),
        "precious"
    );
    scene.uninstall(Extent::Registration);
    assert!(scene.path(&path).is_symlink(), "put back");
}

#[test]
fn snap_and_flatpak_are_told_apart() {
    let scene = Scene::new(Os::Linux);
    scene.folder("home/snap/chromium");
    scene.folder("home/snap/firefox");
    scene.file("root/usr/bin/chromium-browser", "starts the Snap");
    scene.folder("home/.var/app/com.brave.Browser");
    let shown = scene.installed();
    assert!(shown.contains("Chromium (Snap): not possible"), "{shown}");
    assert!(!scene.path("home/.config/chromium").exists(), "{shown}");
    assert!(shown.contains("Firefox (Snap): registered"), "{shown}");
    assert!(shown.contains("WebExtensions portal"), "{shown}");
    assert!(
        shown.contains(
            "flatpak override --user --talk-name=org.freedesktop.Flatpak com.brave.Browser"
        ),
        "{shown}"
    );
    scene.manifest(".mozilla/native-messaging-hosts");
    let app = ".var/app/com.brave.Browser";
    let manifest = scene.manifest(&format!(
        "{app}/config/BraveSoftware/Brave-Browser/NativeMessagingHosts"
    ));
    let script = scene.path("home").join(app).join("data/sotto/sotto-host");
    assert_eq!(manifest.path, script.to_str().unwrap());
    let text = fs::read_to_string(&script).unwrap();
    let program = scene.path("download/sotto-host");
    assert!(
        text.contains(&format!("--host --watch-bus '{}'", program.display())),
        "{text}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&script).unwrap().permissions().mode() & 0o777,
            0o755
        );
    }
}

#[test]
fn a_profile_is_served_alone() {
    let scene = Scene::new(Os::Linux);
    scene.folder("home/.config/chromium");
    let options = InstallOptions {
        profile: Some(scene.path("home/profile")),
        ..InstallOptions::default()
    };
    scene.install(&options).unwrap();
    scene.manifest("profile/NativeMessagingHosts");
    assert!(
        !scene
            .path("home/.config/chromium/NativeMessagingHosts")
            .exists()
    );
    scene.uninstall(Extent::Registration);
    assert!(!scene.path("home/profile").exists());
}

#[test]
fn builds_of_the_users_own_are_allowed_by_the_browser_and_the_host() {
    let scene = Scene::new(Os::Linux);
    scene.folder("home/.config/chromium");
    scene.folder("home/.mozilla/firefox");
    let own = "abcdefghijklmnopabcdefghijklmnop";
    for bad in [
        "*",
        "abc",
        "https://example.com/",
        "a@b\nc",
        &own.to_uppercase(),
    ] {
        let options = InstallOptions {
            extension_ids: vec![bad.into()],
            ..InstallOptions::default()
        };
        assert!(
            matches!(scene.install(&options), Err(InstallError::ExtensionId(_))),
            "{bad}"
        );
    }
    let options = InstallOptions {
        extension_ids: vec![own.into(), "own@example.org".into()],
        ..InstallOptions::default()
    };
    scene.install(&options).unwrap();
    // And still after an installation that does not name them.
    scene.installed();
    let chromium = scene.manifest(".config/chromium/NativeMessagingHosts");
    let origins = [CHROMIUM_ID, own].map(|id| format!("chrome-extension://{id}/"));
    assert_eq!(chromium.allowed_origins, origins);
    let firefox = scene.manifest(".mozilla/native-messaging-hosts");
    assert_eq!(firefox.allowed_extensions, [FIREFOX_ID, "own@example.org"]);
    let ids = fs::read_to_string(scene.path("home/data").join(ADDED_IDS)).unwrap();
    assert_eq!(ids, format!("{own}\nown@example.org\n"));
}

#[test]
fn a_copy_outlives_the_folder_it_came_from() {
    let scene = Scene::new(Os::Linux);
    scene.folder("home/.config/chromium");
    let options = InstallOptions {
        copy: true,
        ..InstallOptions::default()
    };
    scene.install(&options).unwrap();
    fs::remove_dir_all(scene.path("download")).unwrap();
    let program = scene.path("home/data/program");
    let manifest = scene.manifest(".config/chromium/NativeMessagingHosts");
    assert_eq!(manifest.path, program.join("sotto-host").to_str().unwrap());
    for name in [
        "sotto-host",
        "libonnxruntime.so.1.27.0",
        "models/nano/blobs/ab",
    ] {
        assert!(program.join(name).is_file(), "{name}");
    }
    assert!(!program.join("README.md").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(program.join("sotto-host"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o755);
    }
    // Installing again from the copy copies nothing onto itself.
    let platform = Platform {
        program: program.join("sotto-host"),
        ..scene.platform()
    };
    install(&options, &platform, &mut Vec::new()).unwrap();
    scene.uninstall(Extent::Registration);
    assert!(!program.exists());
}

#[test]
fn uninstalling_takes_models_and_data_only_if_asked_and_never_what_is_not_ours() {
    for extent in [Extent::Registration, Extent::Models, Extent::All] {
        let scene = Scene::new(Os::Linux);
        scene.folder("home/.config/chromium");
        scene.installed();
        scene.file("home/data/models/mine-1/manifest.json", "{}");
        scene.file("home/data/device-key", "seed");
        scene.file("home/data/settings.json", "{}");
        scene.file("home/data/thesis.txt", "years of work");
        scene.uninstall(extent);
        let exists = |name: &str| scene.path("home/data").join(name).exists();
        assert_eq!(exists("models"), extent == Extent::Registration);
        assert_eq!(exists("device-key"), extent == Extent::Registration);
        assert_eq!(exists("settings.json"), extent != Extent::All);
        assert!(exists("thesis.txt"));
    }
}

#[test]
fn a_damaged_journal_stops_everything() {
    let scene = Scene::new(Os::Linux);
    scene.folder("home/.config/chromium");
    scene.installed();
    scene.file("home/data/installed.json", "[{");
    let before = scene.snapshot();
    let refused = uninstall(Extent::All, &scene.platform(), &mut Vec::new());
    assert!(matches!(refused, Err(InstallError::Journal { .. })));
    assert!(scene.install(&InstallOptions::default()).is_err());
    assert_eq!(scene.snapshot(), before);
}
