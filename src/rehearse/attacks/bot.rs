//! A program with a login of its own, on many connections: it takes, holds, moves and cancels places as fast as it can.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Ground, address};
use crate::phone::{Ask, Phone};
use crate::rehearse::answers::{FreePlaces, Lists, Place};
use crate::rehearse::dice::Dice;

const CONNECTIONS: u64 = 16;
const PAUSE: Duration = Duration::from_millis(20);
/// In this order, again and again.
const ACTS: u64 = 4;

/// What its connections know together.
#[derive(Debug, Default)]
struct Known {
    list: Option<Rc<FreePlaces>>,
    /// The number of its booking.
    booked: Option<Box<str>>,
}

/// Begins on all connections.
pub(super) fn begin(tasks: &mut JoinSet<()>, ground: &Ground, token: &Rc<str>) {
    let known = Rc::new(RefCell::new(Known::default()));
    for number in 0..CONNECTIONS {
        let (ground, known, token) = (ground.clone(), Rc::clone(&known), Rc::clone(token));
        tasks.spawn_local(async move {
            let mut phone = Phone::at(&ground.network, address(137, number, 1));
            let mut dice = Dice::seeded(ground.seed ^ number);
            sleep_until(ground.begins).await;
            let mut turn = number;
            while Instant::now() < ground.until {
                turn += 1;
                act(&ground, &known, &mut phone, &mut dice, &token, turn).await;
                sleep(PAUSE).await;
            }
        });
    }
}

async fn act(ground: &Ground, known: &RefCell<Known>, phone: &mut Phone, dice: &mut Dice, token: &Rc<str>, turn: u64) {
    let wish = known.borrow().list.as_ref().and_then(|list| list.choose(dice).cloned());
    let Some(place) = wish else {
        let heard = phone.ask(&Ask::new(Method::GET, "/api/v1/sessions?dose=1")).await;
        ground.tally.borrow_mut().hear(heard.as_ref());
        if let Ok(answer) = heard {
            known.borrow_mut().list = Lists::default().read(&answer);
        }
        return;
    };
    let booked = known.borrow().booked.clone();
    let ask = |method, path: String, body: Option<String>| Ask {
        token: Some(Rc::clone(token)),
        key: Some(format!("bot-{:016x}", dice.clone().roll()).into()),
        json: body.map(Into::into),
        ..Ask::new(method, path)
    };
    let ask = match (turn % ACTS, booked) {
        (0, _) => ask(Method::POST, "/api/v1/holds".into(), Some(new_place(&place))),
        (2, Some(number)) => {
            let body = json!({ "session": place.session, "slot": place.slot }).to_string();
            ask(Method::PUT, format!("/api/v1/bookings/{number}"), Some(body))
        }
        (3, Some(number)) => ask(Method::DELETE, format!("/api/v1/bookings/{number}"), None),
        _ => ask(Method::POST, "/api/v1/bookings".into(), Some(new_place(&place))),
    };
    dice.roll();
    let heard = phone.ask(&ask).await;
    let mut tally = ground.tally.borrow_mut();
    tally.hear(heard.as_ref());
    let Ok(answer) = heard else { return };
    if answer.status == StatusCode::CREATED && &*ask.path == "/api/v1/bookings" {
        tally.gained += 1;
        let booking = answer.bookings().and_then(|mut bookings| bookings.pop());
        known.borrow_mut().booked = booking.map(|booking| booking.number);
    } else if ask.method == Method::DELETE && answer.status.is_success() {
        known.borrow_mut().booked = None;
    }
    if answer.status == StatusCode::CONFLICT {
        // The list may be old.
        known.borrow_mut().list = None;
    }
}

fn new_place(place: &Place) -> String {
    json!({ "session": place.session, "slot": place.slot, "dose": 1 }).to_string()
}
