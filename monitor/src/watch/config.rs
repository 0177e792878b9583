//! The watcher's own file: which server, how it is asked, and the same `[monitor]` tables as the server has.

use std::path::PathBuf;

use serde::Deserialize;

use crate::config::{MonitorConfig, Problem};

/// The whole file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchFile {
    /// What is watched.
    pub watch: WatchConfig,
    /// Thresholds, contacts and channels.
    #[serde(default)]
    pub monitor: MonitorConfig,
}

/// The table `[watch]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchConfig {
    /// The watcher's name, as the server's people read it.
    #[serde(default = "usual_name")]
    pub name: String,
    /// The residents' address, as they reach it.
    pub public: String,
    /// The ops listener's address, directly or through a proxy.
    pub ops: String,
    /// The staff's address, if it is watched from here too.
    pub staff: Option<String>,
    /// How long one request may take, in seconds (1 to 60).
    #[serde(default = "usual_timeout_seconds")]
    pub timeout_seconds: u32,
    /// A file (PEM) with the authority that signed the certificates, if it is none of the system's.
    pub ca_file: Option<PathBuf>,
    /// A file with one header line, such as `Authorization: Bearer …`, that a proxy in front of the ops listener wants.
    pub ops_header_file: Option<PathBuf>,
    /// The account that logs in; without it no login is tried.
    pub probe: Option<ProbeConfig>,
}

/// The table `[watch.probe]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeConfig {
    /// The ID on the roll.
    pub id: String,
    /// The file with its password; read at each login.
    pub password_file: PathBuf,
    /// How often it logs in, in seconds (10 to 3600).
    #[serde(default = "usual_probe_seconds")]
    pub every_seconds: u32,
}

fn usual_name() -> String {
    "watch".into()
}

const fn usual_timeout_seconds() -> u32 {
    10
}

const fn usual_probe_seconds() -> u32 {
    60
}

/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 40;

impl WatchFile {
    /// The first thing that is wrong.
    #[must_use]
    pub fn wrong(&self) -> Option<Problem> {
        self.watch.wrong().or_else(|| self.monitor.wrong())
    }
}

impl WatchConfig {
    fn wrong(&self) -> Option<Problem> {
        let wrong = |section: &str, key, message: &str| {
            Some(Problem { section: section.into(), nth: 0, key, message: message.into() })
        };
        let name = self.name.trim();
        if name.is_empty() || self.name.chars().count() > NAME_CHARS_MAX || self.name.chars().any(char::is_control) {
            return wrong("watch", "name", "must have 1 to 40 characters");
        }
        let addresses = [("public", Some(&self.public)), ("ops", Some(&self.ops)), ("staff", self.staff.as_ref())];
        for (key, address) in addresses {
            if address.is_some_and(|address| !is_origin(address)) {
                return wrong("watch", key, "must be an address such as https://yoyaku.example.lg.jp");
            }
        }
        if !(1..=60).contains(&self.timeout_seconds) {
            return wrong("watch", "timeout_seconds", "must be from 1 to 60");
        }
        let Some(probe) = &self.probe else { return None };
        if !(4..=20).contains(&probe.id.len()) || !probe.id.bytes().all(|digit| digit.is_ascii_digit()) {
            return wrong("watch.probe", "id", "must have 4 to 20 digits");
        }
        if !(10..=3_600).contains(&probe.every_seconds) {
            return wrong("watch.probe", "every_seconds", "must be from 10 to 3600");
        }
        None
    }
}

/// Whether it is a scheme and a host, with or without a path before ours.
fn is_origin(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(watch: &str) -> WatchFile {
        toml::from_str(&format!("[watch]\n{watch}")).expect("a file")
    }

    #[test]
    fn little_is_enough() {
        let file = file("public = \"https://yoyaku.example.lg.jp\"\nops = \"http://10.0.0.5:8082\"\n");
        assert_eq!(file.wrong(), None);
        assert_eq!((file.watch.timeout_seconds, file.monitor.every_seconds), (10, 5));
    }

    #[test]
    fn a_wrong_value_is_named() {
        let cases = [
            ("name = \" \"\npublic = \"https://a\"\nops = \"https://a\"", "watch", "name"),
            ("public = \"a\"\nops = \"https://a\"", "watch", "public"),
            ("public = \"https://a\"\nops = \"ftp://a\"", "watch", "ops"),
            ("public = \"https://a\"\nops = \"https://a\"\nstaff = \"https://a?b\"", "watch", "staff"),
            ("public = \"https://a\"\nops = \"https://a\"\ntimeout_seconds = 0", "watch", "timeout_seconds"),
            (
                "public = \"https://a\"\nops = \"https://a\"\n[watch.probe]\nid = \"x\"\npassword_file = \"p\"",
                "watch.probe",
                "id",
            ),
            ("public = \"https://a\"\nops = \"https://a\"\n[monitor]\nevery_seconds = 0", "monitor", "every_seconds"),
        ];
        for (text, section, key) in cases {
            let problem = file(text).wrong().expect(text);
            assert_eq!((problem.section.as_str(), problem.key), (section, key));
        }
    }
}
