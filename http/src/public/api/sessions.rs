//! `GET /sessions`.

use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sesshu_engine::core::ids::{SessionId, SlotNo, VenueId};
use sesshu_engine::core::time::{ClockTime, Day};
use sesshu_engine::view::{SessionView, SlotView};
use utoipa::ToSchema;

use super::as_text;
use super::booking::VenueBody;
use super::days::read_dose;
use super::lists::{JSON_LIST, ListKey, Moment};
use crate::problem::{Problem, ProblemBody, What, Wrong};
use crate::public::body::read_query;
use crate::public::desk::App;

/// Which sessions.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionsQuery {
    dose: String,
    from: Option<String>,
    to: Option<String>,
    venue: Option<String>,
}

/// The sessions.
#[derive(Serialize, ToSchema)]
#[schema(as = Sessions)]
pub(crate) struct SessionsBody<'a> {
    sessions: Vec<SessionBody<'a>>,
}

/// A vaccination session.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionBody<'a> {
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "12")]
    id: SessionId,
    venue: VenueBody<'a>,
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, format = Date)]
    date: Day,
    vaccine: &'a str,
    doses: Vec<u8>,
    /// `before_open`, `open`, `full`, `closed` or `cancelled`.
    #[schema(example = "open")]
    state: &'static str,
    /// RFC 3339.
    opens_at: String,
    slots: Vec<SlotBody>,
}

/// An arrival window.
#[derive(Serialize, ToSchema)]
#[schema(as = Slot)]
pub(crate) struct SlotBody {
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "3")]
    id: SlotNo,
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "09:30")]
    start: ClockTime,
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "10:00")]
    end: ClockTime,
    /// What residents on the web could take now.
    free: u32,
    /// As the session's.
    #[schema(example = "open")]
    state: &'static str,
}

impl<'a> From<&'a SessionView> for SessionBody<'a> {
    fn from(session: &'a SessionView) -> Self {
        let slot = |slot: &SlotView| SlotBody {
            id: slot.id,
            start: slot.start,
            end: slot.end,
            free: slot.free,
            state: slot.state.code(),
        };
        Self {
            id: session.id,
            venue: VenueBody::from(&*session.venue),
            date: session.date,
            vaccine: &session.vaccine,
            doses: session.doses.iter().map(|dose| dose.get()).collect(),
            state: session.state.code(),
            opens_at: session.opens_at.to_rfc3339(),
            slots: session.slots.iter().map(slot).collect(),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/sessions", params(
    ("dose" = u8, Query, minimum = 1, maximum = 9, example = 1, description = "A dose of the series"),
    ("from" = Option<String>, Query, format = Date, description = "The first date"),
    ("to" = Option<String>, Query, format = Date, description = "The last date"),
    ("venue" = Option<String>, Query, description = "A venue's id"),
), responses(
    (status = 200, description = "The sessions that give the dose, with ETag", body = SessionsBody),
    (status = 304, description = "Not modified"),
    (status = 400, description = "`invalid`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn get_sessions(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let key = read_key(&read_query(request.uri())?)?;
    let now = desk.availability();
    let list = desk.lists.get(key, Moment::of_list(&now), || {
        let sessions = now.sessions.iter().filter(|session| is_in(session, key)).map(SessionBody::from).collect();
        serde_json::to_vec(&SessionsBody { sessions }).unwrap_or_default()
    });
    Ok(list.answer(request.headers(), JSON_LIST))
}

fn read_key(query: &SessionsQuery) -> Result<ListKey, Problem> {
    let date = |name: &str, text: &Option<String>| {
        let wrong = |_| Problem::invalid(Wrong::about(What::Date, name));
        text.as_deref().map(|text| text.parse::<Day>().map_err(wrong)).transpose()
    };
    let venue =
        query.venue.as_deref().map(|text| text.parse::<VenueId>().map_err(|_| Problem::invalid(Wrong::field("venue"))));
    Ok(ListKey::Sessions {
        dose: read_dose(&query.dose)?,
        from: date("from", &query.from)?,
        to: date("to", &query.to)?,
        venue: venue.transpose()?,
    })
}

fn is_in(session: &SessionView, key: ListKey) -> bool {
    match key {
        ListKey::Days(dose) | ListKey::Top { dose, .. } => session.doses.contains(&dose),
        ListKey::Sessions { dose, from, to, venue } => {
            session.doses.contains(&dose)
                && from.is_none_or(|from| session.date >= from)
                && to.is_none_or(|to| session.date <= to)
                && venue.is_none_or(|venue| session.venue.id == venue)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;
    use axum::http::Uri;

    fn key(query: &'static str) -> Result<ListKey, Code> {
        let uri = Uri::from_static(query);
        read_query(&uri).and_then(|query| read_key(&query)).map_err(|problem| problem.code)
    }

    #[test]
    fn wrong_queries_are_invalid_not_ignored() {
        assert!(key("/?dose=1").is_ok());
        assert!(key("/?dose=1&from=2026-12-01&to=2026-12-31&venue=3").is_ok());
        let cases = [
            "/",
            "/?dose=",
            "/?dose=1&dose=2",
            "/?dose=1&when=now",
            "/?dose=1&from=2026-02-30",
            "/?dose=1&to=20261231",
            "/?dose=1&venue=hall",
        ];
        for query in cases {
            assert_eq!(key(query), Err(Code::Invalid), "{query}");
        }
    }
}
