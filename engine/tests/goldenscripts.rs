//! Runs the scripts in `goldenscripts/`: each is a claim about the rules, told as commands (lines that begin with `> `),
//! comments (`# `) and the answers that the engine gave. `SESSHU_UPDATE=1` writes the answers anew; the difference is then
//! reviewed like code.
//!
//! A place is `A:0` (session and slot) or, with its dose, `A:0:1`; a booking is `#1`, in the order in which a script made them.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sesshu_engine::CampaignError;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{BookingNumber, Channel, ResidentNo, SessionId, SlotNo};
use sesshu_engine::core::leg::Leg;
use sesshu_engine::core::refusal::Refusal;
use sesshu_engine::roll::{RollRow, SessionRow, WaveRow};
use sesshu_engine::view::{BookingView, Done};
use support::{COMIRNATY, City, Plan, SPIKEVAX, at, day, key, leg, person};

type Answer = Result<String, Refusal>;

/// A script's city with the names that the script gives.
struct Scene {
    city: City,
    roll: Vec<RollRow>,
    residents: BTreeMap<String, u32>,
    sessions: BTreeMap<String, SessionId>,
    /// What the first slot of each session has now.
    capacities: BTreeMap<SessionId, u32>,
    rows: Vec<SessionRow>,
    waves: Vec<WaveRow>,
    numbers: Vec<BookingNumber>,
    keys: u32,
}

/// The words of a command: bare ones, and those of the form `name=value`.
struct Words<'a> {
    bare: Vec<&'a str>,
    named: BTreeMap<&'a str, &'a str>,
}

impl<'a> Words<'a> {
    fn of(line: &'a str) -> Self {
        let mut words = Self { bare: Vec::new(), named: BTreeMap::new() };
        for word in line.split_whitespace() {
            match word.split_once('=') {
                Some((name, value)) => drop(words.named.insert(name, value)),
                None => words.bare.push(word),
            }
        }
        words
    }

    fn at(&self, index: usize) -> &'a str {
        self.bare.get(index).copied().expect("the command has a word more")
    }

    fn number(&self, name: &str, otherwise: u32) -> u32 {
        self.named.get(name).map_or(otherwise, |text| text.parse().expect("a number"))
    }

    fn channel(&self) -> Channel {
        if self.bare.contains(&"phone") { Channel::Phone } else { Channel::Web }
    }
}

impl Scene {
    async fn new() -> Self {
        Self {
            city: City::empty().await,
            roll: Vec::new(),
            residents: BTreeMap::new(),
            sessions: BTreeMap::new(),
            capacities: BTreeMap::new(),
            rows: Vec::new(),
            waves: Vec::new(),
            numbers: Vec::new(),
            keys: 0,
        }
    }

    async fn run(&mut self, line: &str) -> String {
        let words = Words::of(line);
        let answer = match words.at(0) {
            "resident" | "leaves" | "session" | "publish" | "wave" | "elsewhere" | "capacity" | "close"
            | "cancel-session" => Ok(self.set_up(&words).await),
            "clock" => {
                self.city.wait_until(&format!("{} {}", words.at(1), words.at(2)));
                Ok(String::new())
            }
            "wait" => {
                self.city.wait_minutes(words.at(1).parse().expect("minutes"));
                Ok(String::new())
            }
            "restart" => {
                self.city.restart().await;
                Ok(String::new())
            }
            "free" => Ok(self.free(words.at(1)).await),
            "me" => Ok(self.me(words.at(1))),
            _ => self.resident_command(&words).await,
        };
        answer.unwrap_or_else(|refusal| refused(&refusal))
    }

    async fn resident_command(&mut self, words: &Words<'_>) -> Answer {
        let who = self.residents[words.at(1)];
        let legs: Vec<Leg> = words.bare.iter().filter(|word| word.contains(':')).map(|word| self.place(word)).collect();
        self.keys += 1;
        let name = words.named.get("key").map_or_else(|| format!("key-{}", self.keys), |name| (*name).to_owned());
        match words.at(0) {
            "book" => {
                let done = self.city.book_by(who, &legs, key(&name), words.channel()).await?;
                Ok(self.done(&done))
            }
            "move" => {
                let number = self.booking(words.at(2));
                let done = self.city.move_by(who, number, legs[0], key(&name), words.channel()).await?;
                Ok(self.done(&done))
            }
            "cancel" => {
                let number = self.booking(words.at(2));
                let ended = self.city.cancel(who, number).await?;
                Ok(self.bookings(&ended))
            }
            "hold" => {
                let changes = words.named.get("changes").map(|text| self.booking(text));
                let hold = self.city.hold_by(who, &legs, changes, words.channel()).await?;
                Ok(format!("held until {}", minute(hold.expires_at)))
            }
            "release" => {
                let hold = self.city.engine().current_hold(ResidentNo(who));
                let hold = hold.map_or(sesshu_engine::core::ids::HoldId(0), |hold| hold.id);
                self.city.release(who, hold).await?;
                Ok("released".to_owned())
            }
            other => panic!("there is no command `{other}`"),
        }
    }

    /// What the city does; tells only what is not as asked.
    async fn set_up(&mut self, words: &Words<'_>) -> String {
        let name = words.bare.get(1).copied().unwrap_or_default();
        let engine = self.city.engine().clone();
        let ended: Result<(), CampaignError> = match words.at(0) {
            "resident" => {
                let n = *self.residents.entry(name.to_owned()).or_insert(self.roll.len() as u32);
                let groups: Vec<&str> = words.named.get("group").into_iter().copied().collect();
                let row = person(n, day(words.named.get("born").unwrap_or(&"1960-04-02")), &groups);
                self.roll.retain(|old| old.id != row.id);
                self.roll.push(row);
                self.city.import_roll(&self.roll, true).await;
                Ok(())
            }
            "leaves" => {
                let gone = person(self.residents[name], day("1960-04-02"), &[]).id;
                let stay: Vec<RollRow> = self.roll.iter().filter(|row| row.id != gone).cloned().collect();
                self.city.import_roll(&stay, false).await;
                Ok(())
            }
            "session" => {
                let row = plan(words).row(2, name);
                let known = self.rows.iter().any(|old| old.venue == row.venue);
                if !known {
                    self.sessions.insert(name.to_owned(), SessionId(self.sessions.len() as u32 + 1));
                }
                self.capacities.insert(self.sessions[name], row.capacity);
                self.rows.push(row.clone());
                engine.import_sessions(&[row], false, By::System).await.map(drop)
            }
            "publish" => {
                self.city.publish(&format!("{} {}", words.at(1), words.at(2))).await;
                Ok(())
            }
            "wave" => {
                let born = |which| words.named.get(which).map(|text| day(text));
                self.waves.push(WaveRow {
                    line: 2,
                    name: name.to_owned(),
                    born_from: born("born_from"),
                    born_to: born("born_to"),
                    group: words.named.get("group").map(|group| (*group).to_owned()),
                    opens_at: at(&format!("{} {}", words.at(2), words.at(3))),
                });
                self.city.waves(&self.waves).await;
                Ok(())
            }
            "elsewhere" => {
                let which = words.number("dose", 1) as u8;
                self.city.dose_elsewhere(self.residents[name], which, day(words.at(2)), vaccine(words)).await;
                Ok(())
            }
            "capacity" => {
                let place = self.place(name);
                let capacity = words.at(2).parse().expect("a capacity");
                let changed = engine.change_capacity(place.session, place.slot, capacity, By::System).await;
                if changed.is_ok() {
                    self.capacities.insert(place.session, capacity);
                }
                changed
            }
            "close" => engine.close_session(self.sessions[name], By::System).await,
            _ => match engine.cancel_session(self.sessions[name], By::System).await {
                Ok(cancelled) => return format!("{cancelled} bookings cancelled by the city"),
                Err(error) => Err(error),
            },
        };
        ended.err().map_or_else(String::new, |error| error.to_string())
    }

    /// `A:0` or `A:0:1`.
    fn place(&self, word: &str) -> Leg {
        let parts: Vec<&str> = word.split(':').collect();
        let session = self.sessions.get(parts[0]).copied().unwrap_or(SessionId(999));
        leg(session, parts[1].parse().expect("a slot"), parts.get(2).map_or(1, |text| text.parse().expect("a dose")))
    }

    fn booking(&self, word: &str) -> BookingNumber {
        let n: usize = word.trim_start_matches('#').parse().expect("a booking such as #1");
        self.numbers.get(n - 1).copied().unwrap_or(BookingNumber::PENDING)
    }

    fn done(&mut self, done: &Done) -> String {
        let bookings = self.bookings(&done.bookings);
        if done.repeated { format!("the first answer again: {bookings}") } else { bookings }
    }

    fn bookings(&mut self, bookings: &[BookingView]) -> String {
        for booking in bookings {
            if !self.numbers.contains(&booking.number) {
                self.numbers.push(booking.number);
            }
        }
        let shown: Vec<String> = bookings.iter().map(|booking| self.shown(booking)).collect();
        shown.join("; ")
    }

    fn shown(&self, booking: &BookingView) -> String {
        let n = self.numbers.iter().position(|number| *number == booking.number).expect("seen before") + 1;
        let name = self.name(booking.session);
        format!("#{n} dose {} {name}:{} {} {}", booking.dose, booking.slot, booking.date, booking.state.code())
    }

    fn name(&self, session: SessionId) -> &str {
        let named = self.sessions.iter().find(|(_, id)| **id == session);
        named.map_or("?", |(name, _)| name)
    }

    fn me(&mut self, name: &str) -> String {
        let me = self.city.me(self.residents[name]);
        let next = me.next.map_or_else(
            || "nothing left to book".to_owned(),
            |next| {
                let to = next.to.map_or_else(String::new, |to| format!(" to {to}"));
                format!("next dose {} from {}{to}", next.dose, next.from)
            },
        );
        let bookings = self.bookings(&me.bookings);
        if bookings.is_empty() { next } else { format!("{bookings}; {next}") }
    }

    async fn free(&self, name: &str) -> String {
        let session = self.sessions[name];
        // Lists hear of holds a moment after their owner: behind this change of nothing, the session's actor has told them.
        let same = self.city.engine().change_capacity(session, SlotNo(0), self.capacities[&session], By::System);
        same.await.expect("as it is");
        self.city.clock.advance_ms(250);
        let lists = self.city.engine().availability();
        let Some(view) = lists.sessions.iter().find(|view| view.id == session) else { return "not listed".to_owned() };
        let slots = view.slots.iter().map(|slot| format!("{} free, {}", slot.free, slot.state.code()));
        slots.collect::<Vec<_>>().join("; ")
    }
}

fn refused(refusal: &Refusal) -> String {
    let mut text = format!("refused: {}", refusal.code.code());
    if let Some(index) = refusal.index {
        let _ = write!(text, ", index {index}");
    }
    if let Some(retry_at) = refusal.retry_at {
        let _ = write!(text, ", retry at {}", minute(retry_at));
    }
    text
}

fn plan(words: &Words<'_>) -> Plan {
    let doses = words.named.get("doses").map_or_else(|| vec![1, 2], |text| list(text));
    Plan {
        date: day(words.at(2)),
        vaccine: vaccine(words),
        doses,
        slots: words.number("slots", 1) as u16,
        capacity: words.number("capacity", 10),
        phone_share: words.number("share", 0),
    }
}

fn vaccine(words: &Words<'_>) -> &'static str {
    if words.bare.contains(&"Spikevax") { SPIKEVAX } else { COMIRNATY }
}

fn list(text: &str) -> Vec<u8> {
    text.split(',').map(|part| part.parse().expect("a dose")).collect()
}

/// To the minute, so that scripts need not count what reading a list took.
fn minute(instant: sesshu_engine::core::time::Instant) -> String {
    format!("{} {}", instant.city_day(), instant.city_clock())
}

/// The script with the answers that the engine gives now.
async fn replay(script: &str) -> String {
    let mut scene = Scene::new().await;
    let mut replayed = String::new();
    for line in script.lines().filter(|line| line.is_empty() || line.starts_with("# ") || line.starts_with("> ")) {
        let _ = writeln!(replayed, "{line}");
        if let Some(command) = line.strip_prefix("> ") {
            let answer = scene.run(command).await;
            if !answer.is_empty() {
                let _ = writeln!(replayed, "{answer}");
            }
        }
    }
    replayed
}

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldenscripts");
    let files = std::fs::read_dir(folder).expect("the scripts' folder");
    let mut scripts: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    scripts.sort_unstable();
    scripts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_script_answers_as_it_is_written() {
    let update = std::env::var_os("SESSHU_UPDATE").is_some();
    let mut wrong = Vec::new();
    for path in scripts() {
        let script = std::fs::read_to_string(&path).expect("a script");
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let played = tokio::spawn({
            let script = script.clone();
            async move { replay(&script).await }
        });
        let Ok(replayed) = played.await else {
            wrong.push(format!("{name}: panicked, or left the store wrong"));
            continue;
        };
        if update {
            std::fs::write(&path, &replayed).expect("the script is written");
        } else if replayed != script {
            let lines = script.lines().zip(replayed.lines()).find(|(written, now)| written != now);
            wrong.push(format!("{name}: {lines:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "(as written, as answered now)");
}
