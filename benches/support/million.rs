//! A city of a million residents and a million bookings, made through the engine's door in a process that then dies as in a power
//! cut: how soon the next start books again, and how much memory each resident and booking takes.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{Channel, CityId, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::pace::WaitingRules;
use sesshu_engine::core::setup::Rules;
use sesshu_engine::core::time::{ClockTime, Day};
use sesshu_engine::roll::{PasswordHashParams, RollRow, SessionRow};
use sesshu_engine::{EngineConfig, EngineHandle, VaccineSpec};
use sesshu_tests::memory::status_mib;
use sesshu_tests::{City, Place, Resident, wait_until};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// The argument with which a bench starts itself to fill a folder, before the folder and the step.
const ARGUMENT: &str = "--fill";
const RESIDENTS: u32 = 1_000_000;
const SESSIONS: u32 = 200;
const AT_ONCE: u32 = 2_048;
const VACCINE: &str = "コミナティ";
/// In the folder: the first resident's password.
const PASSWORD_NAME: &str = "password";
/// In the folder: says that a step is done.
const DONE_NAME: &str = "filled";
const FILLED_WITHIN: Duration = Duration::from_mins(5);

/// What was found.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// From the start of the process to the first acknowledged booking.
    pub restart: Duration,
    /// Resident memory of the server for each resident, in bytes.
    pub resident_bytes: f64,
    /// The same for each booking.
    pub booking_bytes: f64,
}

/// Makes the city, kills it, serves it.
#[must_use]
pub fn measure(runtime: &Runtime) -> Found {
    let empty = {
        let city = City::demo().residents(2).start();
        memory(&city)
    };
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("city");
    fs::create_dir(&data).expect("a folder");
    let mut filling = fill(&data, "residents");
    assert!(filling.wait().expect("the child").success(), "the residents are imported");
    let mut city = City::serving(folder, data.clone());
    let with_residents = memory(&city);
    city.stop();
    let mut filling = fill(&data, "bookings");
    wait_until("a million bookings", FILLED_WITHIN, || fs::exists(data.join(DONE_NAME)).ok()?.then_some(()));
    filling.kill().expect("a power cut");
    let _ = filling.wait();
    let password = fs::read_to_string(data.join(PASSWORD_NAME)).expect("the password");
    let resident = Resident { id: id(0), password, name_kana: String::new(), birth_date: String::new() };
    let place = Place { session: "1".into(), slot: "0".into() };
    let started = Instant::now();
    city.restart();
    runtime.block_on(async {
        city.login(&resident).await.book("first", &place.dose(1)).await.expect(201);
    });
    let restart = started.elapsed();
    let with_bookings = memory(&city);
    let each = |more: f64, less: f64| (more - less) / f64::from(RESIDENTS);
    Found { restart, resident_bytes: each(with_residents, empty), booking_bytes: each(with_bookings, with_residents) }
}

/// The server's resident memory, in bytes.
fn memory(city: &City) -> f64 {
    status_mib(&city.process_id().to_string(), "VmRSS:") * 1_048_576.0
}

fn fill(data: &Path, step: &str) -> Child {
    let own = std::env::current_exe().expect("the bench itself");
    Command::new(own).arg(ARGUMENT).arg(data).arg(step).stdin(Stdio::null()).spawn().expect("a process")
}

/// Fills a folder, if the process was started to do so, and says whether it was; after the bookings it waits to be killed.
#[must_use]
pub fn filled_as_asked() -> bool {
    let mut arguments = std::env::args().skip_while(|argument| argument != ARGUMENT).skip(1);
    let (Some(data), Some(step)) = (arguments.next(), arguments.next()) else { return false };
    let data = Path::new(&data);
    Runtime::new().expect("a runtime").block_on(async {
        if step == "residents" {
            import(data).await;
        } else {
            book(data).await;
        }
    });
    true
}

fn config(data: &Path) -> EngineConfig {
    let vaccine = VaccineSpec {
        name: VACCINE.into(),
        doses: DoseNo::new(2).expect("a dose"),
        interval_days_min: 21,
        interval_days_max: None,
        age_years_min: 12,
        doses_per_vial: 6,
    };
    EngineConfig {
        folder: data.to_owned(),
        mark: None,
        rules: Rules::default(),
        vaccines: vec![vaccine],
        hashing: PasswordHashParams::default(),
        free_disk_floor_bytes: 0,
        waiting_room: WaitingRules::default(),
    }
}

async fn import(data: &Path) {
    config(data).create().expect("a new store");
    let engine = config(data).start().await.expect("the engine starts");
    let roll: Vec<RollRow> = (0..RESIDENTS).map(row).collect();
    let shown = engine.roll_difference(&roll, false).digest;
    engine.import_roll(&roll, false, shown, By::System).await.expect("the roll");
    let password = engine.make_passwords(1, |_| {}).await.expect("a password").remove(0);
    engine.put_passwords(vec![(ResidentNo(0), password.stored)], By::System).await.expect("it is stored");
    fs::write(data.join(PASSWORD_NAME), password.plain.as_str()).expect("a file");
    let sessions: Vec<SessionRow> = (0..SESSIONS).map(session).collect();
    engine.import_sessions(&sessions, false, By::System).await.expect("the sessions");
    let now = engine.now();
    engine.publish(&engine.drafts(now), now, By::System).await.expect("published");
    engine.shutdown();
}

/// Everybody but the first books.
async fn book(data: &Path) {
    let engine = config(data).start().await.expect("the engine starts");
    let next = Arc::new(AtomicU32::new(1));
    let mut lanes = JoinSet::new();
    for _ in 0..AT_ONCE {
        lanes.spawn(book_some(engine.clone(), Arc::clone(&next)));
    }
    lanes.join_all().await;
    fs::write(data.join(DONE_NAME), "").expect("a file");
    std::future::pending::<()>().await;
}

async fn book_some(engine: EngineHandle, next: Arc<AtomicU32>) {
    let key = RequestKey::new("once").expect("a key");
    loop {
        let who = next.fetch_add(1, Ordering::Relaxed);
        if who >= RESIDENTS {
            return;
        }
        let leg = Leg { session: SessionId(1 + who % SESSIONS), slot: SlotNo(0), dose: DoseNo::FIRST };
        let by = By::Resident(ResidentNo(who));
        let done = engine.book(ResidentNo(who), Legs::one(leg), key.clone(), by, Channel::Web).await;
        done.expect("there is room");
    }
}

fn id(n: u32) -> String {
    format!("{n:010}")
}

fn row(n: u32) -> RollRow {
    RollRow {
        line: u64::from(n) + 2,
        id: CityId::from_digits(&id(n)).expect("ten digits"),
        name_kana: "インザイ　タロウ".into(),
        birth_date: Day(-7_000),
        groups: Vec::new(),
    }
}

fn session(n: u32) -> SessionRow {
    SessionRow {
        line: u64::from(n) + 2,
        venue: format!("会場{n}"),
        date: Day(30_000),
        start: ClockTime(9 * 60),
        end: ClockTime(9 * 60 + 30),
        slot_minutes: 30,
        capacity: 10_000,
        vaccine: VACCINE.into(),
        doses: vec![DoseNo::FIRST],
        phone_share: None,
    }
}
