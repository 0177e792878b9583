//! Consistent views of a store, and everything that is read from one. What does not add up to the seal is damage; it is never
//! given as data.

use std::collections::BinaryHeap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use redb::{
    Database, Key, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableError,
    TableHandle,
};

use super::audit::AuditRow;
use super::codec::{FORMAT, block_frame, decode_row, entry_of};
use super::overlay::Overlay;
use super::resident_row::decode_resident;
use super::seal::{RowSum, SEALED, Seal};
use super::setup_row::decode_setup;
use super::storage::CACHE_BYTES;
use super::store::{FILE_NAME, open_error};
use super::tables::{
    AUDIT_MAKERS, AUDIT_PEOPLE, CONTACTS, FOLDED_KEY, FORMAT_KEY, IDENTITY_KEY, JOURNAL, META, PASSWORDS, PEOPLE,
    RESIDENTS, SEAL, SEAL_KEY, SESSIONS, SETUP_KEY, STAFF,
};
use super::{Beside, LoadError, StoreIdentity};
use crate::core::campaign::Setup;
use crate::core::event::Entry;
use crate::core::ids::{ResidentNo, SessionId};
use crate::core::resident::{Person, ResidentRecord};
use crate::core::session::Session;

/// One consistent view of a store.
pub struct Snapshot {
    view: ReadTransaction,
    /// A handle of its own, for a view that is not the server's: dropping it closes the file.
    _database: Option<ReadOnly>,
}

/// A store that is only read. redb writes its bookkeeping whenever a store is closed, and over damaged pages that may panic or
/// even abort the process; while a panic unwinds it closes without writing.
struct ReadOnly(Option<Database>);

impl Drop for ReadOnly {
    fn drop(&mut self) {
        let database = self.0.take();
        let _ = catch_unwind(AssertUnwindSafe(move || {
            let _closed_here = database;
            resume_unwind(Box::new(()))
        }));
    }
}

impl Snapshot {
    pub(super) fn of(database: &Database) -> Result<Self, LoadError> {
        Ok(Self { view: database.begin_read()?, _database: None })
    }

    /// Opens `folder` for reading only, also after a crash; fails if a process has it open for writing.
    pub fn open(folder: &Path) -> Result<Self, LoadError> {
        let path = folder.join(FILE_NAME);
        if !path.exists() {
            return Err(LoadError::Missing(path));
        }
        let overlay = Overlay::open(&path).map_err(open_error)?;
        refusing_panics(|| {
            let database = redb::Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(overlay);
            let database = database.map_err(open_error)?;
            let view = database.begin_read()?;
            Ok(Self { view, _database: Some(ReadOnly(Some(database))) })
        })
    }

    /// Who the store is; refuses a newer format.
    pub fn identity(&self) -> Result<StoreIdentity, LoadError> {
        let meta = match self.view.open_table(META) {
            Err(TableError::TableDoesNotExist(_)) => return Err(LoadError::Damaged { what: "no meta table", at: 0 }),
            other => other?,
        };
        let format = meta.get(FORMAT_KEY)?.ok_or(LoadError::Damaged { what: "no format", at: 0 })?;
        match format.value() {
            [FORMAT] => {}
            [found, ..] => return Err(LoadError::NewerFormat { found: *found, known: FORMAT }),
            [] => return Err(LoadError::Damaged { what: "no format", at: 0 }),
        }
        let identity = self.meta(IDENTITY_KEY)?.ok_or(LoadError::Damaged { what: "no identity", at: 0 })?;
        decode_row(&identity, "identity", 0)
    }

    /// What everything adds up to.
    pub(super) fn seal(&self) -> Result<Seal, LoadError> {
        let damaged = || LoadError::Damaged { what: "no seal", at: 0 };
        let table = match self.view.open_table(SEAL) {
            Err(TableError::TableDoesNotExist(_)) => return Err(damaged()),
            other => other?,
        };
        let row = table.get(SEAL_KEY)?.ok_or_else(damaged)?;
        Seal::decode(row.value()).ok_or_else(damaged)
    }

    /// Every row of a sealed table; fails at the end if they do not add up.
    fn rows<K: Key + 'static>(
        &self,
        table: TableDefinition<'_, K, &'static [u8]>,
        each: impl FnMut(K::SelfType<'_>, &[u8]) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        self.each_row(table, each)
    }

    /// The same for whoever may fail in another way.
    pub(super) fn each_row<K: Key + 'static, E: From<LoadError>>(
        &self,
        table: TableDefinition<'_, K, &'static [u8]>,
        mut each: impl FnMut(K::SelfType<'_>, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut sum = RowSum::default();
        let table_read = self.view.open_table(table).map_err(LoadError::from)?;
        for row in table_read.iter().map_err(LoadError::from)? {
            let (key, row) = row.map_err(LoadError::from)?;
            sum.add(K::as_bytes(&key.value()).as_ref(), row.value());
            each(key.value(), row.value())?;
        }
        if self.seal()?.sum(table.name()) == sum {
            return Ok(());
        }
        let what = SEALED.into_iter().find(|sealed| *sealed == table.name()).expect("a sealed table");
        Err(LoadError::Damaged { what, at: 0 }.into())
    }

    fn meta(&self, wanted: &str) -> Result<Option<Vec<u8>>, LoadError> {
        let mut found = None;
        self.rows(META, |key, row| {
            if key == wanted {
                found = Some(row.to_vec());
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Every entry up to this one is in the tables.
    pub fn folded_seq(&self) -> Result<u64, LoadError> {
        let row = self.meta(FOLDED_KEY)?.ok_or(LoadError::Damaged { what: "no fold mark", at: 0 })?;
        let bytes = row.try_into().map_err(|_| LoadError::Damaged { what: "fold mark", at: 0 })?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// The folded setup.
    pub fn setup(&self) -> Result<Setup, LoadError> {
        self.meta(SETUP_KEY)?.map_or_else(|| Ok(Setup::default()), |row| decode_setup(&row))
    }

    /// Every stored block from the one that holds `seq` on.
    pub fn blocks_from(
        &self,
        seq: u64,
        each: impl FnMut(u64, &[u8]) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        self.each_block(seq, each)
    }

    /// The same for whoever may fail in another way.
    pub(super) fn each_block<E: From<LoadError>>(
        &self,
        seq: u64,
        mut each: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let journal = self.view.open_table(JOURNAL).map_err(LoadError::from)?;
        let last = journal.range(..=seq).map_err(LoadError::from)?.next_back().transpose().map_err(LoadError::from)?;
        let holder = last.map_or(0, |(first, _)| first.value());
        for row in journal.range(holder..).map_err(LoadError::from)? {
            let (first, bytes) = row.map_err(LoadError::from)?;
            each(first.value(), bytes.value())?;
        }
        Ok(())
    }

    /// The sequence number of the journal's last entry; 0 before the first.
    pub fn last_seq(&self) -> Result<u64, LoadError> {
        Ok(self.seal()?.seq)
    }

    /// The chain after entry `seq`, if a block ends with it: stores that agree in it have the same journal up to there.
    pub fn chain_after(&self, seq: u64) -> Result<Option<[u8; 32]>, LoadError> {
        refusing_panics(|| {
            let Seal { seq: last_seq, chain, .. } = self.seal()?;
            if seq >= last_seq {
                return Ok((seq == last_seq).then_some(chain.0));
            }
            let journal = self.view.open_table(JOURNAL)?;
            let block = journal.get(seq + 1)?;
            block.map(|bytes| Ok(block_frame(seq + 1, bytes.value())?.before.0)).transpose()
        })
    }

    /// The journal, for whoever reads single entries of it.
    pub fn journal(&self) -> Result<Journal, LoadError> {
        Ok(Journal { table: self.view.open_table(JOURNAL)?, last_seq: self.last_seq()? })
    }

    /// The last of at most `rows_max` entries about `person` with a sequence number in `range`, newest first.
    pub fn audit_of_person(
        &self,
        person: ResidentNo,
        range: Range<u64>,
        rows_max: usize,
    ) -> Result<Vec<u64>, LoadError> {
        let table = self.view.open_table(AUDIT_PEOPLE)?;
        let rows = table.range((person.0, range.start)..(person.0, range.end))?.rev().take(rows_max);
        rows.map(|row| Ok(row?.0.value().1)).collect()
    }

    /// The same for entries that one of `makers` made.
    pub fn audit_of_makers(
        &self,
        makers: &[Box<str>],
        range: Range<u64>,
        rows_max: usize,
    ) -> Result<Vec<u64>, LoadError> {
        let table = self.view.open_table(AUDIT_MAKERS)?;
        let mut rows = Vec::with_capacity(makers.len());
        for maker in makers {
            rows.push(table.range((&**maker, range.start)..(&**maker, range.end))?.rev());
        }
        let mut next = |maker: usize| rows[maker].next().map(|row| Ok::<_, LoadError>(row?.0.value().1)).transpose();
        // The newest entry that is left of each maker: the newest of them all comes next.
        let mut heads = BinaryHeap::new();
        for maker in 0..makers.len() {
            heads.extend(next(maker)?.map(|seq| (seq, maker)));
        }
        let mut found = Vec::new();
        while found.len() < rows_max
            && let Some((seq, maker)) = heads.pop()
        {
            found.push(seq);
            heads.extend(next(maker)?.map(|seq| (seq, maker)));
        }
        Ok(found)
    }

    /// What the audit's index adds up to.
    pub(super) fn audit_sum(&self) -> Result<AuditSum, LoadError> {
        let mut sum = AuditSum::default();
        for row in self.view.open_table(AUDIT_PEOPLE)?.iter()? {
            let (person, seq) = row?.0.value();
            sum.person(ResidentNo(person), seq);
        }
        for row in self.view.open_table(AUDIT_MAKERS)?.iter()? {
            let row = row?.0;
            let (maker, seq) = row.value();
            sum.maker(maker, seq);
        }
        Ok(sum)
    }

    /// Everything beside the journal.
    pub fn beside(&self) -> Result<Beside, LoadError> {
        let mut beside = Beside::default();
        self.rows(PEOPLE, |no, row| {
            let person: Person = decode_row(row, "person", u64::from(no))?;
            beside.people.push((ResidentNo(no), person));
            Ok(())
        })?;
        self.rows(PASSWORDS, |no, row| {
            beside.passwords.push((ResidentNo(no), decode_row(row, "password", u64::from(no))?));
            Ok(())
        })?;
        self.rows(STAFF, |login, row| {
            beside.staff.push((login.into(), decode_row(row, "staff", 0)?));
            Ok(())
        })?;
        self.rows(CONTACTS, |no, row| {
            beside.contacts.push((ResidentNo(no), Some(decode_row(row, "contact", u64::from(no))?)));
            Ok(())
        })?;
        Ok(beside)
    }

    /// The folded residents' records. What it gave is only to be used if it succeeds.
    pub fn residents(&self, each: &mut dyn FnMut(ResidentNo, ResidentRecord)) -> Result<(), LoadError> {
        self.rows(RESIDENTS, |no, row| {
            each(ResidentNo(no), decode_resident(row, u64::from(no))?);
            Ok(())
        })
    }

    /// The folded sessions. What it gave is only to be used if it succeeds.
    pub fn sessions(&self, each: &mut dyn FnMut(SessionId, Session)) -> Result<(), LoadError> {
        self.rows(SESSIONS, |id, row| {
            each(SessionId(id), decode_row(row, "session", u64::from(id))?);
            Ok(())
        })
    }
}

/// The journal of one consistent view, entry by entry.
pub struct Journal {
    table: ReadOnlyTable<u64, &'static [u8]>,
    last_seq: u64,
}

impl Journal {
    /// The sequence number of the last entry; 0 before the first.
    #[must_use]
    pub const fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The entry `seq`; none if there is no such entry.
    pub fn entry(&self, seq: u64) -> Result<Option<Entry>, LoadError> {
        if seq == 0 || seq > self.last_seq {
            return Ok(None);
        }
        let block = self.table.range(..=seq)?.next_back().transpose()?;
        block.map(|(first, bytes)| entry_of(first.value(), bytes.value(), seq)).transpose()
    }
}

/// What an index of the audit adds up to: equal sums are equal rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct AuditSum {
    people: RowSum,
    makers: RowSum,
}

impl AuditSum {
    /// Takes up what the index has of an entry.
    pub(super) fn add(&mut self, row: &AuditRow) {
        row.people.iter().for_each(|person| self.person(*person, row.seq));
        self.maker(&row.maker, row.seq);
    }

    fn person(&mut self, person: ResidentNo, seq: u64) {
        self.people.add(&person.0.to_le_bytes(), &seq.to_le_bytes());
    }

    fn maker(&mut self, maker: &str, seq: u64) {
        self.makers.add(maker.as_bytes(), &seq.to_le_bytes());
    }
}

/// redb panics on some pages that are not what it wrote. Whoever asked hears that the store is damaged.
pub(super) fn refusing_panics<T, E: From<LoadError>>(read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let damaged = |_panic| Err(LoadError::Damaged { what: "a page that cannot be read", at: 0 }.into());
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(damaged)
}
