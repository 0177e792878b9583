//! Alerts as people get them: through a mail server, a web server and a phone command that answer, refuse, hang or are gone.

mod incident;
mod manual;
mod phone;
mod proof;

use std::path::{Path, PathBuf};

use sesshu_tests::Sesshu;
use tempfile::TempDir;

/// An empty data folder with this configuration.
fn folder_with(config: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::with_prefix("sesshu-alerts-").expect("a temporary folder");
    let data = folder.path().join("city");
    let _ = Sesshu::new(["init"]).data(&data).run().done();
    std::fs::write(data.join("sesshu.toml"), config).expect("a configuration");
    (folder, data)
}

/// The table of the mail server at `port`.
fn mail_table(port: u16, security: &str) -> String {
    format!(
        "[monitor.mail]\nhost = \"localhost\"\nport = {port}\nsecurity = \"{security}\"\ntimeout_seconds = 2\n\
         from = \"接種予約システム <sesshu@example.lg.jp>\"\n"
    )
}

/// A program in `folder` that does `script` and keeps what it reads in `call.json`.
fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    let read = folder.join("call.json");
    std::fs::write(&path, format!("#!/bin/sh\ncat >'{}'\n{script}\n", read.display())).expect("a program");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("to make it run");
    path
}
