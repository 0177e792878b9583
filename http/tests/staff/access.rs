//! Who reaches which page: every route for everybody, from every network, with every sign of a foreign hand.

use sesshu_engine::core::staff::StaffRole;
use sesshu_http::{Access, AddressHeader, Method, StaffConfig, TrustedProxy, staff_routes};

use super::browser::{Browser, Page};
use super::city::{City, OFFICE};

/// A path of the table with something in place of what varies, which nothing in this city has as its name.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "9999999999999999" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

async fn ask(browser: &mut Browser, method: Method, path: &str) -> Page {
    match method {
        Method::Get => browser.get_only(path).await,
        Method::Post => browser.post_only(path, &[]).await,
    }
}

#[tokio::test]
async fn every_route_lets_in_its_roles_and_nobody_else() {
    let city = City::open().await;
    for row in staff_routes() {
        let path = filled(row.path);
        let nobody = ask(&mut city.browser(), row.method, &path).await;
        match (row.access, row.method) {
            (Access::Anybody, _) => assert_ne!(nobody.status, 403, "{path}"),
            (_, Method::Get) => assert!(nobody.location().starts_with("/login?next="), "{path}"),
            (_, Method::Post) => assert_eq!(nobody.status, 401, "{path}"),
        }
        for role in StaffRole::ALL {
            let page = ask(&mut city.signed_in(role).await, row.method, &path).await;
            let refused = page.status == 403 && page.says("この画面を使う権限がありません");
            assert_eq!(!refused, row.access.admits(role), "{:?} {path} as {role:?}: {}", row.method, page.status);
            assert_ne!(page.status, 500, "{path} as {role:?}");
        }
    }
    city.close();
}

#[tokio::test]
async fn the_console_is_reached_from_allowed_networks_only() {
    let allow = vec!["10.1.0.0/16".parse().expect("a network")];
    let city = City::open_with(StaffConfig { allow, ..StaffConfig::default() }).await;
    assert_eq!(city.browser().get_only("/login").await.status, 200);
    let mut outside = Browser::new(city.router.clone(), [203, 0, 113, 7].into());
    for path in ["/login", "/", "/nothing"] {
        let page = outside.get_only(path).await;
        assert_eq!(page.status, 403, "{path}");
        assert!(page.says("この場所からは使えません"), "{}", page.html);
    }
    let mut pretending =
        Browser::new(city.router.clone(), [203, 0, 113, 7].into()).with_header("x-forwarded-for", "10.1.2.3");
    assert_eq!(pretending.get_only("/login").await.status, 403, "nobody but a proxy is believed");
    city.close();
}

#[tokio::test]
async fn the_cookie_is_strict_and_bound_to_https_where_there_is_https() {
    let proxy = TrustedProxy { peers: vec![OFFICE], address_header: AddressHeader::XRealIp, origin: None };
    let city = City::open_with(StaffConfig { trusted_proxy: Some(proxy), ..StaffConfig::default() }).await;
    let plain = city.browser().post_only("/login", &city.typed("admin1")).await;
    let cookie = plain.headers["set-cookie"].to_str().expect("text");
    assert!(cookie.starts_with("sesshu-staff=") && !cookie.contains("Secure"), "{cookie}");
    city.next_code();
    let mut https = city.browser().with_header("x-forwarded-proto", "https");
    let secure = https.post_only("/login", &city.typed("admin1")).await;
    let cookie = secure.headers["set-cookie"].to_str().expect("text");
    let (pair, rest) = cookie.split_once("; ").expect("attributes");
    assert_eq!(pair.strip_prefix("__Host-sesshu-staff=").map(str::len), Some(43), "256 random bits in base64");
    assert_eq!(rest, "Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure");
    assert!(secure.headers.contains_key("strict-transport-security"));
    assert_eq!(https.get_only("/").await.status, 200);
    city.close();
}

#[tokio::test]
async fn another_sites_forms_are_not_taken() {
    let city = City::open().await;
    let signed_in = city.signed_in(StaffRole::Admin).await;
    let page = signed_in.clone().with_header("sec-fetch-site", "cross-site").post_only("/logout", &[]).await;
    assert_eq!(page.status, 403);
    assert!(page.says("ほかのサイトから送られた"), "{}", page.html);
    assert_eq!(signed_in.clone().get_only("/").await.status, 200, "nothing was done");
    city.close();
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_on_a_whole_page() {
    let city = City::open().await;
    let mut browser = city.signed_in(StaffRole::Venue).await;
    let large = "x".repeat(64 * 1024);
    for (page, status, words) in [
        (browser.get_only("/nothing").await, 404, "見つかりません"),
        (browser.get_only("/assets/nothing.css").await, 404, "見つかりません"),
        (browser.post_only("/", &[]).await, 405, "この操作はできません"),
        (city.browser().post_only("/login", &[("login", &large)]).await, 413, "大きすぎます"),
        (city.browser().get_only("/login?next=/&next=/").await, 400, "読み取れませんでした"),
    ] {
        assert_eq!(page.status, status, "{}", page.html);
        assert!(page.says(words) && page.says("<html lang=\"ja\">"), "{}", page.html);
        assert_eq!(page.headers["cache-control"], "no-store");
        assert!(page.headers["content-security-policy"].to_str().expect("text").contains("script-src 'self'"));
    }
    assert!(browser.get_only("/nothing").await.says("venue1"), "the frame stays");
    city.close();
}

#[tokio::test]
async fn a_busy_console_says_so_and_when_to_come_back() {
    let city = City::open_with(StaffConfig { requests_in_flight_max: 0, ..StaffConfig::default() }).await;
    let page = city.browser().get_only("/login").await;
    assert_eq!((page.status.as_u16(), page.headers["retry-after"].to_str().ok()), (503, Some("3")));
    assert!(page.says("ただいま混み合っています"), "{}", page.html);
    city.close();
}

#[tokio::test]
async fn training_is_said_on_every_page_and_real_work_never_says_it() {
    let words = "研修用 本物のデータではありません";
    for training in [true, false] {
        let city = City::open_with(StaffConfig { training, ..StaffConfig::default() }).await;
        let mut browser = city.signed_in(StaffRole::Operator).await;
        for page in [city.browser().get("/login").await, browser.get("/").await, browser.get("/nothing").await] {
            assert_eq!(page.says(words), training, "{}", page.html);
            assert_eq!(page.says("【研修用】"), training);
        }
        city.close();
    }
}

#[tokio::test]
async fn the_looks_are_there_for_good() {
    let city = City::open().await;
    let page = city.browser().get("/login").await;
    for ending in [".css", ".js", ".svg"] {
        let at = page.html.find(ending).unwrap_or_else(|| panic!("{ending} in {}", page.html));
        let from = page.html[..at].rfind('"').expect("an attribute") + 1;
        let asset = city.browser().get_only(&page.html[from..at + ending.len()]).await;
        assert_eq!(asset.status, 200, "{ending}");
        assert_eq!(asset.headers["cache-control"], "public, max-age=31536000, immutable");
    }
    city.close();
}
