//! `GET /me`.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use sesshu_engine::core::decide::NextDose;
use sesshu_engine::core::time::Day;
use utoipa::ToSchema;

use super::booking::BookingBody;
use super::{as_text, json};
use crate::problem::{Problem, ProblemBody};
use crate::public::desk::App;

/// Everything that a person sees about themself.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub(crate) struct MeBody<'a> {
    name_kana: &'a str,
    bookings: Vec<BookingBody<'a>>,
    /// The next dose to book; null when none is left.
    next: Option<NextBody>,
}

/// The next dose and its dates.
#[derive(Serialize, ToSchema)]
#[schema(as = NextDose)]
pub(crate) struct NextBody {
    dose: u8,
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, format = Date)]
    from: Day,
    /// Null is without limit.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<String>,
}

impl From<NextDose> for NextBody {
    fn from(next: NextDose) -> Self {
        Self { dose: next.dose.get(), from: next.from, to: next.to.map(|to| to.to_string()) }
    }
}

#[utoipa::path(get, path = "/api/v1/me", responses(
    (status = 200, description = "The person's name and bookings", body = MeBody),
    (status = 401, description = "`login_required`", body = ProblemBody, content_type = "application/problem+json"),
), security(("bearer" = []), ("cookie" = [])))]
pub(crate) async fn get_me(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let client = desk.config.client(request.extensions(), request.headers());
    let me = desk.me(&desk.login_of(request.headers(), client.https)?)?;
    let bookings = me.bookings.iter().map(BookingBody::from).collect();
    Ok(json(StatusCode::OK, &MeBody { name_kana: &me.name_kana, bookings, next: me.next.map(NextBody::from) }))
}
