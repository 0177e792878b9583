//! `PUT /bookings/{number}`: a change keeps the old place until the new one is won.

use serde_json::json;
use sesshu_tests::{PlannedSession, Request};

use super::{city, number, only_booking};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_keeps_the_number_and_frees_the_old_place() {
    let city = city();
    let session = city.open_one(PlannedSession::new("変更の会場", 30, 1)).await;
    let (mut owner, mut other) = (city.someone().await, city.someone().await);
    let booking = only_booking(&owner.book("b", &session.place(0).dose(1)).await.expect(201));
    let here = session.place(1).here();
    let moved = owner.move_booking(&number(&booking), "m", &here).await.expect(200);
    let after = only_booking(&moved);
    assert_eq!((number(&after), &after["slot"]), (number(&booking), &json!(session.place(1).slot)));
    assert_eq!(owner.move_booking(&number(&booking), "m", &here).await.expect(200).body, moved.body);
    other.book("b", &session.place(0).dose(1)).await.expect(201);
    assert_eq!(owner.bookings().await, [after]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_to_a_full_place_keeps_the_old_one() {
    let city = city();
    let session = city.open_one(PlannedSession::new("満員への変更の会場", 30, 1)).await;
    let (mut owner, mut other) = (city.someone().await, city.someone().await);
    let booking = only_booking(&owner.book("b", &session.place(0).dose(1)).await.expect(201));
    other.book("b", &session.place(1).dose(1)).await.expect(201);
    owner.move_booking(&number(&booking), "m", &session.place(1).here()).await.refused(409, "full");
    assert_eq!(owner.bookings().await, [booking]);
    city.someone().await.book("x", &session.place(0).dose(1)).await.refused(409, "full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_is_refused_in_the_order_of_the_contract() {
    let city = city();
    let plans = [
        PlannedSession::new("変更の順序の会場", 30, 5),
        PlannedSession::new("変更の順序の会場", 51, 5).doses("2"),
        PlannedSession::new("変更の順序の会場", 45, 5),
    ];
    let [first, second, late_first] = &city.open(&plans).await[..] else { panic!("three sessions") };
    let mut client = city.someone().await;
    let booking = only_booking(&client.book("b", &first.place(0).dose(1)).await.expect(201));
    let own = number(&booking);
    let here = first.place(1).here();

    let mut stranger = city.device();
    stranger.move_booking(&own, "m", &here).await.refused(401, "login_required");
    for body in [json!({}), json!({"session": "1"}), first.place(1).dose(1)] {
        client.move_booking(&own, "m", &body).await.refused(400, "invalid");
    }
    let keyless = Request::new("PUT", format!("/api/v1/bookings/{own}")).json(&here);
    client.send(keyless).await.refused(400, "invalid");
    // Keys are one space for booking and moving.
    client.move_booking(&own, "b", &here).await.refused(409, "key_reused");
    client.move_booking("no-such-number", "m", &here).await.refused(404, "no_such_booking");
    let nowhere = json!({"session": "99999999", "slot": "0"});
    client.move_booking(&own, "m", &nowhere).await.refused(404, "no_such_slot");
    client.move_booking(&own, "m", &second.place(0).here()).await.refused(404, "no_such_slot");
    client.book("b2", &second.place(0).dose(2)).await.expect(201);
    client.move_booking(&own, "m", &late_first.place(0).here()).await.refused(409, "interval");
    client.move_booking(&own, "m", &here).await.expect(200);
}
