//! Nobody reaches what is somebody else's: every route that names a booking or a hold, tried by a stranger and by another
//! resident.

use serde_json::{Value, json};
use sesshu_tests::{PlannedSession, Request};

use super::{city, number, only_booking};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_of_a_person_needs_a_login() {
    let city = city();
    let body = json!({"session": "1", "slot": "1", "dose": 1});
    let requests = [
        Request::new("GET", "/api/v1/me"),
        Request::new("GET", "/api/v1/queue"),
        Request::new("POST", "/api/v1/logout"),
        Request::new("POST", "/api/v1/holds").json(&body),
        Request::new("DELETE", "/api/v1/holds/1"),
        Request::new("POST", "/api/v1/bookings").key("k").json(&body),
        Request::new("PUT", "/api/v1/bookings/1").key("k").json(&body),
        Request::new("DELETE", "/api/v1/bookings/1"),
    ];
    for request in requests {
        for token in [None, Some("x"), Some("eyJhbGciOiJub25lIn0.e30.")] {
            let mut device = city.device();
            device.token = token.map(str::to_owned);
            device.send(request.clone()).await.refused(401, "login_required");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_booking_does_not_exist() {
    let city = city();
    let session = city.open_one(PlannedSession::new("他人の予約の会場", 30, 5)).await;
    let (mut owner, mut other) = (city.someone().await, city.someone().await);
    let booking = only_booking(&owner.book("b", &session.place(0).dose(1)).await.expect(201));
    let foreign = number(&booking);
    let without_number = |problem: Value| problem.to_string().replace(&foreign, "").replace("no-such-number", "");
    let here = session.place(1).here();
    let foreign_answer = other.move_booking(&foreign, "m", &here).await.refused(404, "no_such_booking");
    let unknown_answer = other.move_booking("no-such-number", "m", &here).await.refused(404, "no_such_booking");
    assert_eq!(
        without_number(foreign_answer),
        without_number(unknown_answer),
        "the answer does not tell whether it exists"
    );
    let foreign_answer = other.cancel(&foreign).await.refused(404, "no_such_booking");
    let unknown_answer = other.cancel("no-such-number").await.refused(404, "no_such_booking");
    assert_eq!(
        without_number(foreign_answer),
        without_number(unknown_answer),
        "the answer does not tell whether it exists"
    );
    let mut for_a_move = session.place(1).dose(1);
    for_a_move["changes"] = json!(foreign);
    assert_eq!(other.post("/api/v1/holds", &for_a_move).await.status, 404);
    assert_eq!(owner.bookings().await, [booking]);
    assert!(other.bookings().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_belongs_to_its_resident() {
    let city = city();
    let session = city.open_one(PlannedSession::new("同じ鍵の会場", 30, 5)).await;
    let (mut one, mut two) = (city.someone().await, city.someone().await);
    let body = session.place(0).dose(1);
    let first = only_booking(&one.book("shared-key", &body).await.expect(201));
    let second = only_booking(&two.book("shared-key", &body).await.expect(201));
    assert_ne!(number(&first), number(&second));
}
