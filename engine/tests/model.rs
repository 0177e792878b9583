//! Gate, actors and ledger on a real store against a small independent model: the same random commands to both, the same
//! answers and the same state from both, after every step. `SESSHU_SEED` (64 hexadecimal digits) repeats a run;
//! `SESSHU_MODEL_CASES` makes it longer.

mod support;

#[path = "model/command.rs"]
mod command;
#[path = "model/oracle.rs"]
mod oracle;
#[path = "model/state.rs"]
mod state;
#[path = "model/world.rs"]
mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;

use command::{Command, PEOPLE, SESSIONS, SHARED_KEYS, Step, Where, command};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use sesshu_engine::CampaignError;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{BookingNumber, Channel, HoldId, ResidentNo, SessionId, SlotNo};
use sesshu_engine::core::leg::Leg;
use sesshu_engine::core::refusal::Refusal;
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::core::time::Instant;
use sesshu_engine::roll::WaveRow;
use sesshu_engine::view::BookingView;
use state::{Booking, DAY, MINUTE, Model, No, Phase, Place, Seen};
use support::{COMIRNATY, City, START, at, key, leg};
use world::{PROBE, PROBE_SLOT, roll, waves};

/// About 15 seconds; `SESSHU_MODEL_CASES` asks for more.
const CASES: u32 = 96;
const COMMANDS_MAX: usize = 70;

/// What a run must have heard, or it did not test it.
const EXPECTED: [&str; 17] = [
    "booked",
    "booked a pair",
    "held",
    "held a pair",
    "moved",
    "cancelled",
    "key_reused",
    "no_such_booking",
    "no_such_hold",
    "too_late",
    "no_such_slot",
    "not_open",
    "closed",
    "not_eligible",
    "already_booked",
    "interval",
    "full",
];

/// The engine with its world, and the model of the same world.
struct Both {
    city: City,
    model: Model,
    new_keys: u32,
    heard: Heard,
}

/// What was granted or refused how often: a run that never hears `interval` proves nothing about it.
type Heard = BTreeMap<&'static str, u32>;

impl Both {
    async fn new() -> Self {
        Self { city: world::city().await, model: world::model(), new_keys: 0, heard: Heard::new() }
    }

    fn key(&mut self, drawn: u8) -> String {
        if drawn < SHARED_KEYS {
            return format!("shared-{drawn}");
        }
        self.new_keys += 1;
        format!("new-{}", self.new_keys)
    }

    /// This person, or the next one who has a booking.
    fn with_booking(&self, who: usize) -> usize {
        let mut next = (0..PEOPLE).map(|n| (who + n) % PEOPLE);
        next.find(|who| !self.model.people[*who].bookings.is_empty()).unwrap_or(who)
    }

    /// One of the person's bookings, in order of number; a number of nobody's if there are none.
    fn number(&self, who: usize, which: usize) -> u64 {
        let mut all: Vec<u64> = self.model.people[who].bookings.iter().map(|booking| booking.number).collect();
        all.sort_unstable();
        all.get(which % all.len().max(1)).copied().unwrap_or_default()
    }

    async fn step(&mut self, command: &Command) -> Result<(), String> {
        match command {
            Command::Hold { who, places, for_move, phone } => self.hold(*who, places, *for_move, *phone).await,
            Command::Release { who } => {
                let resident = ResidentNo(*who as u32);
                let held = self.city.engine().current_hold(resident).map_or(HoldId(0), |hold| hold.id);
                let engine = self.city.release(resident.0, held).await.map_err(no);
                let model = self.model.release(*who);
                self.agree("released", engine, model)
            }
            Command::Book { who, places, phone, key } => self.book(*who, places, *phone, *key).await,
            Command::Move { who, which, to, phone, key: drawn } => {
                let who = self.with_booking(*who);
                let (number, name) = (self.number(who, *which), self.key(*drawn));
                let place = leg(SessionId(to.session), to.slot, to.dose);
                let engine = self.city.move_by(who as u32, known(number), place, key(&name), channel(*phone)).await;
                let model = self.model.move_to(who, number, (to.session, to.slot), *phone, &name);
                self.agree("moved", engine.map(|done| seen(&done.bookings)).map_err(no), model)
            }
            Command::Cancel { who, which, foreign } => {
                let owner = self.with_booking(*who);
                let who = if *foreign { (owner + 1) % PEOPLE } else { owner };
                let number = self.number(owner, *which);
                let engine = self.city.cancel(who as u32, known(number)).await;
                let model = self.model.cancel(who, number);
                self.agree("cancelled", engine.map(|bookings| seen(&bookings)).map_err(no), model)
            }
            Command::Advance(step) => {
                self.advance(match step {
                    Step::Minutes(minutes) => minutes * MINUTE,
                    Step::ToDeadline => {
                        let since_five = (self.model.now - at("2026-12-01 17:00").0).rem_euclid(DAY);
                        DAY - since_five - 250
                    }
                });
                Ok(())
            }
            other => self.city_step(other).await,
        }
    }

    async fn hold(&mut self, who: usize, places: &[Where], for_move: bool, phone: bool) -> Result<(), String> {
        let live: Option<&Booking> = places.first().and_then(|place| self.model.people[who].live(place.dose));
        let changes = live.filter(|_| for_move && places.len() == 1).map(|booking| booking.number);
        let engine = self.city.hold_by(who as u32, &legs(places), changes.map(known), channel(phone)).await;
        let model = self.model.hold(who, &wanted(places), changes, phone);
        let granted = if places.len() > 1 { "held a pair" } else { "held" };
        self.agree(granted, engine.map(|hold| hold.expires_at.0).map_err(no), model)
    }

    async fn book(&mut self, who: usize, places: &[Where], phone: bool, drawn: u8) -> Result<(), String> {
        let name = self.key(drawn);
        let engine = self.city.book_by(who as u32, &legs(places), key(&name), channel(phone)).await;
        let engine = engine.map(|done| seen(&done.bookings)).map_err(no);
        let numbers: Vec<u64> = engine.iter().flatten().map(|(number, ..)| *number).collect();
        let model = self.model.book(who, &wanted(places), phone, &name, &numbers);
        self.agree(if places.len() > 1 { "booked a pair" } else { "booked" }, engine, model)
    }

    fn agree<T>(&mut self, granted: &'static str, engine: Result<T, No>, model: Result<T, No>) -> Result<(), String>
    where
        T: PartialEq + std::fmt::Debug,
    {
        let heard = engine.as_ref().err().map_or(granted, |(code, ..)| code.code());
        *self.heard.entry(heard).or_default() += 1;
        same(engine, model)
    }

    /// What the city does.
    async fn city_step(&mut self, command: &Command) -> Result<(), String> {
        let engine = self.city.engine().clone();
        match *command {
            Command::Capacity { session, slot, capacity } => {
                let answer = engine.change_capacity(SessionId(session), SlotNo(slot), capacity, By::System).await;
                let answer = match answer {
                    Ok(()) => Ok(()),
                    Err(CampaignError::CapacityTooSmall(taken)) => Err(taken),
                    Err(other) => return Err(other.to_string()),
                };
                same(answer, self.model.change_capacity(session, slot, capacity))
            }
            Command::Close { session } => {
                let it = self.model.sessions.get_mut(&session).expect("a session");
                // Only what is open can be closed: a cancelled session stays cancelled.
                let closes = it.phase == Phase::Published;
                if closes {
                    it.phase = Phase::Closed;
                }
                same(engine.close_session(SessionId(session), By::System).await.is_ok(), closes)
            }
            Command::CancelSession { session } => {
                let ended = engine.cancel_session(SessionId(session), By::System).await;
                same(ended.map_err(|error| error.to_string()), Ok(self.model.cancel_session(session)))
            }
            Command::DoseElsewhere { who, dose, days_ago } => {
                let date = at(START).city_day().plus_days(-(days_ago as i32));
                // A record that contradicts a booking is the city's to resolve; the rules say nothing of it.
                let fits = self.model.would_fit(who, dose, i64::from(date.0), 0);
                if fits && self.model.people[who].live(dose).is_none() {
                    self.city.dose_elsewhere(who as u32, dose, date, COMIRNATY).await;
                    self.model.people[who].elsewhere.insert(dose, (i64::from(date.0), 0));
                }
                Ok(())
            }
            Command::Waves { choice } => {
                self.model.waves = waves(choice);
                let rows = self.model.waves.iter().zip(2..).map(|((group, opens_at), line)| WaveRow {
                    line,
                    name: format!("{line}"),
                    born_from: None,
                    born_to: None,
                    group: Some((*group).to_owned()),
                    opens_at: Instant(*opens_at),
                });
                self.city.waves(&rows.collect::<Vec<_>>()).await;
                Ok(())
            }
            Command::LeaveRoll { who } => {
                self.city.import_roll(&roll(Some(who)), false).await;
                self.model.people.iter_mut().enumerate().for_each(|(n, person)| person.left_roll = n == who);
                Ok(())
            }
            Command::WholeRoll => {
                self.city.import_roll(&roll(None), false).await;
                self.model.people.iter_mut().for_each(|person| person.left_roll = false);
                Ok(())
            }
            Command::Restart => {
                drop(engine);
                self.city.restart().await;
                self.model.people.iter_mut().for_each(|person| person.hold = None);
                Ok(())
            }
            _ => unreachable!("a resident's command"),
        }
    }

    fn advance(&mut self, ms: i64) {
        self.city.clock.advance_ms(u32::try_from(ms).expect("at most a week"));
        self.model.now += ms;
    }

    /// Compares everything that anybody sees, and the invariants 1, 2 and 6.
    async fn compare(&mut self) -> Result<(), String> {
        self.advance(250);
        for session in (1..=SESSIONS).chain(1..=SESSIONS) {
            // Behind the second hold, the session's actor has done, and told, all that came before. No entry is needed for it.
            let _ = self.city.hold(PROBE, &[leg(SessionId(session), PROBE_SLOT, 1)]).await;
        }
        for view in &self.city.engine().availability().sessions {
            for (slot, shown) in view.slots.iter().enumerate().take(usize::from(PROBE_SLOT)) {
                let shown = (shown.state.code(), i64::from(shown.free));
                same(shown, self.model.listed(view.id.0, slot as u16))
                    .map_err(|why| format!("{why} in {}", view.id))?;
            }
        }
        for who in 0..PEOPLE {
            let mut engine = seen(&self.city.me(who as u32).bookings);
            let all = self.model.people[who].bookings.iter();
            let mut model: Vec<Seen> = all.map(|booking| (booking.number, booking.place, booking.state)).collect();
            engine.sort_unstable_by_key(|booking| booking.0);
            model.sort_unstable_by_key(|booking| booking.0);
            same(engine, model).map_err(|why| format!("bookings of {who}: {why}"))?;
            let hold = self.city.engine().current_hold(ResidentNo(who as u32));
            let hold = hold.map(|hold| (places_of(&hold.legs), hold.first_held_at.0, hold.expires_at.0));
            let model = self.model.holds_now(who).map(|hold| (hold.places.clone(), hold.first_at, hold.ends_at));
            same(hold, model).map_err(|why| format!("hold of {who}: {why}"))?;
        }
        self.invariants()
    }

    fn invariants(&self) -> Result<(), String> {
        for (id, session) in &self.model.sessions {
            for (slot, (capacity, _)) in (0..PROBE_SLOT).zip(&session.slots) {
                let taken = self.model.taken_in_all(*id, slot);
                if taken > *capacity {
                    return Err(format!("session {id} slot {slot}: {taken} taken of {capacity}"));
                }
            }
        }
        for (who, person) in self.model.people.iter().enumerate() {
            let mut doses = BTreeMap::new();
            for booking in person.bookings.iter().filter(|booking| booking.state == BookingState::Booked) {
                if doses.insert(booking.place.2, booking.number).is_some() {
                    return Err(format!("{who} has two live bookings of one dose"));
                }
            }
        }
        Ok(())
    }
}

#[allow(clippy::needless_pass_by_value, reason = "both answers end here")]
fn same<T: PartialEq + std::fmt::Debug>(engine: T, model: T) -> Result<(), String> {
    if engine == model { Ok(()) } else { Err(format!("engine: {engine:?}, model: {model:?}")) }
}

fn no(refusal: Refusal) -> No {
    (refusal.code, refusal.index, refusal.retry_at.is_some())
}

const fn channel(phone: bool) -> Channel {
    if phone { Channel::Phone } else { Channel::Web }
}

fn wanted(places: &[Where]) -> Vec<Place> {
    places.iter().map(|place| (place.session, place.slot, place.dose)).collect()
}

fn legs(places: &[Where]) -> Vec<Leg> {
    places.iter().map(|place| leg(SessionId(place.session), place.slot, place.dose)).collect()
}

fn places_of(legs: &[Leg]) -> Vec<Place> {
    legs.iter().map(|leg| (leg.session.0, leg.slot.0, leg.dose.get())).collect()
}

fn seen(bookings: &[BookingView]) -> Vec<Seen> {
    let of = |booking: &BookingView| {
        let number = booking.number.to_string().parse().expect("digits");
        (number, (booking.session.0, booking.slot.0, booking.dose.get()), booking.state)
    };
    bookings.iter().map(of).collect()
}

/// The number that the engine gave, or for 0 one that it never gives.
fn known(number: u64) -> BookingNumber {
    format!("{number:010}").parse().unwrap_or(BookingNumber::PENDING)
}

async fn run(commands: &[Command], heard: &RefCell<Heard>) -> Result<(), String> {
    let mut both = Both::new().await;
    both.compare().await.map_err(|why| format!("at the start: {why}"))?;
    for (n, command) in commands.iter().enumerate() {
        let what = format!("step {n}, {command:?}");
        both.step(command).await.map_err(|why| format!("{what}: {why}"))?;
        both.compare().await.map_err(|why| format!("after {what}: {why}"))?;
    }
    let report = both.city.engine().verify().await.map_err(|error| error.to_string())?;
    same(report.problems, Vec::new())?;
    for (what, times) in &both.heard {
        *heard.borrow_mut().entry(what).or_default() += times;
    }
    Ok(())
}

fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    match std::env::var("SESSHU_SEED") {
        Ok(text) => {
            for (byte, at) in seed.iter_mut().zip((0..64).step_by(2)) {
                *byte = u8::from_str_radix(&text[at..at + 2], 16).expect("64 hexadecimal digits");
            }
        }
        Err(_) => {
            // The standard library's own random keys.
            for part in seed.chunks_mut(8) {
                let random = std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), 0);
                part.copy_from_slice(&random.to_le_bytes());
            }
        }
    }
    seed
}

#[test]
fn the_engine_answers_like_the_model_after_every_step() {
    let seed = seed();
    let hex = |half: &[u8]| format!("{:032x}", u128::from_be_bytes(half.try_into().expect("16 bytes")));
    let shown = hex(&seed[..16]) + &hex(&seed[16..]);
    let cases = std::env::var("SESSHU_MODEL_CASES").map_or(CASES, |text| text.parse().expect("a number of cases"));
    let heard = RefCell::new(Heard::new());
    let config = Config { cases, max_shrink_iters: 1_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let tested = runner.run(&proptest::collection::vec(command(), 1..=COMMANDS_MAX), |commands| {
        runtime.block_on(run(&commands, &heard)).map_err(TestCaseError::fail)
    });
    match tested {
        Ok(()) => {
            let heard = heard.borrow();
            let missing =
                EXPECTED.iter().find(|what| heard.get(**what).copied().unwrap_or_default() < cases.div_ceil(64));
            assert_eq!(missing, None, "too seldom in this run: {heard:?}\nSESSHU_SEED={shown}");
        }
        Err(TestError::Fail(why, commands)) => {
            let commands: Vec<String> = commands.iter().map(|command| format!("  {command:?}")).collect();
            panic!("{why}\n{}\nSESSHU_SEED={shown}", commands.join("\n"));
        }
        Err(TestError::Abort(why)) => panic!("{why}\nSESSHU_SEED={shown}"),
    }
}
