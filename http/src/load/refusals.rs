//! What somebody reads who is sent away: made once, in every language, as JSON and as pages, so that an answer costs a copy of a few
//! words. Nothing in it depends on who asks.

use askama::Template;
use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue,
    RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use sesshu_engine::core::refusal::RefusalCode;

use crate::config::PublicConfig;
use crate::lang::{Lang, Text};
use crate::problem::Problem;
use crate::public::pages::reading::Reading;

/// After how many seconds to come back: as many waits as [`SPREAD`], from the first on. Those who are sent away together come back
/// spread over them.
const CALM_FIRST_S: u16 = 3;
/// The same when most are sent away, with twice the spread.
const HEAVY_FIRST_S: u16 = 10;
/// How many waits there are.
pub(super) const SPREAD: u32 = 8;

const REFRESH: HeaderName = HeaderName::from_static("refresh");
/// A page of a few words with its own style, and nothing else.
const PAGE_CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// All answers.
#[derive(Debug)]
pub(super) struct Refusals {
    json: Vec<Words>,
    /// For a page that was asked for: it asks again by itself.
    pages: Vec<Words>,
    /// For a form that was sent: a person sends it again.
    forms: Vec<Words>,
}

/// An answer in one language, with each wait, calm ones first.
#[derive(Debug)]
struct Words {
    body: Bytes,
    headers: Vec<HeaderMap>,
}

#[derive(Template)]
#[template(path = "busy.html")]
struct BusyPage<'a> {
    lang: &'a str,
    city: &'a str,
    title: Text,
    detail: Text,
    go_on: Text,
    /// Whether there is something to press.
    ask_now: Option<Text>,
    call: Text,
    tel: String,
    phone: &'a str,
    hours: &'a str,
    hours_foreign: bool,
}

impl Refusals {
    pub(super) fn new(config: &PublicConfig) -> Self {
        let of = |make: &dyn Fn(Lang) -> Words| Lang::all().map(make).collect();
        Self {
            json: of(&|lang| Words {
                body: Problem::from(RefusalCode::Busy).to_json(lang).into(),
                headers: waits("application/problem+json", config.tls, false),
            }),
            pages: of(&|lang| page(config, lang, true)),
            forms: of(&|lang| page(config, lang, false)),
        }
    }

    /// The answer to `request`, with the `nth` wait.
    pub(super) fn answer<B>(&self, request: &Request<B>, nth: u32, heavy: bool) -> Response {
        let (uri, headers) = (request.uri(), request.headers());
        let accepted = headers.get(ACCEPT_LANGUAGE);
        let (words, lang) = if uri.path().starts_with("/api/") {
            (&self.json, Lang::accepted(accepted))
        } else {
            let lang = Reading::of(uri, headers.get(COOKIE), accepted).0.lang;
            (if *request.method() == Method::GET { &self.pages } else { &self.forms }, lang)
        };
        let words = &words[lang.place()];
        let nth = nth % SPREAD + if heavy { SPREAD } else { 0 };
        let mut answer = Response::new(Body::from(words.body.clone()));
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        answer.headers_mut().clone_from(&words.headers[nth as usize]);
        answer
    }
}

fn page(config: &PublicConfig, lang: Lang, asks_again: bool) -> Words {
    let say = |key: &str| Text::new(lang.markup(key).0, lang.furigana().unwrap_or(false), None);
    let (hours, in_language) = config.call_centre.hours(lang.code());
    let phone = &config.call_centre.phone;
    let html = BusyPage {
        lang: lang.html(),
        city: &config.city_name,
        title: say("problem.busy.title"),
        detail: say("problem.busy.detail"),
        go_on: say(if asks_again { "busy.asks_again" } else { "busy.send_again" }),
        ask_now: asks_again.then(|| say("refused.ask_now")),
        call: say("frame.call_centre"),
        tel: phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
        phone,
        hours,
        hours_foreign: !in_language && lang.html() != Lang::JA.html(),
    };
    let headers = waits("text/html; charset=utf-8", config.tls, asks_again);
    // The template only writes texts into memory, which cannot fail.
    Words { body: html.render().unwrap_or_default().into(), headers }
}

/// The headers with each wait.
fn waits(content_type: &'static str, https: bool, asks_again: bool) -> Vec<HeaderMap> {
    let spread = 0..SPREAD as u16;
    let calm = spread.clone().map(|nth| CALM_FIRST_S + nth);
    calm.chain(spread.map(|nth| HEAVY_FIRST_S + 2 * nth))
        .map(|seconds| {
            let mut headers = HeaderMap::from_iter([
                (CONTENT_TYPE, HeaderValue::from_static(content_type)),
                (RETRY_AFTER, HeaderValue::from(seconds)),
                (CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
                (CONTENT_SECURITY_POLICY, PAGE_CSP),
            ]);
            headers.extend(asks_again.then(|| (REFRESH, HeaderValue::from(seconds))));
            headers.extend(https.then(|| (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"))));
            headers
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    async fn told(method: &str, uri: &str, language: &str, heavy: bool) -> (HeaderMap, String) {
        let refusals = Refusals::new(&PublicConfig::default());
        let request = Request::builder().method(method).uri(uri).header(ACCEPT_LANGUAGE, language).body(());
        let answer = refusals.answer(&request.expect("a request"), 11, heavy);
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, 4_096).await.expect("a small body");
        (head.headers, String::from_utf8(body.into()).expect("text"))
    }

    #[tokio::test]
    async fn a_program_hears_busy_in_its_language_and_when_to_come_back() {
        for (language, title) in [("ja", "混み合っています"), ("en", "Very busy")] {
            let (headers, body) = told("POST", "/api/v1/login", language, false).await;
            let json: serde_json::Value = serde_json::from_str(&body).expect("JSON");
            assert_eq!((&json["code"], &json["title"]), (&"busy".into(), &title.into()));
            assert_eq!(headers[CONTENT_TYPE], "application/problem+json");
            assert_eq!(headers[RETRY_AFTER], "6");
        }
    }

    #[tokio::test]
    async fn a_person_reads_what_to_do_and_whom_to_call_and_the_page_asks_again_by_itself() {
        for code in Lang::all().map(Lang::code) {
            let (headers, page) = told("GET", &format!("/choose?lang={code}"), "fr", true).await;
            assert_eq!((&headers[REFRESH], &headers[RETRY_AFTER]), (&HeaderValue::from(16), &HeaderValue::from(16)));
            assert!(page.contains("tel:0120000000") && page.contains("0120-000-000"), "{page}");
            assert!(page.len() < 2_800 && !page.contains('{'.to_string().repeat(2).as_str()), "{}", page.len());
        }
    }

    #[tokio::test]
    async fn a_form_is_not_sent_again_by_itself() {
        let (headers, page) = told("POST", "/book", "en", false).await;
        assert!(!headers.contains_key(REFRESH));
        assert!(page.contains("Nothing has been changed") && page.contains("Back"), "{page}");
    }
}
