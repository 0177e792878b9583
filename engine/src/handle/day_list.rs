//! The people of one venue and day. Whoever is shown is in an entry before the page is answered; counts alone name nobody.

use std::sync::Arc;

use super::EngineHandle;
use crate::core::attendance::dose_before_is_missing;
use crate::core::care::Care;
use crate::core::count::web_free;
use crate::core::decide::{Applicant, Offer, may_book, next_dose};
use crate::core::event::{By, Event};
use crate::core::ids::{BookingNumber, Channel, DoseNo, ResidentNo, SessionId, SlotNo, VaccineId, VenueId};
use crate::core::leg::Leg;
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::resident::{Booking, BookingState};
use crate::core::session::{Session, SessionPhase};
use crate::core::setup::Venue;
use crate::core::staff::View;
use crate::core::time::{ClockTime, Day};
use crate::ledger::ResidentEntry;
use crate::roll::kana_search_key;
use crate::view::BookingView;

/// How many people a search shows at most: more would be a list, not a search.
const FOUND_MAX: usize = 20;

/// A person of a venue's day, with their booking.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct DayPerson {
    pub number: BookingNumber,
    pub name_kana: String,
    pub session: SessionId,
    pub slot: SlotNo,
    pub date: Day,
    pub start: ClockTime,
    pub end: ClockTime,
    pub dose: DoseNo,
    pub vaccine_id: VaccineId,
    pub vaccine: Arc<str>,
    pub state: BookingState,
    /// The lot of the dose, when it was given.
    pub lot: Option<Box<str>>,
    /// Whether they have left the roll.
    pub left_roll: bool,
    /// Whether the dose before was neither given nor booked.
    pub dose_before_missing: bool,
}

/// How many people of a slot are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct SlotCounts {
    pub booked: u32,
    pub checked_in: u32,
    pub vaccinated: u32,
    pub not_given: u32,
    pub no_show: u32,
}

impl SlotCounts {
    fn count(&mut self, state: BookingState) {
        let counted = match state {
            BookingState::Booked => &mut self.booked,
            BookingState::CheckedIn => &mut self.checked_in,
            BookingState::Vaccinated => &mut self.vaccinated,
            BookingState::NotGiven => &mut self.not_given,
            BookingState::NoShow => &mut self.no_show,
            BookingState::Cancelled | BookingState::CancelledByCity => return,
        };
        *counted += 1;
    }

    /// All of them together.
    #[must_use]
    pub fn sum(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().fold(Self::default(), |sum, one| Self {
            booked: sum.booked + one.booked,
            checked_in: sum.checked_in + one.checked_in,
            vaccinated: sum.vaccinated + one.vaccinated,
            not_given: sum.not_given + one.not_given,
            no_show: sum.no_show + one.no_show,
        })
    }

    /// Everybody who has a place.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.booked + self.checked_in + self.vaccinated + self.not_given + self.no_show
    }
}

/// A slot of a venue's day.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct DaySlot {
    pub session: SessionId,
    pub slot: SlotNo,
    pub start: ClockTime,
    pub end: ClockTime,
    pub vaccine: Arc<str>,
    pub doses: Vec<DoseNo>,
    pub capacity: u32,
    pub counts: SlotCounts,
    pub cancelled: bool,
}

/// Whom of a venue's day to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayPart<'a> {
    /// The people of one slot.
    Slot(SessionId, SlotNo),
    /// Everybody: for the list on paper.
    All,
    /// Those whose name has this in it, as it is heard; at most twenty.
    Named(&'a str),
}

/// Who is found by a booking's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtDesk {
    /// Somebody of this venue, today or on another day.
    Here(Box<DayPerson>),
    /// The booking is at another venue; who it is, is not said.
    OtherVenue(Arc<Venue>),
    /// No booking has this number.
    Nobody,
}

/// What somebody at the counter could book today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterOffer {
    /// The name in kana.
    pub name_kana: String,
    /// The booking that they have here today, if they have one: they are to be checked in with it.
    pub booked_today: Option<BookingNumber>,
    /// Their bookings that stand, here or elsewhere, today or later.
    pub ahead: Vec<BookingView>,
    /// The dose that is left for them, if any is.
    pub dose: Option<DoseNo>,
    /// Today's slots with free places in which they may have it.
    pub slots: Vec<CounterSlot>,
    /// Why there is none, if that is about the person.
    pub refused: Option<Refusal>,
}

/// A slot with free places.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct CounterSlot {
    pub session: SessionId,
    pub slot: SlotNo,
    pub start: ClockTime,
    pub end: ClockTime,
    pub vaccine: Arc<str>,
    pub free: u32,
}

impl EngineHandle {
    /// The slots of a venue's day, in order of time, with counts.
    pub fn day_slots(&self, venue: VenueId, day: Day, by: &By) -> Result<Vec<DaySlot>, Refusal> {
        self.workplace(venue, by)?;
        let setup = self.index().setup();
        let mut slots = Vec::new();
        for session in self.sessions_on(venue, day) {
            let mut counts = vec![SlotCounts::default(); session.slots.len()];
            self.for_each_booking_in(session.id, |_, _, booking| {
                if let Some(counts) = counts.get_mut(usize::from(booking.slot.0)) {
                    counts.count(booking.state);
                }
            });
            let vaccine = setup.vaccine(session.vaccine).map(|vaccine| Arc::clone(&vaccine.name)).unwrap_or_default();
            let cancelled = matches!(session.phase, SessionPhase::Cancelled { .. });
            slots.extend(session.slots.iter().zip(counts).zip(0..).map(|((slot, counts), no)| DaySlot {
                session: session.id,
                slot: SlotNo(no),
                start: slot.start,
                end: slot.end,
                vaccine: Arc::clone(&vaccine),
                doses: session.doses.clone(),
                capacity: slot.capacity,
                counts,
                cancelled,
            }));
        }
        slots.sort_by_key(|slot| (slot.start, slot.session, slot.slot));
        Ok(slots)
    }

    /// People of a venue's day, by slot and name. They are in entries before this returns.
    pub async fn day_people(
        &self,
        venue: VenueId,
        day: Day,
        part: DayPart<'_>,
        by: &By,
    ) -> Result<Vec<DayPerson>, Refusal> {
        self.workplace(venue, by)?;
        let wanted = if let DayPart::Named(name) = part { kana_search_key(name) } else { String::new() };
        let mut found = Vec::new();
        for session in self.sessions_on(venue, day) {
            if matches!(part, DayPart::Slot(id, _) if id != session.id) {
                continue;
            }
            self.for_each_booking_in(session.id, |resident, entry, booking| {
                let shown = match part {
                    DayPart::Slot(_, slot) => booking.slot == slot,
                    DayPart::All => true,
                    DayPart::Named(_) => {
                        !wanted.is_empty() && kana_search_key(&entry.person.name_kana).contains(&wanted)
                    }
                };
                if shown && booking.state.uses_place() {
                    found.extend(self.day_person(entry, booking).map(|person| (resident, person)));
                }
            });
        }
        found.sort_by(|(_, a), (_, b)| {
            (a.start, a.session, a.slot, &a.name_kana).cmp(&(b.start, b.session, b.slot, &b.name_kana))
        });
        if matches!(part, DayPart::Named(_)) {
            found.truncate(FOUND_MAX);
        }
        self.note_people_viewed(found.iter().map(|(resident, _)| *resident), View::DayList, by.clone()).await?;
        Ok(found.into_iter().map(|(_, person)| person).collect())
    }

    /// Who has booking `number`, as the desk of `venue` may see them. Somebody who is shown is in an entry before this returns.
    pub async fn at_desk(&self, venue: VenueId, number: BookingNumber, by: &By) -> Result<AtDesk, Refusal> {
        self.workplace(venue, by)?;
        let Some(resident) = self.owner_of(number).await? else { return Ok(AtDesk::Nobody) };
        let session_of = |entry: &ResidentEntry| entry.record.booking(number).map(|booking| booking.session);
        let session = self.index().resident(resident, session_of).flatten();
        let Some(session) = session.and_then(|id| self.index().session(id)) else { return Ok(AtDesk::Nobody) };
        let at = session.definition().venue;
        if at != venue {
            let setup = self.index().setup();
            return Ok(setup.venue(at).map_or(AtDesk::Nobody, |venue| AtDesk::OtherVenue(Arc::clone(venue))));
        }
        let event = Event::PersonViewed { resident, view: View::Desk };
        self.append(by.clone(), vec![event], None, crate::actors::Ticket::default(), Channel::Counter).await?;
        let here = self.index().resident(resident, |entry| self.day_person(entry, entry.record.booking(number)?));
        Ok(here.flatten().map_or(AtDesk::Nobody, |person| AtDesk::Here(Box::new(person))))
    }

    /// What `resident`, who stands at the counter of `venue` and has been identified, could book today. That they were seen is in an
    /// entry before this returns.
    pub async fn counter_offer(&self, venue: VenueId, resident: ResidentNo, by: &By) -> Result<CounterOffer, Refusal> {
        self.workplace(venue, by)?;
        let event = Event::PersonViewed { resident, view: View::Desk };
        self.append(by.clone(), vec![event], None, crate::actors::Ticket::default(), Channel::Counter).await?;
        let setup = self.index().setup();
        let now = self.now();
        let today = self.sessions_today(venue);
        self.person(resident, |entry, _| {
            let next = next_dose(&entry.record, &setup.vaccines, now.city_day()).map(|next| next.dose);
            let here = |booking: &&Booking| {
                booking.state.is_live() && today.iter().any(|session| session.id == booking.session)
            };
            let is_ahead = |booking: &&Booking| booking.state == BookingState::Booked && booking.date >= now.city_day();
            let mut offer = CounterOffer {
                name_kana: entry.person.name_kana.to_string(),
                booked_today: entry.record.bookings.iter().find(here).map(|booking| booking.number),
                ahead: self.views(entry.record.bookings.iter().filter(is_ahead).copied()),
                dose: next,
                slots: Vec::new(),
                refused: None,
            };
            let Some(dose) = next else { return Ok(offer) };
            for session in &today {
                let Some(vaccine) = setup.vaccine(session.vaccine) else { continue };
                let free = self.counter_places(session);
                let applicant = Applicant { person: &entry.person, record: &entry.record, channel: Channel::Counter };
                let asked = Leg { session: session.id, slot: SlotNo(0), dose };
                match may_book(applicant, &[(asked, Some(Offer { session, vaccine }))], None, &setup.waves, now) {
                    Ok(()) => offer.slots.extend(free),
                    Err(refusal) => offer.refused = Some(refusal),
                }
            }
            if offer.slots.is_empty() && offer.refused.is_none() && !today.is_empty() {
                offer.refused = Some(RefusalCode::Full.into());
            }
            Ok(offer)
        })
    }

    /// The slots of a session with the places that somebody at the counter could take.
    pub(super) fn counter_places(&self, session: &Session) -> Vec<CounterSlot> {
        let Some(entry) = self.index().session(session.id) else { return Vec::new() };
        let setup = self.index().setup();
        let vaccine = setup.vaccine(session.vaccine).map(|vaccine| Arc::clone(&vaccine.name)).unwrap_or_default();
        let booked = entry.booked();
        let held = |index: usize| entry.held(index).total();
        let taken_in_all = booked.total() + (0..session.slots.len()).map(held).sum::<u32>();
        let in_all = session.doses_total.map(|total| total.saturating_sub(taken_in_all));
        let slots = session.slots.iter().zip(&booked.0).enumerate().map(|(index, (slot, taken))| {
            let free = web_free(slot.capacity, *taken, 0).saturating_sub(held(index));
            CounterSlot {
                session: session.id,
                slot: SlotNo(index as u16),
                start: slot.start,
                end: slot.end,
                vaccine: Arc::clone(&vaccine),
                free: in_all.map_or(free, |in_all| free.min(in_all)),
            }
        });
        slots.filter(|slot| slot.free > 0).collect()
    }

    /// Runs `each` on every booking of a session, whatever became of it.
    pub(super) fn for_each_booking_in(
        &self,
        session: SessionId,
        mut each: impl FnMut(ResidentNo, &ResidentEntry, &Booking),
    ) {
        let Some(people) = self.index().session(session).map(|entry| entry.people()) else { return };
        for resident in people {
            self.index().resident(resident, |entry| {
                let here = entry.record.bookings.iter().filter(|booking| booking.session == session);
                here.for_each(|booking| each(resident, entry, booking));
            });
        }
    }

    fn sessions_on(&self, venue: VenueId, day: Day) -> Vec<Arc<Session>> {
        let all = self.index().sessions();
        let here = |session: &Arc<Session>| session.venue == venue && session.date == day && !session.phase.is_hidden();
        all.iter().map(|entry| entry.definition()).filter(here).collect()
    }

    /// None if their personal data was erased: there is nobody to show.
    fn day_person(&self, entry: &ResidentEntry, booking: &Booking) -> Option<DayPerson> {
        if entry.record.erased {
            return None;
        }
        let place = self.place(booking.leg())?;
        let lot = |care: &Care| care.lot(booking.number).map(Into::into);
        Some(DayPerson {
            number: booking.number,
            name_kana: entry.person.name_kana.to_string(),
            session: booking.session,
            slot: booking.slot,
            date: place.date,
            start: place.start,
            end: place.end,
            dose: booking.dose,
            vaccine_id: booking.vaccine,
            vaccine: place.vaccine,
            state: booking.state,
            lot: entry.record.care.as_deref().and_then(lot),
            left_roll: entry.record.left_roll,
            dose_before_missing: dose_before_is_missing(&entry.record, booking.dose),
        })
    }
}
