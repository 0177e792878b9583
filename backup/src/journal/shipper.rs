//! Ships what the store has committed since the last time. The view of the store is held for as long as it takes to write what is new
//! into a spool; packing, encrypting and the other disk come after it.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sesshu_engine::ledger::{Delta, ExportError, LoadError, Snapshot, StoreHead};
use tempfile::SpooledTempFile;

use super::file::{self, Open};
use super::frame::{Head, Header, Heading};
use super::shipped::Shipped;
use crate::container::Packer;
use crate::core::hex::bytes;
use crate::core::manifest::Manifest;
use crate::error::{BackupError, io_error};
use crate::folder::{Folder, make_private};
use crate::keys::Recipients;
use crate::setup::Setup;

/// What is larger is spooled in a file without a name, in bytes.
const SPOOL_MEMORY_BYTES: usize = 4 << 20;
/// A file is that long at most, but for one frame, in bytes.
const FILE_BYTES: u64 = 64 << 20;
/// A file is written to for so long at most.
const FILE_TIME: Duration = Duration::from_hours(1);

/// The way of the journal to its folder.
#[derive(Debug)]
pub(crate) struct Shipper {
    folder: PathBuf,
    generations: PathBuf,
    scratch: PathBuf,
    recipients: Recipients,
    /// Up to where it has been shipped; none until that was looked up.
    at: Option<(StoreId, Head)>,
    open: Option<(Open, Duration)>,
}

type StoreId = [u8; 16];

/// What is new, in a spool.
pub(crate) struct Gathered {
    delta: Delta,
    spool: SpooledTempFile,
}

impl Gathered {
    /// How long it is, in bytes.
    pub(crate) const fn bytes(&self) -> u64 {
        self.delta.bytes
    }
}

impl Shipper {
    pub(crate) fn new(setup: &Setup) -> Self {
        Self {
            folder: setup.journal().to_owned(),
            generations: setup.dir.clone(),
            scratch: setup.scratch.clone(),
            recipients: setup.recipients.clone(),
            at: None,
            open: None,
        }
    }

    /// The last entry that has been shipped.
    pub(crate) fn shipped_seq(&self) -> Option<u64> {
        self.at.map(|(_, head)| head.seq)
    }

    /// The file that is written now.
    pub(crate) fn open_path(&self) -> Option<&Path> {
        self.open.as_ref().map(|(open, _)| open.path())
    }

    /// Takes what is new out of `view`; none if nothing is. The view may end then.
    pub(crate) fn gather(&mut self, view: &Snapshot) -> Result<Option<Gathered>, BackupError> {
        // Beside the generations the journal is in a folder of ours, which the first of both makes. The second place must be there, also
        // when nothing is new: that it is there is what being up to date means.
        if self.folder == self.generations {
            Folder::create(&self.folder)?
        } else {
            Folder::open(&self.folder)?
        };
        let head = view.head()?;
        let at = match self.at {
            // Nobody removes a file that is being written, but a disk may go and come back as another one.
            Some((store, at)) if store == head.store && self.open.as_ref().is_none_or(|(open, _)| open.is_there()) => {
                at
            }
            _ => self.look_up(view, &head)?,
        };
        self.at = Some((head.store, at));
        if at.is(&Head::from(&head)) {
            return Ok(None);
        }
        if head.seq <= at.seq {
            // The store was replaced by an earlier one while the server ran: the place is to be looked up again.
            self.forget();
            return self.gather(view);
        }
        let mut spool = self.spool()?;
        let delta = view.write_delta(at.seq, &mut spool).map_err(|error| self.export_error(error))?;
        spool.seek(SeekFrom::Start(0)).map_err(io_error("read", &self.scratch))?;
        Ok(Some(Gathered { delta, spool }))
    }

    /// Appends what was gathered; it is on the disk when this returns. After a failure the next time begins a new file, from the last
    /// place that is known to be there.
    pub(crate) fn append(&mut self, gathered: Gathered, steady: Duration) -> Result<(), BackupError> {
        let to = Head::from(&gathered.delta.to);
        let store = gathered.delta.to.store;
        let appended = self.try_append(gathered, steady);
        if appended.is_ok() {
            self.at = Some((store, to));
        } else {
            self.forget();
        }
        appended
    }

    fn try_append(&mut self, mut gathered: Gathered, steady: Duration) -> Result<(), BackupError> {
        let Delta { from, to, .. } = gathered.delta;
        let scratch = |verb| io_error(verb, &self.scratch);
        let mut packer = Packer::start(self.spool()?, &self.recipients).map_err(scratch("written"))?;
        io::copy(&mut gathered.spool, &mut packer).map_err(scratch("written"))?;
        let mut body = packer.finish().map_err(scratch("written"))?;
        let length = body.stream_position().map_err(scratch("written"))?;
        body.seek(SeekFrom::Start(0)).map_err(scratch("read"))?;

        let is_full = |(open, begun): &(Open, Duration)| {
            open.bytes() >= FILE_BYTES || steady.saturating_sub(*begun) >= FILE_TIME || !open.is_there()
        };
        if self.open.as_ref().is_none_or(is_full) {
            let header = Header { number: Shipped::read(&self.folder)?.next_number(), store: to.store };
            self.open = Some((file::begin(&self.folder, &header, from.seq + 1)?, steady));
        }
        let (open, _) = self.open.as_mut().expect("one was begun");
        let heading = Heading {
            is_sealed: !self.recipients.is_empty(),
            bytes: length,
            from: Head::from(&from),
            to: Head::from(&to),
        };
        open.append(&heading, &mut body as &mut dyn Read)
    }

    /// What is known of the folder is not relied on any more.
    pub(crate) fn forget(&mut self) {
        (self.at, self.open) = (None, None);
    }

    /// The last place that both the folder and this store have: by its chain, so that another history of the same store is not taken for
    /// this one. Without one, the journal goes on from the newest generation, or else from now: what nobody can restore is not shipped.
    fn look_up(&mut self, view: &Snapshot, head: &StoreHead) -> Result<Head, BackupError> {
        self.open = None;
        let shipped = Shipped::read(&self.folder)?;
        let is_ours = |seq: u64, chain: &[u8; 32]| Ok::<_, LoadError>(view.chain_after(seq)? == Some(*chain));
        for end in shipped.ends(&head.store) {
            if is_ours(end.seq, &end.chain)? {
                return Ok(end);
            }
        }
        let generations = match Folder::open(&self.generations) {
            Ok(folder) => folder.list()?.generations,
            Err(BackupError::NoFolder(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        for generation in generations.iter().filter(|one| one.is_good()) {
            if let Some((store, end)) = end_of(generation)
                && store == head.store
                && is_ours(end.seq, &end.chain)?
            {
                return Ok(end);
            }
        }
        Ok(Head::from(head))
    }

    fn spool(&self) -> Result<SpooledTempFile, BackupError> {
        if !self.scratch.exists() {
            make_private(&self.scratch)?;
        }
        Ok(tempfile::spooled_tempfile_in(SPOOL_MEMORY_BYTES, &self.scratch))
    }

    fn export_error(&self, error: ExportError) -> BackupError {
        match error {
            ExportError::Write(error) => io_error("written", &self.scratch)(error),
            ExportError::Load(error) => error.into(),
            error => io_error("written", &self.scratch)(io::Error::other(error)),
        }
    }
}

/// Where a generation ends in its store's journal.
pub(crate) fn end_of(manifest: &Manifest) -> Option<(StoreId, Head)> {
    let head = Head { seq: manifest.seq, chain: bytes(&manifest.chain)?, at: manifest.taken_at };
    Some((bytes(&manifest.store)?, head))
}
