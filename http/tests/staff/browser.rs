//! A browser without JavaScript at a desk of the city: cookies, forms, redirects, an address on a network.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use futures_util::StreamExt;
use tower::ServiceExt;

const PAGE_BYTES_MAX: usize = 4 << 20;
const REDIRECTS_MAX: usize = 5;
const FORM: &str = "application/x-www-form-urlencoded";

/// The browser.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    address: IpAddr,
    headers: Vec<(&'static str, &'static str)>,
}

/// A page as it arrived.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
    /// What came, as it came: a file may be in another encoding.
    pub(crate) bytes: Vec<u8>,
    /// The address after redirects.
    pub(crate) address: String,
}

impl Browser {
    pub(crate) const fn new(router: Router, address: IpAddr) -> Self {
        Self { router, cookies: BTreeMap::new(), address, headers: Vec::new() }
    }

    /// The same browser, sending this header with everything.
    pub(crate) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Opens a page and follows where it leads.
    pub(crate) async fn get(&mut self, address: &str) -> Page {
        let page = self.get_only(address).await;
        self.follow(page).await
    }

    /// Opens a page and stays with its answer.
    pub(crate) async fn get_only(&mut self, address: &str) -> Page {
        self.send(Method::GET, address, String::new()).await
    }

    /// Opens something that is sent on and on, and gives it as it begins.
    pub(crate) async fn open(&self, address: &str) -> Response {
        let Ok(answer) = self.router.clone().oneshot(self.request(Method::GET, address, FORM, Vec::new())).await;
        answer
    }

    /// Sends a form and follows where it leads.
    pub(crate) async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.post_only(address, fields).await;
        self.follow(page).await
    }

    /// Sends a form and stays with its answer.
    pub(crate) async fn post_only(&mut self, address: &str, fields: &[(&str, &str)]) -> Page {
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        self.send(Method::POST, address, pairs.collect::<Vec<_>>().join("&")).await
    }

    /// Sends a form with a file in its field `file`, and follows where it leads.
    pub(crate) async fn upload(&mut self, address: &str, fields: &[(&str, &str)], file: &[u8]) -> Page {
        const BOUNDARY: &str = "the-parts-of-a-test";
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = "Content-Disposition: form-data; name=\"file\"; filename=\"file.csv\"\r\nContent-Type: text/csv";
        body.extend_from_slice(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let page = self.send_as(Method::POST, address, &kind, body).await;
        self.follow(page).await
    }

    async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..REDIRECTS_MAX {
            if page.status != StatusCode::SEE_OTHER {
                return page;
            }
            let to = page.location().to_owned();
            page = self.get_only(&to).await;
        }
        panic!("too many redirects, the last to {}", page.address)
    }

    fn request(&self, method: Method, address: &str, kind: &str, body: Vec<u8>) -> Request<Body> {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut request = Request::builder()
            .method(method)
            .uri(address)
            .header("cookie", cookies)
            .header("content-type", kind)
            .extension(ConnectInfo(SocketAddr::new(self.address, 40_000)));
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        request.body(Body::from(body)).expect("a request")
    }

    async fn send(&mut self, method: Method, address: &str, form: String) -> Page {
        self.send_as(method, address, FORM, form.into_bytes()).await
    }

    async fn send_as(&mut self, method: Method, address: &str, kind: &str, body: Vec<u8>) -> Page {
        let Ok(answer) = self.router.clone().oneshot(self.request(method, address, kind, body)).await;
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
        // What is sent on and on is heard until its first message.
        let endless = parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let body = if endless {
            body.into_data_stream().next().await.expect("a message").expect("a message")
        } else {
            to_bytes(body, PAGE_BYTES_MAX).await.expect("a page")
        };
        let bytes = body.to_vec();
        let html = String::from_utf8_lossy(&bytes).into_owned();
        Page { bytes, status: parts.status, headers: parts.headers, html, address: address.to_owned() }
    }
}

impl Page {
    /// Where it leads.
    pub(crate) fn location(&self) -> &str {
        self.headers["location"].to_str().expect("an address")
    }

    /// Whether it says this.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.html.contains(text)
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
