//! `/exports`: files for the city's other systems and for paper. Each is noted with its reason and its people before it is sent.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::{ResidentNo, VenueId};
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::core::staff::{ExportKind, ExportReason};
use sesshu_engine::core::time::Day;
use sesshu_engine::roll::{TableEncoding, write_table};
use sesshu_engine::{AgeClass, DayCount, DayListRow, DosesGiven, EngineHandle};

use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm};
use super::super::frame::Frame;
use super::super::page::page;
use super::super::problem::StaffProblem;
use super::{csv, download};
use crate::staff::words::export_reason_words;

/// What is offered, in this order.
const KINDS: [ExportKind; 3] = [ExportKind::BookingsPerDay, ExportKind::DayList, ExportKind::NationalCounts];

#[derive(Template)]
#[template(path = "staff/data/exports.html")]
struct ExportsPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    typed: &'a ExportForm,
    /// Codes with their words.
    kinds: Vec<(&'static str, &'static str)>,
    reasons: Vec<(&'static str, &'static str)>,
    encodings: Vec<(&'static str, &'static str)>,
    /// Ids with their names.
    venues: Vec<(String, String)>,
}

#[derive(Default, Deserialize)]
pub(in crate::staff) struct ExportForm {
    #[serde(default)]
    what: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    venue: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    encoding: String,
}

/// A form that was understood.
struct Wanted {
    what: ExportKind,
    from: Day,
    to: Day,
    venue: Option<VenueId>,
    reason: ExportReason,
    encoding: TableEncoding,
}

/// A table with the people that it is about.
struct Table {
    header: &'static [&'static str],
    rows: Vec<Vec<String>>,
    people: Vec<ResidentNo>,
}

pub(in crate::staff) async fn get_exports(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    let today = desk.engine.now().city_day().to_string();
    let typed = ExportForm { from: today.clone(), to: today, ..ExportForm::default() };
    exports(&desk, &staff, StatusCode::OK, FormErrors::default(), &typed)
}

fn exports(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    typed: &ExportForm,
) -> Result<Response, StaffProblem> {
    let venues = desk.engine.venues();
    let shown = ExportsPage {
        f: desk.frame(Some(staff)),
        errors,
        typed,
        kinds: KINDS.iter().filter_map(|kind| Some((kind.code(), kind_words(*kind)?))).collect(),
        reasons: ExportReason::ALL.iter().map(|reason| (reason.code(), export_reason_words(*reason))).collect(),
        encodings: TableEncoding::ALL.map(|encoding| (encoding.code(), csv::encoding_words(encoding))).to_vec(),
        venues: venues.iter().map(|venue| (venue.id.to_string(), venue.name.clone())).collect(),
    };
    page(status, &shown)
}

pub(in crate::staff) async fn post_exports(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<ExportForm>,
) -> Result<Response, StaffProblem> {
    desk.exports_go_on()?;
    let wanted = match understood(&form, &desk.engine) {
        Ok(wanted) => wanted,
        Err(errors) => return exports(&desk, &staff, StatusCode::BAD_REQUEST, errors, &form),
    };
    let Wanted { what, from, reason, encoding, .. } = wanted;
    let engine = desk.engine.clone();
    let read = tokio::task::spawn_blocking(move || {
        let table = table(&engine, &wanted);
        let written = write_table(table.header, &table.rows, encoding);
        (table, written)
    });
    let (table, written) = read.await.map_err(|_| StaffProblem::Internal)?;
    let bytes = match written {
        Ok(bytes) => bytes,
        Err(wrong) => {
            let mut errors = FormErrors::default();
            errors.add("encoding", csv::unwritable_words(&wrong));
            return exports(&desk, &staff, StatusCode::CONFLICT, errors, &form);
        }
    };
    desk.engine.note_exported(what, reason, table.rows.len(), table.people, staff.by()).await?;
    Ok(download::table(bytes, &format!("{}-{from}.csv", what.code()), encoding))
}

fn understood(form: &ExportForm, engine: &EngineHandle) -> Result<Wanted, FormErrors> {
    let mut errors = FormErrors::default();
    let what = ExportKind::of_code(&form.what).filter(|kind| KINDS.contains(kind));
    if what.is_none() {
        errors.add("what", "書き出すものを選んでください。");
    }
    let reason = ExportReason::of_code(&form.reason);
    if reason.is_none() {
        errors.add("reason", "目的を選んでください。");
    }
    let encoding = TableEncoding::of_code(&form.encoding);
    if encoding.is_none() {
        errors.add("encoding", "文字コードを選んでください。");
    }
    let from = form.from.parse::<Day>().ok();
    if from.is_none() {
        errors.add("from", "最初の日を 2026-12-05 のように入力してください。");
    }
    let is_list = what == Some(ExportKind::DayList);
    let to = if is_list { from } else { form.to.parse::<Day>().ok() };
    if to.is_none() && !is_list {
        errors.add("to", "最後の日を 2026-12-05 のように入力してください。");
    } else if to < from {
        errors.add("to", "最後の日は、最初の日より後にしてください。");
    }
    let venue = form.venue.parse().ok().filter(|id| engine.venues().iter().any(|venue| venue.id == *id));
    if is_list && venue.is_none() {
        errors.add("venue", "当日の名簿では、会場を選んでください。");
    }
    match (what, reason, encoding, from, to) {
        (Some(what), Some(reason), Some(encoding), Some(from), Some(to)) if errors.is_empty() => {
            Ok(Wanted { what, from, to, venue, reason, encoding })
        }
        _ => Err(errors),
    }
}

fn table(engine: &EngineHandle, wanted: &Wanted) -> Table {
    let days = wanted.from..=wanted.to;
    match (wanted.what, wanted.venue) {
        (ExportKind::DayList, Some(venue)) => {
            let all = engine.people_of_day(venue, wanted.from);
            Table { header: DAY_LIST, people: all.iter().map(|row| row.resident).collect(), rows: rows(&all, day_row) }
        }
        (ExportKind::NationalCounts, _) => {
            Table { header: DOSES, people: Vec::new(), rows: rows(&engine.doses_given(&days), dose_row) }
        }
        _ => Table { header: PER_DAY, people: Vec::new(), rows: rows(&engine.bookings_per_day(&days), count_row) },
    }
}

fn rows<T>(all: &[T], row: impl Fn(&T) -> Vec<String>) -> Vec<Vec<String>> {
    all.iter().map(row).collect()
}

const PER_DAY: &[&str] = &[
    "日付",
    "会場",
    "定員",
    "予約",
    "うちWeb",
    "うち電話・窓口",
    "受付済",
    "接種済",
    "接種せず",
    "来場なし",
    "取消",
    "市による中止",
];

fn count_row(count: &DayCount) -> Vec<String> {
    let numbers = [
        count.taken,
        count.by_web,
        count.taken - count.by_web,
        count.checked_in,
        count.vaccinated,
        count.not_given,
        count.no_show,
        count.cancelled,
        count.cancelled_by_city,
    ];
    let words = [count.date.to_string(), count.venue.to_string(), count.places.to_string()];
    words.into_iter().chain(numbers.map(|number| number.to_string())).collect()
}

const DAY_LIST: &[&str] = &["開始", "終了", "予約番号", "氏名カナ", "回", "ワクチン", "状態", "ロット番号"];

fn day_row(row: &DayListRow) -> Vec<String> {
    vec![
        row.start.to_string(),
        row.end.to_string(),
        row.number.grouped(),
        row.name_kana.clone(),
        row.dose.to_string(),
        row.vaccine.to_string(),
        state_words(row.state).to_owned(),
        row.lot.as_deref().unwrap_or_default().to_owned(),
    ]
}

const DOSES: &[&str] = &["接種日", "会場", "ワクチン", "回", "年齢区分", "接種回数"];

fn dose_row(given: &DosesGiven) -> Vec<String> {
    let age = match given.age {
        AgeClass::Under65 => "65歳未満",
        AgeClass::From65 => "65歳以上",
        AgeClass::Erased => "消去済み",
    };
    vec![
        given.date.to_string(),
        given.venue.to_string(),
        given.vaccine.to_string(),
        given.dose.to_string(),
        age.to_owned(),
        given.doses.to_string(),
    ]
}

/// The state of a booking as staff call it.
pub(super) const fn state_words(state: BookingState) -> &'static str {
    match state {
        BookingState::Booked => "予約",
        BookingState::Cancelled => "取消",
        BookingState::CancelledByCity => "市による中止",
        BookingState::CheckedIn => "受付済",
        BookingState::Vaccinated => "接種済",
        BookingState::NoShow => "来場なし",
        BookingState::NotGiven => "接種せず",
    }
}

const fn kind_words(kind: ExportKind) -> Option<&'static str> {
    match kind {
        ExportKind::BookingsPerDay => Some("予約の数（日ごと・会場ごと）"),
        ExportKind::DayList => Some("会場の当日の名簿（個人情報を含みます）"),
        ExportKind::NationalCounts => Some("国のシステムに報告する接種回数（日・会場・ワクチン・回・年齢区分ごと）"),
        ExportKind::LeftoverIds | ExportKind::FollowUps | ExportKind::Audit => None,
    }
}
