//! `DELETE /bookings/{number}`.

use serde_json::json;
use sesshu_tests::{PlannedSession, clock};

use super::{city, number, only_booking};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_place_is_free_at_once_and_cancelling_again_says_the_same() {
    let city = city();
    let session = city.open_one(PlannedSession::new("取消の会場", 30, 1)).await;
    let (mut first, mut next) = (city.someone().await, city.someone().await);
    let booking = only_booking(&first.book("b", &session.place(0).dose(1)).await.expect(201));
    let cancelled = first.cancel(&number(&booking)).await.expect(200);
    let after = only_booking(&cancelled);
    assert_eq!((number(&after), &after["state"]), (number(&booking), &json!("cancelled")));
    next.book("b", &session.place(0).dose(1)).await.expect(201);
    let again = only_booking(&first.cancel(&number(&booking)).await.expect(200));
    assert_eq!(again, after);
    first.book("b2", &session.place(1).dose(1)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_the_first_dose_takes_the_second_with_it() {
    let city = city();
    let plans =
        [PlannedSession::new("二回とも取消の会場", 30, 1), PlannedSession::new("二回とも取消の会場", 51, 1).doses("2")];
    let sessions = city.open(&plans).await;
    let pair = json!({"bookings": [sessions[0].place(0).dose(1), sessions[1].place(0).dose(2)]});
    let mut client = city.someone().await;
    let booked = client.book("pair", &pair).await.expect(201).json();
    let numbers = |body: &serde_json::Value| -> Vec<String> {
        let mut numbers: Vec<String> = body["bookings"].as_array().expect("bookings").iter().map(number).collect();
        numbers.sort();
        numbers
    };
    let cancelled = client.cancel(&number(&booked["bookings"][0])).await.expect(200).json();
    assert_eq!(numbers(&cancelled), numbers(&booked), "both are listed");
    assert!(cancelled["bookings"].as_array().expect("bookings").iter().all(|booking| booking["state"] == "cancelled"));
    city.someone().await.book("pair", &pair).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_dose_is_cancelled_alone() {
    let city = city();
    let plans =
        [PlannedSession::new("二回目の取消の会場", 30, 1), PlannedSession::new("二回目の取消の会場", 51, 1).doses("2")];
    let sessions = city.open(&plans).await;
    let mut client = city.someone().await;
    let pair = json!({"bookings": [sessions[0].place(0).dose(1), sessions[1].place(0).dose(2)]});
    let booked = client.book("pair", &pair).await.expect(201).json();
    let cancelled = only_booking(&client.cancel(&number(&booked["bookings"][1])).await.expect(200));
    assert_eq!((&cancelled["dose"], &cancelled["state"]), (&json!(2), &json!("cancelled")));
    let live: Vec<_> = client.bookings().await.into_iter().filter(|booking| booking["state"] == "booked").collect();
    assert_eq!(live, [booked["bookings"][0].clone()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_cannot_be_cancelled() {
    let city = city();
    let mut client = city.someone().await;
    for number in ["no-such-number", "0", "99999999999999999999999"] {
        client.cancel(number).await.refused(404, "no_such_booking");
    }
    city.device().cancel("1").await.refused(401, "login_required");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_deadline_nothing_is_changed_or_cancelled() {
    let city = city();
    // The deadline is 17:00 of the day before: it has passed for a session later today, or, in the evening, for tomorrow's.
    let days = i64::from(clock::hour() >= 17);
    let mut plan = PlannedSession::new("期限を過ぎた会場", days, 5);
    (plan.start, plan.end) = ("20:00", "21:00");
    let session = city.open_one(plan).await;
    let mut client = city.someone().await;
    let booking = only_booking(&client.book("b", &session.place(0).dose(1)).await.expect(201));
    client.cancel(&number(&booking)).await.refused(409, "too_late");
    client.move_booking(&number(&booking), "m", &session.place(1).here()).await.refused(409, "too_late");
    assert_eq!(client.bookings().await, [booking]);
}
