//! Which generations may go. Only ever asked after a new one was proven; it names no other than those it was given.
//!
//! Kept are the newest good daily generation of each of the newest seven backup days that have one, the newest three good extra ones,
//! and those that are not good while there are fewer than seven good days. It counts days that *have* a good generation, not days of the
//! calendar: however far the clock jumps, a run removes no more than it adds.

use sesshu_engine::core::time::Instant;

use super::manifest::{Kind, Manifest, Reason};
use super::name::Generation;
use super::schedule::Schedule;

/// For how many backup days a daily generation is kept.
pub const DAYS_KEPT: usize = 7;
/// How many extra generations are kept.
pub const EXTRAS_KEPT: usize = 3;
/// How many generations that are not good are kept, until there are good ones for [`DAYS_KEPT`] days.
pub const DOUBTFUL_KEPT: usize = 7;

/// Why a generation may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surplus {
    /// A newer good one of the same backup day is kept.
    Superseded,
    /// Enough newer backup days have a good one.
    Old,
    /// Enough newer extra ones are kept.
    Extra,
    /// It is damaged or was never proven, and is not needed as a last resort.
    Doubtful,
}

/// The generations among `all` that may go now that `proven` was proven at `now`, oldest first. Nothing may go unless `proven` is good.
#[must_use]
pub fn surplus(
    all: &[Manifest],
    proven: &Generation,
    now: Instant,
    schedule: Schedule,
    days_kept: usize,
) -> Vec<(Generation, Surplus)> {
    if !all.iter().any(|one| one.name == *proven && one.is_good()) {
        return Vec::new();
    }
    let newest_first = newest_first(all, proven, now);
    let of = |kind| move |one: &&&Manifest| one.is_good() && one.kind == kind;
    let mut going = Vec::new();

    let (mut days, mut superseded) = (Vec::<&Manifest>::new(), Vec::new());
    for one in newest_first.iter().filter(of(Kind::Daily)) {
        if days.iter().any(|newer| supersedes(newer, one, now, schedule)) {
            superseded.push((&one.name, Surplus::Superseded));
        } else {
            days.push(one);
        }
    }
    let good_days = days.len();
    // After clocks were set, what looks like one day may be two. So no run leaves fewer good daily ones than there were before it.
    let added = usize::from(all.iter().any(|one| one.name == *proven && one.kind == Kind::Daily));
    let stay = (good_days + superseded.len() - added).min(days_kept);
    let stay_superseded = stay.saturating_sub(good_days.min(days_kept));
    going.extend(days.into_iter().skip(days_kept).map(|one| (&one.name, Surplus::Old)));
    going.extend(superseded.into_iter().skip(stay_superseded));
    let extras = newest_first.iter().filter(of(Kind::Manual)).skip(EXTRAS_KEPT);
    going.extend(extras.map(|one| (&one.name, Surplus::Extra)));
    let doubtful_kept = if good_days >= days_kept { 0 } else { DOUBTFUL_KEPT };
    let doubtful = newest_first.iter().filter(|one| !one.is_good()).skip(doubtful_kept);
    going.extend(doubtful.map(|one| (&one.name, Surplus::Doubtful)));

    going.sort_unstable_by_key(|(name, _)| *name);
    going.into_iter().map(|(name, why)| (name.clone(), why)).collect()
}

/// The generations that are not good and may go before a new one is taken, so that runs that fail again and again do not fill the disk:
/// none of them counts. The newest unproven one stays, since it may still be proven, and some damaged ones as a last resort.
#[must_use]
pub fn leftovers(all: &[Manifest]) -> Vec<Generation> {
    let mut doubtful: Vec<&Manifest> = all.iter().filter(|one| !one.is_good()).collect();
    doubtful.sort_by_key(|one| std::cmp::Reverse(&one.name));
    let (damaged, unproven): (Vec<&Manifest>, Vec<&Manifest>) =
        doubtful.into_iter().partition(|one| one.damage.is_some());
    let going = unproven.into_iter().skip(1).chain(damaged.into_iter().skip(DOUBTFUL_KEPT - 1));
    going.map(|one| one.name.clone()).collect()
}

/// The order in which they were taken, as far as it can be told: the one just proven first. One from the future was taken by a clock that was wrong: its place is
/// told by the journal's length, after those of its store that had no longer one.
fn newest_first<'a>(all: &'a [Manifest], proven: &Generation, now: Instant) -> Vec<&'a Manifest> {
    let place = |one: &Manifest| {
        if one.taken_at <= now {
            return (one.taken_at, one.seq);
        }
        let before =
            all.iter().filter(|other| other.store == one.store && other.seq <= one.seq && other.taken_at <= now);
        (before.map(|other| other.taken_at).max().unwrap_or(Instant(i64::MIN)), one.seq)
    };
    let mut order: Vec<&Manifest> = all.iter().collect();
    order.sort_by_key(|one| std::cmp::Reverse((one.name == *proven, place(one), &one.name)));
    order
}

/// Whether `newer` makes `older` superfluous: of the same backup day and store, and clock and journal agree that it is the newer one.
fn supersedes(newer: &Manifest, older: &Manifest, now: Instant, schedule: Schedule) -> bool {
    let is_certain = |one: &Manifest| one.taken_at <= now && one.reason != Some(Reason::ClockSet);
    is_certain(newer)
        && is_certain(older)
        && newer.store == older.store
        && newer.seq >= older.seq
        && schedule.backup_day(newer.taken_at) == schedule.backup_day(older.taken_at)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::core::manifest::{Counts, Damage, Proof, VERSION};
    use crate::core::schedule::Due;

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn schedule() -> Schedule {
        Schedule::at("03:00".parse().expect("a time"))
    }

    fn taken(at: Instant, seq: u64, kind: Kind) -> Manifest {
        let proof = Proof { at, digest: String::new(), counts: Counts::default(), restore_ms: 1, verify_ms: 1 };
        Manifest {
            version: VERSION,
            name: Generation::at(at),
            file: String::new(),
            kind,
            reason: None,
            by: "schedule".into(),
            taken_at: at,
            program: String::new(),
            format: 1,
            store: "a".into(),
            seq,
            chain: String::new(),
            parts: Vec::new(),
            bytes: 1,
            plain_bytes: 1,
            blake3: String::new(),
            recipients: Vec::new(),
            parent: None,
            proof: Some(proof),
            read_again_at: None,
            damage: None,
        }
    }

    fn damaged(mut one: Manifest) -> Manifest {
        one.damage = Some(Damage { found_at: one.taken_at, what: "a bit flipped".into() });
        one
    }

    /// What goes after the last one of `all` was proven, by day and time.
    fn goes(all: &[Manifest]) -> Vec<String> {
        let last = all.last().expect("one was taken");
        let now = last.taken_at.plus_minutes(5);
        let going = surplus(all, &last.name, now, schedule(), DAYS_KEPT);
        going.into_iter().map(|(name, why)| format!("{} {why:?}", &name.as_str()[13..20])).collect()
    }

    #[test]
    fn one_for_each_of_seven_backup_days_three_extra_ones_and_no_doubtful_ones_beside_them() {
        let daily = |text: &str, seq| taken(at(text), seq, Kind::Daily);
        let week = |from: i32, days: i32| -> Vec<Manifest> {
            (from..from + days).map(|date| daily(&format!("2026-12-{date:02} 03:00"), date as u64)).collect()
        };
        let plus = |mut all: Vec<Manifest>, more: &[Manifest]| {
            all.extend_from_slice(more);
            all
        };
        let extra = |text: &str, seq| taken(at(text), seq, Kind::Manual);
        let unproven = |mut one: Manifest| {
            one.proof = None;
            one
        };
        let clock_set = |mut one: Manifest| {
            one.reason = Some(Reason::ClockSet);
            one
        };
        let other_store = |mut one: Manifest| {
            one.store = "b".into();
            one
        };
        let cases: Vec<(&str, Vec<Manifest>, &[&str])> = vec![
            ("a week", week(1, 7), &[]),
            ("the eighth day", week(1, 8), &["01-0300 Old"]),
            ("two of a day", plus(week(1, 7), &[daily("2026-12-07 15:00", 9)]), &["07-0300 Superseded"]),
            ("three days of downtime", plus(week(1, 7), &[daily("2026-12-11 09:00", 11)]), &["01-0300 Old"]),
            ("one unproven", plus(week(1, 7), &[unproven(daily("2026-12-08 03:00", 8))]), &[]),
            (
                "a fourth extra one",
                plus(week(1, 7), &[1, 2, 3, 4].map(|hour| extra(&format!("2026-12-07 1{hour}:00"), 10 + hour))),
                &["07-1100 Extra"],
            ),
            ("a damaged one among six good ones", plus(vec![damaged(week(1, 1).remove(0))], &week(2, 6)), &[]),
            ("and among seven", plus(vec![damaged(week(1, 1).remove(0))], &week(2, 7)), &["01-0300 Doubtful"]),
            (
                "the clock was set back by a day",
                plus(week(1, 7), &[clock_set(daily("2026-12-07 03:00:10", 8))]),
                &["01-0300 Old"],
            ),
            ("the clock was set back by a month", plus(week(1, 7), &[daily("2026-11-07 03:00", 8)]), &["01-0300 Old"]),
            ("the clock jumped ahead by years", plus(week(1, 7), &[daily("2031-12-07 03:00", 8)]), &["01-0300 Old"]),
            ("an older state was restored", plus(week(1, 7), &[daily("2026-12-07 15:00", 3)]), &["01-0300 Old"]),
            ("another store began", plus(week(1, 7), &[other_store(daily("2026-12-07 15:00", 30))]), &["01-0300 Old"]),
        ];
        for (claim, all, expected) in cases {
            assert_eq!(goes(&all), expected, "{claim}");
        }
    }

    /// What may happen to backups within an hour.
    #[derive(Debug, Clone, Copy)]
    enum Hour {
        Quiet,
        /// The clock is set by so many hours.
        Clock(i64),
        /// Somebody wants an extra one, or a daily one.
        Asked(Kind),
        /// The daily one due cannot be taken, or not be proven.
        Fails {
            leaves_one: bool,
        },
        /// One of those that lie there is damaged.
        Damage(prop::sample::Index),
        /// An older state is restored.
        Restored,
    }

    fn hours() -> impl Strategy<Value = Vec<Hour>> {
        let hour = prop_oneof![
            60 => Just(Hour::Quiet),
            2 => (-60_i64..60).prop_map(Hour::Clock),
            3 => prop_oneof![Just(Kind::Daily), Just(Kind::Manual)].prop_map(Hour::Asked),
            3 => any::<bool>().prop_map(|leaves_one| Hour::Fails { leaves_one }),
            1 => any::<prop::sample::Index>().prop_map(Hour::Damage),
            1 => Just(Hour::Restored),
        ];
        prop::collection::vec(hour, 24 * 4..24 * 30)
    }

    fn good_days(all: &[Manifest]) -> usize {
        all.iter().filter(|one| one.is_good() && one.kind == Kind::Daily).count()
    }

    proptest! {
        #[test]
        fn whatever_happens_a_run_removes_no_more_good_days_than_it_must_and_all_is_bounded(hours in hours()) {
            let (mut wall, mut steady, mut seq) = (at("2026-12-01 12:00"), 0_u64, 100_u64);
            let (mut all, mut last_daily) = (Vec::<Manifest>::new(), None::<u64>);
            for hour in hours {
                (wall, steady, seq) = (wall.plus_minutes(60), steady + 1, seq + 7);
                let (mut asked, mut fails) = (None, None);
                match hour {
                    Hour::Quiet => {}
                    Hour::Clock(by) => wall = wall.plus_minutes(by * 60),
                    Hour::Asked(kind) => asked = Some(kind),
                    Hour::Fails { leaves_one } => fails = Some(leaves_one),
                    Hour::Damage(which) => {
                        if !all.is_empty() {
                            let which = which.index(all.len());
                            all[which] = damaged(all[which].clone());
                        }
                    }
                    Hour::Restored => seq = seq.saturating_sub(500).max(1),
                }
                let good = all.iter().filter(|one| one.is_good() && one.kind == Kind::Daily).map(|one| one.taken_at);
                let due = schedule().due(wall, good, last_daily.map(|last| Duration::from_hours(steady - last)));
                let Some(kind) = asked.or(due.map(|_| Kind::Daily)) else { continue };
                // A name that exists is never taken a second time.
                while all.iter().any(|one| one.name == Generation::at(wall)) {
                    wall = wall.plus_ms(1_000);
                }
                let mut new = taken(wall, seq, kind);
                if kind == Kind::Daily && due == Some(Due::ClockSet) {
                    new.reason = Some(Reason::ClockSet);
                }
                if let Some(leaves_one) = fails {
                    if leaves_one {
                        new.proof = None;
                        all.push(new.clone());
                    }
                    prop_assert!(surplus(&all, &new.name, wall, schedule(), DAYS_KEPT).is_empty());
                    continue;
                }
                let before = good_days(&all);
                all.push(new.clone());
                if kind == Kind::Daily {
                    last_daily = Some(steady);
                }
                let going = surplus(&all, &new.name, wall, schedule(), DAYS_KEPT);
                all.retain(|one| going.iter().all(|(name, _)| *name != one.name));

                prop_assert!(all.contains(&new), "the one just proven stays");
                let after = good_days(&all);
                prop_assert!(after >= before.min(DAYS_KEPT), "{before} good days before, {after} after: {going:?}");
                prop_assert!(after <= DAYS_KEPT);
                let extras = all.iter().filter(|one| one.is_good() && one.kind == Kind::Manual).count();
                let doubtful = all.iter().filter(|one| !one.is_good()).count();
                prop_assert!(extras <= EXTRAS_KEPT && doubtful <= DOUBTFUL_KEPT, "{extras} extra, {doubtful} doubtful");
            }
        }
    }
}
