//! One keep-alive HTTP/1.1 connection that costs as little as it can, so that a measurement on one machine shows the server: the
//! request's bytes are given, and of the answer only the status, the length and the body are looked at.

use std::io::{Error, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

const ANSWER_BYTES_MAX: usize = 64 * 1024;
const STATUS_AT: std::ops::Range<usize> = 9..12;
const LENGTH: &[u8] = b"content-length: ";
const HEAD_END: &[u8] = b"\r\n\r\n";
const GREETING: &[u8] = b"GET /api/v1/notices HTTP/1.1\r\nhost: sesshu.test\r\n\r\n";

/// The connection.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    buffer: Box<[u8]>,
    /// Where in the last answer the length stood, and where the head ended. The next one looks the same, as a rule.
    seen: (usize, usize),
}

/// An answer.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The status line and the headers.
    pub head: &'a [u8],
    /// The body.
    pub body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// The value of the first header of this name, which is given in lower case, as our servers write it.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut lines = self.head.split(|byte| *byte == b'\n').skip(1);
        let value = lines.find_map(|line| line.strip_prefix(name.as_bytes())?.strip_prefix(b":"))?;
        std::str::from_utf8(value).ok().map(str::trim)
    }
}

impl Wire {
    /// Opens a connection.
    pub async fn open(server: SocketAddr) -> Result<Self, Error> {
        Self::over(TcpStream::connect(server).await?)
    }

    /// Opens a connection and has one answer over it, whatever it says: the server has taken it then, and what follows is measured
    /// on a connection that stands.
    pub async fn open_and_greet(server: SocketAddr) -> Result<Self, Error> {
        let mut wire = Self::open(server).await?;
        wire.exchange(GREETING).await?;
        Ok(wire)
    }

    /// Opens a connection from the loopback address `source`: for the server somebody else's than that from another one.
    pub async fn open_from(source: Ipv4Addr, server: SocketAddr) -> Result<Self, Error> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((source, 0).into())?;
        Self::over(socket.connect(server).await?)
    }

    fn over(stream: TcpStream) -> Result<Self, Error> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; ANSWER_BYTES_MAX].into(), seen: (0, 0) })
    }

    /// Whether the server has closed it. Between two exchanges nothing else is to be read.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.stream.try_read(&mut [0]).is_ok()
    }

    /// Sends the bytes of a request and reads the answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, Error> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some(body) = self.body(filled) {
                let status = number(&self.buffer[STATUS_AT]) as u16;
                return Ok(Answer { status, head: &self.buffer[..body.start], body: &self.buffer[body] });
            }
        }
    }

    /// Where the body lies, if all of it is among the first `filled` bytes.
    fn body(&mut self, filled: usize) -> Option<std::ops::Range<usize>> {
        let answer = &self.buffer[..filled];
        let (length_at, head_end) = self.seen;
        let as_before = answer.get(..length_at).is_some_and(|before| before.ends_with(LENGTH))
            && answer.get(..head_end).is_some_and(|head| head.ends_with(HEAD_END));
        if !as_before {
            let head_end = find(answer, HEAD_END)?;
            // An answer without a body need not say so.
            self.seen = (find(&answer[..head_end], LENGTH).unwrap_or(head_end), head_end);
        }
        let (length_at, head_end) = self.seen;
        let end = head_end + number(&answer[length_at..]);
        (filled >= end).then_some(head_end..end)
    }
}

/// Where `wanted` ends in `text`.
fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted).map(|at| at + wanted.len())
}

/// The decimal number with which `text` begins.
fn number(text: &[u8]) -> usize {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
}
