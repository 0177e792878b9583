//! `/overview/events`: sends what has changed of the overview every few seconds (server-sent events), to those who still are signed
//! in, and not for ever.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::{Map, Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Interval, interval};

use super::WATCHERS;
use super::board::Rendered;
use crate::config::Client;
use crate::staff::desk::Console;
use crate::staff::problem::StaffProblem;

/// After this long a browser has to come again.
const LISTENING_MAX: Duration = Duration::from_mins(15);

/// Whether a page asks for `uri` by itself, without anybody at the keyboard: it does not keep them signed in.
pub(in crate::staff) fn renews_itself(uri: &Uri) -> bool {
    match uri.path() {
        "/overview/events" => true,
        "/overview" | "/ops" | "/ops/backups" => uri.query() == Some("auto=1"),
        _ => false,
    }
}

/// A browser that is kept up to date.
struct Listener {
    desk: Console,
    headers: HeaderMap,
    uri: Uri,
    client: Client,
    until: Instant,
    ticks: Interval,
    /// What it has heard last.
    heard: Option<Arc<Rendered>>,
    _place: OwnedSemaphorePermit,
}

pub(in crate::staff) async fn get_events(
    State(desk): State<Console>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, StaffProblem> {
    let place = desk.overview.listen().ok_or(StaffProblem::Busy)?;
    let ticks = interval(desk.config.overview_every);
    let listener = Listener {
        desk,
        headers,
        uri,
        client,
        until: Instant::now() + LISTENING_MAX,
        ticks,
        heard: None,
        _place: place,
    };
    Ok(Sse::new(messages(listener)).into_response())
}

fn messages(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(listener, async |mut listener| {
        let mut stopping = listener.desk.config.stopping.clone();
        tokio::select! {
            _ = listener.ticks.tick() => {}
            () = has_stopped(&mut stopping) => return None,
        }
        if Instant::now() >= listener.until || !listener.may_listen() {
            return None;
        }
        let rendered = listener.desk.overview.rendered(&listener.desk.engine).await.ok()?;
        let message = message(&rendered, listener.heard.as_deref());
        listener.heard = Some(rendered);
        Some((Ok(Event::default().data(message.to_string())), listener))
    })
}

impl Listener {
    /// Whether whoever began to listen still is signed in and may see the overview.
    fn may_listen(&self) -> bool {
        let staff = self.desk.staff_of(&self.headers, &self.uri, self.client);
        staff.is_some_and(|staff| WATCHERS.contains(&staff.role))
    }
}

/// Ends when the server stops; never without one that could.
async fn has_stopped(stopping: &mut Option<tokio::sync::watch::Receiver<bool>>) {
    match stopping {
        Some(stopping) => {
            let _ = stopping.wait_for(|stop| *stop).await;
        }
        None => std::future::pending().await,
    }
}

/// The fragments that are other than what was heard last, and the time.
fn message(rendered: &Rendered, heard: Option<&Rendered>) -> Value {
    let unchanged = |id: &str, html: &str| {
        let before = heard.and_then(|heard| heard.fragments.iter().find(|fragment| fragment.id == id));
        before.is_some_and(|before| before.html == html)
    };
    let changed = rendered.fragments.iter().filter(|fragment| !unchanged(fragment.id, &fragment.html));
    let changed: Map<String, Value> =
        changed.map(|fragment| (fragment.id.to_owned(), Value::from(fragment.html.as_str()))).collect();
    json!({ "at": rendered.made_at, "fragments": changed })
}
