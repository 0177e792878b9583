//! How long somebody stays signed in, and what ends it at once.

use sesshu_engine::AuditQuery;
use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::staff::StaffRole;

use super::city::{City, PASSWORD};

const MINUTE_MS: u32 = 60_000;

#[tokio::test]
async fn whoever_is_idle_for_half_an_hour_is_signed_out() {
    let city = City::open().await;
    let mut browser = city.signed_in(StaffRole::Operator).await;
    for _ in 0..3 {
        city.clock.advance_ms(29 * MINUTE_MS);
        assert_eq!(browser.get_only("/").await.status, 200);
    }
    city.clock.advance_ms(30 * MINUTE_MS);
    assert_eq!(browser.get_only("/").await.location(), "/login?next=/");
    city.close();
}

#[tokio::test]
async fn nobody_is_signed_in_for_longer_than_twelve_hours() {
    let city = City::open().await;
    let mut browser = city.signed_in(StaffRole::Operator).await;
    for _ in 0..12 * 4 - 1 {
        city.clock.advance_ms(15 * MINUTE_MS);
        assert_eq!(browser.get_only("/").await.status, 200);
    }
    city.clock.advance_ms(15 * MINUTE_MS);
    assert_eq!(browser.get_only("/").await.status, 303);
    city.close();
}

#[tokio::test]
async fn signing_out_ends_it_on_the_server_too() {
    let city = City::open().await;
    let mut browser = city.signed_in(StaffRole::Admin).await;
    let mut copy = browser.clone();
    let page = browser.post("/logout", &[]).await;
    assert_eq!(page.address, "/login?done=logout");
    assert!(page.says("ログアウトしました"), "{}", page.html);
    assert_eq!(copy.get_only("/").await.status, 303, "a cookie that was copied before");
    city.close();
}

#[tokio::test]
async fn a_disabled_account_and_a_reset_one_lose_access_at_the_next_request() {
    let city = City::open().await;
    let mut disabled = city.signed_in_as("admin1").await;
    let mut reset = city.signed_in_as("admin2").await;
    let mut other = city.signed_in_as("ops1").await;
    city.disable("admin1", true).await;
    let secret = *city.engine.staff_totp_secret("admin2").expect("a secret");
    let put = city.engine.put_staff("admin2", StaffRole::Admin, PASSWORD, secret, By::System);
    put.await.expect("it is reset");
    assert_eq!(disabled.get_only("/").await.status, 303);
    assert_eq!(reset.get_only("/").await.status, 303);
    assert_eq!(other.get_only("/").await.status, 200);
    city.disable("admin1", false).await;
    assert_eq!(disabled.get_only("/").await.status, 303, "what has ended stays so");
    city.close();
}

#[tokio::test]
async fn a_form_of_somebody_who_was_signed_out_says_that_nothing_was_done() {
    let city = City::open().await;
    let mut browser = city.signed_in(StaffRole::Admin).await;
    city.clock.advance_ms(31 * MINUTE_MS);
    let page = browser.post_only("/logout", &[]).await;
    assert_eq!(page.status, 401);
    assert!(page.says("実行されていません") && page.says("href=\"/login\""), "{}", page.html);
    city.close();
}

#[tokio::test]
async fn who_signed_in_and_out_is_in_the_audit() {
    let city = City::open().await;
    let mut browser = city.signed_in_as("admin1").await;
    browser.post("/logout", &[]).await;
    let query = AuditQuery { maker: Some("admin1".into()), rows_max: 10, ..AuditQuery::default() };
    let events: Vec<Event> = city
        .engine
        .audit(query)
        .await
        .expect("an answer")
        .entries
        .into_iter()
        .flat_map(|(_, entry)| entry.events)
        .collect();
    let login = || "admin1".into();
    assert_eq!(events, [Event::SignedOut { login: login() }, Event::SignedIn { login: login() }]);
    city.close();
}
