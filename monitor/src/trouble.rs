//! What was seen when another machine could not be reached, in words: a person must be able to tell a process that is gone from a
//! network that is.

use std::error::Error;
use std::io::ErrorKind;

use rustls::CertificateError;

/// Why a request got no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The machine is there, and nobody listens.
    Refused,
    /// The name is not known; also without any network.
    NameUnknown,
    /// No way leads to the machine.
    NoRoute,
    /// Nothing came within the time.
    TimedOut,
    /// The connection was cut.
    Cut,
    /// The certificate is past its end.
    CertificateExpired,
    /// Nobody that is trusted signed the certificate.
    CertificateUnknown,
    /// The certificate is for another name.
    CertificateName,
    /// The certificate, or TLS, is not acceptable for another reason.
    Tls(Box<str>),
    /// Something else.
    Other(Box<str>),
}

/// How many characters of a reason are kept.
const REASON_CHARS_MAX: usize = 120;

impl Trouble {
    /// What `error` was about.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        let mut last = String::new();
        while let Some(one) = cause {
            if one.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout) {
                return Self::TimedOut;
            }
            if let Some(known) = Self::known(one) {
                return known;
            }
            last = one.to_string();
            // The error inside an IO error is not among its sources, which begin behind it.
            let inside = one.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            cause = inside.map(|inside| inside as &(dyn Error + 'static)).or_else(|| one.source());
        }
        Self::Other(short(&last))
    }

    fn known(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(match tls {
                rustls::Error::InvalidCertificate(
                    CertificateError::Expired | CertificateError::ExpiredContext { .. },
                ) => Self::CertificateExpired,
                rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => Self::CertificateUnknown,
                rustls::Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                ) => Self::CertificateName,
                other => Self::Tls(short(&other.to_string())),
            });
        }
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && io.get_ref().is_none()
        {
            return match io.kind() {
                ErrorKind::ConnectionRefused => Some(Self::Refused),
                ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
                    Some(Self::NoRoute)
                }
                ErrorKind::TimedOut => Some(Self::TimedOut),
                ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof => Some(Self::Cut),
                _ => None,
            };
        }
        let text = error.to_string();
        if text == "dns error" || text.starts_with("failed to lookup address information") {
            return Some(Self::NameUnknown);
        }
        text.contains("connection closed before message completed").then_some(Self::Cut)
    }

    /// What was seen, in Japanese and in English: it stands in the note of an alert, which both read.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Refused => "接続を拒否された (connection refused)".into(),
            Self::NameUnknown => "名前を解決できない (name not found)".into(),
            Self::NoRoute => "経路がない (no route to host)".into(),
            Self::TimedOut => "時間内に応答がない (timed out)".into(),
            Self::Cut => "接続が切られた (connection closed)".into(),
            Self::CertificateExpired => "証明書の期限切れ (certificate expired)".into(),
            Self::CertificateUnknown => "証明書の発行者を信頼できない (certificate: unknown issuer)".into(),
            Self::CertificateName => "証明書の名前が違う (certificate: wrong name)".into(),
            Self::Tls(reason) => format!("TLSの失敗 (TLS: {reason})"),
            Self::Other(reason) => format!("通信の失敗 ({reason})"),
        }
    }
}

fn short(reason: &str) -> Box<str> {
    reason.chars().filter(|letter| !letter.is_control()).take(REASON_CHARS_MAX).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn trouble_of(url: &str) -> Trouble {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client =
            reqwest::Client::builder().timeout(std::time::Duration::from_millis(300)).build().expect("a client");
        Trouble::of(&client.get(url).send().await.expect_err("nobody answers"))
    }

    #[tokio::test]
    async fn a_person_can_tell_what_was_seen() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let refused = free.local_addr().expect("an address");
        drop(free);
        assert_eq!(trouble_of(&format!("http://{refused}/")).await, Trouble::Refused);
        assert_eq!(trouble_of("http://nobody.invalid/").await, Trouble::NameUnknown);

        let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = silent.local_addr().expect("an address");
        assert_eq!(trouble_of(&format!("http://{address}/")).await, Trouble::TimedOut);
        assert_eq!(trouble_of(&format!("https://{address}/")).await, Trouble::TimedOut);

        let cutting = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = cutting.local_addr().expect("an address");
        let url = format!("http://{address}/");
        let cut = tokio::spawn(async move { drop(cutting.accept().await) });
        assert_eq!(trouble_of(&url).await, Trouble::Cut);
        cut.await.expect("to have cut");
    }
}
