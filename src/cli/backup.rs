//! `backup …`: generations, restores, drills.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use sesshu_backup::core::name::Generation;
use sesshu_engine::core::time::Instant;

/// `backup …`
#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Take an extra generation, and prove that it can be restored.
    Now,
    /// Take the day's generation, prove it, remove what is too old, copy it to the second place. For a timer, if the server's schedule is off.
    Daily,
    /// List the generations, newest first: size, age, whether each was proven, whether it is copied.
    List(GenerationsArgs),
    /// Read a generation whole and check every byte of it; without GEN all of them.
    Verify {
        /// Its name, such as sesshu-20261201-030000.
        #[arg(value_name = "GEN")]
        generation: Option<Generation>,
        #[command(flatten)]
        args: GenerationsArgs,
        /// With `--from`: the key that opens encrypted generations. Without it their files are not read.
        #[arg(long, value_name = "FILE", requires = "from")]
        identity: Option<PathBuf>,
    },
    /// Restore a generation into a new folder. Nothing that is there is written over.
    Restore(RestoreArgs),
    /// Hold a restore drill: restore a generation drawn by lot, serve it, book in it, and add a record to the evidence.
    Drill,
    /// Make a key for encrypted backups: the secret key goes into a file (mode 0400), the public key is printed.
    Keygen {
        /// Where the secret key is written.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// Which generations.
#[derive(Debug, Clone, Args)]
pub(crate) struct GenerationsArgs {
    /// The folder in which generations lie, such as the second place; neither data nor configuration are needed then.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) from: Option<PathBuf>,
}

/// `backup restore …`
#[derive(Debug, Clone, Args)]
pub(crate) struct RestoreArgs {
    /// Its name, such as sesshu-20261201-030000; `backup list` shows all.
    #[arg(value_name = "GEN")]
    pub(crate) generation: Generation,
    /// The folder that is made: it must be missing or empty.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) generations: GenerationsArgs,
    /// The key that opens an encrypted generation (default: `backup.identity_file`).
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// The folder in which the journal lies that was shipped (default: `--from`, else the second place, else the folder of generations).
    #[arg(long, value_name = "FOLDER")]
    pub(crate) journal: Option<PathBuf>,
    /// Up to when: `snapshot` (the generation as it is), `latest` (all of the journal that was shipped after it), or a time (RFC 3339, or
    /// `2026-12-01 09:00` in the city's zone). Default: `latest` from a second place or with `--from`, else `snapshot`.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<UpTo>,
    /// Only say what would be restored.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How much may be read and written in a second, in MiB (default: no limit).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) io_mib_per_second: Option<u32>,
    /// How much of one processor may be used (default: all of it).
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) cpu_percent: Option<u8>,
}

/// Up to when data is restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpTo {
    /// The generation as it is.
    Snapshot,
    /// As far as the journal goes.
    Latest,
    /// Up to and with this instant.
    Time(Instant),
}

impl FromStr for UpTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "snapshot" => Ok(Self::Snapshot),
            "latest" => Ok(Self::Latest),
            time => time.parse().map(Self::Time).map_err(|error| format!("{error}; or `snapshot`, or `latest`")),
        }
    }
}
