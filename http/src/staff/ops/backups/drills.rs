//! The records of restore drills (復元訓練): as rows of the page, as a table that is saved, and on paper. They are the evidence for the
//! city's file, so that everything that was recorded is there.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::roll::{TableEncoding, write_table};

use super::{reason, words};
use crate::staff::backup_desk::{BackupsView, DrillView};
use crate::staff::dates::instant_words;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::download::table_answer;
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

/// The steps of a drill, in their order.
const STEPS: [&str; 7] = ["restore", "verify", "serve", "login", "read", "book", "check"];
const HEADING: [&str; 21] = [
    "開始日時",
    "実施者",
    "復元した世代",
    "ジャーナル",
    "結果",
    "復旧までの時間（秒）",
    "データの古さ（秒）",
    "市民",
    "接種会",
    "有効な予約",
    "記録",
    "検算値",
    "復元（秒）",
    "検査（秒）",
    "起動（秒）",
    "ログイン（秒）",
    "照会（秒）",
    "予約（秒）",
    "予約後の検査（秒）",
    "失敗の理由",
    "開始日時（機械用）",
];

/// A drill as it is shown.
pub(super) struct DrillRow {
    pub(super) began: String,
    pub(super) by: String,
    pub(super) generation: String,
    pub(super) with_journal: bool,
    pub(super) recovery: String,
    pub(super) data_age: String,
    /// Residents, sessions, bookings, entries.
    pub(super) counts: [String; 4],
    pub(super) digest: String,
    pub(super) steps: Vec<(String, String)>,
    pub(super) failure: Option<String>,
}

impl DrillRow {
    pub(super) fn of(drill: &DrillView) -> Self {
        let counts = &drill.counts;
        Self {
            began: words::written_at(&drill.began_at),
            by: words::maker(&drill.by),
            generation: drill.generation.clone(),
            with_journal: drill.with_journal,
            recovery: words::took(drill.recovery_ms),
            data_age: words::took(drill.data_age_seconds.saturating_mul(1_000)),
            counts: [counts.residents, counts.sessions, counts.bookings_live, counts.entries].map(words::count),
            digest: drill.digest.clone(),
            steps: drill.steps.iter().map(|(name, ms)| (words::step(name).to_owned(), words::took(*ms))).collect(),
            failure: drill.failure.as_deref().map(reason::explained),
        }
    }
}

#[derive(Template)]
#[template(path = "staff/ops/drills.html")]
struct DrillsPage<'a> {
    f: Frame<'a>,
    made_at: String,
    drills: Vec<DrillRow>,
}

/// `/ops/backups/drills`: all of them, one after the other, for paper.
pub(in crate::staff) async fn get_drills(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    let drills = DrillsPage {
        f: desk.frame(Some(&staff)),
        made_at: instant_words(desk.engine.now()),
        drills: view(&desk).drills.iter().map(DrillRow::of).collect(),
    };
    page(StatusCode::OK, &drills)
}

/// `/ops/backups/drills.csv`: all of them as a table.
pub(in crate::staff) async fn get_drills_csv(
    State(desk): State<Console>,
    _staff: Staff,
) -> Result<Response, StaffProblem> {
    let rows: Vec<Vec<String>> = view(&desk).drills.iter().map(cells).collect();
    let written = write_table(&HEADING, &rows, TableEncoding::Utf8Bom).map_err(|_| StaffProblem::Internal)?;
    Ok(table_answer(written, "drills.csv", TableEncoding::Utf8Bom))
}

fn view(desk: &StaffDesk) -> BackupsView {
    desk.config.backups.as_ref().map(|backups| backups.view()).unwrap_or_default()
}

fn cells(drill: &DrillView) -> Vec<String> {
    let counts = &drill.counts;
    let step = |name: &str| drill.steps.iter().find(|(step, _)| step == name).map(|(_, ms)| seconds(*ms));
    let mut cells = vec![
        words::written_at(&drill.began_at),
        words::maker(&drill.by),
        drill.generation.clone(),
        if drill.with_journal { "あり" } else { "なし" }.to_owned(),
        if drill.failure.is_none() { "成功" } else { "失敗" }.to_owned(),
        if drill.failure.is_none() { seconds(drill.recovery_ms) } else { String::new() },
        drill.data_age_seconds.to_string(),
        counts.residents.to_string(),
        counts.sessions.to_string(),
        counts.bookings_live.to_string(),
        counts.entries.to_string(),
        drill.digest.clone(),
    ];
    cells.extend(STEPS.map(|name| step(name).unwrap_or_default()));
    cells.extend([drill.failure.as_deref().map(reason::explained).unwrap_or_default(), drill.began_at.clone()]);
    cells
}

/// Seconds as a spreadsheet counts with them.
fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}
