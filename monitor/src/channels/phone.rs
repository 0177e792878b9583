//! Calls somebody, by a command or by a provider's webhook.

use std::time::Duration;

use serde_json::{Value, json};

use super::command::{self, CommandError};
use super::webhook::Client;
use super::{Channel, Letter, Sending, Sent, line};
use crate::config::PhoneConfig;
use crate::core::contact::Language;
use crate::core::message::Outcome;

/// The channel.
pub(super) struct Phone {
    config: PhoneConfig,
    provider: Client,
}

impl Phone {
    pub(super) fn new(config: PhoneConfig, provider: Client) -> Self {
        Self { config, provider }
    }
}

impl Channel for Phone {
    fn send(&self, letter: Letter) -> Sending {
        let (config, provider) = (self.config.clone(), self.provider.clone());
        Box::pin(async move {
            let document = document(&config, &letter);
            let mut sent = place(&config, &provider, &document).await;
            // Nobody can say how it ends: then it counts as heard.
            if sent.outcome == Outcome::Placed && document["answer_url"].is_null() {
                sent.outcome = Outcome::Delivered;
            }
            sent
        })
    }
}

async fn place(config: &PhoneConfig, provider: &Client, document: &Value) -> Sent {
    if let Some(url) = &config.url {
        let mut sent = provider.post(url, document, provider.deadline()).await;
        if sent.outcome == Outcome::Delivered {
            sent.outcome = Outcome::Placed;
        }
        return sent;
    }
    let argv = config.command.as_deref().unwrap_or_default();
    let name = argv.first().map_or("", String::as_str);
    let failed = |answer: String| Sent::new(Outcome::Failed, line(&answer));
    let limit = Duration::from_secs(config.answer_seconds.into());
    match command::run(argv, document.to_string().into_bytes(), limit).await {
        Err(CommandError::Start(error)) => failed(format!("{name} を起動できない (cannot be started): {error}")),
        Err(CommandError::TooLong) => {
            failed(format!("{name} が {} 秒で終わらない (still running after the deadline)", limit.as_secs()))
        }
        Ok(ended) => {
            let said = line(&format!("{}: {}", ended.status, ended.last_line));
            if !ended.status.success() {
                return failed(said);
            }
            Sent::new(outcome_of(&ended.last_line).unwrap_or(Outcome::Placed), said)
        }
    }
}

/// The outcome with this name, as commands print and providers call back.
#[must_use]
pub fn outcome_of(word: &str) -> Option<Outcome> {
    Some(match word {
        "answered" => Outcome::Delivered,
        "acknowledged" => Outcome::Acknowledged,
        "unanswered" => Outcome::Unanswered,
        "failed" => Outcome::Failed,
        _ => return None,
    })
}

/// What a command reads and a provider gets. Names are stable; `docs/alerts.md` describes them.
fn document(config: &PhoneConfig, letter: &Letter) -> Value {
    let message = &letter.message;
    let answer_url = config.callback.as_deref().zip(message.call.as_ref());
    let answer_url =
        answer_url.map(|(callback, call)| format!("{}/calls/{}", callback.trim_end_matches('/'), call.token));
    json!({
        "call_id": message.no.0,
        "number": message.lane.address,
        "contact": message.to,
        "language": match letter.language { Language::Ja => "ja", Language::En => "en" },
        "text": message.body,
        "answer_url": answer_url,
        "answer_seconds": config.answer_seconds,
    })
}
