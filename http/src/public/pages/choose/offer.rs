//! The places of one dose as the choice shows them: a date with its sessions and slots, and the dates around it.

use std::collections::{BTreeMap, BTreeSet};

use sesshu_engine::core::ids::{DoseNo, SessionId, VenueId};
use sesshu_engine::core::session::PublicState;
use sesshu_engine::core::time::Day;
use sesshu_engine::view::{Availability, SessionView, SlotView};

use super::super::frame::Frame;
use super::super::place::{DAY_FEW, FoundText, short_text, slot_text};
use super::wish::Wish;
use crate::lang::Text;

/// How many other dates have links of their own; all of them are in the form that narrows down.
const LINKS_MAX: usize = 6;
/// How many dates are offered in all.
const DATES_MAX: usize = 120;

/// What one dose is offered.
pub(super) struct Offer {
    /// The name of the form's field.
    pub(super) field: &'static str,
    pub(super) title: Text,
    pub(super) shown_date: Text,
    /// The shown date in addresses.
    pub(super) day: String,
    pub(super) sessions: Vec<SessionText>,
    /// Whether anything can be chosen.
    pub(super) any_open: bool,
    pub(super) links: Vec<DateText>,
    pub(super) dates: Vec<DateText>,
}

pub(super) struct SessionText {
    pub(super) venue: Text,
    pub(super) found: Option<FoundText>,
    pub(super) vaccine: Text,
    pub(super) note: Option<Text>,
    /// What is free in it, in short.
    pub(super) free: Text,
    /// Whether its slots are unfolded: those of the first session that has any, so that the button is not far away.
    pub(super) unfolded: bool,
    pub(super) slots: Vec<SlotText>,
}

pub(super) struct SlotText {
    /// `session-slot`, by which a script finds its free places.
    pub(super) id: String,
    /// The value of the form's field; none if it cannot be chosen.
    pub(super) value: Option<String>,
    pub(super) time: Text,
    pub(super) free: Text,
    pub(super) state: &'static str,
    /// Whether it is the first that can be chosen.
    pub(super) first: bool,
}

pub(super) struct DateText {
    pub(super) day: String,
    pub(super) href: String,
    pub(super) date: Text,
    pub(super) free: Text,
    pub(super) current: bool,
    open: bool,
}

/// The feasible sessions by day, narrowed down as is wished, with the slots that are left.
pub(super) struct Days<'a>(BTreeMap<Day, Vec<(&'a SessionView, Vec<&'a SlotView>)>>);

impl<'a> Days<'a> {
    pub(super) fn of(now: &'a Availability, wish: &Wish, is_feasible: impl Fn(&SessionView) -> bool) -> Self {
        let mut days: BTreeMap<Day, Vec<_>> = BTreeMap::new();
        let venue_fits = |session: &SessionView| wish.venue.is_none_or(|venue| session.venue.id == venue);
        for session in now.sessions.iter().filter(|session| venue_fits(session) && is_feasible(session)) {
            let slots: Vec<&SlotView> = session.slots.iter().filter(|slot| wish.takes(slot.start)).collect();
            if !slots.is_empty() {
                days.entry(session.date).or_default().push((session, slots));
            }
        }
        Self(days)
    }

    pub(super) fn has(&self, day: Day) -> bool {
        self.0.contains_key(&day)
    }

    /// All the days, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = Day> {
        self.0.keys().copied()
    }

    /// The days with free places, in order.
    pub(super) fn open(&self) -> impl Iterator<Item = Day> {
        self.0.keys().copied().filter(|day| self.state(*day).0 == PublicState::Open)
    }

    /// The day to begin with: the first with free places, else the first.
    pub(super) fn first(&self) -> Option<Day> {
        self.open().next().or_else(|| self.0.keys().next().copied())
    }

    /// The first session of `day` with free places.
    pub(super) fn open_session(&self, day: Day) -> Option<&'a SessionView> {
        let is_open = |slots: &[&SlotView]| slots.iter().any(|slot| slot.state == PublicState::Open);
        self.0.get(&day)?.iter().find(|(_, slots)| is_open(slots)).map(|(session, _)| *session)
    }

    fn state(&self, day: Day) -> (PublicState, u32) {
        let slots = || self.0.get(&day).into_iter().flatten().flat_map(|(_, slots)| slots);
        let state = PublicState::of_all(slots().map(|slot| slot.state)).unwrap_or(PublicState::Closed);
        (state, slots().map(|slot| slot.free).sum())
    }

    /// What is offered for `dose` on `shown`; `href` gives the address of another date.
    pub(super) fn offer(
        &self,
        f: &Frame<'_>,
        dose: DoseNo,
        (field, title): (&'static str, Text),
        shown: Option<Day>,
        href: impl Fn(Day) -> String,
    ) -> Offer {
        let dates: Vec<DateText> =
            self.0.keys().take(DATES_MAX).map(|day| self.date_text(f, *day, shown, &href)).collect();
        let sessions = shown.and_then(|day| self.0.get(&day)).into_iter().flatten();
        let mut sessions: Vec<SessionText> =
            sessions.map(|(session, slots)| session_text(f, session, slots, dose)).collect();
        unfold(&mut sessions);
        let links = dates.iter().filter(|date| date.open && !date.current).take(LINKS_MAX);
        Offer {
            field,
            title,
            shown_date: f.text(shown.map(|day| f.lang.date(day)).unwrap_or_default()),
            day: shown.map(|day| day.to_string()).unwrap_or_default(),
            any_open: sessions.iter().flat_map(|session| &session.slots).any(|slot| slot.value.is_some()),
            links: links.map(DateText::again).collect(),
            sessions,
            dates,
        }
    }

    fn date_text(&self, f: &Frame<'_>, day: Day, shown: Option<Day>, href: impl Fn(Day) -> String) -> DateText {
        let (state, free) = self.state(day);
        DateText {
            day: day.to_string(),
            href: href(day),
            date: f.text(f.lang.short_date(day)),
            free: short_text(f, state, free, DAY_FEW),
            current: Some(day) == shown,
            open: state == PublicState::Open,
        }
    }
}

impl DateText {
    fn again(&self) -> Self {
        Self {
            day: self.day.clone(),
            href: self.href.clone(),
            date: self.date.clone(),
            free: self.free.clone(),
            ..*self
        }
    }
}

/// Unfolds the first session with a slot that can be chosen, and marks that slot.
fn unfold(sessions: &mut [SessionText]) {
    let open = sessions.iter().position(|session| session.slots.iter().any(|slot| slot.value.is_some()));
    let Some(session) = sessions.get_mut(open.unwrap_or(0)) else { return };
    session.unfolded = true;
    if let Some(slot) = session.slots.iter_mut().find(|slot| slot.value.is_some()) {
        slot.first = true;
    }
}

/// The venues of the feasible sessions, by name.
pub(super) fn venues(now: &Availability, feasible: impl Fn(&SessionId) -> bool) -> Vec<(VenueId, String)> {
    let of = now.sessions.iter().filter(|session| feasible(&session.id)).map(|session| &session.venue);
    let venues: BTreeSet<(VenueId, &str)> = of.map(|venue| (venue.id, &*venue.name)).collect();
    venues.into_iter().map(|(id, name)| (id, name.to_owned())).collect()
}

fn session_text(f: &Frame<'_>, session: &SessionView, slots: &[&SlotView], dose: DoseNo) -> SessionText {
    let free = slots.iter().map(|slot| slot.free).sum();
    let state = PublicState::of_all(slots.iter().map(|slot| slot.state)).unwrap_or(PublicState::Closed);
    let slots = slots.iter().map(|slot| SlotText {
        id: format!("{}-{}", session.id, slot.id),
        value: (slot.state == PublicState::Open).then(|| format!("{}-{}-{dose}", session.id, slot.id)),
        time: f.text(f.lang.times(slot.start, slot.end)),
        free: slot_text(f, slot.state, slot.free),
        first: false,
        state: slot.state.code(),
    });
    let opens = || f.say1("choose.opens", "at", &f.lang.starting(session.opens_at));
    SessionText {
        venue: f.japanese(&session.venue.name),
        found: FoundText::of(f, &session.venue.name),
        vaccine: f.japanese(&session.vaccine),
        note: (session.state == PublicState::BeforeOpen).then(opens),
        free: short_text(f, state, free, DAY_FEW),
        unfolded: false,
        slots: slots.collect(),
    }
}
