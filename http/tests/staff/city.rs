//! A small city inside this process with its staff, on a clock that the test moves.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use sesshu_engine::clock::{Clock, ManualClock};
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{CityId, DoseNo};
use sesshu_engine::core::pace::WaitingRules;
use sesshu_engine::core::setup::Rules;
use sesshu_engine::core::staff::StaffRole;
use sesshu_engine::core::time::{ClockTime, Instant};
use sesshu_engine::roll::{PasswordHashParams, RollRow, SessionRow};
use sesshu_engine::{EngineConfig, EngineHandle, VaccineSpec};
use sesshu_http::{StaffConfig, staff_router};
use tempfile::TempDir;
use totp_rs::Builder;

use super::browser::Browser;

const START: &str = "2026-12-01 09:00";
const VACCINE: &str = "コミナティ";
/// Everybody's password.
pub(crate) const PASSWORD: &str = "himitsu-no-kotoba";
/// How long one code lasts, in milliseconds.
pub(crate) const CODE_STEP_MS: u32 = 30_000;
/// Where the desks of the city are.
pub(crate) const OFFICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 1, 2, 3));
/// The staff: each login with its role.
pub(crate) const STAFF: [(&str, StaffRole); 5] = [
    ("operator1", StaffRole::Operator),
    ("venue1", StaffRole::Venue),
    ("admin1", StaffRole::Admin),
    ("admin2", StaffRole::Admin),
    ("ops1", StaffRole::Ops),
];

/// A city with three residents, one venue with an hour of sessions on three days, and its staff.
pub(crate) struct City {
    pub(crate) engine: EngineHandle,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) router: Router,
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
        Self::open_with(StaffConfig::default()).await
    }

    /// A city whose console is configured like this.
    pub(crate) async fn open_with(staff: StaffConfig) -> Self {
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
            waiting_room: WaitingRules::default(),
        };
        config().create().expect("a new store");
        let shared: Arc<dyn Clock> = Arc::new(Shared(Arc::clone(&clock)));
        let engine = config().start_on_clock(|_| shared).await.expect("the engine starts");
        fill(&engine, now).await;
        for (login, role) in STAFF {
            let put = engine.put_staff(login, role, PASSWORD, secret(login), By::System);
            put.await.expect("an account");
        }
        let router = staff_router(engine.clone(), staff);
        Self { engine, clock, router, _folder: folder }
    }

    /// A browser at a desk, in which nobody is signed in.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.router.clone(), OFFICE)
    }

    /// A browser in which the first one with this role is signed in.
    pub(crate) async fn signed_in(&self, role: StaffRole) -> Browser {
        let (login, _) = STAFF.into_iter().find(|(_, of)| *of == role).expect("one of each role");
        self.signed_in_as(login).await
    }

    /// A browser in which `login` is signed in. A code counts once, so the clock goes on to the next one.
    pub(crate) async fn signed_in_as(&self, login: &str) -> Browser {
        self.next_code();
        let mut browser = self.browser();
        let page = browser.post_only("/login", &self.typed(login)).await;
        assert_eq!(page.status, 303, "{}", page.html);
        browser
    }

    /// What `login` types to sign in. The code may live as long as the test does.
    pub(crate) fn typed<'a>(&self, login: &'a str) -> [(&'static str, &'a str); 3] {
        [("login", login), ("password", PASSWORD), ("code", self.code(login).leak())]
    }

    /// The code that the authenticator app of `login` shows now.
    pub(crate) fn code(&self, login: &str) -> String {
        let seconds = u64::try_from(self.clock.now().0 / 1_000).expect("after 1970");
        Builder::new().with_secret(secret(login)).build().expect("a secret").generate(seconds).to_string()
    }

    /// Lets authenticator apps show another code.
    pub(crate) fn next_code(&self) {
        self.clock.advance_ms(CODE_STEP_MS);
    }

    /// Lets an account be used no more, or again.
    pub(crate) async fn disable(&self, login: &str, disabled: bool) {
        self.engine.disable_staff(login, disabled, By::System).await.expect("it is changed");
    }

    pub(crate) fn close(self) {
        let engine = self.engine;
        drop(self.router);
        engine.shutdown();
    }
}

fn secret(login: &str) -> [u8; 20] {
    let mut secret = [7; 20];
    let bytes = login.as_bytes();
    secret[..bytes.len()].copy_from_slice(bytes);
    secret
}

async fn fill(engine: &EngineHandle, now: Instant) {
    let row = |n: u8| RollRow {
        line: u64::from(n) + 2,
        id: CityId::from_digits(&format!("001234567{n}")).expect("an ID"),
        name_kana: ["インザイ　ハナコ", "ヨソノ　タロウ", "キタノ　ジロウ"][usize::from(n)].to_owned(),
        birth_date: "1960-04-02".parse().expect("a date"),
        groups: Vec::new(),
    };
    let rows = [row(0), row(1), row(2)];
    let shown = engine.roll_difference(&rows, false).digest;
    engine.import_roll(&rows, false, shown, By::System).await.expect("the roll is imported");
    let session = |week: i32| SessionRow {
        line: 2,
        venue: "市民体育館".to_owned(),
        date: now.city_day().plus_days(4 + 7 * week),
        start: ClockTime(11 * 60 + 30),
        end: ClockTime(12 * 60 + 30),
        slot_minutes: 30,
        capacity: 2,
        vaccine: VACCINE.to_owned(),
        doses: vec![DoseNo::FIRST, DoseNo::new(2).expect("a dose")],
        phone_share: None,
    };
    engine.import_sessions(&[0, 1, 2].map(session), false, By::System).await.expect("the sessions are drafted");
    engine.publish(&engine.drafts(now), now, By::System).await.expect("they are published");
}
