//! `GET /my/{number}/calendar.ics`: a booking for the person's own calendar. The person is not named in it.

use std::fmt::Write as _;

use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use icalendar::{Calendar, Component, Event, EventLike};
use sesshu_engine::core::time::Instant;
use sesshu_engine::view::BookingView;

use super::frame::Frame;
use super::own::own_live_booking;
use super::visitor::Visitor;
use crate::problem::{Code, Problem};
use crate::public::desk::App;

pub(crate) async fn get_calendar(
    State(desk): State<App>,
    Path(number): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let me = desk.me(&visitor.login()?)?;
    let booking = own_live_booking(&me, &number)?;
    let text = calendar(&visitor.frame(&desk), booking, desk.engine.now()).ok_or(Code::Internal)?;
    let mut answer = text.into_response();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
    let name = HeaderValue::try_from(format!("attachment; filename=\"sesshu-{}.ics\"", booking.number));
    answer.headers_mut().insert(CONTENT_DISPOSITION, name.map_err(|_| Code::Internal)?);
    Ok(answer)
}

/// The calendar file of `booking`.
fn calendar(f: &Frame<'_>, booking: &BookingView, now: Instant) -> Option<String> {
    let values = [("dose", &*booking.dose.to_string()), ("venue", &booking.venue.name)];
    let title = f.say_with("calendar.title", &values).plain().into_owned();
    let values = [("number", &*booking.number.grouped()), ("phone", f.phone)];
    let text = f.say_with("calendar.text", &values).plain().into_owned();
    let details = f.site.venues.get(&*booking.venue.name);
    let address = details.map(|details| f.worded(&details.address).plain().into_owned());
    let place = [Some(booking.venue.name.clone()), address].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let event = Event::new()
        .uid(&format!("{}@sesshu", booking.number))
        .add_property("DTSTAMP", utc(now))
        .add_property("DTSTART", utc(booking.date.at(booking.start)))
        .add_property("DTEND", utc(booking.date.at(booking.end)))
        .summary(&title)
        .location(&place)
        .description(&text)
        .done();
    let mut text = String::new();
    write!(text, "{}", Calendar::new().push(event).done()).ok()?;
    Some(text)
}

/// An instant as calendars write it, in UTC: `20261205T003000Z`.
fn utc(at: Instant) -> String {
    // What the city's clock shows nine hours earlier is what UTC's shows now.
    let (day, clock) = (at.plus_minutes(-9 * 60).city_day(), at.plus_minutes(-9 * 60).city_clock());
    let (year, month, date) = day.ymd();
    format!("{year:04}{month:02}{date:02}T{:02}{:02}00Z", clock.0 / 60, clock.0 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_utc() {
        for (at, text) in [("2026-12-05 09:30", "20261205T003000Z"), ("2027-01-01 08:59", "20261231T235900Z")] {
            assert_eq!(utc(at.parse().expect("a time")), text);
        }
    }
}
