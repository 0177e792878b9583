//! A document posted to an address: every fact for programs, or one text for chat tools.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Certificate, Response, StatusCode, redirect};
use serde_json::{Value, json};

use super::{Channel, Letter, Sending, Sent, line};
use crate::config::{WebhookConfig, WebhookForm};
use crate::core::message::{About, Outcome};
use crate::manual;
use crate::trouble::Trouble;
use crate::words;

/// How much of an answer is read, in bytes.
const ANSWER_BYTES_MAX: usize = 2_048;
/// The longest wait that somebody else may impose on us.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(5);

/// What a document says of where it comes from.
#[derive(Clone)]
pub(super) struct Site {
    /// The console's address.
    pub(super) console: Option<Box<str>>,
    /// The folder in which messages are numbered.
    pub(super) folder_id: Box<str>,
}

/// The channel.
pub(super) struct Webhook {
    client: Client,
    form: WebhookForm,
    site: Site,
}

impl Webhook {
    pub(super) fn new(config: &WebhookConfig, site: Site) -> Self {
        Self { client: Client::new(config), form: config.form, site }
    }
}

impl Channel for Webhook {
    fn send(&self, letter: Letter) -> Sending {
        let client = self.client.clone();
        let document = match self.form {
            WebhookForm::Json => document(&letter, &self.site),
            WebhookForm::Chat => json!({ "text": chat(&letter) }),
        };
        let deadline = client.deadline();
        Box::pin(async move { client.post(&letter.message.lane.address, &document, deadline).await })
    }
}

fn chat(letter: &Letter) -> String {
    format!("{}\n{}", letter.message.subject, letter.message.body)
}

/// All facts. Names are stable; `docs/alerts.md` describes them.
fn document(letter: &Letter, site: &Site) -> Value {
    let message = &letter.message;
    let mut document = json!({
        "id": format!("sesshu-{}-{}", message.no.0, site.folder_id),
        "sent_at": words::instant(message.at),
        "to": message.to,
        "kind": kind(&message.about),
        "subject": message.subject,
        "text": message.body,
        "url": site.console,
    });
    let (About::Incident { level, resolved, .. }, Some(incident)) = (&message.about, &letter.incident) else {
        return document;
    };
    let metric = incident.cause.metric;
    let limit = letter.threshold.and_then(|threshold| words::limit(&threshold, *level));
    let facts = json!({
        "incident": incident.no.0,
        "level": level.code(),
        "resolved": resolved,
        "metric": metric.code(),
        "of": incident.cause.subject,
        "since": words::instant(incident.since),
        "resolved_at": incident.resolved_at.map(words::instant),
        "acknowledged": incident.acknowledged.is_some(),
        "value": incident.value,
        "worst_value": incident.worst_value,
        "threshold": limit,
        "unit": words::unit_code(metric.unit()),
        "note": incident.note,
        "what_to_do": manual::what_to_do(metric, letter.language),
    });
    if let (Value::Object(document), Value::Object(facts)) = (&mut document, facts) {
        document.extend(facts);
    }
    document
}

const fn kind(about: &About) -> &'static str {
    match about {
        About::Incident { resolved: false, .. } => "alert",
        About::Incident { resolved: true, .. } => "resolved",
        About::Notice(_) => "notice",
        About::Summary => "summary",
        About::Test => "test",
    }
}

/// Posts documents.
#[derive(Clone)]
pub(super) struct Client {
    config: WebhookConfig,
}

impl Client {
    pub(super) fn new(config: &WebhookConfig) -> Self {
        Self { config: config.clone() }
    }

    pub(super) fn deadline(&self) -> Duration {
        Duration::from_secs(self.config.timeout_seconds.into())
    }

    /// Posts `document` to `url` once.
    pub(super) async fn post(&self, url: &str, document: &Value, deadline: Duration) -> Sent {
        let client = match self.client(deadline).await {
            Ok(client) => client,
            Err(problem) => return Sent::new(Outcome::Failed, line(&problem)),
        };
        let request = client.post(url).header(CONTENT_TYPE, "application/json").body(document.to_string());
        match request.send().await {
            Ok(response) => answered(response).await,
            Err(error) if error.is_builder() => Sent::new(Outcome::GivenUp, line(&error.without_url().to_string())),
            // Addresses of webhooks are secrets: none may get into a record by an error's words.
            Err(error) => Sent::new(Outcome::Failed, Trouble::of(&error.without_url()).words()),
        }
    }

    /// Made for each try: a file with an authority may be exchanged, and no connection is left over from a server that is gone.
    async fn client(&self, deadline: Duration) -> Result<reqwest::Client, String> {
        let mut builder = reqwest::Client::builder()
            .timeout(deadline)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("sesshu/", env!("CARGO_PKG_VERSION")));
        if let Some(file) = &self.config.ca_file {
            let bytes = tokio::fs::read(file)
                .await
                .map_err(|error| format!("{} を読めない (cannot be read): {error}", file.display()))?;
            let authorities =
                Certificate::from_pem_bundle(&bytes).map_err(|error| format!("{}: {error}", file.display()))?;
            builder = builder.tls_certs_only(authorities);
        }
        builder.build().map_err(|error| Trouble::of(&error).words())
    }
}

async fn answered(mut response: Response) -> Sent {
    let status = response.status();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES_MAX
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk[..chunk.len().min(ANSWER_BYTES_MAX - body.len())]);
    }
    let first_line =
        String::from_utf8_lossy(&body).lines().find(|line| !line.trim().is_empty()).unwrap_or("").to_owned();
    let outcome = outcome(status);
    let retry_after = retry_after.filter(|_| outcome == Outcome::Failed);
    Sent { retry_after, ..Sent::new(outcome, line(&format!("{status} {first_line}"))) }
}

/// What a status means: whoever is asked again later may take it, or never will.
fn outcome(status: StatusCode) -> Outcome {
    match status {
        _ if status.is_success() => Outcome::Delivered,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::TOO_EARLY => Outcome::Failed,
        _ if status.is_client_error() => Outcome::GivenUp,
        // A redirection is a wrong address, which a person mends in the configuration.
        _ => Outcome::Failed,
    }
}
