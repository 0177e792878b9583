//! Sesshu's engine without HTTP: a city whose residents all book at once through the engine's door, as often as is asked.
//!
//! Every measured booking is durable when its future ends. Everybody cancels between two measured rounds, which is not
//! measured, and each round has a week of its own, so that nobody has too many changes.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant as StdInstant};

use sesshu_engine::clock::{Clock, ManualClock};
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{BookingNumber, Channel, CityId, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::pace::WaitingRules;
use sesshu_engine::core::setup::Rules;
use sesshu_engine::core::time::{ClockTime, Day, Instant};
use sesshu_engine::roll::{PasswordHashParams, RollRow, SessionRow};
use sesshu_engine::{EngineConfig, EngineHandle, VaccineSpec};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// Who books in a round.
pub const RESIDENTS: u32 = 4_096;
/// How many sessions there are.
pub const SESSIONS: u32 = 200;
/// How many cancel at once: so few that the engine sees no reason to let newcomers wait, since it would see one for eight days.
const CANCEL_AT_ONCE: usize = 512;
const START: Instant = Instant(20_000 * 86_400_000);
const VACCINE: &str = "コミナティ";

struct SharedClock(Arc<ManualClock>);

impl Clock for SharedClock {
    fn now(&self) -> Instant {
        self.0.now()
    }
}

/// The city.
pub struct EngineRush {
    engine: EngineHandle,
    clock: Arc<ManualClock>,
    round: u32,
    _folder: TempDir,
}

impl EngineRush {
    /// Makes the city in a folder of its own in `parent`.
    pub async fn gather_in(parent: &Path) -> Self {
        let folder = tempfile::tempdir_in(parent).expect("a folder");
        let vaccine = VaccineSpec {
            name: VACCINE.into(),
            doses: DoseNo::FIRST,
            interval_days_min: 21,
            interval_days_max: None,
            age_years_min: 12,
            doses_per_vial: 6,
        };
        let config = EngineConfig {
            folder: folder.path().to_owned(),
            mark: None,
            rules: Rules::default(),
            vaccines: vec![vaccine],
            hashing: PasswordHashParams { memory_kib: 8, passes: 1, lanes: 1 },
            free_disk_floor_bytes: 0,
            waiting_room: WaitingRules::default(),
        };
        config.create().expect("a new store");
        let clock = Arc::new(ManualClock::at(START));
        let shared: Arc<dyn Clock> = Arc::new(SharedClock(Arc::clone(&clock)));
        let engine = config.start_on_clock(|_| shared).await.expect("the engine starts");
        let roll: Vec<RollRow> = (0..RESIDENTS).map(resident).collect();
        let shown = engine.roll_difference(&roll, false).digest;
        engine.import_roll(&roll, false, shown, By::System).await.expect("the roll");
        let sessions: Vec<SessionRow> = (0..SESSIONS).map(session).collect();
        engine.import_sessions(&sessions, false, By::System).await.expect("the sessions");
        engine.publish(&engine.drafts(START), START, By::System).await.expect("published");
        Self { engine, clock, round: 0, _folder: folder }
    }

    /// Everybody books once, `at_once` of them at a time, over `sessions`; tells how long that took.
    pub async fn round(&mut self, at_once: u32, sessions: u32) -> Duration {
        self.round += 1;
        let key = RequestKey::new(&format!("round-{}", self.round)).expect("a key");
        let started = StdInstant::now();
        let mut lanes = JoinSet::new();
        for lane in 0..at_once {
            let (engine, key) = (self.engine.clone(), key.clone());
            lanes.spawn(async move {
                let mut booked = Vec::new();
                for who in (lane..RESIDENTS).step_by(at_once as usize) {
                    let leg = Leg { session: SessionId(1 + who % sessions), slot: SlotNo(0), dose: DoseNo::FIRST };
                    let resident = ResidentNo(who);
                    let done =
                        engine.book(resident, Legs::one(leg), key.clone(), By::Resident(resident), Channel::Web).await;
                    booked.push((resident, done.expect("there is room").bookings[0].number));
                }
                booked
            });
        }
        let booked: Vec<(ResidentNo, BookingNumber)> = lanes.join_all().await.into_iter().flatten().collect();
        let took = started.elapsed();
        self.cancel(&booked).await;
        took
    }

    async fn cancel(&self, booked: &[(ResidentNo, BookingNumber)]) {
        let mut lanes = JoinSet::new();
        for lane in booked.chunks(booked.len().div_ceil(CANCEL_AT_ONCE)) {
            let (engine, lane) = (self.engine.clone(), lane.to_vec());
            lanes.spawn(async move {
                for (resident, number) in lane {
                    engine.cancel(resident, number, By::Resident(resident), Channel::Web).await.expect("cancelled");
                }
            });
        }
        lanes.join_all().await;
        // The keys of this round are forgotten.
        self.clock.advance_ms(8 * 24 * 60 * 60 * 1_000);
    }
}

impl Drop for EngineRush {
    fn drop(&mut self) {
        let figures = self.engine.figures();
        eprintln!(
            "{} entries in {} commits: {:.1} a batch, {:.2} ms a commit",
            figures.entries,
            figures.batches,
            figures.entries as f64 / figures.batches as f64,
            figures.commit_us as f64 / 1_000.0 / figures.batches as f64,
        );
        self.engine.shutdown();
    }
}

fn resident(n: u32) -> RollRow {
    RollRow {
        line: u64::from(n) + 2,
        id: CityId::from_digits(&format!("{n:010}")).expect("ten digits"),
        name_kana: "インザイ　タロウ".into(),
        birth_date: Day(-7_000),
        groups: Vec::new(),
    }
}

/// Far enough away for every round to have its week.
fn session(n: u32) -> SessionRow {
    SessionRow {
        line: u64::from(n) + 2,
        venue: format!("会場{n}"),
        date: Day(60_000),
        start: ClockTime(9 * 60),
        end: ClockTime(9 * 60 + 30),
        slot_minutes: 30,
        capacity: 10_000,
        vaccine: VACCINE.into(),
        doses: vec![DoseNo::FIRST],
        phone_share: None,
    }
}
