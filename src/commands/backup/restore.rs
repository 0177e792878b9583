//! `backup restore`: a generation, and the journal after it, become a data folder. Nothing that is there is written over.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sesshu_backup::error::BackupError;
use sesshu_backup::folder::Folder;
use sesshu_backup::journal::Shipped;
use sesshu_backup::keys::Identity;
use sesshu_backup::restore::{JournalSource, Plan, Reached, Restore, Restored, plan, restore as restore_generation};
use sesshu_backup::throttle::Throttle;
use sesshu_engine::core::time::Instant;

use super::super::print;
use super::list::size;
use super::shelves::Shelves;
use crate::backups::follow;
use crate::cli::{RestoreArgs, UpTo};
use crate::exit::Failure;
use crate::folder::{CONFIG_NAME, DataFolder};
use crate::terminal::{Terminal, japanese, words};

const MS_PER_SECOND: f64 = 1_000.0;

/// Restores, or says what would be restored.
pub(super) async fn restore(folder: &DataFolder, args: RestoreArgs) -> Result<(), Failure> {
    let shelves = Shelves::of(folder, &args.generations)?;
    match try_restore(&shelves, &args).await? {
        Ok(done) => {
            if let Some(trouble) = done.journal().and_then(|reached| reached.trouble.as_ref()) {
                eprintln!("{}: {trouble}", words("注意: 記録はここまでです", "note: the journal leads no further"));
            }
            let (value, text) = (done.json(&args), done.text(&args));
            print(folder, &value, |_| text)
        }
        Err(error) => {
            if folder.json {
                let value = json!({ "ok": false, "damaged": error.is_damage(), "problem": error.to_string() });
                print(folder, &value, |_| String::new())?;
            }
            advise(&shelves, &args, &error);
            Err(error.into())
        }
    }
}

/// What came of it.
enum Done {
    Restored(Box<Restored>),
    Planned(Box<Plan>),
}

async fn try_restore(shelves: &Shelves, args: &RestoreArgs) -> Result<Result<Done, BackupError>, Failure> {
    let from = match shelves.holding(&args.generation) {
        Ok(from) => from,
        Err(error) => return Ok(Err(error)),
    };
    let identity_file = args.identity.clone().or_else(|| shelves.identity.clone());
    let up_to = args.at.unwrap_or(if shelves.replays { UpTo::Latest } else { UpTo::Snapshot });
    let journal = (up_to != UpTo::Snapshot).then(|| args.journal.clone().unwrap_or_else(|| shelves.journal.clone()));
    let work = Work { from, identity_file, up_to, journal, args: args.clone() };
    follow(&mut Terminal::default(), move |progress| work.run(&progress)).await
}

/// All that a restore needs, on a thread of its own.
struct Work {
    from: Folder,
    identity_file: Option<PathBuf>,
    up_to: UpTo,
    journal: Option<PathBuf>,
    args: RestoreArgs,
}

impl Work {
    fn run(&self, progress: &sesshu_backup::progress::Progress) -> Result<Done, BackupError> {
        let sealed = !self.from.manifest(&self.args.generation)?.recipients.is_empty();
        // A key that is not needed need not be there: generations from before encryption are restored without.
        let identity = self.identity_file.as_deref().filter(|_| sealed || self.args.identity.is_some());
        let identity = identity.map(Identity::read).transpose()?;
        let journal = self.journal.as_deref().map(Shipped::read).transpose()?;
        let throttle = match (self.args.io_mib_per_second, self.args.cpu_percent) {
            (None, None) => Throttle::unlimited(),
            (io, cpu) => Throttle::new(io.unwrap_or(u32::MAX), cpu.unwrap_or(100)),
        };
        let restore = Restore {
            folder: &self.from,
            generation: &self.args.generation,
            to: &self.args.to,
            identity: identity.as_ref(),
            journal: journal.as_ref().map(|journal| journal as &dyn JournalSource),
            at: match self.up_to {
                UpTo::Time(at) => Some(at),
                UpTo::Snapshot | UpTo::Latest => None,
            },
            throttle: &throttle,
        };
        if self.args.dry_run {
            return plan(&restore, progress).map(|plan| Done::Planned(Box::new(plan)));
        }
        restore_generation(&restore, progress).map(|restored| Done::Restored(Box::new(restored)))
    }
}

impl Done {
    fn json(&self, args: &RestoreArgs) -> Value {
        let to = args.to.display().to_string();
        match self {
            Self::Restored(done) => json!({
                "ok": true,
                "name": args.generation,
                "to": to,
                "taken_at": done.manifest.taken_at.to_rfc3339(),
                "at": done.head.at.to_rfc3339(),
                "seq": done.head.seq,
                "residents": done.counts.residents,
                "sessions": done.counts.sessions,
                "bookings_live": done.counts.bookings_live,
                "entries": done.counts.entries,
                "digest": done.digest,
                "complete_at": complete_at(done.journal.as_ref(), done.head.at.max(done.manifest.taken_at)),
                "journal": done.journal.as_ref().map(reached),
                "restore_ms": done.restore_ms,
                "verify_ms": done.verify_ms,
            }),
            Self::Planned(plan) => json!({
                "ok": true,
                "dry_run": true,
                "name": args.generation,
                "to": to,
                "taken_at": plan.manifest.taken_at.to_rfc3339(),
                "at": plan.head.at.to_rfc3339(),
                "seq": plan.head.seq,
                "complete_at": complete_at(plan.journal.as_ref(), plan.manifest.taken_at),
                "counts": plan.manifest.proof.as_ref().map(|proof| &proof.counts),
                "digest": plan.manifest.proof.as_ref().map(|proof| &proof.digest),
                "journal": plan.journal.as_ref().map(reached),
            }),
        }
    }

    fn text(&self, args: &RestoreArgs) -> String {
        let (name, to) = (&args.generation, args.to.display());
        match self {
            Self::Restored(done) => {
                let counts = &done.counts;
                let (residents, sessions) = (counts.residents, counts.sessions);
                let (bookings, entries) = (counts.bookings_live, counts.entries);
                let seconds = (done.restore_ms + done.verify_ms) as f64 / MS_PER_SECOND;
                let (digest, next) = (&done.digest, next_step(&args.to));
                let until = state_of(done.manifest.taken_at, done.journal.as_ref());
                if japanese() {
                    format!(
                        "世代 {name} を {to} に復元し、確かめました（{seconds:.1} 秒）。{until}\n\
                         住民 {residents}、接種会 {sessions}、有効な予約 {bookings}、記録 {entries}\ndigest {digest}\n{next}"
                    )
                } else {
                    format!(
                        "{name} was restored to {to} and checked ({seconds:.1} s). {until}\n\
                         residents {residents}, sessions {sessions}, live bookings {bookings}, journal entries {entries}\n\
                         digest {digest}\n{next}"
                    )
                }
            }
            Self::Planned(plan) => {
                let (size, seq) = (size(plan.manifest.bytes), plan.head.seq);
                let until = state_of(plan.manifest.taken_at, plan.journal.as_ref());
                // A piece of the journal that was shipped is not cut for a plan: entries after the instant are counted with it.
                let at_most = match args.at {
                    Some(UpTo::Time(_)) => words("多くとも", "at most "),
                    _ => "",
                };
                if japanese() {
                    format!(
                        "世代 {name}（{size}、{at_most}記録 {seq} まで）を {to} に復元できます。{until}\n何も書いていません。"
                    )
                } else {
                    format!(
                        "{name} ({size}, {at_most}up to journal entry {seq}) can be restored to {to}. {until}\nNothing was written."
                    )
                }
            }
        }
    }

    fn journal(&self) -> Option<&Reached> {
        match self {
            Self::Restored(done) => done.journal.as_ref(),
            Self::Planned(plan) => plan.journal.as_ref(),
        }
    }
}

/// As of when the restored data is.
fn state_of(taken_at: Instant, journal: Option<&Reached>) -> String {
    match (journal, japanese()) {
        (None, true) => format!("世代を取得した {} の状態です。", taken_at.to_rfc3339()),
        (None, false) => format!("It is as of {}, when the generation was taken.", taken_at.to_rfc3339()),
        (Some(reached), true) => {
            format!("世代の後の記録 {} 件を含む、{} の状態です。", reached.entries, reached.complete_at.to_rfc3339())
        }
        (Some(reached), false) => format!(
            "It is as of {}, with {} journal entries that came after the generation.",
            reached.complete_at.to_rfc3339(),
            reached.entries
        ),
    }
}

fn reached(reached: &Reached) -> Value {
    json!({
        "entries": reached.entries,
        "complete_at": reached.complete_at.to_rfc3339(),
        "trouble": reached.trouble,
    })
}

/// The instant up to which nothing is missing.
fn complete_at(journal: Option<&Reached>, snapshot: Instant) -> String {
    journal.map_or(snapshot, |reached| reached.complete_at).to_rfc3339()
}

/// What a person does next with the restored folder. A mark that lies elsewhere is of the data before, which may have gone further.
fn next_step(to: &Path) -> String {
    let at = to.display();
    let serve = if japanese() {
        format!("次に: sesshu serve --data {at}")
    } else {
        format!("Next: sesshu serve --data {at}")
    };
    match DataFolder::at(to.to_owned()).config() {
        Err(error) => {
            let config = to.join(CONFIG_NAME);
            let config = config.display();
            if japanese() {
                format!("先に {config} を直してください: {error}\n{serve}")
            } else {
                format!("First correct {config}: {error}\n{serve}")
            }
        }
        Ok(config) => match config.store.high_water.filter(|mark| mark.exists()) {
            None => serve,
            Some(mark) => {
                let mark = mark.display();
                if japanese() {
                    format!(
                        "{mark} は前のデータの目印で、復元したデータより先を指すことがあります。退避してから始めます:\n\
                         mv {mark} {mark}.before-restore\n{serve}"
                    )
                } else {
                    format!(
                        "{mark} is the mark of the data before, which may have gone further than what was restored. Put it aside first:\n\
                         mv {mark} {mark}.before-restore\n{serve}"
                    )
                }
            }
        },
    }
}

/// Says on stderr what else could be tried.
fn advise(shelves: &Shelves, args: &RestoreArgs, error: &BackupError) {
    let name = &args.generation;
    if error.is_damage()
        && let Some(good) = shelves.newest_good_but(&[name.as_str()])
    {
        eprintln!("{}: {good}", words("使える世代のうち最新のもの", "the newest generation that is good"));
    }
    if error.is_damage()
        && let Ok(from) = shelves.holding(name)
        && let Some(other) = shelves.other(&from, name)
    {
        let other = other.display();
        eprintln!(
            "{}",
            if japanese() {
                format!("{other} にも {name} があります: --from {other}")
            } else {
                format!("{other} has {name} too: --from {other}")
            }
        );
    }
    if args.at.is_none() && matches!(error, BackupError::NoFolder(path) if *path == shelves.journal) {
        eprintln!(
            "{}",
            words(
                "記録（ジャーナル）なしで、世代だけを復元するには --at snapshot",
                "to restore the generation alone, without the journal: --at snapshot",
            )
        );
    }
}
