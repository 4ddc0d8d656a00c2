//! An endpoint as the user set it up, and as it may be used.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use reqwest::Url;
use serde::{Deserialize, Serialize};
use sotto_core::consent::{EndpointTerms, Fingerprint, TokenLimitField};
use sotto_core::protocol::EndpointView;
use url_host::is_loopback;

use super::error::SetupError;
use super::price::Price;

/// What the API adds to the address of a server.
const PATH: &str = "chat/completions";

/// Longest name of an endpoint or model, in bytes.
const MAX_NAME_BYTES: usize = 200;

/// What the user wrote: `cloud.json` in the data directory. Fields of a later version are kept when this one writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointConfig {
    /// The user's name for it.
    pub name: String,
    /// Where the API begins: `https://api.example.com/v1`.
    pub url: String,
    /// The model to ask for.
    pub model: String,
    /// Its context, in tokens.
    pub context_tokens: u32,
    /// Where the key is.
    #[serde(default)]
    pub key: KeyPlace,
    /// Name of the field that bounds the answer.
    #[serde(default)]
    pub token_limit: TokenLimitField,
    /// Certificates to trust beside the system's, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Requests allowed in a minute.
    #[serde(default = "per_minute")]
    pub per_minute: u32,
    /// Requests allowed in a day.
    #[serde(default = "per_day")]
    pub per_day: u32,
    /// What tokens cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// Most that may be spent in thirty days, in millionths of the price's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_micros: Option<u32>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// Where an endpoint's key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum KeyPlace {
    /// It needs none.
    #[default]
    None,
    /// In the system's keyring.
    Keyring,
    /// In a file that a passphrase opens.
    File,
}

/// Servers that people run, and what is special about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Preset {
    /// vLLM on this device
    Vllm,
    /// The server of llama.cpp on this device
    LlamaCpp,
    /// Ollama on this device
    Ollama,
    /// Anything else with this API
    Generic,
}

/// An endpoint that was checked.
#[derive(Debug, Clone)]
pub struct Endpoint {
    config: EndpointConfig,
    url: Url,
}

impl Preset {
    /// The address where it listens unless told otherwise; none for [`Preset::Generic`].
    pub fn url(self) -> Option<&'static str> {
        match self {
            Self::Vllm => Some("http://localhost:8000/v1"),
            Self::LlamaCpp => Some("http://localhost:8080/v1"),
            Self::Ollama => Some("http://localhost:11434/v1"),
            Self::Generic => None,
        }
    }

    /// Its name, unless the user has a better one.
    pub fn title(self) -> &'static str {
        match self {
            Self::Vllm => "vLLM",
            Self::LlamaCpp => "llama.cpp",
            Self::Ollama => "Ollama",
            Self::Generic => "Endpoint",
        }
    }

    /// Where its key is, unless told otherwise: servers of one's own need none.
    pub fn key(self) -> KeyPlace {
        match self {
            Self::Vllm | Self::LlamaCpp | Self::Ollama => KeyPlace::None,
            Self::Generic => KeyPlace::Keyring,
        }
    }

    /// The context that its models have at least, in tokens, unless told otherwise. Ollama cuts at 4,096 by itself.
    pub fn context_tokens(self) -> u32 {
        match self {
            Self::Ollama => 4_096,
            Self::Vllm | Self::LlamaCpp | Self::Generic => 8_192,
        }
    }
}

impl Endpoint {
    /// Checks what the user wrote.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(config: EndpointConfig) -> Result<Self, SetupError> {
        let mut url = Url::parse(&config.url).map_err(|_| SetupError::NotAUrl)?;
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(SetupError::ExtraParts);
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            _ => return Err(SetupError::NotHttps),
        }
        let in_range = |name: &str| {
            (1..=MAX_NAME_BYTES).contains(&name.len()) && !name.chars().any(char::is_control)
        };
        let problem = [
            (!in_range(&config.name), "its name"),
            (!in_range(&config.model), "its model"),
            (config.context_tokens == 0, "its context"),
            (config.per_minute == 0, "the number of requests per minute"),
            (config.per_day == 0, "the number of requests per day"),
        ];
        if let Some((_, what)) = problem.iter().find(|(is_wrong, _)| *is_wrong) {
            return Err(SetupError::OutOfRange(what));
        }
        if config.cap_micros.is_some() && config.price.is_none() {
            return Err(SetupError::CapWithoutPrice);
        }
        let path = format!("{}/{PATH}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self { config, url })
    }

    /// What the user wrote.
    pub fn config(&self) -> &EndpointConfig {
        &self.config
    }

    /// Where requests are sent.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether it is on this device.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Scheme, host and port. What a key belongs to.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// What a consent is bound to.
    pub fn terms(&self) -> EndpointTerms {
        EndpointTerms {
            url: self.url.to_string(),
            model: self.config.model.clone(),
            token_limit: self.config.token_limit,
        }
    }

    /// [`EndpointTerms::fingerprint`].
    pub fn fingerprint(&self) -> Fingerprint {
        self.terms().fingerprint()
    }

    /// For the user's eyes.
    pub fn view(&self) -> EndpointView {
        EndpointView {
            name: self.config.name.clone(),
            origin: self.origin(),
            model: self.config.model.clone(),
            is_loopback: self.is_loopback(),
        }
    }
}

/// Ten: more than anybody clicks, fewer than a program gone wild sends.
fn per_minute() -> u32 {
    10
}

/// Two hundred.
fn per_day() -> u32 {
    200
}

mod url_host {
    use super::{Ipv4Addr, Ipv6Addr, Url};

    /// Whether the host is this device: by number, or as `localhost`, which the client never looks up elsewhere.
    pub(super) fn is_loopback(url: &Url) -> bool {
        let Some(host) = url.host_str() else {
            return false;
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || bare.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
            || bare.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str) -> EndpointConfig {
        EndpointConfig {
            name: "Mine".into(),
            url: url.into(),
            model: "m".into(),
            context_tokens: 8_192,
            key: KeyPlace::None,
            token_limit: TokenLimitField::MaxTokens,
            ca_file: None,
            per_minute: 10,
            per_day: 200,
            price: None,
            cap_micros: None,
            other: serde_json::Map::new(),
        }
    }

    #[test]
    fn requests_go_to_the_api_below_the_address() {
        for (given, expected) in [
            (
                "https://api.example.com/v1",
                "https://api.example.com/v1/chat/completions",
            ),
            (
                "https://api.example.com/v1/",
                "https://api.example.com/v1/chat/completions",
            ),
            (
                "https://api.example.com",
                "https://api.example.com/chat/completions",
            ),
            (
                "http://localhost:8080/v1",
                "http://localhost:8080/v1/chat/completions",
            ),
            ("http://127.0.0.2:1/", "http://127.0.0.2:1/chat/completions"),
            ("http://[::1]:1/v1", "http://[::1]:1/v1/chat/completions"),
        ] {
            assert_eq!(
                Endpoint::new(config(given)).unwrap().url().as_str(),
                expected
            );
        }
    }

    #[test]
    fn only_this_device_may_do_without_https() {
        for url in [
            "http://example.com/v1",
            "http://localhost.example.com/v1",
            "http://192.168.0.2/v1",
            "http://128.0.0.1/v1",
            "http://[::2]/v1",
            "http://0.0.0.0/v1",
            "ftp://localhost/v1",
            "file:///etc/passwd",
        ] {
            let problem = Endpoint::new(config(url)).unwrap_err();
            assert!(matches!(problem, SetupError::NotHttps), "{url}: {problem}");
        }
    }

    #[test]
    fn addresses_hold_no_secrets_and_no_surprises() {
        for url in [
            "https://user@example.com/v1",
            "https://user:password@example.com/v1",
            "https://example.com/v1?key=1",
            "https://example.com/v1#x",
        ] {
            assert!(
                matches!(Endpoint::new(config(url)), Err(SetupError::ExtraParts)),
                "{url}"
            );
        }
        assert!(matches!(
            Endpoint::new(config("example.com")),
            Err(SetupError::NotAUrl)
        ));
    }

    #[test]
    fn figures_make_sense() {
        let good = config("https://example.com");
        let wrong = |change: &dyn Fn(&mut EndpointConfig)| {
            let mut config = good.clone();
            change(&mut config);
            Endpoint::new(config).is_err()
        };
        assert!(wrong(&|config| config.model.clear()));
        assert!(wrong(&|config| config.name = "a\nb".into()));
        assert!(wrong(&|config| config.name = "a".repeat(201)));
        assert!(wrong(&|config| config.context_tokens = 0));
        assert!(wrong(&|config| config.per_minute = 0));
        assert!(wrong(&|config| config.per_day = 0));
        assert!(wrong(&|config| config.cap_micros = Some(1)));
    }

    #[test]
    fn presets_are_on_this_device() {
        for preset in [Preset::Vllm, Preset::LlamaCpp, Preset::Ollama] {
            let endpoint = Endpoint::new(config(preset.url().unwrap())).unwrap();
            assert!(endpoint.is_loopback());
            assert_eq!(preset.key(), KeyPlace::None);
        }
        assert_eq!(Preset::Generic.key(), KeyPlace::Keyring);
    }

    #[test]
    fn what_a_later_version_wrote_is_kept() {
        let json = r#"{"name":"n","url":"https://e.example/v1","model":"m","contextTokens":4096,"later":[1]}"#;
        let config: EndpointConfig = serde_json::from_str(json).unwrap();
        assert_eq!((config.per_minute, config.per_day), (10, 200));
        assert!(
            serde_json::to_string(&config)
                .unwrap()
                .contains(r#""later":[1]"#)
        );
    }
}
