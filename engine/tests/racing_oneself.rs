//! One person racing against themself, through two sessions, two devices, web and phone: at most one live booking for each
//! dose, one answer for one key. And phones that hang up: nothing leaks, and a booking is either there or not.

mod support;

use std::sync::Arc;

use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{Channel, ResidentNo, SessionId};
use sesshu_engine::core::leg::Leg;
use sesshu_engine::core::refusal::{Refusal, RefusalCode};
use sesshu_engine::view::Done;
use support::{City, Plan, key, leg, refused};
use tokio::task::JoinHandle;

const ROUNDS: u32 = 40;
const HERE: SessionId = SessionId(1);
const THERE: SessionId = SessionId(2);
const LATE: SessionId = SessionId(3);

async fn roomy_city(residents: u32) -> Arc<City> {
    let plans = ["2026-12-10", "2026-12-11", "2027-01-10"].map(|date| Plan::on(date, 500));
    Arc::new(City::with(residents, &plans).await)
}

fn booking(city: &Arc<City>, who: u32, legs: Vec<Leg>, k: &str, way: Channel) -> JoinHandle<Result<Done, Refusal>> {
    let (city, k) = (Arc::clone(city), key(k));
    tokio::spawn(async move { city.book_by(who, &legs, k, way).await })
}

async fn all<T>(racers: Vec<JoinHandle<T>>) -> Vec<T> {
    let mut answers = Vec::new();
    for racer in racers {
        answers.push(racer.await.expect("no panic"));
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_on_two_devices_by_web_and_phone_gets_one_booking() {
    let city = roomy_city(ROUNDS).await;
    for who in 0..ROUNDS {
        let places = [
            (vec![leg(HERE, 0, 1)], Channel::Web),
            (vec![leg(THERE, 0, 1)], Channel::Web),
            (vec![leg(HERE, 0, 1)], Channel::Phone),
            (vec![leg(THERE, 0, 1), leg(LATE, 0, 2)], Channel::Phone),
        ];
        let racers =
            places.into_iter().zip(0..).map(|((legs, way), n)| booking(&city, who, legs, &format!("k{n}"), way));
        let answers = all(racers.collect()).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        for lost in answers.iter().filter_map(refused) {
            assert_eq!(lost, RefusalCode::AlreadyBooked);
        }
        let won = answers.into_iter().find_map(Result::ok).expect("one won");
        assert_eq!(city.live(who), won.bookings);
    }
    city.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_on_many_devices_books_once_and_answers_the_same() {
    let city = roomy_city(ROUNDS).await;
    for who in 0..ROUNDS {
        let legs = if who.is_multiple_of(2) { vec![leg(HERE, 0, 1)] } else { vec![leg(HERE, 0, 1), leg(LATE, 0, 2)] };
        let racers = (0..6).map(|_| booking(&city, who, legs.clone(), "the-same", Channel::Web)).collect();
        let answers: Vec<Done> = all(racers).await.into_iter().map(|answer| answer.expect("granted")).collect();
        assert_eq!(answers.iter().filter(|done| !done.repeated).count(), 1);
        assert!(answers.iter().all(|done| done.bookings == answers[0].bookings), "{answers:?}");
        assert_eq!(city.live(who), answers[0].bookings);
    }
    city.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moving_and_cancelling_oneself_at_once_leaves_one_booking_or_none() {
    let city = roomy_city(ROUNDS).await;
    for who in 0..ROUNDS {
        let number = city.book(who, &[leg(HERE, 0, 1)]).await.expect("free").bookings[0].number;
        let moving = tokio::spawn({
            let city = Arc::clone(&city);
            async move { city.move_to(who, number, leg(THERE, 0, 1)).await }
        });
        let cancelling = tokio::spawn({
            let city = Arc::clone(&city);
            async move { city.cancel(who, number).await }
        });
        let moved = moving.await.expect("no panic");
        cancelling.await.expect("no panic").expect("a cancellation always stands");
        assert_eq!(city.live(who), Vec::new());
        if moved.is_err() {
            assert_eq!(refused(&moved), Some(RefusalCode::NoSuchBooking));
        }
    }
    assert_eq!((city.slot(HERE, 0).free, city.slot(THERE, 0).free), (500, 500));
    city.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hung_up_booking_is_there_whole_or_not_at_all_and_leaks_nothing() {
    const CALLERS: u32 = 200;
    let plans = [Plan::on("2026-12-10", 60), Plan::on("2027-01-10", 60)];
    let city = Arc::new(City::with(CALLERS, &plans).await);
    let pair = vec![leg(HERE, 0, 1), leg(THERE, 0, 2)];
    for who in 0..CALLERS {
        let racer = booking(&city, who, pair.clone(), "mine", Channel::Web);
        for _ in 0..who % 7 {
            tokio::task::yield_now().await;
        }
        racer.abort();
        let _ = racer.await;
    }
    city.settle().await;
    // The gate is free for everybody again, and the first 60 who try now or tried before have a pair.
    for who in 0..CALLERS {
        let before = city.live(who).len();
        assert!(before == 0 || before == 2, "resident {who} has half a pair");
        let again = city.book_by(who, &pair, key("mine"), Channel::Web).await;
        match (before, again) {
            (2, Ok(done)) => assert!(done.repeated),
            (0, Ok(done)) => assert!(!done.repeated),
            (0, Err(refusal)) => assert_eq!((refusal.code, refusal.retry_at), (RefusalCode::Full, None)),
            (_, other) => panic!("resident {who}: {other:?}"),
        }
    }
    let booked: usize = (0..CALLERS).map(|who| city.live(who).len()).sum();
    assert_eq!(booked, 120, "every place is used: none leaked");
    assert_eq!((city.slot(HERE, 0).free, city.slot(THERE, 0).free), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hung_up_hold_move_or_cancel_leaves_the_person_free_to_go_on() {
    let city = roomy_city(ROUNDS).await;
    for who in 0..ROUNDS {
        let number = city.book(who, &[leg(HERE, 0, 1)]).await.expect("free").bookings[0].number;
        let racer = tokio::spawn({
            let city = Arc::clone(&city);
            async move {
                let resident = ResidentNo(who);
                match who % 3 {
                    0 => drop(city.hold_by(who, &[leg(THERE, 0, 1)], Some(number), Channel::Web).await),
                    1 => drop(city.move_to(who, number, leg(THERE, 0, 1)).await),
                    _ => drop(city.engine().cancel(resident, number, By::System, Channel::Phone).await),
                }
            }
        });
        for _ in 0..who % 5 {
            tokio::task::yield_now().await;
        }
        racer.abort();
        let _ = racer.await;
        city.settle().await;
        for booking in city.live(who) {
            city.cancel(who, booking.number).await.expect("the gate is free");
        }
    }
    city.wait_minutes(11);
    let held = city.hold(0, &[leg(THERE, 0, 1)]).await.expect("an hour later all is free");
    city.release(0, held.id).await.expect("one's own");
    city.settle().await;
    assert_eq!(city.slot(HERE, 0).free, 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_was_shut_down_leaves_nothing_behind() {
    let city = roomy_city(ROUNDS).await;
    for who in 0..ROUNDS {
        let racers = ["a", "b", "c"].map(|k| booking(&city, who, vec![leg(HERE, 0, 1)], k, Channel::Web));
        // They hang up before the gate, behind it, or while the disk writes.
        for _ in 0..who % 5 {
            tokio::task::yield_now().await;
        }
        racers[1..].iter().for_each(JoinHandle::abort);
        for racer in racers {
            let _ = racer.await;
        }
        city.hold(who, &[leg(LATE, 0, 2)]).await.expect("after dose 1");
    }
    let clock = Arc::clone(&city.clock);
    drop(Arc::into_inner(city).expect("everybody is gone"));
    assert_eq!(Arc::strong_count(&clock), 1, "some part of the engine is still there to ask for the time");
}
