//! What the machine can do, measured after the rush while nothing else is asked of the server: logins, then bookings.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures_util::future::join_all;
use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::answers::Booking;
use super::plan::Plan;
use super::record::Record;
use super::scene::Scene;
use crate::phone::{Ask, Phone};

/// For how long each is measured; less in a small city.
const MEASURE_FOR: Duration = Duration::from_secs(3);
const MEASURE_FEW_FOR: Duration = Duration::from_millis(500);
const FEW: usize = 1_000;
/// Enough to keep every core busy with hashing, too few to wait long.
const LOGIN_PHONES: usize = 12;
/// Enough to fill the ledger's batches.
const BOOKING_PHONES: usize = 64;
const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// What the machine did in a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Speeds {
    pub(super) logins_per_second: f64,
    /// Places given back and taken again, each of both counted.
    pub(super) bookings_per_second: f64,
}

/// Measures. People who have a booking give it back and take the same place again, each once; `records` says what they have then.
pub(super) async fn measure(scene: &Scene, plan: &Plan, records: &mut Vec<Record>) -> Speeds {
    let time = if scene.logins.len() < FEW { MEASURE_FEW_FOR } else { MEASURE_FOR };
    let logins_per_second = logins_per_second(scene, time).await;
    let kept = RefCell::new(std::mem::take(records));
    let bookings_per_second = bookings_per_second(scene, plan, &kept, time).await;
    *records = kept.into_inner();
    Speeds { logins_per_second, bookings_per_second }
}

async fn logins_per_second(scene: &Scene, time: Duration) -> f64 {
    let (next, done, began) = (Cell::new(0_usize), Cell::new(0_u32), Instant::now());
    let log_in = async |_| {
        while began.elapsed() < time {
            let number = next.replace(next.get() + 1) % scene.logins.len();
            let login = &scene.logins[number];
            let body = json!({ "id": login.id, "password": login.password }).to_string();
            let ask = Ask { json: Some(body.into()), ..Ask::new(Method::POST, "/api/v1/login") };
            let answer = Phone::new(&scene.network, number).ask(&ask).await;
            if answer.is_ok_and(|answer| answer.status == StatusCode::OK) {
                done.set(done.get() + 1);
            } else {
                sleep(AGAIN_AFTER).await;
            }
        }
    };
    join_all((0..LOGIN_PHONES).map(log_in)).await;
    f64::from(done.get()) / began.elapsed().as_secs_f64()
}

async fn bookings_per_second(scene: &Scene, plan: &Plan, records: &RefCell<Vec<Record>>, time: Duration) -> f64 {
    // A caller's place may be one that is kept for the phone.
    let with_place = |(number, record): (usize, &Record)| {
        let known = record.unclear == 0 && !plan.people[number].calls;
        Some((number, record.booked.clone().filter(|_| known)?))
    };
    let booked: Vec<(usize, Booking)> = records.borrow().iter().enumerate().filter_map(with_place).collect();
    let (next, done, began) = (Cell::new(0_usize), Cell::new(0_u32), Instant::now());
    let book_again = async |phone: usize| {
        let mut phone = Phone::new(&scene.network, phone);
        while began.elapsed() < time {
            let Some((number, booking)) = booked.get(next.replace(next.get() + 1)) else { return };
            let token = Some(scene.tokens[*number].clone());
            let path = format!("/api/v1/bookings/{}", booking.number);
            let record = |change: &dyn Fn(&mut Record)| change(&mut records.borrow_mut()[*number]);
            // Until it is heard what became of it, both is right.
            record(&|record| record.unclear += 1);
            let given_back = phone.ask(&Ask { token: token.clone(), ..Ask::new(Method::DELETE, path) }).await;
            if !given_back.is_ok_and(|answer| answer.status.is_success()) {
                continue;
            }
            record(&|record| record.booked = None);
            let place = booking.place();
            let body = json!({ "session": place.session, "slot": place.slot, "dose": booking.dose }).to_string();
            let key = Some(format!("rehearsal-{number}-measured").into());
            let ask = Ask { token, key, json: Some(body.into()), ..Ask::new(Method::POST, "/api/v1/bookings") };
            let Ok(answer) = phone.ask(&ask).await else { continue };
            if answer.status == StatusCode::CREATED {
                let booking = answer.bookings().and_then(|mut bookings| bookings.pop());
                record(&|record| record.booked.clone_from(&booking));
                done.set(done.get() + 2);
            }
            record(&|record| record.unclear -= u32::from(!answer.status.is_server_error()));
        }
    };
    join_all((0..BOOKING_PHONES).map(book_again)).await;
    f64::from(done.get()) / began.elapsed().as_secs_f64()
}
