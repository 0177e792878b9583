//! What residents meet when parts of the service are closed: honest words, nothing new, and everything that they have.

use axum::http::StatusCode;
use sesshu_engine::core::switch::Switch;
use sesshu_engine::core::time::Instant;
use sesshu_http::{Closed, PublicConfig, Switches};

use super::booking::{book, hold};
use super::city::{City, START};

async fn city() -> (City, Switches) {
    let config = PublicConfig::default();
    let switches = config.switches.clone();
    (City::open_configured(&[], config).await, switches)
}

fn since_start() -> Closed {
    Closed { since: START.parse().expect("an instant"), until: None }
}

#[tokio::test]
async fn while_no_new_bookings_are_taken_people_hear_it_and_keep_change_and_cancel_what_they_have() {
    let (city, switches) = city().await;
    let mut booked = city.logged_in(0).await;
    let number = book(&mut booked, "/choose?dose=1").await.numbers().remove(0);
    city.a_moment_later();
    let mut about_to = city.logged_in(1).await;
    let confirm = hold(&mut about_to, "/choose?dose=1").await;
    let (key, place) = (confirm.field("key"), confirm.field("place"));
    switches.set(Switch::NewBookings, Some(since_start()));
    for address in ["/", "/login", "/my", "/choose?dose=1", "/wait?back=/choose%3Fdose%3D1"] {
        let page = about_to.get(address).await;
        assert!(page.says("新しい予約を一時止めています") && page.says("0120-000-000"), "{address}: {}", page.html);
    }
    let choose = about_to.get("/choose?dose=1").await;
    assert!(choose.fields("place").is_empty() && choose.says("href=\"/my\""), "nothing is offered: {}", choose.html);
    for (action, fields) in [("/hold", vec![("place", &*place)]), ("/book", vec![("key", &*key), ("place", &*place)])] {
        let refused = about_to.post_only(action, &fields).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{action}");
        assert!(
            refused.says("予約はまだ取れていません") && refused.says("予約の確認・変更・取り消し"),
            "{}",
            refused.html
        );
    }
    assert!(about_to.get("/my").await.numbers().is_empty(), "nothing was booked");
    city.a_moment_later();
    // Whoever has a booking moves it and gives it back as always.
    let moved = book(&mut booked, &format!("/change/{number}")).await;
    assert_eq!((moved.path(), moved.numbers()), ("/done", vec![number.clone()]), "{}", moved.html);
    let cancelled = booked.post(&format!("/cancel/{number}"), &[]).await;
    assert!(cancelled.says("取り消しました"), "{}", cancelled.html);
    switches.set(Switch::NewBookings, None);
    let done = about_to.post("/book", &[("key", &key), ("place", &place)]).await;
    assert_eq!(done.path(), "/done", "the same form, sent again: {}", done.html);
    assert!(!about_to.get("/").await.says("一時止めています"));
    city.close();
}

#[tokio::test]
async fn a_lost_answer_is_given_again_though_no_new_bookings_are_taken() {
    let (city, switches) = city().await;
    let mut browser = city.logged_in(0).await;
    let confirm = hold(&mut browser, "/choose?dose=1").await;
    let (key, place) = (confirm.field("key"), confirm.field("place"));
    let form = [("key", &*key), ("place", &*place)];
    let number = browser.post("/book", &form).await.numbers().remove(0);
    switches.set(Switch::NewBookings, Some(since_start()));
    let again = browser.post("/book", &form).await;
    assert_eq!((again.path(), again.numbers()), ("/done", vec![number]), "{}", again.html);
    city.close();
}

#[tokio::test]
async fn every_language_says_since_when_and_until_when() {
    let (city, switches) = city().await;
    let until: Instant = "2026-12-01 09:30".parse().expect("an instant");
    switches.set(Switch::NewBookings, Some(Closed { until: Some(until), ..since_start() }));
    let english = city.browser().get("/?lang=en").await;
    for words in ["New bookings on the internet are stopped", "9:00", "9:30"] {
        assert!(english.says(words), "{words}: {}", english.html);
    }
    assert!(city.browser().get("/?lang=ja-easy").await.says("できません"));
    city.close();
}

#[tokio::test]
async fn lists_that_are_closed_stand_for_half_a_minute_and_say_so() {
    let (city, switches) = city().await;
    let mut reader = city.browser();
    switches.set(Switch::Lists, Some(since_start()));
    let before = reader.get("/api/v1/days?dose=1").await.html;
    book(&mut city.logged_in(0).await, "/choose?dose=1").await;
    city.a_moment_later();
    assert_eq!(reader.get("/api/v1/days?dose=1").await.html, before, "a second later");
    assert!(reader.get("/").await.says("30秒ごと"));
    city.clock.advance_ms(30_000);
    let after = reader.get("/api/v1/days?dose=1").await.html;
    assert_ne!(after, before, "half a minute later");
    switches.set(Switch::Lists, None);
    city.a_moment_later();
    assert_eq!(reader.get("/api/v1/days?dose=1").await.html, after);
    city.close();
}

#[tokio::test]
async fn plain_pages_have_no_code_and_say_that_the_number_will_do() {
    let (city, switches) = city().await;
    switches.set(Switch::RichPages, Some(since_start()));
    let mut browser = city.logged_in(0).await;
    let done = book(&mut browser, "/choose?dose=1").await;
    assert!(!done.says("class=\"qr\"") && done.says("予約番号だけで受け付けます"), "{}", done.html);
    assert_eq!(done.numbers().len(), 1);
    let docs = browser.get("/api/v1/docs/").await;
    assert!(docs.path() == "/api/v1/openapi.json" && docs.says("\"openapi\""), "{}", docs.path());
    switches.set(Switch::RichPages, None);
    assert!(browser.get(&format!("/my/{}", done.numbers()[0])).await.says("class=\"qr\""));
    city.close();
}
