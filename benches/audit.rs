//! Questions of the audit over a long journal, in milliseconds: `cargo bench -p sesshu-benches --bench audit`. A fifth of the entries
//! are views of people by 200 accounts, the others what residents did. Each question must be answered within a second.
//!
//! `SESSHU_AUDIT_ENTRIES` says how long the journal is (200,000 unless it is set; the goal is 10,000,000), `SESSHU_BENCH_FOLDER`
//! names the disk. The pages of the store that a start does not read are cold, as the start drops them from the system's cache.

use std::path::Path;
use std::time::Instant as StdInstant;

use sesshu_engine::core::event::{By, Entry, Event};
use sesshu_engine::core::event_kind::EventKind;
use sesshu_engine::core::ids::{CityId, DoseNo, ResidentNo};
use sesshu_engine::core::pace::WaitingRules;
use sesshu_engine::core::resident::EndedLogin;
use sesshu_engine::core::setup::Rules;
use sesshu_engine::core::staff::{CallId, StaffRole, View};
use sesshu_engine::core::time::{Day, Instant};
use sesshu_engine::ledger::{Append, BlockWriter, Chain, HighWaterFile, Ledger, RedbLedger, recover};
use sesshu_engine::roll::{PasswordHashParams, RollRow};
use sesshu_engine::{AuditQuery, EngineConfig, EngineHandle, VaccineSpec};
use sesshu_tests::report;
use tokio::runtime::Runtime;

const ENTRIES: u64 = 200_000;
const PEOPLE: u32 = 100_000;
const ACCOUNTS: u64 = 200;
/// One entry of so many is a view by staff, and one view of so many is of a whole list.
const VIEW_EVERY: u64 = 5;
const LIST_EVERY: u64 = 50;
const LIST_PEOPLE: u32 = 20;
const BLOCK_ENTRIES: u64 = 2_048;
/// An entry every so many milliseconds, from this day on.
const STEP_MS: i64 = 200;
const FIRST_DAY: Day = Day(20_000);
const ROWS_MAX: usize = 50;
/// How often each question is asked, each time of another account or person.
const ASKED: u64 = 40;

fn main() {
    let entries = std::env::var("SESSHU_AUDIT_ENTRIES").map_or(Ok(ENTRIES), |text| text.parse()).expect("a number");
    let folder = match std::env::var_os("SESSHU_BENCH_FOLDER") {
        Some(parent) => tempfile::tempdir_in(parent),
        None => tempfile::tempdir(),
    };
    let folder = folder.expect("a folder");
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(people_and_accounts(folder.path()));
    let started = StdInstant::now();
    let first = fill(folder.path(), entries);
    report(&format!("{entries} entries in {:.0} s", started.elapsed().as_secs_f64()));
    // The first start writes the fold; the second one reads only what a start needs.
    runtime.block_on(folded(folder.path()));
    let started = StdInstant::now();
    runtime.block_on(async {
        let engine = open(folder.path()).await;
        report(&format!("open in {:.1} s", started.elapsed().as_secs_f64()));
        ask_all(&engine, first, entries).await;
        engine.shutdown();
    });
}

fn config(folder: &Path) -> EngineConfig {
    let vaccine = VaccineSpec {
        name: "コミナティ".into(),
        doses: DoseNo::FIRST,
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

async fn open(folder: &Path) -> EngineHandle {
    config(folder).start().await.expect("the engine starts")
}

fn login(n: u64) -> Box<str> {
    format!("operator{n:03}").into()
}

async fn people_and_accounts(folder: &Path) {
    config(folder).create().expect("a new store");
    let at = FIRST_DAY.at("00:00".parse().expect("a time"));
    let clock = std::sync::Arc::new(sesshu_engine::clock::ManualClock::at(at));
    let engine = config(folder).start_on_clock(|_| clock).await.expect("the engine starts");
    let row = |n: u32| RollRow {
        line: u64::from(n) + 2,
        id: CityId::from_digits(&format!("{n:010}")).expect("ten digits"),
        name_kana: "インザイ　タロウ".into(),
        birth_date: Day(-7_000),
        groups: Vec::new(),
    };
    let roll: Vec<RollRow> = (0..PEOPLE).map(row).collect();
    let shown = engine.roll_difference(&roll, false).digest;
    engine.import_roll(&roll, false, shown, By::System).await.expect("the roll");
    for n in 0..ACCOUNTS {
        let login = login(n);
        let put = engine.put_staff(&login, StaffRole::Operator, "himitsu-no-kotoba", [7; 20], By::System);
        put.await.expect("an account");
    }
    engine.shutdown();
}

/// Writes the entries as the ledger would, in blocks; gives the sequence number of the first.
fn fill(folder: &Path, entries: u64) -> u64 {
    let mut ledger = RedbLedger::open(folder).expect("the store opens");
    let head =
        recover(&ledger, &HighWaterFile::new(folder.join("high-water"))).expect("the store is sound").index.head();
    let (mut seq, mut chain): (u64, Chain) = (head.seq, head.chain);
    let mut written = 0;
    while written < entries {
        let mut block = BlockWriter::after(seq, chain);
        let until = entries.min(written + BLOCK_ENTRIES);
        for n in written..until {
            (seq, chain) = block.push(&entry(n, head.at));
        }
        written = until;
        assert!(matches!(ledger.append(Some(&block.finish()), &[], None), Append::Durable), "the disk takes it");
    }
    head.seq + 1
}

/// The entry `n`: accounts and people take turns in ways that do not follow one another.
fn entry(n: u64, after: Instant) -> Entry {
    let at = after.plus_ms(i64::try_from(n).expect("small") * STEP_MS);
    let resident = ResidentNo(person(n));
    if !n.is_multiple_of(VIEW_EVERY) {
        let ended = EndedLogin { token: n, expires_at: at.plus_minutes(20) };
        return Entry {
            at,
            by: By::Resident(resident),
            key: None,
            events: vec![Event::LoginEnded { resident, ended }],
        };
    }
    let view = n / VIEW_EVERY;
    let login = login(view * 7 % ACCOUNTS);
    if view.is_multiple_of(LIST_EVERY) {
        let list = (0..LIST_PEOPLE).map(|n| ResidentNo((resident.0 + n) % PEOPLE)).collect();
        let viewed = Event::PeopleViewed { residents: list, view: View::DayList };
        return Entry { at, by: By::Staff(login), key: None, events: vec![viewed] };
    }
    let by = By::Call { login, call: CallId(view) };
    Entry { at, by, key: None, events: vec![Event::PersonViewed { resident, view: View::Call }] }
}

fn person(n: u64) -> u32 {
    u32::try_from(n * 7_919 % u64::from(PEOPLE)).expect("small")
}

/// Waits until the tables have everything, so that nothing else is written while questions are asked.
async fn folded(folder: &Path) {
    let engine = open(folder).await;
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(100));
    while engine.figures().fold_lag > 0 {
        looks.tick().await;
    }
    engine.shutdown();
}

async fn ask_all(engine: &EngineHandle, first: u64, entries: u64) {
    let views = AuditQuery { kind: Some(EventKind::View), rows_max: ROWS_MAX, ..AuditQuery::default() };
    let of_account = |n: u64| AuditQuery { maker: Some(login(n)), ..views.clone() };
    let of_person = |n: u64| AuditQuery { person: Some(ResidentNo(person(n * VIEW_EVERY))), ..views.clone() };
    // Each account has a view in this many entries: the oldest page of each lies before.
    let oldest = Some(first + ROWS_MAX as u64 * ACCOUNTS * VIEW_EVERY);
    let day = |n: u64| {
        let whole = u64::try_from(STEP_MS).expect("small") * entries;
        let from = FIRST_DAY.at("00:00".parse().expect("a time"));
        let at = from.plus_ms(i64::try_from(whole * (n + 1) / (ASKED + 2)).expect("small"));
        AuditQuery { from: Some(at), to: Some(at.plus_minutes(60)), rows_max: ROWS_MAX, ..AuditQuery::default() }
    };
    report(&format!("{:<58} {:>6} {:>10} {:>10} {:>10}", "question", "rows", "first, ms", "cold, ms", "warm, ms"));
    ask(engine, "whom did this account view, newest page", of_account).await;
    ask(engine, "whom did this account view, oldest page", |n| AuditQuery { before: oldest, ..of_account(n) }).await;
    ask(engine, "who viewed this person, newest page", of_person).await;
    ask(engine, "who viewed this person, oldest page", |n| AuditQuery { before: oldest, ..of_person(n) }).await;
    ask(engine, "did this account view this person", |n| AuditQuery { maker: Some(login(n)), ..of_person(n) }).await;
    ask(engine, "everything within an hour", day).await;
    ask(engine, "everything, newest page", |_| AuditQuery { rows_max: ROWS_MAX, ..AuditQuery::default() }).await;
    ask(engine, "what this account exported: nothing in 20,000 entries", |n| AuditQuery {
        kind: Some(EventKind::Export),
        ..of_account(n)
    })
    .await;
}

/// Asks `question` of many accounts or people, then of the same again. Of each round the slowest answer counts.
async fn ask(engine: &EngineHandle, what: &str, question: impl Fn(u64) -> AuditQuery) {
    let mut rows = 0;
    let mut slowest = [0.0_f64; 3];
    for round in 0..2 {
        for n in 0..ASKED {
            let started = StdInstant::now();
            let page = engine.audit(question(n)).await.expect("an answer");
            let ms = started.elapsed().as_secs_f64() * 1_000.0;
            rows = rows.max(page.entries.len());
            let column = if round == 1 { 2 } else { usize::from(n > 0) };
            slowest[column] = slowest[column].max(ms);
        }
    }
    let [first, cold, warm] = slowest;
    report(&format!("{what:<58} {rows:>6} {first:>10.2} {cold:>10.2} {warm:>10.2}"));
    assert!(first.max(cold).max(warm) < 1_000.0, "{what}: an answer took longer than a second");
}
