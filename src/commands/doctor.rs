//! `doctor`: whether this machine and this configuration are fit for the day, check by check, and what to do where they are not. It changes
//! nothing, and works whether or not a server runs.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::print;
use crate::config::Config;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::terminal::words;
use alerting::{contacts, mail_server, outside};
use backups::backups;
use machine::{clock, disk, open_files, swap};

mod alerting;
mod backups;
mod machine;

/// How good something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    /// Fine.
    Good,
    /// It works, and somebody should look at it.
    Doubt,
    /// It does not work, or will not for long.
    Bad,
}

impl Mark {
    const fn sign(self) -> &'static str {
        match self {
            Self::Good => "○",
            Self::Doubt => "△",
            Self::Bad => "×",
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Doubt => "doubt",
            Self::Bad => "bad",
        }
    }
}

/// One check.
#[derive(Debug)]
struct Check {
    /// Its stable name.
    code: &'static str,
    mark: Mark,
    /// What was found.
    says: String,
    /// What to do; empty if nothing is.
    advice: String,
}

impl Check {
    fn good(code: &'static str, says: impl Into<String>) -> Self {
        Self { code, mark: Mark::Good, says: says.into(), advice: String::new() }
    }

    fn doubt(code: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { code, mark: Mark::Doubt, says: says.into(), advice: advice.into() }
    }

    fn bad(code: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { code, mark: Mark::Bad, says: says.into(), advice: advice.into() }
    }

    fn json(&self) -> Value {
        json!({ "check": self.code, "mark": self.mark.code(), "says": self.says, "advice": self.advice })
    }

    fn line(&self) -> String {
        let advice = if self.advice.is_empty() { String::new() } else { format!("\n   → {}", self.advice) };
        format!("{} {}{advice}", self.mark.sign(), self.says)
    }
}

/// A text in the person's language, with its numbers.
macro_rules! say {
    ($ja:literal, $en:literal) => {
        if crate::terminal::japanese() { format!($ja) } else { format!($en) }
    };
}
use say;

/// Checks everything; fails if something is bad.
pub(crate) async fn doctor(folder: &DataFolder) -> Result<(), Failure> {
    let checks = match folder.config() {
        Ok(config) => all(folder, &config).await,
        Err(error) => vec![Check::bad(
            "configuration",
            error.to_string(),
            words("この行を直し、sesshu check-config で確かめる。", "Correct this line; see sesshu check-config."),
        )],
    };
    let bad = checks.iter().filter(|check| check.mark == Mark::Bad).count();
    let value = json!({ "ok": bad == 0, "checks": checks.iter().map(Check::json).collect::<Vec<_>>() });
    print(folder, &value, |_| checks.iter().map(Check::line).collect::<Vec<_>>().join("\n"))?;
    match bad {
        0 => Ok(()),
        bad => Err(Failure::refused(say!("× が {bad} 件あります", "{bad} checks are bad"))),
    }
}

async fn all(folder: &DataFolder, config: &Config) -> Vec<Check> {
    let monitor = crate::monitoring::folder_of(folder, config);
    let floor_mib = config.store.free_disk_floor_mib;
    let mut checks = vec![
        Check::good("configuration", say!("設定に誤りはありません", "the configuration has no errors")),
        data_folder(folder, config),
        disk("disk_data", &folder.path, floor_mib),
    ];
    checks.push(writable("monitor_folder", &monitor, words("監視のフォルダー", "the monitor's folder")));
    checks.push(disk("disk_monitor", &monitor, 0));
    checks.extend(backups(folder, config));
    checks.extend([clock(), open_files(), swap(Path::new("/proc/meminfo"))]);
    checks.push(certificate(config).await);
    checks.push(contacts(&config.monitor));
    checks.extend(mail_server(&config.monitor));
    checks.push(outside(&config.monitor));
    checks
}

/// The data folder: it is there, it has a store, it can be written, and nobody else looks into it.
fn data_folder(folder: &DataFolder, config: &Config) -> Check {
    const CODE: &str = "data_folder";
    let at = folder.path.display();
    if !folder.engine_config(config).has_store() {
        return Check::bad(
            CODE,
            say!("データのフォルダー {at} に、まだデータがありません", "the data folder {at} has no data yet"),
            words("場所が正しければ、sesshu init で作る。", "If the place is right, make it with sesshu init."),
        );
    }
    if let Some(problem) = open_to_others(&folder.path) {
        return Check::doubt(
            CODE,
            say!(
                "データのフォルダー {at} を、ほかの利用者も開けます（{problem}）",
                "others may look into {at} ({problem})"
            ),
            say!("chmod 700 {at}", "chmod 700 {at}"),
        );
    }
    writable(CODE, &folder.path, words("データのフォルダー", "the data folder"))
}

/// The mode of `path` if others than its owner may read it.
fn open_to_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    let mode = std::fs::metadata(path).ok()?.mode() & 0o777;
    (mode & 0o077 != 0).then(|| format!("{mode:o}"))
}

/// Whether a file can be written in a folder, or in the nearest folder above that is there.
fn writable(code: &'static str, path: &Path, name: &str) -> Check {
    let at = existing(path);
    let shown = path.display();
    match tempfile::NamedTempFile::new_in(&at) {
        Ok(_) => Check::good(code, say!("{name} {shown} に書けます", "{name} {shown} can be written")),
        Err(error) => Check::bad(
            code,
            say!("{name} {shown} に書けません：{error}", "{name} {shown} cannot be written: {error}"),
            words(
                "フォルダーの持ち主（chown）と、ディスクが読み取り専用でないか（mount）を確かめる。",
                "See who owns the folder (chown), and whether the disk is read-only (mount).",
            ),
        ),
    }
}

/// `path`, or the nearest folder above it that is there.
fn existing(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    whole.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

/// The certificate and its key: they can be read and belong together.
async fn certificate(config: &Config) -> Check {
    const CODE: &str = "certificate";
    let Some(tls) = &config.tls else {
        let proxy = config.proxy.is_some();
        let says = if proxy {
            words("TLS は前のプロキシが受け持ちます", "a proxy in front ends TLS")
        } else {
            words(
                "TLS もプロキシもないため、この機械の中からだけ使えます",
                "without TLS or proxy only this machine is served",
            )
        };
        return Check::good(CODE, says);
    };
    match sesshu_http::load_tls(&tls.certificate, &tls.key).await {
        Ok(_) => Check::good(CODE, words("証明書と鍵を読めます", "certificate and key can be read")),
        Err(error) => Check::bad(
            CODE,
            say!("証明書か鍵を使えません：{error}", "the certificate or its key cannot be used: {error}"),
            words("[tls] の certificate と key のファイルを確かめる。", "See the files certificate and key of [tls]."),
        ),
    }
}
