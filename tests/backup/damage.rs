//! Generations that are not what was written, keys that do not fit, places that refuse, and runs that meet one another.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use sesshu_tests::{Sesshu, SmallDisk, not_run, report, switches};
use tempfile::TempDir;

use super::process::Running;
use super::town::{Listed, Places, Town};

/// The files of a generation, as they are put back after each damage.
struct Files {
    file: PathBuf,
    bytes: Vec<u8>,
    manifest: PathBuf,
    manifest_bytes: Vec<u8>,
}

impl Files {
    fn of(town: &Town, generation: &Listed) -> Self {
        let manifest = town.places.dir.join(format!("{}.json", generation.name));
        let manifest_bytes = fs::read(&manifest).expect("a manifest");
        let said: serde_json::Value = serde_json::from_slice(&manifest_bytes).expect("a manifest is JSON");
        let file = town.places.dir.join(said["file"].as_str().expect("it names its file"));
        let bytes = fs::read(&file).expect("a generation");
        Self { file, bytes, manifest, manifest_bytes }
    }

    fn put_back(&self) {
        fs::write(&self.file, &self.bytes).expect("the generation");
        fs::write(&self.manifest, &self.manifest_bytes).expect("the manifest");
    }
}

/// `verify` names it, and it is not restored.
fn is_refused(town: &Town, generation: &Listed, what: &str) {
    let verified = town.command(["backup", "verify", &generation.name]).run();
    assert_eq!(verified.code, Some(1), "{what}: {}", verified.both());
    verified.says(&[&generation.name]);
    let restored = town.restore(&generation.name).run();
    assert_eq!(restored.code, Some(1), "{what}: {}", restored.both());
    assert!(!town.places.to.exists(), "{what}: something was restored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_or_a_lost_end_is_found_and_never_restored() {
    let mut dice = switches::dice("damage");
    let town = Town::new().await;
    let good = town.back_up();
    let damaged = town.back_up();
    let files = Files::of(&town, &damaged);
    let flips = switches::number("SESSHU_BACKUP_FLIPS", 12);
    for nth in 0..flips {
        let mut bytes = files.bytes.clone();
        let what = if nth % 4 == 3 {
            bytes.truncate(dice.below(bytes.len()));
            format!("cut to {} of {} bytes", bytes.len(), files.bytes.len())
        } else {
            let bit = dice.below(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            format!("bit {bit} of {}", files.bytes.len() * 8)
        };
        fs::write(&files.file, bytes).expect("the generation");
        is_refused(&town, &damaged, &what);
        files.put_back();
    }
    fs::write(&files.manifest, &files.manifest_bytes[..dice.below(files.manifest_bytes.len())]).expect("the manifest");
    let verified = town.command(["backup", "verify"]).run();
    assert_eq!(verified.code, Some(1), "{}", verified.both());
    verified.says(&[&damaged.name]);
    // A damaged one is not the next to be restored, and the one before is as good as ever.
    files.put_back();
    fs::write(&files.file, &files.bytes[1..]).expect("the generation");
    let verified = town.command(["backup", "verify"]).run();
    assert_eq!(verified.code, Some(1), "{}", verified.both());
    verified.says(&[&damaged.name, &good.name]);
    let listed = town.list();
    let proven: Vec<&str> = listed.iter().filter(|own| own.is_proven).map(|own| own.name.as_str()).collect();
    assert_eq!(proven, [good.name.as_str()], "{listed:#?}");
    town.restore(&good.name).run().done();
    report(&format!("damage: {flips} flipped bits and lost ends, each found by verify and by restore"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_one_of_the_two_keys_opens_a_generation() {
    let folder = TempDir::with_prefix("sesshu-places-").expect("a folder");
    let key = |name: &str| {
        let path = folder.path().join(name);
        let said = Sesshu::new(["backup", "keygen", "--json", "--out"]).arg(&path).run().done().json();
        (path, said["public"].as_str().unwrap_or_else(|| panic!("no public key in {said}")).to_owned())
    };
    let ((host, host_key), (offline, offline_key), (wrong, wrong_key)) = (key("host"), key("offline"), key("wrong"));
    let config = format!("recipients = [\"{host_key}\", \"{offline_key}\"]\nidentity_file = \"{}\"\n", host.display());
    let places = Places::below(folder.path());
    let town = Town::with(folder, places, 60, &config).await;
    let generation = town.back_up();
    assert!(Files::of(&town, &generation).file.to_string_lossy().ends_with(".zst.age"));
    let from_second = |key: Option<&PathBuf>| {
        let mut command = Sesshu::new(["backup", "restore", &generation.name, "--at", "snapshot", "--from"]);
        command = command.arg(&town.places.second).arg("--to").arg(&town.places.to);
        if let Some(key) = key {
            command = command.arg("--identity").arg(key);
        }
        command.run()
    };
    let refused = from_second(Some(&wrong));
    assert_eq!(refused.code, Some(1), "{}", refused.both());
    refused.says(&[&host_key, &offline_key, &wrong_key]);
    let refused = from_second(None);
    assert_eq!(refused.code, Some(1), "{}", refused.both());
    refused.says(&["--identity", &offline_key]);
    assert!(!town.places.to.exists(), "nothing was restored");
    from_second(Some(&offline)).done();
    let verified = Sesshu::new(["verify", "--json"]).data(&town.places.to).run().done().json();
    assert_eq!(verified["digest"], generation.digest);
    // Whoever has the files and no key reads no name.
    let text = String::from_utf8_lossy(&Files::of(&town, &generation).bytes).into_owned();
    assert!(!text.contains(&town.city.resident().name_kana), "a name can be read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_newer_foreign_or_in_the_way_is_left_alone() {
    let town = Town::new().await;
    let generation = town.back_up();
    let files = Files::of(&town, &generation);

    let mut newer: serde_json::Value = serde_json::from_slice(&files.manifest_bytes).expect("a manifest is JSON");
    newer["version"] = (newer["version"].as_u64().expect("it has a version") + 1).into();
    fs::write(&files.manifest, newer.to_string()).expect("the manifest");
    // Here, and not from the second place, where it is as it was.
    let refused = town.restore(&generation.name).arg("--from").arg(&town.places.dir).run();
    assert_eq!(refused.code, Some(1), "{}", refused.both());
    refused.says(&["newer version"]);
    files.put_back();

    fs::create_dir(&town.places.to).expect("a folder");
    fs::write(town.places.to.join("mine"), "mine").expect("a file");
    let refused = town.restore(&generation.name).run();
    assert_eq!(refused.code, Some(1), "{}", refused.both());
    refused.says(&["is not empty"]);
    assert_eq!(fs::read_to_string(town.places.to.join("mine")).expect("the file"), "mine");

    let foreign = ["notes.txt", "sesshu-20200101-030000.zst", "sesshu-20200101-030000.json.old", ".sesshu-mine"];
    for folder in [&town.places.dir, &town.places.second] {
        for name in foreign {
            fs::write(folder.join(name), "mine").expect("a file");
        }
    }
    for _ in 0..2 {
        town.command(["backup", "daily"]).run().done();
    }
    for folder in [&town.places.dir, &town.places.second] {
        for name in foreign {
            assert_eq!(fs::read_to_string(folder.join(name)).expect("the file"), "mine", "{name}");
        }
    }
    let listed = town.list();
    assert!(listed.iter().all(|own| own.name != "sesshu-20200101-030000"), "a file alone is no generation: {listed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_runs_at_once_the_second_is_refused() {
    let town = Town::new().await;
    let mut first = Running::start(&town.command(["backup", "now"]));
    assert!(first.until("spooling"), "it begins");
    for command in ["now", "daily", "drill"] {
        let second = Running::start(&town.command(["backup", command])).end().expect(75);
        second.says(&["another backup runs"]);
    }
    first.end().expect(0);
    assert_eq!(town.list().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_written_fails_clearly_and_a_second_place_that_is_gone_fails_no_backup() {
    let disk = match SmallDisk::mount(64) {
        Ok(disk) => disk,
        Err(why) => {
            return not_run(&format!("read-only folders: no file system can be mounted ({why}); it needs root"));
        }
    };
    let remount = |how: &str| {
        let done = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(disk.path()).status();
        assert!(done.is_ok_and(|status| status.success()), "remount {how}");
    };
    let folder = TempDir::with_prefix("sesshu-places-").expect("a folder");
    let mut places = Places::below(folder.path());
    places.dir = disk.path().to_owned();
    let town = Town::with(folder, places, 60, "").await;
    let first = town.back_up();
    remount("ro");
    let refused = Running::start(&town.command(["backup", "now"])).end();
    assert!(refused.code.is_some_and(|code| code != 0), "{}", refused.said);
    refused.says(&["Read-only file system"]);
    // What is there can be read.
    town.restore(&first.name).run().done();
    remount("rw");
    town.back_up();

    fs::rename(&town.places.second, town.places.second.with_extension("gone")).expect("the second place goes");
    fs::write(&town.places.second, "not a folder").expect("a file in its place");
    let alone = Running::start(&town.command(["backup", "now"])).end().expect(0);
    alone.says(&[&town.places.second.display().to_string()]);
    fs::remove_file(&town.places.second).expect("the file goes");
    fs::rename(town.places.second.with_extension("gone"), &town.places.second).expect("the second place is back");
    town.back_up();
    let copies = Sesshu::new(["backup", "list", "--json", "--from"]).arg(&town.places.second).run().done().json();
    let mut names: Vec<String> = town.list().into_iter().map(|own| own.name).collect();
    names.retain(|name| super::town::listed(&copies).iter().all(|copy| copy.name != *name));
    assert_eq!(names, Vec::<String>::new(), "what was missed is copied by the next run");
}
