//! The city of one life: a few people, a few small sessions, two doses, perhaps waves. All of it follows from the seed.

use std::sync::{Arc, OnceLock};

use super::schedule::Dice;
use crate::VaccineSpec;
use crate::core::ids::{CityId, DoseNo, ResidentNo};
use crate::core::setup::Rules;
use crate::core::time::{ClockTime, Day, Instant};
use crate::roll::{HashPool, HashPoolSettings, PasswordHashParams, PasswordHasher, RollRow, SessionRow, WaveRow};

/// The only vaccine.
pub(super) const VACCINE: &str = "コミナティ";
/// Its interval, in days between the dates.
pub(super) const INTERVAL_DAYS: std::ops::RangeInclusive<i32> = 21..=42;
/// From this age on.
pub(super) const AGE_YEARS_MIN: u8 = 12;
/// People who do nothing until the end; then they book whatever is left.
pub(super) const RESERVE: u32 = 60;
/// When the clock starts.
pub(super) const START: &str = "2026-12-01 09:00";
/// How much a slot has at most.
const CAPACITY_MAX: u32 = 3;

/// What the city prepares.
#[derive(Debug)]
pub(super) struct City {
    /// The roll: first those who act, then the reserve.
    pub(super) roll: Vec<RollRow>,
    /// How many act.
    pub(super) active: u32,
    /// The sessions of the start.
    pub(super) sessions: Vec<SessionRow>,
    /// Sessions that are drafted at the start and published later.
    pub(super) later: Vec<SessionRow>,
    /// The waves.
    pub(super) waves: Vec<WaveRow>,
    /// When the first sessions open.
    pub(super) opens_at: Instant,
}

/// When the clock starts.
pub(super) fn start() -> Instant {
    START.parse().expect("an instant")
}

/// The rules are the usual ones.
pub(super) fn rules() -> Rules {
    Rules::default()
}

/// The vaccine as the configuration names it.
pub(super) fn vaccine() -> VaccineSpec {
    VaccineSpec {
        name: VACCINE.to_owned(),
        doses: DoseNo::new(2).expect("two doses"),
        interval_days_min: *INTERVAL_DAYS.start() as u16,
        interval_days_max: Some(*INTERVAL_DAYS.end() as u16),
        age_years_min: AGE_YEARS_MIN,
        doses_per_vial: 6,
    }
}

impl City {
    /// The city that `dice` make.
    pub(super) fn drawn(dice: &mut Dice) -> Self {
        let start = start();
        let today = start.city_day();
        let active = dice.within(8..=16);
        let born = |n: u32, dice: &mut Dice| match dice.below(12) {
            _ if n >= active => 1950,
            0 => 2020,
            1 | 2 => 1990,
            _ => 1955,
        };
        let roll = (0..active + RESERVE).map(|n| person(n, born(n, dice))).collect();
        let first = dice.within(1..=2);
        let second = dice.within(1..=2);
        let mut line = 2;
        let mut row = |date: Day, dice: &mut Dice| {
            line += 1;
            session_row(line, date, dice)
        };
        let mut sessions: Vec<SessionRow> =
            (0..first).map(|_| row(today.plus_days(dice.within(2..=9) as i32), dice)).collect();
        let dates: Vec<Day> = sessions.iter().map(|session| session.date).collect();
        sessions.extend((0..second).map(|_| {
            let after = *dice.pick(&[20, 21, 22, 28, 35, 42, 43]);
            row(dice.pick(&dates).plus_days(after), dice)
        }));
        let later = (0..dice.below(2)).map(|_| row(today.plus_days(dice.within(5..=30) as i32), dice)).collect();
        let waves = if dice.chance(1, 3) { waves(start, dice) } else { Vec::new() };
        let opens_at = start.plus_minutes(*dice.pick(&[0, 0, 0, 0, 0, 0, 1, 3]));
        Self { roll, active, sessions, later, waves, opens_at }
    }

    /// Whether the person is below the age of the vaccine on every date of the campaign.
    pub(super) fn is_child(&self, resident: ResidentNo) -> bool {
        self.row(resident).birth_date >= "2015-01-01".parse().expect("a date")
    }

    /// The person's row on the roll.
    pub(super) fn row(&self, resident: ResidentNo) -> &RollRow {
        &self.roll[resident.0 as usize]
    }

    /// When the person's waves let them book: always without waves, never without one of theirs.
    pub(super) fn wave_opens(&self, resident: ResidentNo) -> Option<Instant> {
        if self.waves.is_empty() {
            return Some(start());
        }
        let born = self.row(resident).birth_date;
        let of = |wave: &&WaveRow| {
            wave.born_from.is_none_or(|from| from <= born) && wave.born_to.is_none_or(|to| born <= to)
        };
        self.waves.iter().filter(of).map(|wave| wave.opens_at).min()
    }
}

/// The seniors at once, those born in 1985 or later a little later, the others never.
fn waves(start: Instant, dice: &mut Dice) -> Vec<WaveRow> {
    let wave = |name: &str, from: Option<&str>, to: Option<&str>, opens_at| WaveRow {
        line: 2,
        name: name.to_owned(),
        born_from: from.map(|day| day.parse().expect("a date")),
        born_to: to.map(|day| day.parse().expect("a date")),
        group: None,
        opens_at,
    };
    let later = start.plus_minutes(i64::from(dice.within(1..=20)));
    let mut waves = vec![wave("高齢者", None, Some("1960-04-01"), start)];
    if dice.chance(1, 2) {
        waves.push(wave("一般", Some("1985-04-02"), None, later));
    }
    waves
}

fn person(n: u32, year: i32) -> RollRow {
    RollRow {
        line: u64::from(n) + 2,
        id: CityId::from_digits(&format!("{n:010}")).expect("ten digits"),
        name_kana: "インザイ　タロウ".to_owned(),
        birth_date: Day::from_ymd(year, 5, 5).expect("a date"),
        groups: Vec::new(),
    }
}

/// One to three slots of half an hour with one to three places, for dose 1, dose 2 or both.
pub(super) fn session_row(line: u64, date: Day, dice: &mut Dice) -> SessionRow {
    let start = ClockTime(9 * 60);
    let slots = dice.within(1..=3) as u16;
    let capacity = dice.within(1..=CAPACITY_MAX);
    let dose = |n| DoseNo::new(n).expect("a dose");
    let share = dice.chance(1, 3).then(|| dice.within(1..=capacity));
    SessionRow {
        line,
        venue: format!("会場{line}"),
        date,
        start,
        end: ClockTime(start.0 + 30 * slots),
        slot_minutes: 30,
        capacity,
        vaccine: VACCINE.to_owned(),
        doses: dice.pick(&[vec![dose(1), dose(2)], vec![dose(1), dose(2)], vec![dose(1)], vec![dose(2)]]).clone(),
        phone_share: share,
    }
}

/// Passwords are no part of the simulation: one hash pool of the smallest size serves every life.
pub(super) fn hashing() -> (Arc<HashPool>, Arc<PasswordHasher>) {
    static HASHING: OnceLock<(Arc<HashPool>, Arc<PasswordHasher>)> = OnceLock::new();
    HASHING
        .get_or_init(|| {
            let params = PasswordHashParams { memory_kib: 8, passes: 1, lanes: 1 };
            let pepper = zeroize::Zeroizing::new([7; 32]);
            let hasher = Arc::new(PasswordHasher::new(params, pepper).expect("small parameters"));
            let settings = HashPoolSettings { threads: std::num::NonZeroUsize::MIN, queued_per_lane_max: 1 };
            (Arc::new(HashPool::start(&hasher, settings).expect("a thread")), hasher)
        })
        .clone()
}
