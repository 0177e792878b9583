//! Signing in takes both factors, and whatever is wrong looks the same.

use std::net::IpAddr;

use sesshu_engine::core::staff::StaffRole;

use super::browser::Browser;
use super::city::{CODE_STEP_MS, City, OFFICE, PASSWORD};

#[tokio::test]
async fn both_factors_lead_to_what_was_wanted_and_show_who_it_is() {
    let city = City::open().await;
    let mut browser = city.browser();
    let asked = browser.get_only("/?a=1&b=2").await;
    assert_eq!((asked.status.as_u16(), asked.location()), (303, "/login?next=/%3Fa%3D1%26b%3D2"));
    let page = browser.get("/?a=1&b=2").await;
    assert!(page.says("value=\"/?a=1&#38;b=2\""), "{}", page.html);
    let fields = [&city.typed("admin1")[..], &[("next", "/?a=1&b=2")]].concat();
    let home = browser.post("/login", &fields).await;
    assert_eq!((home.status.as_u16(), home.address.as_str()), (200, "/?a=1&b=2"));
    for words in ["admin1", "管理", "ログアウト", "令和8年12月1日（火）", "aria-current=\"page\""] {
        assert!(home.says(words), "{words}: {}", home.html);
    }
    assert_eq!(browser.get("/login").await.address, "/", "whoever is signed in has nothing to do there");
    city.close();
}

#[tokio::test]
async fn whatever_is_wrong_has_one_answer() {
    let city = City::open().await;
    city.disable("ops1", true).await;
    let fields = |login: &'static str, password: &'static str, code: String| (login, password, code);
    let wrong = [
        fields("admin1", "himitsu", city.code("admin1")),
        fields("admin1", PASSWORD, "000000".into()),
        fields("admin1", PASSWORD, city.code("admin2")),
        fields("admin1", PASSWORD, "12345".into()),
        fields("nobody", PASSWORD, city.code("nobody")),
        fields("ops1", PASSWORD, city.code("ops1")),
    ];
    let mut answers = Vec::new();
    for (login, password, code) in &wrong {
        let page = city.browser().post("/login", &[("login", login), ("password", password), ("code", code)]).await;
        assert_eq!(page.status, 401, "{login} {code}");
        assert!(!page.headers.contains_key("set-cookie"));
        assert!(page.says("role=\"alert\"") && page.says(&format!("value=\"{login}\"")), "{}", page.html);
        answers.push(page.html.replace(login, "LOGIN"));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    city.close();
}

#[tokio::test]
async fn a_code_counts_once_and_no_longer_than_a_step_before_and_after() {
    let city = City::open().await;
    let typed = city.typed("admin1");
    assert_eq!(city.browser().post_only("/login", &typed).await.status, 303);
    assert_eq!(city.browser().post_only("/login", &typed).await.status, 401, "the same code again");
    city.next_code();
    let late = city.typed("admin1");
    city.next_code();
    assert_eq!(city.browser().post_only("/login", &late).await.status, 303, "one step late");
    let too_late = city.typed("admin1");
    city.clock.advance_ms(2 * CODE_STEP_MS);
    assert_eq!(city.browser().post_only("/login", &too_late).await.status, 401, "two steps late");
    city.close();
}

#[tokio::test]
async fn an_empty_field_is_named_and_what_was_typed_stays_but_the_secrets() {
    let city = City::open().await;
    let page = city.browser().post("/login", &[("login", "admin1"), ("password", "tanuki"), ("code", " ")]).await;
    assert_eq!(page.status, 400);
    assert!(page.says("href=\"#code\"") && page.says("id=\"code-error\"") && page.says("value=\"admin1\""));
    assert!(!page.says("tanuki") && !page.says("id=\"password-error\""), "{}", page.html);
    city.close();
}

#[tokio::test]
async fn guessers_wait_and_others_do_not() {
    let city = City::open().await;
    let wrong = [("login", "admin1"), ("password", "x"), ("code", "000000")];
    for _ in 0..5 {
        assert_eq!(city.browser().post("/login", &wrong).await.status, 401);
    }
    let page = city.browser().post("/login", &city.typed("admin1")).await;
    assert_eq!((page.status.as_u16(), page.headers["retry-after"].to_str().ok()), (429, Some("2")));
    assert!(page.says("2秒たってから"), "{}", page.html);
    let mut elsewhere = Browser::new(city.router.clone(), IpAddr::from([10, 9, 9, 9]));
    assert_eq!(elsewhere.post_only("/login", &city.typed("admin1")).await.status, 303);
    assert_eq!(Browser::new(city.router.clone(), OFFICE).post_only("/login", &city.typed("ops1")).await.status, 303);
    city.close();
}

#[tokio::test]
async fn signing_in_leads_to_our_own_pages_only() {
    let city = City::open().await;
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example", "/login"] {
        city.next_code();
        let fields = [&city.typed("admin1")[..], &[("next", next)]].concat();
        assert_eq!(city.browser().post_only("/login", &fields).await.location(), "/", "{next}");
    }
    city.close();
}

#[tokio::test]
async fn every_role_signs_in() {
    let city = City::open().await;
    for role in StaffRole::ALL {
        assert_eq!(city.signed_in(role).await.get_only("/").await.status, 200, "{role:?}");
    }
    city.close();
}
