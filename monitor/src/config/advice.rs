//! What can be used but should not stay so: files that are missing or that others may read.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::MonitorConfig;

/// Something that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// The file of this key cannot be read as it is now.
    Unreadable(&'static str, PathBuf),
    /// The file holds a password, and others than its owner may read it.
    OpenToOthers(&'static str, PathBuf),
}

impl MonitorConfig {
    /// What a person should look at. It reads no file's content.
    #[must_use]
    pub fn advice(&self) -> Vec<Advice> {
        let mail = self.mail.as_ref();
        let files = [
            ("monitor.mail.password_file", mail.and_then(|mail| mail.password_file.as_ref()), true),
            ("monitor.mail.ca_file", mail.and_then(|mail| mail.ca_file.as_ref()), false),
            ("monitor.webhook.ca_file", self.webhook.ca_file.as_ref(), false),
        ];
        files
            .into_iter()
            .filter_map(|(key, file, is_secret)| {
                let file = file?;
                match std::fs::File::open(file).and_then(|open| open.metadata()) {
                    Err(_) => Some(Advice::Unreadable(key, file.clone())),
                    Ok(about) if is_secret && about.permissions().mode() & 0o077 != 0 => {
                        Some(Advice::OpenToOthers(key, file.clone()))
                    }
                    Ok(_) => None,
                }
            })
            .collect()
    }
}
