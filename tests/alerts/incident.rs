//! Incidents of a running server: what arrives, in which order, and what happens while a channel is gone.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use sesshu_tests::{City, HttpMode, HttpSink, Port, SmtpMode, SmtpSecurity, SmtpSink, TakenMail, switches, wait_until};

use super::{folder_with, mail_table, program};

const SOON: Duration = Duration::from_secs(40);
/// Any disk is fuller than this: the incident begins with the first sample.
const DISK: &str = "[monitor.threshold.disk_use]\nwarning = 0.001\ncritical = 100.0\nfor_seconds = 0\n";
const DISK_CRITICAL: &str = "[monitor.threshold.disk_use]\nwarning = 0.001\ncritical = 0.002\nfor_seconds = 0\n";
/// Everything else that this machine may happen to be short of.
const QUIET: &str = "[monitor.threshold.disk_free]\noff = true\n[monitor.threshold.days_to_full]\noff = true\n\
    [monitor.threshold.cpu_use]\noff = true\n[monitor.threshold.memory_use]\noff = true\n\
    [monitor.threshold.swap_use]\noff = true\n[monitor.threshold.backup_age]\noff = true\n\
    [monitor.threshold.undelivered]\noff = true\n";

#[test]
fn an_alert_says_what_since_when_and_what_to_do() {
    let mail = SmtpSink::start(SmtpMode::Takes, SmtpSecurity::Plain);
    let config = format!(
        "[monitor]\nevery_seconds = 1\nconsole = \"https://kanri.example.lg.jp\"\n{}{DISK}{QUIET}\
         [[monitor.contact]]\nname = \"当番\"\nmail = \"toban@example.lg.jp\"\n",
        mail_table(mail.port(), "none")
    );
    let (folder, data) = folder_with(&config);
    let city = City::serving(folder, data);
    let alert = mail.wait_for("ディスク使用率（data）", SOON);
    assert!(alert.subject().starts_with("【警告】"), "{}", alert.subject());
    let body = alert.body();
    for words in [
        "今の値：",
        "しきい値：警告 ",
        "始まり：令和",
        "今すること\n1. ",
        "df -h",
        "sesshu alert ack ",
        "https://kanri.example.lg.jp/ops/incidents/",
    ] {
        assert!(body.contains(words), "no {words:?} in\n{body}");
    }
    // The server itself proves its channels.
    let proved = city.command(["alert", "test", "--json"]).run().done().json();
    assert_eq!(proved["results"][0]["answer"], "250 2.0.0 taken as 4711");
    let _ = mail.wait_for("【試験】", SOON);
}

#[test]
fn while_mail_is_dead_the_next_channel_is_used_and_then_everything_arrives_once_and_in_order() {
    let dead_seconds = switches::number("SESSHU_SMTP_DEAD_SECONDS", 6);
    let port = Port::reserved();
    let web = HttpSink::start(HttpMode::Answers(200));
    // A second cause, which every machine has.
    let memory = "[monitor.threshold.memory_use]\n";
    let others = QUIET.replace(
        &format!("{memory}off = true\n"),
        &format!("{memory}warning = 0.001\ncritical = 0.002\nfor_seconds = 0\n"),
    );
    let config = format!(
        "[monitor]\nevery_seconds = 1\n{}{DISK_CRITICAL}{others}[[monitor.contact]]\nname = \"当番\"\nmail = \"toban@example.lg.jp\"\nwebhook = \"{}\"\n",
        mail_table(port.number(), "none"),
        web.url()
    );
    let (folder, data) = folder_with(&config);
    let mut city = City::serving(folder, data);
    let begun = Instant::now();
    let dead = Duration::from_secs(dead_seconds as u64);
    wait_until("the next channel", SOON, || (alerts(&web).len() >= 2).then_some(()));
    let document = &alerts(&web)[0];
    assert_eq!((&document["level"], &document["resolved"]), (&Value::from("critical"), &Value::from(false)));
    assert!(document["what_to_do"].as_array().is_some_and(|steps| steps.len() >= 3), "{document}");
    assert!(document["since"].as_str().is_some_and(|since| since.ends_with("+09:00")), "{document}");
    wait_until("the mail server to have been gone long enough", dead * 2 + SOON, || {
        (begun.elapsed() >= dead).then_some(())
    });

    let mail = SmtpSink::at(port, SmtpMode::Takes, SmtpSecurity::Plain);
    wait_until("the mails that waited", Duration::from_secs(100), || (mail.mails().len() >= 2).then_some(()));
    city.stop();
    let ids: Vec<u64> = mail.mails().iter().map(number).collect();
    assert!(ids.is_sorted_by(|one, next| one < next), "each once, in the order of writing: {ids:?}");
    let posted: BTreeSet<String> = alerts(&web).iter().map(|document| document["id"].to_string()).collect();
    assert_eq!(posted.len(), alerts(&web).len(), "nothing is posted twice");
}

#[test]
fn what_waits_when_the_power_is_cut_is_delivered_once_after_the_restart() {
    let port = Port::reserved();
    let config = format!(
        "[monitor]\nevery_seconds = 1\n{}{DISK}{QUIET}[[monitor.contact]]\nname = \"当番\"\nmail = \"toban@example.lg.jp\"\n",
        mail_table(port.number(), "none"),
    );
    let (folder, data) = folder_with(&config);
    let mut city = City::serving(folder, data);
    let saved = wait_until("a message that waits", SOON, || {
        let waiting = city.command(["alert", "list", "--json"]).run().done().json();
        waiting["waiting"].as_u64().filter(|count| *count > 0)
    });
    assert!(saved >= 1);
    // What waits is on the disk a moment after it is seen to wait: the pause until the next try is longer.
    wait_until("the state on the disk", SOON, || state_names(city.data(), "toban@example.lg.jp").then_some(()));
    city.kill9();
    let mail = SmtpSink::at(port, SmtpMode::Takes, SmtpSecurity::Plain);
    city.restart();
    let first = mail.wait_for("ディスク使用率（data）", Duration::from_secs(100));
    city.stop();
    let same = mail.mails().iter().filter(|mail| mail.subject() == first.subject()).count();
    assert_eq!(same, 1, "neither lost nor doubled");
    let ids: BTreeSet<u64> = mail.mails().iter().map(number).collect();
    assert_eq!(ids.len(), mail.mails().len(), "each message once");
}

/// Whether what the monitor has on its disk names `words`.
fn state_names(data: &Path, words: &str) -> bool {
    let files = std::fs::read_dir(data.join("monitor")).into_iter().flatten().flatten();
    files
        .filter_map(|file| std::fs::read(file.path()).ok())
        .any(|bytes| bytes.windows(words.len()).any(|window| window == words.as_bytes()))
}

#[test]
fn a_call_that_nobody_answers_goes_to_the_next_contact_who_acknowledges_by_the_call() {
    let (folder, data) = folder_with("");
    let script = "case $(cat \"$0.json\") in *0476000001*) echo unanswered;; *) echo placed;; esac";
    let phone = program(
        folder.path(),
        "call",
        &script.replace("$0.json", &folder.path().join("call.json").display().to_string()),
    );
    let config = format!(
        "[monitor]\nevery_seconds = 1\n{DISK_CRITICAL}{QUIET}[monitor.phone]\ncommand = [\"{}\"]\n\
         callback = \"http://callback.invalid\"\nanswer_seconds = 60\ntries = 1\n\
         [[monitor.contact]]\nname = \"当番\"\nphone = \"0476000001\"\n\
         [[monitor.contact]]\nname = \"係長\"\nphone = \"0476000002\"\n",
        phone.display()
    );
    std::fs::write(data.join("sesshu.toml"), config).expect("a configuration");
    let read = folder.path().join("call.json");
    let city = City::serving(folder, data);
    let call: Value = wait_until("the call of the next contact", Duration::from_secs(100), || {
        let call: Value = serde_json::from_slice(&std::fs::read(&read).ok()?).ok()?;
        (call["contact"] == "係長").then_some(call)
    });
    let url = call["answer_url"].as_str().expect("an address");
    let path = url.strip_prefix("http://callback.invalid").expect("the callback's address");
    assert_eq!(post(city.ops(), "/calls/0123456789abcdef0123456789abcdef", "outcome=acknowledged"), 404);
    assert_eq!(post(city.ops(), path, "outcome=perhaps"), 400);
    let answered = wait_until("the call to be known as placed", SOON, || {
        Some(post(city.ops(), path, "outcome=acknowledged")).filter(|status| *status != 404)
    });
    assert_eq!(answered, 204);
    assert_eq!(post(city.ops(), path, "outcome=acknowledged"), 404, "a call's address counts once");
}

fn alerts(web: &HttpSink) -> Vec<Value> {
    web.posted().into_iter().filter(|document| document["kind"] == "alert").collect()
}

/// The message's number, from its Message-ID.
fn number(mail: &TakenMail) -> u64 {
    let id = mail.header("Message-ID");
    id.split('-').nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no number in {id}"))
}

fn post(ops: SocketAddr, path: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(ops).expect("the ops listener");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {ops}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).expect("to ask");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status: {answer}"))
}
