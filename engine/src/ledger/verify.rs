//! Checks a store against every invariant, from the journal's first entry, without the server's help: the chain, the fold, the
//! high-water mark, capacities, one live booking per dose, intervals, openings. Gives counts and a digest of the state.
//!
//! Each entry is judged by the setup and the record as they were when it was made: a vaccine that is defined anew, or a dose
//! elsewhere that is corrected, makes no earlier booking wrong.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::audit::AuditRow;
use super::codec::{CHAIN_START, encode_row, read_block};
use super::high_water::HighWater;
use super::recover::load;
use super::resident_row::encode_resident;
use super::setup_row::encode_setup;
use super::snapshot::{AuditSum, Snapshot, refusing_panics};
use super::{Index, LoadError};
use crate::core::campaign::{Setup, sessions_after};
use crate::core::event::{Entry, Event};
use crate::core::ids::{BookingNumber, ResidentNo, SessionId};
use crate::core::places::Booked;
use crate::core::resident::{Booking, BookingState, Contradiction, Person, ResidentRecord};
use crate::core::session::{Session, SessionPhase};

/// How many problems are listed at most.
const PROBLEMS_MAX: usize = 100;

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Residents on file.
    pub residents: u64,
    /// Sessions, drafts too.
    pub sessions: u64,
    /// Bookings that use a place.
    pub bookings_live: u64,
    /// Entries in the journal.
    pub entries: u64,
    /// Digest of the whole state: equal digests are equal data.
    pub digest: String,
    /// What is wrong, in words; empty when all is well.
    pub problems: Vec<String>,
}

/// Verifies one view of a store, and that it is not behind `mark`. Damage and contradictions are problems of the report; an
/// error only says that the store could not be read.
pub fn verify(snapshot: &Snapshot, mark: Option<HighWater>) -> Result<VerifyReport, LoadError> {
    let mut problems = Problems(Vec::new());
    let replayed = refusing_panics(|| replay(snapshot, mark, &mut problems));
    let loaded = replayed.and_then(|replayed| Ok((replayed, load(snapshot, None)?.0)));
    let (replayed, recovered) = match loaded {
        Ok(loaded) => loaded,
        Err(error @ (LoadError::Damaged { .. } | LoadError::Contradiction { .. })) => {
            problems.add(error.to_string());
            return Ok(VerifyReport { problems: problems.0, ..VerifyReport::default() });
        }
        Err(error) => return Err(error),
    };
    let index = recovered.index;
    compare(&index, &replayed, &mut problems);
    Ok(VerifyReport {
        residents: u64::from(index.residents_next()),
        sessions: index.sessions().len() as u64,
        bookings_live: index.bookings_live(),
        entries: index.head().seq,
        digest: digest(&index),
        problems: problems.0,
    })
}

struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, problem: String) {
        if self.0.len() < PROBLEMS_MAX {
            self.0.push(problem);
        }
    }
}

/// The state that the journal alone gives, with a count of places that never looks at the tables.
#[derive(Default)]
struct Replayed {
    residents: HashMap<ResidentNo, ResidentRecord>,
    sessions: BTreeMap<SessionId, Session>,
    booked: BTreeMap<SessionId, Booked>,
    setup: Setup,
    numbers: HashSet<BookingNumber>,
    audit: AuditSum,
}

fn replay(snapshot: &Snapshot, mark: Option<HighWater>, problems: &mut Problems) -> Result<Replayed, LoadError> {
    let mut state = Replayed::default();
    let mut chain = CHAIN_START;
    let mut next = 1;
    let mut chain_at_mark = None;
    snapshot.blocks_from(1, |first_seq, bytes| {
        if first_seq != next {
            problems.add(format!("the journal has a gap before entry {first_seq}"));
        }
        chain = read_block(first_seq, bytes, chain, |seq, entry, after| {
            if let Some(row) = AuditRow::of(seq, &entry) {
                state.audit.add(&row);
            }
            if let Err(what) = state.apply(seq, &entry, problems) {
                problems.add(format!("entry {seq} contradicts the journal before it: {what}"));
            }
            if mark.is_some_and(|mark| mark.seq == seq) {
                chain_at_mark = Some(after);
            }
            next = seq + 1;
        })?;
        Ok(())
    })?;
    if snapshot.audit_sum()? != state.audit {
        problems.add("the audit's index is not the journal's".into());
    }
    if let Some(mark) = mark {
        let found = if mark.seq == 0 { Some(CHAIN_START) } else { chain_at_mark };
        if snapshot.identity()?.id != mark.store || found != Some(mark.chain) {
            problems.add(format!("the store is behind its high-water mark at entry {}", mark.seq));
        }
    }
    Ok(state)
}

impl Replayed {
    fn apply(&mut self, seq: u64, entry: &Entry, problems: &mut Problems) -> Result<(), Contradiction> {
        let mut applied = Ok(());
        for event in &entry.events {
            event.for_each_resident(|no| {
                let record = self.residents.entry(no).or_default();
                applied = applied.and_then(|()| record.apply(seq, no, entry));
            });
            if let Event::LineMoved(state) = event
                && self.setup.line.is_some_and(|line| line.opening == state.opening && line.admitted > state.admitted)
            {
                problems.add(format!("entry {seq} sends people back into the waiting room"));
            }
            self.setup.apply(event);
            for session in sessions_after(event, |id| self.sessions.get(&id).cloned())? {
                let slots = session.slots.len();
                let booked = self.booked.entry(session.id).or_default();
                if booked.0.len() != slots {
                    *booked = Booked::none(slots);
                }
                let id = session.id;
                self.sessions.insert(id, session);
                self.check_capacity(seq, id, problems);
            }
            for change in event.place_changes() {
                self.booked.get_mut(&change.session).ok_or(Contradiction::NoSuchSlot)?.apply(&change)?;
                self.check_capacity(seq, change.session, problems);
            }
        }
        applied?;
        // A pair's second dose rests on its first, so an entry is judged when all of it is applied.
        for event in &entry.events {
            match event {
                Event::Booked { resident, booking } => {
                    if !self.numbers.insert(booking.number) {
                        problems.add(format!("entry {seq} gives the number {} again", booking.number));
                    }
                    self.check_booking(seq, entry, *resident, booking, problems);
                }
                Event::Moved { resident, to, .. } => self.check_booking(seq, entry, *resident, to, problems),
                Event::AttendanceChanged { resident, booking, state, .. } if !booking.state.may_become(*state) => {
                    let (from, to) = (booking.state.code(), state.code());
                    problems.add(format!("entry {seq}, resident {resident}: from {from} to {to}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Invariant 1 after every entry, not only at the end.
    fn check_capacity(&self, seq: u64, id: SessionId, problems: &mut Problems) {
        let (session, booked) = (&self.sessions[&id], &self.booked[&id]);
        for (index, (slot, count)) in session.slots.iter().zip(&booked.0).enumerate() {
            let (taken, capacity) = (count.total(), slot.capacity);
            if taken > capacity {
                let place = format!("session {id} slot {index}");
                problems.add(format!("after entry {seq}, {place} has {taken} bookings for {capacity} places"));
            }
        }
        if session.doses_total.is_some_and(|total| booked.total() > total) {
            problems.add(format!("after entry {seq}, session {id} has more bookings than doses"));
        }
    }

    /// Invariant 2 and the session's own rules, at the moment of a grant.
    fn check_booking(&self, seq: u64, entry: &Entry, resident: ResidentNo, booking: &Booking, problems: &mut Problems) {
        let Some(session) = self.sessions.get(&booking.session) else { return };
        let mut wrong = |what: &str| problems.add(format!("entry {seq}, resident {resident}: {what}"));
        let fits = session.date == booking.date
            && session.vaccine == booking.vaccine
            && session.doses.contains(&booking.dose)
            && session.slot(booking.slot).is_some();
        if !fits {
            wrong("the booking is not one that its session gives");
        }
        match session.phase {
            SessionPhase::Published { opens_at } if entry.at >= opens_at => {}
            _ => wrong("the session did not take bookings"),
        }
        let record = &self.residents[&resident];
        let before = booking.dose.previous().map(|dose| record.dose_given(dose));
        let after = booking.dose.next().and_then(|dose| record.dose_given(dose));
        let vaccine = self.setup.vaccine(booking.vaccine);
        let allowed = |days: i32| vaccine.is_some_and(|vaccine| vaccine.allows_interval(days));
        match before {
            Some(None) => wrong("a later dose without the one before"),
            Some(Some((date, _))) if !allowed(booking.date.days_since(date)) => wrong("outside the interval"),
            _ => {}
        }
        if after.is_some_and(|(date, _)| !allowed(date.days_since(booking.date))) {
            wrong("outside the interval of the dose after");
        }
        if booking.state != BookingState::Booked {
            wrong("granted in another state than booked");
        }
    }
}

/// The tables, and what the server serves from them, are the journal's fold.
fn compare(index: &Index, replayed: &Replayed, problems: &mut Problems) {
    if *index.setup() != replayed.setup {
        problems.add("the setup in the tables is not the journal's".into());
    }
    index.for_each_resident(|no, entry| {
        if replayed.residents.get(&no) != Some(&entry.record) {
            problems.add(format!("the record of resident {no} in the tables is not the journal's"));
        }
        if entry.record.erased != (entry.person == Person::erased()) {
            problems.add(format!(
                "the journal says of resident {no} that they were erased, or were not, and it is otherwise"
            ));
        }
        if entry.record.erased && (entry.password.is_some() || entry.contact.is_some()) {
            problems.add(format!("resident {no} was erased, and a password or a contact is held"));
        }
        if entry.record.contact.given_at.is_some() != entry.contact.is_some() {
            problems.add(format!(
                "the journal says of resident {no} that a contact is held, or is not, and it is otherwise"
            ));
        }
    });
    let on_file = index.residents_next() as usize;
    if replayed.residents.len() != on_file {
        problems.add(format!("the journal names {} residents, {on_file} are on file", replayed.residents.len()));
    }
    let sessions = index.sessions();
    if sessions.len() != replayed.sessions.len() {
        problems.add(format!("the journal has {} sessions, the tables {}", replayed.sessions.len(), sessions.len()));
    }
    for entry in sessions {
        let session = entry.definition();
        if replayed.sessions.get(&session.id) != Some(&*session) {
            problems.add(format!("session {} in the tables is not the journal's", session.id));
        }
        if replayed.booked.get(&session.id) != Some(&entry.booked()) {
            problems.add(format!("the bookings of session {} do not add up", session.id));
        }
    }
}

/// Equal digests are equal data: people, passwords, contacts, records, sessions with their counts, setup, staff, and the journal by its
/// chain.
pub(crate) fn digest(index: &Index) -> String {
    let mut hasher = blake3::Hasher::new();
    index.for_each_resident(|no, entry| {
        hasher.update(&no.0.to_le_bytes());
        hasher.update(&encode_row(&(&entry.person, &entry.password, &entry.contact)));
        // Without its format, so that a record of the first one gives the digest that it always gave.
        hasher.update(encode_resident(&entry.record).get(1..).unwrap_or_default());
    });
    for entry in index.sessions() {
        hasher.update(&encode_row(&*entry.definition()));
        for count in entry.booked().0 {
            hasher.update(&encode_row(&(count.web, count.phone)));
        }
    }
    let setup = index.setup();
    hasher.update(&encode_setup(&setup));
    for login in setup.staff.keys() {
        hasher.update(&encode_row(&index.staff(login)));
    }
    hasher.update(&index.head().seq.to_le_bytes());
    hasher.update(&index.head().chain.0);
    hasher.finalize().to_hex()[..32].to_owned()
}
