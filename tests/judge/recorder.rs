//! The people who act, and the clerk who writes down what they asked and heard. Judges nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sesshu_tests::{Answer, City, Client, Place, PlannedSession, Request, switches::Dice};
use tokio::task::JoinSet;

use super::history::{Asked, Call, Heard, History, Micros, Person, Seen, Slot, SlotFacts, Want};

/// The sessions: days from today, places of each of the two slots, doses. Some pairs of them are too near each other.
const SESSIONS: [(i64, usize, &str); 5] = [(30, 3, "1"), (31, 6, "1"), (51, 6, "2"), (53, 3, "2"), (70, 5, "1;2")];
/// The interval of the vaccine that the demo gives, from the configuration's template.
const INTERVAL_DAYS_MIN: i64 = 21;
/// Devices that act at once.
pub(crate) const DEVICES: usize = 24;
/// How many people each device stands for.
pub(crate) const PEOPLE_PER_DEVICE: usize = 3;
/// A device hangs up so soon, at most.
const HANGS_UP_WITHIN_US: usize = 2_500;

/// The clerk.
pub(crate) struct Clerk {
    started: Instant,
    history: Mutex<History>,
    places: Vec<(Place, &'static str)>,
    slots: HashMap<(String, String), Slot>,
}

impl Clerk {
    /// Opens the sessions in `city` and starts to write.
    pub(crate) async fn start(city: &City) -> Arc<Self> {
        let plans: Vec<PlannedSession> = SESSIONS
            .iter()
            .map(|(days, capacity, doses)| PlannedSession::new("判定の会場", *days, *capacity).doses(doses))
            .collect();
        let sessions = city.open(&plans).await;
        let mut history = History { interval_days_min: INTERVAL_DAYS_MIN, ..History::default() };
        let (mut places, mut slots) = (Vec::new(), HashMap::new());
        for (session, (day, capacity, doses)) in sessions.iter().zip(SESSIONS) {
            for index in 0..2 {
                let place = session.place(index);
                slots.insert((place.session.clone(), place.slot.clone()), places.len());
                places.push((place, doses));
                history.slots.push(SlotFacts { capacity, day });
            }
        }
        Arc::new(Self { started: Instant::now(), history: Mutex::new(history), places, slots })
    }

    fn now(&self) -> Micros {
        self.started.elapsed().as_micros() as Micros
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down that the server process has ended: nothing that was unanswered can take effect any more.
    pub(crate) fn cut(&self) {
        let now = self.now();
        let mut history = self.history();
        history.calls.iter_mut().filter(|call| call.ended == Micros::MAX).for_each(|call| call.ended = now);
        history.cuts.push(now);
    }

    /// What has been written.
    pub(crate) fn copy(&self) -> History {
        self.history().clone()
    }

    /// Everybody looks, while nobody changes anything.
    pub(crate) async fn everybody_looks(&self, people: &mut [Resident]) {
        let began = self.now();
        for person in people {
            self.ask(person.id, &mut person.client, Asked::Look, None).await;
        }
        let ended = self.now();
        self.history().quiet.push((began, ended));
    }

    /// A random slot for `dose`.
    fn want(&self, dice: &mut Dice, dose: u8) -> Want {
        let takes = |slot: &Slot| self.places[*slot].1.contains(char::from(b'0' + dose));
        let slots: Vec<Slot> = (0..self.places.len()).filter(takes).collect();
        Want { slot: *dice.pick(&slots), dose }
    }

    fn request(&self, asked: &Asked) -> Request {
        let wanted = |wants: &[Want]| -> Vec<Value> {
            wants.iter().map(|want| self.places[want.slot].0.dose(want.dose)).collect()
        };
        let body = |wants: &[Want]| match &wanted(wants)[..] {
            [one] => one.clone(),
            pair => json!({ "bookings": pair }),
        };
        match asked {
            Asked::Look => Request::new("GET", "/api/v1/me"),
            Asked::Book { key, wants } => Request::new("POST", "/api/v1/bookings").key(key).json(&body(wants)),
            Asked::Move { key, number, to } => {
                Request::new("PUT", format!("/api/v1/bookings/{number}")).key(key).json(&self.places[*to].0.here())
            }
            Asked::Cancel { number } => Request::new("DELETE", format!("/api/v1/bookings/{number}")),
            Asked::Hold { wants, changes } => {
                let mut body = body(wants);
                if let Some(number) = changes {
                    body["changes"] = json!(number);
                }
                Request::new("POST", "/api/v1/holds").json(&body)
            }
            Asked::Release { hold } => Request::new("DELETE", format!("/api/v1/holds/{hold}")),
        }
    }

    /// Asks, waits for the answer (or hangs up after `patience`), and writes both down. Says also whether the connection broke.
    async fn ask(
        &self,
        person: Person,
        client: &mut Client,
        asked: Asked,
        patience: Option<Duration>,
    ) -> (Heard, bool) {
        let request = self.request(&asked);
        let began = self.now();
        let answer = match patience {
            None => client.try_send(&request).await.map_err(|_| true),
            Some(patience) => match tokio::time::timeout(patience, client.try_send(&request)).await {
                Ok(answer) => answer.map_err(|_| true),
                Err(_) => Err(false),
            },
        };
        let answered = self.now();
        let heard = answer.as_ref().map_or(Heard::Nothing, |answer| self.heard(&asked, answer));
        let ended = if heard == Heard::Nothing { Micros::MAX } else { answered };
        self.history().calls.push(Call { person, began, ended, asked, heard: heard.clone() });
        (heard, answer.is_err_and(|broke| broke))
    }

    fn heard(&self, asked: &Asked, answer: &Answer) -> Heard {
        match (answer.status, asked) {
            (200 | 201, Asked::Hold { .. }) => {
                Heard::Held { hold: answer.json()["hold"].as_str().expect("a hold has an id").to_owned() }
            }
            (204, _) => Heard::Released,
            (200, Asked::Look) => Heard::Looked(self.seen(answer)),
            (200 | 201, _) => {
                Heard::Done { created: answer.status == 201, body: answer.text(), bookings: self.seen(answer) }
            }
            _ => match answer.code() {
                Some(code) if code != "unavailable" => {
                    let body = answer.json();
                    let index = body["index"].as_u64().map(|index| index as usize);
                    Heard::Refused { code, only_holds: body["retry_at"].is_string(), index }
                }
                _ => Heard::Nothing,
            },
        }
    }

    fn seen(&self, answer: &Answer) -> Vec<Seen> {
        let body = answer.json();
        let bookings = body["bookings"].as_array().expect("`bookings` is a list");
        let text = |booking: &Value, name: &str| booking[name].as_str().unwrap_or_default().to_owned();
        let seen = |booking: &Value| Seen {
            number: text(booking, "number"),
            slot: self.slots[&(text(booking, "session"), text(booking, "slot"))],
            dose: booking["dose"].as_u64().unwrap_or_default() as u8,
            live: booking["state"] == "booked",
        };
        bookings.iter().map(seen).collect()
    }
}

/// A person with a device, and what they believe about their bookings.
pub(crate) struct Resident {
    id: Person,
    client: Client,
    live: Vec<Seen>,
    hold: Option<(String, Vec<Want>)>,
    /// What was asked with a key, or unanswered, and may be asked again.
    asked: Vec<Asked>,
    next_key: usize,
}

impl Resident {
    /// Person number `id`.
    pub(crate) const fn new(id: Person, client: Client) -> Self {
        Self { id, client, live: Vec::new(), hold: None, asked: Vec::new(), next_key: 0 }
    }

    /// After the server came back: holds are forgotten, logins are not.
    pub(crate) fn moved_to(&mut self, city: &City) {
        self.client = self.client.moved_to(city.public());
        self.hold = None;
    }

    /// Asks everything again that has a key and was asked since the last time.
    pub(crate) async fn repeat_all(&mut self, clerk: &Clerk) {
        for asked in std::mem::take(&mut self.asked) {
            let (heard, _) = clerk.ask(self.id, &mut self.client, asked.clone(), None).await;
            self.believe(&asked, &heard);
        }
    }

    fn key(&mut self) -> String {
        // The same words for everybody: a key belongs to its resident.
        self.next_key += 1;
        format!("key-{}", self.next_key)
    }

    fn wants(&self, clerk: &Clerk, dice: &mut Dice) -> Vec<Want> {
        let (first, second) = (clerk.want(dice, 1), clerk.want(dice, 2));
        let has_first = self.live.iter().any(|seen| seen.dose == 1);
        match dice.below(10) {
            0 | 1 if !has_first => vec![first, second],
            2 => vec![first],
            _ if has_first => vec![second],
            9 => vec![second],
            _ => vec![first],
        }
    }

    fn choose(&mut self, clerk: &Clerk, dice: &mut Dice) -> Asked {
        if let Some((hold, wants)) = self.hold.take() {
            if dice.below(4) > 0 {
                return Asked::Book { key: self.key(), wants };
            }
            return Asked::Release { hold };
        }
        let own = (!self.live.is_empty()).then(|| dice.pick(&self.live).clone());
        match (dice.below(20), own) {
            (0, _) => Asked::Look,
            (1, _) if !self.asked.is_empty() => dice.pick(&self.asked).clone(),
            (2..=4, _) => Asked::Hold { wants: self.wants(clerk, dice), changes: None },
            (5, Some(own)) => Asked::Hold { wants: vec![clerk.want(dice, own.dose)], changes: Some(own.number) },
            (6..=12, Some(own)) => {
                let to = clerk.want(dice, own.dose).slot;
                Asked::Move { key: self.key(), number: own.number, to }
            }
            (13..=17, Some(own)) => Asked::Cancel { number: own.number },
            _ => Asked::Book { key: self.key(), wants: self.wants(clerk, dice) },
        }
    }

    fn believe(&mut self, asked: &Asked, heard: &Heard) {
        if matches!(asked, Asked::Book { .. } | Asked::Move { .. }) || *heard == Heard::Nothing {
            self.asked.retain(|other| other != asked);
            self.asked.push(asked.clone());
        }
        match (asked, heard) {
            (_, Heard::Looked(seen)) => self.live.clone_from(seen),
            (_, Heard::Done { bookings, .. }) => {
                self.live.retain(|own| bookings.iter().all(|seen| seen.number != own.number));
                self.live.extend(bookings.iter().cloned());
            }
            (Asked::Move { number, .. }, Heard::Refused { code, .. }) if code == "no_such_booking" => {
                self.live.retain(|own| own.number != *number);
            }
            (Asked::Hold { wants, changes: None }, Heard::Held { hold }) => {
                self.hold = Some((hold.clone(), wants.clone()));
            }
            _ => {}
        }
        self.live.retain(|seen| seen.live);
    }

    /// One thing that a person does. Says whether the server is still there.
    async fn act(&mut self, clerk: &Clerk, dice: &mut Dice) -> bool {
        let asked = self.choose(clerk, dice);
        if dice.below(16) == 0 {
            return self.race_oneself(clerk, asked, dice).await;
        }
        let patience = (dice.below(14) == 0).then(|| Duration::from_micros(dice.below(HANGS_UP_WITHIN_US) as u64));
        let (heard, broke) = clerk.ask(self.id, &mut self.client, asked.clone(), patience).await;
        self.believe(&asked, &heard);
        if heard == Heard::Nothing && !broke && dice.below(2) == 0 {
            // Who hung up asks again.
            let (heard, broke) = clerk.ask(self.id, &mut self.client, asked.clone(), None).await;
            self.believe(&asked, &heard);
            return !broke;
        }
        !broke
    }

    /// The same, or something else, from a second device at the same moment.
    async fn race_oneself(&mut self, clerk: &Clerk, asked: Asked, dice: &mut Dice) -> bool {
        let also = if dice.below(2) == 0 { asked.clone() } else { self.choose(clerk, dice) };
        let mut other = self.client.another_device();
        let (one, two) = tokio::join!(
            clerk.ask(self.id, &mut self.client, asked.clone(), None),
            clerk.ask(self.id, &mut other, also.clone(), None)
        );
        self.believe(&asked, &one.0);
        self.believe(&also, &two.0);
        !one.1 && !two.1
    }
}

/// Lets everybody act on their devices at once, each device at most `steps` times, and cuts the power after `cut_after` answers
/// or when nobody has anything left to do.
pub(crate) async fn act_until_cut(
    city: &mut City,
    clerk: &Arc<Clerk>,
    people: Vec<Resident>,
    steps: usize,
    cut_after: usize,
    dice: &mut Dice,
) -> Vec<Resident> {
    let answers = Arc::new(AtomicUsize::new(0));
    let working = Arc::new(AtomicUsize::new(DEVICES));
    let enough = Arc::new(tokio::sync::Notify::new());
    let mut shares: Vec<Vec<Resident>> = (0..DEVICES).map(|_| Vec::new()).collect();
    for person in people {
        shares[person.id % DEVICES].push(person);
    }
    let mut devices = JoinSet::new();
    for mut share in shares {
        let (answers, working) = (Arc::clone(&answers), Arc::clone(&working));
        let (enough, clerk) = (Arc::clone(&enough), Arc::clone(clerk));
        let mut dice = Dice::seeded(dice.roll());
        devices.spawn(async move {
            for _ in 0..steps {
                let person = dice.below(share.len());
                if !share[person].act(&clerk, &mut dice).await {
                    break;
                }
                if answers.fetch_add(1, Ordering::Relaxed) + 1 == cut_after {
                    enough.notify_one();
                }
            }
            if working.fetch_sub(1, Ordering::Relaxed) == 1 {
                enough.notify_one();
            }
            share
        });
    }
    enough.notified().await;
    city.kill9();
    let mut people = Vec::new();
    while let Some(share) = devices.join_next().await {
        people.extend(share.expect("a device"));
    }
    clerk.cut();
    people.sort_by_key(|person| person.id);
    people
}
