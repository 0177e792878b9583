//! `notice maintenance`, `failure`, `update`, `end`, `called`: shows what will be said and to how many, asks, and has the monitor say it.

use serde_json::{Value, json};
use sesshu_engine::core::time::Instant;
use sesshu_monitor::core::notice::{Notice, NoticeKind, NoticeNo, NoticeText};
use sesshu_monitor::core::order::Order;
use sesshu_monitor::core::time::WallMs;

use super::notice_shown::{self, state_of};
use super::print;
use crate::cli::{NoticeCommand, NoticeTexts, YesNo};
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::monitoring::{self, MonitorJob};
use crate::terminal::{confirm, japanese, words};

/// Runs a command about notices.
pub(crate) async fn notice(folder: &DataFolder, command: NoticeCommand) -> Result<(), Failure> {
    let by: Box<str> = format!("uid:{}", rustix::process::geteuid().as_raw()).into();
    match command {
        NoticeCommand::Maintenance { from, until, text, quiet, confirm } => {
            let kind = NoticeKind::Maintenance { from: wall("--from", &from)?, until: wall("--until", &until)? };
            let text = checked(&text)?;
            say(folder, &text, Order::GiveNotice { kind, text: text.clone(), by, quiet }, confirm.yes).await
        }
        NoticeCommand::Failure { text, confirm } => {
            let (kind, text) = (NoticeKind::Failure, checked(&text)?);
            say(folder, &text, Order::GiveNotice { kind, text: text.clone(), by, quiet: false }, confirm.yes).await
        }
        NoticeCommand::Update { number, text, confirm } => {
            let (no, text) = (NoticeNo(number), checked(&text)?);
            say(folder, &text, Order::UpdateNotice { no, text: text.clone(), by }, confirm.yes).await
        }
        NoticeCommand::End { number, text, confirm } => {
            let (no, text) = (NoticeNo(number), checked(&text)?);
            say(folder, &text, Order::EndNotice { no, text: text.clone(), by }, confirm.yes).await
        }
        NoticeCommand::Called { number, contact, reached } => {
            let notice = Some(NoticeNo(number));
            let reached = reached == YesNo::Yes;
            let order = Order::LogCall { contact: contact.into(), incident: None, notice, reached, by };
            let done = monitoring::ask(folder, MonitorJob::Order(order)).await?;
            print(folder, &done, |_| words("電話の記録を残しました。", "the call is logged").into())
        }
        NoticeCommand::List => notice_shown::list(folder).await,
        NoticeCommand::Show { number } => notice_shown::show(folder, NoticeNo(number)).await,
        NoticeCommand::Record { number, out } => notice_shown::record(folder, NoticeNo(number), out.as_deref()).await,
        NoticeCommand::Page { out } => notice_shown::page(folder, out).await,
    }
}

fn wall(option: &str, text: &str) -> Result<WallMs, Failure> {
    let at: Instant = text.parse().map_err(|error| Failure::usage(format!("{option}: {error}")))?;
    Ok(WallMs(at.0))
}

fn checked(texts: &NoticeTexts) -> Result<NoticeText, Failure> {
    let text = NoticeText {
        ja: texts.ja.as_str().into(),
        easy: texts.easy.as_deref().map(Into::into),
        en: texts.en.as_deref().map(Into::into),
    };
    text.checked().map_err(|error| Failure::usage(format!("--{error}")))
}

/// Shows, asks, says.
async fn say(folder: &DataFolder, text: &NoticeText, order: Order, yes: bool) -> Result<(), Failure> {
    let contacts = folder.config_or_failure()?.monitor.contacts();
    let wanting = contacts.iter().filter(|contact| contact.notices);
    let (written, by_hand): (Vec<_>, Vec<_>) = wanting.partition(|contact| !contact.channels.is_empty());
    for (name, said) in
        [("日本語", Some(&text.ja)), ("やさしい日本語", text.easy.as_ref()), ("English", text.en.as_ref())]
    {
        match said {
            Some(said) => eprintln!("[{name}]\n{said}\n"),
            None => eprintln!("[{name}] {}\n", words("（日本語の文章を出します）", "(the Japanese text is shown)")),
        }
    }
    let (written, by_hand) = (written.len(), by_hand.len());
    if japanese() {
        eprintln!("すべての画面に表示し、{written} 件の連絡先に送ります。電話で知らせる連絡先は {by_hand} 件です。");
    } else {
        eprintln!("Shown on all pages, sent to {written} contacts; {by_hand} contacts are called by hand.");
    }
    confirm(words("知らせますか。", "Say it?"), yes)?;
    let done = monitoring::ask(folder, MonitorJob::Order(order)).await?;
    let number = number_in(&done);
    let (state, contacts) = state_of(folder).await?;
    let calls = state.to_call(&contacts, number);
    let value = json!({
        "notice": number.0,
        "written": written,
        "to_call": calls.iter().map(|call| json!({ "contact": call.contact.name, "number": call.number })).collect::<Vec<_>>(),
    });
    print(folder, &value, |_| {
        let mut lines = vec![if japanese() {
            format!("お知らせ {} 番を出しました。", number.0)
        } else {
            format!("notice {} is out", number.0)
        }];
        lines.extend(calls.iter().map(|call| {
            let (name, to) = (&call.contact.name, call.number);
            if japanese() {
                format!(
                    "電話してください： {name} {to}（電話のあと： sesshu notice called {} {name} --reached yes）",
                    number.0
                )
            } else {
                format!("please call {name}, {to}; then: sesshu notice called {} {name} --reached yes", number.0)
            }
        }));
        lines.join("\n")
    })
}

/// The notice that an order was about, from what the monitor answered.
fn number_in(done: &Value) -> NoticeNo {
    NoticeNo(done["done"]["notice"][0].as_u64().unwrap_or_default())
}

/// One line about a notice.
pub(super) fn line(notice: &Notice, now: WallMs) -> String {
    let phase = notice.phase(now);
    let kind = match notice.kind {
        NoticeKind::Maintenance { .. } => words("保守", "maintenance"),
        NoticeKind::Failure => words("障害", "failure"),
    };
    let said = notice.latest().map_or("", |saying| saying.text.ja.lines().next().unwrap_or_default());
    format!("{:>5}  {kind}  {:9} {said}", notice.no.0, phase.code())
}
