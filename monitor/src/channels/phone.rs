//! Calls somebody, by a command or by a provider's webhook, and waits until it is known how the call went.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::calls::{Calls, OpenCall};
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
    calls: Calls,
}

/// What placing a call came to.
enum Placed {
    /// The call goes on; how it ends is called back.
    GoesOn(String),
    /// It is known how it went.
    Known(Sent),
}

impl Phone {
    pub(super) fn new(config: PhoneConfig, provider: Client, calls: Calls) -> Self {
        Self { config, provider, calls }
    }
}

impl Channel for Phone {
    fn send(&self, letter: Letter) -> Sending {
        let (config, provider, calls) = (self.config.clone(), self.provider.clone(), self.calls.clone());
        Box::pin(async move {
            match calls.open() {
                Ok(call) => ring(&config, &provider, call, &letter).await,
                Err(error) => Sent::new(Outcome::Failed, error.to_string()),
            }
        })
    }
}

async fn ring(config: &PhoneConfig, provider: &Client, mut call: OpenCall, letter: &Letter) -> Sent {
    let limit = Duration::from_secs(config.answer_seconds.into());
    let until = Instant::now() + limit;
    let document = document(config, &call, letter);
    // The provider may call back before it has answered us, or before the command has ended.
    let placed = tokio::select! {
        placed = place(config, provider, &document, limit) => placed,
        word = call.word() => return after(word, &mut call, limit, String::new()).await,
    };
    match placed {
        Placed::Known(sent) => sent,
        Placed::GoesOn(said) if config.callback.is_none() => Sent::new(Outcome::Delivered, said),
        Placed::GoesOn(said) => match tokio::time::timeout_at(until, call.word()).await {
            Ok(word) => after(word, &mut call, limit, said).await,
            Err(_) => Sent::new(Outcome::Unanswered, said),
        },
    }
}

/// Goes on after the first word about a call: whoever has answered has a while to acknowledge.
async fn after(word: Option<Outcome>, call: &mut OpenCall, limit: Duration, said: String) -> Sent {
    let mut latest = word.unwrap_or(Outcome::Unanswered);
    let until = Instant::now() + limit;
    while latest == Outcome::Delivered {
        match tokio::time::timeout_at(until, call.word()).await {
            Ok(Some(word)) => latest = word,
            // Heard, and the phone put down.
            Ok(None) | Err(_) => break,
        }
    }
    Sent::new(latest, said)
}

async fn place(config: &PhoneConfig, provider: &Client, document: &Value, limit: Duration) -> Placed {
    if let Some(url) = &config.url {
        let sent = provider.post(url, document, provider.deadline()).await;
        return if sent.outcome == Outcome::Delivered { Placed::GoesOn(sent.answer) } else { Placed::Known(sent) };
    }
    let argv = config.command.as_deref().unwrap_or_default();
    let name = argv.first().map_or("", String::as_str);
    let failed = |answer: String| Placed::Known(Sent::new(Outcome::Failed, line(&answer)));
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
            match outcome_of(&ended.last_line) {
                Some(outcome) => Placed::Known(Sent::new(outcome, said)),
                None => Placed::GoesOn(said),
            }
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
fn document(config: &PhoneConfig, call: &OpenCall, letter: &Letter) -> Value {
    let message = &letter.message;
    let answer_url =
        config.callback.as_deref().map(|callback| format!("{}/calls/{}", callback.trim_end_matches('/'), call.token));
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
