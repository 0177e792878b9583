//! `alert test`: what the other side says, word for word, whatever it does.

use std::path::Path;

use serde_json::Value;
use sesshu_tests::{HttpMode, HttpSink, Outcome, Sesshu, SmtpMode, SmtpSecurity, SmtpSink};

use super::{folder_with, mail_table, program};

const CONTACT: &str = "[[monitor.contact]]\nname = \"当番\"\n";

fn alert_test(data: &Path) -> Outcome {
    Sesshu::new(["alert", "test", "--json"]).data(data).run()
}

/// The one line of a test with one channel: how it ended, and what was answered.
fn only_line(outcome: &Outcome) -> (String, String) {
    let json = outcome.json();
    let results = json["results"].as_array().expect("results");
    assert_eq!(results.len(), 1, "{json}");
    let word = |key: &str| results[0][key].as_str().expect("a word").to_owned();
    (word("outcome"), word("answer"))
}

#[test]
fn each_channel_of_each_contact_is_proved() {
    let mail = SmtpSink::start(SmtpMode::Takes, SmtpSecurity::Plain);
    let web = HttpSink::start(HttpMode::Answers(200));
    let (folder, data) = folder_with("");
    let phone = program(folder.path(), "call", "echo ringing; echo acknowledged");
    let config = format!(
        "{}[monitor.phone]\ncommand = [\"{}\"]\n{CONTACT}mail = \"toban@example.lg.jp\"\nwebhook = \"{}\"\nphone = \"0476000000\"\n\
         [[monitor.contact]]\nname = \"desk\"\nlanguage = \"en\"\nmail = \"desk@example.com\"\n",
        mail_table(mail.port(), "none"),
        phone.display(),
        web.url(),
    );
    std::fs::write(data.join("sesshu.toml"), config).expect("a configuration");
    let outcome = alert_test(&data).done();
    let json = outcome.json();
    assert_eq!(json["ok"], true);
    let rows: Vec<String> = json["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|row| {
            format!("{} {} {} {}", row["contact"], row["channel"], row["outcome"], row["answer"]).replace('"', "")
        })
        .collect();
    assert_eq!(
        rows,
        [
            "当番 mail delivered 250 2.0.0 taken as 4711",
            "当番 webhook delivered 200 OK the sink answers",
            "当番 phone acknowledged exit status: 0: acknowledged",
            "desk mail delivered 250 2.0.0 taken as 4711",
        ]
    );

    let mails = mail.mails();
    let to = |address: &str| mails.iter().find(|mail| mail.to == address).expect("a mail");
    let ja = to("toban@example.lg.jp");
    assert!(ja.subject().starts_with("【試験】通知の試験 - "), "{}", ja.subject());
    assert!(ja.body().contains("障害ではありません"), "{}", ja.body());
    assert!(to("desk@example.com").subject().starts_with("[test] "));
    assert!(ja.raw.is_ascii(), "every byte of a mail passes any server");
    assert!(ja.header("Message-ID").starts_with("<sesshu-") && ja.header("Message-ID").ends_with("@example.lg.jp>"));
    assert_ne!(ja.header("Message-ID"), to("desk@example.com").header("Message-ID"));
    assert_eq!(ja.header("Auto-Submitted"), "auto-generated");
    assert!(!ja.header("Date").is_empty() && ja.header("Content-Type").starts_with("text/plain"));

    let posted = &web.posted()[0];
    assert_eq!((&posted["kind"], &posted["to"]), (&Value::from("test"), &Value::from("当番")));
    let call: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("call.json")).expect("a call")).expect("JSON");
    assert_eq!((&call["number"], &call["language"]), (&Value::from("0476000000"), &Value::from("ja")));
    assert!(call["text"].as_str().is_some_and(|text| text.contains("試験")), "{call}");

    let only = Sesshu::new(["alert", "test", "--contact", "desk", "--channel", "mail"]).data(&data).run().done();
    only.says(&["[delivered] mail", "desk: 250 2.0.0 taken as 4711"]);
    let nobody = Sesshu::new(["alert", "test", "--contact", "nobody"]).data(&data).run();
    nobody.expect_code(1).says(&["no such contact"]);
}

#[test]
fn a_mail_server_that_fails_is_named_with_what_it_said() {
    let cases = [
        (SmtpMode::Later, "failed", "451 4.3.0 try again later"),
        (SmtpMode::Refuses, "given_up", "550 5.1.1 no such person"),
        (SmtpMode::NoLogin, "failed", "535 5.7.8 wrong password"),
        (SmtpMode::Slow, "failed", "timed out"),
    ];
    let mail = SmtpSink::start(SmtpMode::Takes, SmtpSecurity::Plain);
    let (_folder, data) = folder_with("");
    let password = data.join("mail-password");
    std::fs::write(&password, "ひみつ\n").expect("a file");
    let config = format!(
        "{}user = \"sesshu\"\npassword_file = \"{}\"\n{CONTACT}mail = \"toban@example.lg.jp\"\n",
        mail_table(mail.port(), "none"),
        password.display()
    );
    std::fs::write(data.join("sesshu.toml"), config).expect("a configuration");
    for (mode, outcome, words) in cases {
        mail.set_mode(mode);
        let (ended, answer) = only_line(&alert_test(&data).expect_code(1));
        assert!(ended == outcome && answer.contains(words), "{mode:?}: {ended}: {answer}");
    }
    assert_eq!(mail.mails().len(), 0);
    mail.set_mode(SmtpMode::Takes);
    // The password is read for each try.
    std::fs::write(&password, "another").expect("a file");
    let _ = alert_test(&data).done();
    assert_eq!(mail.logins().last().map(String::as_str), Some(":sesshu:another"));

    drop(mail);
    let (ended, answer) = only_line(&alert_test(&data).expect_code(1));
    assert!(ended == "failed" && answer.contains("connection refused"), "{answer}");
}

#[test]
fn mail_goes_encrypted_to_whom_the_authority_vouches_for_and_to_nobody_else() {
    for (security, name) in [(SmtpSecurity::Tls, "tls"), (SmtpSecurity::Starttls, "starttls")] {
        let mail = SmtpSink::start(SmtpMode::Takes, security);
        let (folder, data) = folder_with("");
        let write = |authority: Option<&Path>| {
            let file = authority.map_or_else(String::new, |file| format!("ca_file = \"{}\"\n", file.display()));
            let config = format!("{}{file}{CONTACT}mail = \"toban@example.lg.jp\"\n", mail_table(mail.port(), name));
            std::fs::write(data.join("sesshu.toml"), config).expect("a configuration");
        };
        write(Some(&mail.certificate_in(folder.path())));
        let _ = alert_test(&data).done();
        assert_eq!(mail.mails().len(), 1);

        let other = SmtpSink::start(SmtpMode::Takes, security);
        write(Some(&other.certificate_in(folder.path())));
        let (ended, answer) = only_line(&alert_test(&data).expect_code(1));
        assert!(ended == "failed" && answer.contains("certificate"), "{name}: {answer}");
        assert_eq!(mail.mails().len(), 1, "{name}: nothing goes to whom nobody vouches for");
    }
    // A server that offers no encryption gets nothing.
    let plain = SmtpSink::start(SmtpMode::Takes, SmtpSecurity::Plain);
    let config = format!("{}{CONTACT}mail = \"toban@example.lg.jp\"\n", mail_table(plain.port(), "starttls"));
    let (folder, data) = folder_with(&config);
    let config = format!("{config}\n").replace(
        "timeout_seconds",
        &format!("ca_file = \"{}\"\ntimeout_seconds", plain.certificate_in(folder.path()).display()),
    );
    std::fs::write(data.join("sesshu.toml"), config).expect("a configuration");
    let (ended, answer) = only_line(&alert_test(&data).expect_code(1));
    assert!(ended == "failed" && answer.contains("STARTTLS"), "{answer}");
    assert_eq!(plain.mails().len(), 0);
}

#[test]
fn a_webhook_that_fails_is_named_with_its_status() {
    let cases = [
        (HttpMode::Answers(500), "failed", "500 Internal Server Error the sink answers"),
        (HttpMode::Answers(429), "failed", "429 "),
        (HttpMode::Answers(404), "given_up", "404 "),
        (HttpMode::Answers(302), "failed", "302 "),
        (HttpMode::HangsUp, "failed", "connection closed"),
        (HttpMode::Slow, "failed", "timed out"),
    ];
    let web = HttpSink::start(HttpMode::Answers(200));
    let config =
        format!("[monitor.webhook]\nform = \"chat\"\ntimeout_seconds = 1\n{CONTACT}webhook = \"{}\"\n", web.url());
    let (_folder, data) = folder_with(&config);
    for (mode, outcome, words) in cases {
        web.set_mode(mode);
        let (ended, answer) = only_line(&alert_test(&data).expect_code(1));
        assert!(ended == outcome && answer.contains(words), "{mode:?}: {ended}: {answer}");
        assert!(!answer.contains("/hook"), "an address is a secret: {answer}");
    }
    web.set_mode(HttpMode::Answers(204));
    let _ = alert_test(&data).done();
    let posted = &web.posted()[0];
    assert_eq!(posted.as_object().map(serde_json::Map::len), Some(1));
    assert!(posted["text"].as_str().is_some_and(|text| text.starts_with("【試験】")), "{posted}");
}
