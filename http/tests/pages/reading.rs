//! Languages, furigana, larger text, and what the city says.

use std::collections::BTreeMap;

use sesshu_engine::core::event::By;
use sesshu_engine::core::site::{Announcement, AnnouncementKind, LangCode, Site, Theme, VenueDetails, Worded};

use super::city::City;

fn worded(ja: &str) -> Worded<Box<str>> {
    Worded::japanese(ja.into())
}

fn site() -> Site {
    let details = VenueDetails {
        address: worded("見本市中央一丁目1番1号"),
        map_url: Some("https://maps.example.lg.jp/1".into()),
        access: None,
    };
    let maintenance = Announcement {
        id: "night".into(),
        kind: AnnouncementKind::Maintenance,
        shown_from: None,
        shown_until: Some("2026-12-02 09:00".parse().expect("an instant")),
        title: worded("今夜、停止します"),
        body: worded("午後11時から"),
    };
    let texts = BTreeMap::from([(Box::from("top.title"), Box::from("見本市の{接種|せっしゅ}"))]);
    Site {
        theme: Some(Theme {
            main: "#00531f".parse().expect("a colour"),
            on_main: "#ffffff".parse().expect("a colour"),
        }),
        announcements: vec![maintenance],
        venues: BTreeMap::from([("市民体育館".into(), details)]),
        texts: BTreeMap::from([(LangCode::japanese(), texts)]),
        ..Site::default()
    }
}

#[tokio::test]
async fn pages_are_read_in_every_language_and_as_somebody_likes() {
    let city = City::open().await;
    let mut browser = city.browser();
    assert!(browser.get("/login").await.says("<html lang=\"ja\">"));
    let english = browser.get("/login?lang=en").await;
    assert!(english.says("<html lang=\"en\">") && english.says("Log in") && !english.says("furigana"));
    assert!(browser.get("/login").await.says("Log in"), "the language is kept");
    let easy = browser.get("/login?lang=ja-easy&text=large").await;
    assert!(
        easy.says("<html lang=\"ja\" class=\"large\">") && easy.says("<ruby>手紙<rt>てがみ</rt></ruby>"),
        "{}",
        easy.html
    );
    assert!(!browser.get("/login?furigana=off").await.says("<ruby>"));
    let furigana = browser.get("/login?lang=ja&furigana=on").await;
    assert!(furigana.says("<ruby>券番号<rt>けんばんごう</rt></ruby>") && furigana.says("class=\"large\""));
    city.close();
}

#[tokio::test]
async fn what_the_city_says_is_shown_at_once_and_ends_in_time() {
    let city = City::open().await;
    let mut browser = city.browser();
    assert!(!browser.get("/").await.says("theme-"));
    city.engine.change_site(site(), 0, By::System).await.expect("it is taken");
    city.a_moment_later();
    let top = browser.get("/").await;
    for said in ["見本市の接種", "今夜、停止します", "見本市中央一丁目1番1号", "https://maps.example.lg.jp/1"]
    {
        assert!(top.says(said), "{said}: {}", top.html);
    }
    assert!(browser.get("/nowhere").await.says("今夜、停止します"), "maintenance stands on every page");
    let theme = top.html.split("/assets/theme-").nth(1).and_then(|rest| rest.split('"').next()).expect("a theme");
    assert!(browser.get(&format!("/assets/theme-{theme}")).await.says("--key:#00531f"));
    let english = browser.get("/?lang=en").await;
    assert!(english.says("<span lang=\"ja\">今夜、停止します</span>"), "{}", english.html);
    city.clock.advance_ms(24 * 60 * 60 * 1_000);
    assert!(!browser.get("/").await.says("今夜、停止します"));
    city.close();
}

#[tokio::test]
async fn whoever_has_the_first_page_hears_so() {
    let city = City::open().await;
    let mut browser = city.browser();
    let top = browser.get("/").await;
    let request = axum::http::Request::get("/").header("if-none-match", &top.headers["etag"]);
    let request = request.body(axum::body::Body::empty()).expect("a request");
    let Ok(answer) = tower::ServiceExt::oneshot(city.router.clone(), request).await;
    assert_eq!(answer.status(), 304);
    city.close();
}
