//! A crowd at the opening minute: hundreds of tasks race for few places, and an auditor who saw every answer judges them.
//! `SESSHU_SEED` (a number) repeats who does what; who is first is up to the machine.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use sesshu_engine::core::ids::{Channel, SessionId};
use sesshu_engine::core::leg::Leg;
use sesshu_engine::core::refusal::RefusalCode;
use support::{City, Plan, leg, refused};

/// A `SplitMix64` generator: enough for choosing who does what.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % u64::from(sides)) as u32
    }
}

fn seed() -> u64 {
    let random = || std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), 0);
    std::env::var("SESSHU_SEED").map_or_else(|_| random(), |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_capacity_is_booked_and_nobody_hears_full_before_the_last_place_is_durable() {
    const CAPACITY: u32 = 40;
    const CROWD: u32 = 400;
    let city = Arc::new(City::with(CROWD, &[Plan::on("2026-12-10", CAPACITY)]).await);
    let before = city.engine().figures().entries;
    let racers: Vec<_> = (0..CROWD)
        .map(|who| {
            let city = Arc::clone(&city);
            tokio::spawn(async move {
                let answer = city.book(who, &[leg(SessionId(1), 0, 1)]).await;
                // Counted after the commit and before anybody hears of it.
                (answer, city.engine().figures().entries)
            })
        })
        .collect();
    let mut booked = 0;
    for racer in racers {
        let (answer, durable) = racer.await.expect("no panic");
        if answer.is_ok() {
            booked += 1;
        } else {
            assert_eq!(refused(&answer), Some(RefusalCode::Full));
            assert!(durable - before >= u64::from(CAPACITY), "full after {} bookings", durable - before);
        }
    }
    assert_eq!(booked, CAPACITY);
    assert_eq!(city.engine().figures().bookings_live, u64::from(CAPACITY));
    city.settle().await;
}

const EARLY: [SessionId; 2] = [SessionId(3), SessionId(1)];
const LATE: [SessionId; 2] = [SessionId(2), SessionId(4)];
const SLOTS: u16 = 2;

/// One visitor: a few commands, whatever comes to mind.
async fn visit(city: &City, who: u32, mut dice: Dice) -> Vec<RefusalCode> {
    let mut heard = Vec::new();
    for _ in 0..6 {
        let slot = dice.roll(u32::from(SLOTS)) as u16;
        let first: Leg = leg(EARLY[dice.roll(2) as usize], slot, 1);
        let second: Leg = leg(LATE[dice.roll(2) as usize], slot, 2);
        let way = if dice.roll(3) == 0 { Channel::Phone } else { Channel::Web };
        let live = city.live(who);
        let answer = match (dice.roll(8), live.first()) {
            (0, _) => city.hold(who, &[first]).await.map(drop),
            (1, _) => city.hold(who, &[first, second]).await.map(drop),
            (2, Some(booking)) => city.cancel(who, booking.number).await.map(drop),
            (3 | 4, Some(booking)) => {
                let to = if booking.dose.get() == 1 { first } else { second };
                city.move_by(who, booking.number, to, city.new_key(), way).await.map(drop)
            }
            (5, _) => city.book_by(who, &[first, second], city.new_key(), way).await.map(drop),
            (6, Some(_)) => city.book_by(who, &[second], city.new_key(), way).await.map(drop),
            _ => city.book_by(who, &[first], city.new_key(), way).await.map(drop),
        };
        heard.extend(answer.err().map(|refusal| refusal.code));
    }
    heard
}

/// How many live bookings each slot has, counted from what everybody sees; nobody may have two of one dose.
fn booked_by_slot(city: &City, crowd: u32) -> BTreeMap<(SessionId, u16), u32> {
    let mut booked = BTreeMap::new();
    for who in 0..crowd {
        let live = city.live(who);
        assert!(live.windows(2).all(|pair| pair[0].dose < pair[1].dose), "resident {who} has a dose twice");
        for booking in live {
            *booked.entry((booking.session, booking.slot.0)).or_default() += 1;
        }
    }
    booked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_crowd_does_no_place_is_sold_twice_and_none_is_lost() {
    const CAPACITY: u32 = 6;
    const CROWD: u32 = 120;
    let seed = seed();
    let plan = |date: &str| Plan { slots: SLOTS, phone_share: 2, ..Plan::on(date, CAPACITY) };
    // The late sessions' ids stand before, between and after those of the early ones.
    let dates = ["2026-12-11", "2027-01-10", "2026-12-10", "2027-01-11"];
    let newcomers = 2 * u32::from(SLOTS) * CAPACITY + 1;
    let city = Arc::new(City::with(CROWD + newcomers, &dates.map(plan)).await);
    let visitors: Vec<_> = (0..CROWD)
        .map(|who| {
            let (city, dice) = (Arc::clone(&city), Dice(seed ^ u64::from(who) << 32));
            tokio::spawn(async move { visit(&city, who, dice).await })
        })
        .collect();
    for visitor in visitors {
        for code in visitor.await.expect("no panic") {
            let meant = [
                RefusalCode::Full,
                RefusalCode::AlreadyBooked,
                RefusalCode::NoSuchBooking,
                RefusalCode::NotEligible,
                RefusalCode::Interval,
            ];
            assert!(meant.contains(&code), "{code:?}, SESSHU_SEED={seed}");
        }
    }
    city.settle().await;
    for (slot, booked) in booked_by_slot(&city, CROWD) {
        assert!(booked <= CAPACITY, "{slot:?} has {booked}, SESSHU_SEED={seed}");
    }
    // Once the holds have ended, newcomers get every place that is left, by phone: none was lost.
    city.wait_minutes(11);
    let mut next = CROWD;
    for session in EARLY {
        for slot in 0..SLOTS {
            while city.book_by(next, &[leg(session, slot, 1)], city.new_key(), Channel::Phone).await.is_ok() {
                next += 1;
            }
        }
    }
    let booked = booked_by_slot(&city, CROWD + newcomers);
    for session in EARLY {
        for slot in 0..SLOTS {
            assert_eq!(booked[&(session, slot)], CAPACITY, "{session} {slot}, SESSHU_SEED={seed}");
        }
    }
    city.verify().await;
}
