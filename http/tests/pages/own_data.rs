//! What a person sees is theirs, and goes when they go.

use axum::http::StatusCode;

use super::city::{City, NAME};

#[tokio::test]
async fn after_a_logout_the_previous_person_is_gone_and_the_next_one_can_go_on() {
    let city = City::open().await;
    let mut browser = city.logged_in(0).await;
    let mut tab = browser.another_tab();
    let my = browser.get("/my").await;
    assert_eq!(my.headers["cache-control"], "no-store");
    assert!(my.says("ログアウトして次の方の予約へ"), "{}", my.html);
    let sent = browser.post_only("/logout", &[]).await;
    assert_eq!(sent.headers["clear-site-data"], "\"cache\"");
    let out = browser.get("/logout").await;
    assert!(out.says("ログアウトしました") && out.says("/login?next=/choose") && !out.says(NAME), "{}", out.html);
    for page in [browser.get("/my").await, tab.get("/my").await] {
        assert!(page.path() == "/login" && !page.says(NAME), "{}", page.html);
    }
    city.close();
}

#[tokio::test]
async fn other_peoples_bookings_are_not_there() {
    let city = City::open().await;
    let (mut own, mut other) = (city.logged_in(0).await, city.logged_in(1).await);
    let place = own.get("/choose?dose=1").await.field("place");
    let confirm = own.post("/hold", &[("place", &place)]).await;
    let done = own.post("/book", &[("key", &confirm.field("key")), ("place", &place)]).await;
    let number = done.numbers().remove(0);
    let addresses = ["/my/", "/change/", "/cancel/", "/done?number="].map(|start| format!("{start}{number}"));
    for address in addresses.into_iter().chain([format!("/my/{number}/calendar.ics")]) {
        assert_eq!(other.get(&address).await.status, StatusCode::NOT_FOUND, "{address}");
        assert_eq!(own.get(&address).await.status, StatusCode::OK, "{address}");
    }
    city.close();
}

#[tokio::test]
async fn a_contact_is_given_with_consent_never_shown_and_deleted() {
    let city = City::open().await;
    let mut browser = city.logged_in(0).await;
    let no_consent = browser.post("/contact", &[("contact", "090-1234-5678")]).await;
    assert!(no_consent.status == StatusCode::BAD_REQUEST && no_consent.says("value=\"090-1234-5678\""));
    let wrong = browser.post("/contact", &[("contact", "12"), ("consent", "yes")]).await;
    assert!(wrong.status == StatusCode::BAD_REQUEST && wrong.says("id=\"contact-error\""), "{}", wrong.html);
    let given = browser.post("/contact", &[("contact", "090-1234-5678"), ("consent", "yes")]).await;
    assert!(given.path() == "/contact" && given.says("登録しました") && !given.says("1234"), "{}", given.html);
    assert!(!browser.get("/my").await.says("1234"));
    let deleted = browser.post("/contact/delete", &[]).await;
    assert!(deleted.says("削除しました") && deleted.says("name=\"contact\""), "{}", deleted.html);
    city.close();
}

#[tokio::test]
async fn a_wrong_password_keeps_the_id_and_tells_nothing_about_it() {
    let city = City::open().await;
    let mut browser = city.browser();
    let known = browser.post("/login", &[("id", &city.people[0].0), ("password", "x")]).await;
    let unknown = browser.post("/login", &[("id", "99999999"), ("password", "x")]).await;
    assert_eq!((known.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(known.field("id"), city.people[0].0);
    assert_eq!(known.html.replace(&city.people[0].0, "99999999"), unknown.html);
    assert!(known.says("autofocus") && known.fields("password").is_empty());
    city.close();
}
