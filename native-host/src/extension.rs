//! Which extensions this host serves.

use std::fs;
use std::path::Path;

use crate::caller::Caller;

/// The id that browsers of the Chromium family derive from the key in `manifest.json`.
pub const CHROMIUM_ID: &str = "ccpcheklebdfldedechndmhmbailgkbj";

/// The id that `manifest.json` gives for Firefox.
pub const FIREFOX_ID: &str = "sotto@sotto.app";

/// Ids that the user added while installing (a build of their own), one on a line, in the data directory.
pub const ADDED_IDS: &str = "extension-ids";

/// Whether a caller is one of ours. The browser checks it too, against the manifest that it found; but that file is easier
/// to get wrong than this.
pub fn is_ours(caller: &Caller, home: &Path) -> bool {
    let own = match caller {
        Caller::Chromium(_) => CHROMIUM_ID,
        Caller::Firefox(_) => FIREFOX_ID,
    };
    caller.id() == own
        || fs::read_to_string(home.join(ADDED_IDS))
            .is_ok_and(|ids| ids.lines().any(|id| id.trim() == caller.id()))
}

#[cfg(test)]
mod tests {
    use sha2::Digest as _;

    use super::*;

    #[test]
    fn the_id_is_that_of_the_key_in_the_manifest() {
        let manifest: serde_json::Value =
            serde_json::from_str(include_str!("../../manifest.json")).unwrap();
        let key = decode_base64(manifest["key"].as_str().unwrap());
        let id: String = sha2::Sha256::digest(key)[..16]
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|nibble| char::from(b'a' + nibble))
            .collect();
        assert_eq!(id, CHROMIUM_ID);
    }

    fn decode_base64(text: &str) -> Vec<u8> {
        const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits = text
            .trim_end_matches('=')
            .chars()
            .flat_map(|digit| {
                let value = ALPHABET.find(digit).expect("base64");
                (0..6).rev().map(move |bit| value >> bit & 1)
            })
            .collect::<Vec<_>>();
        bits.chunks_exact(8)
            .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | *bit as u8))
            .collect()
    }

    #[test]
    fn only_ours_and_those_that_the_user_added_are_served() {
        let home = tempfile::tempdir().unwrap();
        let chromium = |id: &str| Caller::Chromium(id.to_owned());
        assert!(is_ours(&chromium(CHROMIUM_ID), home.path()));
        assert!(!is_ours(&chromium("abc"), home.path()));
        assert!(!is_ours(&chromium(FIREFOX_ID), home.path()));
        fs::write(home.path().join(ADDED_IDS), "xyz\nabc\n").unwrap();
        assert!(is_ours(&chromium("abc"), home.path()));
        assert!(!is_ours(&chromium(""), home.path()));
    }
}
