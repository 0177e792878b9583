//! Commands that end: they read files, ask, have the work done, and print.

mod alert;
mod alert_test;
mod backup;
mod campaign;
mod doctor;
mod imports;
mod issue;
mod notice;
mod notice_shown;
mod publish;
mod site;
mod switch;
mod watch;

pub(crate) use alert::alert;
pub(crate) use alert_test::{results, test_alerts};
pub(crate) use backup::backup;
pub(crate) use campaign::{close_campaign, reopen_campaign};
pub(crate) use doctor::doctor;
pub(crate) use imports::{import_doses, import_roll, import_sessions, import_waves};
pub(crate) use issue::issue_passwords;
pub(crate) use notice::notice;
pub(crate) use publish::publish;
pub(crate) use site::{export_site, import_site};
pub(crate) use switch::switch;
pub(crate) use watch::watch;

use std::io::Write;

use serde_json::{Value, json};
use sesshu_engine::{LoadError, RecoverError};
use sesshu_monitor::config::Advice;

use crate::cli::Role;
use crate::config::TEMPLATE;
use crate::control::run_at_server;
use crate::exit::{ExitStatus, Failure};
use crate::folder::DataFolder;
use crate::jobs::{Job, verified};
use crate::terminal::{Terminal, japanese};

/// Prints a result: JSON if that is asked for, else the text that `words` makes of it.
pub(crate) fn print(folder: &DataFolder, value: &Value, words: impl FnOnce(&Value) -> String) -> Result<(), Failure> {
    let text = if folder.json { value.to_string() } else { words(value) };
    print_bytes(format!("{text}\n").as_bytes())
}

/// Prints what is ready to be printed. Whoever reads no further is no failure.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::io("stdout")(error)),
        _ => Ok(()),
    }
}

/// Prints the rules for Prometheus.
pub(crate) fn alert_rules(folder: &DataFolder) -> Result<(), Failure> {
    let rules = sesshu_monitor::rules::prometheus_rules();
    print(folder, &json!({ "rules": rules }), |_| rules.trim_end().to_owned())
}

/// Makes an empty data folder.
pub(crate) fn init(folder: &DataFolder) -> Result<(), Failure> {
    let at = folder.path.display().to_string();
    std::fs::create_dir_all(&folder.path).map_err(Failure::io(&at))?;
    let config = folder.config_or_failure()?;
    let engine = folder.engine_config(&config);
    if engine.has_store() {
        return Err(Failure::refused(format!("{at} has a store already; nothing was changed")));
    }
    if !folder.config_path.exists() {
        std::fs::write(&folder.config_path, TEMPLATE).map_err(Failure::io(folder.config_path.display()))?;
    }
    engine.create()?;
    let value = json!({ "data": at, "config": folder.config_path.display().to_string() });
    print(folder, &value, |_| {
        format!("Made an empty data folder {at}.\nEdit {}, then run `sesshu serve`.", folder.config_path.display())
    })
}

/// Checks the configuration.
pub(crate) fn check_config(folder: &DataFolder) -> Result<(), Failure> {
    match folder.config_closely() {
        Ok(config) => {
            let advice: Vec<String> = config.monitor.advice().iter().map(advice).collect();
            for advice in &advice {
                eprintln!("{advice}");
            }
            print(folder, &json!({ "ok": true, "problems": [], "advice": advice }), |_| {
                let found = if folder.config_path.exists() {
                    "no problems"
                } else {
                    "not there; the defaults have no problems"
                };
                format!("{}: {found}", folder.config_path.display())
            })
        }
        Err(error) => {
            if folder.json {
                print(folder, &json!({ "ok": false, "problems": [error.to_string()] }), |_| String::new())?;
            } else {
                eprint!("{:?}", miette::Report::new_boxed(Box::new(error)));
                return Err(Failure::usage("the configuration cannot be used"));
            }
            Err(Failure::usage("the configuration cannot be used"))
        }
    }
}

/// What could be better in a configuration that can be used.
fn advice(advice: &Advice) -> String {
    match (advice, japanese()) {
        (Advice::Unreadable(key, file), true) => format!("注意: {key} の {} を読めません。", file.display()),
        (Advice::Unreadable(key, file), false) => format!("note: {key}: {} cannot be read", file.display()),
        (Advice::OpenToOthers(key, file), true) => {
            format!("注意: {key} の {} をほかの人も読めます。chmod 600 にしてください。", file.display())
        }
        (Advice::OpenToOthers(key, file), false) => {
            format!("note: {key}: others may read {}; chmod 600 it", file.display())
        }
    }
}

/// Checks every invariant of the data.
pub(crate) async fn verify(folder: &DataFolder, copy: bool) -> Result<(), Failure> {
    let config = folder.config_of(copy)?;
    let report = match folder.engine_config(&config).verify() {
        Ok(report) => verified(&report),
        Err(RecoverError::Load(LoadError::InUse)) => {
            run_at_server(&folder.path, &Job::Verify, &mut Terminal::default()).await?
        }
        Err(RecoverError::Load(error)) => return unsound(folder, error.into()),
        Err(error @ RecoverError::HighWater(_)) => return unsound(folder, Failure::refused(error)),
    };
    print(folder, &report, |report| {
        let mut text = format!(
            "residents {}, sessions {}, live bookings {}, journal entries {}\ndigest {}\n",
            report["residents"],
            report["sessions"],
            report["bookings_live"],
            report["entries"],
            report["digest"].as_str().unwrap_or("")
        );
        for problem in report["problems"].as_array().into_iter().flatten() {
            text.push_str(&format!("PROBLEM: {}\n", problem.as_str().unwrap_or("")));
        }
        text.push_str(if report["ok"] == true { "all invariants hold" } else { "the data is not sound" });
        text
    })?;
    if report["ok"] == true { Ok(()) } else { Err(Failure::refused("verification failed")) }
}

/// Data that cannot even be opened. Nothing of it was counted; that it is unsound is a result, too.
fn unsound(folder: &DataFolder, failure: Failure) -> Result<(), Failure> {
    if folder.json && failure.status == ExitStatus::Refused {
        let report = json!({
            "ok": false,
            "residents": null,
            "sessions": null,
            "bookings_live": null,
            "entries": null,
            "digest": null,
            "problems": [failure.message],
        });
        print(folder, &report, |_| String::new())?;
    }
    Err(failure)
}

/// Everything held about one person.
pub(crate) async fn report(folder: &DataFolder, id: &str, copy: bool) -> Result<(), Failure> {
    let (config, job) = (folder.config_of(copy)?, Job::Report { id: id.to_owned() });
    let report = folder.run_with(&config, job, &mut Terminal::default()).await?;
    print(folder, &report, |report| serde_json::to_string_pretty(report).unwrap_or_default())
}

/// Adds a staff account, or gives one new secrets.
pub(crate) async fn staff(folder: &DataFolder, login: &str, role: Option<Role>) -> Result<(), Failure> {
    let role = role.map(|role| match role {
        Role::Operator => "operator",
        Role::Venue => "venue",
        Role::Admin => "admin",
        Role::Ops => "ops",
    });
    let job = Job::Staff { login: login.to_owned(), role: role.map(str::to_owned) };
    let made = folder.run(job, &mut Terminal::default()).await?;
    print(folder, &made, |made| {
        let word = |key: &str| made[key].as_str().unwrap_or("").to_owned();
        format!(
            "login       {}\nrole        {}\npassword    {}\nTOTP secret {}\nThese are shown once. Of the password only a hash is stored.",
            word("login"),
            word("role"),
            word("password"),
            word("totp_secret")
        )
    })
}

/// Disables a staff account, or enables it.
pub(crate) async fn disable_staff(folder: &DataFolder, login: &str, disabled: bool) -> Result<(), Failure> {
    let job = Job::StaffDisable { login: login.to_owned(), disabled };
    let done = folder.run(job, &mut Terminal::default()).await?;
    print(folder, &done, |_| format!("{login} is {}", if disabled { "disabled" } else { "enabled" }))
}

/// Prints all staff accounts.
pub(crate) async fn list_staff(folder: &DataFolder) -> Result<(), Failure> {
    let all = folder.run(Job::StaffList, &mut Terminal::default()).await?;
    print(folder, &all, |all| {
        let line = |one: &Value| {
            let word = |key: &str| one[key].as_str().unwrap_or("").to_owned();
            let state = if one["disabled"] == true { "disabled" } else { "" };
            format!("{:32} {:9} {:9} {}", word("login"), word("role"), state, word("venue")).trim_end().to_owned()
        };
        let accounts = all["accounts"].as_array().map(Vec::as_slice).unwrap_or_default();
        accounts.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}
