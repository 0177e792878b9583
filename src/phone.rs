//! A phone: one kept-alive HTTP/1.1 connection on loopback, and what came back. It knows neither residents nor figures.
//!
//! A ticket that a refusal hands out (a cookie) is kept and shown with every later question, as a browser does.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use flate2::read::GzDecoder;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, COOKIE, ETAG, HOST, HeaderValue, IF_NONE_MATCH,
    LOCATION, RETRY_AFTER, SET_COOKIE,
};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use crate::open_files;

/// How many sockets all phones together have open at once, if the system gives as many; waiting for one counts as latency.
const SOCKETS_MAX: usize = 8_000;
/// How long a phone waits for an answer: longer than the server works on any request.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(25);
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// One phone in so many goes through a carrier, which has so many addresses; all others have one of their own.
const CARRIER_EVERY: usize = 4;
const CARRIER_ADDRESSES: usize = 1_000;
/// Addresses differ in their third and second byte first, as those of a city's people do: neighbours are rare.
const THIRD_BYTES: usize = 250;
const SECOND_BYTES: usize = 100;
const FOURTH_BYTES: usize = 200;

/// The way to one listener.
#[derive(Debug)]
pub(crate) struct Network {
    to: SocketAddr,
    host: HeaderValue,
    sockets: Arc<Semaphore>,
    /// How often a phone had to wait for a socket, since all were in use.
    short_of_sockets: Cell<u64>,
}

/// What a phone asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: Box<str>,
    pub(crate) token: Option<Rc<str>>,
    pub(crate) key: Option<Box<str>>,
    pub(crate) known_etag: Option<Rc<str>>,
    pub(crate) json: Option<Bytes>,
    /// A form, as a browser sends it.
    pub(crate) form: Option<Bytes>,
}

/// What it hears.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<Rc<str>>,
    pub(crate) retry_after_s: Option<u64>,
    /// Where a form leads to.
    pub(crate) location: Option<Box<str>>,
    pub(crate) gzip: bool,
    pub(crate) body: Bytes,
}

/// No answer was heard; whether the request was is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unheard;

/// One phone.
#[derive(Debug)]
pub(crate) struct Phone {
    network: Rc<Network>,
    from: Ipv4Addr,
    line: Option<Line>,
    /// The one cookie that is kept: `name=value`.
    cookie: Option<HeaderValue>,
    signs_in: bool,
}

/// An open connection. Its socket is given back when its driver ends.
#[derive(Debug)]
struct Line {
    sender: SendRequest<Full<Bytes>>,
    driver: AbortHandle,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Line {
    /// The line, unless the server has closed it for being idle: a phone notices before it asks, not by an error.
    async fn if_open(mut self) -> Option<Self> {
        self.sender.ready().await.is_ok().then_some(self)
    }
}

/// How many sockets all phones together may have open at once; each needs an open file.
pub(crate) fn sockets_max() -> usize {
    open_files::raise_for(SOCKETS_MAX, 0)
}

impl Network {
    pub(crate) fn new(to: SocketAddr) -> Rc<Self> {
        Self::with_sockets(to, sockets_max())
    }

    /// With so many sockets at most.
    pub(crate) fn with_sockets(to: SocketAddr, sockets: usize) -> Rc<Self> {
        let host = HeaderValue::try_from(to.to_string()).unwrap_or(HeaderValue::from_static("localhost"));
        let sockets = Arc::new(Semaphore::new(sockets));
        Rc::new(Self { to, host, sockets, short_of_sockets: Cell::new(0) })
    }

    /// Where it leads to.
    pub(crate) const fn to(&self) -> SocketAddr {
        self.to
    }

    /// How often a phone had to wait for a socket.
    pub(crate) fn short_of_sockets(&self) -> u64 {
        self.short_of_sockets.get()
    }

    /// A connection of one's own, from this address.
    pub(crate) async fn dial(&self, from: Ipv4Addr) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let stream = socket.connect(self.to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Ask {
    /// A question without a body.
    pub(crate) fn new(method: Method, path: impl Into<Box<str>>) -> Self {
        Self { method, path: path.into(), ..Self::default() }
    }

    fn request(
        &self,
        host: &HeaderValue,
        cookie: Option<&HeaderValue>,
    ) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let mut request = Request::builder().method(&self.method).uri(&*self.path).header(HOST, host);
        if self.method == Method::GET {
            request = request.header(ACCEPT_ENCODING, "gzip");
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", &**key);
        }
        if let Some(etag) = &self.known_etag {
            request = request.header(IF_NONE_MATCH, &**etag);
        }
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie);
        }
        if self.json.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        } else if self.form.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        request.body(Full::new(self.json.clone().or_else(|| self.form.clone()).unwrap_or_default()))
    }
}

impl Phone {
    /// The phone of the `number`-th resident.
    pub(crate) fn new(network: &Rc<Network>, number: usize) -> Self {
        Self::at(network, address_of(number))
    }

    /// A device at this address.
    pub(crate) fn at(network: &Rc<Network>, from: Ipv4Addr) -> Self {
        Self { network: Rc::clone(network), from, line: None, cookie: None, signs_in: false }
    }

    /// One that keeps the first cookie of all, as a browser at a desk does: whoever signs in stays signed in.
    pub(crate) fn signing_in(self) -> Self {
        Self { signs_in: true, ..self }
    }

    /// Asks, over the open connection or a new one.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<Answer, Unheard> {
        // In a box of its own: a phone that waits for its next question is small.
        let asked = Box::pin(self.ask_in_time(ask));
        let answer = tokio::time::timeout(ANSWER_WAIT_MAX, asked).await.unwrap_or(Err(Unheard));
        if answer.is_err() {
            self.hang_up();
        }
        answer
    }

    /// Closes the connection while its owner thinks, if others wait for a socket.
    pub(crate) fn make_room(&mut self) {
        if self.network.sockets.available_permits() == 0 {
            self.hang_up();
        }
    }

    /// Closes the connection, so that others may have its socket.
    pub(crate) fn hang_up(&mut self) {
        self.line = None;
    }

    async fn ask_in_time(&mut self, ask: &Ask) -> Result<Answer, Unheard> {
        let request = ask.request(&self.network.host, self.cookie.as_ref()).map_err(|_| Unheard)?;
        let open = match self.line.take() {
            Some(line) => line.if_open().await,
            None => None,
        };
        let open = match open {
            Some(line) => line,
            None => self.connect().await?,
        };
        let line = self.line.insert(open);
        let response = line.sender.send_request(request).await.map_err(|_| Unheard)?;
        self.keep_cookie(&response);
        Answer::read(response).await
    }

    fn keep_cookie(&mut self, response: &Response<hyper::body::Incoming>) {
        let refused = response.status().as_u16() >= 400;
        let wanted = if self.signs_in { self.cookie.is_none() } else { refused };
        if !wanted {
            return;
        }
        let set = response.headers().get(SET_COOKIE).and_then(|set| set.to_str().ok());
        let pair = set.and_then(|set| set.split(';').next()).and_then(|pair| HeaderValue::try_from(pair).ok());
        self.cookie = pair.or(self.cookie.take());
    }

    async fn connect(&self) -> Result<Line, Unheard> {
        let sockets = &self.network.sockets;
        if sockets.available_permits() == 0 {
            self.network.short_of_sockets.set(self.network.short_of_sockets.get() + 1);
        }
        let socket = Arc::clone(sockets).acquire_owned().await.map_err(|_| Unheard)?;
        let stream = self.network.dial(self.from).await.map_err(|_| Unheard)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Unheard)?;
        let driver = tokio::task::spawn_local(async move {
            // How a connection ends is heard by who asked over it.
            let _ = connection.await;
            drop(socket);
        });
        Ok(Line { sender, driver: driver.abort_handle() })
    }
}

impl Answer {
    /// The body, unpacked.
    pub(crate) fn plain(&self) -> Option<Cow<'_, [u8]>> {
        if !self.gzip {
            return Some(Cow::Borrowed(&self.body));
        }
        let mut plain = Vec::new();
        GzDecoder::new(&*self.body).read_to_end(&mut plain).ok()?;
        Some(Cow::Owned(plain))
    }

    async fn read(response: Response<hyper::body::Incoming>) -> Result<Self, Unheard> {
        let (head, body) = response.into_parts();
        let text = |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let (etag, retry_after_s) = (text(ETAG).map(Rc::from), text(RETRY_AFTER).and_then(|text| text.parse().ok()));
        let location = text(LOCATION).map(Box::from);
        let gzip = text(CONTENT_ENCODING) == Some("gzip");
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|_| Unheard)?.to_bytes();
        Ok(Self { status: head.status, etag, retry_after_s, location, gzip, body })
    }
}

/// The address of the `number`-th resident's phone.
fn address_of(number: usize) -> Ipv4Addr {
    if number % CARRIER_EVERY == CARRIER_EVERY - 1 {
        let carrier = number / CARRIER_EVERY % CARRIER_ADDRESSES;
        return Ipv4Addr::new(127, 120, (carrier / FOURTH_BYTES) as u8, (carrier % FOURTH_BYTES) as u8 + 1);
    }
    let (third, rest) = (number % THIRD_BYTES, number / THIRD_BYTES);
    let (second, fourth) = (rest % SECOND_BYTES + 1, rest / SECOND_BYTES % FOURTH_BYTES + 1);
    Ipv4Addr::new(127, second as u8, third as u8, fourth as u8)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn people_come_from_many_networks_and_some_share_a_carriers_address() {
        let mut by_address: HashMap<Ipv4Addr, usize> = HashMap::new();
        let mut by_network: HashMap<[u8; 3], usize> = HashMap::new();
        for number in 0..105_000 {
            let address = address_of(number);
            *by_address.entry(address).or_default() += 1;
            let [first, second, third, _] = address.octets();
            *by_network.entry([first, second, third]).or_default() += 1;
        }
        let shared: Vec<usize> = by_address.values().copied().filter(|people| *people > 1).collect();
        assert_eq!((shared.len(), shared.iter().sum::<usize>()), (CARRIER_ADDRESSES, 105_000 / CARRIER_EVERY));
        let own = by_network.iter().filter(|(network, _)| network[1] != 120);
        assert!(own.map(|(_, people)| *people).max() <= Some(5), "neighbours are rare");
    }
}
