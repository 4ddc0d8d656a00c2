//! The places where a manifest could be needed, one for each browser and way of packaging it.

use std::path::PathBuf;

use sotto_core::protocol::HOST_NAME;

use super::{Browser, Family, Os, Packaging, Platform};

/// A browser on this system, or one that could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which browser; none for a profile that the user named.
    pub browser: Option<Browser>,
    /// How it is packaged.
    pub packaging: Packaging,
    /// What kind of manifest it reads.
    pub family: Family,
    /// Where it reads that.
    pub manifest: PathBuf,
    /// On Windows, the registry keys that must name the manifest.
    pub registry: Vec<String>,
    /// Whether the browser is there.
    pub is_found: bool,
}

impl Place {
    /// A browser's profile that the user named. Only browsers of the Chromium family read hosts from there.
    pub fn profile(folder: &std::path::Path) -> Self {
        Self {
            browser: None,
            packaging: Packaging::Native,
            family: Family::Chromium,
            manifest: folder.join("NativeMessagingHosts").join(file_name()),
            registry: Vec::new(),
            is_found: true,
        }
    }

    /// For people: `Chromium (Flatpak)`.
    pub fn label(&self) -> String {
        let name = self.browser.map_or("the profile", Browser::label);
        match self.packaging {
            Packaging::Native => name.into(),
            Packaging::Snap => format!("{name} (Snap)"),
            Packaging::Flatpak => format!("{name} (Flatpak)"),
        }
    }

    /// Whether the browser can start a host that lies outside its confinement, as far as a manifest can do it.
    pub fn can_start_hosts(&self) -> bool {
        // The Snap of Firefox asks the desktop's WebExtensions portal, which reads the manifests of the unconfined one.
        self.packaging != Packaging::Snap || self.family == Family::Firefox
    }
}

/// File name of the manifest.
pub(super) fn file_name() -> String {
    format!("{HOST_NAME}.json")
}

/// Every place of this system, found or not. Two browsers may share a place.
pub fn places(platform: &Platform<'_>) -> Vec<Place> {
    Browser::ALL
        .into_iter()
        .flat_map(|browser| match platform.os {
            Os::Linux => linux(platform, browser),
            Os::MacOs => vec![mac(platform, browser)],
            Os::Windows => vec![windows(platform, browser)],
        })
        .collect()
}

fn linux(platform: &Platform<'_>, browser: Browser) -> Vec<Place> {
    let traits = browser.traits();
    let hosts = match traits.family {
        Family::Chromium => "NativeMessagingHosts",
        Family::Firefox => "native-messaging-hosts",
    };
    let base = match traits.family {
        Family::Chromium => &platform.config,
        Family::Firefox => &platform.home,
    };
    // Other programs leave hosts in `.mozilla` too; the profiles are what only Firefox makes.
    let sign = match browser {
        Browser::Firefox => base.join(".mozilla/firefox"),
        _ => base.join(traits.linux),
    };
    let mut programs = traits.programs.iter();
    let has_program = programs.any(|name| {
        let path = platform.root.join("usr/bin").join(name);
        // On Ubuntu `chromium-browser` and `firefox` are scripts that start the Snap.
        path.exists() && !has_snap(platform, traits.snap)
    });
    let native = Place {
        browser: Some(browser),
        packaging: Packaging::Native,
        family: traits.family,
        manifest: base.join(traits.linux).join(hosts).join(file_name()),
        registry: Vec::new(),
        is_found: sign.is_dir() || has_program,
    };
    let app = platform.home.join(".var/app").join(traits.flatpak);
    let inside = match traits.family {
        Family::Chromium => app.join("config").join(traits.linux),
        Family::Firefox => app.join(traits.linux),
    };
    let flatpak = Place {
        packaging: Packaging::Flatpak,
        manifest: inside.join(hosts).join(file_name()),
        is_found: app.is_dir(),
        ..native.clone()
    };
    let snap = traits.snap.map(|name| Place {
        packaging: Packaging::Snap,
        manifest: match traits.family {
            Family::Firefox => native.manifest.clone(),
            Family::Chromium => {
                let common = platform.home.join("snap").join(name).join("common");
                common.join(traits.linux).join(hosts).join(file_name())
            }
        },
        is_found: has_snap(platform, Some(name)),
        ..native.clone()
    });
    [native, flatpak].into_iter().chain(snap).collect()
}

fn has_snap(platform: &Platform<'_>, name: Option<&str>) -> bool {
    name.is_some_and(|name| {
        platform.home.join("snap").join(name).is_dir()
            || platform.root.join("snap/bin").join(name).exists()
    })
}

fn mac(platform: &Platform<'_>, browser: Browser) -> Place {
    let traits = browser.traits();
    let folder = platform.application_support().join(traits.mac);
    let app = format!("Applications/{}.app", traits.label);
    // Mozilla's folder of hosts is not the one of its profiles.
    let sign = match browser {
        Browser::Firefox => platform.application_support().join("Firefox"),
        _ => folder.clone(),
    };
    Place {
        browser: Some(browser),
        packaging: Packaging::Native,
        family: traits.family,
        manifest: folder.join("NativeMessagingHosts").join(file_name()),
        registry: Vec::new(),
        is_found: sign.is_dir()
            || platform.root.join(&app).is_dir()
            || platform.home.join(&app).is_dir(),
    }
}

fn windows(platform: &Platform<'_>, browser: Browser) -> Place {
    let traits = browser.traits();
    let base = match browser {
        Browser::Opera | Browser::Firefox | Browser::LibreWolf => {
            platform.home.join("AppData/Roaming")
        }
        _ => platform.config.clone(),
    };
    let family = match traits.family {
        Family::Chromium => "chromium",
        Family::Firefox => "firefox",
    };
    let folder = platform.data.join("native-messaging").join(family);
    let keys = traits.registry.iter();
    Place {
        browser: Some(browser),
        packaging: Packaging::Native,
        family: traits.family,
        manifest: folder.join(file_name()),
        registry: keys.map(|key| format!(r"{key}\{HOST_NAME}")).collect(),
        is_found: base.join(traits.windows).is_dir(),
    }
}
