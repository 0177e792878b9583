//! `campaign close` and `campaign reopen`: says what will be erased and when, asks for the number of people, does it.

use serde_json::Value;

use super::print;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::jobs::Job;
use crate::terminal::{Terminal, confirm, confirm_count, japanese, words};

/// How many sessions that are still open are named; the rest is a number.
const OPEN_SHOWN_MAX: usize = 20;

/// Ends the campaign, or erases at once what a closed campaign's day has come for.
pub(crate) async fn close_campaign(folder: &DataFolder, keep_days: Option<u16>, yes: bool) -> Result<(), Failure> {
    let keep_days = keep_days.map_or_else(|| folder.config_or_failure().map(|config| config.campaign.keep_days), Ok)?;
    let mut terminal = Terminal::default();
    let status = folder.run(Job::CampaignStatus { keep_days }, &mut terminal).await?;
    if status["due"] == true {
        return erase(folder, &status, keep_days, yes, terminal).await;
    }
    if let Some(day) = status["erase_on"].as_str() {
        return Err(Failure::refused(if japanese() {
            format!(
                "事業はすでに終了しています。{day} から個人情報を消去します。取り消すには `sesshu campaign reopen`。"
            )
        } else {
            format!(
                "the campaign is closed already: personal data is erased from {day} on; `campaign reopen` takes it back"
            )
        }));
    }
    refuse_open(&status)?;
    let people = status["people"].as_u64().unwrap_or(0);
    say_what_goes(&status, status["would_erase_on"].as_str().unwrap_or(""));
    confirm_count(words("終了するには、人数を入力してください:", "To close, type the number of people:"), people, yes)?;
    let job = Job::CampaignClose { keep_days, shown: usize::try_from(people).map_err(Failure::internal)? };
    let closed = folder.run(job, &mut terminal).await?;
    print(folder, &closed, |closed| {
        let day = closed["erase_on"].as_str().unwrap_or("");
        if japanese() {
            format!(
                "事業を終了しました。{day} から個人情報を消去します。その前日まで `sesshu campaign reopen` で取り消せます。"
            )
        } else {
            format!(
                "The campaign is closed. Personal data is erased from {day} on; until then `campaign reopen` takes it back."
            )
        }
    })
}

/// Takes the end of the campaign back.
pub(crate) async fn reopen_campaign(folder: &DataFolder, yes: bool) -> Result<(), Failure> {
    confirm(words("事業の終了を取り消しますか。", "Take the end of the campaign back?"), yes)?;
    let reopened = folder.run(Job::CampaignReopen, &mut Terminal::default()).await?;
    print(folder, &reopened, |_| {
        words("終了を取り消しました。個人情報は消去されません。", "taken back: no personal data is erased").into()
    })
}

async fn erase(
    folder: &DataFolder,
    status: &Value,
    keep_days: u16,
    yes: bool,
    mut terminal: Terminal,
) -> Result<(), Failure> {
    refuse_open(status)?;
    let people = status["people"].as_u64().unwrap_or(0);
    say_what_goes(status, words("いま", "now"));
    confirm_count(words("消去するには、人数を入力してください:", "To erase, type the number of people:"), people, yes)?;
    let erased = folder.run(Job::CampaignErase { keep_days }, &mut terminal).await?;
    drop(terminal.into_list());
    print(folder, &erased, |erased| {
        let (people, left) = (&erased["erased"], &erased["left"]);
        if japanese() {
            format!("{people} 人の個人情報を消去しました。残りは {left} 人です。")
        } else {
            format!("erased the personal data of {people} people; {left} are left")
        }
    })?;
    if erased["left"] == 0 && erased["held_back"] == false {
        return Ok(());
    }
    Err(Failure::refused(words(
        "消去は終わっていません。もう一度実行してください。",
        "erasing is not finished: try again",
    )))
}

/// Says on stderr what is erased, and from when on.
fn say_what_goes(status: &Value, when: &str) {
    let (people, passwords, contacts) = (&status["people"], &status["passwords"], &status["contacts"]);
    if japanese() {
        eprintln!(
            "{people} 人の個人情報（券番号、カナ氏名、生年月日、区分）、{passwords} 人のパスワード、{contacts} 人の連絡先を消去します。\n\
             消去の日: {when}\n残るもの: 通し番号だけの予約と接種の記録、操作の記録、職員のアカウント。"
        );
    } else {
        eprintln!(
            "This will erase the personal data of {people} people (ID, name, birth date, groups), {passwords} passwords and \
             {contacts} contacts.\nWhen: {when}\nWhat stays: bookings and doses by pseudonym, the audit, staff accounts."
        );
    }
}

/// Refuses while people can still book.
fn refuse_open(status: &Value) -> Result<(), Failure> {
    let open = status["still_open"].as_array().map_or(&[][..], Vec::as_slice);
    if open.is_empty() {
        return Ok(());
    }
    for session in open.iter().take(OPEN_SHOWN_MAX) {
        eprintln!("  {}  {}", session["date"].as_str().unwrap_or(""), session["venue"].as_str().unwrap_or(""));
    }
    let count = open.len();
    Err(Failure::refused(if japanese() {
        format!("予約を受け付けている（またはこれから受け付ける）接種会が {count} 件あるため、終了できません。")
    } else {
        format!("{count} sessions still take bookings, or will: close or cancel them, or wait until they are over")
    }))
}
