//! What surrounds every handler of the public listener: the bound on requests at once, the deadline, the net for panics, the
//! security headers, the metrics, and the rendering of problems. One layer, so that a request is boxed once.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Instant as WallInstant;

use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::poll_immediate;
use sesshu_engine::core::refusal::RefusalCode;
use tower::{Layer, Service};

use crate::cross_site::is_from_insecure_page;
use crate::load::class::changes_something;
use crate::metrics::{MethodLabel, RouteMeter, count_refusal};
use crate::problem::{Code, Problem};
use crate::public::desk::Desk;
use crate::public::pages::refused::{Asked, refused_page};
use crate::secure_headers::SecureHeaders;

/// The layer.
#[derive(Clone)]
pub(crate) struct ShellLayer(Arc<Common>);

/// What all shells have in common.
struct Common {
    desk: Arc<Desk>,
    page_headers: SecureHeaders,
    docs_headers: SecureHeaders,
    api_headers: SecureHeaders,
}

impl ShellLayer {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self(Arc::new(Common {
            desk,
            page_headers: SecureHeaders::of_pages(),
            docs_headers: SecureHeaders::of_docs(),
            api_headers: SecureHeaders::of_api(),
        }))
    }
}

impl<S> Layer<S> for ShellLayer {
    type Service = Shell<S>;

    fn layer(&self, inner: S) -> Shell<S> {
        Shell { inner, own: Arc::new(Own { common: Arc::clone(&self.0), meter: OnceLock::new() }) }
    }
}

/// A handler in its shell.
#[derive(Clone)]
pub(crate) struct Shell<S> {
    inner: S,
    own: Arc<Own>,
}

/// What belongs to one route's shell. All of it hangs on one counted pointer, since every request copies that.
struct Own {
    common: Arc<Common>,
    /// Made by the first request, which knows the route's path.
    meter: OnceLock<RouteMeter>,
}

impl Own {
    fn meter(&self, request: &Request) -> &RouteMeter {
        self.meter.get_or_init(|| RouteMeter::new(request.extensions().get().map_or("none", MatchedPath::as_str)))
    }
}

type ShellFuture = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

impl<S> Service<Request> for Shell<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = ShellFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> ShellFuture {
        let began = WallInstant::now();
        let own = Arc::clone(&self.own);
        own.meter(&request);
        let (method, docs) = (MethodLabel::from(request.method()), request.uri().path().starts_with(DOCS_PATH));
        let changes = changes_something(request.method());
        let asked = Asked::of(&own.common.desk.config, &request);
        let insecure = changes && asked.https && is_from_insecure_page(request.headers());
        let work = match own.common.desk.config.load.enter() {
            _ if insecure => Err(Problem::from(Code::CrossSite)),
            Some(inside) => Ok((inside, AssertUnwindSafe(self.inner.call(request)))),
            None => Err(Problem::from(RefusalCode::Busy)),
        };
        Box::pin(async move {
            let Common { desk, page_headers, docs_headers, api_headers } = &*own.common;
            let answer = match work {
                Err(refused) => Err(refused),
                Ok((_inside, work)) => {
                    let mut work = pin!(work.catch_unwind());
                    // What is answered at once, as most refusals are, needs no clock.
                    let done = match poll_immediate(work.as_mut()).await {
                        Some(done) => Ok(done),
                        None => tokio::time::timeout(desk.config.request_timeout, work).await,
                    };
                    match done {
                        Ok(Ok(Ok(answer))) => Ok(answer),
                        Ok(Err(_panic)) => {
                            tracing::error!(method = asked.method.as_str(), "a handler panicked");
                            Err(Code::Internal.into())
                        }
                        // Nobody knows how far a change got; a mere question can be asked again.
                        Err(_) if changes => Err(Problem::from(RefusalCode::Unavailable)),
                        Err(_) => Err(Problem::from(RefusalCode::Busy)),
                    }
                }
            };
            let mut answer = rendered(answer.unwrap_or_else(IntoResponse::into_response), desk, &asked);
            let headers = match (docs, asked.is_api()) {
                (true, _) => docs_headers,
                (false, true) => api_headers,
                (false, false) => page_headers,
            };
            headers.add(answer.headers_mut(), asked.https);
            if let Some(meter) = own.meter.get() {
                meter.count(method, answer.status(), began.elapsed());
            }
            Ok(answer)
        })
    }
}

/// Where Swagger UI lives.
const DOCS_PATH: &str = "/api/v1/docs";

/// Gives an answer that stands for a problem its body.
fn rendered(mut answer: Response, desk: &Desk, asked: &Asked) -> Response {
    let status = answer.status();
    if !status.is_client_error() && !status.is_server_error() {
        return answer;
    }
    let problem = match answer.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        // A page that shows its own error has its body.
        None if answer.headers().contains_key(CONTENT_TYPE) && answer.extensions().get::<OwnBody>().is_some() => {
            return answer;
        }
        None => Problem::of_status(status),
    };
    count_refusal(problem.code.name());
    // Its own headers stay: a ticket, the methods that an address takes.
    let mut rendered = if asked.is_api() {
        answer.headers_mut().insert(CONTENT_TYPE, PROBLEM_JSON);
        answer.headers_mut().remove(CONTENT_LENGTH);
        answer.map(|_| problem.to_json(asked.lang()).into())
    } else {
        let mut page = refused_page(desk, asked, &problem);
        for (name, value) in answer.headers() {
            if *name != CONTENT_TYPE && *name != CONTENT_LENGTH {
                page.headers_mut().append(name, value.clone());
            }
        }
        page
    };
    add_advice(&mut rendered, &problem);
    rendered
}

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Marks an error answer that is already a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnBody;

/// Says in headers what the problem says in its body: when to come back, and how to log in.
pub(crate) fn add_advice(answer: &mut Response, problem: &Problem) {
    let status = answer.status();
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        let seconds = problem.retry_after_s.unwrap_or_else(|| match problem.code {
            Code::Paused => PAUSED_S_MIN * jittered_seconds(),
            _ => jittered_seconds(),
        });
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"sesshu\""));
    }
}

/// What is closed by hand stays so for minutes: nobody needs to ask every few seconds. Times two to five.
const PAUSED_S_MIN: u32 = 20;

/// Two to five seconds, spread so that those who were sent away together do not come back together.
fn jittered_seconds() -> u32 {
    static TURN: AtomicU32 = AtomicU32::new(0);
    2 + (TURN.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9) >> 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_sent_away_come_back_spread_over_some_seconds() {
        let waits: std::collections::BTreeSet<u32> = (0..40).map(|_| jittered_seconds()).collect();
        assert_eq!(waits.into_iter().collect::<Vec<_>>(), [2, 3, 4, 5]);
    }
}
