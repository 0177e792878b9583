//! The waiting room on a whole engine: who may take a new place at an opening, in which order, and over a restart.

mod support;

use std::time::Duration;

use sesshu_engine::core::ids::{Channel, ResidentNo, SessionId};
use sesshu_engine::core::pace::{PaceRules, WaitingRules};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::time::Instant;
use sesshu_engine::view::{Draw, Standing, Waiting};
use support::{City, Plan, at, day, leg, person, refused};

const SESSION: SessionId = SessionId(1);
const OPENING: &str = "2026-12-01 09:30";
/// Two people at once, then two a second.
const RULES: WaitingRules = WaitingRules {
    draw_minutes: 60,
    pace: PaceRules { first_people: 2, start_per_second: 2, per_second_min: 2, per_second_max: 2 },
};
/// The youngest on the roll: too young for the vaccine.
const CHILD: u32 = 9;

/// Nine people and a child, and a session that opens in half an hour.
async fn city() -> City {
    let city = City::with_waiting_room(RULES).await;
    let born = |n| if n == CHILD { day("2020-04-02") } else { day("1960-04-02") };
    let roll: Vec<_> = (0..=CHILD).map(|n| person(n, born(n), &[])).collect();
    city.import_roll(&roll, false).await;
    city.draft(&[Plan { slots: 2, ..Plan::on("2026-12-10", 6) }]).await;
    city.publish(OPENING).await;
    // A quarter of an hour before the opening everybody may come; the usher sees the opening within a second of engine time.
    city.wait_until("2026-12-01 09:15");
    eventually(|| matches!(standing(&city, 0), Standing::Before { .. })).await;
    city
}

/// Waits for the usher, which looks a few times a second.
async fn eventually(mut holds: impl FnMut() -> bool) {
    let held = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), held).await.expect("it holds in the end");
}

/// Where `who` stands, who logs in now.
fn standing(city: &City, who: u32) -> Standing {
    city.engine().standing(ResidentNo(who), city.engine().now())
}

fn is_admitted(city: &City, who: u32) -> bool {
    standing(city, who) == Standing::Open
}

fn waiting(city: &City, who: u32) -> Waiting {
    match standing(city, who) {
        Standing::Waiting(waiting) => waiting,
        other => panic!("{who} should wait: {other:?}"),
    }
}

/// People in the order of their numbers, as anybody can compute them from the published seed.
fn drawn(draw: &Draw, people: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let seed = draw.seed.expect("it is published");
    assert_eq!(*blake3::hash(&seed).as_bytes(), draw.commitment);
    let number = |who: &u32| {
        let hash = blake3::keyed_hash(&seed, format!("{who:010}").as_bytes());
        u64::from_be_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"))
    };
    let mut people: Vec<u32> = people.into_iter().collect();
    people.sort_by_key(number);
    people
}

/// Opens the line with the people 0 to 5 in the draw, of whom the first two have been admitted; gives them in order.
async fn opened(city: &City) -> Vec<u32> {
    let committed = city.engine().draw().expect("an opening ahead");
    assert_eq!((committed.opens_at, committed.seed), (at(OPENING), None));
    for who in 0..6 {
        assert_eq!(standing(city, who), Standing::Before { opens_at: at(OPENING) });
    }
    assert_eq!(refused(&city.book(0, &[leg(SESSION, 0, 1)]).await), Some(RefusalCode::NotOpen));
    city.wait_until(OPENING);
    let draw = city.engine().draw().expect("an opening");
    assert_eq!(draw.commitment, committed.commitment);
    let order = drawn(&draw, 0..6);
    assert_eq!(draw.people_by_first_byte.iter().sum::<u32>(), 6);
    eventually(|| is_admitted(city, order[1])).await;
    order
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_published_seed_gives_the_order_and_whoever_comes_later_follows_in_order_of_arrival() {
    let city = city().await;
    let order = opened(&city).await;
    assert!(is_admitted(&city, order[0]) && !is_admitted(&city, order[2]));
    // A tenth of a second apart, and in no order of theirs.
    for late in [8, 6, 7] {
        city.clock.advance_ms(100);
        let Waiting { in_draw, opening, places_left, .. } = waiting(&city, late);
        assert_eq!((in_draw, opening, places_left), (false, at(OPENING), 12));
        assert_eq!(refused(&city.book(late, &[leg(SESSION, 0, 1)]).await), Some(RefusalCode::Queued));
        assert_eq!(refused(&city.hold(late, &[leg(SESSION, 0, 1)]).await), Some(RefusalCode::Queued));
    }
    eventually(|| waiting(&city, 7).ahead == 6).await;
    assert_eq!(waiting(&city, 7).estimate_seconds, 3);
    assert!(waiting(&city, order[2]).in_draw);
    let all: Vec<u32> = order.into_iter().chain([8, 6, 7]).collect();
    let mut admitted = 2;
    while admitted < all.len() {
        city.clock.advance_ms(500);
        eventually(|| is_admitted(&city, all[admitted])).await;
        admitted += 1;
        let waits = all.get(admitted..).unwrap_or_default();
        // When the rest is no more than may be admitted, the line is open.
        assert!(waits.len() < 2 || waits.iter().all(|who| !is_admitted(&city, *who)), "{admitted} of {all:?}");
    }
    for who in all {
        city.book(who, &[leg(SESSION, u16::from(who > 4), 1)]).await.expect("it was their turn");
    }
    assert_eq!(city.engine().figures().waiting.waiting, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_waits_and_whoever_may_not_book_hears_it_at_once() {
    let city = city().await;
    let order = opened(&city).await;
    let [first, .., moves, holds, waits] = order[..] else { panic!("six people") };
    assert_eq!(refused(&city.book(waits, &[leg(SESSION, 0, 1)]).await), Some(RefusalCode::Queued));
    // The phone does not wait; the same person's own booking is theirs to move and to cancel.
    let booked = city.book_by(moves, &[leg(SESSION, 0, 1)], city.new_key(), Channel::Phone).await.expect("by phone");
    let number = booked.bookings[0].number;
    let held = city.hold_by(moves, &[leg(SESSION, 1, 1)], Some(number), Channel::Web).await;
    held.expect("a hold for a move");
    city.move_to(moves, number, leg(SESSION, 1, 1)).await.expect("a move");
    assert_eq!(refused(&city.book(moves, &[leg(SESSION, 0, 1)]).await), Some(RefusalCode::AlreadyBooked));
    city.cancel(moves, number).await.expect("a cancellation");
    // Whoever holds a place has been let in to that one, and to no other.
    city.hold_by(holds, &[leg(SESSION, 0, 1)], None, Channel::Phone).await.expect("a hold");
    assert_eq!(refused(&city.book(holds, &[leg(SESSION, 1, 1)]).await), Some(RefusalCode::Queued));
    assert_eq!(refused(&city.hold(holds, &[leg(SESSION, 1, 1)]).await), Some(RefusalCode::Queued));
    city.book(holds, &[leg(SESSION, 0, 1)]).await.expect("what is held is booked");
    assert_eq!(refused(&city.book(CHILD, &[leg(SESSION, 0, 1)]).await), Some(RefusalCode::NotEligible));
    assert_eq!(refused(&city.book(waits, &[leg(SessionId(9), 0, 1)]).await), Some(RefusalCode::NoSuchSlot));
    // The repeated key of somebody who has booked is answered, whoever waits.
    let key = city.new_key();
    city.book_by(first, &[leg(SESSION, 0, 1)], key.clone(), Channel::Web).await.expect("it was their turn");
    assert!(city.book_by(first, &[leg(SESSION, 0, 1)], key, Channel::Web).await.expect("again").repeated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_is_the_residents_over_devices_and_restarts_and_nobody_is_sent_back() {
    let mut city = city().await;
    let order = opened(&city).await;
    city.clock.advance_ms(200);
    let late = waiting(&city, 7);
    // Another browser, a login later: the same place.
    city.clock.advance_ms(200);
    assert_eq!((waiting(&city, 7).in_draw, late.in_draw), (false, false));
    assert!(waiting(&city, order[5]).in_draw, "a login after the opening does not lose the draw");
    eventually(|| waiting(&city, 7).ahead == 4).await;
    for who in &order[2..] {
        city.clock.advance_ms(500);
        eventually(|| is_admitted(&city, *who)).await;
    }
    city.settle().await;
    city.restart().await;
    for who in &order {
        assert!(is_admitted(&city, *who), "{who} had been admitted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_keeps_the_order_of_the_draw() {
    let mut city = city().await;
    let entries = city.engine().figures().journal_seq;
    for who in 0..6 {
        assert!(matches!(standing(&city, who), Standing::Before { .. }));
    }
    city.clock.advance_ms(3_000);
    eventually(|| city.engine().figures().journal_seq > entries).await;
    city.settle().await;
    city.restart().await;
    assert_eq!(city.engine().figures().waiting.in_draw, 6, "arrivals are durable");
    city.wait_until(OPENING);
    let order = drawn(&city.engine().draw().expect("an opening"), 0..6);
    eventually(|| is_admitted(&city, order[1])).await;
    assert!(!is_admitted(&city, order[5]));
    city.settle().await;
    city.restart().await;
    assert!(is_admitted(&city, order[0]) && is_admitted(&city, order[1]));
    let Waiting { in_draw, ahead, .. } = waiting(&city, order[5]);
    assert!(in_draw && ahead <= 3, "{ahead} ahead of the last");
    assert_eq!(refused(&city.book(order[5], &[leg(SESSION, 0, 1)]).await), Some(RefusalCode::Queued));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_left_makes_room_and_comes_in_at_once_when_they_are_back() {
    let city = city().await;
    let order = opened(&city).await;
    // Only the last one asks again. After their pages had time to ask, the others are passed over.
    city.clock.advance_ms(400);
    assert!(!is_admitted(&city, order[5]));
    city.clock.advance_ms(20_100);
    eventually(|| is_admitted(&city, order[5])).await;
    for who in &order {
        assert!(is_admitted(&city, *who), "{who} comes in at once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_opens_unannounced_while_people_wait_is_for_them_in_their_order() {
    let city = city().await;
    let order = opened(&city).await;
    for late in [6, 7, 8] {
        city.clock.advance_ms(100);
        assert!(!waiting(&city, late).in_draw);
    }
    city.clock.advance_ms(700);
    eventually(|| is_admitted(&city, order[3])).await;
    city.draft(&[Plan::on("2026-12-11", 50)]).await;
    city.publish(&city.engine().now().to_rfc3339()).await;
    city.clock.advance_ms(1_000);
    eventually(|| is_admitted(&city, order[5])).await;
    assert_eq!(waiting(&city, 8).opening, at(OPENING));
    assert_eq!(refused(&city.book(8, &[leg(SessionId(2), 0, 1)]).await), Some(RefusalCode::Queued));
    city.book(order[5], &[leg(SessionId(2), 0, 1)]).await.expect("it was their turn");
    city.clock.advance_ms(1_000);
    eventually(|| is_admitted(&city, 7)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lasting_pressure_makes_newcomers_wait_until_it_ends() {
    let city = City::with(4, &[Plan::on("2026-12-10", 5)]).await;
    let since: Instant = city.engine().now();
    assert!(is_admitted(&city, 0), "nobody waits");
    let closed = async {
        loop {
            city.engine().serving_is_late(1_000);
            let is_closed = city.engine().figures().waiting.per_second > 0;
            city.clock.advance_ms(100);
            // Whoever asks at the instant of the closing has arrived before it, and is no newcomer ever after.
            if is_closed && matches!(standing(&city, 1), Standing::Waiting(_)) {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), closed).await.expect("newcomers wait");
    assert_eq!(city.engine().standing(ResidentNo(2), since), Standing::Open, "they had arrived before");
    assert!(city.engine().login_stands(ResidentNo(3), 1, 0, since));
    city.book(3, &[leg(SESSION, 0, 1)]).await.expect("an old login that still stands");
    city.clock.advance_ms(1_000);
    eventually(|| is_admitted(&city, 1)).await;
    city.book(1, &[leg(SESSION, 0, 1)]).await.expect("the pressure is over");
}
