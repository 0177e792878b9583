//! The ledger on redb: one file, two-phase commits with quick repair, one writer.

use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use redb::{
    Database, DatabaseError, Durability, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableError,
};

use super::codec::{CHAIN_START, Chain, FORMAT, decode_row, encode_row, read_block};
use super::index::Index;
use super::overlay::Overlay;
use super::recover::load;
use super::storage::{CACHE_BYTES, FileStorage, Storage};
use super::{Append, Beside, Block, EachBlock, FoldSlice, Ledger, LoadError, StoreError, StoreIdentity};
use crate::core::campaign::Setup;
use crate::core::event::Entry;
use crate::core::ids::{ResidentNo, SessionId};
use crate::core::resident::{Person, ResidentRecord};
use crate::core::session::Session;
use crate::planted::{Bug, planted};

const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
const JOURNAL: TableDefinition<u64, &[u8]> = TableDefinition::new("journal");
const PEOPLE: TableDefinition<u32, &[u8]> = TableDefinition::new("people");
const PASSWORDS: TableDefinition<u32, &[u8]> = TableDefinition::new("passwords");
const STAFF: TableDefinition<&str, &[u8]> = TableDefinition::new("staff");
const RESIDENTS: TableDefinition<u32, &[u8]> = TableDefinition::new("residents");
const SESSIONS: TableDefinition<u32, &[u8]> = TableDefinition::new("sessions");

const FORMAT_KEY: &str = "format";
const IDENTITY_KEY: &str = "identity";
const SETUP_KEY: &str = "setup";
const FOLDED_KEY: &str = "folded_seq";

/// The file's name in the data folder.
const FILE_NAME: &str = "sesshu.redb";

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
        {
            let mut meta = write.open_table(META)?;
            meta.insert(FORMAT_KEY, [FORMAT].as_slice())?;
            meta.insert(IDENTITY_KEY, encode_row(&identity).as_slice())?;
            meta.insert(FOLDED_KEY, 0_u64.to_le_bytes().as_slice())?;
            write.open_table(JOURNAL)?;
            write.open_table(PEOPLE)?;
            write.open_table(PASSWORDS)?;
            write.open_table(STAFF)?;
            write.open_table(RESIDENTS)?;
            write.open_table(SESSIONS)?;
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
        let database = open_settled(&*storage)?;
        let identity = Snapshot::of(&database)?.identity()?;
        Ok(Self { storage, database: Arc::new(RwLock::new(Some(database))), identity })
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

    fn commit(&self, block: Option<&Block>, beside: &[&Beside], fold: Option<&FoldSlice>) -> Result<(), StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let write = begin(database.as_ref().expect("a suspended ledger is reopened before it is used"))?;
        if let Some(block) = block {
            let mut journal = write.open_table(JOURNAL)?;
            let replaced = journal.insert(block.first_seq, block.bytes.as_slice())?;
            assert!(replaced.is_none(), "a sequence number is used once");
        }
        for rows in beside {
            let mut people = write.open_table(PEOPLE)?;
            for (no, person) in &rows.people {
                people.insert(no.0, encode_row(person).as_slice())?;
            }
            let mut passwords = write.open_table(PASSWORDS)?;
            for (no, password) in &rows.passwords {
                passwords.insert(no.0, encode_row(password).as_slice())?;
            }
            let mut staff = write.open_table(STAFF)?;
            for (login, secret) in &rows.staff {
                staff.insert(&**login, encode_row(secret).as_slice())?;
            }
        }
        if let Some(fold) = fold {
            let mut residents = write.open_table(RESIDENTS)?;
            for (no, row) in &fold.residents {
                residents.insert(no.0, row.as_slice())?;
            }
            let mut sessions = write.open_table(SESSIONS)?;
            for (id, row) in &fold.sessions {
                sessions.insert(id.0, row.as_slice())?;
            }
            let mut meta = write.open_table(META)?;
            if let Some(setup) = &fold.setup {
                meta.insert(SETUP_KEY, setup.as_slice())?;
            }
            meta.insert(FOLDED_KEY, fold.folded_seq.to_le_bytes().as_slice())?;
        }
        Ok(write.commit()?)
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

fn begin(database: &Database) -> Result<redb::WriteTransaction, StoreError> {
    let mut write = database.begin_write()?;
    let durability = if planted(Bug::AcknowledgeBeforeSync) { Durability::None } else { Durability::Immediate };
    write.set_durability(durability).expect("no savepoint is ever made");
    write.set_two_phase_commit(true);
    write.set_quick_repair(true);
    Ok(write)
}

fn open_error(error: DatabaseError) -> LoadError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => LoadError::InUse,
        other => LoadError::Store(StoreError(other.into())),
    }
}

impl Ledger for RedbLedger {
    fn append(&mut self, block: Option<&Block>, beside: &[&Beside], fold: Option<&FoldSlice>) -> Append {
        match self.commit(block, beside, fold) {
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

    fn free_bytes(&self) -> io::Result<u64> {
        self.storage.free_bytes()
    }
}

/// One consistent view of a store.
pub struct Snapshot {
    view: ReadTransaction,
    /// A handle of its own, for a view that is not the server's: dropping it closes the file.
    _database: Option<Database>,
}

impl Snapshot {
    fn of(database: &Database) -> Result<Self, LoadError> {
        Ok(Self { view: database.begin_read()?, _database: None })
    }

    /// Opens `folder` for reading only, also after a crash; fails if a process has it open for writing.
    pub fn open(folder: &Path) -> Result<Self, LoadError> {
        let path = folder.join(FILE_NAME);
        if !path.exists() {
            return Err(LoadError::Missing(path));
        }
        let overlay = Overlay::open(&path).map_err(open_error)?;
        let database =
            redb::Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(overlay).map_err(open_error)?;
        Ok(Self { view: database.begin_read()?, _database: Some(database) })
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
        let identity = meta.get(IDENTITY_KEY)?.ok_or(LoadError::Damaged { what: "no identity", at: 0 })?;
        decode_row(identity.value(), "identity", 0)
    }

    /// Every entry up to this one is in the tables.
    pub fn folded_seq(&self) -> Result<u64, LoadError> {
        let meta = self.view.open_table(META)?;
        let row = meta.get(FOLDED_KEY)?.ok_or(LoadError::Damaged { what: "no fold mark", at: 0 })?;
        let bytes = row.value().try_into().map_err(|_| LoadError::Damaged { what: "fold mark", at: 0 })?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// The folded setup.
    pub fn setup(&self) -> Result<Setup, LoadError> {
        let meta = self.view.open_table(META)?;
        let row = meta.get(SETUP_KEY)?;
        row.map_or_else(|| Ok(Setup::default()), |row| decode_row(row.value(), "setup", 0))
    }

    /// Every stored block from the one that holds `seq` on.
    pub fn blocks_from(&self, seq: u64, each: EachBlock<'_>) -> Result<(), LoadError> {
        let journal = self.view.open_table(JOURNAL)?;
        let holder = journal.range(..=seq)?.next_back().transpose()?.map_or(0, |(first, _)| first.value());
        for row in journal.range(holder..)? {
            let (first, bytes) = row?;
            each(first.value(), bytes.value())?;
        }
        Ok(())
    }

    /// Every entry from the first on, with the chain verified from the start.
    pub fn entries(&self, each: &mut dyn FnMut(&Entry)) -> Result<(), LoadError> {
        let mut chain = CHAIN_START;
        self.blocks_from(1, &mut |first_seq, bytes| {
            chain = read_block(first_seq, bytes, chain, |_, entry, _| each(&entry))?;
            Ok(())
        })
    }

    /// Everything beside the journal.
    pub fn beside(&self) -> Result<Beside, LoadError> {
        let mut beside = Beside::default();
        for row in self.view.open_table(PEOPLE)?.iter()? {
            let (no, bytes) = row?;
            let person: Person = decode_row(bytes.value(), "person", u64::from(no.value()))?;
            beside.people.push((ResidentNo(no.value()), person));
        }
        for row in self.view.open_table(PASSWORDS)?.iter()? {
            let (no, bytes) = row?;
            let password = decode_row(bytes.value(), "password", u64::from(no.value()))?;
            beside.passwords.push((ResidentNo(no.value()), password));
        }
        for row in self.view.open_table(STAFF)?.iter()? {
            let (login, bytes) = row?;
            beside.staff.push((login.value().into(), decode_row(bytes.value(), "staff", 0)?));
        }
        Ok(beside)
    }

    /// The folded residents' records.
    pub fn residents(&self, each: &mut dyn FnMut(ResidentNo, ResidentRecord)) -> Result<(), LoadError> {
        for row in self.view.open_table(RESIDENTS)?.iter()? {
            let (no, bytes) = row?;
            each(ResidentNo(no.value()), decode_row(bytes.value(), "resident", u64::from(no.value()))?);
        }
        Ok(())
    }

    /// The folded sessions.
    pub fn sessions(&self, each: &mut dyn FnMut(SessionId, Session)) -> Result<(), LoadError> {
        for row in self.view.open_table(SESSIONS)?.iter()? {
            let (id, bytes) = row?;
            each(SessionId(id.value()), decode_row(bytes.value(), "session", u64::from(id.value()))?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
