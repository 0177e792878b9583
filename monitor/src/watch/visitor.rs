//! Asks a server's listeners over HTTP, each time over a new connection: so each visit also proves that somebody accepts, and sees
//! the certificate that others see.

use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder};

use super::certificate::valid_until;
use super::config::WatchConfig;
use crate::core::time::WallMs;
use crate::trouble::Trouble;

/// The longest answer that is read, in bytes; what is longer is cut off.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The longest header line in its file, in bytes.
const HEADER_BYTES_MAX: usize = 4_096;

/// A listener of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listener {
    Public,
    Ops,
    Staff,
}

/// The visitor.
#[derive(Debug)]
pub(super) struct Visitor {
    client: Client,
    config: WatchConfig,
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// What the server's clock said, to the second.
    pub(super) date: Option<WallMs>,
    /// The end of the certificate, if there was one.
    pub(super) certificate_until: Option<WallMs>,
    /// When it was asked, and how long it took until the last byte.
    pub(super) asked_at: Instant,
    pub(super) took: Duration,
    /// How long it took until the first byte.
    pub(super) first_byte: Duration,
}

impl Answer {
    /// The body as text; what is no text is replaced.
    pub(super) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Whether a proxy says that there is nobody behind it.
    pub(super) const fn nobody_behind_proxy(&self) -> bool {
        matches!(self.status, 502 | 504)
    }
}

impl Visitor {
    /// The visitor of the configured server. `Err` says what is wrong with the file of the authority.
    pub(super) fn new(config: WatchConfig) -> Result<Self, String> {
        let timeout = Duration::from_secs(config.timeout_seconds.into());
        let mut builder = Client::builder()
            .user_agent(concat!("sesshu-watch/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(timeout)
            .connect_timeout(timeout)
            .pool_max_idle_per_host(0)
            .tls_info(true);
        if let Some(file) = &config.ca_file {
            let wrong = |why: &dyn std::fmt::Display| format!("ca_file {}: {why}", file.display());
            let pem = std::fs::read(file).map_err(|error| wrong(&error))?;
            let authorities = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| wrong(&error))?;
            if authorities.is_empty() {
                return Err(wrong(&"has no certificate"));
            }
            builder = builder.tls_certs_merge(authorities);
        }
        Ok(Self { client: builder.build().map_err(|error| error.to_string())?, config })
    }

    /// What the watcher was told to do.
    pub(super) const fn config(&self) -> &WatchConfig {
        &self.config
    }

    /// Whether the staff's listener is watched.
    pub(super) const fn knows_staff(&self) -> bool {
        self.config.staff.is_some()
    }

    /// Reads an address.
    pub(super) async fn get(&self, listener: Listener, path: &str) -> Result<Answer, Trouble> {
        visit(self.request(Method::GET, listener, path)).await
    }

    /// Reads an address with a resident's token.
    pub(super) async fn get_with(&self, token: &str, path: &str) -> Result<Answer, Trouble> {
        visit(self.request(Method::GET, Listener::Public, path).header(AUTHORIZATION, bearer(token))).await
    }

    /// Sends JSON, with a resident's token if there is one.
    pub(super) async fn post(
        &self,
        listener: Listener,
        path: &str,
        json: Vec<u8>,
        token: Option<&str>,
    ) -> Result<Answer, Trouble> {
        let mut request = self.request(Method::POST, listener, path);
        if !json.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json").body(json);
        }
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, bearer(token));
        }
        visit(request).await
    }

    fn request(&self, method: Method, listener: Listener, path: &str) -> RequestBuilder {
        let config = &self.config;
        let base = match listener {
            Listener::Public => &config.public,
            Listener::Ops => &config.ops,
            Listener::Staff => config.staff.as_ref().unwrap_or(&config.public),
        };
        let request = self.client.request(method, format!("{}{path}", base.trim_end_matches('/')));
        match self.ops_header() {
            Some((name, value)) if listener == Listener::Ops => request.header(name, value),
            _ => request,
        }
    }

    /// Read at each visit, so that a new secret needs no restart. Without it the proxy will say what it thinks.
    fn ops_header(&self) -> Option<(HeaderName, HeaderValue)> {
        let text = std::fs::read_to_string(self.config.ops_header_file.as_ref()?).ok()?;
        header_line(&text)
    }
}

fn header_line(text: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = text.get(..text.len().min(HEADER_BYTES_MAX))?.lines().next()?.split_once(':')?;
    let mut value = HeaderValue::from_str(value.trim()).ok()?;
    value.set_sensitive(true);
    Some((HeaderName::from_bytes(name.trim().as_bytes()).ok()?, value))
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

async fn visit(request: RequestBuilder) -> Result<Answer, Trouble> {
    let asked_at = Instant::now();
    let mut response = request.send().await.map_err(|error| Trouble::of(&error))?;
    let first_byte = asked_at.elapsed();
    let date = response.headers().get(DATE).and_then(|date| http_date(date.to_str().ok()?));
    let certificate_until = response
        .extensions()
        .get::<reqwest::tls::TlsInfo>()
        .and_then(|tls| tls.peer_certificate())
        .and_then(valid_until);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Trouble::of(&error))? {
        let room = BODY_BYTES_MAX - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    let status = response.status().as_u16();
    Ok(Answer { status, body, date, certificate_until, asked_at, took: asked_at.elapsed(), first_byte })
}

/// `Thu, 26 Nov 2026 03:04:05 GMT`.
fn http_date(text: &str) -> Option<WallMs> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(WallMs(date.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_date_is_read() {
        assert_eq!(http_date("Thu, 26 Nov 2026 03:04:05 GMT"), Some(WallMs(1_795_662_245_000)));
        assert_eq!(http_date("yesterday"), None);
    }

    #[test]
    fn a_header_file_has_one_line() {
        let (name, value) = header_line("Authorization: Bearer abc\nmore\n").expect("a header");
        assert_eq!((name.as_str(), value.to_str().expect("text")), ("authorization", "Bearer abc"));
        assert!(value.is_sensitive());
        for bad in ["", "abc", "a b: c"] {
            assert_eq!(header_line(bad), None, "{bad}");
        }
    }
}
