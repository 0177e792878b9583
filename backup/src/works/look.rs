//! How everything stands, read from the folders.

use std::collections::HashMap;
use std::time::Duration;

use sesshu_engine::core::time::Instant;

use super::{Works, no_answer, retell};
use crate::core::drill_schedule::due_at;
use crate::core::manifest::Manifest;
use crate::core::name::Generation;
use crate::error::BackupError;
use crate::folder::{Folder, Listing};
use crate::status::{Kept, Second, Status};
use crate::{records, state};

/// A second place that lists nothing for so long does not answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

impl Works {
    /// Looks at the folders, and shows what is there. A folder that cannot be read is shown as trouble, with what was there before.
    pub(crate) fn look(&self) {
        let setup = &self.setup;
        let here = match Folder::open(&setup.dir) {
            // Before the first backup there is none.
            Err(BackupError::NoFolder(_)) => Ok(Listing::default()),
            folder => folder.and_then(|folder| folder.list()),
        };
        let there = setup.second.clone().map(|second| {
            let path = second.clone();
            let listed = self.looking.call(ANSWER_WITHIN, move || Folder::open(&path)?.list());
            listed.unwrap_or_else(|| Err(no_answer(&second)))
        });
        let drills = records::read(&setup.dir).unwrap_or_default();
        let drills_since = drills
            .iter()
            .find(|drill| drill.failure.is_none())
            .and_then(|drill| drill.began_at.parse().ok())
            .or_else(|| state::read(&setup.dir).map(|state| state.drills_since));
        let (run_failure, copy_failure) = (self.run_failure().clone(), self.copy_failure().clone());
        let now = self.now();
        self.board.change(|status| {
            status.folder = setup.dir.display().to_string();
            status.next_daily_at = setup.takes_daily.then(|| setup.schedule.next_after(now));
            status.drills = drills;
            status.drill_due_at = drills_since.map(|since| due_at(since, setup.drill_days));
            let copies = copies(status, there.as_ref());
            match here {
                Ok(here) => {
                    status.failure = run_failure;
                    status.unreadable = here.unreadable;
                    let kept = |manifest: Manifest| Kept { copied_at: copies.get(&manifest.name).copied(), manifest };
                    status.generations = here.generations.into_iter().map(kept).collect();
                }
                Err(error) => retell(&mut status.failure, Some(error.to_string()), now),
            }
            let second = setup.second.as_deref().zip(there);
            status.second = second.map(|(folder, there)| {
                second_place(status.second.take(), folder.display().to_string(), there, copy_failure, now)
            });
        });
    }
}

/// When each good copy was read back last. While the second place is away its copies are where they were.
fn copies(before: &Status, there: Option<&Result<Listing, BackupError>>) -> HashMap<Generation, Instant> {
    let read_back = |one: &Manifest| one.read_again_at.or_else(|| one.proof.as_ref().map(|proof| proof.at));
    match there {
        None => HashMap::new(),
        Some(Ok(there)) => {
            let good = there.generations.iter().filter(|one| one.is_good());
            good.filter_map(|one| Some((one.name.clone(), read_back(one)?))).collect()
        }
        Some(Err(_)) => {
            let kept = before.generations.iter();
            kept.filter_map(|kept| Some((kept.manifest.name.clone(), kept.copied_at?))).collect()
        }
    }
}

/// The second place as it is now, or as it was when it was last seen.
fn second_place(
    before: Option<Second>,
    folder: String,
    there: Result<Listing, BackupError>,
    copy_failure: Option<String>,
    now: Instant,
) -> Second {
    let (what, seen) = match there {
        Ok(there) => {
            let mut good = there.generations.iter().filter(|one| one.is_good());
            let newest = good.next().map(|one| one.taken_at);
            (copy_failure, (usize::from(newest.is_some()) + good.count(), newest))
        }
        Err(error) => {
            let seen = before.as_ref().map_or((0, None), |before| (before.generations, before.newest_taken_at));
            (Some(error.to_string()), seen)
        }
    };
    let mut trouble = before.and_then(|before| before.trouble);
    retell(&mut trouble, what, now);
    Second { folder, generations: seen.0, newest_taken_at: seen.1, trouble }
}
