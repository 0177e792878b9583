//! What a person at a terminal sees: progress on stderr, questions, and the list that must be kept.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use crate::exit::Failure;
use crate::jobs::{Audience, PasswordLine};
use crate::password_list::PasswordList;

/// The person who gave the command.
#[derive(Default)]
pub(crate) struct Terminal {
    bar: Option<ProgressBar>,
    list: Option<PasswordList>,
}

impl Terminal {
    /// With a list in which issued passwords are kept.
    pub(crate) fn with_list(list: PasswordList) -> Self {
        Self { bar: None, list: Some(list) }
    }

    /// A sign that something goes on, for work without counts. Nothing is shown where there is no terminal.
    pub(crate) fn spinner(what: &str) -> ProgressBar {
        let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
        spinner.enable_steady_tick(std::time::Duration::from_millis(120));
        spinner
    }

    /// The list, when the work is done.
    pub(crate) fn into_list(self) -> Option<PasswordList> {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.list
    }
}

impl Audience for Terminal {
    async fn phase(&mut self, word: &str) -> Result<(), Failure> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        eprintln!("{word}");
        Ok(())
    }

    async fn progress(&mut self, done: u64, of: u64) -> Result<(), Failure> {
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len}  {elapsed} / {eta} left");
            ProgressBar::new(of).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_length(of);
        bar.set_position(done);
        Ok(())
    }

    async fn keep(&mut self, lines: Vec<PasswordLine>) -> Result<(), Failure> {
        let list = self.list.as_mut().ok_or_else(|| Failure::internal("no list to keep passwords in"))?;
        list.append(&lines)
    }
}

/// Asks a question; without a terminal the answer is no, with a hint.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        let hint = words(
            "確認できる端末がありません。続けるには --yes を付けてください。",
            "There is no terminal to ask: give --yes to go on.",
        );
        return Err(Failure::refused(format!("{question} {hint}")));
    }
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "{question} [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    if read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "はい") {
        Ok(())
    } else {
        Err(Failure::refused(words("何も変更していません。", "nothing was done")))
    }
}

/// Asks for a number to be typed, for what cannot be undone; without a terminal the answer is no, with a hint.
pub(crate) fn confirm_count(question: &str, count: u64, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return confirm(question, yes);
    }
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "{question} ");
    let _ = stderr.flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    if read.is_ok() && answer.trim().parse() == Ok(count) {
        Ok(())
    } else {
        Err(Failure::refused(words("何も変更していません。", "nothing was done")))
    }
}

/// One sentence in the person's language.
pub(crate) fn words(ja: &'static str, en: &'static str) -> &'static str {
    if japanese() { ja } else { en }
}

/// Whether the person reads Japanese, as the environment says.
pub(crate) fn japanese() -> bool {
    let set =
        ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    set.is_some_and(|lang| lang.starts_with("ja"))
}
