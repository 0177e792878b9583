//! One resident on the opening day: log in, look, choose, confirm, and try again as a person with a phone does. Every step's time
//! counts from the moment at which it was meant to begin, however late we are ourselves.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::answers::{FreePlaces, Lists, Place};
use super::dice::Dice;
use super::figures::{Figures, Step};
use super::plan::Person;
use super::record::{Ended, Record};
use crate::demo::DemoLogin;
use crate::phone::{Answer, Ask, Network, Phone, Unheard};

/// How many full places somebody tries before they give up.
const WISHES_MAX: u32 = 5;
/// How often a step is repeated while the server is busy or not heard.
const TRIES_MAX: u32 = 30;
/// How long people think between two steps: on average, and at most. In seconds.
const THINK_MEAN: f64 = 1.5;
const THINK_MAX: f64 = 6.0;
/// After a lost connection, or a "busy" that does not say when to come back. In seconds.
const COME_BACK_AFTER: u64 = 1;
const COME_BACK_AFTER_MAX: u64 = 60;
/// A person who must wait longer than this lets go of the connection.
const HANG_UP_OVER: Duration = Duration::from_secs(1);

/// What all journeys share.
#[derive(Debug)]
pub(super) struct Rush {
    pub(super) network: Rc<Network>,
    pub(super) figures: RefCell<Figures>,
    pub(super) lists: RefCell<Lists>,
    /// By resident.
    pub(super) records: RefCell<Vec<Record>>,
    pub(super) opening: Instant,
}

/// One resident's way.
pub(super) struct Journey {
    rush: Rc<Rush>,
    number: usize,
    person: Person,
    phone: Phone,
    dice: Dice,
    token: Option<Rc<str>>,
    list: Option<Rc<FreePlaces>>,
    /// When the next step is meant to begin.
    next: Instant,
    thought: Duration,
    keys: u32,
}

/// The journey ends here, before its aim.
struct Stopped(Ended);

impl Journey {
    /// Of resident `number`; `token` is that of somebody who was early.
    pub(super) fn new(rush: &Rc<Rush>, number: usize, person: Person, token: Option<Rc<str>>) -> Self {
        Self {
            rush: Rc::clone(rush),
            number,
            phone: Phone::new(&rush.network, number),
            dice: Dice::seeded(person.seed),
            token,
            list: None,
            next: rush.opening + person.arrives,
            thought: Duration::ZERO,
            keys: 0,
            person,
        }
    }

    /// Goes the whole way.
    pub(super) async fn go(mut self, login: &DemoLogin) {
        let came = self.next;
        let ended = match self.whole_way(login).await {
            Ok(ended) | Err(Stopped(ended)) => ended,
        };
        let mut figures = self.rush.figures.borrow_mut();
        figures.took(Step::Journey, came.elapsed().saturating_sub(self.thought));
        figures.ended += 1;
        self.rush.records.borrow_mut()[self.number].ended = Some(ended);
    }

    async fn whole_way(&mut self, login: &DemoLogin) -> Result<Ended, Stopped> {
        if self.token.is_none() {
            self.log_in(login).await?;
            self.think();
        }
        let mut ended = self.book().await?;
        if ended == Ended::Booked && self.person.habits.looks {
            self.think();
            let me = self.own(Method::GET, "/api/v1/me");
            self.step(Step::Me, &me).await?;
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
        let answer = self.step(Step::Login, &ask).await?;
        self.token = answer.token();
        if self.token.is_some() { Ok(()) } else { Err(Stopped(Ended::Refused)) }
    }

    /// Looks for a free place and books it; the next one if somebody else was faster.
    async fn book(&mut self) -> Result<Ended, Stopped> {
        for _ in 0..WISHES_MAX {
            self.look().await?;
            self.think();
            let Some(place) = self.list.as_ref().and_then(|list| list.choose(&mut self.dice).cloned()) else {
                return Ok(Ended::NothingFree);
            };
            if self.person.habits.holds {
                let hold = Ask { json: Some(body_of(&place)), ..self.own(Method::POST, "/api/v1/holds") };
                if self.step(Step::Hold, &hold).await?.status != StatusCode::CREATED {
                    continue;
                }
                self.think();
            }
            if self.confirm(&place).await? {
                return Ok(Ended::Booked);
            }
        }
        Ok(Ended::FullTooOften)
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

    /// Books `place`; says whether it was granted.
    async fn confirm(&mut self, place: &Place) -> Result<bool, Stopped> {
        self.keys += 1;
        let key = format!("rehearsal-{}-{}", self.number, self.keys);
        let ask = self.own(Method::POST, "/api/v1/bookings");
        let ask = Ask { key: Some(key.into()), json: Some(body_of(place)), ..ask };
        self.record(|record| record.unclear = true);
        let answer = self.step(Step::Book, &ask).await;
        let unclear = matches!(answer, Err(Stopped(Ended::BusyTooOften)));
        self.record(|record| record.unclear = unclear);
        let answer = answer?;
        if answer.status == StatusCode::CONFLICT {
            return Ok(false);
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
        self.record(|record| record.unclear = true);
        self.step(Step::Cancel, &ask).await?;
        self.record(|record| *record = Record::default());
        Ok(())
    }

    fn own(&self, method: Method, path: &str) -> Ask {
        Ask { token: self.token.clone(), ..Ask::new(method, path) }
    }

    fn record(&self, change: impl FnOnce(&mut Record)) {
        change(&mut self.rush.records.borrow_mut()[self.number]);
    }

    fn think(&mut self) {
        self.phone.make_room();
        let time = Duration::from_secs_f64(self.dice.exponential(THINK_MEAN, THINK_MAX));
        self.thought += time;
        self.next += time;
    }

    /// Asks until an answer stands: a success, or `full`. Waiting because the server asks for it is part of the step's time.
    async fn step(&mut self, step: Step, ask: &Ask) -> Result<Answer, Stopped> {
        let began = self.next;
        let mut ended = Err(Stopped(Ended::BusyTooOften));
        for _ in 0..TRIES_MAX {
            sleep_until(self.next).await;
            let heard = self.phone.ask(ask).await;
            self.next = Instant::now();
            let code = heard.as_ref().ok().and_then(Answer::refusal);
            self.rush.figures.borrow_mut().hear(heard.as_ref().ok().map(|answer| (answer.status, code.as_deref())));
            let come_back_after = match (heard, code.as_deref()) {
                (Ok(answer), None | Some("full")) => {
                    ended = Ok(answer);
                    break;
                }
                (Ok(answer), _) if matches!(answer.status.as_u16(), 429 | 503) => answer.retry_after_s,
                (Ok(_), _) => {
                    ended = Err(Stopped(Ended::Refused));
                    break;
                }
                (Err(Unheard), _) => None,
            };
            self.wait_s(come_back_after.unwrap_or(COME_BACK_AFTER).min(COME_BACK_AFTER_MAX));
        }
        self.rush.figures.borrow_mut().took(step, began.elapsed());
        ended
    }

    /// Comes back after so long and up to a half more, so that those who were sent away together do not come back together.
    fn wait_s(&mut self, seconds: u64) {
        let wait = Duration::from_secs(seconds).mul_f64(1.0 + self.dice.unit() / 2.0);
        if wait > HANG_UP_OVER {
            self.phone.hang_up();
        }
        self.next += wait;
    }
}

fn body_of(place: &Place) -> hyper::body::Bytes {
    json!({ "session": place.session, "slot": place.slot, "dose": 1 }).to_string().into()
}
