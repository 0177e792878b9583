//! The `sesshu` binary as a command: which one is tested, how it is called, and what came out.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The release binary that is tested: `SESSHU_BIN`, else the one in the target folder of the checkout.
#[must_use]
pub fn binary() -> PathBuf {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout.join("target"), PathBuf::from);
    let path = std::env::var_os("SESSHU_BIN").map_or_else(|| target.join("release/sesshu"), PathBuf::from);
    let path = if path.is_absolute() { path } else { checkout.join(path) };
    assert!(
        path.is_file(),
        "{} is missing: run `cargo build --release` first, or set SESSHU_BIN to the binary to test",
        path.display()
    );
    path
}

/// One call of the binary, without a terminal and in English unless said otherwise.
#[derive(Debug)]
pub struct Sesshu {
    arguments: Vec<OsString>,
    language: &'static str,
    folder: Option<PathBuf>,
}

/// How a call ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
    call: String,
}

impl Sesshu {
    /// The command with these arguments.
    #[must_use]
    pub fn new<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        Self { arguments, language: "C.UTF-8", folder: None }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Adds `--data DIR`.
    #[must_use]
    pub fn data(self, data: &Path) -> Self {
        self.arg("--data").arg(data)
    }

    /// Sets `LANG`.
    #[must_use]
    pub const fn language(mut self, language: &'static str) -> Self {
        self.language = language;
        self
    }

    /// Runs it in `folder`.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// As a process to start, stdin closed.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.args(&self.arguments).stdin(Stdio::null()).env("LANG", self.language).env_remove("LC_ALL");
        command.env_remove("LC_MESSAGES").env_remove("LANGUAGE");
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }

    /// Runs it to its end.
    #[must_use]
    pub fn run(&self) -> Outcome {
        let output = self.command().output().expect("the binary starts");
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            call: format!("sesshu {}", self.arguments.join(OsStr::new(" ")).to_string_lossy()),
        }
    }
}

impl Outcome {
    /// The outcome, provided that the exit code is `code`.
    #[track_caller]
    #[allow(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "many callers only want the check")]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{} should exit with {code}\n{}", self.call, self.both());
        self
    }

    /// The outcome of a call that was done (exit code 0).
    #[track_caller]
    #[allow(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "many callers only want the check")]
    pub fn done(self) -> Self {
        self.expect_code(0)
    }

    /// Stdout as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{}: stdout is not JSON: {error}\n{}", self.call, self.both()))
    }

    /// Everything that it said, for a message.
    #[must_use]
    pub fn both(&self) -> String {
        format!("--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr)
    }

    /// Fails unless what it said, on either stream, has every one of `words`.
    pub fn says(&self, words: &[&str]) {
        for word in words {
            assert!(
                self.stdout.contains(word) || self.stderr.contains(word),
                "{} should say {word:?}\n{}",
                self.call,
                self.both()
            );
        }
    }
}
