//! The way through the entries of a delta: which are new, where they are cut, what they need beside the journal, and whether that is to
//! be had. It writes nothing; replay.rs does.
//!
//! A cut is a place in the journal: everything before the first entry that is later than the instant. Decisions may overtake each
//! other on their way, so an entry is as late as the latest one up to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::de::DeserializeOwned;

use super::codec::{BlockWriter, Chain, decode_row};
use super::delta::RowsBeside;
use super::export::StoreHead;
use super::export_error::ExportError;
use super::touched::Touched;
use super::{Beside, Block, LoadError};
use crate::core::event::{Entry, Event};
use crate::core::ids::ResidentNo;
use crate::core::time::Instant;

/// How far the way has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Entries are taken.
    Taking,
    /// The instant is reached: nothing more is taken.
    Reached,
    /// This instant is reached, and something that belongs to it is not to be had. What comes says when it could be.
    Looking(Instant),
}

/// A row beside the journal.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Person(u32),
    Password(u32),
    Contact(u32),
    Staff(Box<str>),
}

/// The way.
pub(super) struct Course<'a> {
    base: StoreHead,
    rows: &'a RowsBeside,
    until: Option<Instant>,
    stage: Stage,
    /// The chain after the last entry.
    chain: Chain,
    /// The latest instant of the journal so far.
    latest: Instant,
    /// The latest instant that can be had, as far as was seen.
    before: Instant,
    /// Rows that are put by the entries so far, and not kept.
    missing: BTreeSet<Row>,
    writer: Option<BlockWriter>,
    ready: Vec<Block>,
    owed: Owed,
    erased_all: bool,
}

impl<'a> Course<'a> {
    /// From the head `base` of a store on, with the rows of a delta.
    pub(super) fn new(base: StoreHead, rows: &'a RowsBeside, until: Option<Instant>) -> Self {
        Self {
            base,
            rows,
            until,
            stage: Stage::Taking,
            chain: Chain(base.chain),
            latest: base.at,
            before: base.at.plus_ms(-1),
            missing: BTreeSet::new(),
            writer: None,
            ready: Vec::new(),
            owed: Owed::default(),
            erased_all: false,
        }
    }

    /// Whether no entry after a head at `at` is wanted.
    pub(super) fn has_reached(&self, at: Instant) -> bool {
        self.stage == Stage::Reached || self.until.is_some_and(|until| at > until)
    }

    /// Passes an entry that the store has: it must be the same one.
    pub(super) fn pass(&self, seq: u64, chain: Chain) -> Result<(), ExportError> {
        let is_other = seq == self.base.seq && chain.0 != self.base.chain;
        if is_other { Err(ExportError::OtherHistory { at: seq }) } else { Ok(()) }
    }

    /// Meets the next entry of the delta.
    pub(super) fn meet(&mut self, seq: u64, entry: &Entry, chain: Chain) -> Result<(), ExportError> {
        if seq <= self.base.seq {
            return self.pass(seq, chain);
        }
        if entry.at > self.latest {
            // From the latest instant until just before this one, the store is what the entries so far make of it.
            if self.missing.is_empty() {
                self.can_be_had(entry.at.plus_ms(-1))?;
            }
            self.latest = entry.at;
        }
        if let (Stage::Taking, Some(until)) = (self.stage, self.until)
            && self.latest > until
        {
            self.stage = if self.missing.is_empty() { Stage::Reached } else { Stage::Looking(until) };
        }
        if self.stage == Stage::Reached {
            return Ok(());
        }
        Touched::by(entry, |touched| note_missing(&mut self.missing, self.rows, touched));
        if self.stage == Stage::Taking { self.take(seq, entry, chain) } else { Ok(()) }
    }

    /// The store can be had from the latest instant up to `until`.
    fn can_be_had(&mut self, until: Instant) -> Result<(), ExportError> {
        match self.stage {
            Stage::Taking => self.before = until,
            Stage::Reached => {}
            Stage::Looking(asked) => {
                return Err(ExportError::NotToBeHad { asked, before: self.before, after: self.latest });
            }
        }
        Ok(())
    }

    fn take(&mut self, seq: u64, entry: &Entry, chain: Chain) -> Result<(), ExportError> {
        let before = self.chain;
        let writer = self.writer.get_or_insert_with(|| BlockWriter::after(seq - 1, before));
        if writer.push(entry) != (seq, chain) {
            return Err(ExportError::Damaged("an entry that is not stored as it reads"));
        }
        self.chain = chain;
        Touched::by(entry, |touched| self.owed.note(touched));
        self.erased_all |= entry.events.iter().any(|event| matches!(event, Event::CampaignErased { .. }));
        Ok(())
    }

    /// The delta's block ends here; so does the one that is made of what was taken of it.
    pub(super) fn end_block(&mut self) {
        self.ready.extend(self.writer.take().map(BlockWriter::finish));
    }

    /// The delta ends here: everything that its entries put is to be had.
    pub(super) fn end(&mut self) -> Result<(), ExportError> {
        if !self.missing.is_empty() {
            return Err(ExportError::Damaged("rows beside the journal are missing"));
        }
        self.can_be_had(self.latest)
    }

    /// How much was taken, in bytes.
    pub(super) fn ready_bytes(&self) -> usize {
        self.ready.iter().map(|block| block.bytes.len()).sum()
    }

    /// Gives what was taken since the last time, with the rows beside it.
    pub(super) fn take_ready(&mut self) -> Result<(Vec<Block>, Beside), LoadError> {
        let beside = std::mem::take(&mut self.owed).rows(self.rows)?;
        Ok((std::mem::take(&mut self.ready), beside))
    }

    /// Whether everybody's data was erased by what was taken.
    pub(super) const fn erased_all(&self) -> bool {
        self.erased_all
    }
}

fn note_missing(missing: &mut BTreeSet<Row>, rows: &RowsBeside, touched: Touched<'_>) {
    let mut put = |row, is_there: bool| {
        if !is_there {
            missing.insert(row);
        }
    };
    match touched {
        Touched::Person(no) => put(Row::Person(no.0), rows.people.contains_key(&no.0)),
        Touched::Password(no) => put(Row::Password(no.0), rows.passwords.contains_key(&no.0)),
        Touched::Contact(no) => put(Row::Contact(no.0), rows.contacts.contains_key(&no.0)),
        Touched::Staff(login) => put(Row::Staff(login.into()), rows.staff.contains_key(login)),
        Touched::ContactGone(no) => {
            missing.remove(&Row::Contact(no.0));
        }
        Touched::Erased(no) => {
            for row in [Row::Person(no.0), Row::Password(no.0), Row::Contact(no.0)] {
                missing.remove(&row);
            }
        }
    }
}

/// The rows to write with the entries that were taken, by what the last of them says.
#[derive(Default)]
struct Owed {
    people: BTreeSet<u32>,
    passwords: BTreeSet<u32>,
    /// Whether one is held.
    contacts: BTreeMap<u32, bool>,
    staff: BTreeSet<Box<str>>,
    erased: BTreeSet<u32>,
}

impl Owed {
    fn note(&mut self, touched: Touched<'_>) {
        match touched {
            Touched::Person(no) => drop(self.people.insert(no.0)),
            Touched::Password(no) => drop(self.passwords.insert(no.0)),
            Touched::Contact(no) => drop(self.contacts.insert(no.0, true)),
            Touched::ContactGone(no) => drop(self.contacts.insert(no.0, false)),
            Touched::Staff(login) => drop(self.staff.insert(login.into())),
            Touched::Erased(no) => {
                self.people.remove(&no.0);
                self.passwords.remove(&no.0);
                self.contacts.remove(&no.0);
                self.erased.insert(no.0);
            }
        }
    }

    /// The rows, as the delta has them. One that it has not is erased by an entry that is still to come.
    fn rows(self, rows: &RowsBeside) -> Result<Beside, LoadError> {
        let mut beside = Beside::default();
        for no in self.people {
            beside.people.extend(decoded(&rows.people, "person", no)?);
        }
        for no in self.passwords {
            beside.passwords.extend(decoded(&rows.passwords, "password", no)?);
        }
        for (no, is_held) in self.contacts {
            if is_held {
                let contact = decoded(&rows.contacts, "contact", no)?;
                beside.contacts.extend(contact.map(|(no, contact)| (no, Some(contact))));
            } else {
                beside.contacts.push((ResidentNo(no), None));
            }
        }
        for login in self.staff {
            let secret = rows.staff.get(&login).map(|row| decode_row(row, "staff", 0)).transpose()?;
            beside.staff.extend(secret.map(|secret| (login, secret)));
        }
        beside.erased = self.erased.into_iter().map(ResidentNo).collect();
        Ok(beside)
    }
}

fn decoded<T: DeserializeOwned>(
    rows: &HashMap<u32, Box<[u8]>>,
    what: &'static str,
    no: u32,
) -> Result<Option<(ResidentNo, T)>, LoadError> {
    rows.get(&no).map(|row| Ok((ResidentNo(no), decode_row(row, what, u64::from(no))?))).transpose()
}
