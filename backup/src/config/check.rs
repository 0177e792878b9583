//! What is wrong with a `[backup]` that can be read: values out of range, folders that lie in one another, keys that do not fit.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sesshu_engine::core::time::ClockTime;

use super::BackupConfig;
use crate::keys::{Identity, Recipients};

/// A wrong value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key in `[backup]`.
    pub key: &'static str,
    /// What it must be.
    pub message: String,
}

impl Problem {
    fn at(key: &'static str, message: impl Into<String>) -> Self {
        Self { key, message: message.into() }
    }
}

/// The data folder's own, in which nothing of backups may lie.
const TAKEN: [&str; 3] = ["keys", "monitor", "notice"];

impl BackupConfig {
    /// The first thing that is wrong, for the data folder `data`. Files are not opened: see [`BackupConfig::wrong_identity`].
    #[must_use]
    pub fn wrong(&self, data: &Path) -> Option<Problem> {
        self.wrong_value().or_else(|| self.wrong_folder(data)).or_else(|| self.wrong_keys(data))
    }

    fn wrong_value(&self) -> Option<Problem> {
        if self.daily_at.parse::<ClockTime>().is_err() {
            return Some(Problem::at("daily_at", "must be a time such as 03:00"));
        }
        let ranges = [
            ("second_keep_days", u32::from(self.second_keep_days), 1, 366),
            ("io_mib_per_second", self.io_mib_per_second, 1, 10_000),
            ("cpu_percent", u32::from(self.cpu_percent), 5, 100),
            ("journal_seconds", u32::from(self.journal_seconds), 1, 60),
            ("drill_days", u32::from(self.drill_days), 1, 366),
        ];
        let wrong = ranges.into_iter().find(|(_, value, from, to)| !(*from..=*to).contains(value));
        wrong.map(|(key, _, from, to)| Problem::at(key, format!("must be from {from} to {to}")))
    }

    fn wrong_folder(&self, data: &Path) -> Option<Problem> {
        let given = [("dir", &self.dir), ("second", &self.second), ("scratch", &self.scratch)];
        for (key, path) in given {
            if path.as_ref().is_some_and(|path| !path.is_absolute()) {
                return Some(Problem::at(key, "must be a whole path, from / on"));
            }
        }
        let places = self.places(data);
        let data = settled(&places.data);
        let mut before: Vec<(&str, PathBuf)> = Vec::new();
        let folders =
            [("dir", Some(&places.dir)), ("second", places.second.as_ref()), ("scratch", Some(&places.scratch))];
        for (key, path) in folders.into_iter().filter_map(|(key, path)| Some((key, settled(path?)))) {
            if data.starts_with(&path) {
                return Some(Problem::at(key, "must be a folder of its own, not the data folder or one above it"));
            }
            if let Some(taken) = TAKEN.iter().find(|taken| path.starts_with(data.join(taken))) {
                return Some(Problem::at(key, format!("must not lie in the data folder's {taken}")));
            }
            if let Some((other, _)) =
                before.iter().find(|(_, other)| path.starts_with(other) || other.starts_with(&path))
            {
                // What was given is named, not what is there by default.
                let (key, other) = if self.is_given(key) { (key, *other) } else { (*other, key) };
                return Some(Problem::at(
                    key,
                    format!("must not be the folder of {other}, nor lie in it, nor hold it"),
                ));
            }
            before.push((key, path));
        }
        None
    }

    fn is_given(&self, key: &str) -> bool {
        match key {
            "dir" => self.dir.is_some(),
            "second" => self.second.is_some(),
            _ => self.scratch.is_some(),
        }
    }

    fn wrong_keys(&self, data: &Path) -> Option<Problem> {
        let Some(identity) = &self.identity_file else {
            return (!self.recipients.is_empty()).then(|| {
                Problem::at(
                    "recipients",
                    "go together with identity_file: without it no generation can be checked here",
                )
            });
        };
        if !identity.is_absolute() {
            return Some(Problem::at("identity_file", "must be a whole path, from / on"));
        }
        match &self.recipients[..] {
            [] => {}
            [host, city] if host != city => {}
            _ => {
                let message = "must be two: the host's verification key and the city's offline key";
                return Some(Problem::at("recipients", message));
            }
        }
        if let Err(error) = Recipients::parse(&self.recipients) {
            return Some(Problem::at("recipients", error.to_string()));
        }
        let places = self.places(data);
        let folders = [Some(&places.data), Some(&places.dir), places.second.as_ref(), Some(&places.scratch)];
        let identity = settled(identity);
        let inside = folders.into_iter().flatten().any(|folder| identity.starts_with(settled(folder)));
        inside.then(|| Problem::at("identity_file", "must lie outside the data folder and the folders of backups"))
    }

    /// What is wrong with the host's verification key itself. A server runs without it all the same, since bookings come first: its
    /// backups fail then, which is told.
    #[must_use]
    pub fn wrong_identity(&self) -> Option<Problem> {
        let path = self.identity_file.as_ref()?;
        let at = |message: String| Some(Problem::at("identity_file", message));
        let meta = match std::fs::metadata(path) {
            Ok(meta) => meta,
            Err(error) => return at(format!("{error}; `sesshu backup keygen` makes one")),
        };
        let mode = meta.mode() & 0o777;
        if mode != 0o400 {
            return at(format!("must have mode 0400, and has 0{mode:o}: chmod 0400 {}", path.display()));
        }
        match (Identity::read(path), Recipients::parse(&self.recipients)) {
            (Err(error), _) | (_, Err(error)) => at(error.to_string()),
            (Ok(identity), Ok(recipients)) if !recipients.is_empty() && !recipients.include(&identity) => {
                at(format!("its public key {} is not among the recipients", identity.public()))
            }
            _ => None,
        }
    }
}

/// `path` without the links and detours of what is there of it.
fn settled(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|above| Some((above, std::fs::canonicalize(above).ok()?)));
    match there {
        Some((above, whole)) => path.strip_prefix(above).map_or_else(|_| whole.clone(), |rest| whole.join(rest)),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn key_of(config: &BackupConfig) -> Option<&'static str> {
        config.wrong(Path::new("/nowhere/data")).map(|problem| problem.key)
    }

    #[test]
    fn folders_are_whole_and_none_lies_in_another() {
        type Given = (Option<&'static str>, Option<&'static str>, Option<&'static str>);
        assert_eq!(key_of(&BackupConfig::default()), None);
        let cases: [(Given, Option<&str>); 12] = [
            ((Some("/nowhere/backups"), Some("/mnt/second"), Some("/nowhere/scratch")), None),
            ((Some("/nowhere/data/backups"), None, None), None),
            ((Some("backups"), None, None), Some("dir")),
            ((None, Some("second"), None), Some("second")),
            ((Some("/nowhere/data"), None, None), Some("dir")),
            ((Some("/nowhere"), None, None), Some("dir")),
            ((None, None, Some("/nowhere/data/keys/scratch")), Some("scratch")),
            ((None, Some("/nowhere/data/monitor"), None), Some("second")),
            ((Some("/a"), Some("/a"), None), Some("second")),
            ((Some("/a"), Some("/a/second"), None), Some("second")),
            ((None, Some("/nowhere/data/backups/second"), None), Some("second")),
            ((Some("/nowhere/data/scratch/backups"), None, None), Some("dir")),
        ];
        for ((dir, second, scratch), wrong) in cases {
            let path = |path: Option<&str>| path.map(PathBuf::from);
            let config = BackupConfig {
                dir: path(dir),
                second: path(second),
                scratch: path(scratch),
                ..BackupConfig::default()
            };
            assert_eq!(key_of(&config), wrong, "{dir:?} {second:?} {scratch:?}");
        }
    }

    #[test]
    fn values_are_within_their_ranges() {
        let wrong = [
            (BackupConfig { daily_at: "24:30".into(), ..BackupConfig::default() }, "daily_at"),
            (BackupConfig { second_keep_days: 0, ..BackupConfig::default() }, "second_keep_days"),
            (BackupConfig { io_mib_per_second: 0, ..BackupConfig::default() }, "io_mib_per_second"),
            (BackupConfig { cpu_percent: 101, ..BackupConfig::default() }, "cpu_percent"),
            (BackupConfig { journal_seconds: 61, ..BackupConfig::default() }, "journal_seconds"),
            (BackupConfig { drill_days: 0, ..BackupConfig::default() }, "drill_days"),
        ];
        for (config, key) in wrong {
            assert_eq!(key_of(&config), Some(key));
        }
    }

    #[test]
    fn recipients_are_two_and_the_hosts_key_is_one_of_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("backup.key");
        let (host, city) = (Identity::generate(), Identity::generate());
        let with = |recipients: &[String], identity_file: Option<&Path>| BackupConfig {
            recipients: recipients.to_vec(),
            identity_file: identity_file.map(Path::to_owned),
            ..BackupConfig::default()
        };
        let both = [host.public(), city.public()];
        assert_eq!(key_of(&with(&both, Some(&path))), None);
        assert_eq!(key_of(&with(&both, None)), Some("recipients"));
        assert_eq!(key_of(&with(&both[..1], Some(&path))), Some("recipients"));
        assert_eq!(key_of(&with(&[host.public(), host.public()], Some(&path))), Some("recipients"));
        assert_eq!(key_of(&with(&[host.public(), "age1".into()], Some(&path))), Some("recipients"));
        assert_eq!(key_of(&with(&both, Some(Path::new("backup.key")))), Some("identity_file"));
        assert_eq!(key_of(&with(&both, Some(Path::new("/nowhere/data/backup.key")))), Some("identity_file"));

        let says = |config: &BackupConfig| config.wrong_identity().map(|problem| problem.message).unwrap_or_default();
        assert!(says(&with(&both, Some(&path))).contains("keygen"), "it is not there yet");
        host.write_new(&path).expect("a new file");
        assert_eq!(says(&with(&both, Some(&path))), "");
        assert!(says(&with(&[city.public(), Identity::generate().public()], Some(&path))).contains("not among"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        assert!(says(&with(&both, Some(&path))).contains("0400"));
    }
}
