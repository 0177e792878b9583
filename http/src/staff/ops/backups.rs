//! `/ops/backups`: which generations there are and how well they are proven, what is being done, and the two things that a person may
//! begin: a backup and a drill. It renews itself only while something goes on.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::backup::BackupWish;
use sesshu_engine::core::time::Instant;

use crate::staff::backup_desk::{BackupDesk, BackupRefused, BackupsView, TroubleView};
use crate::staff::dates::instant_words;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::StaffQuery;
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

mod drills;
mod generations;
mod reason;
mod verdict;
mod words;

use drills::DrillRow;
pub(in crate::staff) use drills::{get_drills, get_drills_csv};
use generations::GenerationRow;
use verdict::Verdict;

/// Why nothing is shown where no backups are made.
const NO_BACKUPS: &str =
    "このサーバーではバックアップが動いていません。サーバーの記録（journalctl -u sesshu）を確かめてください。";
/// How many drills the page shows; all of them are in the table that is saved and on the printed page.
const DRILLS_SHOWN_MAX: usize = 10;
/// The journal may be so far behind before the page says that it is.
const LAG_SHOWN_FROM: Duration = Duration::from_mins(2);

#[derive(Template)]
#[template(path = "staff/ops/backups.html")]
struct BackupsPage<'a> {
    f: Frame<'a>,
    /// Why what was asked for was not begun.
    refused: Option<&'static str>,
    /// Whether a browser without the script loads the page anew by itself.
    renewed: bool,
    view: Option<Shown>,
    no_backups: &'static str,
}

/// What the page shows.
struct Shown {
    verdict: Verdict,
    running: Option<RunningRow>,
    asked: Option<AskedRow>,
    failure: Option<(String, String)>,
    reading_failure: Option<(String, String)>,
    unreadable: Vec<(String, String)>,
    folder: String,
    next_daily: Option<String>,
    generations: Vec<GenerationRow>,
    bytes_all: String,
    second: Option<SecondRow>,
    journal: Option<JournalRow>,
    drills: Vec<DrillRow>,
    drills_count: usize,
    drill_due: Option<(String, bool)>,
}

struct RunningRow {
    what: &'static str,
    since: String,
    lasted: String,
    /// How far, in percent; none while nobody knows.
    percent: Option<u64>,
    amount: String,
}

/// What somebody asked for here, and what came of it.
struct AskedRow {
    class: &'static str,
    says: String,
}

struct SecondRow {
    folder: String,
    generations: usize,
    newest: Option<String>,
    trouble: Option<(String, String)>,
}

struct JournalRow {
    folder: String,
    complete: Option<String>,
    lag: String,
    late: bool,
    trouble: Option<(String, String)>,
}

#[derive(Deserialize)]
pub(in crate::staff) struct BackupsQuery {
    #[serde(default)]
    auto: String,
}

pub(in crate::staff) async fn get_backups(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<BackupsQuery>,
) -> Result<Response, StaffProblem> {
    shown(&desk, &staff, StatusCode::OK, None, query.auto != "off")
}

fn shown(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    refused: Option<&'static str>,
    renewed: bool,
) -> Result<Response, StaffProblem> {
    let now = desk.engine.now();
    let view = desk.config.backups.as_ref().map(|backups| Shown::of(&backups.view(), now));
    let goes_on = view.as_ref().is_some_and(|view| view.running.is_some());
    let backups =
        BackupsPage { f: desk.frame(Some(staff)), refused, renewed: renewed && goes_on, view, no_backups: NO_BACKUPS };
    page(status, &backups)
}

impl Shown {
    fn of(view: &BackupsView, now: Instant) -> Self {
        Self {
            verdict: Verdict::of(view, now),
            running: view.running.map(|running| RunningRow {
                what: words::work(running.work),
                since: instant_words(running.since),
                lasted: words::since(running.since, now),
                percent: (running.done_bytes.min(running.of_bytes) * 100).checked_div(running.of_bytes),
                amount: words::amount(running.done_bytes, running.of_bytes),
            }),
            asked: view.asked.as_ref().map(AskedRow::of),
            failure: view.failure.as_ref().map(trouble),
            reading_failure: view.reading_failure.as_ref().map(trouble),
            unreadable: view.unreadable.iter().map(|(name, what)| (name.clone(), reason::explained(what))).collect(),
            folder: view.folder.clone(),
            next_daily: view.next_daily_at.map(instant_words),
            generations: generations::rows(view, now),
            bytes_all: words::bytes(view.generations.iter().map(|generation| generation.bytes).sum()),
            second: view.second.as_ref().map(|second| SecondRow {
                folder: second.folder.clone(),
                generations: second.generations,
                newest: second.newest_taken_at.map(|at| words::at_and_age(at, now)),
                trouble: second.trouble.as_ref().map(trouble),
            }),
            journal: view.journal.as_ref().map(|journal| {
                let lag_ms = journal.complete_at.map(|at| now.ms_since(at).max(0).unsigned_abs());
                JournalRow {
                    folder: journal.folder.clone(),
                    complete: journal.complete_at.map(instant_words),
                    lag: journal.complete_at.map(|at| words::since(at, now)).unwrap_or_default(),
                    late: lag_ms.is_none_or(|ms| Duration::from_millis(ms) >= LAG_SHOWN_FROM),
                    trouble: journal.trouble.as_ref().map(trouble),
                }
            }),
            drills: view.drills.iter().take(DRILLS_SHOWN_MAX).map(DrillRow::of).collect(),
            drills_count: view.drills.len(),
            drill_due: view.drill_due_at.map(|at| (instant_words(at), at <= now)),
        }
    }
}

/// Since when, and what.
fn trouble(trouble: &TroubleView) -> (String, String) {
    (instant_words(trouble.since), reason::explained(&trouble.what))
}

impl AskedRow {
    fn of(asked: &crate::staff::backup_desk::AskedView) -> Self {
        let (what, by) = (words::wish(asked.wish), words::maker(&asked.by));
        let begun = format!("{by}が {} に始めた{what}", instant_words(asked.at));
        match &asked.outcome {
            None => Self { class: "", says: format!("{begun}が動いています。") },
            Some((at, Ok(generation))) => Self {
                class: "good",
                says: format!("○ {begun}は、{} に終わりました：{generation}", instant_words(*at)),
            },
            Some((at, Err(why))) => Self {
                class: "strong",
                says: format!("× {begun}は、{} に失敗しました：{}", instant_words(*at), reason::explained(why)),
            },
        }
    }
}

pub(in crate::staff) async fn post_backup(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    begin(&desk, &staff, BackupWish::Backup).await
}

pub(in crate::staff) async fn post_drill(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    begin(&desk, &staff, BackupWish::Drill).await
}

/// Begins it, and notes first who asked: what is refused because something goes on already leaves no entry.
async fn begin(desk: &StaffDesk, staff: &Staff, wish: BackupWish) -> Result<Response, StaffProblem> {
    desk.exports_go_on()?;
    let backups: Arc<dyn BackupDesk> =
        desk.config.backups.clone().ok_or_else(|| StaffProblem::Conflict(NO_BACKUPS.into()))?;
    if backups.view().running.is_some() {
        return refused(desk, staff, BackupRefused::Running);
    }
    // A backup is wanted most when the ledger takes nothing any more: the manifest and the drill's record name who asked, too.
    if let Err(refusal) = desk.engine.note_backup_asked(wish, staff.by()).await {
        tracing::warn!(?refusal, ?wish, by = %staff.login, "who asked for this is not in the journal");
    }
    match backups.begin(wish, &staff.actor()) {
        Ok(()) => Ok(go_to("/ops/backups")),
        Err(why) => refused(desk, staff, why),
    }
}

fn refused(desk: &StaffDesk, staff: &Staff, why: BackupRefused) -> Result<Response, StaffProblem> {
    shown(desk, staff, StatusCode::CONFLICT, Some(words::refused(why)), true)
}
