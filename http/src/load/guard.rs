//! What stands before the router: by method and path, and by the login that a request shows, before a route is looked for and a body is
//! read, whoever is too much is sent away. Whoever is let in finds the router as it is.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::http::header::{CONNECTION, HeaderValue};
use axum::response::Response;
use axum::routing::future::RouteFuture;
use axum::{BoxError, Router};
use futures_util::FutureExt;
use futures_util::future::{Either, Map};
use sesshu_engine::EngineHandle;
use tower::Service;

use super::class::{Class, changes_something};
use super::paces::Paces;
use super::refusals::{Refusals, SPREAD};
use super::{Load, watch};
use crate::auth::Auth;
use crate::config::{Client, PublicConfig, TrustedProxy};
use crate::metrics::{answer_totals, show_login_lines};

/// The guard of the residents' listener. Cheap to clone.
#[derive(Clone)]
pub struct Guard(Arc<Post>);

struct Post {
    load: Load,
    refusals: Refusals,
    engine: EngineHandle,
    auth: Arc<Auth>,
    paces: Paces,
    tls: bool,
    proxy: Option<TrustedProxy>,
    began: Instant,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Guard").field(&self.0.load).finish()
    }
}

impl Guard {
    /// The guard of a router with this configuration and these logins.
    #[must_use]
    pub fn new(engine: EngineHandle, auth: Arc<Auth>, config: &PublicConfig) -> Self {
        Self(Arc::new(Post {
            load: config.load.clone(),
            refusals: Refusals::new(config),
            engine,
            auth,
            paces: Paces::new(),
            tls: config.tls,
            proxy: config.trusted_proxy.clone(),
            began: Instant::now(),
        }))
    }

    pub(crate) fn load(&self) -> &Load {
        &self.0.load
    }

    /// Shows the load and the lines in front of the login.
    pub(crate) fn show(&self) {
        let Post { load, auth, engine, .. } = &*self.0;
        load.show();
        show_login_lines(auth.login_lines(engine));
    }

    /// Whoever connects from there speaks for many: no network's share holds for them.
    pub(crate) fn proxies(&self) -> &[IpAddr] {
        self.0.proxy.as_ref().map_or(&[], |proxy| &proxy.peers)
    }

    /// Measures and gives orders, for ever; to be run by the threads that serve.
    pub(crate) async fn watch(self) {
        let engine = self.0.engine.clone();
        let ledger = move |late_ms: u32| {
            engine.serving_is_late(u64::from(late_ms));
            engine.figures().queue_age_ms
        };
        watch::watch(self.0.load.clone(), || answer_totals().answers, ledger).await;
    }

    /// The answer to a request that is too much; none lets it in.
    fn send_away<B>(&self, request: &Request<B>, visitor: SocketAddr) -> Option<Response> {
        let Post { load, refusals, .. } = &*self.0;
        let claimed = Class::of(request.method(), request.uri().path());
        let class = if load.is_calm() { claimed } else { self.worth(claimed, request, visitor) };
        let why = load.admit(class, changes_something(request.method())).err()?;
        load.note_sent_away(class, why);
        Some(refusals.answer(request, load.draw_wait(SPREAD), load.is_heavy()))
    }
}

impl Guard {
    /// What a request is really worth. An address is no merit: without a login of ours one is a newcomer, and whoever asks faster than
    /// any person does is worth no more than what nobody needs.
    fn worth<B>(&self, claimed: Class, request: &Request<B>, visitor: SocketAddr) -> Class {
        let Post { engine, auth, paces, tls, proxy, began, .. } = &*self.0;
        let headers = request.headers();
        let https = *tls || proxy.as_ref().is_some_and(|proxy| Client::at(visitor.ip(), Some(proxy), headers).https);
        let login = auth.login_of(headers, https).filter(|login| engine.now() < login.expires_at);
        match login {
            None => claimed.of_a_stranger(),
            Some(login) if paces.is_within(login.resident, began.elapsed().as_micros() as u64) => claimed,
            Some(_) => Class::Docs,
        }
    }
}

/// The router as one visitor finds it.
#[derive(Clone)]
pub(crate) struct Guarded {
    router: Router,
    guard: Option<Guard>,
    crowded: Arc<AtomicBool>,
    pub(crate) visitor: SocketAddr,
}

/// Makes a [`Guarded`] for each connection.
#[derive(Clone)]
pub(crate) struct Entrance {
    pub(crate) router: Router,
    pub(crate) guard: Option<Guard>,
    /// Whether connections are scarce: then each is given up after its answer.
    pub(crate) crowded: Arc<AtomicBool>,
}

impl Service<SocketAddr> for Entrance {
    type Response = Guarded;
    type Error = Infallible;
    type Future = Ready<Result<Guarded, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, visitor: SocketAddr) -> Self::Future {
        let Self { router, guard, crowded } = self.clone();
        ready(Ok(Guarded { router, guard, crowded, visitor }))
    }
}

type Answered = Result<Response, Infallible>;
type LastAnswer = Map<RouteFuture<Infallible>, fn(Answered) -> Answered>;

impl<B> Service<Request<B>> for Guarded
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Answered>, Either<RouteFuture<Infallible>, LastAnswer>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let crowded = self.crowded.load(Ordering::Relaxed);
        if let Some(answer) = self.guard.as_ref().and_then(|guard| guard.send_away(&request, self.visitor)) {
            return Either::Left(ready(if crowded { last(Ok(answer)) } else { Ok(answer) }));
        }
        request.extensions_mut().insert(ConnectInfo(self.visitor));
        let answered = self.router.call(request);
        let close: fn(Answered) -> Answered = last;
        Either::Right(if crowded { Either::Right(answered.map(close)) } else { Either::Left(answered) })
    }
}

/// Gives the connection up after this answer, so that its place is free for somebody else.
fn last(answered: Answered) -> Answered {
    answered.map(|mut answer| {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        answer
    })
}
