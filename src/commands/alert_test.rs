//! `alert test`: proves each channel of each contact, and shows what the other side said.

use serde_json::{Value, json};
use sesshu_monitor::channels;
use sesshu_monitor::clock::Clock;
use sesshu_monitor::core::contact::ChannelKind;
use sesshu_monitor::core::message::Outcome;
use sesshu_monitor::trial::{Trial, Tried, all};

use super::print;
use crate::cli::{AlertTestArgs, ChannelName};
use crate::config::Config;
use crate::control::{is_listening, run_at_server};
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::jobs::Job;
use crate::monitoring::{self, MonitorJob};
use crate::terminal::{Terminal, japanese, words};

/// Sends a test through each channel that `args` ask for. With a server, by the server: that is who must reach the other sides.
pub(crate) async fn test_alerts(folder: &DataFolder, args: &AlertTestArgs) -> Result<(), Failure> {
    folder.must_be_known()?;
    let config = folder.alert_config()?;
    let trial = Trial {
        name: config.city.name.as_str().into(),
        contact: args.contact.as_deref().map(Into::into),
        channel: args.channel.map(kind),
    };
    if trial.letters(&config.monitor.contacts(), Clock::start().now().wall).is_empty() {
        return Err(Failure::refused(words(
            "そのような連絡先や手段は設定されていません（sesshu.toml の [[monitor.contact]]）。",
            "no such contact or channel is configured ([[monitor.contact]] in sesshu.toml)",
        )));
    }
    let tried = if is_listening(&folder.path) {
        let spinner = Terminal::spinner(words("サーバーが送っています", "the server sends"));
        let tried = run_at_server(&folder.path, &Job::Monitor(MonitorJob::Test(trial)), &mut Terminal::default()).await;
        spinner.finish_and_clear();
        serde_json::from_value(tried?["results"].take()).map_err(Failure::internal)?
    } else {
        let spinner = Terminal::spinner(words("送っています", "sending"));
        let tried = send_here(folder, &config, &trial).await;
        spinner.finish_and_clear();
        tried
    };
    let ok = tried.iter().all(Tried::arrived);
    print(folder, &json!({ "ok": ok, "results": tried }), |_| table(&tried))?;
    if ok {
        Ok(())
    } else {
        Err(Failure::refused(words("届かなかったものがあります。", "not everything arrived")))
    }
}

async fn send_here(folder: &DataFolder, config: &Config, trial: &Trial) -> Vec<Tried> {
    let id = sesshu_monitor::folder_id(&monitoring::folder_of(folder, config));
    let channels = channels::build(&config.monitor, &id);
    let letters = trial.letters(&config.monitor.contacts(), Clock::start().now().wall);
    all(letters, |letter| channels::send_once(&channels, letter)).await
}

const fn kind(name: ChannelName) -> ChannelKind {
    match name {
        ChannelName::Mail => ChannelKind::Mail,
        ChannelName::Webhook => ChannelKind::Webhook,
        ChannelName::Phone => ChannelKind::Phone,
    }
}

fn table(tried: &[Tried]) -> String {
    let line = |one: &Tried| {
        let outcome = if japanese() { outcome_ja(one.outcome) } else { outcome_en(one.outcome) };
        format!("[{outcome}] {:8} {}: {}", one.channel.code(), one.contact, one.answer)
    };
    tried.iter().map(line).collect::<Vec<_>>().join("\n")
}

const fn outcome_ja(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "届いた",
        Outcome::Placed => "かけた",
        Outcome::Acknowledged => "確認した",
        Outcome::Unanswered => "応答なし",
        Outcome::Failed => "失敗",
        Outcome::NotNeeded => "不要",
        Outcome::GivenUp => "断られた",
    }
}

const fn outcome_en(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "delivered",
        Outcome::Placed => "placed",
        Outcome::Acknowledged => "acknowledged",
        Outcome::Unanswered => "unanswered",
        Outcome::Failed => "failed",
        Outcome::NotNeeded => "not needed",
        Outcome::GivenUp => "refused",
    }
}

/// What the server says of a trial.
pub(crate) fn results(tried: &[Tried]) -> Value {
    json!({ "results": tried })
}
