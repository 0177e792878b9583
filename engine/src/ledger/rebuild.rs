//! A store from its export: row by row, in small commits, so that memory does not grow with the store. The seal goes
//! in last: a store without one is refused by everybody, so half a store is never taken for one.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use redb::{Database, WriteTransaction};

use super::audit::AuditRow;
use super::codec::{Chain, read_block};
use super::export::{ExportReader, Exported, StoreHead};
use super::export_error::ExportError;
use super::frames::RowsOf;
use super::high_water::{HighWater, HighWaterFile, MARK_NAME};
use super::recover::RecoverError;
use super::seal::Seal;
use super::snapshot::{Snapshot, refusing_panics};
use super::storage::{FileStorage, Storage};
use super::store::{FILE_NAME, begin, open_error, put_audit};
use super::tables::{Exportable, JOURNAL, SEAL, SEAL_KEY, make_all};
use super::{LoadError, StoreError};

/// So many bytes of rows are committed at once: the bookings of a server on the same disk wait for a commit that is being written.
const COMMIT_BYTES: usize = 128 * 1024;

/// Makes a new store in `folder`, which must exist and have none, from an export; reads to the export's end and no further. All of it
/// is synced when this returns. Memory does not grow with the store.
///
/// # Errors
/// If there is a store already, or the export is of a newer version: both before anything is written. If the export is damaged or a
/// disk fails: then nothing is left.
pub fn rebuild(folder: &Path, input: &mut dyn Read) -> Result<Exported, ExportError> {
    let export = ExportReader::start(input)?;
    let path = folder.join(FILE_NAME);
    match File::options().write(true).create_new(true).open(&path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(ExportError::Exists(path)),
        Err(error) => return Err(ExportError::Write(error)),
    }
    let built = refusing_panics(|| build(&FileStorage { path: path.clone() }, export));
    if built.is_err() {
        // That it could not be built is what matters.
        let _ = std::fs::remove_file(&path);
        return built;
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(ExportError::Write)?;
    built
}

/// Writes the high-water mark of the store in `folder` beside it: after a restore it is this store that is served.
///
/// # Errors
/// If the store is damaged or somebody has it open, or the mark cannot be written.
pub fn write_mark(folder: &Path) -> Result<StoreHead, RecoverError> {
    let head = Snapshot::open(folder)?.head()?;
    let mark = HighWater { store: head.store, seq: head.seq, chain: Chain(head.chain) };
    HighWaterFile::new(folder.join(MARK_NAME)).write(&mark)?;
    Ok(head)
}

fn build(storage: &dyn Storage, export: ExportReader<'_>) -> Result<Exported, ExportError> {
    let database = storage.create().map_err(open_error)?;
    let (head, sealed) = (export.head, export.seal);
    let mut builder = Builder::on(&database);
    let exported = export.read(|table, rows| builder.put(table, rows))?;
    builder.finish(&sealed)?;
    let store = Snapshot::of(&database)?.identity()?.id;
    if store == head.store { Ok(exported) } else { Err(ExportError::Damaged("the id of its store")) }
}

struct Builder<'a> {
    database: &'a Database,
    /// What is not committed yet; none after a commit.
    write: Option<WriteTransaction>,
    uncommitted_bytes: usize,
    /// What the rows add up to, and where the journal ends, so far.
    seal: Seal,
}

impl<'a> Builder<'a> {
    const fn on(database: &'a Database) -> Self {
        Self { database, write: None, uncommitted_bytes: 0, seal: Seal::EMPTY }
    }

    /// Puts rows of one table, and commits when it is time.
    fn put(&mut self, table: &Exportable, rows: RowsOf<'_>) -> Result<(), ExportError> {
        let write = match self.write.take() {
            Some(write) => write,
            None => begin(self.database)?,
        };
        self.uncommitted_bytes += rows.bytes();
        match table {
            Exportable::Named(table) => {
                let mut table = write.open_table(*table).map_err(LoadError::from)?;
                for (key, row) in rows {
                    let key = std::str::from_utf8(key).map_err(|_| WRONG_KEY)?;
                    self.seal.put(&mut table, key, row).map_err(LoadError::from)?;
                }
            }
            Exportable::Numbered(table) => {
                let mut table = write.open_table(*table).map_err(LoadError::from)?;
                for (key, row) in rows {
                    let key = u32::from_le_bytes(key.try_into().map_err(|_| WRONG_KEY)?);
                    self.seal.put(&mut table, key, row).map_err(LoadError::from)?;
                }
            }
            Exportable::Journal => self.put_blocks(&write, rows)?,
        }
        if self.uncommitted_bytes >= COMMIT_BYTES {
            write.commit().map_err(StoreError::from)?;
            self.uncommitted_bytes = 0;
        } else {
            self.write = Some(write);
        }
        Ok(())
    }

    /// Every entry is read and its chain computed: what does not follow from the entry before is not built.
    fn put_blocks(&mut self, write: &WriteTransaction, rows: RowsOf<'_>) -> Result<(), ExportError> {
        let mut journal = write.open_table(JOURNAL).map_err(LoadError::from)?;
        let mut audit = Vec::new();
        for (key, block) in rows {
            let first_seq = u64::from_le_bytes(key.try_into().map_err(|_| WRONG_KEY)?);
            if first_seq != self.seal.seq + 1 {
                return Err(LoadError::Damaged { what: "a gap in the journal", at: first_seq }.into());
            }
            let seal = &mut self.seal;
            seal.chain = read_block(first_seq, block, seal.chain, |seq, entry, _| {
                audit.extend(AuditRow::of(seq, &entry));
                seal.seq = seq;
                seal.at = seal.at.max(entry.at);
            })?;
            journal.insert(first_seq, block).map_err(LoadError::from)?;
        }
        Ok(put_audit(write, &audit)?)
    }

    /// Seals the store, if it is what was sealed before.
    fn finish(mut self, sealed: &Seal) -> Result<(), ExportError> {
        if self.seal != *sealed {
            return Err(ExportError::Damaged("it does not add up to its seal"));
        }
        let write = match self.write.take() {
            Some(write) => write,
            None => begin(self.database)?,
        };
        make_all(&write).map_err(LoadError::from)?;
        let mut seal = write.open_table(SEAL).map_err(LoadError::from)?;
        seal.insert(SEAL_KEY, sealed.encode().as_slice()).map_err(LoadError::from)?;
        drop(seal);
        Ok(write.commit().map_err(StoreError::from)?)
    }
}

const WRONG_KEY: ExportError = ExportError::Damaged("the key of a row");

#[cfg(test)]
mod tests {
    use super::super::codec::{BlockWriter, CHAIN_START, FORMAT};
    use super::super::export::MAGIC;
    use super::super::frames::FrameWriter;
    use super::*;
    use crate::core::event::{By, Entry, Event};
    use crate::core::time::Instant;

    type Rows<'a> = &'a [(&'a [u8], &'a [u8])];

    /// An export with right digests, whatever is in it; tables that are not given are empty.
    fn export(seal: &Seal, tables: &[(usize, Rows<'_>)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut frames = FrameWriter::start(&mut bytes, MAGIC).expect("memory");
        frames.fixed(&[FORMAT]).expect("memory");
        frames.fixed(&[7; 16]).expect("memory");
        frames.fixed(&seal.encode()).expect("memory");
        for place in 0..super::super::tables::EXPORTED.len() {
            for (key, row) in tables.iter().filter(|(table, _)| *table == place).flat_map(|(_, rows)| rows.iter()) {
                frames.row(key, row).expect("memory");
            }
            frames.end_table().expect("memory");
        }
        frames.finish().expect("memory");
        bytes
    }

    fn block(head: u64, chain: Chain) -> (Vec<u8>, Chain) {
        let mut block = BlockWriter::after(head, chain);
        let events = vec![Event::SignedIn { login: "sato".into() }];
        block.push(&Entry { at: Instant(5), by: By::System, key: None, events });
        let block = block.finish();
        (block.bytes, block.chain)
    }

    #[test]
    fn rows_that_no_store_has_are_refused_though_their_digests_are_right() {
        let (one, chain) = block(0, CHAIN_START);
        let (two, end) = block(1, chain);
        let sealed = |seq, chain| {
            let mut seal = Seal::EMPTY;
            (seal.seq, seal.at, seal.chain) = (seq, Instant(5), chain);
            seal
        };
        let first = 1_u64.to_le_bytes();
        let second = 2_u64.to_le_bytes();
        let journal = 7;
        let cases: [(&str, Vec<u8>); 9] = [
            ("nothing at all", export(&Seal::EMPTY, &[])),
            ("a name that is no text", export(&Seal::EMPTY, &[(0, &[(b"\xff", b"1")])])),
            ("a number of three bytes", export(&Seal::EMPTY, &[(2, &[(b"abc", b"1")])])),
            ("a number of five bytes", export(&Seal::EMPTY, &[(5, &[(b"abcde", b"1")])])),
            ("a block without a number", export(&sealed(1, chain), &[(journal, &[(b"", &one)])])),
            ("a gap", export(&sealed(2, end), &[(journal, &[(&second, &two)])])),
            ("another block first", export(&sealed(2, end), &[(journal, &[(&first, &two), (&second, &one)])])),
            ("a block that is none", export(&sealed(1, chain), &[(journal, &[(&first, b"x")])])),
            (
                "a whole journal and no identity",
                export(&sealed(2, end), &[(journal, &[(&first, &one), (&second, &two)])]),
            ),
        ];
        for (what, bytes) in cases {
            assert!(super::super::read_export(&mut bytes.as_slice()).is_ok(), "{what}: the digests are right");
            let folder = tempfile::tempdir().expect("a folder");
            assert!(rebuild(folder.path(), &mut bytes.as_slice()).is_err(), "{what}");
            assert!(std::fs::read_dir(folder.path()).expect("a folder").next().is_none(), "{what}: nothing is left");
        }
    }
}
