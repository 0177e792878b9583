//! A city for tests: a folder of its own, a clock that stands until it is moved, a roll, sessions, and the engine on a real
//! store. When it goes, nothing may be left on its way and the store must verify.

#![allow(dead_code, reason = "each test binary uses its part of the city")]

use std::sync::Arc;
use std::time::Duration;

use sesshu_engine::clock::{Clock, ManualClock};
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{
    BookingNumber, Channel, CityId, DoseNo, HoldId, RequestKey, ResidentNo, SessionId, SlotNo,
};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::pace::WaitingRules;
use sesshu_engine::core::refusal::{Refusal, RefusalCode};
use sesshu_engine::core::setup::Rules;
use sesshu_engine::core::time::{ClockTime, Day, Instant};
use sesshu_engine::roll::{DoseRow, PasswordHashParams, RollRow, SessionRow, WaveRow};
use sesshu_engine::view::{BookingView, Done, HoldView, Me, SlotView};
use sesshu_engine::{EngineConfig, EngineHandle, VaccineSpec, VerifyReport};
use tempfile::TempDir;

/// Two doses, 21 days apart or more, from 12 years on.
pub(crate) const COMIRNATY: &str = "コミナティ";
/// Two doses, 28 to 42 days apart, from 18 years on.
pub(crate) const SPIKEVAX: &str = "スパイクバックス";

/// When every city's clock starts: bookings open at this instant unless a test says otherwise.
pub(crate) const START: &str = "2026-12-01 09:00";

/// The dose `n`.
pub(crate) fn dose(n: u8) -> DoseNo {
    DoseNo::new(n).expect("a dose")
}

/// The date `text`.
pub(crate) fn day(text: &str) -> Day {
    text.parse().expect("a date")
}

/// The instant `text` in the city's zone.
pub(crate) fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

/// A place as a request names it.
pub(crate) fn leg(session: SessionId, slot: u16, n: u8) -> Leg {
    Leg { session, slot: SlotNo(slot), dose: dose(n) }
}

/// The places of one request.
fn places(legs: &[Leg]) -> Legs {
    Legs::of(legs).expect("one dose or a pair")
}

/// A request key.
pub(crate) fn key(text: &str) -> RequestKey {
    RequestKey::new(text).expect("a key")
}

/// A clock that the test keeps while the engine uses it.
struct Shared(Arc<ManualClock>);

impl Clock for Shared {
    fn now(&self) -> Instant {
        self.0.now()
    }
}

/// A planned session: slots of 30 minutes from 09:00.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) date: Day,
    pub(crate) vaccine: &'static str,
    pub(crate) doses: Vec<u8>,
    pub(crate) slots: u16,
    pub(crate) capacity: u32,
    pub(crate) phone_share: u32,
}

impl Plan {
    /// One slot of Comirnaty for both doses, without a phone share.
    pub(crate) fn on(date: &str, capacity: u32) -> Self {
        let doses = vec![1, 2];
        Self { date: day(date), vaccine: COMIRNATY, doses, slots: 1, capacity, phone_share: 0 }
    }

    /// The row of the city's file; `venue` tells sessions of one date apart.
    pub(crate) fn row(&self, line: u64, venue: &str) -> SessionRow {
        let start = ClockTime(9 * 60);
        SessionRow {
            line,
            venue: venue.to_owned(),
            date: self.date,
            start,
            end: ClockTime(start.0 + 30 * self.slots),
            slot_minutes: 30,
            capacity: self.capacity,
            vaccine: self.vaccine.to_owned(),
            doses: self.doses.iter().map(|&n| dose(n)).collect(),
            phone_share: Some(self.phone_share),
        }
    }
}

/// A resident's row; the ID follows from `n`.
pub(crate) fn person(n: u32, birth_date: Day, groups: &[&str]) -> RollRow {
    RollRow {
        line: u64::from(n) + 2,
        id: CityId::from_digits(&format!("{n:010}")).expect("ten digits"),
        name_kana: "インザイ　タロウ".to_owned(),
        birth_date,
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
    }
}

/// The city.
pub(crate) struct City {
    folder: TempDir,
    pub(crate) clock: Arc<ManualClock>,
    engine: Option<EngineHandle>,
    keys: std::sync::atomic::AtomicU64,
    waiting_room: WaitingRules,
}

impl City {
    /// An empty city at [`START`].
    pub(crate) async fn empty() -> Self {
        Self::with_waiting_room(WaitingRules::default()).await
    }

    /// The same with other rules for its waiting room.
    pub(crate) async fn with_waiting_room(waiting_room: WaitingRules) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(ManualClock::at(at(START)));
        config(&folder).create().expect("a new store");
        let engine = open(EngineConfig { waiting_room, ..config(&folder) }, &clock).await;
        Self { folder, clock, engine: Some(engine), keys: std::sync::atomic::AtomicU64::new(0), waiting_room }
    }

    /// A city with residents 0 to `residents` − 1, born in 1960, and `plans` published to open at once.
    pub(crate) async fn with(residents: u32, plans: &[Plan]) -> Self {
        let city = Self::empty().await;
        let roll: Vec<RollRow> = (0..residents).map(|n| person(n, day("1960-04-02"), &[])).collect();
        city.import_roll(&roll, false).await;
        city.draft(plans).await;
        city.publish(START).await;
        city
    }

    /// The engine's door.
    pub(crate) fn engine(&self) -> &EngineHandle {
        self.engine.as_ref().expect("the engine runs")
    }

    /// Imports `roll` as it was shown a moment before.
    pub(crate) async fn import_roll(&self, roll: &[RollRow], partial: bool) {
        let shown = self.engine().roll_difference(roll, partial).digest;
        self.engine().import_roll(roll, partial, shown, By::System).await.expect("the roll is imported");
    }

    /// Drafts one session for each plan, in order: their ids count on from 1.
    pub(crate) async fn draft(&self, plans: &[Plan]) {
        let rows: Vec<SessionRow> =
            plans.iter().zip(0..).map(|(plan, n)| plan.row(n + 2, &format!("会場{n}"))).collect();
        self.engine().import_sessions(&rows, false, By::System).await.expect("the sessions are drafted");
    }

    /// Publishes all drafts, to open at `opens_at`.
    pub(crate) async fn publish(&self, opens_at: &str) {
        let shown = self.engine().drafts(at(opens_at));
        self.engine().publish(&shown, at(opens_at), By::System).await.expect("the drafts are published");
    }

    /// Replaces all waves.
    pub(crate) async fn waves(&self, waves: &[WaveRow]) {
        self.engine().import_waves(waves, false, By::System).await.expect("the waves are imported");
    }

    /// Records a dose that resident `n` was given elsewhere.
    pub(crate) async fn dose_elsewhere(&self, n: u32, which: u8, date: Day, vaccine: &str) {
        let id = person(n, date, &[]).id;
        let row = DoseRow { line: 2, id, dose: dose(which), date, vaccine: vaccine.to_owned() };
        self.engine().import_doses(&[row], false, By::System).await.expect("the dose is recorded");
    }

    /// A key that nobody has used.
    pub(crate) fn new_key(&self) -> RequestKey {
        let n = self.keys.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        key(&format!("key-{n}"))
    }

    /// Books for resident `who` on the web with a new key.
    pub(crate) async fn book(&self, who: u32, legs: &[Leg]) -> Result<Done, Refusal> {
        self.book_by(who, legs, self.new_key(), Channel::Web).await
    }

    /// Books with a given key and channel.
    pub(crate) async fn book_by(&self, who: u32, legs: &[Leg], k: RequestKey, way: Channel) -> Result<Done, Refusal> {
        let who = ResidentNo(who);
        self.engine().book(who, places(legs), k, By::Resident(who), way).await
    }

    /// Moves a booking of resident `who` on the web with a new key.
    pub(crate) async fn move_to(&self, who: u32, number: BookingNumber, to: Leg) -> Result<Done, Refusal> {
        self.move_by(who, number, to, self.new_key(), Channel::Web).await
    }

    /// Moves with a given key and channel.
    pub(crate) async fn move_by(
        &self,
        who: u32,
        number: BookingNumber,
        to: Leg,
        k: RequestKey,
        way: Channel,
    ) -> Result<Done, Refusal> {
        let who = ResidentNo(who);
        self.engine().move_booking(who, number, to.session, to.slot, k, By::Resident(who), way).await
    }

    /// Cancels a booking of resident `who` on the web.
    pub(crate) async fn cancel(&self, who: u32, number: BookingNumber) -> Result<Vec<BookingView>, Refusal> {
        self.engine().cancel(ResidentNo(who), number, By::Resident(ResidentNo(who)), Channel::Web).await
    }

    /// Holds places for resident `who` on the web.
    pub(crate) async fn hold(&self, who: u32, legs: &[Leg]) -> Result<HoldView, Refusal> {
        self.hold_by(who, legs, None, Channel::Web).await
    }

    /// Holds places by a given channel, in order to move `changes` if it is given.
    pub(crate) async fn hold_by(
        &self,
        who: u32,
        legs: &[Leg],
        changes: Option<BookingNumber>,
        way: Channel,
    ) -> Result<HoldView, Refusal> {
        self.engine().hold(ResidentNo(who), places(legs), changes, way).await
    }

    /// Ends a hold.
    pub(crate) async fn release(&self, who: u32, hold: HoldId) -> Result<(), Refusal> {
        self.engine().release(ResidentNo(who), hold).await
    }

    /// What resident `who` sees.
    pub(crate) fn me(&self, who: u32) -> Me {
        self.engine().me(ResidentNo(who)).expect("on file")
    }

    /// The live bookings of resident `who`, by dose.
    pub(crate) fn live(&self, who: u32) -> Vec<BookingView> {
        self.me(who).bookings.into_iter().filter(|booking| booking.state.is_live()).collect()
    }

    /// A slot as lists show it once they are made anew: the clock moves on a quarter of a second.
    pub(crate) fn slot(&self, session: SessionId, slot: u16) -> SlotView {
        self.clock.advance_ms(250);
        let lists = self.engine().availability();
        let session = lists.sessions.iter().find(|view| view.id == session).expect("a published session");
        session.slots[usize::from(slot)]
    }

    /// Moves the clock on by `minutes`.
    pub(crate) fn wait_minutes(&self, minutes: u32) {
        self.clock.advance_ms(minutes * 60_000);
    }

    /// Moves the clock on to `text`, which is not in the past, in steps that fit.
    pub(crate) fn wait_until(&self, text: &str) {
        let ms = at(text).ms_since(self.clock.now());
        assert!(ms >= 0, "the clock does not go back to {text}");
        self.clock.advance_ms(u32::try_from(ms).expect("at most 49 days at once"));
    }

    /// The bytes of the store's file as they lie on the disk now.
    pub(crate) fn stored_bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).expect("the folder").filter_map(Result::ok);
        let store = files.max_by_key(|file| file.metadata().map_or(0, |meta| meta.len())).expect("the store's file");
        std::fs::read(store.path()).expect("the store's file")
    }

    /// Shuts the engine down and opens the folder again.
    pub(crate) async fn restart(&mut self) {
        self.restart_with_floor(0).await;
    }

    /// The same with a floor of free disk.
    pub(crate) async fn restart_with_floor(&mut self, free_disk_floor_bytes: u64) {
        let engine = self.engine.take().expect("the engine runs");
        engine.shutdown();
        drop(engine);
        let waiting_room = self.waiting_room;
        let config = EngineConfig { free_disk_floor_bytes, waiting_room, ..config(&self.folder) };
        self.engine = Some(open(config, &self.clock).await);
    }

    /// Verifies the running store: it must have no problems.
    pub(crate) async fn verify(&self) -> VerifyReport {
        let report = self.engine().verify().await.expect("the store can be read");
        assert_eq!(report.problems, Vec::<String>::new());
        report
    }

    /// Waits until nothing is on its way to the disk: a permit ends a moment after the answer that it carried.
    pub(crate) async fn settle(&self) {
        let settled = async {
            while self.engine().figures().in_flight > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), settled).await.expect("no permit leaks");
    }
}

/// Nothing may be left: no permit in flight, no failed session, and a store that verifies.
impl Drop for City {
    fn drop(&mut self) {
        let Some(engine) = self.engine.take() else { return };
        if std::thread::panicking() {
            engine.shutdown();
            return;
        }
        let ready = engine.readiness();
        engine.shutdown();
        let in_flight = engine.figures().in_flight;
        drop(engine);
        assert_eq!(in_flight, 0, "permits are left in flight");
        assert_eq!(ready.reasons, Vec::new(), "the engine was not ready at the end");
        let report = config(&self.folder).verify().expect("the folder can be read");
        assert_eq!(report.problems, Vec::<String>::new());
    }
}

fn config(folder: &TempDir) -> EngineConfig {
    let vaccine = |name: &str, min, max, age, per_vial| VaccineSpec {
        name: name.to_owned(),
        doses: dose(2),
        interval_days_min: min,
        interval_days_max: max,
        age_years_min: age,
        doses_per_vial: per_vial,
    };
    EngineConfig {
        folder: folder.path().to_owned(),
        mark: None,
        rules: Rules::default(),
        vaccines: vec![vaccine(COMIRNATY, 21, None, 12, 6), vaccine(SPIKEVAX, 28, Some(42), 18, 10)],
        hashing: PasswordHashParams { memory_kib: 8, passes: 1, lanes: 1 },
        free_disk_floor_bytes: 0,
        waiting_room: WaitingRules::default(),
    }
}

async fn open(config: EngineConfig, clock: &Arc<ManualClock>) -> EngineHandle {
    let shared: Arc<dyn Clock> = Arc::new(Shared(Arc::clone(clock)));
    config.start_on_clock(|_| shared).await.expect("the folder opens")
}

/// The code of a refusal, if it is one.
pub(crate) fn refused<T>(answer: &Result<T, Refusal>) -> Option<RefusalCode> {
    answer.as_ref().err().map(|refusal| refusal.code)
}
