//! Reading generations again: what lies on a disk may change without a word.

use sesshu_engine::core::time::Instant;

use super::{Part, Works};
use crate::core::manifest::Manifest;
use crate::core::name::Generation;
use crate::error::{BackupError, Family};
use crate::folder::{Folder, Unreadable};
use crate::order::{Checked, Finding};
use crate::progress::Progress;
use crate::reading::read_again;

/// What was read within this time is not read again by the daily run: less than a day, so that a run that is a little early leaves
/// nothing for two days.
const FRESH_MS: i64 = 20 * 3_600_000;

impl Works {
    /// Reads again, or proves, the generation `which`, or all of them.
    pub(super) fn verify(
        &self,
        folder: &Folder,
        which: Option<&Generation>,
        progress: &Progress,
    ) -> Result<Vec<Checked>, BackupError> {
        if let Some(which) = which {
            return Ok(vec![self.check(folder, folder.manifest(which)?, progress)?]);
        }
        let listing = folder.list()?;
        let mut checked = Vec::new();
        for manifest in listing.generations {
            checked.push(self.check(folder, manifest, progress)?);
        }
        // What has a generation's name and is none was one, perhaps.
        checked.extend(listing.unreadable.into_iter().filter_map(|Unreadable { name, what }| {
            let generation = name.split('.').next()?.parse().ok()?;
            Some(Checked { generation, finding: Finding::Damaged(format!("{name}: {what}")) })
        }));
        checked.sort_by(|one, other| other.generation.cmp(&one.generation));
        Ok(checked)
    }

    /// Looks at one generation; an error only if the work is stopped.
    fn check(&self, folder: &Folder, mut manifest: Manifest, progress: &Progress) -> Result<Checked, BackupError> {
        let generation = manifest.name.clone();
        if let Some(damage) = manifest.damage {
            return Ok(Checked { generation, finding: Finding::Damaged(damage.what) });
        }
        let looked = self
            .read_one(folder, &mut manifest, progress)
            .and_then(|()| if manifest.proof.is_none() { self.prove(folder, &mut manifest, progress) } else { Ok(()) });
        self.look();
        let finding = match looked {
            Ok(()) => Finding::Good,
            Err(BackupError::Damaged { what, .. } | BackupError::NotSound { what, .. }) => Finding::Damaged(what),
            Err(error) if error.family() == Family::Stopped => return Err(error),
            Err(error) => Finding::Unknown(error.to_string()),
        };
        Ok(Checked { generation, finding })
    }

    /// Reads one again, and writes what was found into its manifest.
    fn read_one(&self, folder: &Folder, manifest: &mut Manifest, progress: &Progress) -> Result<(), BackupError> {
        let identity = self.setup.identity()?;
        match read_again(folder, manifest, identity.as_ref(), &self.setup.throttle, progress) {
            Ok(()) => {
                manifest.read_again_at = Some(self.now());
                folder.write_manifest(manifest)
            }
            Err(error) if error.is_damage() => {
                let what = match &error {
                    BackupError::Damaged { what, .. } | BackupError::NotSound { what, .. } => what.clone(),
                    error => error.to_string(),
                };
                self.mark_damaged(folder, manifest, what)?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads again what nobody has read for a day, here and on the second place.
    pub(crate) fn read_older(&self, folder: &Folder, progress: &Progress) {
        let mut read = self.read_due(folder, progress);
        if let Some(second) = &self.setup.second
            // That the second place is away is told with the copies.
            && self.shown().second.as_ref().is_some_and(|second| second.trouble.is_none())
        {
            let works = self.clone();
            read = read.and(self.at_second(second, progress, move |second, progress| works.read_due(second, progress)));
        }
        self.tell(Part::Reading, read.as_ref().err());
        self.look();
    }

    /// Damage is told by the manifest and stops nothing; the first other error is the answer.
    fn read_due(&self, folder: &Folder, progress: &Progress) -> Result<(), BackupError> {
        let mut answer = Ok(());
        for mut manifest in folder.list()?.generations {
            if !is_due(&manifest, self.now()) {
                continue;
            }
            match self.read_one(folder, &mut manifest, progress) {
                Err(error) if error.family() == Family::Stopped => return Err(error),
                Err(error) if error.is_damage() => self.look(),
                Err(error) => answer = answer.and(Err(error)),
                Ok(()) => {}
            }
        }
        answer
    }

    /// Whether something here was not read for a day, by what was seen last.
    pub(crate) fn reading_is_due(&self) -> bool {
        let now = self.now();
        self.shown().generations.iter().any(|kept| is_due(&kept.manifest, now))
    }
}

/// Whether nobody has read a generation for a day. A time in the future is none at which it was read.
fn is_due(manifest: &Manifest, now: Instant) -> bool {
    let read_at = manifest.read_again_at.into_iter().chain(manifest.proof.as_ref().map(|proof| proof.at)).max();
    manifest.damage.is_none() && read_at.is_none_or(|at| at > now || now.ms_since(at) >= FRESH_MS)
}
