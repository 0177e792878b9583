//! The manuals about backups and restoring, read and followed: each command in them is typed, in order, on a machine with a real city,
//! after the accident that its section is for. What was booked must be there afterwards, and logins must hold.

mod form;
mod machine;
mod text;

use std::collections::BTreeSet;

use machine::{Machine, Steps, damage, the_journal_has_come};
use sesshu_tests::{clock, report};
use text::Manual;

/// The sections that the tests below follow: a command anywhere else would be typed by nobody.
const FOLLOWED: &[(&str, &[&str])] = &[
    ("restore.md", &["after", "corrupted", "data-lost", "encrypted", "machine-lost", "wrong-import"]),
    ("backup.md", &["daily", "drill", "encryption", "setup", "timer"]),
];

#[test]
fn every_command_of_the_manuals_is_in_a_section_that_is_followed() {
    for (name, sections) in FOLLOWED {
        let steps = Manual::read(name).steps();
        let found: BTreeSet<&str> = steps.keys().map(String::as_str).collect();
        assert_eq!(found, sections.iter().copied().collect(), "docs/{name}");
        let commands: usize = steps.values().flatten().map(Vec::len).sum();
        report(&format!(
            "manual: docs/{name}: {commands} commands in {} sections, the same in English",
            sections.len()
        ));
    }
}

fn restoring(section: &str) -> Steps {
    Steps::of(&Manual::read("restore.md"), section)
}

/// `Afterwards`, and that all is well.
async fn afterwards(machine: &mut Machine) {
    let mut steps = restoring("after");
    machine.follow(steps.next());
    machine.follow(steps.next());
    machine.everybody_has_their_booking().await;
}

/// Follows all steps of a section.
fn follow_all(machine: &mut Machine, steps: &mut Steps, count: usize) {
    for _ in 0..count {
        machine.follow(steps.next());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_are_looked_after_and_drilled_as_the_manual_says() {
    let mut machine = Machine::backed_up().await;
    machine.people_book(5).await;
    let manual = Manual::read("backup.md");
    for (section, count) in [("daily", 3), ("timer", 1), ("drill", 1)] {
        follow_all(&mut machine, &mut Steps::of(&manual, section), count);
    }
    machine.everybody_has_their_booking().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_data_folder_comes_back() {
    let mut machine = Machine::backed_up_with("[store]\nhigh_water = \"/var/lib/sesshu-mark/high-water\"\n").await;
    machine.people_book(10).await;
    the_journal_has_come();
    machine.power_cut();
    machine.lose("/var/lib/sesshu");
    follow_all(&mut machine, &mut restoring("data-lost"), 8);
    afterwards(&mut machine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_machine_is_replaced() {
    let mut machine = Machine::backed_up().await;
    machine.people_book(10).await;
    the_journal_has_come();
    machine.power_cut();
    machine.lose("/var/lib/sesshu");
    machine.lose("/var/backups/sesshu");
    std::fs::remove_file(machine.config()).expect("the configuration goes with the machine");
    follow_all(&mut machine, &mut restoring("machine-lost"), 5);
    afterwards(&mut machine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_data_is_replaced() {
    let mut machine = Machine::backed_up().await;
    machine.people_book(10).await;
    the_journal_has_come();
    machine.stop();
    let name = machine.city.resident().name_kana;
    damage(&machine.path("/var/lib/sesshu/sesshu.redb"), &name);
    follow_all(&mut machine, &mut restoring("corrupted"), 4);
    afterwards(&mut machine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_by_mistake_is_undone() {
    let mut machine = Machine::backed_up().await;
    machine.people_book(10).await;
    the_journal_has_come();
    machine.time = Some(clock::instant_in(0));
    the_journal_has_come();
    let (resident, number, mut device) = machine.somebody(0).await;
    device.cancel(&number).await.expect(200);
    machine.id = Some(resident.id.clone());
    the_journal_has_come();
    follow_all(&mut machine, &mut restoring("wrong-import"), 5);
    assert!(machine.said.contains(&resident.id), "the report is about that person: {}", machine.said);
    machine.time = None;
    afterwards(&mut machine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_backup_is_restored_with_the_offline_key() {
    let mut machine = Machine::backed_up().await;
    let manual = Manual::read("backup.md");
    let mut steps = Steps::of(&manual, "encryption");
    let made = steps.next().to_vec();
    machine.follow(&made[..1]);
    let old_key = machine.key.take().expect("a key was shown");
    machine.follow(&made[1..]);
    let offline_key = machine.key.take().expect("a key was shown");
    let more = manual.toml("encryption").replace("age1…（機械の鍵）", &old_key);
    machine.write_config(&format!("{}{more}", manual.toml("setup")).replace("age1…（市が保管する鍵）", &offline_key));
    machine.follow(steps.next());
    machine.follow(steps.next());
    drop(steps);
    machine.people_book(10).await;
    the_journal_has_come();
    machine.power_cut();
    machine.lose("/var/lib/sesshu");
    machine.lose("/var/backups/sesshu");
    for lost in [machine.config(), machine.path("/etc/sesshu/backup.key")] {
        std::fs::remove_file(lost).expect("it goes with the machine");
    }
    let mut steps = restoring("encrypted");
    follow_all(&mut machine, &mut steps, 4);
    let new_key = machine.key.take().expect("a key was shown");
    machine.edit_config(&old_key, &new_key);
    machine.edit_config("backup.key", "backup-2.key");
    machine.follow(steps.next());
    drop(steps);
    afterwards(&mut machine).await;
}
