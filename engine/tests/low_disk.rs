//! Below the floor of free disk nobody gets a new place, and everybody keeps what they have.

mod support;

use sesshu_engine::core::ids::SessionId;
use sesshu_engine::core::refusal::RefusalCode;
use support::{City, Plan, leg, refused};

const SESSION: SessionId = SessionId(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn below_the_floor_new_places_are_refused_and_looking_and_cancelling_go_on() {
    let mut city = City::with(3, &[Plan { slots: 2, ..Plan::on("2026-12-10", 5) }]).await;
    let booked = city.book(0, &[leg(SESSION, 0, 1)]).await.expect("there is room");
    city.restart_with_floor(u64::MAX).await;
    let reasons: Vec<&str> = city.engine().readiness().reasons.iter().map(|(code, _)| *code).collect();
    assert_eq!(reasons, ["disk_low"]);
    assert_eq!(refused(&city.book(1, &[leg(SESSION, 0, 1)]).await), Some(RefusalCode::Busy));
    assert_eq!(refused(&city.hold(2, &[leg(SESSION, 0, 1)]).await), Some(RefusalCode::Busy));
    let number = booked.bookings[0].number;
    assert_eq!(refused(&city.move_to(0, number, leg(SESSION, 1, 1)).await), Some(RefusalCode::Busy));
    assert_eq!(city.live(0), booked.bookings);
    city.cancel(0, number).await.expect("a cancellation gives a place back");
    city.restart().await;
    city.book(1, &[leg(SESSION, 0, 1)]).await.expect("there is room on the disk again");
}
