//! `/calls/{call}/{turn}/cancel/{number}`: a booking is cancelled after it was read back. The places can be taken again while they
//! are free.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::ids::Channel;
use sesshu_engine::view::BookingView;

use super::call::{CallBar, OnLine};
use super::done::done_href;
use super::person::is_changeable;
use super::place::own_number;
use super::spoken::PlaceWords;
use crate::staff::desk::Console;
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

#[derive(Template)]
#[template(path = "staff/operator/cancel.html")]
struct CancelPage<'a> {
    f: Frame<'a>,
    bar: CallBar,
    base: String,
    number: String,
    place: PlaceWords,
    /// The bookings of later doses, which cannot stand without it.
    with_it: Vec<PlaceWords>,
}

pub(in crate::staff) async fn get_cancel(
    State(desk): State<Console>,
    Path((_, _, number)): Path<(String, String, String)>,
    line: OnLine,
) -> Result<Response, StaffProblem> {
    let number = own_number(&line, &number)?;
    let bookings = &line.who.me.bookings;
    let booking = bookings.iter().find(|booking| booking.number == number && is_changeable(&desk, booking));
    let booking = booking.ok_or_else(|| {
        StaffProblem::Conflict("この予約は、変更と取消の期限を過ぎているか、すでに取り消されています。".into())
    })?;
    let later = |other: &&BookingView| other.dose > booking.dose && other.state == booking.state;
    let shown = CancelPage {
        f: desk.frame(Some(&line.staff)),
        bar: line.bar(),
        base: line.base(),
        number: number.to_string(),
        place: PlaceWords::of_booking(booking),
        with_it: bookings.iter().filter(later).map(PlaceWords::of_booking).collect(),
    };
    page(StatusCode::OK, &shown)
}

pub(in crate::staff) async fn post_cancel(
    State(desk): State<Console>,
    Path((_, _, number)): Path<(String, String, String)>,
    line: OnLine,
) -> Result<Response, StaffProblem> {
    let number = own_number(&line, &number)?;
    let ended = desk.engine.cancel(line.resident, number, line.by(), Channel::Phone).await?;
    Ok(go_to(&done_href(&line.base(), &ended, "cancelled")))
}
