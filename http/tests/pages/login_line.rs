//! Logging in by turns, while more people come than passwords can be checked.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::json;
use sesshu_http::{LoginQueue, PublicConfig};
use tower::ServiceExt;

use super::browser::Browser;
use super::city::City;

/// More than come before a rush is seen, on a machine with many processors.
const LOOKS_MAX: usize = 5_000;

/// A city to whose login page so many have come that people go in by turns.
async fn rushed() -> City {
    // All of them come from one address.
    let login_queue = LoginQueue { address_burst: 100_000, ..LoginQueue::default() };
    let city = City::open_configured(&[], PublicConfig { login_queue, ..PublicConfig::default() }).await;
    for _ in 0..LOOKS_MAX {
        if waits(&mut city.browser(), "/login").await {
            return city;
        }
    }
    panic!("a rush is not seen");
}

async fn waits(browser: &mut Browser, address: &str) -> bool {
    let page = browser.get(address).await;
    assert_eq!(page.status, StatusCode::OK);
    page.says("順番をお待ちください")
}

#[tokio::test]
async fn people_go_in_by_turns_and_keep_what_they_typed() {
    let city = rushed().await;
    let (id, password) = city.people[0].clone();
    let mut browser = city.browser();
    let form = [("id", &*id), ("password", &*password), ("next", "/choose?dose=1")];
    let sent = browser.post("/login", &form).await;
    assert_eq!(sent.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(sent.says("人が待っています") && sent.says("パスワードはまだ確認していません"), "{}", sent.html);
    assert!(sent.headers.contains_key("retry-after") && sent.headers.contains_key("x-sesshu-ticket"));
    let refresh = sent.headers["refresh"].to_str().expect("text").to_owned();
    assert!(refresh.contains("; url=/login?for=book&next=/choose%3Fdose%3D1"), "{refresh}");
    assert!(!refresh.contains(&*id) && !sent.says(&password), "nothing of it is in an address");
    let mut seconds = 0;
    while waits(&mut browser, "/login?for=book&next=/choose%3Fdose%3D1").await {
        city.clock.advance_ms(1_000);
        seconds += 1;
        assert!(seconds < 120, "their turn never comes");
    }
    let turn = browser.get("/login?for=book&next=/choose%3Fdose%3D1").await;
    assert_eq!((turn.field("id"), turn.field("for")), (id.clone(), "book".to_owned()));
    assert!(turn.says("順番が来ました"), "{}", turn.html);
    let wrong = browser.post("/login", &[("id", &id), ("password", "wrong-wrong-w"), ("for", "book")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "it is still their turn: {}", wrong.html);
    let inside = browser.post("/login", &form).await;
    assert_eq!(inside.path(), "/choose", "{}", inside.html);
    city.close();
}

/// The headers that a client hears who shows this ticket, or none.
async fn sent_away(city: &City, ticket: Option<&str>) -> HeaderMap {
    let (id, password) = &city.people[0];
    let request = Request::post("/api/v1/login").header("content-type", "application/json");
    let request = ticket.into_iter().fold(request, |request, ticket| request.header("x-sesshu-ticket", ticket));
    let body = Body::from(json!({"id": id, "password": password}).to_string());
    let Ok(answer) = city.router.clone().oneshot(request.body(body).expect("a request")).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    answer.headers().clone()
}

#[tokio::test]
async fn a_client_that_shows_its_ticket_in_the_header_is_sent_no_cookies() {
    let city = rushed().await;
    let first = sent_away(&city, None).await;
    let cookies: Vec<&str> = first.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok()).collect();
    assert!(matches!(cookies[..], [cookie] if cookie.starts_with("sesshu-ticket=")), "{cookies:?}");
    let ticket = first["x-sesshu-ticket"].to_str().expect("text");
    let again = sent_away(&city, Some(ticket)).await;
    assert!(again.contains_key("x-sesshu-ticket") && again.contains_key("retry-after"));
    assert!(!again.contains_key("set-cookie"), "{again:?}");
    city.close();
}

#[tokio::test]
async fn those_who_see_or_cancel_go_in_by_their_own_line_and_book_when_it_is_their_turn() {
    let city = rushed().await;
    let (id, password) = city.people[1].clone();
    let mut browser = city.browser();
    let first = browser.get("/login").await;
    assert!(first.says("/login?for=view"), "{}", first.html);
    city.clock.advance_ms(100);
    assert!(!waits(&mut browser, "/login?for=view").await, "nobody waits there");
    let my = browser.post("/login", &[("id", &id), ("password", &password), ("for", "view"), ("next", "/my")]).await;
    assert_eq!(my.path(), "/my", "{}", my.html);
    assert_eq!(browser.get("/choose?dose=1").await.path(), "/wait", "others came first");
    let early = [("place", "1-0-1"), ("back", "/choose?dose=1"), ("changes", "")];
    assert_eq!(browser.post("/hold", &early).await.path(), "/wait", "a form of one's own gains nothing");
    for _ in 0..120 {
        city.clock.advance_ms(1_000);
        let _ = city.browser().get("/login").await;
    }
    let choose = browser.get("/choose?dose=1").await;
    assert_eq!(choose.path(), "/choose", "now it is their turn");
    let (place, back) = (choose.field("place"), choose.field("back"));
    let hold = [("place", &*place), ("back", &*back), ("changes", "")];
    assert_eq!(browser.post("/hold", &hold).await.path(), "/confirm");
    city.close();
}

#[tokio::test]
async fn whoever_comes_in_quiet_times_notices_nothing() {
    let city = City::open().await;
    let page = city.browser().get("/login").await;
    for word in ["順番", "name=\"for\""] {
        assert!(!page.says(word), "{word}: {}", page.html);
    }
    city.close();
}
