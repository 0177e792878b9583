//! `/venue/{venue}/leftovers`: doses that are left over. Whom to call next, in the city's order; what they said; and the IDs of those
//! whose number only the city knows.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::{RequestKey, SessionId, SlotNo};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::staff::{ExportReason, LeftoverAnswer};
use sesshu_engine::roll::{TableEncoding, write_table};
use sesshu_engine::{LEFTOVER_IDS_MAX, LeftoverList, LeftoverSession};

use super::bar::{BarPage, VenueBar};
use super::walk_in::{new_key, place_of};
use super::words::{InWords, counter_words};
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::download::table_answer;
use crate::staff::form::{FormErrors, StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

#[derive(Template)]
#[template(path = "staff/venue/leftover_sessions.html")]
struct SessionsPage<'a> {
    f: Frame<'a>,
    bar: VenueBar,
    sessions: Vec<LeftoverSession>,
}

#[derive(Template)]
#[template(path = "staff/venue/leftovers.html")]
struct LeftoversPage<'a> {
    f: Frame<'a>,
    bar: VenueBar,
    errors: FormErrors,
    list: LeftoverList,
    key: String,
    /// The number of the booking that was just made.
    booked: Option<String>,
    /// How many IDs were asked for.
    rows: &'a str,
}

#[derive(Deserialize)]
pub(in crate::staff) struct LeftoversQuery {
    #[serde(default)]
    booked: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct AnswerForm {
    #[serde(default)]
    lot: String,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    key: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct IdsForm {
    #[serde(default)]
    rows: String,
    #[serde(default)]
    encoding: String,
}

pub(in crate::staff) async fn get_leftovers(
    State(desk): State<Console>,
    staff: Staff,
    Path(venue): Path<String>,
) -> Result<Response, StaffProblem> {
    let bar = VenueBar::of(&desk, &staff, &venue, BarPage::Leftovers)?;
    let sessions = desk.engine.leftover_sessions(bar.id, &staff.by())?;
    page(StatusCode::OK, &SessionsPage { f: desk.frame(Some(&staff)), bar, sessions })
}

pub(in crate::staff) async fn get_leftovers_of(
    State(desk): State<Console>,
    staff: Staff,
    Path((venue, session)): Path<(String, String)>,
    StaffQuery(query): StaffQuery<LeftoversQuery>,
) -> Result<Response, StaffProblem> {
    let booked = (!query.booked.is_empty()).then_some(query.booked);
    shown(&desk, &staff, (&venue, &session), StatusCode::OK, FormErrors::default(), booked, "").await
}

pub(in crate::staff) async fn post_leftover(
    State(desk): State<Console>,
    staff: Staff,
    Path((venue, session)): Path<(String, String)>,
    StaffForm(form): StaffForm<AnswerForm>,
) -> Result<Response, StaffProblem> {
    let bar = VenueBar::of(&desk, &staff, &venue, BarPage::Leftovers)?;
    let id: SessionId = session.parse().map_err(|_| StaffProblem::NotFound)?;
    let unreadable = || StaffProblem::Invalid("送られた内容を読み取れませんでした。".into());
    let lot = form.lot.parse().map_err(|_| unreadable())?;
    let answer = LeftoverAnswer::of_code(&form.answer).ok_or_else(unreadable)?;
    let key = RequestKey::new(&form.key).ok_or_else(unreadable)?;
    let here = format!("{}/leftovers/{id}", bar.href());
    let mut errors = FormErrors::default();
    match (answer, place_of(&form.place).filter(|(of, _)| *of == id)) {
        (LeftoverAnswer::Accepted, None) => errors.add("place", "来場する枠を選んでください。"),
        (answer, place) => {
            let slot = place.map_or(SlotNo(0), |(_, slot)| slot);
            match desk.engine.answer_leftover(bar.id, id, lot, answer, slot, key, staff.by()).await {
                Ok(Some(number)) => return Ok(go_to(&format!("{here}?booked={number}"))),
                Ok(None) => return Ok(go_to(&here)),
                Err(refusal)
                    if matches!(
                        refusal.code,
                        RefusalCode::Unavailable | RefusalCode::NoSuchSlot | RefusalCode::NoSuchBooking
                    ) =>
                {
                    return Err(refusal.into());
                }
                Err(refusal) => errors.add("place", counter_words(&refusal)),
            }
        }
    }
    shown(&desk, &staff, (&venue, &session), StatusCode::CONFLICT, errors, None, "").await
}

pub(in crate::staff) async fn post_leftover_ids(
    State(desk): State<Console>,
    staff: Staff,
    Path((venue, session)): Path<(String, String)>,
    StaffForm(form): StaffForm<IdsForm>,
) -> Result<Response, StaffProblem> {
    let bar = VenueBar::of(&desk, &staff, &venue, BarPage::Leftovers)?;
    let id: SessionId = session.parse().map_err(|_| StaffProblem::NotFound)?;
    let rows = form.rows.trim().parse().ok().filter(|rows| (1..=LEFTOVER_IDS_MAX).contains(rows));
    let encoding = TableEncoding::of_code(&form.encoding).unwrap_or(TableEncoding::Utf8Bom);
    let Some(rows) = rows else {
        let mut errors = FormErrors::default();
        errors.add("rows", format!("人数を1から{LEFTOVER_IDS_MAX}までの半角の数字で入力してください。"));
        return shown(&desk, &staff, (&venue, &session), StatusCode::BAD_REQUEST, errors, None, &form.rows).await;
    };
    let ids = desk.engine.export_leftover_ids(bar.id, id, rows, ExportReason::Contact, &staff.by()).await?;
    let lines = (1..).zip(ids).map(|(order, id): (usize, _)| vec![order.to_string(), id.to_string()]);
    let table = write_table(&["順番", "券番号"], &lines.collect::<Vec<_>>(), encoding);
    // Digits are in every encoding.
    Ok(table_answer(table.map_err(|_| StaffProblem::Internal)?, "leftover-ids.csv", encoding))
}

async fn shown(
    desk: &StaffDesk,
    staff: &Staff,
    (venue, session): (&str, &str),
    status: StatusCode,
    errors: FormErrors,
    booked: Option<String>,
    rows: &str,
) -> Result<Response, StaffProblem> {
    let bar = VenueBar::of(desk, staff, venue, BarPage::Leftovers)?;
    let id: SessionId = session.parse().map_err(|_| StaffProblem::NotFound)?;
    let list = desk.engine.leftovers(bar.id, id, &staff.by()).await?;
    let f = desk.frame(Some(staff));
    page(status, &LeftoversPage { f, bar, errors, list, key: new_key()?, booked, rows })
}
