//! `/cancel/{number}`: asks once, then gives the place back.

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::ids::BookingNumber;
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::resident::BookingState;

use super::frame::Frame;
use super::own::own_booking;
use super::place::{PlaceText, dose_markup, read_number};
use super::slip::changeable_until;
use super::visitor::Visitor;
use super::{go_to, page};
use crate::lang::Text;
use crate::problem::{Problem, Step};
use crate::public::desk::App;

#[derive(Template)]
#[template(path = "cancel.html")]
struct CancelPage<'a> {
    f: Frame<'a>,
    name: String,
    number: String,
    shown_number: String,
    place: PlaceText,
    /// Later doses that end with it, and why.
    with: Vec<(String, PlaceText)>,
    why_with: Text,
}

pub(crate) async fn get_cancel(
    State(desk): State<App>,
    Path(number): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let me = desk.me(&visitor.login()?)?;
    let booking = own_booking(&me, &number)?;
    let f = visitor.frame(&desk);
    match booking.state {
        BookingState::Cancelled => return Ok(go_to(&cancelled_href([booking.number]))),
        BookingState::CancelledByCity => return Ok(go_to("/my")),
        // Nobody is asked whether they want what cannot be done any more.
        _ if changeable_until(&desk, &f, booking).is_none() => return Err(RefusalCode::TooLate.into()),
        _ => {}
    }
    let later = me.bookings.iter().filter(|later| later.dose > booking.dose && later.state == BookingState::Booked);
    let cancel = CancelPage {
        name: me.name_kana.clone(),
        number: booking.number.to_string(),
        shown_number: booking.number.grouped(),
        place: PlaceText::of_booking(&f, booking),
        with: later.map(|later| (later.number.grouped(), PlaceText::of_booking(&f, later))).collect(),
        why_with: f.say1("cancel.with", "dose", &dose_markup(&f, booking.dose)),
        f,
    };
    page(&visitor, StatusCode::OK, &cancel)
}

pub(crate) async fn post_cancel(
    State(desk): State<App>,
    Path(number): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let number = read_number(&number)?;
    let login = visitor.login_for(Step::Cancel, &format!("/cancel/{number}"))?;
    let cancelled = desk.cancel(&login, number).await?;
    Ok(go_to(&cancelled_href(cancelled.iter().map(|booking| booking.number))))
}

/// One's own page, which says that these bookings are cancelled if they really are.
fn cancelled_href(numbers: impl IntoIterator<Item = BookingNumber>) -> String {
    let numbers: Vec<String> = numbers.into_iter().map(|number| number.to_string()).collect();
    format!("/my?cancelled={}", numbers.join(","))
}
