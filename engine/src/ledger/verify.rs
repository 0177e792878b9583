//! Checks a store against every invariant, from the journal's first entry, without the server's help: the chain, the fold,
//! capacities, one live booking per dose, intervals. Gives counts and a digest of the state.

use std::collections::{BTreeMap, HashMap};

use super::codec::{CHAIN_START, encode_row, read_block};
use super::recover::load;
use super::store::Snapshot;
use super::{Index, LoadError};
use crate::core::campaign::Setup;
use crate::core::event::{Entry, Event};
use crate::core::ids::{ResidentNo, SessionId};
use crate::core::places::Booked;
use crate::core::resident::{Booking, ResidentRecord};
use crate::core::session::Session;

/// How many problems are listed at most.
const PROBLEMS_MAX: usize = 100;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Verifies one view of a store.
pub fn verify(snapshot: &Snapshot) -> Result<VerifyReport, LoadError> {
    let (recovered, _) = load(snapshot, None)?;
    let index = recovered.index;
    let mut problems = Problems(Vec::new());
    let replayed = replay(snapshot, &mut problems)?;
    compare(&index, &replayed, &mut problems);
    check_sessions(&index, &replayed, &mut problems);
    check_residents(&index, &mut problems);
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
}

fn replay(snapshot: &Snapshot, problems: &mut Problems) -> Result<Replayed, LoadError> {
    let mut state = Replayed::default();
    let mut chain = CHAIN_START;
    let mut next = 1;
    snapshot.blocks_from(1, &mut |first_seq, bytes| {
        if first_seq != next {
            problems.add(format!("the journal has a gap before entry {first_seq}"));
        }
        chain = read_block(first_seq, bytes, chain, |seq, entry, _| {
            state.apply(seq, &entry, problems);
            next = seq + 1;
        })?;
        Ok(())
    })?;
    Ok(state)
}

impl Replayed {
    fn apply(&mut self, seq: u64, entry: &Entry, problems: &mut Problems) {
        for event in &entry.events {
            event.for_each_resident(|no| self.residents.entry(no).or_default().apply(seq, no, entry));
            self.setup.apply(event);
            for session in crate::core::campaign::sessions_after(event, |id| self.sessions.get(&id).cloned()) {
                let slots = session.slots.len();
                if self.booked.get(&session.id).is_none_or(|booked| booked.0.len() != slots) {
                    self.booked.insert(session.id, Booked::none(slots));
                }
                self.sessions.insert(session.id, session);
            }
            for change in event.place_changes() {
                let Some(booked) = self.booked.get_mut(&change.session) else {
                    problems.add(format!("entry {seq} books in session {}, which was never drafted", change.session));
                    continue;
                };
                booked.apply(&change);
                let taken = booked.0[usize::from(change.slot.0)].total();
                let session = &self.sessions[&change.session];
                let capacity = session.slots[usize::from(change.slot.0)].capacity;
                // Invariant 1 holds after every entry, not only at the end; a move frees before it takes.
                if taken > capacity {
                    let slot = format!("session {} slot {}", change.session, change.slot);
                    problems.add(format!("after entry {seq}, {slot} has {taken} bookings for {capacity} places"));
                }
                if session.doses_total.is_some_and(|total| booked.total() > total) {
                    problems.add(format!("after entry {seq}, session {} has too few doses", change.session));
                }
            }
            if let Event::Booked { booking, .. } = event {
                let session = &self.sessions[&booking.session];
                if session.opens_at().is_none_or(|opens_at| entry.at < opens_at) {
                    problems.add(format!("entry {seq} books before session {} opened", booking.session));
                }
            }
        }
    }
}

fn compare(index: &Index, replayed: &Replayed, problems: &mut Problems) {
    if *index.setup() != replayed.setup {
        problems.add("the setup in the tables is not the journal's".into());
    }
    index.for_each_resident(|no, entry| {
        if replayed.residents.get(&no) != Some(&entry.record) {
            problems.add(format!("the record of resident {no} in the tables is not the journal's"));
        }
    });
    let on_file = index.residents_next() as usize;
    if replayed.residents.len() != on_file {
        problems.add(format!("the journal names {} residents, {on_file} are on file", replayed.residents.len()));
    }
}

fn check_sessions(index: &Index, replayed: &Replayed, problems: &mut Problems) {
    for entry in index.sessions() {
        let session = entry.definition();
        if replayed.sessions.get(&session.id) != Some(&*session) {
            problems.add(format!("session {} in the tables is not the journal's", session.id));
        }
        if replayed.booked.get(&session.id) != Some(&entry.booked()) {
            problems.add(format!("the bookings of session {} do not add up", session.id));
        }
    }
}

fn check_residents(index: &Index, problems: &mut Problems) {
    let setup = index.setup();
    let mut numbers = std::collections::HashSet::new();
    index.for_each_resident(|no, entry| {
        let mut live: Vec<&Booking> = entry.record.bookings.iter().filter(|booking| booking.state.is_live()).collect();
        live.sort_by_key(|booking| booking.dose);
        for pair in live.windows(2) {
            if pair[0].dose == pair[1].dose {
                problems.add(format!("resident {no} has two live bookings of dose {}", pair[0].dose));
            }
        }
        for later in &live {
            let before = later.dose.previous().and_then(|dose| entry.record.dose_given(dose));
            if let Some((date, vaccine)) = before {
                let vaccine = setup.vaccine(vaccine);
                if !vaccine.is_some_and(|vaccine| vaccine.allows_interval(later.date.days_since(date))) {
                    problems.add(format!("resident {no} has dose {} outside the interval", later.dose));
                }
            } else if later.dose.get() > 1 && !entry.record.bookings.iter().any(|b| b.dose < later.dose) {
                problems.add(format!("resident {no} has dose {} without the one before", later.dose));
            }
        }
        for booking in &entry.record.bookings {
            if !numbers.insert(booking.number) {
                problems.add(format!("booking number {} was given twice", booking.number));
            }
        }
    });
}

fn digest(index: &Index) -> String {
    let mut hasher = blake3::Hasher::new();
    index.for_each_resident(|no, entry| {
        hasher.update(&no.0.to_le_bytes());
        hasher.update(&encode_row(&(&entry.person, &entry.password, &entry.record)));
    });
    for entry in index.sessions() {
        hasher.update(&encode_row(&*entry.definition()));
    }
    hasher.update(&encode_row(&*index.setup()));
    hasher.update(&index.head().seq.to_le_bytes());
    hasher.update(&index.head().chain.0);
    hasher.finalize().to_hex()[..32].to_owned()
}
