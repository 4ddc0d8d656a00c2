//! The licence of a model, as far as its folder tells.

use std::path::Path;

use crate::models::files;

/// Largest model card read, in bytes.
const MAX_CARD_BYTES: u64 = 1 << 20;

/// What is written where nothing is known.
const UNKNOWN: &str = "LicenseRef-unknown";

/// Hugging Face's names of common licences, and SPDX's.
const SPDX: [(&str, &str); 10] = [
    ("apache-2.0", "Apache-2.0"),
    ("mit", "MIT"),
    ("bsd-3-clause", "BSD-3-Clause"),
    ("bsd-2-clause", "BSD-2-Clause"),
    ("cc-by-4.0", "CC-BY-4.0"),
    ("cc-by-sa-4.0", "CC-BY-SA-4.0"),
    ("cc-by-nc-4.0", "CC-BY-NC-4.0"),
    ("cc0-1.0", "CC0-1.0"),
    ("gpl-3.0", "GPL-3.0-only"),
    ("isc", "ISC"),
];

/// The licence named in the front matter of `README.md`, or that there is a licence file, or that nothing is known.
/// At most 128 printable ASCII characters, as the manifest wants it.
pub(super) fn license(dir: &Path) -> String {
    let card = files::read_followed(&dir.join("README.md"), MAX_CARD_BYTES).ok();
    let card = card.and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some(license) = card.as_deref().and_then(front_matter) {
        return license;
    }
    for name in ["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE"] {
        if dir.join(name).is_file() {
            return format!("LicenseRef-see-{name}-of-the-model");
        }
    }
    UNKNOWN.into()
}

/// `license`, or `license_name` where that says "other", between the two lines of dashes that a card begins with.
fn front_matter(card: &str) -> Option<String> {
    let mut lines = card.lines();
    if lines.next()?.trim() != "---" {
        return None;
    }
    let fields: Vec<(&str, &str)> = lines
        .take_while(|line| line.trim() != "---")
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key, value.trim().trim_matches(['"', '\''])))
        .collect();
    let field = |name| {
        let mut named = fields.iter().filter(|(key, _)| *key == name);
        named.next().map(|(_, value)| *value)
    };
    let name = match field("license")? {
        "other" => field("license_name").unwrap_or("other"),
        name => name,
    };
    if let Some((_, spdx)) = SPDX
        .iter()
        .find(|(short, _)| name.eq_ignore_ascii_case(short))
    {
        return Some((*spdx).into());
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_+".contains(c);
    let plain: String = name.chars().filter(|c| is_plain(*c)).take(100).collect();
    (!plain.is_empty()).then(|| format!("LicenseRef-{plain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards() {
        for (card, license) in [
            (
                "---\nlanguage: en\nlicense: apache-2.0\n---\n# Model",
                Some("Apache-2.0"),
            ),
            ("---\nlicense: \"MIT\"\n---", Some("MIT")),
            (
                "---\nlicense: other\nlicense_name: gemma\n---",
                Some("LicenseRef-gemma"),
            ),
            ("---\nlicense: llama3.2\n---", Some("LicenseRef-llama3.2")),
            ("---\nlicense: \u{1b}[2J\n---", Some("LicenseRef-2J")),
            ("---\ntags: x\n---\nlicense: mit", None),
            ("license: mit", None),
            ("", None),
        ] {
            assert_eq!(front_matter(card).as_deref(), license, "{card}");
        }
    }

    #[test]
    fn a_folder_without_a_card() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(license(folder.path()), UNKNOWN);
        std::fs::write(folder.path().join("LICENSE"), "text").unwrap();
        assert_eq!(
            license(folder.path()),
            "LicenseRef-see-LICENSE-of-the-model"
        );
    }
}
