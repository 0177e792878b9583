//! `GET /me`, `GET /days`, `GET /sessions`, the API's description, and the first page.

use serde_json::{Value, json};
use sesshu_tests::{PlannedSession, Request, clock};

use super::{city, members, number, only_booking};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn me_is_the_kana_name_the_own_bookings_and_what_is_next() {
    let city = city();
    let resident = city.resident();
    let mut client = city.login(&resident).await;
    let answer = client.get("/api/v1/me").await.expect(200);
    assert!(answer.header("cache-control").is_some_and(|value| value.contains("no-store")), "{:?}", answer.headers);
    let me = answer.json();
    assert_eq!(members(&me), ["bookings", "name_kana", "next"]);
    assert_eq!((&me["name_kana"], &me["bookings"]), (&json!(resident.name_kana), &json!([])));
    assert_eq!(members(&me["next"]), ["dose", "from", "to"]);
    assert_eq!(me["next"]["dose"], 1);

    let session = city.open_one(PlannedSession::new("自分の予約の会場", 20, 5)).await;
    let booking = only_booking(&client.book("me-1", &session.place(0).dose(1)).await.expect(201));
    let names = ["date", "dose", "end", "number", "session", "slot", "start", "state", "vaccine", "venue"];
    assert_eq!(members(&booking), names);
    let me = client.get("/api/v1/me").await.expect(200).json();
    assert_eq!(me["bookings"], json!([booking]));
    assert_eq!(
        (&booking["date"], &booking["start"], &booking["state"]),
        (&session.0["date"], &json!("10:00"), &json!("booked"))
    );
    let next = &me["next"];
    assert!(next.is_null() || (next["dose"] == 2 && next["from"].as_str() > booking["date"].as_str()), "{next}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_need_no_login_and_are_not_sent_twice() {
    let city = city();
    for path in ["/api/v1/days?dose=1", "/api/v1/sessions?dose=1"] {
        let mut device = city.device();
        let first = device.get(path).await.expect(200);
        let etag = first.header("etag").unwrap_or_else(|| panic!("{path} has an ETag")).to_owned();
        let again = device.send(Request::new("GET", path).header("if-none-match", etag.clone())).await;
        // Another test may have booked in between; then the list is new, and so is its ETag.
        let is_new = again.status == 200 && again.header("etag") != Some(&etag);
        assert!(again.status == 304 || is_new, "{path}: {} {:?}", again.status, again.headers);
        device.send(Request::new("GET", path).header("if-none-match", "\"another\"")).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_no_dose_is_invalid() {
    let city = city();
    let mut device = city.device();
    for path in [
        "/api/v1/days?dose=",
        "/api/v1/days?dose=x",
        "/api/v1/days?dose=-1",
        "/api/v1/days?dose=1000",
        "/api/v1/sessions?dose=one",
        "/api/v1/sessions?dose=1&from=yesterday",
        "/api/v1/sessions?dose=1&to=2026-02-30",
    ] {
        let answer = device.get(path).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
        answer.refused(400, "invalid");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_and_sessions_show_what_a_resident_could_take() {
    let city = city();
    let plan = PlannedSession::new("空きを数える会場", 41, 2);
    let session = city.open_one(plan.clone()).await;
    assert_eq!(members(&session.0), ["date", "doses", "id", "opens_at", "slots", "state", "vaccine", "venue"]);
    assert_eq!(members(&session.0["venue"]), ["id", "name"]);
    assert_eq!(session.0["doses"], json!([1]));
    let slots = session.0["slots"].as_array().expect("slots");
    let times: Vec<(&Value, &Value)> = slots.iter().map(|slot| (&slot["start"], &slot["end"])).collect();
    assert_eq!(times, [(&json!("10:00"), &json!("10:30")), (&json!("10:30"), &json!("11:00"))]);
    assert_eq!(members(&slots[0]), ["end", "free", "id", "start", "state"]);
    assert_eq!((session.free(0), session.free(1)), (2, 2));

    for key in ["a", "b"] {
        city.someone().await.book(key, &session.place(0).dose(1)).await.expect(201);
    }
    let session = city.listed(&plan, |session| session.free(0) == 0).await;
    assert_eq!((&session.0["slots"][0]["state"], session.state()), (&json!("full"), "open"));

    let (date, venue) = (clock::date_in(41), session.0["venue"]["id"].to_string().replace('"', ""));
    let mut device = city.device();
    let narrowed = format!("/api/v1/sessions?dose=1&from={date}&to={date}&venue={venue}");
    let list = device.get(&narrowed).await.expect(200).json();
    assert_eq!(list["sessions"].as_array().map(Vec::len), Some(1), "{list}");
    let earlier = format!("/api/v1/sessions?dose=1&from={}&to={}&venue={venue}", clock::date_in(1), clock::date_in(40));
    assert_eq!(device.get(&earlier).await.expect(200).json(), json!({"sessions": []}));
    let days = device.get("/api/v1/days?dose=1").await.expect(200).json();
    let day = days["days"].as_array().and_then(|days| days.iter().find(|day| day["date"] == json!(date)));
    let day = day.unwrap_or_else(|| panic!("{date} is among {days}"));
    assert_eq!((members(day), &day["free"]), (vec!["date", "free", "state"], &json!(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nobody_waits_everybody_may_go_on_and_anybody_sees_the_draws() {
    let city = city();
    let standing = city.someone().await.get("/api/v1/queue").await.expect(200).json();
    // An opening of another test may be near.
    assert!([json!("open"), json!("before_open")].contains(&standing["state"]), "{standing}");
    assert_eq!(members(&standing), ["look_again_seconds", "opens_at", "state"]);
    let mut device = city.device();
    let answer = device.get("/api/v1/queue/draw").await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=10"));
    let draws = answer.json();
    assert!(draws["last"]["seed"].as_str().is_some_and(|seed| seed.len() == 64), "the demo has opened: {draws}");
    let tag = answer.header("etag").expect("a tag").to_owned();
    let again = device.send(Request::new("GET", "/api/v1/queue/draw").header("if-none-match", tag)).await;
    assert_eq!(again.status, 304);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_names_every_route() {
    let city = city();
    let description = city.device().get("/api/v1/openapi.json").await.expect(200).json();
    let paths: Vec<&str> = description["paths"].as_object().expect("paths").keys().map(String::as_str).collect();
    for route in [
        "/login",
        "/logout",
        "/me",
        "/days",
        "/sessions",
        "/queue",
        "/queue/draw",
        "/holds",
        "/holds/{hold}",
        "/bookings",
        "/bookings/{number}",
    ] {
        assert!(paths.iter().any(|path| path.trim_start_matches("/api/v1") == route), "{route} in {paths:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_page_is_small_and_guarded() {
    let city = city();
    let mut device = city.device();
    let mut answer = device.send(Request::new("GET", "/").header("accept", "text/html")).await;
    if let (301..=308, Some(to)) = (answer.status, answer.header("location").map(str::to_owned)) {
        answer = device.send(Request::new("GET", to).header("accept", "text/html")).await;
    }
    let answer = answer.expect(200);
    assert!(answer.body.len() <= 14 * 1024, "{} bytes", answer.body.len());
    assert!(answer.header("content-type").is_some_and(|value| value.starts_with("text/html")), "{:?}", answer.headers);
    assert!(
        answer.header("content-security-policy").is_some_and(|value| value.contains("default-src")),
        "{:?}",
        answer.headers
    );
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("referrer-policy").is_some(), "{:?}", answer.headers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_is_shown_to_its_owner_at_once() {
    let city = city();
    let session = city.open_one(PlannedSession::new("すぐ見える会場", 22, 3)).await;
    let mut client = city.someone().await;
    let mut second_device = client.another_device();
    let booking = only_booking(&client.book("now", &session.place(1).dose(1)).await.expect(201));
    let seen = second_device.bookings().await;
    assert_eq!(seen.iter().map(number).collect::<Vec<_>>(), [number(&booking)]);
}
