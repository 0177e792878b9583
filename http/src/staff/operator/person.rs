//! `/calls/{call}/{turn}`: the person on the line: their bookings, what can be done, and the key for each.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::view::BookingView;

use super::call::{CallBar, OnLine};
use super::next::Next;
use super::place::Wish;
use super::spoken::{PlaceWords, dose_words, state_words};
use crate::staff::dates::instant_words;
use crate::staff::desk::{Console, StaffDesk};
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

/// The keys after this one are those of what can always be done.
const KEYS_OF_BOOKINGS: usize = 6;

#[derive(Template)]
#[template(path = "staff/operator/person.html")]
struct PersonPage<'a> {
    f: Frame<'a>,
    bar: CallBar,
    base: String,
    bookings: Vec<Row>,
    /// What can be booked, or why nothing can.
    next: String,
    actions: Vec<Action>,
    clinic: bool,
    password_requested: Option<String>,
}

/// A booking in the list.
struct Row {
    number: String,
    shown_number: String,
    state: &'static str,
    is_live: bool,
    place: PlaceWords,
    until: Option<String>,
}

/// Something that can be done, with its key if there is one left.
struct Action {
    key: Option<usize>,
    label: String,
    href: String,
}

pub(in crate::staff) async fn get_person(State(desk): State<Console>, line: OnLine) -> Result<Response, StaffProblem> {
    let base = line.base();
    let (next, mut choices) = match Next::of(&desk, &line) {
        Next::Nothing(why) => (why, Vec::new()),
        Next::Dose { next, says, pair } => (says, offers(&base, next.dose, pair)),
    };
    let bookings = &line.who.me.bookings;
    choices.extend(bookings.iter().filter(|booking| is_changeable(&desk, booking)).flat_map(|booking| {
        let dose = dose_words(booking.dose);
        let to_move = Wish::Move(booking.number, booking.dose).href(&base);
        [
            (format!("{dose}の予約を変更する"), to_move),
            (format!("{dose}の予約を取り消す"), format!("{base}/cancel/{}", booking.number)),
        ]
    }));
    let keys = (1..=KEYS_OF_BOOKINGS).map(Some).chain(std::iter::repeat(None));
    let actions = keys.zip(choices).map(|(key, (label, href))| Action { key, label, href }).collect();
    let shown = PersonPage {
        f: desk.frame(Some(&line.staff)),
        bar: line.bar(),
        bookings: bookings.iter().map(|booking| Row::of(&desk, booking)).collect(),
        next,
        actions,
        clinic: line.who.clinic,
        password_requested: line.who.password_requested_at.map(instant_words),
        base,
    };
    page(StatusCode::OK, &shown)
}

/// What can be booked, the likelier wish first.
fn offers(base: &str, dose: sesshu_engine::core::ids::DoseNo, pair: bool) -> Vec<(String, String)> {
    let words = dose_words(dose);
    let alone = (format!("{words}を予約する"), Wish::Dose(dose).href(base));
    match dose.next().filter(|_| pair) {
        Some(after) => {
            let both = format!("{words}と{}をまとめて予約する", dose_words(after));
            vec![(both, Wish::PairFirst(dose).href(base)), (format!("{words}だけを予約する"), alone.1)]
        }
        None => vec![alone],
    }
}

/// Whether the booking can still be changed or cancelled.
pub(super) fn is_changeable(desk: &StaffDesk, booking: &BookingView) -> bool {
    booking.state == BookingState::Booked && desk.engine.now() <= desk.engine.change_deadline(booking.date)
}

impl Row {
    fn of(desk: &StaffDesk, booking: &BookingView) -> Self {
        let until = desk.engine.change_deadline(booking.date);
        Self {
            number: booking.number.to_string(),
            shown_number: booking.number.grouped(),
            state: state_words(booking.state),
            is_live: booking.state.is_live(),
            place: PlaceWords::of_booking(booking),
            until: is_changeable(desk, booking).then(|| instant_words(until)),
        }
    }
}
