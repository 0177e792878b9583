//! The ledger on redb: one file, one writer, one sync a commit.
//!
//! A commit writes its pages and the head that names them, then syncs once. If a power cut leaves the head without its pages, the
//! checksums say so when the store is opened, and the commit before it counts: after a crash redb reads the whole file and
//! verifies every page. Two syncs, or the list of free pages with each commit, would spare that, and cost each batch a third more
//! (ARCHITECTURE.md, *Decisions*).

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use redb::{Database, DatabaseError, Durability, ReadableTable, WriteTransaction};

use super::audit::AuditRow;
use super::codec::{Chain, FORMAT, encode_row};
use super::index::Index;
use super::overwrite::overwrite_free_pages;
use super::recover::load;
use super::seal::Seal;
use super::snapshot::{Snapshot, refusing_panics};
use super::storage::{FileStorage, Storage};
use super::tables::{
    AUDIT_MAKERS, AUDIT_PEOPLE, CONTACTS, FOLDED_KEY, FORMAT_KEY, IDENTITY_KEY, JOURNAL, META, PASSWORDS, PEOPLE,
    RESIDENTS, SEAL, SEAL_KEY, SESSIONS, SETUP_KEY, STAFF, make_all,
};
use super::{Append, Beside, Block, FoldSlice, Ledger, LoadError, StoreError, StoreIdentity};
use crate::planted::{Bug, planted};

/// The file's name in the data folder.
pub(super) const FILE_NAME: &str = "sesshu.redb";

/// The open database; none while it is being opened again.
type SharedDatabase = Arc<RwLock<Option<Database>>>;

/// A ledger in a redb store.
pub struct RedbLedger {
    storage: Arc<dyn Storage>,
    database: SharedDatabase,
    identity: StoreIdentity,
}

/// A way to consistent views of a store that somebody else writes.
#[derive(Clone)]
pub struct StoreReader(SharedDatabase);

impl StoreReader {
    /// A consistent view of the store. It must be short: a view held open makes the file grow.
    pub fn snapshot(&self) -> Result<Snapshot, LoadError> {
        let database = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Snapshot::of(database.as_ref().ok_or(LoadError::InUse)?)
    }
}

impl RedbLedger {
    /// Makes a new store in `folder`.
    pub fn create(folder: &Path, identity: StoreIdentity) -> Result<Self, LoadError> {
        Self::create_on(file_in(folder), identity)
    }

    pub(crate) fn create_on(storage: Arc<dyn Storage>, identity: StoreIdentity) -> Result<Self, LoadError> {
        let database = storage.create().map_err(open_error)?;
        let write = begin(&database)?;
        make_all(&write)?;
        {
            let mut seal = Seal::EMPTY;
            let mut meta = write.open_table(META)?;
            seal.put(&mut meta, FORMAT_KEY, &[FORMAT])?;
            seal.put(&mut meta, IDENTITY_KEY, &encode_row(&identity))?;
            seal.put(&mut meta, FOLDED_KEY, &0_u64.to_le_bytes())?;
            write.open_table(SEAL)?.insert(SEAL_KEY, seal.encode().as_slice())?;
        }
        write.commit()?;
        Ok(Self { storage, database: Arc::new(RwLock::new(Some(database))), identity })
    }

    /// Whether `folder` has a store.
    #[must_use]
    pub fn exists(folder: &Path) -> bool {
        folder.join(FILE_NAME).exists()
    }

    /// Opens the store in `folder` for writing; fails at once if another process has it.
    pub fn open(folder: &Path) -> Result<Self, LoadError> {
        if !Self::exists(folder) {
            return Err(LoadError::Missing(folder.join(FILE_NAME)));
        }
        Self::open_on(file_in(folder))
    }

    pub(crate) fn open_on(storage: Arc<dyn Storage>) -> Result<Self, LoadError> {
        refusing_panics(|| {
            let database = open_settled(&*storage)?;
            let identity = Snapshot::of(&database)?.identity()?;
            Ok(Self { storage, database: Arc::new(RwLock::new(Some(database))), identity })
        })
    }

    /// Who the store is.
    #[must_use]
    pub const fn identity(&self) -> &StoreIdentity {
        &self.identity
    }

    /// A way to consistent views, for others than the writer.
    #[must_use]
    pub fn reader(&self) -> StoreReader {
        StoreReader(Arc::clone(&self.database))
    }

    /// A consistent view of the store.
    pub fn snapshot(&self) -> Result<Snapshot, LoadError> {
        self.reader().snapshot()
    }

    /// Writes whole blocks, the rows beside them and a slice of the fold in one synced commit.
    pub(super) fn commit(
        &self,
        blocks: &[&Block],
        beside: &[&Beside],
        fold: Option<&FoldSlice>,
    ) -> Result<(), StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let write = begin(database.as_ref().expect("a suspended ledger is reopened before it is used"))?;
        let mut sealed = write.open_table(SEAL)?;
        let mut seal = sealed.get(SEAL_KEY)?.and_then(|row| Seal::decode(row.value())).ok_or_else(no_seal)?;
        for block in blocks {
            let mut journal = write.open_table(JOURNAL)?;
            let replaced = journal.insert(block.first_seq, block.bytes.as_slice())?;
            assert!(replaced.is_none(), "a sequence number is used once");
            seal.seq = block.first_seq + u64::from(block.entries) - 1;
            seal.chain = block.chain;
            seal.at = seal.at.max(block.at);
            put_audit(&write, &block.audit)?;
        }
        for rows in beside {
            let mut people = write.open_table(PEOPLE)?;
            for (no, person) in &rows.people {
                seal.put(&mut people, no.0, &encode_row(person))?;
            }
            let mut passwords = write.open_table(PASSWORDS)?;
            for (no, password) in &rows.passwords {
                seal.put(&mut passwords, no.0, &encode_row(password))?;
            }
            let mut staff = write.open_table(STAFF)?;
            for (login, secret) in &rows.staff {
                seal.put(&mut staff, &**login, &encode_row(secret))?;
            }
            let mut contacts = write.open_table(CONTACTS)?;
            for (no, contact) in &rows.contacts {
                match contact {
                    Some(contact) => seal.put(&mut contacts, no.0, &encode_row(contact))?,
                    None => seal.erase(&mut contacts, no.0)?,
                }
            }
            for no in &rows.erased {
                seal.erase(&mut people, no.0)?;
                seal.erase(&mut passwords, no.0)?;
                seal.erase(&mut contacts, no.0)?;
            }
        }
        if let Some(fold) = fold {
            let mut residents = write.open_table(RESIDENTS)?;
            for (no, row) in &fold.residents {
                seal.put(&mut residents, no.0, row)?;
            }
            let mut sessions = write.open_table(SESSIONS)?;
            for (id, row) in &fold.sessions {
                seal.put(&mut sessions, id.0, row)?;
            }
            let mut meta = write.open_table(META)?;
            if let Some(setup) = &fold.setup {
                seal.put(&mut meta, SETUP_KEY, setup)?;
            }
            seal.put(&mut meta, FOLDED_KEY, &fold.folded_seq.to_le_bytes())?;
        }
        sealed.insert(SEAL_KEY, seal.encode().as_slice())?;
        drop(sealed);
        Ok(write.commit()?)
    }
}

/// Writes what the audit's index gets of some entries.
pub(super) fn put_audit(write: &WriteTransaction, rows: &[AuditRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut by_person = write.open_table(AUDIT_PEOPLE)?;
    let mut by_maker = write.open_table(AUDIT_MAKERS)?;
    for row in rows {
        for person in &row.people {
            by_person.insert((person.0, row.seq), ())?;
        }
        by_maker.insert((&*row.maker, row.seq), ())?;
    }
    Ok(())
}

/// redb writes when it closes a store, and panics if it finds damage then; that is no reason to fall silent about why the store
/// was refused.
impl Drop for RedbLedger {
    fn drop(&mut self) {
        let Some(shared) = Arc::get_mut(&mut self.database) else { return };
        let database = shared.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if catch_unwind(AssertUnwindSafe(|| drop(database))).is_err() {
            tracing::error!("the store could not be closed in order");
        }
    }
}

fn file_in(folder: &Path) -> Arc<dyn Storage> {
    Arc::new(FileStorage { path: folder.join(FILE_NAME) })
}

/// Opens what a power cut would leave: nothing that is read from it can be lost any more. (If another process has the store,
/// this costs that one a sync.)
fn open_settled(storage: &dyn Storage) -> Result<Database, LoadError> {
    if planted(Bug::NoSettle) {
        return storage.open().map_err(open_error);
    }
    storage.settle().map_err(|error| StoreError(redb::StorageError::from(error).into()))?;
    storage.open().map_err(open_error)
}

fn no_seal() -> StoreError {
    StoreError(redb::StorageError::Corrupted("the store has no seal".into()).into())
}

pub(super) fn begin(database: &Database) -> Result<WriteTransaction, StoreError> {
    let mut write = database.begin_write()?;
    let durability = if planted(Bug::AcknowledgeBeforeSync) { Durability::None } else { Durability::Immediate };
    write.set_durability(durability).expect("no savepoint is ever made");
    Ok(write)
}

pub(super) fn open_error(error: DatabaseError) -> LoadError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => LoadError::InUse,
        other => LoadError::Store(StoreError(other.into())),
    }
}

impl Ledger for RedbLedger {
    fn append(&mut self, block: Option<&Block>, beside: &[&Beside], fold: Option<&FoldSlice>) -> Append {
        match self.commit(block.as_slice(), beside, fold) {
            Ok(()) => Append::Durable,
            Err(error) => Append::Unknown(error),
        }
    }

    fn reopen(&mut self, chain_at: u64) -> Result<(Index, Option<Chain>), LoadError> {
        let mut shared = self.database.write().unwrap_or_else(PoisonError::into_inner);
        *shared = None;
        let database = open_settled(&*self.storage)?;
        let snapshot = Snapshot::of(&database)?;
        if snapshot.identity()? != self.identity {
            return Err(LoadError::Damaged { what: "another store than before", at: 0 });
        }
        let (loaded, chain) = load(&snapshot, Some(chain_at))?;
        *shared = Some(database);
        Ok((loaded.index, chain))
    }

    fn overwrite_erased(&mut self) -> Append {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().expect("a suspended ledger is reopened before it is used");
        match overwrite_free_pages(database, &*self.storage) {
            Ok(()) => Append::Durable,
            Err(error) => Append::Unknown(error),
        }
    }

    fn free_bytes(&self) -> io::Result<u64> {
        self.storage.free_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_what_was_written_is_damage_and_a_failing_disk_is_none() {
        assert!(no_seal().is_damage());
        let failed = StoreError(redb::StorageError::from(io::Error::other("the disk")).into());
        assert!(!failed.is_damage());
    }

    #[test]
    fn data_of_a_newer_version_and_data_in_use_are_refused_with_the_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let identity = StoreIdentity { id: [1; 16], number_key: [2; 32] };
        let ledger = RedbLedger::create(folder.path(), identity).expect("a store");
        assert!(matches!(RedbLedger::open(folder.path()), Err(LoadError::InUse)));
        assert!(matches!(Snapshot::open(folder.path()), Err(LoadError::InUse)));
        {
            let database = ledger.database.read().expect("sound");
            let write = begin(database.as_ref().expect("open")).expect("a transaction");
            write.open_table(META).expect("a table").insert(FORMAT_KEY, [FORMAT + 1].as_slice()).expect("written");
            write.commit().expect("committed");
        }
        drop(ledger);
        let newer = |error: Option<LoadError>| matches!(error, Some(LoadError::NewerFormat { found, .. }) if found == FORMAT + 1);
        assert!(newer(RedbLedger::open(folder.path()).err()));
        assert!(newer(Snapshot::open(folder.path()).and_then(|snapshot| snapshot.identity()).err()));
    }
}
