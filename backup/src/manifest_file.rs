//! How a manifest lies in its file: JSON for people, with a seal over all of it, so that a bit that flips in it is found like one in
//! the generation.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::core::manifest::{Manifest, VERSION};
use crate::error::BackupError;

/// A manifest with its seal.
#[derive(Serialize)]
struct Sealed<'a> {
    #[serde(flatten)]
    manifest: &'a Manifest,
    /// blake3 of the manifest without it, in hex.
    seal: &'a str,
}

/// What is read before anything else.
#[derive(Deserialize)]
struct Outside {
    version: u32,
}

#[derive(Deserialize)]
struct Seal {
    seal: String,
}

/// The text of a manifest's file.
pub(crate) fn to_json(manifest: &Manifest) -> Vec<u8> {
    pretty(&Sealed { manifest, seal: &digest(manifest) })
}

/// The manifest in the file at `path`.
pub(crate) fn from_json(path: &Path, text: &[u8]) -> Result<Manifest, BackupError> {
    let damaged = |error: serde_json::Error| BackupError::damaged(path, error.to_string());
    let Outside { version } = serde_json::from_slice(text).map_err(damaged)?;
    if version > VERSION {
        return Err(BackupError::Newer { file: path.to_owned(), found: version, known: VERSION });
    }
    let manifest: Manifest = serde_json::from_slice(text).map_err(damaged)?;
    let Seal { seal } = serde_json::from_slice(text).map_err(damaged)?;
    if seal != digest(&manifest) {
        return Err(BackupError::damaged(path, "its seal is not that of what it says"));
    }
    Ok(manifest)
}

/// blake3 of `manifest` as it was first written: what is learned of a generation later changes nothing about it.
pub(crate) fn fingerprint(manifest: &Manifest) -> String {
    digest(&Manifest { proof: None, read_again_at: None, damage: None, ..manifest.clone() })
}

fn digest(manifest: &Manifest) -> String {
    blake3::hash(&pretty(manifest)).to_hex().to_string()
}

fn pretty(value: &impl Serialize) -> Vec<u8> {
    let mut json = serde_json::to_vec_pretty(value).expect("a manifest is plain data");
    json.push(b'\n');
    json
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::error::Family;

    use super::*;

    const GOLDEN: &str = include_str!("../tests/generations/golden/sesshu-20261201-030000.json");

    fn golden() -> Manifest {
        from_json(Path::new("golden"), GOLDEN.as_bytes()).expect("it is one")
    }

    #[test]
    fn a_manifest_lies_in_its_file_as_it_always_did() {
        assert_eq!(String::from_utf8(to_json(&golden())).expect("text"), GOLDEN);
    }

    #[test]
    fn what_is_learned_later_changes_nothing_about_what_was_first_written() {
        let first = golden();
        let later = Manifest { read_again_at: Some(first.taken_at.plus_days(1)), proof: None, ..first.clone() };
        assert_ne!(to_json(&first), to_json(&later));
        assert_eq!(fingerprint(&first), fingerprint(&later));
        assert_ne!(fingerprint(&first), fingerprint(&Manifest { seq: first.seq + 1, ..first.clone() }));
    }

    proptest! {
        #[test]
        fn a_changed_manifest_is_refused_or_the_same(at in 0..GOLDEN.len(), byte in any::<u8>()) {
            let mut text = GOLDEN.as_bytes().to_vec();
            text[at] = byte;
            match from_json(Path::new("changed"), &text) {
                Ok(manifest) => prop_assert_eq!(manifest, golden()),
                Err(error) => prop_assert!(error.is_damage() || error.family() == Family::Choice, "{}", error),
            }
        }
    }
}
