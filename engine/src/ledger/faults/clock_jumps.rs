//! Wall clocks that were set: engine time never goes behind the journal, and a journal from the future is served.

use super::{Life, submission};
use crate::clock::{Clock, SystemClock};
use crate::core::event::{By, Entry, Event};
use crate::core::staff::{StaffAccount, StaffRole};
use crate::core::time::Instant;
use crate::ledger::sim_disk::SimDisk;
use crate::ledger::writer::Step as Left;

/// Year 2100, in a clock that was set wrong.
const FAR: Instant = Instant(4_102_444_800_000);

fn entry(at: Instant) -> super::Line {
    let event = Event::StaffChanged {
        login: "sato".into(),
        account: StaffAccount { role: StaffRole::Ops, venue: None, disabled: false, generation: 1 },
    };
    super::Line { entry: Entry { at, by: By::System, key: None, events: vec![event] }, beside: None }
}

/// A store whose journal was written at these instants, one entry to a block, all of it folded.
fn written_at(instants: &[Instant]) -> SimDisk {
    let disk = SimDisk::default();
    let mut life = Life::create(&disk);
    for (at, instant) in instants.iter().enumerate() {
        assert_eq!(life.writer.take([submission(0, at, &entry(*instant))]), Left::Open);
    }
    assert_eq!(life.writer.fold(usize::MAX), Left::Open);
    assert_eq!(life.index.head().at, *instants.iter().max().expect("some"));
    disk
}

#[test]
fn engine_time_starts_at_the_latest_instant_of_the_journal_even_if_a_later_entry_is_older() {
    let disk = written_at(&[Instant(5), Instant(1_000), Instant(999), Instant(7)]);
    let life = Life::open(&disk).expect("opens");
    assert_eq!(life.index.head().at, Instant(1_000));
}

#[test]
fn a_journal_from_the_future_is_served_and_time_goes_on_from_there() {
    let disk = written_at(&[Instant(5), FAR]);
    let mut life = Life::open(&disk).expect("opens");
    let last = life.index.head().at;
    let clock = SystemClock::not_before(last);
    let now = clock.now();
    assert!(now >= FAR && now <= FAR.plus_minutes(1), "{now:?}");
    assert!(clock.drift_ms() < 0, "and says how far the wall clock is behind");
    assert_eq!(life.writer.take([submission(0, 2, &entry(now))]), Left::Open);
    assert_eq!(life.acknowledged(), 3);
    assert!(clock.now() >= now);
}

#[test]
fn a_wall_clock_before_the_journal_is_not_believed_and_one_after_it_is() {
    let now = SystemClock::not_before(Instant(i64::MIN)).now();
    assert!(now > Instant(0), "the wall clock");
    assert!(SystemClock::not_before(now.plus_days(365)).now() >= now.plus_days(365));
    assert!(SystemClock::not_before(now.plus_days(-365)).now() >= now);
}
