//! `/calls/{call}/{turn}/places`: the free places that suit, nearest first, nine to a page: one for each number key.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::{BookingNumber, DoseNo, VenueId};
use sesshu_engine::core::leg::Leg;
use sesshu_engine::core::session::PublicState;
use sesshu_engine::core::time::Day;
use sesshu_engine::view::{SessionView, SlotView};

use super::call::{CallBar, OnLine};
use super::next::none_free_words;
use super::person::is_changeable;
use super::place::{Wish, leg_of, own_number};
use super::spoken::{PlaceWords, dose_words, window_words};
use crate::public::pages::place::{SLOT_FEW, write_legs};
use crate::staff::dates::day_words;
use crate::staff::desk::{Console, StaffDesk};
use crate::staff::form::StaffQuery;
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

/// One for each number key.
const PER_PAGE: usize = 9;

#[derive(Deserialize)]
pub(in crate::staff) struct PlacesQuery {
    #[serde(default)]
    dose: String,
    #[serde(default)]
    pair: String,
    #[serde(default)]
    with: String,
    #[serde(default)]
    changes: String,
    #[serde(default)]
    venue: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    page: String,
}

#[derive(Template)]
#[template(path = "staff/operator/places.html")]
struct PlacesPage<'a> {
    f: Frame<'a>,
    bar: CallBar,
    base: String,
    title: String,
    /// The place of the first half of a pair, which is kept meanwhile.
    first: Option<PlaceWords>,
    first_leg: String,
    rows: Vec<Row>,
    /// Why there are none.
    none: Option<String>,
    /// What the form to hold a place says besides the place.
    wish: Fields,
    venues: Vec<Choice>,
    days: Vec<Choice>,
    before: Option<String>,
    after: Option<String>,
    shown_of: String,
    filtered: bool,
    all_href: String,
}

/// A free place with its key.
struct Row {
    key: usize,
    when: String,
    venue: String,
    vaccine: String,
    free: u32,
    few: bool,
    place: String,
}

/// The fields that say what is being looked for, as the forms send them on.
pub(super) struct Fields {
    pub(super) dose: String,
    pub(super) pair: bool,
    pub(super) with: String,
    pub(super) changes: String,
}

impl Fields {
    pub(super) fn of(wish: &Wish) -> Self {
        let mut fields = Self {
            dose: wish.dose().map_or_else(String::new, |dose| dose.to_string()),
            pair: false,
            with: String::new(),
            changes: String::new(),
        };
        match wish {
            Wish::Dose(_) => {}
            Wish::PairFirst(_) => fields.pair = true,
            Wish::PairSecond(first) => fields.with = write_legs(&[*first]),
            Wish::Move(number, _) => fields.changes = number.to_string(),
        }
        fields
    }
}

/// An entry of a filter.
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

pub(in crate::staff) async fn get_places(
    State(desk): State<Console>,
    line: OnLine,
    StaffQuery(query): StaffQuery<PlacesQuery>,
) -> Result<Response, StaffProblem> {
    let wish = wish_of(&desk, &line, &query)?;
    let dose = wish.dose().ok_or(StaffProblem::NotFound)?;
    let sessions = sessions_for(&desk, &line, &wish, dose);
    let open: Vec<&SessionView> = sessions.iter().filter(|session| session.state == PublicState::Open).collect();
    let (venue, day) = (query.venue.parse::<VenueId>().ok(), query.day.parse::<Day>().ok());
    let mut free: Vec<(&SessionView, &SlotView)> = open
        .iter()
        .filter(|session| venue.is_none_or(|venue| session.venue.id == venue))
        .filter(|session| day.is_none_or(|day| session.date == day))
        .flat_map(|session| session.slots.iter().map(move |slot| (*session, slot)))
        .filter(|(_, slot)| slot.state == PublicState::Open)
        .collect();
    free.sort_by_key(|(session, slot)| (session.date, session.venue.id, slot.start, session.id));
    let pages = free.len().div_ceil(PER_PAGE).max(1);
    let nth = query.page.parse().unwrap_or(1_usize).clamp(1, pages);
    let base = line.base();
    let all_href = wish.href(&base);
    let href_of = |nth: usize| {
        let venue = venue.map_or_else(String::new, |venue| format!("&venue={venue}"));
        let day = day.map_or_else(String::new, |day| format!("&day={day}"));
        format!("{all_href}{venue}{day}&page={nth}")
    };
    let from = (nth - 1) * PER_PAGE;
    let rows: Vec<Row> =
        (1..).zip(free.iter().skip(from).take(PER_PAGE)).map(|(key, place)| Row::of(key, place, dose)).collect();
    let shown = PlacesPage {
        f: desk.frame(Some(&line.staff)),
        bar: line.bar(),
        title: title(&wish, dose),
        first: first_place(&desk, &wish),
        first_leg: query.with,
        none: rows.is_empty().then(|| none_words(&wish, &sessions, open.is_empty())),
        shown_of: format!("{}件のうち{}〜{}件目", free.len(), from + 1, from + rows.len()),
        rows,
        wish: Fields::of(&wish),
        venues: venue_choices(&open, venue),
        days: day_choices(&open, day),
        before: (nth > 1).then(|| href_of(nth - 1)),
        after: (nth < pages).then(|| href_of(nth + 1)),
        filtered: venue.is_some() || day.is_some(),
        all_href: all_href.clone(),
        base,
    };
    page(StatusCode::OK, &shown)
}

/// Why the list is empty.
fn none_words(wish: &Wish, sessions: &[SessionView], none_open: bool) -> String {
    match wish {
        Wish::Dose(_) | Wish::Move(..) if none_open => none_free_words(sessions),
        Wish::PairFirst(_) if none_open => {
            "まとめて予約できる組み合わせが、いまありません。1回ずつ予約してください。".into()
        }
        Wish::PairSecond(_) if none_open => {
            "この枠と組み合わせられる次の回の枠が、いまありません。押さえてある枠だけを予約できます。".into()
        }
        _ => "この会場と日には、空いている枠がありません。".into(),
    }
}

/// The sessions that suit, with what is free by phone.
pub(super) fn sessions_for(desk: &StaffDesk, line: &OnLine, wish: &Wish, dose: DoseNo) -> Vec<SessionView> {
    let beside = match wish {
        Wish::PairFirst(_) => return desk.engine.pairs_by_phone(line.resident, dose),
        Wish::PairSecond(first) => Some((first.session, first.dose)),
        Wish::Dose(_) | Wish::Move(..) => None,
    };
    desk.engine.places_by_phone(line.resident, dose, beside, wish.changes())
}

/// What the address asks for. A booking that cannot be changed any more is answered as one that is not there.
fn wish_of(desk: &StaffDesk, line: &OnLine, query: &PlacesQuery) -> Result<Wish, StaffProblem> {
    if !query.changes.is_empty() {
        let number: BookingNumber = own_number(line, &query.changes)?;
        let booking = line.who.me.bookings.iter().find(|booking| booking.number == number);
        let booking = booking.filter(|booking| is_changeable(desk, booking));
        return booking.map(|booking| Wish::Move(number, booking.dose)).ok_or_else(|| {
            StaffProblem::Conflict("この予約は、変更と取消の期限を過ぎているか、すでに取り消されています。".into())
        });
    }
    if !query.with.is_empty() {
        return leg_of(&query.with).map(Wish::PairSecond);
    }
    let dose = query.dose.parse().ok().and_then(DoseNo::new).ok_or(StaffProblem::NotFound)?;
    Ok(if query.pair == "yes" { Wish::PairFirst(dose) } else { Wish::Dose(dose) })
}

fn title(wish: &Wish, dose: DoseNo) -> String {
    let dose = dose_words(dose);
    match wish {
        Wish::Dose(_) => format!("{dose}の枠を選ぶ"),
        Wish::PairFirst(_) => format!("まとめて予約：まず{dose}の枠を選ぶ"),
        Wish::PairSecond(_) => format!("まとめて予約：つづけて{dose}の枠を選ぶ"),
        Wish::Move(..) => format!("{dose}の予約の変更先を選ぶ"),
    }
}

fn first_place(desk: &StaffDesk, wish: &Wish) -> Option<PlaceWords> {
    match wish {
        Wish::PairSecond(first) => desk.engine.place(*first).map(|place| PlaceWords::of_place(&place)),
        Wish::Dose(_) | Wish::PairFirst(_) | Wish::Move(..) => None,
    }
}

fn venue_choices(open: &[&SessionView], chosen: Option<VenueId>) -> Vec<Choice> {
    let mut venues: Vec<_> = open.iter().map(|session| &session.venue).collect();
    venues.sort_by_key(|venue| venue.id);
    venues.dedup_by_key(|venue| venue.id);
    let choice = |venue: &std::sync::Arc<sesshu_engine::core::setup::Venue>| Choice {
        value: venue.id.to_string(),
        label: venue.name.clone(),
        chosen: chosen == Some(venue.id),
    };
    venues.into_iter().map(choice).collect()
}

fn day_choices(open: &[&SessionView], chosen: Option<Day>) -> Vec<Choice> {
    let mut days: Vec<Day> = open.iter().map(|session| session.date).collect();
    days.sort_unstable();
    days.dedup();
    let choice = |day: Day| Choice { value: day.to_string(), label: day_words(day), chosen: chosen == Some(day) };
    days.into_iter().map(choice).collect()
}

impl Row {
    fn of(key: usize, (session, slot): &(&SessionView, &SlotView), dose: DoseNo) -> Self {
        Self {
            key,
            when: window_words(session.date, slot.start, slot.end),
            venue: session.venue.name.clone(),
            vaccine: session.vaccine.to_string(),
            free: slot.free,
            few: slot.free <= SLOT_FEW,
            place: write_legs(&[Leg { session: session.id, slot: slot.id, dose }]),
        }
    }
}
