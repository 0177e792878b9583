//! A mail server that takes what is sent, or misbehaves as it is told.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::listening::Listening;
use super::port::Port;
use super::wait::wait_until;

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpMode {
    /// It takes every mail.
    Takes,
    /// It never answers the end of a mail.
    Slow,
    /// It wants to be asked again later.
    Later,
    /// It knows no recipient.
    Refuses,
    /// It lets nobody log in.
    NoLogin,
}

/// How the way to it is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Not at all.
    Plain,
    /// TLS from the first byte.
    Tls,
    /// TLS after `STARTTLS`.
    Starttls,
}

/// A mail that was taken.
#[derive(Debug, Clone)]
pub struct TakenMail {
    /// The recipient of the envelope.
    pub to: String,
    /// Everything as it came.
    pub raw: String,
}

/// The server; it stops when it is dropped.
#[derive(Debug)]
pub struct SmtpSink {
    listening: Listening,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    mode: Mutex<SmtpMode>,
    security: SmtpSecurity,
    tls: Arc<ServerConfig>,
    certificate: String,
    mails: Mutex<Vec<TakenMail>>,
    logins: Mutex<Vec<String>>,
}

impl SmtpSink {
    /// A server on a free port.
    #[must_use]
    pub fn start(mode: SmtpMode, security: SmtpSecurity) -> Self {
        Self::at(Port::reserved(), mode, security)
    }

    /// A server at `port`, with a certificate of its own for `localhost`.
    #[must_use]
    pub fn at(port: Port, mode: SmtpMode, security: SmtpSecurity) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let tls = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a certificate with its key");
        let shared = Arc::new(Shared {
            mode: Mutex::new(mode),
            security,
            tls: Arc::new(tls),
            certificate: cert.pem(),
            mails: Mutex::default(),
            logins: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        Self { listening: Listening::at(port, move |stream| serve(&serving, stream)), shared }
    }

    /// The port at which it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.listening.address().port()
    }

    /// From now on it behaves so.
    pub fn set_mode(&self, mode: SmtpMode) {
        *lock(&self.shared.mode) = mode;
    }

    /// Writes its certificate to `folder`, for `ca_file`.
    #[must_use]
    pub fn certificate_in(&self, folder: &Path) -> PathBuf {
        let path = folder.join("mail-ca.pem");
        std::fs::write(&path, &self.shared.certificate).expect("a file");
        path
    }

    /// The mails that it has taken, in their order.
    #[must_use]
    pub fn mails(&self) -> Vec<TakenMail> {
        lock(&self.shared.mails).clone()
    }

    /// What clients said to log in, decoded.
    #[must_use]
    pub fn logins(&self) -> Vec<String> {
        lock(&self.shared.logins).clone()
    }

    /// Waits until a mail has come whose subject has `words`.
    #[must_use]
    pub fn wait_for(&self, words: &str, limit: Duration) -> TakenMail {
        wait_until(&format!("a mail with {words:?}"), limit, || {
            self.mails().into_iter().find(|mail| mail.subject().contains(words))
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

fn secured(shared: &Shared, stream: TcpStream) -> std::io::Result<Box<dyn Stream>> {
    let connection = ServerConnection::new(Arc::clone(&shared.tls)).map_err(std::io::Error::other)?;
    Ok(Box::new(StreamOwned::new(connection, stream)))
}

fn serve(shared: &Shared, tcp: TcpStream) -> std::io::Result<()> {
    let plain = tcp.try_clone()?;
    let first = if shared.security == SmtpSecurity::Tls { secured(shared, tcp)? } else { Box::new(tcp) };
    let mut stream = BufReader::new(first);
    let mut is_secured = shared.security == SmtpSecurity::Tls;
    say(&mut stream, "220 sink")?;
    let mut to = String::new();
    loop {
        let line = read_line(&mut stream)?;
        let command = line.to_ascii_uppercase();
        let mode = *lock(&shared.mode);
        match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" if shared.security == SmtpSecurity::Starttls && !is_secured => {
                say(&mut stream, "250-sink\r\n250 STARTTLS")?;
            }
            "EHLO" => say(&mut stream, "250-sink\r\n250 AUTH PLAIN LOGIN")?,
            "STARTTLS" => {
                say(&mut stream, "220 go on")?;
                stream = BufReader::new(secured(shared, plain.try_clone()?)?);
                is_secured = true;
            }
            "AUTH" if mode == SmtpMode::NoLogin => say(&mut stream, "535 5.7.8 wrong password")?,
            "AUTH" => {
                let said = STANDARD.decode(line.rsplit(' ').next().unwrap_or_default()).unwrap_or_default();
                lock(&shared.logins).push(String::from_utf8_lossy(&said).replace('\0', ":"));
                say(&mut stream, "235 2.7.0 welcome")?;
            }
            "RCPT" if mode == SmtpMode::Later => say(&mut stream, "451 4.3.0 try again later")?,
            "RCPT" if mode == SmtpMode::Refuses => say(&mut stream, "550 5.1.1 no such person")?,
            "RCPT" => {
                line.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
                say(&mut stream, "250 2.1.5 ok")?;
            }
            "DATA" => {
                say(&mut stream, "354 go on")?;
                let mut raw = String::new();
                loop {
                    let line = read_line(&mut stream)?;
                    if line == "." {
                        break;
                    }
                    raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    raw.push('\n');
                }
                if mode == SmtpMode::Slow {
                    // Nothing more is said; the client hangs up.
                    drop(read_line(&mut stream));
                    return Ok(());
                }
                lock(&shared.mails).push(TakenMail { to: to.clone(), raw });
                say(&mut stream, "250 2.0.0 taken as 4711")?;
            }
            "QUIT" => return say(&mut stream, "221 bye"),
            _ => say(&mut stream, "250 ok")?,
        }
    }
}

fn say(stream: &mut BufReader<Box<dyn Stream>>, line: &str) -> std::io::Result<()> {
    stream.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
    stream.get_mut().flush()
}

fn read_line(stream: &mut BufReader<Box<dyn Stream>>) -> std::io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
