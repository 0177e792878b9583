//! A small city inside this process, on a clock that the test moves: two residents, sessions that are open, a real store.

use std::path::Path;
use std::sync::Arc;

use sesshu_engine::clock::{Clock, ManualClock};
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{CityId, DoseNo, ResidentNo};
use sesshu_engine::core::pace::WaitingRules;
use sesshu_engine::core::setup::Rules;
use sesshu_engine::core::time::{ClockTime, Day, Instant};
use sesshu_engine::roll::{PasswordHashParams, RollRow, SessionRow};
use sesshu_engine::{EngineConfig, EngineHandle, VaccineSpec};

const START: &str = "2026-12-01 09:00";
const VACCINE: &str = "コミナティ";

/// A resident with the password of their letter.
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name_kana: &'static str,
    pub(crate) password: String,
}

/// The clock that test and engine share.
struct Shared(Arc<ManualClock>);

impl Clock for Shared {
    fn now(&self) -> Instant {
        self.0.now()
    }
}

/// How the engine of `folder` is opened. Passwords cost next to nothing: their cost is no part of any claim here.
pub(crate) fn config(folder: &Path) -> EngineConfig {
    let vaccine = VaccineSpec {
        name: VACCINE.to_owned(),
        doses: DoseNo::new(2).expect("a dose"),
        interval_days_min: 21,
        interval_days_max: None,
        age_years_min: 12,
        doses_per_vial: 6,
    };
    EngineConfig {
        folder: folder.to_owned(),
        mark: None,
        rules: Rules::default(),
        vaccines: vec![vaccine],
        hashing: PasswordHashParams { memory_kib: 8, passes: 1, lanes: 1 },
        free_disk_floor_bytes: 0,
        waiting_room: WaitingRules::default(),
    }
}

/// Makes the city in `folder`, which is empty, and opens it.
pub(crate) async fn open(folder: &Path) -> (EngineHandle, Arc<ManualClock>, [Person; 2]) {
    let now: Instant = START.parse().expect("an instant");
    let clock = Arc::new(ManualClock::at(now));
    config(folder).create().expect("a new store");
    let shared: Arc<dyn Clock> = Arc::new(Shared(Arc::clone(&clock)));
    let engine = config(folder).start_on_clock(|_| shared).await.expect("the engine starts");
    let names = ["フズ　タロウ", "ヨソノ　ハナコ"];
    let rows = [0, 1].map(|n: u8| RollRow {
        line: u64::from(n) + 2,
        id: CityId::from_digits(&format!("001234567{n}")).expect("an ID"),
        name_kana: names[usize::from(n)].to_owned(),
        birth_date: "1960-04-02".parse().expect("a date"),
        groups: Vec::new(),
    });
    let shown = engine.roll_difference(&rows, false).digest;
    engine.import_roll(&rows, false, shown, By::System).await.expect("the roll is imported");
    let passwords = engine.make_passwords(rows.len(), |_| {}).await.expect("passwords");
    let stored = (0..).map(ResidentNo).zip(passwords.iter().map(|password| password.stored)).collect();
    engine.put_passwords(stored, By::System).await.expect("they are kept");
    let sessions: Vec<SessionRow> = (2..60).step_by(5).map(|days| session(now.city_day().plus_days(days))).collect();
    engine.import_sessions(&sessions, false, By::System).await.expect("the sessions are drafted");
    engine.publish(&engine.drafts(now), now, By::System).await.expect("they are published");
    let person =
        |n: usize| Person { id: rows[n].id.to_string(), name_kana: names[n], password: passwords[n].plain.to_string() };
    (engine, clock, [person(0), person(1)])
}

fn session(date: Day) -> SessionRow {
    SessionRow {
        line: 2,
        venue: "文化ホール".to_owned(),
        date,
        start: ClockTime(9 * 60),
        end: ClockTime(12 * 60),
        slot_minutes: 30,
        capacity: 3,
        vaccine: VACCINE.to_owned(),
        doses: vec![DoseNo::FIRST, DoseNo::new(2).expect("a dose")],
        phone_share: Some(1),
    }
}
