//! `/imports`: the roll and doses given elsewhere. A file is shown first with everything that it would change and everything that
//! is wrong with it; it is taken when its count of changes is typed, as it was shown or not at all.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::staff::View;
use sesshu_engine::roll::{Column, DosesFile, Encoding, Lang, LineError, ParsedFile, TableEncoding, write_table};
use sesshu_engine::{CampaignError, RollPreview};
use tokio::runtime::Handle;

use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm, StaffQuery};
use super::super::frame::Frame;
use super::super::page::{go_to, page};
use super::super::problem::StaffProblem;
use super::super::words::campaign_words;
use super::typed;
use super::upload::Upload;
use super::{csv, download};

/// How many wrong lines and how many people stand on the page; the file of wrong lines has all of them.
const SHOWN_MAX: usize = 100;

/// A file that waits for its confirmation.
pub(super) enum Import {
    /// The roll.
    Roll(RollPreview),
    /// Doses given elsewhere: the file, how many are new or changed, how many are on file as they are.
    Doses(DosesFile, usize, usize),
}

impl Import {
    fn errors(&self) -> &[LineError] {
        match self {
            Self::Roll(preview) => &preview.file.errors,
            Self::Doses(file, _, _) => &file.errors,
        }
    }

    fn changes(&self) -> usize {
        match self {
            Self::Roll(preview) => preview.difference.changes(),
            Self::Doses(_, new, _) => *new,
        }
    }

    const fn what(&self) -> &'static str {
        match self {
            Self::Roll(_) => "名簿",
            Self::Doses(..) => "接種記録",
        }
    }
}

#[derive(Template)]
#[template(path = "staff/data/imports.html")]
struct ImportsPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    /// What has just been done.
    done: &'static str,
    /// Whether a file waits.
    waiting: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "staff/data/import_check.html")]
struct CheckPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    what: &'static str,
    encoding: &'static str,
    rows: usize,
    /// Words with their number.
    counts: Vec<(&'static str, usize)>,
    changes: usize,
    /// Why it cannot be taken, if that is so.
    refused: Option<String>,
    wrong: Vec<Line>,
    wrong_in_all: usize,
    flags: Vec<Line>,
    /// People who leave the roll and have bookings: their IDs, and the numbers of their bookings.
    gone: Vec<(String, String)>,
    gone_in_all: usize,
}

/// Something about a line.
struct Line {
    number: u64,
    column: &'static str,
    reason: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct ImportsQuery {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct ConfirmForm {
    #[serde(default)]
    count: String,
}

pub(in crate::staff) async fn get_imports(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<ImportsQuery>,
) -> Result<Response, StaffProblem> {
    let done = match query.done.as_str() {
        "roll" => "名簿を取り込みました。",
        "doses" => "接種記録を取り込みました。",
        "dropped" => "取り込みをやめました。何も変わっていません。",
        "none" => {
            "確認待ちのファイルはありません。30分たったか、別のファイルを送ったためです。もう一度選んでください。"
        }
        _ => "",
    };
    imports(&desk, &staff, StatusCode::OK, FormErrors::default(), done)
}

fn imports(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    done: &'static str,
) -> Result<Response, StaffProblem> {
    let waiting = desk.data.imports.get(&staff.login, desk.engine.now()).map(|import| import.what());
    page(status, &ImportsPage { f: desk.frame(Some(staff)), errors, done, waiting })
}

pub(in crate::staff) async fn post_roll(
    State(desk): State<Console>,
    staff: Staff,
    upload: Upload,
) -> Result<Response, StaffProblem> {
    let partial = upload.is_ticked("partial");
    let engine = desk.engine.clone();
    if upload.file.is_empty() {
        return no_file(&desk, &staff, "roll-file");
    }
    let read = tokio::task::spawn_blocking(move || engine.preview_roll(&upload.file, partial)).await;
    Ok(waits(&desk, &staff, Import::Roll(read.map_err(|_| StaffProblem::Internal)?)))
}

pub(in crate::staff) async fn post_doses(
    State(desk): State<Console>,
    staff: Staff,
    upload: Upload,
) -> Result<Response, StaffProblem> {
    let engine = desk.engine.clone();
    if upload.file.is_empty() {
        return no_file(&desk, &staff, "doses-file");
    }
    let read = tokio::task::spawn_blocking(move || engine.preview_doses(&upload.file)).await;
    let file = read.map_err(|_| StaffProblem::Internal)?;
    let (new, unchanged) =
        if file.errors.is_empty() { desk.engine.import_doses(&file.rows, true, staff.by()).await? } else { (0, 0) };
    Ok(waits(&desk, &staff, Import::Doses(file, new, unchanged)))
}

fn no_file(desk: &StaffDesk, staff: &Staff, field: &'static str) -> Result<Response, StaffProblem> {
    let mut errors = FormErrors::default();
    errors.add(field, "ファイルを選んでください。");
    imports(desk, staff, StatusCode::BAD_REQUEST, errors, "")
}

fn waits(desk: &StaffDesk, staff: &Staff, import: Import) -> Response {
    desk.data.imports.put(&staff.login, desk.engine.now(), Arc::new(import));
    go_to("/imports/check")
}

pub(in crate::staff) async fn get_check(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    match desk.data.imports.get(&staff.login, desk.engine.now()) {
        Some(import) => check(&desk, &staff, &import, StatusCode::OK, FormErrors::default()).await,
        None => Ok(go_to("/imports?done=none")),
    }
}

async fn check(
    desk: &StaffDesk,
    staff: &Staff,
    import: &Import,
    status: StatusCode,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let mut shown = match import {
        Import::Roll(preview) => {
            let difference = &preview.difference;
            let gone = difference.gone_with_bookings.iter().take(SHOWN_MAX);
            let seen = gone.clone().filter_map(|(id, _)| desk.engine.find(*id));
            desk.engine.note_people_viewed(seen, View::Import, staff.by()).await?;
            let numbers = |bookings: &[sesshu_engine::view::BookingView]| {
                bookings.iter().map(|booking| booking.number.grouped()).collect::<Vec<_>>().join("、")
            };
            CheckPage {
                counts: vec![
                    ("新しく載る人", difference.new),
                    ("内容が変わる人", difference.changed),
                    ("変わらない人", difference.unchanged),
                    ("名簿から外れる人", difference.gone),
                ],
                refused: preview.check().err().map(|error| refused_words(&error)),
                gone: gone.map(|(id, bookings)| (id.to_string(), numbers(bookings))).collect(),
                gone_in_all: difference.gone_with_bookings.len(),
                ..of_file(desk.frame(Some(staff)), import, &preview.file)
            }
        }
        Import::Doses(file, new, unchanged) => {
            let wrong = CampaignError::WrongLines(file.errors.clone());
            CheckPage {
                counts: vec![("新規または変更", *new), ("変わらない記録", *unchanged)],
                refused: (!file.errors.is_empty()).then(|| refused_words(&wrong)),
                ..of_file(desk.frame(Some(staff)), import, file)
            }
        }
    };
    shown.errors = errors;
    page(status, &shown)
}

/// What the page of every kind of file says.
fn of_file<'a, R>(f: Frame<'a>, import: &Import, file: &ParsedFile<R>) -> CheckPage<'a> {
    CheckPage {
        f,
        errors: FormErrors::default(),
        what: import.what(),
        encoding: file.encoding.map_or("判別できません", Encoding::name),
        rows: file.rows.len(),
        counts: Vec::new(),
        changes: import.changes(),
        refused: None,
        wrong: file.errors.iter().take(SHOWN_MAX).map(Line::of).collect(),
        wrong_in_all: file.errors.len(),
        flags: file.flags.iter().take(SHOWN_MAX).map(Line::of).collect(),
        gone: Vec::new(),
        gone_in_all: 0,
    }
}

fn refused_words(error: &CampaignError) -> String {
    match error {
        CampaignError::WrongLines(lines) => {
            format!(
                "誤りが{}件あります。ファイルを直して、もう一度送ってください。何も取り込んでいません。",
                lines.len()
            )
        }
        error => campaign_words(error),
    }
}

impl Line {
    fn of(error: &LineError) -> Self {
        let column = error.column.map_or("", |column: Column| column.name_ja());
        Self { number: error.line, column, reason: error.reason.text(Lang::Ja) }
    }
}

pub(in crate::staff) async fn get_wrong_lines(
    State(desk): State<Console>,
    staff: Staff,
) -> Result<Response, StaffProblem> {
    let import = desk.data.imports.get(&staff.login, desk.engine.now()).ok_or(StaffProblem::NotFound)?;
    let lines = import.errors().iter().map(Line::of);
    let rows: Vec<Vec<String>> = lines.map(|it| vec![it.number.to_string(), it.column.to_owned(), it.reason]).collect();
    let written = write_table(&["行", "列", "理由"], &rows, TableEncoding::Utf8Bom);
    let bytes = written.map_err(|wrong| StaffProblem::Conflict(csv::unwritable_words(&wrong)))?;
    Ok(download::table(bytes, "wrong-lines.csv", TableEncoding::Utf8Bom))
}

pub(in crate::staff) async fn post_confirm(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<ConfirmForm>,
) -> Result<Response, StaffProblem> {
    let Some(import) = desk.data.imports.get(&staff.login, desk.engine.now()) else {
        return Ok(go_to("/imports?done=none"));
    };
    let mut errors = FormErrors::default();
    if typed::count(&form.count) != Some(import.changes()) {
        errors.add("count", "上の「変わる件数」と同じ数を入力してください。");
        return check(&desk, &staff, &import, StatusCode::BAD_REQUEST, errors).await;
    }
    // Beside the threads that serve: comparing a whole roll takes a tenth of a second.
    let (engine, by, whole, serving) = (desk.engine.clone(), staff.by(), Arc::clone(&import), Handle::current());
    let work = async move {
        match &*whole {
            Import::Roll(preview) => engine.import_previewed_roll(preview, by).await.map(|()| "roll"),
            Import::Doses(file, ..) => engine.import_doses(&file.rows, false, by).await.map(|_| "doses"),
        }
    };
    let imported = tokio::task::spawn_blocking(move || serving.block_on(work)).await;
    match imported.map_err(|_| StaffProblem::Internal)? {
        Ok(done) => {
            desk.data.imports.take(&staff.login, desk.engine.now());
            Ok(go_to(&format!("/imports?done={done}")))
        }
        Err(CampaignError::Refused(refusal)) => Err(refusal.into()),
        Err(error) => {
            let errors =
                FormErrors::whole(format!("{}ファイルをもう一度送ると、いまの差分が出ます。", campaign_words(&error)));
            check(&desk, &staff, &import, StatusCode::CONFLICT, errors).await
        }
    }
}

pub(in crate::staff) async fn post_drop(State(desk): State<Console>, staff: Staff) -> Response {
    desk.data.imports.take(&staff.login, desk.engine.now());
    go_to("/imports?done=dropped")
}
