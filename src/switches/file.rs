//! The small file that remembers the switches: a line with a hash, and JSON. It is written whole or not at all, beside the store and
//! without it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sesshu_monitor::give_to_owner_of;

use super::state::SwitchState;

const NAME: &str = "switches";
const LOCK_NAME: &str = "switches.lock";
/// Where a file goes that cannot be read, so that somebody can look at it.
const DAMAGED_NAME: &str = "switches.damaged";
const HEAD: &str = "sesshu-switches-1 ";
/// More than all turns that may be remembered take.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What lay in the folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing yet.
    Nothing,
    /// The switches.
    State(SwitchState),
    /// Something that nobody can read; it was put aside.
    Damaged,
}

/// The right to turn the switches of `folder`, until it is dropped; none if another process has it.
pub(super) fn lock(folder: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(folder.join(LOCK_NAME))?;
    give_to_owner_of(folder, &file);
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Reads the file. One that cannot be read is put aside.
pub(super) fn read(folder: &Path) -> io::Result<Found> {
    let path = folder.join(NAME);
    let bytes = match std::fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
        Ok(about) if about.len() > FILE_BYTES_MAX => Vec::new(),
        Ok(_) => std::fs::read(&path)?,
    };
    if let Some(state) = decoded(&bytes) {
        return Ok(Found::State(state));
    }
    std::fs::rename(&path, folder.join(DAMAGED_NAME))?;
    Ok(Found::Damaged)
}

fn decoded(bytes: &[u8]) -> Option<SwitchState> {
    let (head, rest) = std::str::from_utf8(bytes).ok()?.split_once('\n')?;
    let json = rest.strip_suffix('\n')?;
    let hash = head.strip_prefix(HEAD)?;
    let whole = blake3::hash(json.as_bytes()).to_hex().as_str() == hash;
    if whole { serde_json::from_str(json).ok() } else { None }
}

/// Writes the file; when this returns it is on the disk.
pub(super) fn write(folder: &Path, state: &SwitchState) -> io::Result<()> {
    let json = serde_json::to_string(state)?;
    let path: PathBuf = folder.join(NAME);
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    write!(file, "{HEAD}{}\n{json}\n", blake3::hash(json.as_bytes()).to_hex())?;
    give_to_owner_of(folder, file.as_file());
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_engine::core::switch::Switch;
    use sesshu_engine::core::time::Instant;
    use sesshu_http::{SwitchOrder, SwitchWish};

    fn state() -> SwitchState {
        let mut state = SwitchState::default();
        let (switch, to) = (Switch::NewBookings, SwitchWish::Off { minutes: Some(3) });
        let order = SwitchOrder { switch, to, by: "staff:sato".into(), reason: "混雑\n「予約」".into() };
        assert_eq!(state.turn(&order, Instant(1_800_000_000_000), false), Ok(true));
        state
    }

    #[test]
    fn what_an_administrator_writes_is_the_folders_owners() {
        use std::os::unix::fs::MetadataExt;

        const SERVER: u32 = 65_534;
        if !rustix::process::geteuid().is_root() {
            eprintln!("not run: only root gives files away");
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::chown(folder.path(), Some(SERVER), Some(SERVER)).expect("root may");
        let _turning = lock(folder.path()).expect("a lock");
        write(folder.path(), &state()).expect("it is written");
        for name in [NAME, LOCK_NAME] {
            let owner = std::fs::metadata(folder.path().join(name)).expect("a file").uid();
            assert_eq!(owner, SERVER, "{name}");
        }
    }

    #[test]
    fn what_is_written_is_read_and_the_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(read(folder.path()).expect("readable"), Found::Nothing);
        for state in [state(), SwitchState::default(), state()] {
            write(folder.path(), &state).expect("it is written");
            assert_eq!(read(folder.path()).expect("readable"), Found::State(state));
        }
        let mode = std::fs::metadata(folder.path().join(NAME)).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
    }

    #[test]
    fn any_flipped_bit_or_lost_end_is_damage_that_is_put_aside() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(NAME);
        write(folder.path(), &state()).expect("it is written");
        let whole = std::fs::read(&path).expect("the file");
        let flipped = (0..whole.len()).map(|at| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        });
        let cut = [0, 1, whole.len() / 2, whole.len() - 1].map(|length| whole[..length].to_vec());
        for bytes in flipped.chain(cut).chain([vec![b'x'; FILE_BYTES_MAX as usize + 1]]) {
            std::fs::write(&path, &bytes).expect("it is damaged");
            assert_eq!(read(folder.path()).expect("readable"), Found::Damaged);
            assert_eq!(std::fs::read(folder.path().join(DAMAGED_NAME)).expect("put aside"), bytes);
            assert_eq!(read(folder.path()).expect("readable"), Found::Nothing);
        }
    }

    #[test]
    fn one_process_has_the_switches() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = lock(folder.path()).expect("a lock");
        assert!(held.is_some() && lock(folder.path()).expect("a lock").is_none());
        drop(held);
        assert!(lock(folder.path()).expect("a lock").is_some());
    }
}
