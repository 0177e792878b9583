//! A generation from the store to its file and back.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use sesshu_backup::error::Family;
use sesshu_backup::keys::Identity;
use sesshu_backup::progress::{Progress, Stop};
use sesshu_backup::reading::read_again;
use sesshu_backup::status::Work;
use sesshu_backup::throttle::Throttle;

use crate::city::{CONFIGURATION, City, verified};

/// What the golden generation holds.
const GOLDEN_DIGEST: &str = "829593198831b9db477c84161a4c13e3";

#[test]
fn what_is_restored_is_what_was_there() {
    let city = City::of(300);
    let source = verified(&city.data());
    let manifest = city.take();
    let listed = city.backups().list().expect("a list");
    assert_eq!((listed.generations.as_slice(), listed.unreadable.len()), ([manifest.clone()].as_slice(), 0));
    read_again(&city.backups(), &manifest, None, &Throttle::unlimited(), &Progress::silent()).expect("it is whole");

    let to = city.path("restored");
    let restored = city.restore(&manifest, &to).expect("it is restored");
    assert_eq!(restored.digest, source.digest);
    assert_eq!((restored.counts.residents, restored.counts.entries), (300, source.entries));
    assert_eq!(verified(&to), source, "the mark fits too");
    assert_eq!(fs::read_to_string(to.join("sesshu.toml")).expect("a file"), CONFIGURATION);
    for key in ["keys/pepper", "keys/token"] {
        let [old, new] = [city.data(), to.clone()].map(|folder| folder.join(key));
        assert_eq!(fs::read(&old).expect("a key"), fs::read(&new).expect("a key"));
        assert_eq!(fs::metadata(&new).expect("a key").mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(&to).expect("a folder").mode() & 0o777, 0o700);
}

#[test]
fn every_phase_is_told_before_it_begins() {
    let city = City::of(10);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let told = Arc::clone(&told);
        move |work: Work, _, _| {
            let mut told = told.lock().expect("nobody panics");
            if told.last() != Some(&work) {
                told.push(work);
            }
        }
    };
    let progress = Progress::new(Stop::default(), tell);
    let manifest = city.take_with(&progress).expect("a generation");
    city.restore_with(&manifest, &city.path("restored"), None, &progress).expect("it is restored");
    let phases = [Work::Spooling, Work::Packing, Work::Reading, Work::Restoring, Work::Verifying, Work::Placing];
    assert_eq!(*told.lock().expect("nobody panics"), phases);
}

#[test]
fn either_of_two_keys_opens_a_sealed_generation_and_no_other_one_does() {
    let (city, keys) = City::sealed(20);
    let manifest = city.take();
    assert_eq!(manifest.file, format!("{}.zst.age", manifest.name));
    let bytes = fs::read(city.backups().file(&manifest)).expect("a file");
    assert!(bytes.starts_with(b"age-encryption.org/v1\n"));
    for (n, key) in keys.iter().enumerate() {
        let restored =
            city.restore_with(&manifest, &city.path(&format!("restored-{n}")), Some(key), &Progress::silent());
        assert_eq!(restored.expect("it is restored").counts.residents, 20);
    }
    let (to, other) = (city.path("nowhere"), Identity::generate());
    let wrong = city.restore_with(&manifest, &to, Some(&other), &Progress::silent()).expect_err("a wrong key");
    let none = city.restore(&manifest, &to).expect_err("no key");
    for error in [&wrong, &none] {
        let words = error.to_string();
        assert!(keys.iter().all(|key| words.contains(&key.public())), "{words}");
        assert_eq!(error.family(), Family::Key);
    }
    assert!(wrong.to_string().contains(&other.public()));
    assert!(!to.exists());
}

/// A generation that an earlier build wrote: what lies in a city's safe must be restored by every later version. If this fails, the format
/// has changed: give it a new version, and read the old one still.
#[test]
fn a_generation_from_before_is_restored() {
    let city = City::of(0);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/generations/golden");
    for ending in ["zst", "json"] {
        let name = format!("sesshu-20261201-030000.{ending}");
        fs::copy(golden.join(&name), city.path("backups").join(&name)).expect("a copy");
    }
    let manifest = city.backups().list().expect("a list").generations.remove(0);
    read_again(&city.backups(), &manifest, None, &Throttle::unlimited(), &Progress::silent()).expect("it is whole");
    let restored = city.restore(&manifest, &city.path("restored")).expect("it is restored");
    assert_eq!(restored.counts.residents, 3);
    assert_eq!(restored.digest, GOLDEN_DIGEST);
}
