//! A browser without JavaScript, as far as these tests need one: cookies, forms, redirects.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use tower::ServiceExt;

const PAGE_BYTES_MAX: usize = 1 << 20;
const REDIRECTS_MAX: usize = 5;

/// The browser.
pub(crate) struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
}

/// A page as it arrived.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
    /// The address after redirects.
    pub(crate) address: String,
}

impl Browser {
    pub(crate) const fn new(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new() }
    }

    pub(crate) async fn get(&mut self, address: &str) -> Page {
        let page = self.send(Request::get(address).body(Body::empty()).expect("a request"), address).await;
        self.follow(page).await
    }

    pub(crate) async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.post_only(address, fields).await;
        self.follow(page).await
    }

    /// Sends a form and stays with its answer.
    pub(crate) async fn post_only(&mut self, address: &str, fields: &[(&str, &str)]) -> Page {
        let body =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&");
        let request = Request::post(address).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).expect("a request"), address).await
    }

    async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..REDIRECTS_MAX {
            if page.status != StatusCode::SEE_OTHER {
                return page;
            }
            let to = page.headers["location"].to_str().expect("an address").to_owned();
            page = self.send(Request::get(&to).body(Body::empty()).expect("a request"), &to).await;
        }
        panic!("too many redirects, the last to {}", page.address)
    }

    async fn send(&mut self, mut request: Request<Body>, address: &str) -> Page {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        request.headers_mut().insert("cookie", cookies.parse().expect("a header"));
        let Ok(answer) = self.router.clone().oneshot(request).await;
        let (parts, body) = answer.into_parts();
        for set in parts.headers.get_all("set-cookie") {
            let (pair, rest) = set.to_str().expect("text").split_once(';').expect("a cookie");
            let (name, value) = pair.split_once('=').expect("a pair");
            if rest.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = to_bytes(body, PAGE_BYTES_MAX).await.expect("a page");
        let html = String::from_utf8(body.into()).expect("text");
        Page { status: parts.status, headers: parts.headers, html, address: address.to_owned() }
    }

    /// A browser with the same cookies: another tab.
    pub(crate) fn another_tab(&self) -> Self {
        Self { router: self.router.clone(), cookies: self.cookies.clone() }
    }
}

impl Page {
    pub(crate) fn path(&self) -> &str {
        self.address.split('?').next().unwrap_or_default()
    }

    /// Whether it says this.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.html.contains(text)
    }

    /// The values of all fields of this name, in order.
    pub(crate) fn fields(&self, name: &str) -> Vec<String> {
        let named = format!("name=\"{name}\"");
        let tags = self.html.split('<').filter(|tag| tag.contains(&named));
        tags.filter_map(|tag| Some(tag.split("value=\"").nth(1)?.split('"').next()?.replace("&#38;", "&"))).collect()
    }

    /// The value of the one field of this name.
    pub(crate) fn field(&self, name: &str) -> String {
        self.fields(name).into_iter().next().unwrap_or_else(|| panic!("no field {name} in {}", self.html))
    }

    /// The booking numbers that it shows, without hyphens.
    pub(crate) fn numbers(&self) -> Vec<String> {
        let shown = self.html.split("<dd class=\"number\">").skip(1);
        shown.filter_map(|after| Some(after.split('<').next()?.replace('-', ""))).collect()
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
