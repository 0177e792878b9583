//! What a world leaves in memory when it has ended: nothing. Clerks, desks and what all share know one another, and whatever a
//! life leaves, a long run has left ten thousand times.

use std::any::Any;
use std::sync::{Arc, Weak};

use super::auditor::{Judged, wrong};
use super::world::World;

/// A way to each part of a world that keeps none of them.
pub(super) struct Trace([(&'static str, Weak<dyn Any>); 6]);

impl Trace {
    /// The parts of a world that runs.
    pub(super) fn of(world: &World) -> Self {
        let engine = &world.engine.0;
        Self([
            ("the engine", way_to(engine)),
            ("what its parts share", way_to(&engine.shared)),
            ("the gate", way_to(&engine.gate)),
            ("the index", way_to(world.engine.index())),
            ("the office", way_to(&world.desks)),
            ("the disk", world.disk.way_to()),
        ])
    }

    /// The world has ended: nothing of it may be left.
    pub(super) fn judge(&self) -> Judged {
        let left: Vec<_> = self.0.iter().filter(|(_, part)| part.strong_count() > 0).map(|(name, _)| *name).collect();
        if left.is_empty() {
            Ok(())
        } else {
            wrong("a life leaves nothing behind", format!("{} live on", left.join(", ")))
        }
    }
}

fn way_to<T: Any>(part: &Arc<T>) -> Weak<dyn Any> {
    let way: Weak<T> = Arc::downgrade(part);
    way
}

#[cfg(test)]
mod tests {
    use super::super::city::City;
    use super::super::folder;
    use super::super::schedule::Dice;
    use super::*;
    use crate::ledger::HighWaterFile;

    fn world(folder: &std::path::Path) -> World {
        World::found(&City::drawn(&mut Dice::seeded(1)), HighWaterFile::new(folder.join("high-water")))
    }

    fn timers() -> tokio::runtime::Runtime {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime")
    }

    #[test]
    fn a_world_that_ends_or_starts_again_leaves_nothing_behind() {
        let (folder, runtime) = (folder(), timers());
        let _timers = runtime.enter();
        let mut world = world(folder.path());
        let first = Trace::of(&world);
        let disk = world.disk.left_by_a_kill();
        world.restart_on(disk).expect("it starts again");
        assert_eq!(first.judge(), Ok(()));
        let second = Trace::of(&world);
        drop(world);
        assert_eq!(second.judge(), Ok(()));
    }

    #[test]
    fn whatever_is_kept_of_a_world_is_seen() {
        let (folder, runtime) = (folder(), timers());
        let _timers = runtime.enter();
        let world = world(folder.path());
        let (trace, kept) = (Trace::of(&world), Arc::clone(&world.engine.0.shared));
        drop(world);
        let seen = trace.judge().expect_err("it is kept").detail;
        drop(kept);
        assert_eq!((seen.as_str(), trace.judge()), ("what its parts share, the index, the office live on", Ok(())));
    }
}
