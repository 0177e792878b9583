//! `GET /my/{number}`: a booking's slip: all that one needs on the day, on one sheet of A4.

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::core::switch::Switch;
use sesshu_engine::view::BookingView;

use super::frame::Frame;
use super::own::own_live_booking;
use super::page;
use super::place::PlaceText;
use super::qr::Qr;
use super::visitor::Visitor;
use crate::lang::Text;
use crate::problem::Problem;
use crate::public::desk::{App, Desk};

/// A booking with all that its owner needs on the day.
pub(super) struct Slip {
    pub(super) number: String,
    pub(super) shown_number: String,
    pub(super) place: PlaceText,
    /// Until when it can be changed, if it still can.
    pub(super) until: Option<Text>,
    pub(super) qr: Option<Qr>,
}

impl Slip {
    pub(super) fn of(desk: &Desk, f: &Frame<'_>, booking: &BookingView) -> Self {
        Self {
            number: booking.number.to_string(),
            shown_number: booking.number.grouped(),
            place: PlaceText::of_booking(f, booking),
            until: changeable_until(desk, f, booking),
            qr: if desk.config.switches.is_off(Switch::RichPages) { None } else { Qr::of(booking.number) },
        }
    }
}

/// Until when `booking` can be changed or cancelled; none if it cannot any more.
pub(super) fn changeable_until(desk: &Desk, f: &Frame<'_>, booking: &BookingView) -> Option<Text> {
    let until = desk.engine.change_deadline(booking.date);
    let changeable = booking.state == BookingState::Booked && desk.engine.now() <= until;
    changeable.then(|| f.say1("my.until", "at", &f.lang.instant(until)))
}

/// What to bring: the city's list, else ours.
pub(super) fn bring(f: &Frame<'_>) -> Vec<Text> {
    match &f.site.bring {
        Some(list) => {
            let wording = list.for_readers_of(f.lang.code());
            let line = |line: &str| if wording.fell_back { f.japanese(line) } else { f.text(line.to_owned()) };
            wording.said.iter().map(|words| line(words)).collect()
        }
        None => f.markup("bring.list").0.split('\n').map(|line| f.text(line.to_owned())).collect(),
    }
}

#[derive(Template)]
#[template(path = "slip.html")]
struct SlipPage<'a> {
    f: Frame<'a>,
    name: String,
    slip: Slip,
    bring: Vec<Text>,
}

pub(crate) async fn get_slip(
    State(desk): State<App>,
    Path(number): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let me = desk.me(&visitor.login()?)?;
    let booking = own_live_booking(&me, &number)?;
    let f = visitor.frame(&desk);
    let slip = SlipPage { slip: Slip::of(&desk, &f, booking), bring: bring(&f), name: me.name_kana.clone(), f };
    page(&visitor, StatusCode::OK, &slip)
}
