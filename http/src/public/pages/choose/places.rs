//! The places of a choice as HTML. What a person may choose is asked for each of them; how that looks is the same for all who may
//! choose the same, so it is rendered once and kept until something changes.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use askama::Template;
use sesshu_engine::core::ids::{DoseNo, SessionId, VenueId};
use sesshu_engine::core::site::Site;
use sesshu_engine::core::time::Day;
use sesshu_engine::view::{Availability, Me};

use super::super::frame::Frame;
use super::super::place::dose_markup;
use super::super::reading::Reading;
use super::offer::{DateText, Days, Offer, venues};
use super::wish::{Half, Wish};
use super::{both, can_pair};
use crate::auth::token::Login;
use crate::lang::Text;
use crate::public::api::lists::Moment;
use crate::public::desk::Desk;

/// How many first dates are looked at for one that a second date fits.
const FIRST_DATES_MAX: usize = 14;
/// How many choices are kept. Over this, one is rendered for its asker alone.
const KEPT_MAX: usize = 256;

/// What somebody is offered: equal offers look equal at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Offered {
    wish: Wish,
    reading: Reading,
    /// Whether the pair is offered beside the single dose.
    may_pair: bool,
    /// The sessions for the dose.
    feasible: Vec<SessionId>,
    /// The dates that are shown for a pair.
    pair: Option<PairShown>,
}

/// The dates of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PairShown {
    first: Option<Day>,
    /// The sessions for the second dose that fit the first, and the date that is shown of them.
    second: Option<(Vec<SessionId>, Option<Day>)>,
}

/// The places as HTML.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    pub(super) html: Arc<str>,
    /// Whether something can be chosen for each dose.
    pub(super) can_go_on: bool,
}

/// The places of the latest moment.
#[derive(Debug, Default)]
pub(crate) struct KeptPlaces(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    moment: Moment,
    places: HashMap<Offered, Places>,
    days: HashMap<(Wish, Vec<SessionId>), Arc<[ShownDay]>>,
}

/// A day on which somebody could be given a dose.
#[derive(Debug, Clone, Copy)]
struct ShownDay {
    day: Day,
    /// Its first session with free places.
    open: Option<SessionId>,
}

impl KeptPlaces {
    /// What `offered` looks like at `moment`. A change is somebody's own: it is not kept.
    fn get(&self, offered: &Offered, moment: Moment, render: impl FnOnce() -> Places) -> Places {
        if offered.wish.changes.is_some() {
            return render();
        }
        if let Some(places) = self.at(moment).and_then(|kept| kept.places.get(offered).cloned()) {
            return places;
        }
        // Not under the lock: whoever wants something else need not wait.
        let places = render();
        if let Some(mut kept) = self.at(moment).filter(|kept| kept.places.len() < KEPT_MAX) {
            kept.places.insert(offered.clone(), places.clone());
        }
        places
    }

    /// The days of these sessions, narrowed down as is wished.
    fn days(&self, now: &Availability, site: &Site, wish: Wish, sessions: &[SessionId]) -> Arc<[ShownDay]> {
        let moment = Moment::of_page(now, site);
        let key = (wish, sessions.to_vec());
        if let Some(days) = self.at(moment).and_then(|kept| kept.days.get(&key).cloned()) {
            return days;
        }
        let of_these: HashSet<SessionId> = sessions.iter().copied().collect();
        let days = Days::of(now, &wish, |session| of_these.contains(&session.id));
        let shown = |day| ShownDay { day, open: days.open_session(day).map(|session| session.id) };
        let days: Arc<[ShownDay]> = days.all().map(shown).collect();
        if let Some(mut kept) = self.at(moment).filter(|kept| kept.days.len() < KEPT_MAX) {
            kept.days.insert(key, Arc::clone(&days));
        }
        days
    }

    /// What is kept of `moment`, if it is the latest.
    fn at(&self, moment: Moment) -> Option<MutexGuard<'_, Kept>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if moment.is_after(kept.moment) {
            *kept = Kept { moment, ..Kept::default() };
        }
        (kept.moment == moment).then_some(kept)
    }
}

#[derive(Template)]
#[template(path = "places.html")]
struct PlacesPart<'a> {
    f: &'a Frame<'a>,
    wish: Wish,
    /// The pair beside single doses: the address of each, and whether it is this one.
    ways: Vec<(String, Text, bool)>,
    /// Why the second date is when it is.
    interval: Option<Text>,
    /// That no second date fits the first.
    no_second: Option<Text>,
    offers: Vec<Offer>,
    can_go_on: bool,
    narrow: Narrow,
    back: String,
}

/// What the form that narrows the places down offers.
struct Narrow {
    venues: Vec<(String, String, bool)>,
    dates: Vec<DateText>,
    halves: Vec<(&'static str, Text, bool)>,
}

impl Offered {
    /// What this person is offered.
    pub(super) fn to(desk: &Desk, login: &Login, me: &Me, f: &Frame<'_>, wish: Wish) -> Self {
        let feasible = desk.engine.feasible(login.resident, wish.dose, wish.changes);
        let may_pair = wish.changes.is_none() && (wish.pair || can_pair(desk, me, wish.dose));
        let next = wish.dose.next().filter(|_| wish.pair);
        let pair = next.map(|next| with_second(desk, login, f, wish, next, &feasible));
        Self { wish, reading: f.reading, may_pair, feasible, pair }
    }

    /// How it looks.
    pub(super) fn places(&self, desk: &Desk, f: &Frame<'_>) -> Places {
        let now = desk.availability();
        desk.places.get(self, Moment::of_page(&now, &f.site), || self.render(desk, f, &now))
    }

    fn render(&self, desk: &Desk, f: &Frame<'_>, now: &Availability) -> Places {
        let wish = self.wish;
        let feasible: HashSet<SessionId> = self.feasible.iter().copied().collect();
        let days = Days::of(now, &wish, |session| feasible.contains(&session.id));
        let shown = match &self.pair {
            None => wish.date.filter(|day| days.has(*day)).or_else(|| days.first()),
            Some(pair) => pair.first,
        };
        let title = f.say1("choose.date_of", "dose", &dose_markup(f, wish.dose));
        let href = |day| Wish { date: Some(day), date2: None, ..wish }.href();
        let mut first = days.offer(f, wish.dose, ("place", title), shown, href);
        let half = |half: Half| (half.code(), f.say(half_key(half)), Some(half) == wish.half);
        let venue = |(id, name): (VenueId, String)| (id.to_string(), name, Some(id) == wish.venue);
        let narrow = Narrow {
            venues: venues(now, |session| feasible.contains(session)).into_iter().map(venue).collect(),
            dates: std::mem::take(&mut first.dates),
            halves: Half::ALL.map(half).into(),
        };
        let mut part = PlacesPart {
            f,
            wish,
            ways: self.ways(f),
            interval: None,
            no_second: None,
            offers: vec![first],
            can_go_on: false,
            narrow,
            back: String::new(),
        };
        part.offer_second(desk, now, self.pair.as_ref());
        part.can_go_on = part.offers.iter().all(|offer| offer.any_open) && (!wish.pair || part.offers.len() == 2);
        // Back here after a form that cannot be read: with the dates as they are shown now.
        let second_date = part.offers.get(1).and_then(|offer| offer.day.parse().ok());
        part.back = Wish { date: shown, date2: second_date, ..wish }.href();
        // The template only writes texts into memory, which cannot fail.
        Places { html: part.render().unwrap_or_default().into(), can_go_on: part.can_go_on }
    }

    fn ways(&self, f: &Frame<'_>) -> Vec<(String, Text, bool)> {
        let wish = self.wish;
        if !self.may_pair {
            return Vec::new();
        }
        let both = both(f, wish.dose);
        let pair = f.say_with("choose.way_pair", &both.each_ref().map(|(name, text)| (*name, &**text)));
        let one = f.say1("choose.way_one", "dose", &dose_markup(f, wish.dose));
        let way = |pair| Wish { pair, date2: None, ..wish }.href();
        vec![(way(true), pair, wish.pair), (way(false), one, !wish.pair)]
    }
}

impl PlacesPart<'_> {
    /// Puts in what is offered for the second dose of a pair.
    fn offer_second(&mut self, desk: &Desk, now: &Availability, pair: Option<&PairShown>) {
        let (f, wish) = (self.f, self.wish);
        let (Some(pair), Some(next)) = (pair, wish.dose.next()) else { return };
        let Some(first) = pair.first else { return };
        let (seconds, shown) = match &pair.second {
            Some((seconds, shown)) => (seconds.as_slice(), *shown),
            None => (&[][..], None),
        };
        if shown.is_none() {
            self.no_second = Some(f.say("choose.no_second"));
            return;
        }
        let seconds: HashSet<SessionId> = seconds.iter().copied().collect();
        let days = Days::of(now, &Wish { venue: None, ..wish }, |session| seconds.contains(&session.id));
        let title = f.say1("choose.date_of", "dose", &dose_markup(f, next));
        let href = |day| Wish { date: Some(first), date2: Some(day), ..wish }.href();
        self.offers.push(days.offer(f, next, ("second", title), shown, href));
        self.interval = interval_text(desk, f, now, &seconds, wish.dose);
    }
}

/// The dates that are shown for a pair: the first one asked for, or the first that a second one fits.
fn with_second(
    desk: &Desk,
    login: &Login,
    f: &Frame<'_>,
    wish: Wish,
    next: DoseNo,
    feasible: &[SessionId],
) -> PairShown {
    let now = desk.availability();
    let narrowed = Wish { date: None, date2: None, ..wish };
    let days = desk.places.days(&now, &f.site, narrowed, feasible);
    let of = |first: SessionId| {
        let seconds = desk.engine.feasible_beside(login.resident, next, (first, wish.dose));
        let fitting = desk.places.days(&now, &f.site, Wish { venue: None, ..narrowed }, &seconds);
        let asked = fitting.iter().find(|shown| Some(shown.day) == wish.date2);
        let shown = asked.or_else(|| fitting.iter().find(|shown| shown.open.is_some())).map(|shown| shown.day);
        (seconds, shown)
    };
    if let Some(asked) = days.iter().find(|shown| Some(shown.day) == wish.date) {
        return PairShown { first: Some(asked.day), second: asked.open.map(of) };
    }
    let open = days.iter().filter_map(|shown| Some((shown.day, shown.open?)));
    let mut tries =
        open.take(FIRST_DATES_MAX).map(|(day, first)| PairShown { first: Some(day), second: Some(of(first)) });
    let found = tries.find(|pair| pair.second.as_ref().is_some_and(|(_, shown)| shown.is_some()));
    let first = || days.iter().find(|shown| shown.open.is_some()).or(days.first()).map(|shown| shown.day);
    found.unwrap_or_else(|| PairShown { first: first(), second: None })
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

const fn half_key(half: Half) -> &'static str {
    match half {
        Half::Morning => "choose.morning",
        Half::Afternoon => "choose.afternoon",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_engine::core::ids::BookingNumber;
    use sesshu_engine::core::time::Instant;

    fn moment(revision: u64) -> Moment {
        Moment::of_list(&Availability { at: Instant(0), revision, sessions: Vec::new() })
    }

    fn offered(session: u32, changes: Option<BookingNumber>) -> Offered {
        Offered {
            wish: Wish { changes, ..Wish::for_dose(DoseNo::FIRST) },
            reading: Reading::default(),
            may_pair: false,
            feasible: vec![SessionId(session)],
            pair: None,
        }
    }

    fn html(kept: &KeptPlaces, offered: &Offered, revision: u64, text: &str) -> String {
        kept.get(offered, moment(revision), || Places { html: text.into(), can_go_on: true }).html.to_string()
    }

    #[test]
    fn equal_offers_are_rendered_once_per_moment_and_others_for_themselves() {
        let kept = KeptPlaces::default();
        assert_eq!(html(&kept, &offered(1, None), 3, "first"), "first");
        assert_eq!(html(&kept, &offered(1, None), 3, "again"), "first");
        assert_eq!(html(&kept, &offered(2, None), 3, "others"), "others");
        assert_eq!(html(&kept, &offered(1, None), 4, "newer"), "newer");
        assert_eq!(html(&kept, &offered(1, None), 3, "late"), "late");
        assert_eq!(html(&kept, &offered(1, None), 4, "again"), "newer");
    }

    #[test]
    fn a_change_is_not_kept_and_the_number_of_kept_choices_is_bounded() {
        let kept = KeptPlaces::default();
        let own = offered(1, Some(BookingNumber::from_ordinal(7, &[1; 32])));
        assert_eq!(html(&kept, &own, 1, "one"), "one");
        assert_eq!(html(&kept, &own, 1, "two"), "two");
        for session in 0..1_000 {
            html(&kept, &offered(session, None), 1, "x");
        }
        assert_eq!(kept.0.lock().expect("a lock").places.len(), KEPT_MAX);
    }
}
