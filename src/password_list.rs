//! The list for the printer: ID, name, password. It is collected in a file of mode 0600 and gets its name when it is whole, once.
//!
//! After an interruption the collected file is taken up again; lines of people whose password did not become durable are
//! dropped, since those passwords count for nothing.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::exit::Failure;
use crate::jobs::PasswordLine;

const PARTIAL_NAME: &str = "passwords.csv.partial";
/// UTF-8 with a byte order mark, so that spreadsheets and printers' programs read the kana.
const HEADER: &str = "\u{feff}id,name_kana,password";

/// The list while it grows.
pub(crate) struct PasswordList {
    folder: PathBuf,
    file: File,
    lines: u64,
}

impl PasswordList {
    /// Starts a list in `folder`, or goes on with an interrupted one. `void` are the IDs that have no password: their lines in
    /// an interrupted list count for nothing.
    pub(crate) fn open(folder: &Path, void: &HashSet<String>) -> Result<Self, Failure> {
        let failed = || Failure::io(format!("the list in {}", folder.display()));
        std::fs::create_dir_all(folder).map_err(failed())?;
        let partial = folder.join(PARTIAL_NAME);
        let kept = match File::open(&partial) {
            Ok(file) => standing_lines(file, void).map_err(failed())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed()(error)),
        };
        let fresh = folder.join(format!("{PARTIAL_NAME}.new"));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh).map_err(failed())?;
        let mut text = format!("{HEADER}\r\n");
        for line in &kept {
            text.push_str(line);
            text.push_str("\r\n");
        }
        file.write_all(text.as_bytes()).map_err(failed())?;
        file.sync_all().map_err(failed())?;
        std::fs::rename(&fresh, &partial).map_err(failed())?;
        sync_folder(folder).map_err(failed())?;
        Ok(Self { folder: folder.to_owned(), file, lines: kept.len() as u64 })
    }

    /// Adds lines; they are on the disk when this returns.
    pub(crate) fn append(&mut self, lines: &[PasswordLine]) -> Result<(), Failure> {
        let mut text = String::new();
        for line in lines {
            // IDs are digits, names are kana and spaces, passwords letters and digits: nothing needs quoting.
            text.push_str(&format!("{},{},{}\r\n", line.id, line.name_kana, line.password));
        }
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_all());
        written.map_err(Failure::io(format!("the list in {}", self.folder.display())))?;
        self.lines += lines.len() as u64;
        Ok(())
    }

    /// Gives the whole list its name; none if it is empty.
    pub(crate) fn finish(self) -> Result<Option<PathBuf>, Failure> {
        let failed = || Failure::io(format!("the list in {}", self.folder.display()));
        let partial = self.folder.join(PARTIAL_NAME);
        if self.lines == 0 {
            std::fs::remove_file(&partial).map_err(failed())?;
            return Ok(None);
        }
        let mut number = 1;
        let path = loop {
            let path = self.folder.join(format!("passwords-{number:03}.csv"));
            // `hard_link` refuses a name that is taken: a list is written once and never over another.
            match std::fs::hard_link(&partial, &path) {
                Ok(()) => break path,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(failed()(error)),
            }
        };
        std::fs::remove_file(&partial).map_err(failed())?;
        sync_folder(&self.folder).map_err(failed())?;
        Ok(Some(path))
    }
}

fn standing_lines(file: File, void: &HashSet<String>) -> io::Result<Vec<String>> {
    let mut kept = Vec::new();
    for line in BufReader::new(file).split(b'\n').skip(1) {
        // A power cut may have left a part of a line, ending in the middle of a character.
        let Some(line) = line?.strip_suffix(b"\r").and_then(|line| str::from_utf8(line).ok().map(str::to_owned)) else {
            continue;
        };
        let whole = line.split(',').count() == 3;
        let id = line.split(',').next().unwrap_or("");
        if whole && !void.contains(id) {
            kept.push(line);
        }
    }
    Ok(kept)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    fn line(id: &str) -> PasswordLine {
        PasswordLine { id: id.into(), name_kana: "テスト　ハナコ".into(), password: "abcd-efgh-jkm".into() }
    }

    proptest! {
        #[test]
        fn a_list_cut_anywhere_goes_on_with_its_whole_lines(at in any::<Index>(), noise in proptest::collection::vec(any::<u8>(), 0..6)) {
            let folder = tempfile::tempdir().expect("a folder");
            let mut list = PasswordList::open(folder.path(), &HashSet::new()).expect("a list");
            list.append(&[line("0001"), line("0002"), line("0003")]).expect("kept");
            drop(list);
            let partial = folder.path().join(PARTIAL_NAME);
            let whole = std::fs::read(&partial).expect("a file");
            let cut = at.index(whole.len() + 1);
            std::fs::write(&partial, [&whole[..cut], &noise[..]].concat()).expect("cut");
            let ends = whole[..cut].iter().filter(|&&byte| byte == b'\n').count() as u64;
            let list = PasswordList::open(folder.path(), &HashSet::new()).expect("taken up");
            prop_assert!(list.lines >= ends.saturating_sub(1) && list.lines <= 3, "{} lines of {ends}", list.lines);
        }
    }

    #[test]
    fn an_interrupted_list_goes_on_without_the_lines_that_do_not_count() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut list = PasswordList::open(folder.path(), &HashSet::new()).expect("a list");
        list.append(&[line("0001"), line("0002")]).expect("kept");
        drop(list);
        let void = HashSet::from(["0002".to_owned()]);
        let mut list = PasswordList::open(folder.path(), &void).expect("taken up");
        list.append(&[line("0002"), line("0003")]).expect("kept");
        let path = list.finish().expect("whole").expect("not empty");
        let text = std::fs::read_to_string(&path).expect("a file");
        let ids: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        assert_eq!(ids, ["0001", "0002", "0003"]);
        assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        assert!(PasswordList::open(folder.path(), &HashSet::new()).expect("empty").finish().expect("none").is_none());
    }
}
