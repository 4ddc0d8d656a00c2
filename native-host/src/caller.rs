//! Who started this process, from the arguments that the browser gives.

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A browser of the Chromium family, for the extension with this id.
    Chromium(String),
    /// Firefox, for the extension with this id.
    Firefox(String),
}

impl Caller {
    /// The caller, if these are the arguments of a browser: `chrome-extension://<id>/` (and on Windows a window number),
    /// or the path of our manifest and the id of the add-on.
    ///
    /// # Source
    /// Chrome and Mozilla, "Native messaging", on the arguments of a host.
    pub fn from_arguments(arguments: &[String]) -> Option<Self> {
        let first = arguments.first()?;
        if let Some(rest) = first.strip_prefix("chrome-extension://") {
            return Some(Self::Chromium(rest.trim_end_matches('/').to_owned()));
        }
        match arguments {
            [manifest, id] if manifest.ends_with(".json") => Some(Self::Firefox(id.clone())),
            _ => None,
        }
    }

    /// The extension's id.
    pub fn id(&self) -> &str {
        match self {
            Self::Chromium(id) | Self::Firefox(id) => id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(arguments: &[&str]) -> Option<Caller> {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|&argument| argument.to_owned())
            .collect();
        Caller::from_arguments(&arguments)
    }

    #[test]
    fn browsers_are_told_from_people() {
        let chromium = Some(Caller::Chromium("abc".into()));
        assert_eq!(caller(&["chrome-extension://abc/"]), chromium);
        assert_eq!(
            caller(&["chrome-extension://abc/", "--parent-window=7"]),
            chromium
        );
        assert_eq!(
            caller(&["/home/me/app.sotto.host.json", "sotto@example"]),
            Some(Caller::Firefox("sotto@example".into()))
        );
        assert_eq!(caller(&["doctor"]), None);
        assert_eq!(caller(&[]), None);
    }
}
