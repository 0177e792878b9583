//! A request key gives its first answer whatever has happened since, is one space for all channels, and one can make so many keyed
//! changes in its seven days.

mod support;

use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{Channel, ResidentNo, SessionId};
use sesshu_engine::core::leg::Legs;
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::resident::{BookingState, ResidentRecord};
use sesshu_engine::view::BookingView;
use support::{City, Plan, day, key, leg, person, refused};

const HERE: SessionId = SessionId(1);
const THERE: SessionId = SessionId(2);

async fn city() -> City {
    City::with(2, &[Plan::on("2026-12-24", 2), Plan::on("2026-12-25", 1)]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_gives_its_first_answer_though_nothing_could_be_booked_any_more() {
    let mut city = city().await;
    let booked = city.book_by(0, &[leg(HERE, 0, 1)], key("book"), Channel::Web).await.expect("free");
    let number = booked.bookings[0].number;
    let moved = city.move_by(0, number, leg(THERE, 0, 1), key("move"), Channel::Web).await.expect("free");

    city.engine().close_session(THERE, By::System).await.expect("it closes");
    assert_first_answers(&city, &booked.bookings, &moved.bookings).await;
    city.import_roll(&[person(1, day("1960-04-02"), &[])], false).await;
    assert_first_answers(&city, &booked.bookings, &moved.bookings).await;
    city.restart_with_floor(u64::MAX).await;
    assert_eq!(refused(&city.book(1, &[leg(HERE, 0, 1)]).await), Some(RefusalCode::Busy), "the disk is low");
    assert_first_answers(&city, &booked.bookings, &moved.bookings).await;
    city.restart().await;
    assert_eq!(city.live(0), moved.bookings, "nothing was booked by a repeated key");
}

/// Both keys of [`a_key_gives_its_first_answer_though_nothing_could_be_booked_any_more`], by web and by phone.
async fn assert_first_answers(city: &City, booked: &[BookingView], moved: &[BookingView]) {
    for way in [Channel::Web, Channel::Phone] {
        let again = city.book_by(0, &[leg(HERE, 0, 1)], key("book"), way).await.expect("the first answer");
        assert_eq!((again.repeated, again.bookings.as_slice()), (true, booked));
        let again = city.move_by(0, moved[0].number, leg(THERE, 0, 1), key("move"), way).await;
        let again = again.expect("the first answer");
        assert_eq!((again.repeated, again.bookings.as_slice()), (true, moved));
    }
    // Whoever takes no new bookings asks for them alone.
    let before =
        |k| async move { city.engine().booked_before(ResidentNo(0), &Legs::one(leg(HERE, 0, 1)), &key(k)).await };
    let again = before("book").await.expect("it is asked").expect("the first answer");
    assert_eq!((again.repeated, again.bookings.as_slice()), (true, booked));
    assert_eq!(before("unused").await.map(|none| none.is_none()), Ok(true));
    assert_eq!(refused(&before("move").await), Some(RefusalCode::KeyReused));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_to_where_one_is_answers_the_same_again() {
    let city = city().await;
    let number = city.book(0, &[leg(HERE, 0, 1)]).await.expect("free").bookings[0].number;
    let stay = || city.move_by(0, number, leg(HERE, 0, 1), key("stay"), Channel::Web);
    let first = stay().await.expect("it is one's own place");
    let again = stay().await.expect("the first answer");
    assert_eq!((first.repeated, again.repeated), (false, true));
    assert_eq!(first.bookings, again.bookings);
    // The same place is not the same request.
    let book = city.book_by(0, &[leg(HERE, 0, 1)], key("stay"), Channel::Web).await;
    assert_eq!(refused(&book), Some(RefusalCode::KeyReused));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_keyed_changes_are_all_for_seven_days_while_repeating_holding_and_cancelling_go_on() {
    let city = city().await;
    let first = city.book_by(0, &[leg(HERE, 0, 1)], key("first"), Channel::Web).await.expect("free");
    let number = first.bookings[0].number;
    for n in 1..ResidentRecord::KEYS_MAX {
        let to = if n % 2 == 1 { THERE } else { HERE };
        city.move_to(0, number, leg(to, 0, 1)).await.expect("fewer than all");
    }
    // The last one led there; a refusal with a reason of its own comes first, and uses no key.
    let full = city.book(1, &[leg(THERE, 0, 1)]).await;
    assert_eq!(refused(&full), Some(RefusalCode::Full));
    let already = city.book(0, &[leg(HERE, 0, 1)]).await;
    assert_eq!(refused(&already), Some(RefusalCode::AlreadyBooked));
    let one_more = city.move_to(0, number, leg(HERE, 0, 1)).await;
    assert_eq!(refused(&one_more), Some(RefusalCode::TooManyChanges));
    let again = city.book_by(0, &[leg(HERE, 0, 1)], key("first"), Channel::Web).await.expect("the first answer");
    assert_eq!((again.repeated, &again.bookings), (true, &first.bookings));
    city.hold_by(0, &[leg(HERE, 0, 1)], Some(number), Channel::Web).await.expect("a hold needs no key");
    let cancelled = city.cancel(0, number).await.expect("a cancellation needs no key");
    assert_eq!(cancelled[0].state, BookingState::Cancelled);
    assert_eq!(refused(&city.book(0, &[leg(HERE, 0, 1)]).await), Some(RefusalCode::TooManyChanges));
    city.book(1, &[leg(THERE, 0, 1)]).await.expect("another person's keys are others");

    city.wait_until("2026-12-08 09:00");
    let anew = city.book_by(0, &[leg(HERE, 0, 1)], key("first"), Channel::Web).await.expect("seven days are over");
    assert!(!anew.repeated && anew.bookings[0].number != number);
    let me = city.engine().me(ResidentNo(0)).expect("on file");
    assert_eq!(me.bookings.len(), 2);
}
