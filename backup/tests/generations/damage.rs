//! What is not what was written is found, said with the file's name, and never restored.

use std::fs;
use std::path::Path;

use sesshu_backup::core::manifest::Manifest;
use sesshu_backup::error::{BackupError, Family};
use sesshu_backup::keys::Identity;
use sesshu_backup::progress::Progress;
use sesshu_backup::reading::read_again;
use sesshu_backup::throttle::Throttle;

use crate::city::City;

fn read(city: &City, manifest: &Manifest, identity: Option<&Identity>) -> Result<(), BackupError> {
    read_again(&city.backups(), manifest, identity, &Throttle::unlimited(), &Progress::silent())
}

/// Every byte of a small file, some bytes of each region of a larger one.
fn places(bytes: usize) -> impl Iterator<Item = usize> {
    (0..bytes).step_by((bytes / 200).max(1)).chain(bytes.saturating_sub(40)..bytes)
}

#[test]
fn a_flipped_bit_or_a_cut_anywhere_in_a_generation_is_found_and_named() {
    let (sealed, keys) = City::sealed(5);
    for (city, key) in [(City::of(5), None), (sealed, Some(&keys[0]))] {
        let manifest = city.take();
        let path = city.backups().file(&manifest);
        let written = fs::read(&path).expect("a file");
        let refused = |what: &str, bytes: &[u8]| {
            fs::write(&path, bytes).expect("a file");
            let error = read(&city, &manifest, key).expect_err(what);
            assert!(error.is_damage(), "{what}: {error}");
            assert!(error.to_string().contains(path.to_str().expect("a path")), "{what}: {error}");
        };
        for at in places(written.len()) {
            let mut flipped = written.clone();
            flipped[at] ^= 1 << (at % 8);
            refused(&format!("flipped at {at}"), &flipped);
        }
        for at in places(written.len()) {
            refused(&format!("cut at {at}"), &written[..at]);
        }
        refused("longer", &[&written[..], b"\0"].concat());
        fs::write(&path, &written).expect("a file");
        read(&city, &manifest, key).expect("it is as it was");
        fs::remove_file(&path).expect("a file");
        assert!(read(&city, &manifest, key).expect_err("gone").is_damage());
    }
}

/// A file that was written wrongly has the right digest in its manifest: then the layers within must find it.
#[test]
fn what_was_written_wrongly_is_found_although_its_digest_is_right() {
    let (sealed, keys) = City::sealed(5);
    for (city, key) in [(City::of(5), None), (sealed, Some(&keys[0]))] {
        let manifest = city.take();
        let path = city.backups().file(&manifest);
        let written = fs::read(&path).expect("a file");
        for at in places(written.len()) {
            let mut flipped = written.clone();
            flipped[at] ^= 1 << (at % 8);
            fs::write(&path, &flipped).expect("a file");
            let blake3 = blake3::hash(&flipped).to_hex().to_string();
            match read(&city, &Manifest { blake3, ..manifest.clone() }, key) {
                // Some bits mean nothing to zstd, or the same; encrypted, none does.
                Ok(()) => {
                    assert!(key.is_none(), "at {at}");
                    let plain = |bytes: &[u8]| zstd::decode_all(bytes).expect("it is accepted");
                    assert_eq!(plain(&flipped), plain(&written), "at {at}");
                }
                // Of an age file the stanza of this key may be the one that is broken.
                Err(error) => assert!(error.is_damage() || error.family() == Family::Key, "at {at}: {error}"),
            }
        }
    }
}

#[test]
fn a_manifest_speaks_of_its_own_file_only() {
    let city = City::of(5);
    let (one, other) = (city.take(), city.take());
    assert_ne!(one.name, other.name, "two in one second");
    assert!(one.parent.is_none() && other.parent.is_some());
    let folder = city.backups();
    let json = |manifest: &Manifest| city.path("backups").join(format!("{}.json", manifest.name));
    let [first, second] = [&one, &other].map(|manifest| fs::read_to_string(json(manifest)).expect("a manifest"));

    // The manifest of another generation under this name; the file of another one.
    fs::write(json(&one), &second).expect("a file");
    assert!(folder.manifest(&one.name).expect_err("swapped").is_damage());
    fs::write(json(&one), &first).expect("a file");
    fs::copy(folder.file(&other), folder.file(&one)).expect("a copy");
    assert!(read(&city, &one, None).expect_err("swapped").is_damage());

    // A bit in the manifest. Some make it unreadable, none goes unseen.
    let bytes = first.as_bytes();
    for at in 0..bytes.len() {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1 << (at % 7);
        fs::write(json(&one), &flipped).expect("a file");
        match folder.manifest(&one.name) {
            Ok(manifest) => assert_eq!(manifest, one, "only space may differ"),
            Err(BackupError::Newer { .. }) => {}
            Err(error) => assert!(error.is_damage(), "{error}"),
        }
    }
    fs::write(json(&one), first.replace("\"version\": 1", "\"version\": 2")).expect("a file");
    assert!(matches!(folder.manifest(&one.name), Err(BackupError::Newer { found: 2, known: 1, .. })));
    let listing = folder.list().expect("a list");
    assert_eq!((listing.generations.len(), listing.unreadable.len()), (1, 1));
    assert!(listing.unreadable[0].what.contains("newer version"), "{}", listing.unreadable[0].what);
}

#[test]
fn a_damaged_generation_is_not_restored() {
    let city = City::of(5);
    let manifest = city.take();
    let path = city.backups().file(&manifest);
    let mut bytes = fs::read(&path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).expect("a file");
    let to = city.path("restored");
    assert!(city.restore(&manifest, &to).expect_err("damaged").is_damage());
    assert!(!to.exists());
    assert_eq!(names(city.root.path()), ["backups", "data", "scratch"]);
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
