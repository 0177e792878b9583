//! `POST /holds`, `DELETE /holds/{hold}`.

use serde_json::json;
use sesshu_tests::{Client, PlannedSession, Request};

use super::{city, members, number, only_booking};

async fn hold(client: &mut Client, body: &serde_json::Value) -> String {
    let answer = client.post("/api/v1/holds", body).await.expect(201).json();
    assert_eq!(members(&answer), ["expires_at", "hold"]);
    answer["hold"].as_str().expect("a hold has an id").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_place_waits_for_its_holder() {
    let city = city();
    let session = city.open_one(PlannedSession::new("確保の会場", 23, 1)).await;
    let (mut holder, mut other) = (city.someone().await, city.someone().await);
    hold(&mut holder, &session.place(0).dose(1)).await;
    let problem = other.book("other", &session.place(0).dose(1)).await.refused(409, "full");
    assert!(problem["retry_at"].is_string(), "only a hold stands in the way: {problem}");
    let problem = other.post("/api/v1/holds", &session.place(0).dose(1)).await.refused(409, "full");
    assert!(problem["retry_at"].is_string(), "only a hold stands in the way: {problem}");
    holder.book("holder", &session.place(0).dose(1)).await.expect(201);
    let problem = other.book("other", &session.place(0).dose(1)).await.refused(409, "full");
    assert!(problem.get("retry_at").is_none_or(serde_json::Value::is_null), "a booking stands in the way: {problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_released_place_is_free_and_a_hold_is_released_once() {
    let city = city();
    let session = city.open_one(PlannedSession::new("確保をやめる会場", 23, 1)).await;
    let (mut holder, mut other) = (city.someone().await, city.someone().await);
    let id = hold(&mut holder, &session.place(0).dose(1)).await;
    assert_eq!(other.delete(&format!("/api/v1/holds/{id}")).await.status, 404, "somebody else's hold");
    holder.delete(&format!("/api/v1/holds/{id}")).await.expect(204);
    other.book("after", &session.place(0).dose(1)).await.expect(201);
    assert_eq!(holder.delete(&format!("/api/v1/holds/{id}")).await.status, 404, "it has ended");
    assert_eq!(holder.delete("/api/v1/holds/no-such-hold").await.status, 404);
    city.device().delete(&format!("/api/v1/holds/{id}")).await.refused(401, "login_required");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_hold_replaces_the_old_one() {
    let city = city();
    let session = city.open_one(PlannedSession::new("確保しなおす会場", 23, 1)).await;
    let (mut holder, mut other) = (city.someone().await, city.someone().await);
    let first = hold(&mut holder, &session.place(0).dose(1)).await;
    let second = hold(&mut holder, &session.place(1).dose(1)).await;
    assert_ne!(first, second);
    other.book("first place", &session.place(0).dose(1)).await.expect(400);
    other.book("first-place", &session.place(0).dose(1)).await.expect(201);
    city.someone().await.book("x", &session.place(1).dose(1)).await.refused(409, "full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_and_a_move_can_be_held() {
    let city = city();
    let plans = [PlannedSession::new("組で確保の会場", 24, 1), PlannedSession::new("組で確保の会場", 45, 1).doses("2")];
    let sessions = city.open(&plans).await;
    let pair = json!({"bookings": [sessions[0].place(0).dose(1), sessions[1].place(0).dose(2)]});
    let (mut holder, mut other) = (city.someone().await, city.someone().await);
    hold(&mut holder, &pair).await;
    let problem = other.book("p", &pair).await.refused(409, "full");
    assert_eq!(problem["index"], 0, "{problem}");
    let bookings = holder.book("p", &pair).await.expect(201).json();
    assert_eq!(bookings["bookings"].as_array().map(Vec::len), Some(2));

    let mover_booking = only_booking(&other.book("one", &sessions[0].place(1).dose(1)).await.expect(201));
    let free_day = city.open_one(PlannedSession::new("変更を確保する会場", 25, 1)).await;
    let mut body = free_day.place(0).dose(1);
    body["changes"] = json!(number(&mover_booking));
    hold(&mut other, &body).await;
    city.someone().await.book("x", &free_day.place(0).dose(1)).await.refused(409, "full");
    other.move_booking(&number(&mover_booking), "m", &free_day.place(0).here()).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_are_refused_like_bookings() {
    let city = city();
    let session = city.open_one(PlannedSession::new("確保できない会場", 26, 3)).await;
    let mut client = city.someone().await;
    city.device().post("/api/v1/holds", &session.place(0).dose(1)).await.refused(401, "login_required");
    for body in [json!({}), json!({"session": "1"}), json!({"bookings": []}), json!([])] {
        client.post("/api/v1/holds", &body).await.refused(400, "invalid");
    }
    let mut unknown_field = session.place(0).dose(1);
    unknown_field["color"] = json!("red");
    client.post("/api/v1/holds", &unknown_field).await.refused(400, "invalid");
    let nowhere = json!({"session": "99999999", "slot": "0", "dose": 1});
    client.post("/api/v1/holds", &nowhere).await.refused(404, "no_such_slot");
    client.book("b", &session.place(0).dose(1)).await.expect(201);
    client.post("/api/v1/holds", &session.place(1).dose(1)).await.refused(409, "already_booked");
    let bodyless = Request::new("POST", "/api/v1/holds").text("application/json", "");
    client.send(bodyless).await.refused(400, "invalid");
}
