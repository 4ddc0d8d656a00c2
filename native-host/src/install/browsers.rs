//! The browsers, and where each keeps what on each system.
//!
//! # Source
//! Chrome, "Native messaging host location"; Microsoft, "Native messaging" for Edge; Mozilla, "Native manifests";
//! KeePassXC's `NativeMessageInstaller.cpp` for the others. The folders of Opera and LibreWolf, and the keys of their own
//! on Windows, are by analogy and were not tried on those systems; the keys that they share with Chrome and Firefox stand
//! beside them.

/// A browser that can run the extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Browser {
    /// Google Chrome
    Chrome,
    /// Chromium
    Chromium,
    /// Microsoft Edge
    Edge,
    /// Brave
    Brave,
    /// Vivaldi
    Vivaldi,
    /// Opera
    Opera,
    /// Mozilla Firefox
    Firefox,
    /// LibreWolf
    #[value(name = "librewolf")]
    LibreWolf,
}

/// What kind of manifest a browser reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// `allowed_origins`
    Chromium,
    /// `allowed_extensions`
    Firefox,
}

/// How a browser came onto the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Packaging {
    /// By its maker's or the system's own package.
    Native,
    /// By Snap: confined, cannot start programs outside.
    Snap,
    /// By Flatpak: confined, can start programs outside only through a permission that the user gives.
    Flatpak,
}

/// Folders and names of one browser. Relative to the folder that its system keeps such things in.
pub(super) struct Traits {
    pub(super) label: &'static str,
    pub(super) family: Family,
    /// Folder of its data on Linux, below `$XDG_CONFIG_HOME` for the Chromium family, below home for Firefox's.
    pub(super) linux: &'static str,
    /// Below `~/Library/Application Support`.
    pub(super) mac: &'static str,
    /// Below `%LOCALAPPDATA%` for the Chromium family (Opera: `%APPDATA%`), below `%APPDATA%` for Firefox's.
    pub(super) windows: &'static str,
    /// Registry keys whose hosts it reads. Builds of Chromium read their own key, Chrome's, or Chromium's, depending on
    /// their version: all of them are written.
    pub(super) registry: &'static [&'static str],
    /// Programs in `/usr/bin`.
    pub(super) programs: &'static [&'static str],
    /// Name of its Snap.
    pub(super) snap: Option<&'static str>,
    /// Its id at Flathub.
    pub(super) flatpak: &'static str,
}

const CHROME_KEY: &str = r"Software\Google\Chrome\NativeMessagingHosts";
const CHROMIUM_KEY: &str = r"Software\Chromium\NativeMessagingHosts";
const MOZILLA_KEY: &str = r"Software\Mozilla\NativeMessagingHosts";

impl Browser {
    /// Every browser.
    pub const ALL: [Self; 8] = [
        Self::Chrome,
        Self::Chromium,
        Self::Edge,
        Self::Brave,
        Self::Vivaldi,
        Self::Opera,
        Self::Firefox,
        Self::LibreWolf,
    ];

    /// Its name for people.
    pub fn label(self) -> &'static str {
        self.traits().label
    }

    /// What kind of manifest it reads.
    pub fn family(self) -> Family {
        self.traits().family
    }

    pub(super) fn traits(self) -> Traits {
        let chromium = Traits {
            label: "Chromium",
            family: Family::Chromium,
            linux: "chromium",
            mac: "Chromium",
            windows: "Chromium/User Data",
            registry: &[CHROMIUM_KEY],
            programs: &["chromium", "chromium-browser"],
            snap: Some("chromium"),
            flatpak: "org.chromium.Chromium",
        };
        match self {
            Self::Chromium => chromium,
            Self::Chrome => Traits {
                label: "Google Chrome",
                linux: "google-chrome",
                mac: "Google/Chrome",
                windows: "Google/Chrome/User Data",
                registry: &[CHROME_KEY],
                programs: &["google-chrome", "google-chrome-stable"],
                snap: None,
                flatpak: "com.google.Chrome",
                ..chromium
            },
            Self::Edge => Traits {
                label: "Microsoft Edge",
                linux: "microsoft-edge",
                mac: "Microsoft Edge",
                windows: "Microsoft/Edge/User Data",
                registry: &[r"Software\Microsoft\Edge\NativeMessagingHosts"],
                programs: &["microsoft-edge", "microsoft-edge-stable"],
                snap: None,
                flatpak: "com.microsoft.Edge",
                ..chromium
            },
            Self::Brave => Traits {
                label: "Brave",
                linux: "BraveSoftware/Brave-Browser",
                mac: "BraveSoftware/Brave-Browser",
                windows: "BraveSoftware/Brave-Browser/User Data",
                registry: &[
                    r"Software\BraveSoftware\Brave-Browser\NativeMessagingHosts",
                    CHROME_KEY,
                    CHROMIUM_KEY,
                ],
                programs: &["brave-browser", "brave"],
                snap: Some("brave"),
                flatpak: "com.brave.Browser",
                ..chromium
            },
            Self::Vivaldi => Traits {
                label: "Vivaldi",
                linux: "vivaldi",
                mac: "Vivaldi",
                windows: "Vivaldi/User Data",
                registry: &[
                    r"Software\Vivaldi\NativeMessagingHosts",
                    CHROME_KEY,
                    CHROMIUM_KEY,
                ],
                programs: &["vivaldi", "vivaldi-stable"],
                snap: Some("vivaldi"),
                flatpak: "com.vivaldi.Vivaldi",
                ..chromium
            },
            Self::Opera => Traits {
                label: "Opera",
                linux: "opera",
                mac: "com.operasoftware.Opera",
                windows: "Opera Software/Opera Stable",
                registry: &[
                    r"Software\Opera Software\NativeMessagingHosts",
                    CHROME_KEY,
                    CHROMIUM_KEY,
                ],
                programs: &["opera"],
                snap: Some("opera"),
                flatpak: "com.opera.Opera",
                ..chromium
            },
            Self::Firefox => Traits {
                label: "Firefox",
                family: Family::Firefox,
                linux: ".mozilla",
                mac: "Mozilla",
                windows: "Mozilla/Firefox",
                registry: &[MOZILLA_KEY],
                programs: &["firefox", "firefox-esr"],
                snap: Some("firefox"),
                flatpak: "org.mozilla.firefox",
            },
            Self::LibreWolf => Traits {
                label: "LibreWolf",
                family: Family::Firefox,
                linux: ".librewolf",
                mac: "LibreWolf",
                windows: "LibreWolf",
                registry: &[r"Software\LibreWolf\NativeMessagingHosts", MOZILLA_KEY],
                programs: &["librewolf"],
                snap: None,
                flatpak: "io.gitlab.librewolf-community",
            },
        }
    }
}
