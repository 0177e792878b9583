//! The command line of failure and maintenance notices.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Confirm, YesNo};

#[derive(Debug, Subcommand)]
pub(crate) enum NoticeCommand {
    /// Announce planned work: on all pages, and to the contacts that want notices. It is shown until `notice end`.
    Maintenance {
        /// From when on: RFC 3339, or `2026-12-01 22:00` in the city's zone.
        #[arg(long, value_name = "TIME")]
        from: String,
        /// Until when, by plan.
        #[arg(long, value_name = "TIME")]
        until: String,
        #[command(flatten)]
        text: NoticeTexts,
        /// Let alerts keep quiet during that time.
        #[arg(long)]
        quiet: bool,
        #[command(flatten)]
        confirm: Confirm,
    },
    /// Announce that something does not work.
    Failure {
        #[command(flatten)]
        text: NoticeTexts,
        #[command(flatten)]
        confirm: Confirm,
    },
    /// Say how it goes on.
    Update {
        /// The notice's number.
        number: u64,
        #[command(flatten)]
        text: NoticeTexts,
        #[command(flatten)]
        confirm: Confirm,
    },
    /// Say that it is over: that is shown for another half an hour.
    End {
        /// The notice's number.
        number: u64,
        #[command(flatten)]
        text: NoticeTexts,
        #[command(flatten)]
        confirm: Confirm,
    },
    /// List the notices, the latest first.
    List,
    /// Show a notice: what was said, who was told when, by which way, with which result, and whom to call.
    Show {
        /// The notice's number.
        number: u64,
    },
    /// Log that somebody was called by hand about a notice.
    Called {
        /// The notice's number.
        number: u64,
        /// The contact's name.
        contact: String,
        /// Whether they were reached.
        #[arg(long)]
        reached: YesNo,
    },
    /// Write the record of a notice as CSV: who was told when.
    Record {
        /// The notice's number.
        number: u64,
        /// Where to; a file that is there is not touched (default: stdout).
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Write the page that a front server shows when Sesshu does not answer. A running server keeps it up to date by itself.
    Page {
        /// Where to (default: where the server keeps it).
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// What is said, in each language.
#[derive(Debug, Clone, Args)]
pub(crate) struct NoticeTexts {
    /// In Japanese; furigana is written {漢字|かんじ}.
    #[arg(long, value_name = "TEXT")]
    pub(crate) ja: String,
    /// In plain Japanese (default: the Japanese text).
    #[arg(long, value_name = "TEXT")]
    pub(crate) easy: Option<String>,
    /// In English (default: the Japanese text).
    #[arg(long, value_name = "TEXT")]
    pub(crate) en: Option<String>,
}
