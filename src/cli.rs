//! The command line: what can be asked, in words.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod alert;
mod backup;
mod notice;
mod rehearse;
mod switch;

pub(crate) use alert::{AlertCommand, AlertTestArgs, ChannelName, YesNo};
pub(crate) use backup::{BackupCommand, GenerationsArgs, RestoreArgs, UpTo};
pub(crate) use notice::{NoticeCommand, NoticeTexts};
#[cfg(test)]
pub(crate) use rehearse::parsed as rehearse_args;
pub(crate) use rehearse::{Attack, RehearseArgs, Shape};
pub(crate) use switch::SwitchCommand;

/// Sesshu (接種): the booking engine of a city's mass vaccination.
#[derive(Debug, Parser)]
#[command(name = "sesshu", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// The data folder (default: ./sesshu-data; `demo`: ./sesshu-demo, with `--training` ./sesshu-training; `watch`: ./sesshu-watch).
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The configuration (default: DIR/sesshu.toml; `watch`: DIR/watch.toml).
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print results as JSON on stdout.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a ready city with throw-away residents and serve it.
    Demo(DemoArgs),
    /// Make an empty data folder with a commented sesshu.toml.
    Init,
    /// Run the server until SIGTERM or SIGINT.
    Serve(ServeArgs),
    /// The roll (名簿): import it, issue passwords.
    #[command(subcommand)]
    Residents(ResidentsCommand),
    /// One resident.
    #[command(subcommand)]
    Resident(ResidentCommand),
    /// Vaccination sessions: import drafts, publish them.
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// Priority groups with their opening times.
    #[command(subcommand)]
    Waves(ImportCommand),
    /// Doses that were given elsewhere.
    #[command(subcommand)]
    Doses(ImportCommand),
    /// What the resident pages say: colours, announcements, venues' details, what to bring, wordings.
    #[command(subcommand)]
    Site(SiteCommand),
    /// Alerts: what is wrong now, who is told, whether they can be reached.
    #[command(subcommand)]
    Alert(AlertCommand),
    /// Staff accounts.
    #[command(subcommand)]
    Staff(StaffCommand),
    /// The end of the campaign: personal data is erased on a set day.
    #[command(subcommand)]
    Campaign(CampaignCommand),
    /// Tell people of failures and planned work (障害・保守のお知らせ): with or without a server, also when the store cannot be opened.
    #[command(subcommand)]
    Notice(NoticeCommand),
    /// Close parts of the service for a while, and open them again (停止と再開): with or without a server, also when the store cannot be
    /// opened.
    #[command(subcommand)]
    Switch(SwitchCommand),
    /// Backups: take, list and check generations, restore them, hold drills.
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Play an opening day against a throw-away city on this machine: what the machine bears, and that nobody was wronged.
    Rehearse(RehearseArgs),
    /// Watch a server from another machine (in ./sesshu-watch): readiness, a real login, certificate, clock, thresholds, heartbeat.
    Watch(WatchArgs),
    /// Check every invariant of the data, read-only; print counts and a digest.
    Verify {
        /// The folder is a restored copy: hold it against the high-water mark in its own folder, not against that of `store.high_water`.
        #[arg(long)]
        copy: bool,
    },
    /// Check the configuration without starting anything.
    CheckConfig,
    /// Check whether machine, data folder and configuration are fit: what is wrong, and what to do about it.
    Doctor,
    /// Print a completion script for a shell.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

/// `serve`
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// The folder is a restored copy that somebody looks into: it is served on loopback, nobody is alerted, no backups are taken, and
    /// nothing outside the folder is written.
    #[arg(long)]
    pub(crate) copy: bool,
}

/// Where the server listens; port 0 picks a free one.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ListenArgs {
    /// For residents (default: 127.0.0.1:8080).
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// For staff (default: 127.0.0.1:8081).
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) staff_listen: Option<String>,
    /// For monitors (default: 127.0.0.1:8082).
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) ops_listen: Option<String>,
}

/// The watcher's configuration is DIR/watch.toml, or the one that `--config` names.
#[derive(Debug, Clone, Args)]
pub(crate) struct WatchArgs {
    /// Only write a commented configuration; one that is there is not touched.
    #[arg(long, conflicts_with = "check")]
    pub(crate) init: bool,
    /// Only check the configuration.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// How many residents the city has.
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) residents: u32,
    /// Open bookings after so many seconds instead of now.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=31_536_000))]
    pub(crate) open_in: Option<u32>,
    /// Go on with the demo that is in the folder instead of making it afresh.
    #[arg(long)]
    pub(crate) keep: bool,
    /// A city for training (in ./sesshu-training): the console and every page say unmistakably that nothing is real.
    #[arg(long)]
    pub(crate) training: bool,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ResidentsCommand {
    /// Import the roll: show the difference, then write all or nothing.
    Import {
        #[command(flatten)]
        import: ImportArgs,
        /// The file is a part of the roll: who is not in it stays.
        #[arg(long)]
        partial: bool,
    },
    /// Make a password for everybody who has none, and write the list for the printer. Can be interrupted and repeated.
    Issue {
        /// Only people of this group on the roll.
        #[arg(long, value_name = "G")]
        group: Option<String>,
        /// The folder for the list; made if it is not there.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        #[command(flatten)]
        confirm: Confirm,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ResidentCommand {
    /// Print everything that is held about a person, and who viewed it. This view is recorded too.
    Report {
        /// The ID on the city's letter.
        id: String,
        /// The folder is a copy or what was there before a restore: hold it against the high-water mark in its own folder.
        #[arg(long)]
        copy: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// Import drafts of sessions.
    Import(ImportArgs),
    /// Publish all drafts, after showing what will open.
    Publish {
        /// When bookings open: RFC 3339, or `2026-12-01 09:00` in the city's zone.
        #[arg(long, value_name = "TIME")]
        opens_at: String,
        #[command(flatten)]
        confirm: Confirm,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Import a file: show the difference, then write all or nothing.
    Import(ImportArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SiteCommand {
    /// Import a file: show what changes, then write all or nothing. What the file does not say is not said any more.
    Import(ImportArgs),
    /// Write what is said now, as a file that can be changed and imported.
    Export {
        /// Where to; a file that is there is not touched (default: stdout).
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ImportArgs {
    /// The file, in UTF-8 or CP932: CSV; for `site` TOML.
    pub(crate) file: PathBuf,
    /// Only show what would change.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) confirm: Confirm,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Confirm {
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StaffCommand {
    /// Add an account; prints its password and TOTP secret once.
    Add {
        /// The login name.
        login: String,
        /// What the account may do.
        #[arg(long)]
        role: Role,
    },
    /// Give an account a new password and TOTP secret; prints them once. A disabled one is enabled by it.
    Reset {
        /// The login name.
        login: String,
    },
    /// Let an account sign in no more; whoever is signed in with it is signed out. The last admin stays.
    Disable {
        /// The login name.
        login: String,
        /// Let it sign in again instead, with the secrets that it had.
        #[arg(long)]
        undo: bool,
    },
    /// List all accounts.
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CampaignCommand {
    /// End the campaign: show what will be erased and when, then ask for the number of people. On that day the server erases it by
    /// itself; the same command, given again then, does it at once. Refused while a session still takes bookings, or will.
    Close {
        /// Erase so many days from now (default: `campaign.keep_days` in sesshu.toml, else 90), not before the last session is over.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=3_650))]
        keep_days: Option<u16>,
        #[command(flatten)]
        confirm: Confirm,
    },
    /// Take the end of the campaign back, until the day of the erasing.
    Reopen {
        #[command(flatten)]
        confirm: Confirm,
    },
}

/// What a member of staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Books for residents by phone.
    Operator,
    /// Works in a venue.
    Venue,
    /// Runs the campaign.
    Admin,
    /// Runs the system.
    Ops,
}
