//! `POST /calls/TOKEN`: a call's provider says how the call went. The token is the call's secret and all that is asked for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use sesshu_monitor::MonitorHandle;
use sesshu_monitor::channels::outcome_of;
use sesshu_monitor::core::order::{Order, OrderError};

const BODY_BYTES_MAX: usize = 1_024;
const TOKEN_BYTES_MAX: usize = 64;
/// How many wrong tokens are answered in a window; a provider has no reason for any.
const WRONG_MAX: u32 = 20;
const WINDOW: Duration = Duration::from_secs(10);

/// What the handler knows.
#[derive(Clone)]
struct Calls {
    monitor: MonitorHandle,
    wrong: Arc<Mutex<Wrong>>,
}

/// Wrong tokens since the window began.
#[derive(Default)]
struct Wrong {
    began: Option<Instant>,
    count: u32,
}

/// The route.
pub(super) fn routes(monitor: MonitorHandle) -> Router {
    Router::new()
        .route("/calls/{token}", post(post_call).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)))
        .with_state(Calls { monitor, wrong: Arc::default() })
}

async fn post_call(State(calls): State<Calls>, Path(token): Path<String>, body: Bytes) -> StatusCode {
    let Some(outcome) = word(&body).as_deref().and_then(outcome_of) else { return StatusCode::BAD_REQUEST };
    // A right token is answered whatever strangers do, so that they cannot keep an acknowledgement out.
    let token = if token.len() <= TOKEN_BYTES_MAX { token.into() } else { "".into() };
    match calls.monitor.order(Order::CallAnswered { token, outcome }).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(OrderError::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
        Err(_) if calls.is_flood(Instant::now()) => StatusCode::TOO_MANY_REQUESTS,
        Err(_) => StatusCode::NOT_FOUND,
    }
}

impl Calls {
    fn is_flood(&self, now: Instant) -> bool {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.began.is_none_or(|began| now.saturating_duration_since(began) >= WINDOW) {
            *wrong = Wrong { began: Some(now), count: 0 };
        }
        wrong.count = wrong.count.saturating_add(1);
        wrong.count > WRONG_MAX
    }
}

/// The word of `outcome=acknowledged` or `{"outcome": "acknowledged"}`. Providers add fields of their own, which say nothing here.
fn word(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Said {
        outcome: String,
    }
    if let Ok(said) = serde_json::from_slice::<Said>(body) {
        return Some(said.outcome);
    }
    let form = std::str::from_utf8(body).ok()?;
    form.trim().split('&').find_map(|field| field.strip_prefix("outcome=")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_json_say_the_same() {
        for body in
            ["outcome=acknowledged", "CallSid=1&outcome=acknowledged\n", r#"{"outcome":"acknowledged","sid":1}"#]
        {
            assert_eq!(word(body.as_bytes()).as_deref(), Some("acknowledged"));
        }
        for body in ["", "{}", "acknowledged", "no_outcome=answered", "\u{fffd}"] {
            assert_eq!(word(body.as_bytes()), None);
        }
    }
}
