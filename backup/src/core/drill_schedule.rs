//! When drills are held: at irregular times, as the city promised, each before the one before it is too long ago.

use sesshu_engine::core::time::Instant;

use super::schedule::Schedule;

const MINUTE_MS: i64 = 60_000;
/// A drill keeps away from the daily backup: it begins neither so shortly before it …
const BEFORE_DAILY_MS: i64 = 60 * MINUTE_MS;
/// … nor so shortly after it.
const AFTER_DAILY_MS: i64 = 120 * MINUTE_MS;
/// The part of the time that is left for a second try: an eighth.
const LEFT_FOR_TRY: i64 = 8;
/// A drill that is overdue already is held at a time within this.
const OVERDUE_WITHIN_MS: i64 = 24 * 60 * MINUTE_MS;

const _: () = assert!(BEFORE_DAILY_MS + AFTER_DAILY_MS < OVERDUE_WITHIN_MS / 2, "most of a day is left for drills");

/// When a drill is overdue: `days` after `since`, the last one that went well, or the time from which drills are held.
#[must_use]
pub const fn due_at(since: Instant, days: u16) -> Instant {
    since.plus_days(days as i64)
}

/// When the next drill is held, drawn with `lot`, a random number: any time between now and `due` is as likely as any other, but for
/// those around the daily backup and the last eighth, which is left for a second try. One that is overdue is held within a day.
#[must_use]
pub fn draw(now: Instant, due: Instant, schedule: Schedule, lot: u64) -> Instant {
    let within = due.ms_since(now) / LEFT_FOR_TRY * (LEFT_FOR_TRY - 1);
    let within = if within < OVERDUE_WITHIN_MS { OVERDUE_WITHIN_MS } else { within };
    // Time that may be drawn is counted without the hours that may not, and so each instant of it is equally likely.
    let open = within - shut_ms(now, now.plus_ms(within), schedule);
    let mut left = (lot % open.unsigned_abs().max(1)) as i64;
    let mut at = now;
    loop {
        let (closes, opens) = next_closed(at, schedule);
        let free = closes.ms_since(at).max(0);
        if left < free {
            return at.plus_ms(left);
        }
        (left, at) = (left - free, opens);
    }
}

/// The hours around a daily backup that `at` is in or that come next: from when to when.
fn next_closed(at: Instant, schedule: Schedule) -> (Instant, Instant) {
    let begins = schedule.backup_day(at).at(schedule.daily_at());
    let around = |daily: Instant| (daily.plus_ms(-BEFORE_DAILY_MS), daily.plus_ms(AFTER_DAILY_MS));
    let (closes, opens) = around(begins);
    if at < opens { (closes, opens) } else { around(schedule.next_after(at)) }
}

/// How much of the time from `from` to `to` is closed for drills.
fn shut_ms(from: Instant, to: Instant, schedule: Schedule) -> i64 {
    let (mut at, mut shut) = (from, 0);
    while at < to {
        let (closes, opens) = next_closed(at, schedule);
        shut += opens.min(to).ms_since(closes.max(at)).max(0);
        at = opens;
    }
    shut
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schedule() -> Schedule {
        Schedule::at("03:00".parse().expect("a time"))
    }

    proptest! {
        #[test]
        fn drills_are_held_before_they_are_overdue_and_never_around_the_daily_backup(
            now in 1_764_000_000_000_i64..1_864_000_000_000,
            days in 1_u16..366,
            used in 0_i64..400,
            lot: u64,
        ) {
            let now = Instant(now);
            let due = due_at(now.plus_days(-used), days);
            let at = draw(now, due, schedule(), lot);
            prop_assert!(at >= now && at < due.max(now.plus_days(1)), "{at:?}");
            let minutes = i64::from(at.city_clock().0);
            prop_assert!(!(2 * 60..5 * 60).contains(&minutes), "{at:?}");
        }
    }

    #[test]
    fn every_hour_of_the_day_and_every_day_of_the_period_has_its_turn() {
        let now: Instant = "2026-12-01 12:00".parse().expect("an instant");
        let due = due_at(now, 10);
        let (mut hours, mut days) = ([0; 24], [0; 11]);
        for lot in 0..20_000_u64 {
            let at = draw(now, due, schedule(), lot.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            hours[usize::from(at.city_clock().0 / 60)] += 1;
            days[at.city_day().days_since(now.city_day()) as usize] += 1;
        }
        let closed: Vec<usize> = (0..24).filter(|hour| hours[*hour] == 0).collect();
        assert_eq!(closed, [2, 3, 4]);
        assert!(hours.iter().all(|held| *held == 0 || (800..1_100).contains(held)), "{hours:?}");
        assert!(days[1..9].iter().all(|held| (2_100..2_500).contains(held)), "{days:?}");
        assert_eq!(days[10], 0, "{days:?}");
    }
}
