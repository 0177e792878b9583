//! Every page that a link leads to, as a plain client reads it: no link is dead, no text is a key, nothing comes from another
//! host, every page says its language, has one title and one main heading, and is light.

mod crawler;
mod page;
mod weights;

use std::sync::Arc;

use serde_json::json;
use sesshu_tests::{City, Client, PlannedSession, Request, report};

use crawler::Crawler;
use weights::Weight;

/// Languages of the pages, and what their `lang` begins with.
const LANGUAGES: [(&str, &str); 3] = [("ja", "ja"), ("ja-easy", "ja"), ("en", "en")];
/// What the first page may weigh on the wire, in bytes.
const FIRST_PAGE_BYTES_MAX: usize = 14 * 1024;

fn city() -> Arc<City> {
    City::shared(200)
}

/// Somebody with a booked pair of doses.
async fn someone_with_a_pair(city: &City, language: &str) -> Client {
    let venue = format!("巡回の会場（{language}）");
    let plans = [PlannedSession::new(&venue, 30, 5), PlannedSession::new(&venue, 58, 5).doses("2")];
    let open = city.open(&plans).await;
    let mut device = city.someone().await;
    let wish = json!({"bookings": [open[0].place(0).dose(1), open[1].place(0).dose(2)]});
    device.book("pair", &wish).await.expect(201);
    device
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_link_is_dead_and_no_text_is_a_key_for_anybody_in_any_language() {
    let city = city();
    for language in LANGUAGES {
        let new = city.someone().await.token;
        let booked = someone_with_a_pair(&city, language.0).await.token;
        for (who, token) in [("nobody", None), ("somebody new", new), ("somebody with a pair", booked)] {
            let mut crawler = Crawler::new(&city, language, who, token.clone());
            // Nothing leads there while nobody waits.
            crawler.crawl(&["/draw", "/wait"]).await;
            let mine = crawler.seen.keys().any(|address| address.starts_with("/my"));
            assert_eq!(mine, token.is_some(), "{who} is logged in or not: {:?}", crawler.seen);
            report(&format!(
                "crawl in {}: {who}: {} pages, {} addresses",
                language.0,
                crawler.pages,
                crawler.seen.len()
            ));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_browsers_languages_are_heard_and_every_page_offers_the_others() {
    let city = city();
    let mut device = city.device();
    for (liked, lang) in [("ja", "ja"), ("en-GB,en;q=0.8", "en"), ("fr,de;q=0.5", "ja"), ("", "ja")] {
        let answer = device.send(Request::new("GET", "/").header("accept-language", liked)).await.expect(200);
        let page = page::Page::read(&answer.text());
        assert_eq!(page.lang.split('-').next(), Some(lang), "{liked}");
        let offered =
            LANGUAGES.iter().filter(|(code, _)| page.links.iter().any(|link| link.contains(&format!("lang={code}"))));
        assert!(offered.count() >= LANGUAGES.len() - 1, "{:?}", page.links);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_page_fits_into_14_kilobytes_with_all_that_it_loads() {
    let city = city();
    let mut table = format!(
        "{:<10} {:<44} {:>7} {:>7} {:>7} {:>7} {:>8}\n",
        "language", "page", "HTML", "CSS", "JS", "total", "others"
    );
    for (language, _) in LANGUAGES {
        let mut device = someone_with_a_pair(&city, &format!("重さ・{language}")).await;
        let number = device.bookings().await[0]["number"].as_str().expect("a number").to_owned();
        let login = device.token.clone().expect("a token");
        let pages = [
            ("/".to_owned(), false),
            ("/login".to_owned(), false),
            ("/nowhere".to_owned(), false),
            ("/my".to_owned(), true),
            ("/choose?dose=1".to_owned(), true),
            (format!("/choose?dose=1&changes={number}"), true),
            (format!("/cancel/{number}"), true),
            (format!("/done?number={number}"), true),
        ];
        for (path, personal) in pages {
            let login = if personal { format!("; sesshu={login}") } else { String::new() };
            let weight = Weight::of(&city, &path, &format!("sesshu-lang={language}{login}")).await;
            let Weight { html, css, js, others } = weight;
            let name = path.replace(&number, "…");
            table.push_str(&format!(
                "{language:<10} {name:<44} {html:>7} {css:>7} {js:>7} {:>7} {others:>8}\n",
                weight.page()
            ));
            let all = weight.page() + others;
            assert!(path != "/" || all <= FIRST_PAGE_BYTES_MAX, "the first page in {language}: {all} bytes");
        }
    }
    report(&format!("\nBytes on the wire, heads of answers included, for a browser that has nothing yet:\n{table}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_a_page_hears_304() {
    let city = city();
    let mut device = city.device();
    for path in ["/", "/api/v1/sessions?dose=2", "/api/v1/days?dose=2"] {
        let answer = device.get(path).await.expect(200);
        let tag = answer.header("etag").unwrap_or_else(|| panic!("{path} has no tag")).to_owned();
        let again = device.send(Request::new("GET", path).header("if-none-match", tag)).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
    }
    let html = device.get("/").await.text();
    for load in page::Page::read(&html).loads {
        let answer = device.get(&load.address).await.expect(200);
        let tag = answer.header("etag").unwrap_or_else(|| panic!("{} has no tag", load.address)).to_owned();
        let again = device.send(Request::new("GET", &*load.address).header("if-none-match", tag)).await;
        assert_eq!(again.status, 304, "{}", load.address);
    }
}
