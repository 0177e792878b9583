//! What looks wrong about drafts that are about to be published. Nothing here forbids: a person looks at it and decides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::campaign::Setup;
use super::ids::{DoseNo, SessionId, VaccineId, VenueId};
use super::session::{Session, SessionPhase};
use super::time::{ClockTime, Day, Instant, Weekday};

/// Bookings that open between these clock times were hardly meant to: 22:00 …
const NIGHT_BEGINS: ClockTime = ClockTime(22 * 60);
/// … and 06:00.
const NIGHT_ENDS: ClockTime = ClockTime(6 * 60);
/// Less than this until the opening, in minutes, leaves nobody time to look again.
const OPENING_MINUTES_MIN: i64 = 60;
/// A session later than this, in days from today, probably has the wrong year.
const DAYS_AHEAD_MAX: i32 = 365;
/// A session longer than this, in minutes, probably has the wrong end.
const SESSION_MINUTES_MAX: u16 = 12 * 60;
/// A session with more than this many times the places of the usual one probably has a digit too many.
const TIMES_THE_MEDIAN: u64 = 3;
/// How many other sessions it takes to tell what is usual.
const OTHERS_MIN: usize = 4;

/// Something that looks wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspicion {
    /// About which draft; none if it is about the opening.
    pub session: Option<SessionId>,
    /// What.
    pub what: Suspect,
}

/// What looks wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspect {
    /// Bookings open at night.
    OpensAtNight,
    /// Bookings open in less than an hour.
    OpensSoon,
    /// Slots have started by the opening: nobody can book these places.
    StartsBeforeOpening {
        /// How many places.
        places: u64,
    },
    /// The date is more than a year ahead.
    FarAhead,
    /// No other session is on this day of the week.
    LoneWeekday,
    /// Far more places than usual.
    ManyPlaces {
        /// How many.
        places: u64,
        /// How many a session usually has: the median.
        usual: u64,
    },
    /// Another session is in the same venue at the same time.
    Overlap {
        /// Which.
        other: SessionId,
    },
    /// The session lasts very long.
    Long {
        /// How long, in minutes.
        minutes: u16,
    },
    /// A slot has no place at all.
    EmptySlot,
    /// A slot keeps all its places for the phone, so that nobody can book them on the web.
    PhoneOnly,
    /// There is less vaccine than places.
    StockShort {
        /// How many doses.
        doses: u32,
        /// How many places.
        places: u64,
    },
    /// The next dose cannot be booked anywhere after this one: no session gives it within the vaccine's interval.
    NoNextDose {
        /// Which dose this session gives.
        dose: DoseNo,
    },
}

/// Everything that looks wrong about publishing `drafts` beside the sessions `others`, to open at `opens_at`.
#[must_use]
pub fn suspicions(
    now: Instant,
    opens_at: Instant,
    drafts: &[Arc<Session>],
    others: &[Arc<Session>],
    setup: &Setup,
) -> Vec<Suspicion> {
    let mut found = Vec::new();
    let clock = opens_at.city_clock();
    if clock >= NIGHT_BEGINS || clock < NIGHT_ENDS {
        found.push(Suspicion { session: None, what: Suspect::OpensAtNight });
    }
    if opens_at < now.plus_minutes(OPENING_MINUTES_MIN) {
        found.push(Suspicion { session: None, what: Suspect::OpensSoon });
    }
    let usual = Usual::of(drafts.iter().chain(others));
    let today = now.city_day();
    for draft in drafts {
        let what = alone(draft, today, opens_at).chain(usual.beside(draft, setup));
        found.extend(what.map(|what| Suspicion { session: Some(draft.id), what }));
    }
    found
}

/// What looks wrong about a draft by itself.
fn alone(draft: &Session, today: Day, opens_at: Instant) -> impl Iterator<Item = Suspect> {
    let too_late = draft.slots.iter().filter(|slot| draft.date.at(slot.start) <= opens_at);
    let too_late: u64 = too_late.map(|slot| u64::from(slot.capacity)).sum();
    let minutes = minutes(draft);
    let places = places(draft);
    let phone_only = draft.slots.iter().any(|slot| slot.capacity > 0 && slot.phone_share >= slot.capacity);
    let short = draft.doses_total.filter(|doses| u64::from(*doses) < places);
    [
        (too_late > 0).then_some(Suspect::StartsBeforeOpening { places: too_late }),
        (draft.date.days_since(today) > DAYS_AHEAD_MAX).then_some(Suspect::FarAhead),
        (minutes > SESSION_MINUTES_MAX).then_some(Suspect::Long { minutes }),
        draft.slots.iter().any(|slot| slot.capacity == 0).then_some(Suspect::EmptySlot),
        phone_only.then_some(Suspect::PhoneOnly),
        short.map(|doses| Suspect::StockShort { doses, places }),
    ]
    .into_iter()
    .flatten()
}

/// From when to when a session lasts.
type Lasting = (ClockTime, ClockTime, SessionId);

/// What the sessions of a campaign are like, drafts too.
struct Usual {
    sessions: usize,
    places_median: u64,
    weekdays: BTreeMap<u8, usize>,
    /// The times of each venue's days.
    times: BTreeMap<(VenueId, Day), Vec<Lasting>>,
    /// On which dates each dose is given.
    given: BTreeMap<(VaccineId, DoseNo), BTreeSet<Day>>,
}

impl Usual {
    fn of<'a>(sessions: impl Iterator<Item = &'a Arc<Session>>) -> Self {
        let mut usual = Self {
            sessions: 0,
            places_median: 0,
            weekdays: BTreeMap::new(),
            times: BTreeMap::new(),
            given: BTreeMap::new(),
        };
        let mut all_places = Vec::new();
        for session in sessions.filter(|session| !matches!(session.phase, SessionPhase::Cancelled { .. })) {
            usual.sessions += 1;
            all_places.push(places(session));
            *usual.weekdays.entry(number_of(session.date.weekday())).or_default() += 1;
            if let Some((start, end)) = times(session) {
                usual.times.entry((session.venue, session.date)).or_default().push((start, end, session.id));
            }
            if !matches!(session.phase, SessionPhase::Closed { .. }) {
                for dose in &session.doses {
                    usual.given.entry((session.vaccine, *dose)).or_default().insert(session.date);
                }
            }
        }
        all_places.sort_unstable();
        usual.places_median = all_places.get(all_places.len() / 2).copied().unwrap_or(0);
        usual
    }

    /// What looks wrong about a draft beside the others.
    fn beside(&self, draft: &Session, setup: &Setup) -> impl Iterator<Item = Suspect> {
        let (places, usual) = (places(draft), self.places_median);
        let tells = self.sessions > OTHERS_MIN;
        let lone = self.weekdays.get(&number_of(draft.date.weekday())).is_some_and(|count| *count == 1);
        let same_day = self.times.get(&(draft.venue, draft.date)).map_or(&[][..], Vec::as_slice);
        let overlap = times(draft).and_then(|(start, end)| {
            same_day.iter().find(|(from, to, id)| *id != draft.id && *from < end && start < *to)
        });
        let vaccine = setup.vaccine(draft.vaccine);
        let stranded = draft.doses.iter().copied().find(|dose| {
            let next = vaccine.and_then(|vaccine| Some((vaccine, dose.next().filter(|next| *next <= vaccine.doses)?)));
            next.is_some_and(|(vaccine, next)| {
                let dates = self.given.get(&(draft.vaccine, next)).into_iter().flatten();
                !dates.into_iter().any(|date| vaccine.allows_interval(date.days_since(draft.date)))
            })
        });
        [
            (tells && lone).then_some(Suspect::LoneWeekday),
            (tells && places > usual * TIMES_THE_MEDIAN).then_some(Suspect::ManyPlaces { places, usual }),
            overlap.map(|(_, _, other)| Suspect::Overlap { other: *other }),
            stranded.map(|dose| Suspect::NoNextDose { dose }),
        ]
        .into_iter()
        .flatten()
    }
}

fn places(session: &Session) -> u64 {
    session.slots.iter().map(|slot| u64::from(slot.capacity)).sum()
}

fn times(session: &Session) -> Option<(ClockTime, ClockTime)> {
    Some((session.slots.first()?.start, session.slots.last()?.end))
}

fn minutes(session: &Session) -> u16 {
    times(session).map_or(0, |(start, end)| end.0.saturating_sub(start.0))
}

const fn number_of(weekday: Weekday) -> u8 {
    weekday as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::session::Slot;
    use crate::core::setup::Vaccine;

    const NOW: &str = "2026-12-01 09:00";
    const OPENS: &str = "2026-12-02 09:00";

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn setup() -> Setup {
        let vaccine = Vaccine {
            id: VaccineId(1),
            name: "コミナティ".into(),
            doses: DoseNo::new(2).expect("a dose"),
            interval_days_min: 21,
            interval_days_max: None,
            age_years_min: 12,
            doses_per_vial: 6,
        };
        Setup { vaccines: vec![vaccine], ..Setup::default() }
    }

    /// A session of ten places in two slots from 09:00 that gives only the last dose, each in a venue of its own.
    fn session(id: u32, date: &str) -> Session {
        let slot = |start| Slot { start: ClockTime(start), end: ClockTime(start + 30), capacity: 5, phone_share: 1 };
        Session {
            id: SessionId(id),
            venue: VenueId(id as u16),
            date: date.parse().expect("a date"),
            vaccine: VaccineId(1),
            doses: vec![DoseNo::new(2).expect("a dose")],
            phase: SessionPhase::Draft,
            slots: vec![slot(540), slot(570)],
            doses_total: None,
        }
    }

    fn found(opens_at: &str, drafts: Vec<Session>, others: Vec<Session>) -> Vec<(Option<u32>, Suspect)> {
        let shared = |all: Vec<Session>| all.into_iter().map(Arc::new).collect::<Vec<_>>();
        let found = suspicions(at(NOW), at(opens_at), &shared(drafts), &shared(others), &setup());
        found.into_iter().map(|one| (one.session.map(|id| id.0), one.what)).collect()
    }

    /// What is found about one draft that `change` makes odd.
    fn odd(change: impl FnOnce(&mut Session)) -> Vec<Suspect> {
        let mut draft = session(1, "2026-12-05");
        change(&mut draft);
        found(OPENS, vec![draft], vec![]).into_iter().map(|(_, what)| what).collect()
    }

    #[test]
    fn a_usual_draft_is_not_suspicious_and_an_odd_one_is_for_what_is_odd() {
        assert_eq!(odd(|_| {}), []);
        assert_eq!(odd(|draft| draft.date = "2027-12-02".parse().expect("a date")), [Suspect::FarAhead]);
        assert_eq!(odd(|draft| draft.date = "2027-12-01".parse().expect("a date")), []);
        assert_eq!(odd(|draft| draft.slots[1].end = ClockTime(1_261)), [Suspect::Long { minutes: 721 }]);
        assert_eq!(odd(|draft| draft.slots[1].end = ClockTime(1_260)), []);
        assert_eq!(odd(|draft| draft.slots[0].capacity = 0), [Suspect::EmptySlot]);
        assert_eq!(odd(|draft| draft.slots[0].phone_share = 5), [Suspect::PhoneOnly]);
        assert_eq!(odd(|draft| draft.doses_total = Some(9)), [Suspect::StockShort { doses: 9, places: 10 }]);
        assert_eq!(odd(|draft| draft.doses_total = Some(10)), []);
        let late = Suspect::StartsBeforeOpening { places: 5 };
        assert_eq!(odd(|draft| draft.date = "2026-12-02".parse().expect("a date")), [late]);
    }

    #[test]
    fn the_opening_is_by_day_and_not_at_once() {
        let opening = |text: &str| {
            let what = found(text, vec![session(1, "2027-03-05")], vec![]).into_iter();
            what.map(|(id, what)| (id.is_none(), what)).collect::<Vec<_>>()
        };
        assert_eq!(opening("2026-12-01 10:00"), []);
        assert_eq!(opening("2026-12-01 09:59"), [(true, Suspect::OpensSoon)]);
        for (clock, night) in [("21:59", false), ("22:00", true), ("05:59", true), ("06:00", false)] {
            let expected = if night { vec![(true, Suspect::OpensAtNight)] } else { vec![] };
            assert_eq!(opening(&format!("2026-12-03 {clock}")), expected, "{clock}");
        }
    }

    #[test]
    fn what_is_unusual_shows_beside_the_others() {
        // Five Saturdays, and a Tuesday with 31 places.
        let others: Vec<Session> = (2..7).map(|id| session(id, "2026-12-05")).collect();
        let mut draft = session(1, "2026-12-08");
        draft.slots[0].capacity = 26;
        let many = Suspect::ManyPlaces { places: 31, usual: 10 };
        let both = vec![(Some(1), Suspect::LoneWeekday), (Some(1), many)];
        assert_eq!(found(OPENS, vec![draft.clone()], others.clone()), both);
        draft.slots[0].capacity = 25;
        draft.date = "2026-12-12".parse().expect("a date");
        assert_eq!(found(OPENS, vec![draft.clone()], others), []);
        // Too few others to tell.
        draft.slots[0].capacity = 1_000;
        assert_eq!(found(OPENS, vec![draft], vec![session(2, "2026-12-08")]), []);
    }

    #[test]
    fn two_sessions_of_one_venue_do_not_overlap() {
        let in_venue = |id, start: u16, phase| {
            let mut session = session(id, "2026-12-05");
            session.venue = VenueId(1);
            session.phase = phase;
            for (slot, at) in session.slots.iter_mut().zip([start, start + 30]) {
                (slot.start, slot.end) = (ClockTime(at), ClockTime(at + 30));
            }
            session
        };
        let published = SessionPhase::Published { opens_at: at(NOW) };
        let cancelled = SessionPhase::Cancelled { opens_at: at(NOW) };
        let draft = || vec![in_venue(1, 540, SessionPhase::Draft)];
        let overlap = vec![(Some(1), Suspect::Overlap { other: SessionId(2) })];
        assert_eq!(found(OPENS, draft(), vec![in_venue(2, 599, published)]), overlap);
        assert_eq!(found(OPENS, draft(), vec![in_venue(2, 600, published)]), []);
        assert_eq!(found(OPENS, draft(), vec![in_venue(2, 540, cancelled)]), []);
    }

    #[test]
    fn a_first_dose_needs_a_second_within_the_interval() {
        let first = || {
            let mut first = session(1, "2026-12-05");
            first.doses = vec![DoseNo::FIRST];
            vec![first]
        };
        let stranded = vec![(Some(1), Suspect::NoNextDose { dose: DoseNo::FIRST })];
        assert_eq!(found(OPENS, first(), vec![]), stranded);
        assert_eq!(found(OPENS, first(), vec![session(2, "2026-12-25")]), stranded);
        assert_eq!(found(OPENS, first(), vec![session(2, "2026-12-26")]), []);
        let mut closed = session(2, "2026-12-26");
        closed.phase = SessionPhase::Closed { opens_at: at(NOW) };
        assert_eq!(found(OPENS, first(), vec![closed]), stranded);
    }
}
