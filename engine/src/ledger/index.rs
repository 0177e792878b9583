//! The index in memory: the fold of everything durable, for reads and for the rules about persons.
//!
//! Only what is on the disk is in it. Residents lie in stripes, each under its own lock, so that a publish and a thousand reads
//! do not meet; every lock is held for a few hundred nanoseconds and never across a wait.

mod counts;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arc_swap::ArcSwap;

use super::codec::{CHAIN_START, Chain, encode_row};
use super::lag::Lag;
use super::resident_row::encode_resident;
use super::session_entry::SessionEntry;
use super::setup_row::encode_setup;
use super::{Beside, FoldSlice, Lagging};
use crate::core::campaign::{Setup, sessions_after};
use crate::core::contact::Contact;
use crate::core::credential::{StaffSecret, StoredPassword};
use crate::core::event::{Entry, Event};
use crate::core::ids::{CityId, ResidentNo, SessionId};
use crate::core::recent::RecentEvents;
use crate::core::resident::{Contradiction, Person, ResidentRecord};
use crate::core::session::Session;
use crate::core::time::Instant;
use crate::planted::{Bug, planted};

const STRIPES: usize = 256;
/// What was decided inside the gate and by the actors cannot contradict itself; if it does, going on would make it worse.
const CONTRADICTION: &str = "the journal does not contradict itself";

/// A resident with everything durable about them.
#[derive(Debug, Clone)]
pub struct ResidentEntry {
    /// Personal data.
    pub person: Person,
    /// The issued password.
    pub password: Option<StoredPassword>,
    /// The contact that they gave.
    pub contact: Option<Contact>,
    /// Bookings, doses and keys.
    pub record: ResidentRecord,
    lagging: bool,
}

/// A staff account with its secrets.
pub type Staff = BTreeMap<Box<str>, StaffSecret>;

/// The last durable entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its sequence number; 0 before the first.
    pub seq: u64,
    /// The chain after it.
    pub chain: Chain,
    /// When it was decided.
    pub at: Instant,
}

/// The fold in memory.
pub struct Index {
    stripes: Box<[RwLock<Vec<Option<ResidentEntry>>>]>,
    by_id: RwLock<HashMap<CityId, ResidentNo>>,
    residents_next: AtomicU32,
    sessions: RwLock<BTreeMap<SessionId, Arc<SessionEntry>>>,
    setup: ArcSwap<Setup>,
    staff: RwLock<Staff>,
    head: Mutex<Head>,
    lagging: Mutex<Lag>,
    bookings_live: AtomicU64,
    recent: Mutex<RecentEvents>,
}

/// A poisoned lock means a panic between two field writes of plain data; `apply` asserts before it writes.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Index {
    fn default() -> Self {
        Self {
            stripes: (0..STRIPES).map(|_| RwLock::default()).collect(),
            by_id: RwLock::default(),
            residents_next: AtomicU32::new(0),
            sessions: RwLock::default(),
            setup: ArcSwap::default(),
            staff: RwLock::default(),
            head: Mutex::new(Head { seq: 0, chain: CHAIN_START, at: Instant::default() }),
            lagging: Mutex::default(),
            bookings_live: AtomicU64::new(0),
            recent: Mutex::default(),
        }
    }
}

impl Index {
    /// Runs `look` on a resident; none if there is no such pseudonym.
    pub fn resident<R>(&self, no: ResidentNo, look: impl FnOnce(&ResidentEntry) -> R) -> Option<R> {
        let stripe = read(&self.stripes[no.0 as usize % STRIPES]);
        stripe.get(no.0 as usize / STRIPES)?.as_ref().map(look)
    }

    fn resident_mut<R>(&self, no: ResidentNo, change: impl FnOnce(&mut ResidentEntry) -> R) -> Option<R> {
        let mut stripe = write(&self.stripes[no.0 as usize % STRIPES]);
        stripe.get_mut(no.0 as usize / STRIPES)?.as_mut().map(change)
    }

    /// The pseudonym of an ID on the roll.
    #[must_use]
    pub fn by_id(&self, id: CityId) -> Option<ResidentNo> {
        read(&self.by_id).get(&id).copied()
    }

    /// The pseudonym that the next new resident gets: one more than the greatest.
    #[must_use]
    pub fn residents_next(&self) -> u32 {
        self.residents_next.load(Ordering::Acquire)
    }

    /// Runs `each` on every resident, in order of pseudonym.
    pub fn for_each_resident(&self, mut each: impl FnMut(ResidentNo, &ResidentEntry)) {
        for no in 0..self.residents_next() {
            self.resident(ResidentNo(no), |entry| each(ResidentNo(no), entry));
        }
    }

    /// The session `id`, drafts too.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<Arc<SessionEntry>> {
        read(&self.sessions).get(&id).cloned()
    }

    /// All sessions by id, drafts too.
    #[must_use]
    pub fn sessions(&self) -> Vec<Arc<SessionEntry>> {
        read(&self.sessions).values().cloned().collect()
    }

    /// Venues, vaccines, waves, staff roles.
    #[must_use]
    pub fn setup(&self) -> Arc<Setup> {
        self.setup.load_full()
    }

    /// The secrets of a staff account.
    #[must_use]
    pub fn staff(&self, login: &str) -> Option<StaffSecret> {
        read(&self.staff).get(login).cloned()
    }

    /// The last durable entry.
    #[must_use]
    pub fn head(&self) -> Head {
        *lock(&self.head)
    }

    /// How many bookings use a place or stand for a dose.
    #[must_use]
    pub fn bookings_live(&self) -> u64 {
        self.bookings_live.load(Ordering::Acquire)
    }

    /// Runs `look` on what became durable lately.
    pub fn recent<R>(&self, look: impl FnOnce(&RecentEvents) -> R) -> R {
        look(&lock(&self.recent))
    }

    /// How many records lag in the tables.
    #[must_use]
    pub fn fold_lag(&self) -> usize {
        lock(&self.lagging).len()
    }

    /// Applies a durable entry with its rows beside it. Only the ledger calls this, in order of sequence numbers.
    ///
    /// # Panics
    /// If the journal contradicts itself.
    pub(super) fn apply(&self, seq: u64, chain: Chain, entry: &Entry, beside: Option<&Beside>) {
        if let Some(beside) = beside {
            self.put_beside(beside);
        }
        for event in &entry.events {
            event.for_each_resident(|no| self.apply_to_resident(seq, no, entry).expect(CONTRADICTION));
            for change in event.place_changes() {
                let session = self.session(change.session).expect("a booking is in a session");
                session.apply(change).expect(CONTRADICTION);
            }
            if let Event::Booked { resident, booking } | Event::Moved { resident, to: booking, .. } = event {
                self.note_person(booking.session, *resident);
            }
            self.count(entry.at, event);
            self.apply_to_campaign(seq, event).expect(CONTRADICTION);
        }
        let mut head = lock(&self.head);
        *head = Head { seq, chain, at: entry.at.max(head.at) };
    }

    fn apply_to_resident(&self, seq: u64, no: ResidentNo, entry: &Entry) -> Result<(), Contradiction> {
        let applied = self.resident_mut(no, |resident| {
            resident.record.apply(seq, no, entry)?;
            Ok(!std::mem::replace(&mut resident.lagging, true))
        });
        if applied.unwrap_or(Err(Contradiction::NobodyOnFile))? {
            lock(&self.lagging).push(seq, Lagging::Resident(no));
        }
        Ok(())
    }

    fn apply_to_campaign(&self, seq: u64, event: &Event) -> Result<(), Contradiction> {
        if event.is_about_a_resident() {
            return Ok(());
        }
        let mut setup = Setup::clone(&self.setup.load());
        if setup.apply(event) {
            self.setup.store(Arc::new(setup));
            lock(&self.lagging).push(seq, Lagging::Setup);
        }
        let before = |id| self.session(id).map(|entry| Session::clone(&entry.definition()));
        for session in sessions_after(event, before)? {
            lock(&self.lagging).push(seq, Lagging::Session(session.id));
            self.put_session(session);
        }
        Ok(())
    }

    /// Puts rows that lie beside the journal.
    pub(super) fn put_beside(&self, beside: &Beside) {
        for (no, person) in &beside.people {
            write(&self.by_id).insert(person.id, *no);
            self.resident_or_new(*no, |resident| resident.person = person.clone());
        }
        for (no, password) in &beside.passwords {
            self.resident_mut(*no, |resident| resident.password = Some(*password));
        }
        for (no, contact) in &beside.contacts {
            self.resident_mut(*no, |resident| resident.contact.clone_from(contact));
        }
        for no in &beside.erased {
            let id = self.resident_mut(*no, |resident| {
                let person = std::mem::replace(&mut resident.person, Person::erased());
                resident.password = None;
                resident.contact = None;
                person.id
            });
            if let Some(id) = id {
                write(&self.by_id).remove(&id);
            }
        }
        let mut staff = write(&self.staff);
        for (login, secret) in &beside.staff {
            staff.insert(login.clone(), secret.clone());
        }
    }

    /// Runs `change` on a resident; one who is not there yet has no personal data before it.
    fn resident_or_new(&self, no: ResidentNo, change: impl FnOnce(&mut ResidentEntry)) {
        let mut stripe = write(&self.stripes[no.0 as usize % STRIPES]);
        let at = no.0 as usize / STRIPES;
        if stripe.len() <= at {
            stripe.resize_with(at + 1, || None);
        }
        change(stripe[at].get_or_insert_with(|| ResidentEntry {
            person: Person::erased(),
            password: None,
            contact: None,
            record: ResidentRecord::default(),
            lagging: false,
        }));
        self.residents_next.fetch_max(no.0 + 1, Ordering::AcqRel);
    }

    /// Puts a resident's record from the tables, at recovery. The personal data of somebody who was erased is not there any more.
    pub(super) fn put_record(&self, no: ResidentNo, mut record: ResidentRecord) {
        if planted(Bug::KeyForgottenAfterRestart) {
            record.keys.clear();
        }
        self.resident_or_new(no, |resident| resident.record = record);
    }

    /// Puts a session's definition; a new one gets empty counts.
    pub(super) fn put_session(&self, session: Session) {
        let mut sessions = write(&self.sessions);
        match sessions.get(&session.id) {
            // A draft may change its slots: nobody has booked it yet.
            Some(entry) if entry.definition().slots.len() == session.slots.len() => {
                entry.definition.store(Arc::new(session));
            }
            _ => {
                sessions.insert(session.id, Arc::new(SessionEntry::new(session)));
            }
        }
    }

    /// Puts the setup from the tables, at recovery.
    pub(super) fn put_setup(&self, setup: Setup) {
        self.setup.store(Arc::new(setup));
    }

    /// Applies only what an entry says of records, at recovery, before counts are derived.
    pub(super) fn replay(&self, seq: u64, entry: &Entry) -> Result<(), Contradiction> {
        let mut applied = Ok(());
        for event in &entry.events {
            // Whoever was erased before their record was ever folded has no row left in any table.
            if let Event::RollImported { added, .. } = event {
                added.iter().for_each(|no| self.resident_or_new(no, |_| ()));
            }
            event.for_each_resident(|no| applied = applied.and_then(|()| self.apply_to_resident(seq, no, entry)));
            applied = applied.and_then(|()| self.apply_to_campaign(seq, event));
        }
        applied
    }

    /// The next slice of the fold: up to `records_max` lagging records as they are now. They count as written; if the commit
    /// fails, the index is loaded anew.
    pub(super) fn fold_slice(&self, records_max: usize) -> FoldSlice {
        let mut slice = FoldSlice::default();
        for _ in 0..records_max {
            let Some(record) = lock(&self.lagging).pop() else { break };
            match record {
                Lagging::Resident(no) => {
                    let row = self.resident_mut(no, |resident| {
                        resident.lagging = false;
                        encode_resident(&resident.record)
                    });
                    slice.residents.extend(row.map(|row| (no, row)));
                }
                Lagging::Session(id) => {
                    slice.sessions.extend(self.session(id).map(|entry| (id, encode_row(&*entry.definition()))));
                }
                Lagging::Setup => slice.setup = Some(encode_setup(&self.setup())),
            }
        }
        let head = self.head().seq;
        let lagging = lock(&self.lagging).first_seq().filter(|_| !planted(Bug::FoldAhead));
        slice.folded_seq = lagging.map_or(head, |seq| seq - 1);
        slice
    }

    /// Takes the place of everything with what was loaded from the same store. Sessions stay the same objects, for whoever
    /// has hold of them. Readers may meanwhile see some of the old and some of the new, all of it durable.
    pub(super) fn replace(&self, loaded: Self) {
        for (stripe, loaded) in self.stripes.iter().zip(loaded.stripes) {
            *write(stripe) = loaded.into_inner().unwrap_or_else(PoisonError::into_inner);
        }
        *write(&self.by_id) = loaded.by_id.into_inner().unwrap_or_else(PoisonError::into_inner);
        *write(&self.staff) = loaded.staff.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.residents_next.store(loaded.residents_next.into_inner(), Ordering::Release);
        self.setup.store(loaded.setup.into_inner());
        for (id, session) in loaded.sessions.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let kept = self.session(id).filter(|kept| kept.held.len() == session.held.len());
            match kept {
                Some(kept) => {
                    kept.definition.store(session.definition());
                    kept.replace_booked(session.booked());
                    let people = std::mem::take(&mut *lock(&session.people));
                    *lock(&kept.people) = people;
                }
                None => {
                    write(&self.sessions).insert(id, session);
                }
            }
        }
        *lock(&self.lagging) = loaded.lagging.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.bookings_live.store(loaded.bookings_live.into_inner(), Ordering::Release);
        *lock(&self.head) = loaded.head.into_inner().unwrap_or_else(PoisonError::into_inner);
    }
}
