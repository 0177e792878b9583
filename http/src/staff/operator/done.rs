//! `/calls/{call}/{turn}/done`: what was booked, changed or cancelled, with the number as it is spelled on the phone.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::view::BookingView;

use super::call::{CallBar, OnLine};
use super::next::Next;
use super::place::Wish;
use super::slip::bring;
use super::spoken::{PlaceWords, dose_words, spelled, state_words};
use crate::public::pages::place::write_legs;
use crate::staff::desk::Console;
use crate::staff::form::StaffQuery;
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

/// More bookings than one request makes or ends are in no address of ours.
const NUMBERS_MAX: usize = 9;

/// The page that says what was done with `bookings`.
pub(super) fn done_href(base: &str, bookings: &[BookingView], what: &str) -> String {
    let numbers: Vec<String> = bookings.iter().map(|booking| booking.number.to_string()).collect();
    format!("{base}/done?number={}&what={what}", numbers.join(","))
}

#[derive(Deserialize)]
pub(in crate::staff) struct DoneQuery {
    #[serde(default)]
    pub(super) number: String,
    #[serde(default)]
    what: String,
}

#[derive(Template)]
#[template(path = "staff/operator/done.html")]
struct DonePage<'a> {
    f: Frame<'a>,
    bar: CallBar,
    base: String,
    title: &'static str,
    bookings: Vec<DoneBooking>,
    cancelled: bool,
    /// The places that were given back, to take them again.
    undo: Option<String>,
    bring: Vec<String>,
    numbers: String,
    /// What can be booked next.
    next: Option<(String, String)>,
}

struct DoneBooking {
    groups: Vec<(String, String)>,
    state: &'static str,
    place: PlaceWords,
}

/// The bookings of the person on the line that an address names; if one is not theirs, there is no such page.
pub(super) fn own_bookings<'a>(line: &'a OnLine, numbers: &str) -> Result<Vec<&'a BookingView>, StaffProblem> {
    let own = |text: &str| {
        let number = text.parse().ok()?;
        line.who.me.bookings.iter().find(|booking| booking.number == number)
    };
    let found: Option<Vec<&BookingView>> = numbers.split(',').take(NUMBERS_MAX).map(own).collect();
    found.ok_or(StaffProblem::NotFound)
}

pub(in crate::staff) async fn get_done(
    State(desk): State<Console>,
    line: OnLine,
    StaffQuery(query): StaffQuery<DoneQuery>,
) -> Result<Response, StaffProblem> {
    let bookings = own_bookings(&line, &query.number)?;
    let cancelled = bookings.iter().all(|booking| booking.state == BookingState::Cancelled);
    let title = match (cancelled, query.what.as_str()) {
        (true, _) => "予約を取り消しました",
        (false, "moved") => "予約を変更しました",
        (false, _) => "予約しました",
    };
    let base = line.base();
    let next = match Next::of(&desk, &line) {
        Next::Dose { next, .. } if !cancelled => {
            Some((format!("つづけて{}を予約する", dose_words(next.dose)), Wish::Dose(next.dose).href(&base)))
        }
        _ => None,
    };
    let legs: Vec<Leg> = bookings
        .iter()
        .map(|booking| Leg { session: booking.session, slot: booking.slot, dose: booking.dose })
        .collect();
    let done = |booking: &&BookingView| DoneBooking {
        groups: spelled(booking.number),
        state: state_words(booking.state),
        place: PlaceWords::of_booking(booking),
    };
    let shown = DonePage {
        f: desk.frame(Some(&line.staff)),
        bar: line.bar(),
        title,
        bookings: bookings.iter().map(done).collect(),
        cancelled,
        undo: Legs::of(&legs).filter(|_| cancelled).map(|legs| write_legs(&legs)),
        bring: bring(&desk),
        numbers: query.number,
        next,
        base,
    };
    page(StatusCode::OK, &shown)
}
