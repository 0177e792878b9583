//! A small city inside this process, on a clock that the test moves.

use std::sync::Arc;

use axum::Router;
use sesshu_engine::clock::{Clock, ManualClock};
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{CityId, DoseNo, ResidentNo};
use sesshu_engine::core::pace::{PaceRules, WaitingRules};
use sesshu_engine::core::setup::Rules;
use sesshu_engine::core::time::{ClockTime, Day, Instant};
use sesshu_engine::roll::{PasswordHashParams, RollRow, SessionRow, WaveRow};
use sesshu_engine::{EngineConfig, EngineHandle, VaccineSpec};
use sesshu_http::{Auth, PublicConfig, public_router};
use tempfile::TempDir;

use super::browser::Browser;

pub(crate) const NAME: &str = "インザイ　ハナコ";
pub(crate) const START: &str = "2026-12-01 09:00";
const VACCINE: &str = "コミナティ";

/// A city with three residents, an hour of sessions at two venues every seventh day, and one place in each slot.
pub(crate) struct City {
    pub(crate) engine: EngineHandle,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) router: Router,
    /// The IDs with their passwords.
    pub(crate) people: Vec<(String, String)>,
    _folder: TempDir,
}

/// The clock that test and engine share.
struct Shared(Arc<ManualClock>);

impl Clock for Shared {
    fn now(&self) -> Instant {
        self.0.now()
    }
}

impl City {
    pub(crate) async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// A city whose people book in waves.
    pub(crate) async fn open_with(waves: &[WaveRow]) -> Self {
        Self::open_configured(waves, PublicConfig::default()).await
    }

    /// A city that opens in ten minutes and admits one person at a time.
    pub(crate) async fn about_to_open() -> Self {
        let pace = PaceRules { first_people: 1, start_per_second: 1, per_second_min: 1, per_second_max: 1 };
        let rules = WaitingRules { draw_minutes: 60, pace };
        Self::open_planned(&[], PublicConfig::default(), rules, 10).await
    }

    /// A city whose pages are configured like this.
    pub(crate) async fn open_configured(waves: &[WaveRow], config_of_pages: PublicConfig) -> Self {
        Self::open_planned(waves, config_of_pages, WaitingRules::default(), 0).await
    }

    async fn open_planned(
        waves: &[WaveRow],
        config_of_pages: PublicConfig,
        waiting_room: WaitingRules,
        opens_in_minutes: i64,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let now: Instant = START.parse().expect("an instant");
        let clock = Arc::new(ManualClock::at(now));
        let config = || EngineConfig {
            folder: folder.path().to_owned(),
            mark: None,
            rules: Rules::default(),
            vaccines: vec![VaccineSpec {
                name: VACCINE.to_owned(),
                doses: DoseNo::new(2).expect("a dose"),
                interval_days_min: 21,
                interval_days_max: None,
                age_years_min: 12,
                doses_per_vial: 6,
            }],
            hashing: PasswordHashParams { memory_kib: 8, passes: 1, lanes: 1 },
            free_disk_floor_bytes: 0,
            waiting_room,
        };
        config().create().expect("a new store");
        let shared: Arc<dyn Clock> = Arc::new(Shared(Arc::clone(&clock)));
        let engine = config().start_on_clock(|_| shared).await.expect("the engine starts");
        let row = |n: u8| RollRow {
            line: u64::from(n) + 2,
            id: CityId::from_digits(&format!("001234567{n}")).expect("an ID"),
            name_kana: if n == 0 { NAME } else { "ヨソノ　タロウ" }.to_owned(),
            birth_date: "1960-04-02".parse().expect("a date"),
            groups: Vec::new(),
        };
        let rows = [row(0), row(1), row(2)];
        let shown = engine.roll_difference(&rows, false).digest;
        engine.import_roll(&rows, false, shown, By::System).await.expect("the roll is imported");
        let passwords = engine.make_passwords(rows.len(), |_| {}).await.expect("passwords");
        let stored = (0..).map(ResidentNo).zip(passwords.iter().map(|password| password.stored)).collect();
        engine.put_passwords(stored, By::System).await.expect("they are kept");
        let day = |week: i32| now.city_day().plus_days(4 + 7 * week);
        let sessions: Vec<SessionRow> =
            (0..6).flat_map(|week| ["市民体育館", "駅前ホール"].map(|venue| session(venue, day(week)))).collect();
        engine.import_sessions(&sessions, false, By::System).await.expect("the sessions are drafted");
        let opens_at = now.plus_minutes(opens_in_minutes);
        engine.publish(&engine.drafts(opens_at), opens_at, By::System).await.expect("they are published");
        if !waves.is_empty() {
            engine.import_waves(waves, false, By::System).await.expect("the waves are taken");
        }
        let people =
            rows.iter().zip(&passwords).map(|(row, password)| (row.id.to_string(), password.plain.to_string()));
        let people = people.collect();
        let router =
            public_router(engine.clone(), Arc::new(Auth::new(&[7; 32], config_of_pages.login_queue)), config_of_pages);
        Self { engine, clock, router, people, _folder: folder }
    }

    /// A browser without a login.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A browser in which person `n` is logged in.
    pub(crate) async fn logged_in(&self, n: usize) -> Browser {
        let mut browser = self.browser();
        let (id, password) = &self.people[n];
        let page = browser.post("/login", &[("id", id), ("password", password), ("next", "/my")]).await;
        assert_eq!(page.path(), "/my", "{}", page.html);
        browser
    }

    /// Publishes one more session, which opens in so many minutes.
    pub(crate) async fn opens_more_in(&self, minutes: i64) {
        let opens_at = self.engine.now().plus_minutes(minutes);
        let more = session("北部公民館", opens_at.city_day().plus_days(9));
        self.engine.import_sessions(&[more], false, By::System).await.expect("the session is drafted");
        self.engine.publish(&self.engine.drafts(opens_at), opens_at, By::System).await.expect("it is published");
    }

    /// Lets lists be made anew.
    pub(crate) fn a_moment_later(&self) {
        self.clock.advance_ms(1_000);
    }

    pub(crate) fn close(self) {
        let engine = self.engine;
        drop(self.router);
        engine.shutdown();
    }
}

fn session(venue: &str, date: Day) -> SessionRow {
    SessionRow {
        line: 2,
        venue: venue.to_owned(),
        date,
        start: ClockTime(11 * 60 + 30),
        end: ClockTime(12 * 60 + 30),
        slot_minutes: 30,
        capacity: 1,
        vaccine: VACCINE.to_owned(),
        doses: vec![DoseNo::FIRST, DoseNo::new(2).expect("a dose")],
        phone_share: None,
    }
}
