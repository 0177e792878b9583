//! `POST /watch/heartbeat`: an outside watcher says that it lives, and hears which times are planned to be quiet.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use sesshu_monitor::core::order::OrderError;
use sesshu_monitor::watch::{Heartbeat, planned_windows};

use super::Ops;

/// The longest heartbeat, in bytes.
const BODY_BYTES_MAX: usize = 1_024;
/// How long its body and the monitor may take.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// 200 with the windows; 400 if it is no heartbeat; 409 if too many watchers are known; 503 if the monitor does not answer.
pub(super) async fn post_heartbeat(State(ops): State<Ops>, request: Request<Body>) -> Response {
    let heard = tokio::time::timeout(ANSWER_MAX, hear(&ops, request)).await;
    heard.unwrap_or(StatusCode::SERVICE_UNAVAILABLE.into_response())
}

async fn hear(ops: &Ops, request: Request<Body>) -> Response {
    let Ok(body) = to_bytes(request.into_body(), BODY_BYTES_MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let order = serde_json::from_slice::<Heartbeat>(&body).ok().and_then(Heartbeat::order);
    let Some(order) = order else { return StatusCode::BAD_REQUEST.into_response() };
    let Some(monitor) = &ops.monitor else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    match monitor.order(order).await {
        Ok(_) => {
            let answer = serde_json::to_vec(&planned_windows(&monitor.board())).unwrap_or_default();
            ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], answer).into_response()
        }
        Err(OrderError::TooMany(_)) => StatusCode::CONFLICT.into_response(),
        Err(OrderError::Unavailable) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
