//! `GET /choose`: the free places for a dose, or for two doses together, beginning with the first free date. Only what the person
//! may book is offered; if that is nothing, the page says why.

use std::collections::HashSet;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::ids::{BookingNumber, DoseNo, SessionId};
use sesshu_engine::core::resident::{Leg, Legs};
use sesshu_engine::core::time::Day;
use sesshu_engine::view::{Availability, BookingView, Me};

use super::frame::Frame;
use super::my::not_yet;
use super::place::dose_markup;
use super::visitor::Visitor;
use super::{go_to, page};
use crate::auth::token::Login;
use crate::lang::Text;
use crate::problem::Problem;
use crate::public::desk::{App, Desk};

mod instead;
mod offer;
mod wish;

use instead::{Instead, can_change};
use offer::{DateText, Days, Offer, venues};
pub(crate) use wish::Wish;
use wish::{ChooseQuery, Half};

/// How many first dates are looked at for one that a second date fits.
const FIRST_DATES_MAX: usize = 14;

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage<'a> {
    f: Frame<'a>,
    name: String,
    title: Text,
    wish: Wish,
    instead: Option<InsteadText>,
    /// The pair beside single doses: the address of each, and whether it is this one.
    ways: Vec<(String, Text, bool)>,
    /// Why the second date is when it is.
    interval: Option<Text>,
    /// That no second date fits the first.
    no_second: Option<Text>,
    offers: Vec<Offer>,
    can_go_on: bool,
    missing: bool,
    narrow: Narrow,
    back: String,
}

/// What the form that narrows the places down offers.
struct Narrow {
    venues: Vec<(String, String, bool)>,
    dates: Vec<DateText>,
    halves: Vec<(&'static str, Text, bool)>,
}

/// What is said instead of places.
struct InsteadText {
    why: Text,
    href: String,
    next: Text,
}

pub(crate) async fn get_choose(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let login = visitor.login()?;
    let me = desk.me(&login)?;
    let query: ChooseQuery = visitor.query()?;
    let usual = match me.next {
        Some(next) => Wish { pair: can_pair(&desk, &me, next.dose), ..Wish::for_dose(next.dose) },
        // Nothing is left to choose: their own page says what they have.
        None if query.dose.is_empty() => return Ok(go_to("/my")),
        None => Wish::for_dose(DoseNo::FIRST),
    };
    let wish = Wish::read(&query, usual)?;
    let f = visitor.frame(&desk);
    let changeable =
        |booking: &BookingView| can_change(booking, desk.engine.now(), desk.engine.change_deadline(booking.date));
    let instead = Instead::of(&me, wish.dose, wish.changes, changeable)?;
    let title = match (wish.pair, wish.changes) {
        (true, _) => {
            f.say_with("choose.title_pair", &both(&f, wish.dose).each_ref().map(|(name, text)| (*name, &**text)))
        }
        (false, None) => f.say1("choose.title", "dose", &dose_markup(&f, wish.dose)),
        (false, Some(_)) => f.say1("choose.title_change", "dose", &dose_markup(&f, wish.dose)),
    };
    let mut choose = ChoosePage {
        title,
        name: me.name_kana.clone(),
        wish,
        instead: instead.map(|instead| instead_text(&f, &me, wish.dose, instead)),
        ways: Vec::new(),
        interval: None,
        no_second: None,
        offers: Vec::new(),
        can_go_on: false,
        missing: !query.missing.is_empty(),
        narrow: Narrow { venues: Vec::new(), dates: Vec::new(), halves: Vec::new() },
        back: wish.href(),
        f,
    };
    if choose.instead.is_none() {
        choose.offer(&desk, &login, &me);
    }
    page(&visitor, StatusCode::OK, &choose)
}

impl ChoosePage<'_> {
    /// Puts the places in.
    fn offer(&mut self, desk: &Desk, login: &Login, me: &Me) {
        let (f, wish, now) = (&self.f, self.wish, desk.engine.availability());
        let feasible: HashSet<SessionId> =
            desk.engine.feasible(login.resident, wish.dose, wish.changes).into_iter().collect();
        let days = Days::of(&now, &wish, |session| feasible.contains(&session.id));
        if wish.changes.is_none() && (wish.pair || can_pair(desk, me, wish.dose)) {
            let both = both(f, wish.dose);
            let pair = f.say_with("choose.way_pair", &both.each_ref().map(|(name, text)| (*name, &**text)));
            let one = f.say1("choose.way_one", "dose", &dose_markup(f, wish.dose));
            let way = |pair| Wish { pair, date2: None, ..wish }.href();
            self.ways = vec![(way(true), pair, wish.pair), (way(false), one, !wish.pair)];
        }
        let asked = wish.date.filter(|day| days.has(*day));
        let (shown, second) = match wish.dose.next().filter(|_| wish.pair) {
            None => (asked.or_else(|| days.first()), None),
            Some(next) => with_second(desk, login, &now, &days, wish, next, asked),
        };
        let title = f.say1("choose.date_of", "dose", &dose_markup(f, wish.dose));
        let href = |day| Wish { date: Some(day), date2: None, ..wish }.href();
        self.offers.push(days.offer(f, wish.dose, ("place", title), shown, href));
        if let (Some(next), true, Some(first)) = (wish.dose.next(), wish.pair, shown) {
            let (seconds, second_shown) = second.unwrap_or_default();
            let days = Days::of(&now, &Wish { venue: None, ..wish }, |session| seconds.contains(&session.id));
            if second_shown.is_none() {
                self.no_second = Some(f.say("choose.no_second"));
            } else {
                let title = f.say1("choose.date_of", "dose", &dose_markup(f, next));
                let href = |day| Wish { date: Some(first), date2: Some(day), ..wish }.href();
                self.offers.push(days.offer(f, next, ("second", title), second_shown, href));
                self.interval = interval_text(desk, f, &now, &seconds, wish.dose);
            }
        }
        self.can_go_on = self.offers.iter().all(|offer| offer.any_open) && (!wish.pair || self.offers.len() == 2);
        let venues = venues(&now, |session| feasible.contains(session));
        let venue =
            |(id, name): (sesshu_engine::core::ids::VenueId, String)| (id.to_string(), name, Some(id) == wish.venue);
        let half = |half: Half| (half.code(), self.f.say(half_key(half)), Some(half) == wish.half);
        self.narrow = Narrow {
            venues: venues.into_iter().map(venue).collect(),
            dates: self.offers.first_mut().map(|offer| std::mem::take(&mut offer.dates)).unwrap_or_default(),
            halves: Half::ALL.map(half).into(),
        };
        // Back here after a form that cannot be read: with the dates as they are shown now.
        let second_date = self.offers.get(1).and_then(|offer| offer.day.parse().ok());
        self.back = Wish { date: shown, date2: second_date, ..wish }.href();
    }
}

/// The first date that is shown, with the sessions for the second dose that fit it, and their date.
#[allow(clippy::type_complexity, reason = "named by its documentation, and used once")]
fn with_second(
    desk: &Desk,
    login: &Login,
    now: &Availability,
    days: &Days<'_>,
    wish: Wish,
    next: DoseNo,
    asked: Option<Day>,
) -> (Option<Day>, Option<(HashSet<SessionId>, Option<Day>)>) {
    let of = |day: Day| {
        let first = days.open_session(day)?;
        let seconds = desk.engine.feasible_beside(login.resident, next, (first.id, wish.dose));
        let seconds: HashSet<SessionId> = seconds.into_iter().collect();
        let fitting = Days::of(now, &Wish { venue: None, ..wish }, |session| seconds.contains(&session.id));
        let shown = wish.date2.filter(|day| fitting.has(*day)).or_else(|| fitting.open().next());
        Some((seconds, shown))
    };
    if let Some(day) = asked {
        return (asked, of(day));
    }
    let mut tries = days.open().take(FIRST_DATES_MAX).map(|day| (Some(day), of(day)));
    let found = tries.find(|(_, second)| second.as_ref().is_some_and(|(_, shown)| shown.is_some()));
    found.unwrap_or_else(|| (days.first(), None))
}

/// How far the doses have to be from each other.
fn interval_text(
    desk: &Desk,
    f: &Frame<'_>,
    now: &Availability,
    seconds: &HashSet<SessionId>,
    dose: DoseNo,
) -> Option<Text> {
    let session = now.sessions.iter().find(|session| seconds.contains(&session.id))?;
    let vaccine = desk.engine.vaccine(session.vaccine_id)?;
    let first = dose_markup(f, dose);
    let second = dose_markup(f, dose.next()?);
    let min = vaccine.interval_days_min.to_string();
    let max = vaccine.interval_days_max.map(|max| max.to_string());
    let key = if max.is_some() { "choose.interval_max" } else { "choose.interval" };
    let values = [("first", &*first), ("second", &second), ("min", &min), ("max", max.as_deref().unwrap_or_default())];
    Some(f.say_with(key, &values))
}

/// Whether this person could book the dose after `dose` with it: they have none for it, and sessions give it.
pub(super) fn can_pair(desk: &Desk, me: &Me, dose: DoseNo) -> bool {
    let Some(next) = dose.next() else { return false };
    let free = !me.bookings.iter().any(|booking| booking.dose == next && booking.state.is_live());
    free && desk.engine.availability().sessions.iter().any(|session| session.doses.contains(&next))
}

fn both(f: &Frame<'_>, dose: DoseNo) -> [(&'static str, String); 2] {
    let second = dose.next().map(|next| dose_markup(f, next)).unwrap_or_default();
    [("first", dose_markup(f, dose)), ("second", second)]
}

const fn half_key(half: Half) -> &'static str {
    match half {
        Half::Morning => "choose.morning",
        Half::Afternoon => "choose.afternoon",
    }
}

fn instead_text(f: &Frame<'_>, me: &Me, dose: DoseNo, instead: Instead) -> InsteadText {
    let text = |why: Text, href: String, next: &str| InsteadText { why, href, next: f.say(next) };
    let my = || "/my".to_owned();
    let own = dose_markup(f, dose);
    match instead {
        Instead::Booked(number) => {
            text(f.say1("choose.booked", "dose", &own), format!("/change/{number}"), "my.change")
        }
        Instead::Done => text(f.say1("choose.done", "dose", &own), my(), "next.my"),
        Instead::NotYet => text(not_yet(f, me).unwrap_or_default(), my(), "next.my"),
        Instead::First(first) => {
            let why = f.say_with("choose.first", &[("dose", &own), ("first", &dose_markup(f, first))]);
            let next = f.say1("my.book", "dose", &dose_markup(f, first));
            InsteadText { why, href: Wish::for_dose(first).href(), next }
        }
        Instead::NoneLeft => text(f.say1("choose.none_left", "phone", f.phone), my(), "next.my"),
        Instead::LeftRoll => text(f.say1("my.left_roll", "phone", f.phone), my(), "next.my"),
    }
}

/// The address of the choice of other places than `legs`, for a change of booking `changes` if it is one.
pub(crate) fn choose_again(desk: &Desk, legs: &Legs, changes: Option<BookingNumber>) -> String {
    let date = |leg: &Leg| desk.engine.place(*leg).map(|place| place.date);
    let wish = Wish::for_dose(legs[0].dose);
    let date2 = legs.get(1).and_then(date);
    Wish { date: date(&legs[0]), date2, pair: legs.len() > 1, changes, ..wish }.href()
}
