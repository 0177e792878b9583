//! One resident on the opening day: log in, look, choose, confirm, and try again as a person with a phone does. Every step's time
//! counts from the moment at which it was meant to begin, however late we are ourselves.

mod asking;

use std::rc::Rc;
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::time::Instant;

use super::answers::{FreePlaces, Place};
use super::dice::Dice;
use super::plan::{Errand, Person};
use super::record::{Ended, Record};
use super::rush::Rush;
use super::steps::{Gate, Step};
use crate::demo::DemoLogin;
use crate::phone::{Answer, Ask, Phone};
use asking::COME_BACK_AFTER;

/// How many full places somebody tries before they give up.
const WISHES_MAX: u32 = 5;
/// The second device of a person follows the first so soon, at most; and has a number of its own, above all residents'.
const SECOND_DEVICE_WITHIN: Duration = Duration::from_secs(5);
const SECOND_DEVICES_FROM: usize = 1_000_000;

/// One resident's way, on one device.
pub(super) struct Journey {
    rush: Rc<Rush>,
    number: usize,
    person: Person,
    /// Whether this is the device that counts; the other one only tries too.
    first: bool,
    phone: Phone,
    dice: Dice,
    token: Option<Rc<str>>,
    list: Option<Rc<FreePlaces>>,
    came: Instant,
    /// When the next step is meant to begin.
    next: Instant,
    thought: Duration,
    keys: u32,
    gate: Option<Gate>,
    admitted: bool,
    kept: Kept,
}

/// What kept somebody from a step: others who came first, anything else.
#[derive(Debug, Clone, Copy, Default)]
struct Kept {
    in_line: bool,
    stumbled: bool,
    /// When they were first told how long it takes, and what.
    told: Option<(Instant, Duration)>,
}

/// The journey ends here, before its aim.
struct Stopped(Ended);

impl Journey {
    /// Of resident `number`; `token` is that of somebody who was early.
    pub(super) fn new(rush: &Rc<Rush>, number: usize, person: Person, token: Option<Rc<str>>) -> Self {
        let came = rush.opening + person.arrives;
        Self {
            rush: Rc::clone(rush),
            number,
            first: true,
            phone: Phone::new(&rush.network, number),
            dice: Dice::seeded(person.seed),
            token,
            list: None,
            came,
            next: came,
            thought: Duration::ZERO,
            keys: 0,
            gate: None,
            admitted: false,
            kept: Kept::default(),
            person,
        }
    }

    /// The same person's other device, if they use one: it begins a little later and knows nothing of the first.
    pub(super) fn second_device(&self) -> Option<Self> {
        let books = matches!(self.person.errand, Errand::Book | Errand::Hope);
        if self.person.habits.devices < 2 || !books {
            return None;
        }
        let mut dice = Dice::seeded(!self.person.seed);
        let came = self.came + SECOND_DEVICE_WITHIN.mul_f64(dice.unit());
        let phone = Phone::new(&self.rush.network, SECOND_DEVICES_FROM + self.number);
        let second = Self::new(&self.rush, self.number, self.person.clone(), self.token.clone());
        Some(Self { first: false, phone, dice, came, next: came, ..second })
    }

    /// Goes the whole way.
    pub(super) async fn go(mut self, login: &DemoLogin) {
        let ended = match self.whole_way(login).await {
            Ok(ended) | Err(Stopped(ended)) => ended,
        };
        self.stand_at(None);
        if !self.first {
            return;
        }
        {
            let mut figures = self.rush.figures.borrow_mut();
            let took = self.came.elapsed().saturating_sub(self.thought);
            figures.took(Step::Journey, took);
            if !self.admitted && matches!(ended, Ended::WaitedTooLong | Ended::BusyTooOften) {
                figures.took(Step::Wait, took);
            }
            figures.ended += 1;
            self.rush.records.borrow_mut()[self.number].ended = Some(ended);
        }
        self.go_on_looking().await;
    }

    async fn whole_way(&mut self, login: &DemoLogin) -> Result<Ended, Stopped> {
        if self.token.is_none() {
            self.log_in(login).await?;
            self.think();
        }
        match self.person.errand {
            Errand::Keep => {
                self.look_at_own().await?;
                return Ok(Ended::Kept);
            }
            Errand::GiveBack => {
                self.look_at_own().await?;
                self.think();
                self.cancel().await?;
                return Ok(Ended::Cancelled);
            }
            Errand::Book | Errand::Hope => {}
        }
        let mut ended = self.book().await?;
        if ended == Ended::Booked && self.person.habits.looks {
            self.think();
            self.look_at_own().await?;
        }
        if ended == Ended::Booked && self.person.habits.rebooks {
            self.think();
            self.cancel().await?;
            self.think();
            ended = self.book().await?;
        }
        Ok(ended)
    }

    async fn log_in(&mut self, login: &DemoLogin) -> Result<(), Stopped> {
        let body = json!({ "id": login.id, "password": login.password });
        let ask = Ask { json: Some(body.to_string().into()), ..Ask::new(Method::POST, "/api/v1/login") };
        let answer = self.step(Step::Login, &ask).await;
        self.token = answer.as_ref().ok().and_then(Answer::token);
        if self.first {
            let mut figures = self.rush.figures.borrow_mut();
            figures.log_in(self.token.is_some(), self.kept.in_line, self.kept.stumbled);
        }
        answer?;
        if self.token.is_some() { Ok(()) } else { Err(Stopped(Ended::Refused)) }
    }

    /// Looks for a free place and books it; the next one if somebody else was faster.
    async fn book(&mut self) -> Result<Ended, Stopped> {
        let mut wishes = 0;
        loop {
            self.look().await?;
            self.think();
            let place = self.list.as_ref().and_then(|list| list.choose(&mut self.dice).cloned());
            let ended = match place {
                // The list in hand is from just before the opening.
                None if self.list.as_ref().is_some_and(|list| list.before_open) && !self.has_no_patience_left() => {
                    self.wait_s(COME_BACK_AFTER);
                    continue;
                }
                None => Ended::NothingFree,
                Some(place) if self.take(&place).await? => return Ok(Ended::Booked),
                Some(_) => Ended::FullTooOften,
            };
            wishes += 1;
            match (self.person.errand, ended) {
                (Errand::Hope, _) if self.next < self.rush.end_of_coming => self.hope(),
                (_, Ended::FullTooOften) if wishes < WISHES_MAX => {}
                _ => return Ok(ended),
            }
        }
    }

    /// Holds `place`, if the person does so, and books it; says whether they have one then.
    async fn take(&mut self, place: &Place) -> Result<bool, Stopped> {
        if self.person.habits.holds {
            let hold = Ask { json: Some(body_of(place)), ..self.own(Method::POST, "/api/v1/holds") };
            if self.step(Step::Hold, &hold).await?.status != StatusCode::CREATED {
                return Ok(self.other_device_booked());
            }
            self.think();
        }
        self.confirm(place).await
    }

    /// Reads the list of sessions, or hears that the one in hand is still right.
    async fn look(&mut self) -> Result<(), Stopped> {
        let known_etag = self.list.as_ref().map(|list| Rc::clone(&list.etag));
        let ask = Ask { known_etag, ..Ask::new(Method::GET, "/api/v1/sessions?dose=1") };
        let answer = self.step(Step::List, &ask).await?;
        if answer.status != StatusCode::NOT_MODIFIED {
            self.list = self.rush.lists.borrow_mut().read(&answer);
        }
        if self.list.is_some() { Ok(()) } else { Err(Stopped(Ended::Refused)) }
    }

    async fn look_at_own(&mut self) -> Result<(), Stopped> {
        let me = self.own(Method::GET, "/api/v1/me");
        self.step(Step::Me, &me).await.map(|_| ())
    }

    /// Books `place`; says whether the person has a place then.
    async fn confirm(&mut self, place: &Place) -> Result<bool, Stopped> {
        self.keys += 1;
        let device = if self.first { 1 } else { 2 };
        let key = format!("rehearsal-{}-{device}-{}", self.number, self.keys);
        let ask = self.own(Method::POST, "/api/v1/bookings");
        let ask = Ask { key: Some(key.into()), json: Some(body_of(place)), ..ask };
        self.record(|record| record.unclear += 1);
        let answer = self.step(Step::Book, &ask).await;
        if !matches!(answer, Err(Stopped(Ended::BusyTooOften))) {
            self.record(|record| record.unclear -= 1);
        }
        let answer = answer?;
        if answer.status == StatusCode::CONFLICT {
            return Ok(self.other_device_booked());
        }
        let booking = answer.bookings().and_then(|mut bookings| bookings.pop()).ok_or(Stopped(Ended::Refused))?;
        self.record(|record| record.booked = Some(booking));
        self.rush.figures.borrow_mut().book();
        Ok(true)
    }

    async fn cancel(&mut self) -> Result<(), Stopped> {
        let booked = self.rush.records.borrow()[self.number].booked.clone();
        let Some(booking) = booked else { return Ok(()) };
        let ask = self.own(Method::DELETE, &format!("/api/v1/bookings/{}", booking.number));
        self.record(|record| record.unclear += 1);
        self.step(Step::Cancel, &ask).await?;
        self.record(|record| *record = Record::default());
        Ok(())
    }

    /// Whoever never rests asks for the days again and again until the time is up.
    async fn go_on_looking(&mut self) {
        let Some(every) = self.person.habits.asks_every.filter(|_| self.rush.never_rests) else { return };
        let mut known_etag = None;
        loop {
            self.next += every.mul_f64(0.5 + self.dice.unit());
            if self.next >= self.rush.end_of_coming {
                return;
            }
            let ask = Ask { known_etag: known_etag.clone(), ..Ask::new(Method::GET, "/api/v1/days?dose=1") };
            self.phone.hang_up();
            let began = self.next;
            let heard = self.ask_once(&ask).await;
            self.rush.figures.borrow_mut().took(Step::Reload, began.elapsed());
            known_etag = heard.1.and_then(|answer| answer.etag).or(known_etag);
        }
    }

    fn own(&self, method: Method, path: &str) -> Ask {
        Ask { token: self.token.clone(), ..Ask::new(method, path) }
    }

    fn record(&self, change: impl FnOnce(&mut Record)) {
        change(&mut self.rush.records.borrow_mut()[self.number]);
    }

    /// Whether the person has a place by their other device.
    fn other_device_booked(&self) -> bool {
        self.person.habits.devices > 1 && self.rush.records.borrow()[self.number].booked.is_some()
    }
}

fn body_of(place: &Place) -> hyper::body::Bytes {
    json!({ "session": place.session, "slot": place.slot, "dose": 1 }).to_string().into()
}
