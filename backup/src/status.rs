//! How backups stand: one immutable picture for the console's page, the monitor and the command line.

use sesshu_engine::core::time::Instant;

use crate::core::drill::DrillRecord;
use crate::core::manifest::Manifest;
use crate::folder::Unreadable;

/// The picture.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Where generations lie.
    pub folder: String,
    /// Every generation, newest first.
    pub generations: Vec<Kept>,
    /// What has a generation's name in the folder and is none: it never counts, and nobody removes it.
    pub unreadable: Vec<Unreadable>,
    /// What is being done now.
    pub running: Option<Running>,
    /// When the next daily backup is due; none if the server takes none.
    pub next_daily_at: Option<Instant>,
    /// The last run that failed, until one succeeds.
    pub failure: Option<Trouble>,
    /// Why older generations could not be read again, until they can. What was found damaged stands with the generation.
    pub reading_failure: Option<Trouble>,
    /// The second place, if there is one.
    pub second: Option<Second>,
    /// The journal that is shipped between backups; none if it is not.
    pub journal: Option<Shipping>,
    /// Drills, newest first.
    pub drills: Vec<DrillRecord>,
    /// When a drill is overdue.
    pub drill_due_at: Option<Instant>,
}

impl Status {
    /// The newest generation that was restored and checked, and is not damaged.
    #[must_use]
    pub fn newest_good(&self) -> Option<&Manifest> {
        self.good().max_by_key(|good| good.taken_at)
    }

    /// Which generation takes the place of one that is damaged: the next older good one, since what is in it was in the damaged one
    /// too; else the next newer one.
    #[must_use]
    pub fn instead_of(&self, damaged: &Manifest) -> Option<&Manifest> {
        let older = self.good().filter(|good| good.taken_at < damaged.taken_at).max_by_key(|good| good.taken_at);
        older.or_else(|| self.good().filter(|good| good.taken_at > damaged.taken_at).min_by_key(|good| good.taken_at))
    }

    fn good(&self) -> impl Iterator<Item = &Manifest> {
        self.generations.iter().map(|kept| &kept.manifest).filter(|manifest| manifest.is_good())
    }
}

/// A generation where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Whether the second place has it: none if there is no second place, else when its copy was read back.
    pub copied_at: Option<Instant>,
}

/// Work that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Which.
    pub work: Work,
    /// Since when.
    pub since: Instant,
    /// How far: so much of `of`, in bytes; 0 of 0 while that is not known.
    pub done: u64,
    /// See `done`.
    pub of: u64,
}

/// The phases of what is done with backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A consistent view is written to a spool.
    Spooling,
    /// The spool is compressed and encrypted.
    Packing,
    /// The new generation is restored and checked.
    Proving,
    /// Old generations are removed.
    Pruning,
    /// Generations are copied to the second place and read back.
    Copying,
    /// Generations are read again.
    Reading,
    /// A drill is held.
    Drilling,
    /// A store is built anew from a generation.
    Restoring,
    /// The journal that was shipped after a generation is applied to a restored store.
    Replaying,
    /// A restored store is checked against every invariant.
    Verifying,
    /// A restored folder is put in its place.
    Placing,
}

impl Work {
    /// One stable word for lines of progress.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Spooling => "spooling",
            Self::Packing => "packing",
            Self::Proving => "proving",
            Self::Pruning => "pruning",
            Self::Copying => "copying",
            Self::Reading => "reading",
            Self::Drilling => "drilling",
            Self::Restoring => "restoring",
            Self::Replaying => "replaying",
            Self::Verifying => "verifying",
            Self::Placing => "placing",
        }
    }
}

/// Something that does not work, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Since when.
    pub since: Instant,
    /// What.
    pub what: String,
}

/// The second place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Second {
    /// Its path.
    pub folder: String,
    /// How many generations it has, read back whole.
    pub generations: usize,
    /// The snapshot's instant of its newest one.
    pub newest_taken_at: Option<Instant>,
    /// What does not work.
    pub trouble: Option<Trouble>,
}

/// The journal's way to the second place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipping {
    /// Where it goes.
    pub folder: String,
    /// The last entry that is there.
    pub seq: u64,
    /// The instant up to which nothing is missing there: the lag is counted from it.
    pub complete_at: Option<Instant>,
    /// What does not work.
    pub trouble: Option<Trouble>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::manifest::{Counts, Damage, Kind, Proof, VERSION};
    use crate::core::name::Generation;

    /// A generation of `hour` that was proven, and was found damaged or not.
    fn kept(hour: i64, damaged: bool) -> Kept {
        let taken_at = Instant(1_800_000_000_000 + hour * 3_600_000);
        let proof =
            Proof { at: taken_at, digest: String::new(), counts: Counts::default(), restore_ms: 0, verify_ms: 0 };
        let name = Generation::at(taken_at);
        let manifest = Manifest {
            version: VERSION,
            file: format!("{name}.zst"),
            name,
            kind: Kind::Daily,
            reason: None,
            by: "schedule".into(),
            taken_at,
            program: String::new(),
            format: 1,
            store: String::new(),
            seq: 1,
            chain: String::new(),
            parts: Vec::new(),
            plain_bytes: 1,
            bytes: 1,
            blake3: String::new(),
            recipients: Vec::new(),
            parent: None,
            proof: Some(proof),
            read_again_at: None,
            damage: damaged.then(|| Damage { found_at: taken_at, what: "blake3".into() }),
        };
        Kept { manifest, copied_at: None }
    }

    #[test]
    fn the_next_older_good_generation_takes_the_place_of_a_damaged_one_else_the_next_newer() {
        let mut unproven = kept(2, false);
        unproven.manifest.proof = None;
        let generations = vec![kept(5, false), kept(4, true), kept(3, true), unproven, kept(1, false), kept(0, true)];
        let status = Status { generations, ..Status::default() };
        let at = |nth: usize| &status.generations[nth].manifest;
        assert_eq!(status.instead_of(at(1)), Some(at(4)));
        assert_eq!(status.instead_of(at(2)), Some(at(4)));
        assert_eq!(status.instead_of(at(5)), Some(at(4)), "there is no older one");
        assert_eq!(status.newest_good(), Some(at(0)));
        let status = Status { generations: vec![kept(2, true), kept(1, true)], ..Status::default() };
        assert_eq!((status.newest_good(), status.instead_of(&status.generations[0].manifest)), (None, None));
    }
}
