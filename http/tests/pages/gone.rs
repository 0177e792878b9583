//! Places that are gone, logins that have expired, waves that have not opened, sessions that the city cancels.

use axum::http::StatusCode;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::SessionId;
use sesshu_engine::roll::WaveRow;

use super::city::City;

#[tokio::test]
async fn when_a_place_is_gone_the_three_nearest_are_offered_and_one_tap_takes_one() {
    let city = City::open().await;
    let (mut first, mut second) = (city.logged_in(0).await, city.logged_in(1).await);
    let places = second.get("/choose?dose=1").await.fields("place");
    first.post("/hold", &[("place", &places[0])]).await;
    let page = second.post("/hold", &[("place", &places[0]), ("back", "/choose?dose=1&time=am")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    let nearest = page.fields("place");
    assert_eq!(nearest.len(), 3, "{}", page.html);
    assert_eq!(nearest[0], places[1], "the same venue and day, half an hour later");
    assert!(page.says("/choose?dose=1&#38;time=am"), "{}", page.html);
    let confirm = second.post("/hold", &[("place", &nearest[0]), ("changes", "")]).await;
    assert_eq!(confirm.path(), "/confirm", "{}", confirm.html);
    city.close();
}

#[tokio::test]
async fn when_half_of_a_pair_is_gone_the_other_half_stays() {
    let city = City::open().await;
    let (mut first, mut second) = (city.logged_in(0).await, city.logged_in(1).await);
    let page = second.get("/choose?dose=1&pair=1").await;
    let (place, pair_place) = (page.fields("place").remove(0), page.fields("second").remove(0));
    let session = pair_place.split('-').next().expect("a session");
    first.post("/hold", &[("place", &format!("{session}-0-1"))]).await;
    let refused = second.post("/hold", &[("place", &place), ("second", &pair_place), ("pair", "1")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.html);
    let nearest = refused.fields("place");
    assert!(nearest.len() == 3 && nearest.iter().all(|legs| legs.starts_with(&format!("{place},"))), "{nearest:?}");
    city.close();
}

#[tokio::test]
async fn an_expired_login_comes_back_to_the_choice_that_was_made() {
    let city = City::open().await;
    let mut browser = city.logged_in(0).await;
    let place = browser.get("/choose?dose=1").await.field("place");
    city.clock.advance_ms(3 * 60 * 60 * 1_000);
    let login = browser.post("/hold", &[("place", &place), ("back", "/choose?dose=1&date=2026-12-05")]).await;
    assert!(login.path() == "/login" && login.says("予約はまだ完了していません"), "{}", login.html);
    let next = login.field("next");
    assert_eq!(next, "/choose?dose=1&date=2026-12-05");
    let (id, password) = &city.people[0];
    let choose = browser.post("/login", &[("id", id), ("password", password), ("next", &next)]).await;
    assert!(choose.path() == "/choose" && choose.says("12月5日"), "{}", choose.html);
    city.close();
}

#[tokio::test]
async fn an_expired_hold_leads_back_to_the_choice_and_still_books_what_is_free() {
    let city = City::open().await;
    let mut browser = city.logged_in(0).await;
    let place = browser.get("/choose?dose=1").await.field("place");
    let confirm = browser.post("/hold", &[("place", &place)]).await;
    city.clock.advance_ms(11 * 60 * 1_000);
    let (key, place) = (confirm.field("key"), confirm.field("place"));
    let done = browser.post("/book", &[("key", &key), ("place", &place)]).await;
    assert_eq!(done.path(), "/done", "{}", done.html);
    city.close();
}

#[tokio::test]
async fn whoever_may_not_book_yet_hears_when() {
    let wave = WaveRow {
        line: 2,
        name: "65歳以上の方".to_owned(),
        born_from: None,
        born_to: None,
        group: None,
        opens_at: "2026-12-03 09:00".parse().expect("an instant"),
    };
    let city = City::open_with(&[wave]).await;
    let mut browser = city.logged_in(0).await;
    let top = browser.get("/").await;
    for said in ["65歳以上の方", "受付前", "12月3日（木）午前9時", "あと2日"] {
        assert!(top.says(said), "{said}: {}", top.html);
    }
    for address in ["/my", "/choose?dose=1"] {
        assert!(browser.get(address).await.says("12月3日（木）午前9時に始まります"), "{address}");
    }
    let refused = browser.post("/hold", &[("place", "1-0-1")]).await;
    assert!(refused.status == StatusCode::CONFLICT && refused.says("受付前"), "{}", refused.html);
    city.clock.advance_ms(2 * 24 * 60 * 60 * 1_000);
    assert!(city.browser().get("/").await.says("○ 受付中"));
    city.close();
}

#[tokio::test]
async fn a_session_that_the_city_cancels_leads_to_another_booking() {
    let city = City::open().await;
    let mut browser = city.logged_in(0).await;
    let place = browser.get("/choose?dose=1").await.field("place");
    let confirm = browser.post("/hold", &[("place", &place)]).await;
    browser.post("/book", &[("key", &confirm.field("key")), ("place", &place)]).await;
    let session: u32 = place.split('-').next().and_then(|id| id.parse().ok()).expect("a session");
    city.engine.cancel_session(SessionId(session), By::System).await.expect("it is cancelled");
    city.a_moment_later();
    let my = browser.get("/my").await;
    for said in ["市の都合により中止", "申し訳ありません", "/choose?dose=1"] {
        assert!(my.says(said), "{said}: {}", my.html);
    }
    city.close();
}

#[tokio::test]
async fn what_is_no_page_says_what_to_do_and_whom_to_call() {
    let city = City::open().await;
    let mut browser = city.browser();
    for (address, status) in [("/nowhere", 404), ("/my/1234567890", 401), ("/book", 405)] {
        let page = browser.get(address).await;
        let login = status == 401 && page.path() == "/login";
        assert!(login || page.status.as_u16() == status, "{address}: {}", page.status);
        assert!(page.says("0120-000-000") && page.says("<h1>"), "{address}");
    }
    let large = browser.post("/login", &[("id", &"1".repeat(20_000))]).await;
    assert!(large.status.as_u16() == 413 && large.says("0120-000-000"), "{}", large.html);
    city.close();
}
