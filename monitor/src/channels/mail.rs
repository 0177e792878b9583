//! Mail over SMTP. Each try is a connection of its own, so that nothing of a try that failed is left over for the next one.

use std::path::Path;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Mime};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use lettre::{Address, transport::smtp::Error};

use super::{Channel, Letter, Sending, Sent, line};
use crate::config::{MailConfig, MailSecurity};
use crate::core::message::{Message, Outcome};
use crate::trouble::Trouble;

/// How long the good-bye may take once the mail is accepted; nothing depends on it.
const GOODBYE_MAX: Duration = Duration::from_secs(1);

/// The channel.
pub(super) struct Mail {
    config: MailConfig,
    folder_id: Box<str>,
}

/// Why a mail was not taken.
#[derive(Debug)]
enum Refused {
    /// Something here is not as it must be; a person has to mend it.
    Here(String),
    /// The way there, or the server as a whole.
    Way(Error),
    /// The server has an opinion on this mail or its recipient.
    Mail(Error),
}

impl Mail {
    pub(super) fn new(config: MailConfig, folder_id: &str) -> Self {
        Self { config, folder_id: folder_id.into() }
    }
}

impl Channel for Mail {
    fn send(&self, letter: Letter) -> Sending {
        let (config, folder_id) = (self.config.clone(), self.folder_id.clone());
        Box::pin(async move {
            let deadline = Duration::from_secs(config.timeout_seconds.into());
            match tokio::time::timeout(deadline, deliver(&config, &folder_id, &letter.message)).await {
                Ok(Ok(answer)) => Sent::new(Outcome::Delivered, answer),
                Ok(Err(refused)) => refused.sent(),
                Err(_) => Sent::new(Outcome::Failed, Trouble::TimedOut.words()),
            }
        })
    }
}

impl Refused {
    fn sent(&self) -> Sent {
        match self {
            Self::Here(problem) => Sent::new(Outcome::Failed, line(problem)),
            // A refusal of the account or of the server may end by itself or be mended; one of the recipient does not.
            Self::Mail(error) if error.is_permanent() => Sent::new(Outcome::GivenUp, words(error)),
            Self::Way(error) | Self::Mail(error) => Sent::new(Outcome::Failed, words(error)),
        }
    }
}

/// What the server said, or what was seen instead.
fn words(error: &Error) -> String {
    let Some(code) = error.status() else {
        // lettre's own words stand for what has no deeper cause: no STARTTLS, no way to log in.
        return Trouble::of(error).words();
    };
    let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    line(&format!("{code} {said}"))
}

async fn deliver(config: &MailConfig, folder_id: &str, message: &Message) -> Result<String, Refused> {
    let (envelope, bytes) = mime(config, folder_id, message).map_err(Refused::Here)?;
    let tls = match config.security {
        MailSecurity::None => None,
        MailSecurity::Tls | MailSecurity::Starttls => Some(tls(config).await?),
    };
    let credentials = match (&config.user, &config.password_file) {
        (Some(user), Some(file)) => Some(Credentials::new(user.clone(), password(file).await?)),
        _ => None,
    };
    let mut connection = connect(config, tls).await.map_err(Refused::Way)?;
    if let Some(credentials) = credentials {
        connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await.map_err(Refused::Way)?;
    }
    let response = hand_over(&mut connection, &envelope, &bytes).await;
    // A server that does not answer the good-bye has the mail all the same.
    let _ = tokio::time::timeout(GOODBYE_MAX, connection.abort()).await;
    Ok(said(&response.map_err(Refused::Mail)?))
}

async fn connect(config: &MailConfig, tls: Option<TlsParameters>) -> Result<AsyncSmtpConnection, Error> {
    let port = config.port.unwrap_or(match config.security {
        MailSecurity::Tls => 465,
        MailSecurity::Starttls => 587,
        MailSecurity::None => 25,
    });
    let address = (config.host.as_str(), port);
    let hello = ClientId::default();
    match config.security {
        MailSecurity::Tls => AsyncSmtpConnection::connect_tokio1(address, None, &hello, tls, None).await,
        MailSecurity::None => AsyncSmtpConnection::connect_tokio1(address, None, &hello, None, None).await,
        MailSecurity::Starttls => {
            let mut connection = AsyncSmtpConnection::connect_tokio1(address, None, &hello, None, None).await?;
            if let Some(tls) = tls {
                connection.starttls(tls, &hello).await?;
            }
            Ok(connection)
        }
    }
}

async fn hand_over(connection: &mut AsyncSmtpConnection, envelope: &Envelope, bytes: &[u8]) -> Result<Response, Error> {
    let mut options = Vec::new();
    if connection.server_info().supports_feature(Extension::EightBitMime) {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection.command(MailFrom::new(envelope.from().cloned(), options)).await?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
    }
    connection.command(Data).await?;
    connection.message(bytes).await
}

fn said(response: &Response) -> String {
    debug_assert_eq!(response.code().severity, Severity::PositiveCompletion);
    let lines: Vec<&str> = response.message().collect();
    line(&format!("{} {}", response.code(), lines.join(" ")))
}

async fn tls(config: &MailConfig) -> Result<TlsParameters, Refused> {
    let builder = TlsParameters::builder(config.host.clone());
    let builder = match &config.ca_file {
        None => builder,
        Some(file) => {
            let authority = Certificate::from_pem(&read(file).await?)
                .map_err(|error| Refused::Here(format!("{}: {error}", file.display())))?;
            builder.certificate_store(CertificateStore::None).add_root_certificate(authority)
        }
    };
    builder.build_rustls().map_err(Refused::Way)
}

/// The account's password. It is read for each try, so that it can be changed without a restart.
async fn password(file: &Path) -> Result<String, Refused> {
    let text = String::from_utf8(read(file).await?)
        .map_err(|_| Refused::Here(format!("{}: UTF-8ではない (not UTF-8)", file.display())))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

async fn read(file: &Path) -> Result<Vec<u8>, Refused> {
    tokio::fs::read(file)
        .await
        .map_err(|error| Refused::Here(format!("{} を読めない (cannot be read): {error}", file.display())))
}

/// RFC 3834: nobody's absence is to be answered to an alert.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn mime(config: &MailConfig, folder_id: &str, message: &Message) -> Result<(Envelope, Vec<u8>), String> {
    let from: Mailbox = config.from.parse().map_err(|error| format!("from: {error}"))?;
    let to: Address = message.lane.address.parse().map_err(|error| format!("{}: {error}", message.lane.address))?;
    let id = format!("<sesshu-{}-{folder_id}@{}>", message.no.0, from.email.domain());
    let written = std::time::UNIX_EPOCH + Duration::from_millis(message.at.0.max(0).unsigned_abs());
    // The display name of the recipient stays out: it is a desk's name, and adds nothing but another way to be malformed.
    let mime = Mime::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(line(&message.subject))
        .message_id(Some(id))
        .date(written)
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(message.body.to_string())
        .map_err(|error| error.to_string())?;
    Ok((mime.envelope().clone(), mime.formatted()))
}
