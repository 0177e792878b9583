//! `POST /bookings`: one place or a pair of doses, the request key, and the refusals in their order of precedence.

use serde_json::json;
use sesshu_tests::{PlannedSession, Request};

use super::{city, number, only_booking};

const BOOKINGS: &str = "/api/v1/bookings";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_answers_its_number_and_the_same_key_the_same() {
    let city = city();
    let session = city.open_one(PlannedSession::new("予約の会場", 30, 5)).await;
    let mut client = city.someone().await;
    let body = session.place(0).dose(1);
    let first = client.book("key-1", &body).await.expect(201);
    let again = client.book("key-1", &body).await.expect(200);
    assert_eq!(first.body, again.body, "the same answer, to the byte");
    let booking = only_booking(&first);
    assert!(!number(&booking).is_empty());
    client.book("key-1", &session.place(1).dose(1)).await.refused(409, "key_reused");
    client.book("key-2", &session.place(1).dose(1)).await.refused(409, "already_booked");
    // The first answer stays, whatever happens to the booking later.
    client.cancel(&number(&booking)).await.expect(200);
    assert_eq!(client.book("key-1", &body).await.expect(200).body, first.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_key_is_decided_anew() {
    let city = city();
    let session = city.open_one(PlannedSession::new("一席の会場", 30, 1)).await;
    let (mut first, mut second) = (city.someone().await, city.someone().await);
    let body = session.place(0).dose(1);
    let booking = only_booking(&first.book("k", &body).await.expect(201));
    let problem = second.book("k", &body).await.refused(409, "full");
    assert!(problem.get("retry_at").is_none_or(serde_json::Value::is_null), "{problem}");
    first.cancel(&number(&booking)).await.expect(200);
    second.book("k", &body).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_with_one_key_book_once() {
    let city = city();
    let session = city.open_one(PlannedSession::new("二台の会場", 30, 50)).await;
    for _ in 0..10 {
        let mut one = city.someone().await;
        let mut two = one.another_device();
        let body = session.place(0).dose(1);
        let (first, second) = tokio::join!(one.book("same", &body), two.book("same", &body));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201], "{} {}", first.text(), second.text());
        assert_eq!(first.body, second.body);
        assert_eq!(one.bookings().await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_with_two_keys_book_once() {
    let city = city();
    let session = city.open_one(PlannedSession::new("二台二鍵の会場", 30, 50)).await;
    for _ in 0..10 {
        let mut one = city.someone().await;
        let mut two = one.another_device();
        let (here, there) = (session.place(0).dose(1), session.place(1).dose(1));
        let (first, second) = tokio::join!(one.book("here", &here), two.book("there", &there));
        let (won, lost) = if first.status == 201 { (first, second) } else { (second, first) };
        won.expect(201);
        lost.refused(409, "already_booked");
        assert_eq!(one.bookings().await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_place_goes_to_exactly_one() {
    let city = city();
    let session = city.open_one(PlannedSession::new("最後の一席の会場", 30, 1)).await;
    let (mut one, mut two) = (city.someone().await, city.someone().await);
    let body = session.place(0).dose(1);
    let (first, second) = tokio::join!(one.book("a", &body), two.book("b", &body));
    let (won, lost) = if first.status == 201 { (first, second) } else { (second, first) };
    won.expect(201);
    lost.refused(409, "full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_request_is_invalid_and_a_login_comes_before_that() {
    let city = city();
    let session = city.open_one(PlannedSession::new("誤りの会場", 31, 5)).await;
    let mut client = city.someone().await;
    let right = session.place(0).dose(1);
    let mut stranger = city.device();
    stranger.book("k", &json!({})).await.refused(401, "login_required");
    stranger.token = Some("not.a.token".to_owned());
    stranger.book("k", &right).await.refused(401, "login_required");

    let mut extra = right.clone();
    extra["note"] = json!("by the window");
    let mut slot_as_number = right.clone();
    slot_as_number["slot"] = json!(0);
    let mut dose_as_text = right.clone();
    dose_as_text["dose"] = json!("1");
    let mut dose_nought = right.clone();
    dose_nought["dose"] = json!(0);
    let bodies = [
        json!({}),
        json!(null),
        json!([right]),
        json!({"bookings": []}),
        json!({"bookings": [right, right, right]}),
        json!({"bookings": [right], "dose": 1}),
        extra,
        slot_as_number,
        dose_as_text,
        dose_nought,
    ];
    for body in bodies {
        let answer = client.book("k", &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        answer.refused(400, "invalid");
    }
    client.send(Request::new("POST", BOOKINGS).json(&right)).await.refused(400, "invalid");
    for key in ["", &"k".repeat(65), "with space", "ключ"] {
        client.book(key, &right).await.refused(400, "invalid");
    }
    let form =
        Request::new("POST", BOOKINGS).key("k").text("application/x-www-form-urlencoded", "session=1&slot=1&dose=1");
    assert!(matches!(client.send(form).await.status, 400 | 415));
    client.book(&"k".repeat(64), &right).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_not_found() {
    let city = city();
    let session = city.open_one(PlannedSession::new("無い枠の会場", 31, 5)).await;
    let mut client = city.someone().await;
    let place = session.place(0);
    let bodies = [
        json!({"session": "99999999", "slot": place.slot, "dose": 1}),
        json!({"session": place.session, "slot": "99999999", "dose": 1}),
        json!({"session": "x", "slot": place.slot, "dose": 1}),
        json!({"session": place.session, "slot": "", "dose": 1}),
        json!({"session": place.session, "slot": place.slot, "dose": 2}),
    ];
    for body in bodies {
        let answer = client.book("k", &body).await;
        assert_eq!(answer.status, 404, "{body}: {}", answer.text());
        answer.refused(404, "no_such_slot");
    }
    client.book("k", &place.dose(1)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_opening_nobody_books() {
    let city = city();
    let plan = PlannedSession::new("受付前の会場", 32, 5);
    city.publish(std::slice::from_ref(&plan), 3600).await;
    let session = city.listed(&plan, |session| session.state() == "before_open").await;
    assert!(session.0["opens_at"].is_string());
    let mut client = city.someone().await;
    client.book("early", &session.place(0).dose(1)).await.refused(409, "not_open");
    client.post("/api/v1/holds", &session.place(0).dose(1)).await.refused(409, "not_open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_dose_waits_for_the_first() {
    let city = city();
    let plans = [
        PlannedSession::new("一回目の会場", 33, 5),
        PlannedSession::new("早すぎる二回目の会場", 43, 5).doses("2"),
        PlannedSession::new("二回目の会場", 54, 5).doses("2"),
    ];
    let [first, too_soon, in_time] = &city.open(&plans).await[..] else { panic!("three sessions") };
    let mut client = city.someone().await;
    client.book("2", &in_time.place(0).dose(2)).await.refused(409, "not_eligible");
    client.book("1", &first.place(0).dose(1)).await.expect(201);
    client.book("2", &too_soon.place(0).dose(2)).await.refused(409, "interval");
    client.book("2", &in_time.place(0).dose(2)).await.expect(201);
    client.book("3", &in_time.place(1).dose(2)).await.refused(409, "already_booked");
    assert_eq!(client.bookings().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_is_all_or_nothing_and_a_refusal_says_which_half() {
    let city = city();
    let plans = [
        PlannedSession::new("組の一回目", 34, 2),
        PlannedSession::new("組の二回目", 55, 1).doses("2"),
        PlannedSession::new("組の早い二回目", 40, 2).doses("2"),
    ];
    let [first, second, too_soon] = &city.open(&plans).await[..] else { panic!("three sessions") };
    let pair = json!({"bookings": [first.place(0).dose(1), second.place(0).dose(2)]});
    let mut client = city.someone().await;
    let problem = client
        .book("soon", &json!({"bookings": [first.place(0).dose(1), too_soon.place(0).dose(2)]}))
        .await
        .refused(409, "interval");
    // Each half is wrong by the other: the earlier one is named.
    assert_eq!(problem["index"], 0, "{problem}");
    let answer = client.book("pair", &pair).await.expect(201);
    let doses: Vec<_> = answer.json()["bookings"].as_array().expect("two").iter().map(|b| b["dose"].clone()).collect();
    assert_eq!(doses, [json!(1), json!(2)]);
    assert_eq!(client.book("pair", &pair).await.expect(200).body, answer.body);

    let mut late = city.someone().await;
    let problem = late.book("pair", &pair).await.refused(409, "full");
    assert_eq!(problem["index"], 1, "the second dose is full: {problem}");
    assert!(late.bookings().await.is_empty(), "nothing is kept of a refused pair");
    // Its place of the first dose was given back at once.
    late.book("single", &first.place(0).dose(1)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reused_key_is_told_before_anything_about_the_place() {
    let city = city();
    let session = city.open_one(PlannedSession::new("順序の会場", 35, 1)).await;
    let mut client = city.someone().await;
    client.book("k", &session.place(0).dose(1)).await.expect(201);
    let nowhere = json!({"session": "99999999", "slot": "0", "dose": 1});
    client.book("k", &nowhere).await.refused(409, "key_reused");
    client.book("other", &nowhere).await.refused(404, "no_such_slot");
    // Already booked comes before full.
    client.book("other", &session.place(0).dose(1)).await.refused(409, "already_booked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_over_takes_no_booking() {
    let city = city();
    // The city is told that the first one never opens; the second one does.
    let over = PlannedSession::new("終わった会場", -1, 5);
    let ahead = PlannedSession::new("これからの会場", 9, 5);
    city.publish(&[over.clone(), ahead.clone()], 1).await;
    city.listed(&ahead, |session| session.state() == "open").await;
    let over = city.listed(&over, |session| session.state() == "closed").await;
    city.someone().await.book("k", &over.place(0).dose(1)).await.refused(409, "closed");
}
