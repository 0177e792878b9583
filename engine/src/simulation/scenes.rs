//! Scenes that once went wrong, played by hand: what a seed found, in as few steps as it takes.

use std::task::Poll;

use super::city::{City, start};
use super::schedule::Dice;
use super::world::{World, poll};
use super::{folder, live};
use crate::core::event::By;
use crate::core::ids::{Channel, DoseNo, RequestKey, ResidentNo, SlotNo};
use crate::core::leg::{Leg, Legs};
use crate::core::refusal::RefusalCode;
use crate::ledger::{HighWaterFile, verify};

fn key(text: &str) -> RequestKey {
    RequestKey::new(text).expect("a key")
}

/// A city whose first session gives dose 1.
fn world(folder: &std::path::Path) -> (World, Leg) {
    let city = City::drawn(&mut Dice::seeded(1));
    let world = World::found(&city, HighWaterFile::new(folder.join("high-water")));
    world.clock.advance_ms(city.opens_at.ms_since(start()) as u32);
    let sessions = world.engine.index().sessions();
    let gives = |session: &crate::core::session::Session| session.doses.contains(&DoseNo::FIRST);
    let session = sessions.iter().map(|entry| entry.definition()).find(|session| gives(session)).expect("dose 1");
    let leg = Leg { session: session.id, slot: SlotNo(0), dose: DoseNo::FIRST };
    (world, leg)
}

/// Plays a scene in a world of its own, in which time stands still.
fn play(scene: impl FnOnce(World, Leg)) {
    let folder = folder();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let _timers = runtime.enter();
    let (world, leg) = world(folder.path());
    scene(world, leg);
}

fn taken(world: &World, leg: Leg) -> u32 {
    let slot = usize::from(leg.slot.0);
    world.desks.look_at(leg.session, |clerk| clerk.places().taken(slot)).expect("a clerk")
}

#[test]
fn a_move_to_the_same_place_does_not_follow_its_sessions_close() {
    play(|mut world, leg| {
        let engine = world.engine.clone();
        let who = ResidentNo(world.engine.index().residents_next() - 1);
        let by = By::Resident(who);
        let booked =
            world.run(engine.book(who, Legs::one(leg), key("a"), by.clone(), Channel::Phone)).expect("a place");
        let number = booked.bookings[0].number;
        let mut close = Box::pin(engine.close_session(leg.session, By::System));
        assert!(poll(close.as_mut()).is_pending());
        world.deliver(leg.session, false);
        let mut again = Box::pin(engine.move_booking(who, number, leg.session, leg.slot, key("b"), by, Channel::Phone));
        assert!(poll(again.as_mut()).is_pending(), "the close is not durable yet");
        let refused = world.run(again).expect_err("the session is closed");
        assert_eq!(refused.code, RefusalCode::Closed);
        world.run(close).expect("closed");
        let report = verify(&engine.0.reader.snapshot().expect("a view"), None).expect("readable");
        assert_eq!(report.problems, Vec::<String>::new());
    });
}

#[test]
fn nothing_is_held_for_a_phone_that_hung_up_and_nothing_decided_after_its_time() {
    play(|mut world, leg| {
        let engine = world.engine.clone();
        let who = ResidentNo(world.engine.index().residents_next() - 1);
        let mut hold = Box::pin(engine.hold(who, Legs::one(leg), None, Channel::Phone));
        assert!(poll(hold.as_mut()).is_pending());
        drop(hold);
        world.deliver(leg.session, false);
        assert_eq!((taken(&world, leg), engine.current_hold(who)), (0, None));
        let late = engine.book(who, Legs::one(leg), key("late"), By::Resident(who), Channel::Phone);
        let mut late = Box::pin(late);
        assert!(poll(late.as_mut()).is_pending());
        world.clock.advance_ms(60_000);
        world.deliver(leg.session, false);
        let Poll::Ready(Err(refused)) = poll(late.as_mut()) else { panic!("refused") };
        assert_eq!((refused.code, taken(&world, leg)), (RefusalCode::Busy, 0));
        world.run(engine.book(who, Legs::one(leg), key("again"), By::Resident(who), Channel::Phone)).expect("a place");
    });
}

#[test]
fn where_durable_bookings_fill_a_slot_nobody_waits_for_its_clerk() {
    play(|mut world, leg| {
        let engine = world.engine.clone();
        let people = 0..world.engine.index().residents_next();
        let book = |who| engine.book(who, Legs::one(leg), key("a"), By::Resident(who), Channel::Phone);
        let mut told = Vec::new();
        for who in people.map(ResidentNo) {
            let mut asked = Box::pin(book(who));
            match poll(asked.as_mut()) {
                Poll::Ready(answer) => told.extend(answer.err().filter(|no| no.code == RefusalCode::Full)),
                Poll::Pending => drop(world.run(asked)),
            }
        }
        assert!(!told.is_empty(), "somebody comes too late");
        assert!(told.iter().all(|no| no.retry_at.is_none()), "it rests on bookings");
    });
}

#[test]
fn a_life_is_as_long_as_it_should_be() {
    const LIVES: u64 = 8;
    let folder = folder();
    let lives = (0..LIVES).map(|seed| live(seed, folder.path()).map_err(|failed| failed.to_string()).expect("a life"));
    let (calls, answers): (Vec<_>, Vec<_>) = lives.map(|ended| (ended.tally.calls, ended.tally.answers.len())).unzip();
    // Some lives have quiet habits; together they must not.
    assert!(calls.iter().sum::<u64>() > 50 * LIVES, "people ask: {calls:?}");
    assert!(answers.iter().sum::<usize>() > 5 * LIVES as usize, "and hear many things: {answers:?}");
}
