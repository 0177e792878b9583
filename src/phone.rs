//! A phone: one kept-alive HTTP/1.1 connection on loopback, and what came back. It knows neither residents nor figures.

use std::borrow::Cow;
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
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HOST, HeaderValue, IF_NONE_MATCH, RETRY_AFTER,
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
/// Phones come from so many loopback addresses, so that no address runs out of ports.
const ADDRESSES: usize = 200;

/// The way to one listener.
#[derive(Debug)]
pub(crate) struct Network {
    to: SocketAddr,
    host: HeaderValue,
    sockets: Arc<Semaphore>,
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
}

/// What it hears.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<Rc<str>>,
    pub(crate) retry_after_s: Option<u64>,
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
    open_files::raise_for(SOCKETS_MAX)
}

impl Network {
    pub(crate) fn new(to: SocketAddr) -> Rc<Self> {
        let host = HeaderValue::try_from(to.to_string()).unwrap_or(HeaderValue::from_static("localhost"));
        Rc::new(Self { to, host, sockets: Arc::new(Semaphore::new(sockets_max())) })
    }
}

impl Ask {
    /// A question without a body.
    pub(crate) fn new(method: Method, path: impl Into<Box<str>>) -> Self {
        Self { method, path: path.into(), ..Self::default() }
    }

    fn request(&self, host: &HeaderValue) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
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
        if self.json.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(Full::new(self.json.clone().unwrap_or_default()))
    }
}

impl Phone {
    /// The phone of the `number`-th resident.
    pub(crate) fn new(network: &Rc<Network>, number: usize) -> Self {
        let from = Ipv4Addr::new(127, 0, 0, (number % ADDRESSES) as u8 + 1);
        Self { network: Rc::clone(network), from, line: None }
    }

    /// Asks, over the open connection or a new one.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<Answer, Unheard> {
        let answer = tokio::time::timeout(ANSWER_WAIT_MAX, self.ask_in_time(ask)).await.unwrap_or(Err(Unheard));
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
        let request = ask.request(&self.network.host).map_err(|_| Unheard)?;
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
        Answer::read(response).await
    }

    async fn connect(&self) -> Result<Line, Unheard> {
        let socket = Arc::clone(&self.network.sockets).acquire_owned().await.map_err(|_| Unheard)?;
        let stream = self.dial().await.map_err(|_| Unheard)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Unheard)?;
        let driver = tokio::task::spawn_local(async move {
            // How a connection ends is heard by who asked over it.
            let _ = connection.await;
            drop(socket);
        });
        Ok(Line { sender, driver: driver.abort_handle() })
    }

    async fn dial(&self) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        let stream = socket.connect(self.network.to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
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
        let gzip = text(CONTENT_ENCODING) == Some("gzip");
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|_| Unheard)?.to_bytes();
        Ok(Self { status: head.status, etag, retry_after_s, gzip, body })
    }
}
