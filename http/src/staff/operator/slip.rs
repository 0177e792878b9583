//! `/calls/{call}/{turn}/slip`: bookings on one sheet of A4, to be printed or to go by post: the place of the envelope's window is
//! then left empty.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::view::BookingView;

use super::call::{CallBar, OnLine};
use super::done::own_bookings;
use super::spoken::PlaceWords;
use crate::public::pages::qr::Qr;
use crate::staff::dates::instant_words;
use crate::staff::desk::{Console, StaffDesk};
use crate::staff::form::StaffQuery;
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

/// What to bring, unless the city says otherwise.
const BRING: [&str; 4] = [
    "接種券",
    "本人確認書類（マイナンバーカード、運転免許証など）",
    "記入した予診票",
    "肩を出しやすい服装でお越しください",
];

#[derive(Deserialize)]
pub(in crate::staff) struct SlipQuery {
    #[serde(default)]
    number: String,
    #[serde(default)]
    post: String,
}

#[derive(Template)]
#[template(path = "staff/operator/slip.html")]
struct SlipPage<'a> {
    f: Frame<'a>,
    bar: CallBar,
    base: String,
    post: bool,
    name_kana: String,
    slips: Vec<Slip>,
    bring: Vec<String>,
}

/// A booking on the sheet.
struct Slip {
    shown_number: String,
    place: PlaceWords,
    address: Option<String>,
    until: String,
    qr: Option<Qr>,
}

impl Slip {
    fn of(desk: &StaffDesk, booking: &BookingView) -> Self {
        let site = desk.engine.site();
        let details = site.venues.get(booking.venue.name.as_str());
        Self {
            shown_number: booking.number.grouped(),
            place: PlaceWords::of_booking(booking),
            address: details.map(|details| details.address.ja.to_string()),
            until: instant_words(desk.engine.change_deadline(booking.date)),
            qr: Qr::of(booking.number),
        }
    }
}

/// What to bring: the city's list, else ours.
pub(super) fn bring(desk: &StaffDesk) -> Vec<String> {
    match &desk.engine.site().bring {
        Some(list) => list.ja.iter().map(ToString::to_string).collect(),
        None => BRING.map(str::to_owned).to_vec(),
    }
}

pub(in crate::staff) async fn get_slip(
    State(desk): State<Console>,
    line: OnLine,
    StaffQuery(query): StaffQuery<SlipQuery>,
) -> Result<Response, StaffProblem> {
    let bookings = own_bookings(&line, &query.number)?;
    // A booking that has ended is no longer printed as if it stood.
    if bookings.iter().any(|booking| !booking.state.is_live()) {
        return Err(StaffProblem::Conflict("取り消された予約の控えは印刷できません。".into()));
    }
    let shown = SlipPage {
        f: desk.frame(Some(&line.staff)),
        bar: line.bar(),
        base: line.base(),
        post: query.post == "yes",
        name_kana: line.who.me.name_kana.clone(),
        slips: bookings.into_iter().map(|booking| Slip::of(&desk, booking)).collect(),
        bring: bring(&desk),
    };
    page(StatusCode::OK, &shown)
}
