//! The listener for monitors: is it alive, is it ready, how is it doing. It says nothing about people.

mod calls;
mod heartbeat;
mod readings;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use metrics_exporter_prometheus::PrometheusHandle;
use sesshu_engine::EngineHandle;
use sesshu_monitor::MonitorHandle;
use sesshu_monitor::clock::Clock;

use crate::load::Guard;
use crate::metrics::show_engine;

/// The routes of the ops listener. `guard` knows what the residents' listener has to bear.
pub fn ops_router(
    engine: EngineHandle,
    metrics: PrometheusHandle,
    monitor: Option<MonitorHandle>,
    guard: Guard,
) -> Router {
    let calls = monitor.clone().map_or_else(Router::new, calls::routes);
    Router::new()
        .route("/", get(async || plain(INDEX.into())))
        .route("/health/live", get(async || plain("alive\n".into())))
        .route("/health/ready", get(get_ready))
        .route("/metrics", get(get_metrics))
        .route("/watch/heartbeat", post(heartbeat::post_heartbeat))
        .with_state(Ops { engine, metrics, monitor, guard })
        .merge(calls)
}

/// What somebody reads who opens the listener without an address.
const INDEX: &str = "\
Sesshu, for monitors (docs/metrics.md)

/health/live    200 while the process runs
/health/ready   200, or 503 with the reasons as JSON
/metrics        Prometheus text

POST /watch/heartbeat   from the outside watcher (docs/watch.md)
POST /calls/TOKEN       from a call's provider (docs/alerts.md)
";

/// What the handlers know.
#[derive(Clone)]
struct Ops {
    engine: EngineHandle,
    metrics: PrometheusHandle,
    monitor: Option<MonitorHandle>,
    guard: Guard,
}

#[derive(serde::Serialize)]
struct ReadyBody<'a> {
    ready: bool,
    reasons: Vec<ReasonBody<'a>>,
}

#[derive(serde::Serialize)]
struct ReasonBody<'a> {
    code: &'a str,
    text: &'a str,
}

async fn get_ready(State(ops): State<Ops>) -> Response {
    ready_answer(&ops.engine.readiness().reasons)
}

fn ready_answer(reasons: &[(&'static str, String)]) -> Response {
    let ready = reasons.is_empty();
    let reasons = reasons.iter().map(|(code, text)| ReasonBody { code, text }).collect();
    let body = serde_json::to_vec(&ReadyBody { ready, reasons }).unwrap_or_default();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], body).into_response()
}

async fn get_metrics(State(Ops { engine, metrics, monitor, guard }): State<Ops>) -> Response {
    guard.show();
    show_engine(&engine.figures(), engine.readiness().reasons.is_empty());
    let mut text = metrics.render();
    if let Some(monitor) = monitor {
        text.push_str(&readings::lines(&monitor.board(), Clock::start().now().wall));
    }
    let mut answer = plain(text);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    answer
}

fn plain(text: String) -> Response {
    ([(CACHE_CONTROL, "no-store")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn readiness_says_why_not() {
        assert_eq!(ready_answer(&[]).status(), StatusCode::OK);
        let answer = ready_answer(&[("ledger_suspended", "The ledger waits for the disk.".into())]);
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(answer.into_body(), 1_000).await.expect("a body");
        assert_eq!(
            body,
            r#"{"ready":false,"reasons":[{"code":"ledger_suspended","text":"The ledger waits for the disk."}]}"#
        );
    }
}
