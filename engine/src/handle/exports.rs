//! What leaves the console as a file: numbers of bookings, a venue's day, doses for the national systems. All of it is read from
//! the index; whoever sends it notes it first ([`EngineHandle::note_exported`]).

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::EngineHandle;
use crate::core::ids::{BookingNumber, Channel, DoseNo, ResidentNo, SessionId, VaccineId, VenueId};
use crate::core::resident::{Booking, BookingState};
use crate::core::session::{Session, SessionPhase};
use crate::core::time::{ClockTime, Day};

/// A venue's day in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the states of a booking")]
pub struct DayCount {
    pub date: Day,
    pub venue: Arc<str>,
    /// Places of sessions that the city has not cancelled.
    pub places: u64,
    /// Bookings that use a place.
    pub taken: u32,
    /// Those of them that were made or last moved on the web; all others were by phone or in a venue.
    pub by_web: u32,
    pub checked_in: u32,
    pub vaccinated: u32,
    pub not_given: u32,
    pub no_show: u32,
    pub cancelled: u32,
    pub cancelled_by_city: u32,
}

/// Somebody in a venue's day.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct DayListRow {
    pub resident: ResidentNo,
    pub number: BookingNumber,
    pub start: ClockTime,
    pub end: ClockTime,
    pub name_kana: String,
    pub dose: DoseNo,
    pub vaccine: Arc<str>,
    pub state: BookingState,
    /// The lot of the dose, once it was given.
    pub lot: Option<Box<str>>,
}

/// How old somebody was who was vaccinated, as the national systems ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgeClass {
    /// Under 65 years.
    Under65,
    /// 65 years or older. An age is reached on the day before the birthday.
    From65,
    /// Nobody knows any more: the personal data was erased.
    Erased,
}

/// Doses given here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct DosesGiven {
    pub date: Day,
    pub venue: Arc<str>,
    pub vaccine: Arc<str>,
    pub dose: DoseNo,
    pub age: AgeClass,
    pub doses: u32,
}

/// Dates from one to another, both included.
pub type Days = RangeInclusive<Day>;

impl EngineHandle {
    /// Bookings per day and venue, by date and venue. Walks over everybody: some ten milliseconds for a large city.
    #[must_use]
    pub fn bookings_per_day(&self, days: &Days) -> Vec<DayCount> {
        let (sessions, setup) = (self.sessions_of(days), self.index().setup());
        let mut counts: BTreeMap<(Day, VenueId), DayCount> = BTreeMap::new();
        for session in sessions.values() {
            let key = (session.date, session.venue);
            let venue = || setup.venue(session.venue).map_or_else(|| "".into(), |venue| venue.name.as_str().into());
            let count = counts.entry(key).or_insert_with(|| DayCount::none(session.date, venue()));
            if !matches!(session.phase, SessionPhase::Cancelled { .. }) {
                count.places += session.slots.iter().map(|slot| u64::from(slot.capacity)).sum::<u64>();
            }
        }
        self.index().for_each_resident(|_, entry| {
            for booking in &entry.record.bookings {
                let session = sessions.get(&booking.session);
                if let Some(count) = session.and_then(|it| counts.get_mut(&(it.date, it.venue))) {
                    count.add(booking);
                }
            }
        });
        counts.into_values().collect()
    }

    /// The people of a venue's day whose bookings use a place, by slot and name. Showing any of it is a view of them.
    #[must_use]
    pub fn people_of_day(&self, venue: VenueId, date: Day) -> Vec<DayListRow> {
        let setup = self.index().setup();
        let mut sessions = self.sessions_of(&(date..=date));
        sessions.retain(|_, session| session.venue == venue);
        let mut rows = Vec::new();
        self.index().for_each_resident(|resident, entry| {
            let here = entry.record.bookings.iter().filter(|booking| booking.state.uses_place());
            rows.extend(here.filter_map(|booking| {
                let slot = sessions.get(&booking.session)?.slot(booking.slot)?;
                Some(DayListRow {
                    resident,
                    number: booking.number,
                    start: slot.start,
                    end: slot.end,
                    name_kana: entry.person.name_kana.to_string(),
                    dose: booking.dose,
                    vaccine: Arc::clone(&setup.vaccine(booking.vaccine)?.name),
                    state: booking.state,
                    lot: entry.record.care.as_ref().and_then(|care| care.lot(booking.number)).map(Into::into),
                })
            }));
        });
        rows.sort_by(|a, b| (a.start, &a.name_kana, a.number).cmp(&(b.start, &b.name_kana, b.number)));
        rows
    }

    /// Doses given here, by date, venue, vaccine, dose and age: the numbers that the national systems take.
    #[must_use]
    pub fn doses_given(&self, days: &Days) -> Vec<DosesGiven> {
        type Key = (Day, VenueId, VaccineId, DoseNo, AgeClass);
        let (sessions, setup) = (self.sessions_of(days), self.index().setup());
        let mut counts: BTreeMap<Key, u32> = BTreeMap::new();
        self.index().for_each_resident(|_, entry| {
            for booking in entry.record.bookings.iter().filter(|booking| booking.state == BookingState::Vaccinated) {
                let Some(session) = sessions.get(&booking.session) else { continue };
                let age = match session.date.age_of(entry.person.birth_date) {
                    _ if entry.record.erased => AgeClass::Erased,
                    years if years >= 65 => AgeClass::From65,
                    _ => AgeClass::Under65,
                };
                let key = (session.date, session.venue, session.vaccine, booking.dose, age);
                *counts.entry(key).or_default() += 1;
            }
        });
        let named = |((date, venue, vaccine, dose, age), doses): (Key, u32)| {
            let venue = setup.venue(venue)?.name.as_str().into();
            Some(DosesGiven { date, venue, vaccine: Arc::clone(&setup.vaccine(vaccine)?.name), dose, age, doses })
        };
        counts.into_iter().filter_map(named).collect()
    }

    /// All sessions of these days that were ever published.
    fn sessions_of(&self, days: &Days) -> HashMap<SessionId, Arc<Session>> {
        let sessions = self.index().sessions();
        let definitions = sessions.iter().map(|entry| entry.definition());
        let shown = definitions.filter(|session| days.contains(&session.date) && !session.phase.is_hidden());
        shown.map(|session| (session.id, session)).collect()
    }
}

impl DayCount {
    fn none(date: Day, venue: Arc<str>) -> Self {
        Self {
            date,
            venue,
            places: 0,
            taken: 0,
            by_web: 0,
            checked_in: 0,
            vaccinated: 0,
            not_given: 0,
            no_show: 0,
            cancelled: 0,
            cancelled_by_city: 0,
        }
    }

    fn add(&mut self, booking: &Booking) {
        if booking.state.uses_place() {
            self.taken += 1;
            self.by_web += u32::from(booking.channel == Channel::Web);
        }
        match booking.state {
            BookingState::Booked => {}
            BookingState::Cancelled => self.cancelled += 1,
            BookingState::CancelledByCity => self.cancelled_by_city += 1,
            BookingState::CheckedIn => self.checked_in += 1,
            BookingState::Vaccinated => self.vaccinated += 1,
            BookingState::NoShow => self.no_show += 1,
            BookingState::NotGiven => self.not_given += 1,
        }
    }
}
