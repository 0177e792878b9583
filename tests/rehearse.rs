//! `rehearse` as a city's staff use it: a rush of its own making on this machine, a verdict, a report, and nothing left behind.

use std::path::Path;

use serde_json::{Value, json};
use sesshu_tests::{City, Sesshu, report};
use tempfile::TempDir;

fn rehearse(folder: &Path) -> Sesshu {
    Sesshu::new(["rehearse", "--residents", "200", "--minutes", "0.1", "--seed", "7"]).in_folder(folder)
}

fn folder() -> TempDir {
    TempDir::with_prefix("sesshu-test-").expect("a temporary folder")
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_small_rush_ends_well_and_leaves_only_its_report() {
    let folder = folder();
    let outcome = rehearse(folder.path()).arg("--json").run().done();
    let result = outcome.json();
    assert_eq!(result["ok"], json!(true), "{result}");
    let counts = ["residents", "arrived", "early", "places"].map(|name| result[name].as_u64());
    assert_eq!(counts, [Some(200), Some(200), Some(160), Some(120)], "{result}");
    for wrong in ["double_booked", "oversold", "lost", "unexplained", "not_asked"] {
        assert_eq!(result["check"][wrong], json!(0), "{wrong}: {result}");
    }
    let ended = result["ended"].as_object().expect("endings");
    assert_eq!(
        ended.values().filter_map(Value::as_u64).sum::<u64>(),
        200,
        "everybody's journey ended somehow: {result}"
    );
    assert_eq!(result["ended"]["booked"], result["verify"]["bookings_live"], "{result}");
    assert_eq!(result["verify"]["ok"], json!(true), "{result}");
    assert!(result["latency_ms"]["login"]["count"].as_u64() >= Some(40), "those who were not early log in: {result}");

    let html = std::fs::read_to_string(folder.path().join("sesshu-rehearsal.html")).expect("the report");
    assert!(html.contains("合格") && html.contains("<svg") && !html.contains("<script"));
    assert_eq!(names_in(folder.path()), ["sesshu-rehearsal.html"], "the city is gone");
    report(&format!("rehearse: {} of 200 booked, booking {}", ended["booked"], result["latency_ms"]["booking"]));
}

#[test]
fn an_opening_day_has_waves_calls_and_attacks_and_people_like_those_of_a_data_folder() {
    let folder = folder();
    let mut model = City::demo().residents(60).start();
    model.stop();
    let options = "rehearse --minutes 0.1 --early-share 0.5 --phone-share 0.1 --call-seconds 0 --operators 3 --waves 2 \
                   --two-devices-share 0.3 --attack stuffing,bodies,churn,bot --seed 3 --json --from";
    let call = Sesshu::new(options.split_whitespace()).arg(model.data()).in_folder(folder.path());
    let result = call.run().done().json();
    assert_eq!(
        [&result["ok"], &result["residents"], &result["waves"]],
        [&json!(true), &json!(60), &json!(2)],
        "{result}"
    );
    assert_eq!(
        (&result["callers"], &result["booked_by_phone"]),
        (&json!(6), &json!(6)),
        "there is room for all: {result}"
    );
    assert_eq!(result["verify"]["ok"], json!(true), "{result}");
    let attacks = result["attacks"].as_array().expect("attacks");
    let names: Vec<&str> = attacks.iter().filter_map(|attack| attack["attack"].as_str()).collect();
    assert_eq!(names, ["stuffing", "bodies", "churn", "bot"]);
    assert!(attacks.iter().all(|attack| attack["tried"].as_u64() > Some(0)), "{result}");
    assert_eq!(attacks[0]["gained"], json!(0), "nobody logs in as somebody else: {result}");
    assert!(result["recommendation"]["measured"]["logins_per_second"].as_f64() > Some(0.0), "{result}");
    report(&format!("rehearse under attack: {} % of logins at the first try", result["logins_first_try_percent"]));
}

#[test]
fn without_a_terminal_progress_is_plain_lines_on_stderr_and_the_result_is_for_people() {
    let folder = folder();
    let call =
        Sesshu::new(["rehearse", "--residents", "20", "--minutes", "0.05", "--shape", "flat", "--early-share", "1"])
            .arg("--report")
            .arg(folder.path().join("small.html"))
            .in_folder(folder.path())
            .language("ja_JP.UTF-8");
    let outcome = call.run().done();
    assert!(outcome.stderr.contains("--seed") && outcome.stderr.contains("来訪"), "{}", outcome.both());
    assert!(!outcome.stderr.contains('\u{1b}'), "no control characters: {}", outcome.both());
    assert!(outcome.stdout.contains("合格") && outcome.stdout.contains("small.html"), "{}", outcome.both());
    assert_eq!(names_in(folder.path()), ["small.html"]);
}

#[test]
fn wrong_use_is_refused_before_anything_is_made() {
    let folder = folder();
    let wrong: [&[&str]; 9] = [
        &["--early-share", "1.5"],
        &["--early-share", "-0.1"],
        &["--minutes", "0"],
        &["--minutes", "NaN"],
        &["--residents", "0"],
        &["--shape", "round"],
        &["--attack", "kindness"],
        &["--waves", "0"],
        &["--report", "nowhere/report.html"],
    ];
    for arguments in wrong {
        let call = Sesshu::new(["rehearse"].iter().chain(arguments)).in_folder(folder.path());
        let _ = call.run().expect_code(2);
    }
    assert!(names_in(folder.path()).is_empty());
}
