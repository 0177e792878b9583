//! What the JSON of the residents' interface says, as far as a rehearsal reads it.

use std::collections::HashMap;
use std::rc::Rc;

use serde::Deserialize;

use super::dice::Dice;
use crate::phone::Answer;

/// How many pictures of availability are kept for phones that ask again.
const LISTS_MAX: usize = 64;

/// A place to be: a slot of a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) session: Box<str>,
    pub(super) slot: Box<str>,
}

/// The places that were free in one picture of availability, the earliest first.
#[derive(Debug)]
pub(super) struct FreePlaces {
    pub(super) etag: Rc<str>,
    places: Vec<Place>,
    /// Some session was still to open.
    pub(super) before_open: bool,
}

/// Pictures that some phone has already read: the bytes travel to each phone, but are unpacked once.
#[derive(Debug, Default)]
pub(super) struct Lists(HashMap<Rc<str>, Rc<FreePlaces>>);

/// A booking as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Booking {
    pub(super) number: Box<str>,
    session: Box<str>,
    slot: Box<str>,
    pub(super) dose: u8,
    state: Box<str>,
}

#[derive(Deserialize)]
struct BookingsBody {
    bookings: Vec<Booking>,
}

#[derive(Deserialize)]
struct LoginBody<'a> {
    token: &'a str,
}

#[derive(Deserialize)]
struct ProblemBody {
    code: String,
    ahead: Option<u32>,
    estimate_seconds: Option<u32>,
}

/// A "no".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Its code, or its status if it has none.
    pub(super) code: String,
    /// Whether it says how many people come first.
    pub(super) in_line: bool,
    /// How long it says that this takes.
    pub(super) estimate_s: Option<u32>,
}

#[derive(Deserialize)]
struct SessionsBody<'a> {
    #[serde(borrow)]
    sessions: Vec<SessionBody<'a>>,
}

#[derive(Deserialize)]
struct SessionBody<'a> {
    id: &'a str,
    state: &'a str,
    #[serde(borrow)]
    slots: Vec<SlotBody<'a>>,
}

#[derive(Deserialize)]
struct SlotBody<'a> {
    id: &'a str,
    free: u32,
    state: &'a str,
}

impl Answer {
    /// The "no", if it is one.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        if self.status.as_u16() < 400 {
            return None;
        }
        let problem = serde_json::from_slice::<ProblemBody>(&self.body);
        let (code, ahead, estimate_s) = match problem {
            Ok(problem) => (problem.code, problem.ahead, problem.estimate_seconds),
            Err(_) => (self.status.as_u16().to_string(), None, None),
        };
        Some(Refusal { code, in_line: ahead.is_some(), estimate_s })
    }

    /// The token of a login.
    pub(super) fn token(&self) -> Option<Rc<str>> {
        serde_json::from_slice::<LoginBody<'_>>(&self.body).ok().map(|login| login.token.into())
    }

    /// The bookings of an answer.
    pub(super) fn bookings(&self) -> Option<Vec<Booking>> {
        Some(serde_json::from_slice::<BookingsBody>(&self.plain()?).ok()?.bookings)
    }
}

impl Booking {
    /// The booking whose page is at `location` of the console, of the place that was sent as SESSION-SLOT-DOSE.
    pub(super) fn of_call(location: &str, place: &str) -> Option<Self> {
        let (_, number) = location.split_once("/done?number=")?;
        let mut parts = place.split('-');
        let mut next = || parts.next();
        Some(Self {
            number: number.split('&').next()?.into(),
            session: next()?.into(),
            slot: next()?.into(),
            dose: next()?.parse().ok()?,
            state: "booked".into(),
        })
    }

    pub(super) fn place(&self) -> Place {
        Place { session: self.session.clone(), slot: self.slot.clone() }
    }

    /// Whether it uses its place.
    pub(super) fn is_live(&self) -> bool {
        matches!(&*self.state, "booked" | "checked_in" | "vaccinated")
    }
}

impl Lists {
    /// What a list says, from an answer with its bytes.
    pub(super) fn read(&mut self, answer: &Answer) -> Option<Rc<FreePlaces>> {
        let etag = answer.etag.as_ref()?;
        if let Some(known) = self.0.get(etag) {
            return Some(Rc::clone(known));
        }
        if self.0.len() >= LISTS_MAX {
            self.0.clear();
        }
        let list = Rc::new(FreePlaces::read(etag, &answer.plain()?)?);
        self.0.insert(Rc::clone(etag), Rc::clone(&list));
        Some(list)
    }
}

impl FreePlaces {
    fn read(etag: &Rc<str>, json: &[u8]) -> Option<Self> {
        let body: SessionsBody<'_> = serde_json::from_slice(json).ok()?;
        let open = body.sessions.iter().filter(|session| session.state == "open");
        let places = open.flat_map(|session| {
            let free = session.slots.iter().filter(|slot| slot.state == "open" && slot.free > 0);
            free.map(|slot| Place { session: session.id.into(), slot: slot.id.into() })
        });
        let before_open = body.sessions.iter().any(|session| session.state == "before_open");
        Some(Self { etag: Rc::clone(etag), places: places.collect(), before_open })
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Place] {
        &self.places
    }

    /// What a resident picks: early dates are wanted more than late ones.
    pub(super) fn choose(&self, dice: &mut Dice) -> Option<&Place> {
        let wish = dice.unit();
        self.places.get((wish * wish * self.places.len() as f64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"sessions":[
        {"id":"1","venue":{"id":"1","name":"体育館"},"date":"2026-12-05","vaccine":"A","doses":[1],"state":"open","opens_at":"x",
         "slots":[{"id":"0","start":"09:30","end":"10:00","free":0,"state":"full"},{"id":"1","start":"10:00","end":"10:30","free":3,"state":"open"}]},
        {"id":"2","venue":{"id":"1","name":"体育館"},"date":"2026-12-07","vaccine":"A","doses":[1],"state":"before_open","opens_at":"x",
         "slots":[{"id":"0","start":"09:30","end":"10:00","free":5,"state":"before_open"}]}]}"#;

    #[test]
    fn only_what_is_open_and_free_is_chosen() {
        let list = FreePlaces::read(&"e".into(), LIST.as_bytes()).expect("a list");
        let place = Place { session: "1".into(), slot: "1".into() };
        let mut dice = Dice::seeded(1);
        assert!((0..100).all(|_| list.choose(&mut dice) == Some(&place)));
        assert!(list.before_open, "more is to come");
        let nothing = FreePlaces::read(&"e".into(), br#"{"sessions":[]}"#).expect("a list");
        assert_eq!(nothing.choose(&mut dice), None);
    }

    #[test]
    fn early_dates_are_wanted_more() {
        let places = (0..100_u32).map(|id| Place { session: id.to_string().into(), slot: "0".into() }).collect();
        let list = FreePlaces { etag: "e".into(), places, before_open: false };
        let mut dice = Dice::seeded(2);
        let early = (0..1_000).filter_map(|_| list.choose(&mut dice)?.session.parse().ok()).filter(|id: &u32| *id < 25);
        assert!((400..600).contains(&early.count()));
    }
}
