//! Leftover doses of today's session: whom to call next, what they said, and the IDs of those whose number only the city knows.

use std::cmp::Reverse;

use super::EngineHandle;
use super::day_list::CounterSlot;
use crate::core::contact::ContactKind;
use crate::core::decide::{Applicant, Offer, may_book, next_dose};
use crate::core::event::{By, Entry, Event};
use crate::core::ids::{
    BookingNumber, Channel, CityId, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo, VaccineId, VenueId,
};
use crate::core::leftover::{LeftoverLot, wave_rank};
use crate::core::leg::Leg;
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::session::Session;
use crate::core::setup::Vaccine;
use crate::core::staff::{ExportKind, ExportReason, LeftoverAnswer, View};
use crate::core::time::{ClockTime, Instant};
use crate::ledger::ResidentEntry;

/// How many people are shown to be called at once: whoever is shown has been seen.
const CALLED_AT_ONCE_MAX: usize = 10;
/// How many of those who were asked are shown, the latest first.
const ASKED_SHOWN_MAX: usize = 20;
/// The most IDs that one export names.
pub const LEFTOVER_IDS_MAX: usize = 200;

/// A session of today with what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct LeftoverSession {
    pub session: SessionId,
    pub vaccine: std::sync::Arc<str>,
    pub vaccine_id: VaccineId,
    pub doses: Vec<DoseNo>,
    pub start: ClockTime,
    pub end: ClockTime,
    /// The slots in which somebody who comes at once can be booked.
    pub slots: Vec<CounterSlot>,
}

/// Somebody who would come at short notice.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct LeftoverPerson {
    pub lot: LeftoverLot,
    pub name_kana: String,
    pub dose: DoseNo,
    pub contact_kind: ContactKind,
    pub contact: String,
}

/// Somebody who was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct LeftoverAnswered {
    pub lot: LeftoverLot,
    pub name_kana: String,
    pub answer: LeftoverAnswer,
    pub at: Instant,
}

/// The call list of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftoverList {
    /// What is left.
    pub session: LeftoverSession,
    /// Whom to call next, in order.
    pub next: Vec<LeftoverPerson>,
    /// How many people can be called in all.
    pub willing: usize,
    /// Who was asked, the latest first.
    pub asked: Vec<LeftoverAnswered>,
}

/// A person whom leftover doses may be offered to, in the order of the calls.
struct Candidate {
    order: (usize, LeftoverLot),
    resident: ResidentNo,
    dose: DoseNo,
}

impl EngineHandle {
    /// Today's sessions of `venue`. They name nobody.
    pub fn leftover_sessions(&self, venue: VenueId, by: &By) -> Result<Vec<LeftoverSession>, Refusal> {
        self.workplace(venue, by)?;
        Ok(self.sessions_today(venue).iter().filter_map(|session| self.leftover_session(session)).collect())
    }

    /// Whom to call next about leftover doses of `session`, with their contacts, and who was asked. All of them are in entries before
    /// this returns.
    pub async fn leftovers(&self, venue: VenueId, session: SessionId, by: &By) -> Result<LeftoverList, Refusal> {
        let (session, vaccine) = self.leftover_of(venue, session, by)?;
        let key = self.draw_key().await?;
        let willing = self.candidates(&session, &vaccine, &key, |entry| {
            entry.contact.is_some() && asked(entry, session.id).is_none()
        });
        let next: Vec<(ResidentNo, LeftoverPerson)> = willing
            .iter()
            .take(CALLED_AT_ONCE_MAX)
            .filter_map(|candidate| {
                let person = self.index().resident(candidate.resident, |entry| {
                    let contact = entry.contact.as_ref()?;
                    Some(LeftoverPerson {
                        lot: candidate.order.1,
                        name_kana: entry.person.name_kana.to_string(),
                        dose: candidate.dose,
                        contact_kind: contact.kind(),
                        contact: contact.value().to_owned(),
                    })
                });
                Some((candidate.resident, person??))
            })
            .collect();
        let answered = self.answered(session.id, &key);
        self.note_people_viewed(answered.iter().map(|(resident, _)| *resident), View::Leftovers, by.clone()).await?;
        self.note_people_viewed(next.iter().map(|(resident, _)| *resident), View::Contact, by.clone()).await?;
        Ok(LeftoverList {
            session: self.leftover_session(&session).ok_or(RefusalCode::NoSuchSlot)?,
            next: next.into_iter().map(|(_, person)| person).collect(),
            willing: willing.len(),
            asked: answered.into_iter().map(|(_, answered)| answered).collect(),
        })
    }

    /// Keeps what somebody said who was called, durably. Whoever accepts is booked in `slot` first, by the counter's lane, and
    /// nothing is kept if that is refused. Gives the number of that booking.
    #[allow(clippy::too_many_arguments, reason = "each is one word of what stands on the call list's form")]
    pub async fn answer_leftover(
        &self,
        venue: VenueId,
        session: SessionId,
        lot: LeftoverLot,
        answer: LeftoverAnswer,
        slot: SlotNo,
        key: RequestKey,
        by: By,
    ) -> Result<Option<BookingNumber>, Refusal> {
        let (definition, _) = self.leftover_of(venue, session, &by)?;
        let draw = self.draw_key().await?;
        let resident = self.holder_of(lot, session, &draw).ok_or(RefusalCode::NoSuchBooking)?;
        let mut booked = None;
        if answer == LeftoverAnswer::Accepted {
            let vaccines = &self.index().setup().vaccines;
            let today = self.now().city_day();
            let dose = self.person(resident, |entry, _| {
                // The same press again finds the dose booked: the key then gives the first answer.
                let again =
                    entry.record.key(&key, self.now()).and_then(|first| first.answer.first().map(|it| it.leg.dose));
                let next = again.or_else(|| next_dose(&entry.record, vaccines, today).map(|next| next.dose));
                next.ok_or_else(|| RefusalCode::AlreadyBooked.into())
            })?;
            let leg = Leg { session: definition.id, slot, dose };
            booked = Some(self.book_today(venue, resident, leg, key, by.clone()).await?);
        }
        let pass = self.pass(resident).await?;
        let said = self.person(resident, |entry, _| Ok(asked(entry, session)))?;
        if said != Some(answer) {
            let event = Event::LeftoverOffered { resident, session, answer };
            let entry = Entry { at: self.now(), by, key: None, events: vec![event] };
            self.append_with_pass(entry, pass, Channel::Counter).await?;
        }
        Ok(booked)
    }

    /// The IDs of the first `rows_max` people (at most [`LEFTOVER_IDS_MAX`]) who may come and left no contact, in the order of the
    /// calls, for the city's own look-up of their numbers. The export and whom it names are in entries before this returns.
    pub async fn export_leftover_ids(
        &self,
        venue: VenueId,
        session: SessionId,
        rows_max: usize,
        reason: ExportReason,
        by: &By,
    ) -> Result<Vec<CityId>, Refusal> {
        let (session, vaccine) = self.leftover_of(venue, session, by)?;
        let key = self.draw_key().await?;
        let mut people = self.candidates(&session, &vaccine, &key, |entry| {
            entry.contact.is_none() && asked(entry, session.id).is_none()
        });
        people.truncate(rows_max.min(LEFTOVER_IDS_MAX));
        let rows = u32::try_from(people.len()).unwrap_or(u32::MAX);
        let exported = Event::Exported { what: ExportKind::LeftoverIds, reason, rows };
        self.note_in_chunks(vec![exported], people.iter().map(|one| one.resident), View::Export, by.clone()).await?;
        Ok(people.iter().filter_map(|one| self.city_id(one.resident)).collect())
    }

    /// A session of today's at `venue`, with its vaccine.
    fn leftover_of(
        &self,
        venue: VenueId,
        session: SessionId,
        by: &By,
    ) -> Result<(std::sync::Arc<Session>, Vaccine), Refusal> {
        self.workplace(venue, by)?;
        let session = self.sessions_today(venue).into_iter().find(|today| today.id == session);
        let session = session.ok_or(RefusalCode::NoSuchSlot)?;
        let vaccine = self.vaccine(session.vaccine).ok_or(RefusalCode::NoSuchSlot)?;
        Ok((session, vaccine))
    }

    fn leftover_session(&self, session: &Session) -> Option<LeftoverSession> {
        let (first, last) = (session.slots.first()?, session.slots.last()?);
        Some(LeftoverSession {
            session: session.id,
            vaccine: self.vaccine(session.vaccine)?.name,
            vaccine_id: session.vaccine,
            doses: session.doses.clone(),
            start: first.start,
            end: last.end,
            slots: self.counter_places(session),
        })
    }

    /// Everybody who is `wanted` and may have a dose of `session` today, without one booked and without a clinic, in the order of
    /// the calls.
    fn candidates(
        &self,
        session: &Session,
        vaccine: &Vaccine,
        key: &[u8; 32],
        wanted: impl Fn(&ResidentEntry) -> bool,
    ) -> Vec<Candidate> {
        let setup = self.index().setup();
        let now = self.now();
        let mut all = Vec::new();
        self.index().for_each_resident(|resident, entry| {
            if !wanted(entry) || entry.record.care.as_ref().is_some_and(|care| care.clinic) {
                return;
            }
            let Some(rank) = wave_rank(&setup.waves, &entry.person, now) else { return };
            let Some(next) = next_dose(&entry.record, &setup.vaccines, now.city_day()) else { return };
            let applicant = Applicant { person: &entry.person, record: &entry.record, channel: Channel::Counter };
            let leg = Leg { session: session.id, slot: SlotNo(0), dose: next.dose };
            if may_book(applicant, &[(leg, Some(Offer { session, vaccine }))], None, &setup.waves, now).is_ok() {
                let lot = LeftoverLot::draw(session.id, resident, key);
                all.push(Candidate { order: (rank, lot), resident, dose: next.dose });
            }
        });
        all.sort_unstable_by_key(|candidate| candidate.order);
        all
    }

    /// Who has this lot. Whoever is not on a call list has one too, but nobody can know it.
    fn holder_of(&self, lot: LeftoverLot, session: SessionId, key: &[u8; 32]) -> Option<ResidentNo> {
        let mut all = (0..self.index().residents_next()).map(ResidentNo);
        all.find(|resident| LeftoverLot::draw(session, *resident, key) == lot)
    }

    fn answered(&self, session: SessionId, key: &[u8; 32]) -> Vec<(ResidentNo, LeftoverAnswered)> {
        let mut all = Vec::new();
        self.index().for_each_resident(|resident, entry| {
            if let Some(asked) = entry.record.care.as_ref().and_then(|care| care.asked(session))
                && !entry.record.erased
            {
                let lot = LeftoverLot::draw(session, resident, key);
                let name_kana = entry.person.name_kana.to_string();
                all.push((resident, LeftoverAnswered { lot, name_kana, answer: asked.answer, at: asked.at }));
            }
        });
        all.sort_by_key(|(resident, answered)| (Reverse(answered.at), *resident));
        all.truncate(ASKED_SHOWN_MAX);
        all
    }
}

/// What they said to a leftover dose of `session`, if they were asked.
fn asked(entry: &ResidentEntry, session: SessionId) -> Option<LeftoverAnswer> {
    entry.record.care.as_ref().and_then(|care| care.asked(session)).map(|asked| asked.answer)
}
