//! The backup commands as operators and scripts meet them: exit codes, messages, results, with and without a running server.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sesshu_tests::{City, PlannedSession, Sesshu};
use tempfile::TempDir;

/// `backup list --json`, newest first.
fn generations(city: &City) -> Vec<Value> {
    let listed = city.command(["backup", "list", "--json"]).run().done().json();
    listed["generations"].as_array().expect("generations").clone()
}

/// Takes a generation, and gives its line of the list.
fn taken(city: &City, command: &str) -> Value {
    city.command(["backup", command, "--json"]).run().done().json()["generation"].clone()
}

fn name(generation: &Value) -> String {
    generation["name"].as_str().expect("a name").to_owned()
}

fn restore(city: &City, generation: &str, to: &Path) -> Sesshu {
    city.command(["backup", "restore", generation]).arg("--to").arg(to)
}

fn verified(data: &Path) -> Value {
    Sesshu::new(["verify", "--json"]).data(data).run().done().json()
}

fn backups(city: &City) -> PathBuf {
    city.data().join("backups")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_restored_is_the_city_at_the_snapshot_and_logins_hold() {
    let mut city = City::demo().residents(50).start();
    let place = city.open_one(PlannedSession::new("復元の会場", 30, 9)).await.place(0);
    let mut early = city.someone().await;
    early.book("before", &place.dose(1)).await.expect(201);
    let before = city.verify();

    let with = city.command(["backup", "now", "--json"]).run().done();
    with.says(&["spooling", "packing", "proving"]);
    let generation = with.json()["generation"].clone();
    assert_eq!((&generation["verified"], &generation["kind"]), (&json!(true), &json!("manual")), "{generation}");
    assert_eq!(generation["digest"], before["digest"], "the digest of `verify` at the snapshot");
    city.someone().await.book("after", &place.dose(1)).await.expect(201);

    let to = city.files().join("restored");
    let said = restore(&city, &name(&generation), &to).run().done();
    said.says(&["restoring", "verifying", "placing", "sesshu serve --data"]);
    let restored = verified(&to);
    for key in ["residents", "sessions", "bookings_live", "entries", "digest"] {
        assert_eq!(restored[key], before[key], "{key}");
    }
    restore(&city, &name(&generation), &to).run().expect_code(1).says(&["not empty"]);
    assert_eq!(verified(&to)["digest"], before["digest"], "nothing is restored over data");

    city.stop();
    let without = taken(&city, "now");
    assert_eq!(without["digest"], city.verify()["digest"]);
    assert_eq!(generations(&city).iter().map(name).collect::<Vec<_>>(), [name(&without), name(&generation)]);

    let kept = tempfile::tempdir().expect("a folder");
    let served = City::serving(kept, to);
    let mut early = early.moved_to(served.public());
    assert_eq!(early.bookings().await.len(), 1, "the token from before holds");
    let _ = served.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_is_restored_when_it_is_asked_for() {
    let city = City::demo().residents(20).config("[backup]\njournal_seconds = 1\n").start();
    let place = city.open_one(PlannedSession::new("記録の会場", 30, 9)).await.place(0);
    let generation = name(&taken(&city, "now"));
    city.someone().await.book("after", &place.dose(1)).await.expect(201);
    let after = city.verify();

    let restored = |at: &'static str| {
        let to = city.files().join(at);
        let said = restore(&city, &generation, &to).arg("--json").arg("--at").arg(at).run().done().json();
        (said, verified(&to))
    };
    let latest = sesshu_tests::wait_until("the journal was shipped", std::time::Duration::from_secs(20), || {
        let to = city.files().join("looked");
        let planned =
            restore(&city, &generation, &to).args(["--json", "--dry-run", "--at", "latest"]).run().done().json();
        assert!(!to.exists(), "a dry run writes nothing");
        (planned["seq"].as_u64() >= after["entries"].as_u64()).then(|| restored("latest"))
    });
    assert_eq!(latest.1["digest"], after["digest"], "{}", latest.0);
    assert!(latest.0["journal"].is_object(), "{}", latest.0);
    let snapshot = restored("snapshot");
    assert_eq!(snapshot.1["bookings_live"], json!(0));
    assert_eq!(snapshot.0["journal"], json!(null));
    restore(&city, &generation, &city.files().join("past")).args(["--at", "2020-01-01 09:00"]).run().expect_code(1);
    restore(&city, &generation, &city.files().join("ahead")).args(["--at", "2090-01-01 09:00"]).run().expect_code(1);
}

#[test]
fn a_damaged_generation_is_named_and_never_restored() {
    let mut city = City::demo().residents(20).start();
    city.stop();
    let (old, new) = (name(&taken(&city, "now")), name(&taken(&city, "daily")));
    let file = backups(&city).join(format!("{new}.zst"));
    let mut bytes = std::fs::read(&file).expect("a generation");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).expect("a writable file");

    city.command(["backup", "verify", &old]).run().done();
    city.command(["backup", "verify", &new]).run().expect_code(1).says(&[&new, &old]);
    let all = city.command(["backup", "verify", "--json"]).run().expect_code(1).json();
    assert_eq!(all["ok"], json!(false), "{all}");
    let states: Vec<_> = all["generations"].as_array().expect("all").iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, [json!("damaged"), json!("good")], "{all}");
    city.command(["backup", "verify", &new]).arg("--from").arg(backups(&city)).run().expect_code(1).says(&[&new]);
    let to = city.files().join("damaged");
    restore(&city, &new, &to).run().expect_code(1).says(&["damaged"]);
    assert!(!to.exists(), "nothing is left of it");
    let listed = generations(&city);
    assert_eq!((&listed[0]["verified"], &listed[1]["verified"]), (&json!(false), &json!(true)), "{listed:?}");
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_touched() {
    let mut city = City::demo().residents(20).start();
    city.stop();
    let listed = city.command(["backup", "list"]).run().done();
    assert!(!listed.stdout.is_empty(), "an empty list says so");
    assert_eq!(generations(&city), Vec::<Value>::new());
    let missing = city.files().join("missing");
    let to = city.files().join("to");
    let gone = "sesshu-20200101-030000";
    for (command, code) in [
        (restore(&city, gone, &to), 1),
        (restore(&city, gone, &to).arg("--from").arg(&missing), 1),
        (restore(&city, "yesterday", &to), 2),
        (restore(&city, gone, &to).args(["--at", "yesterday"]), 2),
        (city.command(["backup", "restore", gone]), 2),
        (city.command(["backup", "verify", gone]), 1),
        (city.command(["backup", "list"]).arg("--from").arg(&missing), 1),
        (Sesshu::new(["backup", "now"]).data(&missing), 2),
        (Sesshu::new(["backup", "drill"]).data(&missing), 2),
        (city.command(["backup", "drill"]), 1),
    ] {
        let outcome = command.run().expect_code(code);
        assert!(!outcome.stderr.trim().is_empty(), "it says why");
    }
    assert!(!to.exists() && !missing.exists());
}

#[test]
fn generations_are_encrypted_to_the_host_and_to_the_city() {
    let mut city = City::demo().residents(20).start();
    city.stop();
    let key = |name: &str| {
        let path = city.files().join(name);
        let made = city.command(["backup", "keygen", "--json"]).arg("--out").arg(&path).run().done();
        assert_eq!(std::fs::metadata(&path).expect("a key").permissions().mode() & 0o777, 0o400);
        assert!(!made.both().contains("SECRET"), "the secret key is never shown");
        city.command(["backup", "keygen"]).arg("--out").arg(&path).run().expect_code(1);
        (path, made.json()["public"].as_str().expect("a public key").to_owned())
    };
    let ((host, host_public), (offline, offline_public), (other, _)) = (key("host"), key("offline"), key("other"));
    let config = format!(
        "[backup]\nrecipients = [\"{host_public}\", \"{offline_public}\"]\nidentity_file = \"{}\"\n",
        host.display()
    );
    std::fs::write(city.data().join("sesshu.toml"), &config).expect("a configuration");
    city.command(["check-config"]).run().done();
    let generation = taken(&city, "now");
    assert_eq!(generation["encrypted"], json!(true));
    let generation = name(&generation);
    assert!(backups(&city).join(format!("{generation}.zst.age")).is_file());

    // On another machine there is neither data nor configuration.
    let elsewhere = TempDir::with_prefix("sesshu-elsewhere-").expect("a folder");
    let there = |to: &str| {
        Sesshu::new(["backup", "restore", &generation, "--at", "snapshot", "--from"])
            .arg(backups(&city))
            .arg("--to")
            .arg(elsewhere.path().join(to))
            .in_folder(elsewhere.path())
    };
    there("without").run().expect_code(1).says(&["--identity"]);
    there("wrong").arg("--identity").arg(&other).run().expect_code(1).says(&[&host_public]);
    there("right").arg("--identity").arg(&offline).run().done();
    let restored = elsewhere.path().join("right");
    assert_eq!(verified(&restored)["digest"], city.verify()["digest"]);
    assert_eq!(std::fs::read_to_string(restored.join("sesshu.toml")).expect("the configuration"), config);

    std::fs::set_permissions(&host, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    city.command(["check-config"]).run().expect_code(2).says(&["sesshu.toml:3", "identity_file", "0400"]);
    city.command(["verify"]).run().done();
}

/// The same manifest as an older version of the program would have written and sealed it.
fn of_older_program(text: &str) -> String {
    let (says, _) = text.split_once(",\n  \"seal\"").expect("the seal is the last line");
    let own = format!("\"program\": \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(says.contains(&own), "{says}");
    let says = says.replace(&own, "\"program\": \"0.0.1\"");
    let seal = blake3::hash(format!("{says}\n}}\n").as_bytes()).to_hex();
    format!("{says},\n  \"seal\": \"{seal}\"\n}}\n")
}

#[test]
fn another_version_of_the_program_backs_the_data_up_before_it_opens_it() {
    let mut city = City::demo().residents(20).start();
    city.stop();
    let first = name(&taken(&city, "daily"));
    city.restart();
    city.stop();
    assert_eq!(generations(&city).len(), 1, "the same version takes none");
    let manifest = backups(&city).join(format!("{first}.json"));
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    std::fs::write(&manifest, of_older_program(&text)).expect("a writable file");
    city.restart();
    let both = generations(&city);
    assert_eq!(both.len(), 2, "{both:?}");
    assert_eq!((&both[0]["reason"], &both[0]["verified"]), (&json!("upgrade"), &json!(true)));
}

#[test]
fn a_drill_is_held_with_and_without_a_server_and_leaves_its_record() {
    let mut city = City::demo().residents(20).start();
    taken(&city, "now");
    for _ in 0..2 {
        let record = city.command(["backup", "drill", "--json"]).run().done().json();
        assert_eq!(record["failure"], json!(null), "{record}");
        let steps = record["steps"].as_array().expect("steps").iter().map(|step| step["name"].clone());
        let all = ["restore", "verify", "serve", "login", "read", "book", "check"];
        assert_eq!(steps.collect::<Vec<_>>(), all.map(Value::from), "{record}");
        assert_eq!(record["counts"]["residents"], json!(20), "{record}");
        assert!(record["recovery_ms"].as_u64().is_some_and(|ms| ms > 0), "{record}");
        if city.data().join("run.json").exists() {
            city.stop();
        }
    }
    let records = std::fs::read_to_string(backups(&city).join("drills.jsonl")).expect("the evidence");
    assert_eq!(records.lines().count(), 2);
    let left = std::fs::read_dir(city.data().join("scratch")).expect("the scratch folder").count();
    assert_eq!(left, 0, "nothing of the copy stays");
}

#[test]
fn a_copy_is_looked_into_without_backups_and_alerts() {
    let mut city = City::demo().residents(20).config("[backup]\nschedule = true\n").start();
    let generation = name(&taken(&city, "now"));
    city.stop();
    let to = city.files().join("copy");
    restore(&city, &generation, &to).run().done();
    let mut copy = std::process::Command::new(sesshu_tests::binary())
        .args([
            "serve",
            "--copy",
            "--listen",
            "127.0.0.1:0",
            "--staff-listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
        ])
        .arg("--data")
        .arg(&to)
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("a server");
    sesshu_tests::wait_until("the copy is served", std::time::Duration::from_secs(20), || {
        to.join("run.json").exists().then_some(())
    });
    let refused = Sesshu::new(["backup", "now"]).data(&to).run();
    copy.kill().expect("it runs");
    copy.wait().expect("it ended");
    refused.expect_code(2);
    assert!(!to.join("backups").exists());
    Sesshu::new(["verify", "--copy"]).data(&to).run().done();
}

#[test]
fn a_copy_that_fails_is_told_and_copies_serve_when_the_first_place_is_lost() {
    let mut city = City::demo().residents(20).start();
    city.stop();
    let second = city.files().join("second");
    let config = format!("[backup]\nsecond = \"{}\"\n", second.display());
    std::fs::write(city.data().join("sesshu.toml"), config).expect("a configuration");

    let alone = city.command(["backup", "now", "--json"]).run().done();
    alone.says(&["the copy to the second place failed"]);
    assert_eq!(alone.json()["generation"]["verified"], json!(true), "the generation counts all the same");
    assert_eq!(generations(&city)[0]["copied"], json!(false));

    std::fs::create_dir(&second).expect("the disk is mounted");
    let copied = city.command(["backup", "now", "--json"]).run().done().json();
    assert_eq!(copied["copy_trouble"], json!(null), "{copied}");
    assert_eq!(generations(&city)[0]["copied"], json!(true));
    let before = city.verify();

    std::fs::remove_dir_all(backups(&city)).expect("the first place is lost");
    let left = generations(&city);
    assert_eq!(name(&left[0]), name(&copied["generation"]), "the second place's are listed");
    let to = city.files().join("from-second");
    restore(&city, &name(&left[0]), &to).run().done();
    assert_eq!(verified(&to)["digest"], before["digest"]);
}
