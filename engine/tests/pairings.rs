//! Two people, one place, in every pairing of commands, raced many times: exactly one wins and the other hears `full`, unless
//! a place came free in between. The city's own commands race against them too.

mod support;

use std::sync::Arc;

use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{Channel, SessionId, SlotNo};
use sesshu_engine::core::refusal::{Refusal, RefusalCode};
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::core::session::PublicState;
use sesshu_engine::view::Done;
use sesshu_engine::{CampaignError, EngineHandle};
use support::{City, Plan, leg, refused};
use tokio::task::JoinHandle;

const ROUNDS: u32 = 10;

/// The places of dose 2 have the lower ids, so that a pair takes its later leg first.
const LATE: SessionId = SessionId(1);
const EARLY: SessionId = SessionId(2);
const ROOMY_LATE: SessionId = SessionId(3);
const ROOMY: SessionId = SessionId(4);

/// What somebody tries in order to get the scarce early place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Web,
    Phone,
    HoldThenBook,
    Move,
    /// A pair whose scarce leg is decided first.
    PairScarceFirst,
    /// A pair whose scarce leg is decided last, after another scarce one.
    PairScarceLast,
}

const WAYS: [Way; 6] = [Way::Web, Way::Phone, Way::HoldThenBook, Way::Move, Way::PairScarceFirst, Way::PairScarceLast];

/// One place early and one late; room elsewhere.
async fn scarce_city(residents: u32) -> Arc<City> {
    let plans = [("2027-01-10", 1), ("2026-12-10", 1), ("2027-01-11", 900), ("2026-12-11", 900)];
    Arc::new(City::with(residents, &plans.map(|(date, capacity)| Plan::on(date, capacity))).await)
}

fn race<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(work)
}

async fn both<A, B>(one: JoinHandle<A>, other: JoinHandle<B>) -> (A, B) {
    (one.await.expect("no panic"), other.await.expect("no panic"))
}

/// Somebody who moves has a place elsewhere first.
async fn prepare(city: &City, who: u32, way: Way) {
    if way == Way::Move {
        city.book(who, &[leg(ROOMY, 0, 1)]).await.expect("there is room");
    }
}

async fn attempt(city: Arc<City>, who: u32, way: Way) -> Result<Done, Refusal> {
    let scarce = leg(EARLY, 0, 1);
    match way {
        Way::Web => city.book(who, &[scarce]).await,
        Way::Phone => city.book_by(who, &[scarce], city.new_key(), Channel::Phone).await,
        Way::HoldThenBook => {
            city.hold(who, &[scarce]).await?;
            city.book(who, &[scarce]).await
        }
        Way::Move => city.move_to(who, city.live(who)[0].number, scarce).await,
        Way::PairScarceFirst => city.book(who, &[scarce, leg(ROOMY_LATE, 0, 2)]).await,
        Way::PairScarceLast => city.book(who, &[scarce, leg(LATE, 0, 2)]).await,
    }
}

async fn cancel_all(city: &City, who: u32) {
    while let Some(booking) = city.live(who).first() {
        city.cancel(who, booking.number).await.expect("cancelled, with the doses after it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_place_goes_to_exactly_one_of_two_by_whatever_way_they_come() {
    let pairings: Vec<(Way, Way)> = WAYS.iter().flat_map(|one| WAYS.map(|other| (*one, other))).collect();
    let city = scarce_city(2 * ROUNDS * pairings.len() as u32).await;
    let mut next = 0;
    for (one, other) in pairings {
        for round in 0..ROUNDS {
            let (a, b) = (next, next + 1);
            next += 2;
            prepare(&city, a, one).await;
            prepare(&city, b, other).await;
            let racers = (race(attempt(Arc::clone(&city), a, one)), race(attempt(Arc::clone(&city), b, other)));
            let (first, second) = both(racers.0, racers.1).await;
            let what = format!("{one:?} against {other:?}, round {round}: {first:?} {second:?}");
            assert!(first.is_ok() != second.is_ok(), "{what}");
            assert_eq!(refused(&first).or(refused(&second)), Some(RefusalCode::Full), "{what}");
            assert_eq!(city.slot(EARLY, 0).free, 0, "{what}");
            for (who, way, answer) in [(a, one, first), (b, other, second)] {
                let kept_before = usize::from(way == Way::Move);
                let expected = answer.as_ref().map_or(kept_before, |done| done.bookings.len());
                assert_eq!(city.live(who).len(), expected, "{what}");
                cancel_all(&city, who).await;
            }
            assert_eq!((city.slot(EARLY, 0).free, city.slot(LATE, 0).free), (1, 1), "{what}");
        }
    }
    city.settle().await;
    city.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pairs_that_cross_each_other_end_and_leave_nothing_half_taken() {
    // Three scarce sessions in a chain: each pair wants its neighbour's place, and ids run against the dates.
    let dates = ["2027-01-20", "2026-12-25", "2026-12-02"];
    let plans = dates.map(|date| Plan::on(date, 1));
    let city = Arc::new(City::with(2 * ROUNDS * 4, &plans).await);
    let (last, middle, first) = (SessionId(1), SessionId(2), SessionId(3));
    for round in 0..ROUNDS * 4 {
        let (a, b) = (2 * round, 2 * round + 1);
        let pair = |who, one, two| {
            let city = Arc::clone(&city);
            race(async move { city.book(who, &[leg(one, 0, 1), leg(two, 0, 2)]).await })
        };
        let (early, late) = both(pair(a, first, middle), pair(b, middle, last)).await;
        assert!(early.is_ok() != late.is_ok(), "round {round}: {early:?} {late:?}");
        let refusal = early.as_ref().err().or(late.as_ref().err()).expect("one lost");
        assert_eq!((refusal.code, refusal.index), (RefusalCode::Full, Some(u8::from(early.is_err()))), "round {round}");
        cancel_all(&city, a).await;
        cancel_all(&city, b).await;
        assert_eq!([last, middle, first].map(|session| city.slot(session, 0).free), [1, 1, 1], "round {round}");
    }
    city.settle().await;
}

/// What the owner of the last place does while another person books it.
#[derive(Debug, Clone, Copy)]
enum Leaves {
    Cancels,
    MovesAway,
    Releases,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_is_given_up_is_the_others_at_once_or_at_the_next_try() {
    let city = scarce_city(6 * ROUNDS * 3).await;
    let scarce = leg(EARLY, 0, 1);
    let mut next = 0;
    for (leaves, round) in [Leaves::Cancels, Leaves::MovesAway, Leaves::Releases]
        .map(|way| (0..ROUNDS * 3).map(move |n| (way, n)))
        .into_iter()
        .flatten()
    {
        let (owner, other) = (next, next + 1);
        next += 2;
        let what = format!("{leaves:?}, round {round}");
        let leaving = {
            let city = Arc::clone(&city);
            match leaves {
                Leaves::Releases => {
                    let hold = city.hold(owner, &[scarce]).await.expect("free").id;
                    race(async move { city.release(owner, hold).await.map(drop) })
                }
                Leaves::Cancels | Leaves::MovesAway => {
                    let number = city.book(owner, &[scarce]).await.expect("free").bookings[0].number;
                    race(async move {
                        match leaves {
                            Leaves::MovesAway => city.move_to(owner, number, leg(ROOMY, 0, 1)).await.map(drop),
                            _ => city.cancel(owner, number).await.map(drop),
                        }
                    })
                }
            }
        };
        let (left, booked) = both(leaving, race(attempt(Arc::clone(&city), other, Way::Web))).await;
        assert_eq!(left, Ok(()), "{what}");
        if booked.is_err() {
            assert_eq!(refused(&booked), Some(RefusalCode::Full), "{what}");
            city.book(other, &[scarce]).await.expect("the place is free at once");
        }
        assert_eq!(city.live(other).len(), 1, "{what}");
        cancel_all(&city, other).await;
    }
    city.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capacity_that_shrinks_while_people_book_is_never_oversold() {
    const RIVALS: u32 = 24;
    let city = scarce_city(ROUNDS * RIVALS * 2).await;
    for round in 0..ROUNDS * 2 {
        let engine: EngineHandle = city.engine().clone();
        engine.change_capacity(EARLY, SlotNo(0), RIVALS, By::System).await.expect("larger");
        let rivals: Vec<_> =
            (0..RIVALS).map(|n| race(attempt(Arc::clone(&city), round * RIVALS + n, Way::Web))).collect();
        let shrinking = race(async move {
            let mut accepted = None;
            for capacity in 1..RIVALS {
                match engine.change_capacity(EARLY, SlotNo(0), capacity, By::System).await {
                    Ok(()) => {
                        accepted = Some(capacity);
                        break;
                    }
                    Err(CampaignError::CapacityTooSmall(_)) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            accepted
        });
        let mut booked = 0;
        for rival in rivals {
            match rival.await.expect("no panic") {
                Ok(_) => booked += 1,
                Err(refusal) => assert_eq!(refusal.code, RefusalCode::Full),
            }
        }
        let accepted = shrinking.await.expect("no panic");
        if let Some(capacity) = accepted {
            assert!(booked <= capacity, "{booked} booked over {capacity} in round {round}");
        }
        city.verify().await;
        for n in 0..RIVALS {
            cancel_all(&city, round * RIVALS + n).await;
        }
    }
    city.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_smaller_capacity_counts_from_its_decision_on_without_a_gap() {
    const CROWD: u32 = 300;
    let city = scarce_city(ROUNDS * (CROWD + 3)).await;
    for round in 0..ROUNDS {
        let first = round * (CROWD + 3);
        let engine = city.engine().clone();
        engine.change_capacity(EARLY, SlotNo(0), 3, By::System).await.expect("larger");
        city.book(first, &[leg(EARLY, 0, 1)]).await.expect("free");
        // A large batch makes the step from "durable" to "published" long.
        let crowd: Vec<_> = (0..CROWD)
            .map(|n| {
                let city = Arc::clone(&city);
                race(async move { city.book(first + 3 + n, &[leg(ROOMY, 0, 1)]).await })
            })
            .collect();
        let shrinking = race(async move { engine.change_capacity(EARLY, SlotNo(0), 1, By::System).await });
        let asking = [1, 2].map(|n| {
            let city = Arc::clone(&city);
            race(async move {
                while city.engine().figures().in_flight > 0 {
                    let _ = city.book(first + n, &[leg(EARLY, 0, 1)]).await;
                }
            })
        });
        let shrunk = shrinking.await.expect("no panic");
        for one in asking {
            one.await.expect("no panic");
        }
        for one in crowd {
            one.await.expect("no panic").expect("there is room");
        }
        city.verify().await;
        let booked: usize = (0..3).map(|n| city.live(first + n).len()).sum();
        assert!(shrunk.is_err() || booked == 1, "{booked} booked over 1 in round {round}");
        for n in 0..CROWD + 3 {
            cancel_all(&city, first + n).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_keeps_a_place_in_a_session_that_the_city_cancelled_meanwhile() {
    const RIVALS: u32 = 16;
    let sessions = ROUNDS * 2;
    let mut plans = vec![Plan::on("2027-01-20", 900)];
    plans.extend((0..sessions).map(|_| Plan::on("2026-12-10", 50)));
    plans.push(Plan::on("2027-01-21", 900));
    let city = Arc::new(City::with(sessions * RIVALS, &plans).await);
    for round in 0..sessions {
        // Pairs take the cancelled session's place first or last, as the other session's id is greater or smaller.
        let cancelled = SessionId(round + 2);
        let late = |n: u32| if n.is_multiple_of(2) { SessionId(1) } else { SessionId(sessions + 2) };
        let rivals: Vec<_> = (0..RIVALS)
            .map(|n| {
                let city = Arc::clone(&city);
                let legs = [leg(cancelled, 0, 1), leg(late(n), 0, 2)];
                race(async move { city.book(round * RIVALS + n, &legs).await })
            })
            .collect();
        let engine = city.engine().clone();
        let cancelling = race(async move { engine.cancel_session(cancelled, By::System).await });
        for rival in rivals {
            if let Err(refusal) = rival.await.expect("no panic") {
                assert_eq!(refusal.code, RefusalCode::Closed, "round {round}");
            }
        }
        cancelling.await.expect("no panic").expect("cancelled");
        for who in round * RIVALS..(round + 1) * RIVALS {
            let left = city.live(who).into_iter().find(|booking| booking.session == cancelled);
            assert_eq!(left, None, "round {round}: resident {who} still has a place");
            let states: Vec<BookingState> = city.me(who).bookings.iter().map(|booking| booking.state).collect();
            let allowed = [vec![], vec![BookingState::CancelledByCity, BookingState::Booked]];
            assert!(allowed.contains(&states), "round {round}: {states:?}");
        }
        assert_eq!(city.slot(cancelled, 0).state, PublicState::Cancelled);
    }
    city.settle().await;
}
