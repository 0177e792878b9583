//! The name of a monitor's folder: it makes the numbers given in it unlike those of any other monitor.

use std::io::Write;
use std::path::Path;

const NAME: &str = "id";
const DIGITS: usize = 12;

/// The name of `folder`: twelve hexadecimal digits, drawn at the first question and kept in it. If it cannot be kept it is drawn anew
/// after each start, since alerts must go out whatever the disk does.
#[must_use]
pub fn folder_id(folder: &Path) -> String {
    let path = folder.join(NAME);
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let kept = kept.trim();
    if kept.len() == DIGITS && kept.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return kept.to_owned();
    }
    let mut bytes = [0_u8; 8];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::warn!(%error, "the system has no random numbers");
    }
    let mut id = format!("{:016x}", u64::from_le_bytes(bytes));
    id.truncate(DIGITS);
    if let Err(error) = keep(folder, &path, &id) {
        tracing::warn!(%error, folder = %folder.display(), "the monitor's folder takes no name");
    }
    id
}

fn keep(folder: &Path, path: &Path, id: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{id}")?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_name_and_a_damaged_name_is_drawn_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("monitor");
        let id = folder_id(&below);
        assert_eq!((id.len(), folder_id(&below)), (DIGITS, id));
        std::fs::write(below.join(NAME), "x").expect("a file");
        assert_eq!(folder_id(&below).len(), DIGITS);
    }
}
