//! The outside watcher against a real server on loopback: what ends, hangs or refuses is told of once, and so is its return.

mod sink;
mod watcher;

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use sesshu_tests::{City, Request, Sesshu, report};
use tempfile::TempDir;

use sink::Sink;
use watcher::Watcher;

/// With the intervals of the tests' configuration an alert takes some 4 s; the machine may be busy.
const TOLD_WITHIN: Duration = Duration::from_mins(1);

fn city() -> City {
    let mut city = City::demo().residents(20).start();
    city.keep_addresses();
    city
}

/// Returns once the watcher has seen the server well: its login has been counted.
async fn seen_well(city: &City) {
    let mut ops = sesshu_tests::Client::new(city.ops(), [127, 0, 0, 1].into());
    sesshu_tests::wait_until_async("the probe's login", TOLD_WITHIN, async || {
        let metrics = ops.get("/metrics").await.expect(200);
        metrics.text().contains("sesshu_logins_total{outcome=\"granted\"}").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_killed_server_is_told_of_once_and_so_is_its_return() {
    let mut city = city();
    let sink = Sink::open();
    let _watcher = Watcher::of(city.public(), city.ops(), &city.resident(), &sink.url());
    seen_well(&city).await;

    let killed = Instant::now();
    city.kill9();
    let (told, alert) = sink.wait_for("unreachable", 0, TOLD_WITHIN);
    assert_eq!((&alert["kind"], &alert["level"]), (&json!("alert"), &json!("critical")), "{alert}");
    let note = alert["note"].as_str().unwrap_or_default();
    assert!(note.contains("ops: ") && note.contains("connection refused"), "{note}");

    city.restart();
    let back = Instant::now();
    let (resolved, message) = sink.wait_for("unreachable", 1, TOLD_WITHIN);
    assert_eq!(message["kind"], "resolved", "{message}");
    assert_eq!(sink.kinds(), ["unreachable alert", "unreachable resolved"], "one incident, and nothing else");
    report(&format!(
        "kill -9: told after {:.1} s, resolved {:.1} s after the server was ready again (asked every 1 s, for 2 s)",
        (told - killed).as_secs_f64(),
        resolved.saturating_duration_since(back).as_secs_f64()
    ));
}

#[tokio::test]
async fn a_server_that_hangs_is_told_of_once_and_so_is_its_return() {
    let city = city();
    let sink = Sink::open();
    let _watcher = Watcher::of(city.public(), city.ops(), &city.resident(), &sink.url());
    seen_well(&city).await;

    let server = Pid::from_raw(i32::try_from(city.process_id()).expect("a process id")).expect("a process id");
    let stopped = Instant::now();
    kill_process(server, Signal::STOP).expect("a server to stop");
    let (told, alert) = sink.wait_for("unreachable", 0, TOLD_WITHIN);
    assert!(alert["note"].as_str().unwrap_or_default().contains("timed out"), "{alert}");

    kill_process(server, Signal::CONT).expect("a server to go on");
    let continued = Instant::now();
    let (resolved, message) = sink.wait_for("unreachable", 1, TOLD_WITHIN);
    assert_eq!(message["kind"], "resolved", "{message}");
    assert_eq!(sink.kinds(), ["unreachable alert", "unreachable resolved"], "one incident, and nothing else");
    report(&format!(
        "SIGSTOP: told after {:.1} s, resolved {:.1} s after SIGCONT (asked every 1 s with a timeout of 2 s, for 2 s)",
        (told - stopped).as_secs_f64(),
        (resolved - continued).as_secs_f64()
    ));
}

#[tokio::test]
async fn a_watcher_that_is_killed_during_an_incident_tells_nothing_twice_and_ends_nothing_falsely() {
    let mut city = city();
    let sink = Sink::open();
    let mut watcher = Watcher::of(city.public(), city.ops(), &city.resident(), &sink.url());
    seen_well(&city).await;
    city.kill9();
    sink.wait_for("unreachable", 0, TOLD_WITHIN);

    watcher.kill9();
    watcher.start();
    city.restart();
    let (_, message) = sink.wait_for("unreachable", 1, TOLD_WITHIN);
    assert_eq!(message["kind"], "resolved", "{message}");
    assert_eq!(sink.messages(), ["unreachable alert", "unreachable resolved"]);
}

#[tokio::test]
async fn a_login_that_fails_is_told_of_though_all_else_is_well() {
    let city = city();
    let sink = Sink::open();
    let watcher = Watcher::of(city.public(), city.ops(), &city.resident(), &sink.url());
    seen_well(&city).await;
    let password = std::fs::read_to_string(watcher.password_file()).expect("a password");
    std::fs::write(watcher.password_file(), "wrong").expect("a password file");
    let (_, alert) = sink.wait_for("login_failed", 0, TOLD_WITHIN);
    assert!(alert["note"].as_str().unwrap_or_default().contains("401"), "{alert}");
    assert!(!alert.to_string().contains(&password), "an alert holds no password");

    std::fs::write(watcher.password_file(), password).expect("a password file");
    let (_, message) = sink.wait_for("login_failed", 1, TOLD_WITHIN);
    assert_eq!(message["kind"], "resolved", "{message}");
    assert_eq!(sink.kinds(), ["login_failed alert", "login_failed resolved"]);
}

#[tokio::test]
async fn a_watcher_that_dies_is_noticed_by_the_server() {
    let sink = Sink::open();
    let server_config = format!(
        "[monitor]\nevery_seconds = 1\nwatcher_expected = true\n\
         [monitor.threshold.watcher_silent]\nwarning = 4.0\n\
         [[monitor.contact]]\nname = \"desk\"\nlanguage = \"en\"\nwebhook = \"{}\"\n",
        sink.url()
    );
    let city = City::demo().residents(20).config(server_config).start();
    let quiet = Sink::open();
    let mut watcher = Watcher::of(city.public(), city.ops(), &city.resident(), &quiet.url());
    seen_well(&city).await;

    watcher.kill9();
    let (_, alert) = sink.wait_for("watcher_silent", 0, TOLD_WITHIN);
    assert_eq!((&alert["kind"], &alert["of"]), (&json!("alert"), &json!("outside")), "{alert}");
    watcher.start();
    let (_, message) = sink.wait_for("watcher_silent", 1, TOLD_WITHIN);
    assert_eq!(message["kind"], "resolved", "{message}");
    assert_eq!(quiet.kinds(), Vec::<String>::new());
}

#[tokio::test]
async fn a_heartbeat_is_heard_or_refused() {
    let city = City::demo().residents(20).start();
    let mut ops = sesshu_tests::Client::new(city.ops(), [127, 0, 0, 1].into());
    let cases = [
        (json!({"name": "outside", "undelivered_seconds": 0}), 200),
        (json!({"name": " ", "undelivered_seconds": 0}), 400),
        (json!({"name": "a\nb", "undelivered_seconds": 0}), 400),
        (json!({"name": "outside"}), 400),
        (json!({"name": "outside", "undelivered_seconds": 0, "more": 1}), 400),
        (json!({"name": "x".repeat(5_000), "undelivered_seconds": 0}), 400),
    ];
    for (body, status) in cases {
        let answer = ops.send(Request::new("POST", "/watch/heartbeat").json(&body)).await.expect(status);
        if status == 200 {
            assert_eq!(answer.json(), json!({"windows": []}));
        }
    }
}

#[test]
fn a_configuration_is_written_once_and_checked_by_line() {
    let folder = TempDir::with_prefix("sesshu-watch-").expect("a temporary folder");
    let command = |arguments: &[&str]| Sesshu::new(["watch"].iter().chain(arguments)).data(folder.path()).run();
    command(&["--check"]).expect_code(2).says(&["watch.toml", "--init"]);
    command(&[]).expect_code(2).says(&["watch.toml"]);
    command(&["--init"]).done().says(&["watch.toml"]);
    command(&["--check"]).done().says(&["no problems"]);
    command(&["--init"]).expect_code(1);

    let file = folder.path().join("watch.toml");
    std::fs::write(&file, "[watch]\npublic = \"http://127.0.0.1:1\"\nops = \"nowhere\"\n").expect("a configuration");
    command(&["--check"]).expect_code(2).says(&["watch.toml:3: ops: "]);
    command(&[]).expect_code(2).says(&["watch.toml:3: ops: "]);
    let absent =
        "[watch]\npublic = \"http://127.0.0.1:1\"\nops = \"http://127.0.0.1:1\"\nca_file = \"not-there.pem\"\n";
    std::fs::write(&file, absent).expect("a configuration");
    command(&[]).expect_code(2).says(&["ca_file not-there.pem"]);
}
