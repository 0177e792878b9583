//! A resident's device: one keep-alive connection that speaks HTTP/1.1, small and quick enough that thousands of them fit
//! beside the server on one machine.

use std::io::{Error, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpSocket, TcpStream};

/// The content type of events that the server sends one after the other.
const STREAM: &str = "text/event-stream";
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// A request to send.
#[derive(Debug, Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Request {
    /// A request of `method` (`GET`, `POST`, …) for `path` on its listener.
    #[must_use]
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: None }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a request key.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        self.header("idempotency-key", key)
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.text("application/json", body.to_string())
    }

    /// With any body.
    #[must_use]
    pub fn text(mut self, content_type: &str, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    fn bytes(&self, host: SocketAddr, token: Option<&str>) -> Vec<u8> {
        use std::fmt::Write as _;
        let mut text = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        if let Some(token) = token {
            let _ = write!(text, "authorization: Bearer {token}\r\n");
        }
        if let Some(body) = &self.body {
            let _ = write!(text, "content-length: {}\r\n\r\n{body}", body.len());
        } else {
            text.push_str("\r\n");
        }
        text.into_bytes()
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// When the request was about to be sent.
    pub sent_at: Instant,
    /// When the whole answer was here.
    pub received_at: Instant,
}

impl Answer {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Whether it goes on and on. Then the body is what came first.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with(STREAM))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON: {error}: {self:?} {}", self.text()))
    }

    /// The `code` of a problem, or nothing.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body.get("code")?.as_str()?.to_owned())
    }

    /// The answer, provided that its status is `status`.
    #[track_caller]
    #[allow(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "many callers only want the check")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}\n{}", self.headers, self.text());
        self
    }

    /// Fails unless this is the problem `code` with `status`, told as RFC 9457 and the contract want it. Gives its body.
    #[track_caller]
    #[allow(clippy::must_use_candidate, reason = "most callers only want the check")]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.code().as_deref()), (status, Some(code)), "{}", self.text());
        let content_type = self.header("content-type").unwrap_or_default();
        assert!(content_type.starts_with("application/problem+json"), "content-type: {content_type}");
        let body = self.json();
        assert_eq!(body.get("status").and_then(Value::as_u64), Some(u64::from(status)), "`status` in {body}");
        assert!(body.get("title").is_some_and(Value::is_string), "`title` in {body}");
        if matches!(status, 429 | 503) {
            let seconds = self.header("retry-after").expect("429 and 503 carry Retry-After");
            assert!(seconds.parse::<u32>().is_ok(), "retry-after: {seconds}");
        }
        body
    }
}

/// One device with its connection and, after a login, its token.
#[derive(Debug)]
pub struct Client {
    server: SocketAddr,
    source: Ipv4Addr,
    connection: Option<BufReader<TcpStream>>,
    /// The token that is sent as `Authorization: Bearer`.
    pub token: Option<String>,
}

impl Client {
    /// A device at the loopback address `source` that talks to `server`. It connects when it first asks something.
    #[must_use]
    pub const fn new(server: SocketAddr, source: Ipv4Addr) -> Self {
        Self { server, source, connection: None, token: None }
    }

    /// A second device of the same resident, logged in as well.
    #[must_use]
    pub fn another_device(&self) -> Self {
        Self { server: self.server, source: self.source, connection: None, token: self.token.clone() }
    }

    /// The same device after the server came back at `server`.
    #[must_use]
    pub fn moved_to(&self, server: SocketAddr) -> Self {
        Self { server, source: self.source, connection: None, token: self.token.clone() }
    }

    /// Opens the connection now, so that the next request starts at once.
    pub async fn connect(&mut self) -> Result<(), Error> {
        // Between two exchanges nothing is to be read but the end, if the server has closed the idle connection.
        if self.connection.as_ref().is_some_and(|open| open.get_ref().try_read(&mut [0]).is_ok()) {
            self.connection = None;
        }
        if self.connection.is_none() {
            let socket = TcpSocket::new_v4()?;
            socket.bind((self.source, 0).into())?;
            let stream = socket.connect(self.server).await?;
            stream.set_nodelay(true)?;
            self.connection = Some(BufReader::new(stream));
        }
        Ok(())
    }

    /// Sends a request and waits for the answer. After an error it is not known whether the server has heard it.
    pub async fn try_send(&mut self, request: &Request) -> Result<Answer, Error> {
        let reused = self.connection.is_some();
        match self.send_once(request).await {
            // A server may close an idle connection at any moment; reading again does no harm.
            Err(error) if reused && request.method == "GET" && error.kind() != ErrorKind::TimedOut => {
                self.send_once(request).await
            }
            result => result,
        }
    }

    /// [`Self::try_send`] for a server that is there.
    pub async fn send(&mut self, request: Request) -> Answer {
        let result = self.try_send(&request).await;
        result.unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.path))
    }

    async fn send_once(&mut self, request: &Request) -> Result<Answer, Error> {
        self.connect().await?;
        let bytes = request.bytes(self.server, self.token.as_deref());
        // Taken out for the time of the exchange: after an error, or when this future is dropped, the connection is not reused.
        let mut connection = self.connection.take().ok_or(ErrorKind::NotConnected)?;
        let sent_at = Instant::now();
        let exchange = async {
            connection.write_all(&bytes).await?;
            read_answer(&mut connection, request.method == "HEAD").await
        };
        let (status, headers, body) =
            tokio::time::timeout(ANSWER_WITHIN, exchange).await.map_err(|_| ErrorKind::TimedOut)??;
        let answer = Answer { status, headers, body, sent_at, received_at: Instant::now() };
        let ends = answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        if !ends && !answer.is_stream() {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    /// `GET path`.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::new("GET", path)).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send(Request::new("POST", path).json(body)).await
    }

    /// `DELETE path`.
    pub async fn delete(&mut self, path: &str) -> Answer {
        self.send(Request::new("DELETE", path)).await
    }

    /// `POST /api/v1/bookings` with a request key.
    pub async fn book(&mut self, key: &str, body: &Value) -> Answer {
        self.send(Request::new("POST", "/api/v1/bookings").key(key).json(body)).await
    }

    /// `PUT /api/v1/bookings/{number}` with a request key.
    pub async fn move_booking(&mut self, number: &str, key: &str, body: &Value) -> Answer {
        self.send(Request::new("PUT", format!("/api/v1/bookings/{number}")).key(key).json(body)).await
    }

    /// `DELETE /api/v1/bookings/{number}`.
    pub async fn cancel(&mut self, number: &str) -> Answer {
        self.delete(&format!("/api/v1/bookings/{number}")).await
    }

    /// The bookings in `GET /api/v1/me`.
    pub async fn bookings(&mut self) -> Vec<Value> {
        let body = self.get("/api/v1/me").await.expect(200).json();
        body["bookings"].as_array().expect("`bookings` is a list").clone()
    }
}

type Parts = (u16, Vec<(String, String)>, Vec<u8>);

async fn read_answer(connection: &mut BufReader<TcpStream>, without_body: bool) -> Result<Parts, Error> {
    let status_line = read_line(connection).await?;
    let status: u16 = status_line
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok())
        .ok_or_else(|| invalid(&status_line))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(connection).await?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| invalid(&line))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let header = |name: &str| headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let mut body = Vec::new();
    if without_body || matches!(status, 100..200 | 204 | 304) {
        return Ok((status, headers, body));
    }
    if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        let chunks_max =
            if header("content-type").is_some_and(|kind| kind.starts_with(STREAM)) { 1 } else { usize::MAX };
        read_chunks(connection, &mut body, chunks_max).await?;
    } else if let Some(length) = header("content-length") {
        body.resize(length.parse().map_err(|_| invalid(length))?, 0);
        connection.read_exact(&mut body).await?;
    } else {
        connection.read_to_end(&mut body).await?;
    }
    Ok((status, headers, body))
}

async fn read_chunks(
    connection: &mut BufReader<TcpStream>,
    body: &mut Vec<u8>,
    chunks_max: usize,
) -> Result<(), Error> {
    for _ in 0..chunks_max {
        let line = read_line(connection).await?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = usize::from_str_radix(digits, 16).map_err(|_| invalid(&line))?;
        let start = body.len();
        body.resize(start + length, 0);
        connection.read_exact(&mut body[start..]).await?;
        let end = read_line(connection).await?;
        if !end.is_empty() {
            return Err(invalid(&end));
        }
        if length == 0 {
            break;
        }
    }
    Ok(())
}

async fn read_line(connection: &mut BufReader<TcpStream>) -> Result<String, Error> {
    let mut line = String::new();
    if connection.read_line(&mut line).await? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

fn invalid(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("not HTTP/1.1: {what:?}"))
}
