//! The state on disk: one file with two slots that are written in turn and in place. It is allocated at once, so that a disk that is
//! full later does not stop it; a slot that was torn is known by its hash, and the other one holds what was before.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::core::state::State;
use crate::owner::give_to_owner_of;

const NAME: &str = "state";
const MAGIC: &[u8; 8] = b"SESSHUM1";
/// Magic, sequence, length, hash.
const HEAD_BYTES: usize = 8 + 8 + 8 + 32;
/// The size of a slot, its head included.
const SLOT_BYTES: usize = 8 * 1024 * 1024;

/// Why the state cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// Another process has it.
    #[error("another process has {0} open")]
    InUse(PathBuf),
    /// The disk does not give it.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
}

/// What lay in the file.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing yet.
    Nothing,
    /// The latest state that is whole.
    State(Box<State>),
    /// Something, but no slot is whole.
    Damaged,
}

/// The open file; locked until it is dropped.
#[derive(Debug)]
pub(crate) struct StateFile {
    file: File,
    sequence: u64,
}

impl StateFile {
    /// Opens and locks the file in `folder`, which is made if it is not there.
    pub(crate) fn open(folder: &Path) -> Result<(Self, Found), OpenError> {
        let path = folder.join(NAME);
        let wrong = |error| OpenError::Io(path.clone(), error);
        std::fs::create_dir_all(folder).map_err(wrong)?;
        if let (Some(above), Ok(made)) = (folder.parent(), File::open(folder)) {
            give_to_owner_of(above, &made);
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(wrong)?;
        give_to_owner_of(folder, &file);
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(path)),
            Err(TryLockError::Error(error)) => return Err(wrong(error)),
        }
        let is_new = file.metadata().map_err(wrong)?.len() == 0;
        let mut opened = Self { file, sequence: 0 };
        if let Err(error) = opened.allocate() {
            tracing::error!(%error, "there is no room for the monitor's state; it is tried again with each change");
        }
        let mut slots: Vec<(u64, State)> = (0..2).filter_map(|slot| opened.read(slot)).collect();
        slots.sort_by_key(|(sequence, _)| *sequence);
        let found = match slots.pop() {
            Some((sequence, state)) => {
                opened.sequence = sequence;
                Found::State(Box::new(state))
            }
            None if is_new || opened.is_blank() => Found::Nothing,
            None => Found::Damaged,
        };
        Ok((opened, found))
    }

    /// Writes `state`; when this returns it is on the disk.
    pub(crate) fn save(&mut self, state: &State) -> io::Result<()> {
        let payload = fitting(state)?;
        self.allocate()?;
        let sequence = self.sequence + 1;
        let mut slot = Vec::with_capacity(HEAD_BYTES + payload.len());
        slot.extend_from_slice(MAGIC);
        slot.extend_from_slice(&sequence.to_le_bytes());
        slot.extend_from_slice(&(payload.len() as u64).to_le_bytes());
        slot.extend_from_slice(hash(sequence, &payload).as_bytes());
        slot.extend_from_slice(&payload);
        self.file.write_all_at(&slot, place(sequence % 2))?;
        self.file.sync_data()?;
        self.sequence = sequence;
        Ok(())
    }

    fn allocate(&self) -> io::Result<()> {
        if self.file.metadata()?.len() >= 2 * SLOT_BYTES as u64 {
            return Ok(());
        }
        let flags = rustix::fs::FallocateFlags::empty();
        match rustix::fs::fallocate(&self.file, flags, 0, 2 * SLOT_BYTES as u64) {
            // A file system that cannot promise room is written all the same.
            Err(rustix::io::Errno::OPNOTSUPP) => self.file.set_len(2 * SLOT_BYTES as u64),
            other => Ok(other?),
        }
    }

    fn read(&self, slot: u64) -> Option<(u64, State)> {
        let mut head = [0; HEAD_BYTES];
        self.file.read_exact_at(&mut head, place(slot)).ok()?;
        let number = |from: usize| Some(u64::from_le_bytes(head[from..from + 8].try_into().ok()?));
        let (sequence, length) = (number(8)?, usize::try_from(number(16)?).ok()?);
        if &head[..8] != MAGIC || length > SLOT_BYTES - HEAD_BYTES {
            return None;
        }
        let mut payload = vec![0; length];
        self.file.read_exact_at(&mut payload, place(slot) + HEAD_BYTES as u64).ok()?;
        if hash(sequence, &payload).as_bytes()[..] != head[24..] {
            return None;
        }
        Some((sequence, serde_json::from_slice(&payload).ok()?))
    }

    /// Whether nothing was ever written.
    fn is_blank(&self) -> bool {
        let blank = |slot| {
            let mut head = [0; HEAD_BYTES];
            self.file.read_exact_at(&mut head, place(slot)).is_err() || head == [0; HEAD_BYTES]
        };
        blank(0) && blank(1)
    }
}

const fn place(slot: u64) -> u64 {
    slot * SLOT_BYTES as u64
}

fn hash(sequence: u64, payload: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&sequence.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// The state as bytes that fit into a slot. What is open and what waits always fits; of the past the oldest half goes until it does.
fn fitting(state: &State) -> io::Result<Vec<u8>> {
    let mut payload = serde_json::to_vec(state)?;
    let mut past = None;
    while payload.len() > SLOT_BYTES - HEAD_BYTES {
        let past = past.get_or_insert_with(|| state.clone());
        if !past.forget_half_of_the_past() {
            return Err(io::Error::other("the state is too large for its file"));
        }
        payload = serde_json::to_vec(past)?;
    }
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::cause::Cause;
    use crate::core::contact::ChannelKind;
    use crate::core::incident::{Incident, IncidentChange, IncidentNo, IncidentStep, STEPS_MAX, Told};
    use crate::core::level::Level;
    use crate::core::message::{About, Lane, Message, MessageNo};
    use crate::core::metric::Metric;
    use crate::core::state::{ENDED_MAX, HandCall, OPEN_MAX, WAITING_MAX};
    use crate::core::time::WallMs;

    fn state(last_no: u64) -> State {
        State { last_no, ..State::default() }
    }

    fn found(folder: &Path) -> Option<u64> {
        match StateFile::open(folder).expect("it opens").1 {
            Found::State(state) => Some(state.last_no),
            _ => None,
        }
    }

    fn saved(folder: &Path, numbers: std::ops::RangeInclusive<u64>) {
        let (mut file, _) = StateFile::open(folder).expect("it opens");
        for number in numbers {
            file.save(&state(number)).expect("it is saved");
        }
    }

    #[test]
    fn the_latest_state_comes_back_and_a_second_process_is_kept_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut file, nothing) = StateFile::open(folder.path()).expect("it opens");
        assert!(matches!(nothing, Found::Nothing));
        for number in 1..=5 {
            file.save(&state(number)).expect("it is saved");
        }
        assert!(matches!(StateFile::open(folder.path()), Err(OpenError::InUse(_))));
        drop(file);
        assert_eq!(found(folder.path()), Some(5));
    }

    #[test]
    fn a_torn_slot_or_a_flipped_bit_gives_the_state_before() {
        for (at, bytes) in [(HEAD_BYTES as u64 + 3, &[0xFF_u8][..]), (4, &[0; 200][..]), (30, &[7; 2][..])] {
            let folder = tempfile::tempdir().expect("a folder");
            saved(folder.path(), 1..=4);
            let file = OpenOptions::new().write(true).open(folder.path().join(NAME)).expect("the file");
            file.write_all_at(bytes, place(0) + at).expect("it is damaged");
            assert_eq!(found(folder.path()), Some(3), "at {at}");
            // What is written next does not go over the one that is whole.
            saved(folder.path(), 9..=9);
            assert_eq!(found(folder.path()), Some(9));
        }
    }

    #[test]
    fn two_damaged_slots_are_known_as_damage() {
        let folder = tempfile::tempdir().expect("a folder");
        saved(folder.path(), 1..=2);
        let file = OpenOptions::new().write(true).open(folder.path().join(NAME)).expect("the file");
        for slot in 0..2 {
            file.write_all_at(b"?", place(slot) + HEAD_BYTES as u64).expect("it is damaged");
        }
        assert!(matches!(StateFile::open(folder.path()).expect("it opens").1, Found::Damaged));
    }

    #[test]
    fn a_state_that_grew_stays_within_the_room_that_was_allocated() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut file, _) = StateFile::open(folder.path()).expect("it opens");
        let before = file.file.metadata().expect("metadata").len();
        let call = HandCall {
            at: WallMs(1),
            contact: "当".repeat(12_000).into(),
            incident: Some(IncidentNo(1)),
            notice: None,
            reached: true,
            by: "uid:0".into(),
        };
        let state = State { hand_calls: vec![call; 300], last_no: 7, ..State::default() };
        file.save(&state).expect("the older half of the past goes");
        assert_eq!(file.file.metadata().expect("metadata").len(), before);
        drop(file);
        let (_, Found::State(kept)) = StateFile::open(folder.path()).expect("it opens") else { panic!("a state") };
        assert_eq!((kept.last_no, kept.hand_calls.len()), (7, 150));
    }

    #[test]
    fn everything_that_is_open_or_waits_fits_at_its_greatest() {
        let name: Box<str> = "災".repeat(40).into();
        let told = Told { to: name.clone(), channel: ChannelKind::Webhook };
        let step = IncidentStep { at: WallMs(i64::MAX), what: IncidentChange::Acknowledged("災".repeat(80).into()) };
        let incident = Incident {
            no: IncidentNo(u64::MAX),
            cause: Cause::new(Metric::ClockDifference, &"災".repeat(40)),
            level: Level::Critical,
            worst: Level::Critical,
            since: WallMs(i64::MAX),
            value: -1.234_567_890_123e-300,
            worst_value: -1.234_567_890_123e-300,
            note: "災".repeat(400).into(),
            acknowledged: Some((WallMs(i64::MAX), "災".repeat(80).into())),
            resolved_at: None,
            told_contacts: 255,
            told_at: Some(WallMs(i64::MAX)),
            round: 255,
            told: vec![told; 40],
            flaps: u32::MAX,
            history: vec![step; STEPS_MAX],
        };
        let message = |lines: usize| Message {
            no: MessageNo(u64::MAX),
            to: name.clone(),
            lane: Lane { channel: ChannelKind::Webhook, address: "a".repeat(500).into() },
            about: About::Summary,
            subject: "災".repeat(200).into(),
            body: "災".repeat(2_500).into(),
            at: WallMs(i64::MAX),
            tries: u32::MAX,
            next_try_at: WallMs(i64::MAX),
            last_answer: "災".repeat(300).into(),
            passed_on: true,
            call: None,
            used: ChannelKind::ALL.to_vec(),
            stands_for: u32::MAX,
            lines: vec!["災".repeat(100).into(); lines],
        };
        // Each contact has at most one summary in each of its lanes.
        let mut waiting = vec![message(20); 150];
        waiting.resize(WAITING_MAX, message(0));
        let mut state = State { open: vec![incident.clone(); OPEN_MAX], waiting, ..State::default() };
        let alone = serde_json::to_vec(&state).expect("JSON").len();
        assert!(alone <= SLOT_BYTES - HEAD_BYTES, "{alone} bytes");
        state.ended = vec![incident; ENDED_MAX];
        let kept: State = serde_json::from_slice(&fitting(&state).expect("it fits")).expect("JSON");
        assert_eq!((kept.open.len(), kept.waiting.len()), (OPEN_MAX, WAITING_MAX));
        assert!(kept.ended.len() < ENDED_MAX);
    }
}
