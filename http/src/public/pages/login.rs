//! `/login`: the ID and the password of the letter.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::CityId;
use sesshu_engine::roll::parse_typed_city_id;

use super::frame::Frame;
use super::login_wait::{Stands, wait_page};
use super::refused::problem_text;
use super::visitor::{Visitor, parameter};
use super::{go_to, page};
use crate::auth::cookie::{self, CookieName};
use crate::auth::gate::{Said, Waits};
use crate::auth::ticket::Purpose;
use crate::lang::Text;
use crate::own_address::own_address;
use crate::problem::{Code, InLine, Problem, Step};
use crate::public::desk::App;
use crate::public::logins::{NotIn, TICKET_SECONDS};
use crate::shell::{OwnBody, add_advice};

/// Where a login leads by itself.
const HOME: &str = "/my";

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    f: Frame<'a>,
    /// What the person typed, kept after an error. The password is not.
    id: String,
    next: String,
    expired: bool,
    /// What was not done because the login had expired.
    not_done: Option<Step>,
    /// What the login is for, while people go in by turns and it is this person's.
    turn: Option<Purpose>,
    minutes: u32,
    error: Option<Text>,
    id_field: FieldState,
    password_field: FieldState,
}

/// How a field of the form looks after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldState {
    /// Nothing is said about it.
    Fine,
    /// Nothing was typed.
    Missing,
    /// It does not belong with the other one.
    Wrong,
}

impl FieldState {
    fn of(problem: &Problem, typed: &str) -> Self {
        match problem.code {
            Code::Invalid if typed.is_empty() => Self::Missing,
            Code::InvalidCredentials => Self::Wrong,
            _ => Self::Fine,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct LoginQuery {
    #[serde(default)]
    next: String,
    #[serde(default)]
    not_done: String,
    #[serde(default, rename = "for")]
    purpose: String,
}

#[derive(Deserialize)]
pub(crate) struct LoginForm {
    #[serde(default)]
    id: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
    #[serde(default)]
    not_done: String,
    #[serde(default, rename = "for")]
    purpose: String,
}

pub(crate) async fn get_login(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let query: LoginQuery = visitor.query()?;
    let purpose = Purpose::from_code(&query.purpose).unwrap_or_default();
    let next = own_address(&query.next, HOME);
    let not_done = Step::from_code(&query.not_done);
    let (said, place) = desk.look_at_gate(purpose, visitor.headers(), visitor.client)?;
    let mut answer = match said {
        Said::Waits(_, waits) | Said::Crowded(waits) => {
            let stands = Stands { purpose, next, not_done, waits };
            wait_page(&desk, &visitor, StatusCode::OK, &stands, typed_id(&visitor).is_some())?
        }
        Said::Open(_) | Said::Admitted(_) => {
            let login = LoginPage {
                f: visitor.frame(&desk),
                id: typed_id(&visitor).map(|id| id.to_string()).unwrap_or_default(),
                next: next.to_owned(),
                expired: parameter(visitor.uri(), "expired").is_some(),
                not_done,
                turn: matches!(said, Said::Admitted(_)).then_some(purpose),
                minutes: desk.config.login_queue.admitted_minutes,
                error: None,
                id_field: FieldState::Fine,
                password_field: FieldState::Fine,
            };
            page(&visitor, StatusCode::OK, &login)?
        }
    };
    place.add_to(answer.headers_mut());
    Ok(answer)
}

pub(crate) async fn post_login(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, body) = Visitor::of(&desk, request);
    let form: LoginForm = visitor.form(&desk, body).await?;
    let purpose = Purpose::from_code(&form.purpose).unwrap_or_default();
    match desk.log_in((&form.id, &form.password), purpose, visitor.headers(), visitor.client).await {
        Ok(granted) => {
            let mut answer = go_to(own_address(&form.next, HOME));
            for cookie in granted.cookies.into_iter().flatten() {
                answer.headers_mut().append(SET_COOKIE, cookie);
            }
            Ok(answer)
        }
        Err(NotIn { problem, .. }) if problem.code == Code::Internal => Err(problem),
        Err(NotIn { problem, place }) => {
            let mut answer = match problem.in_line.zip(problem.retry_after_s) {
                Some((InLine { ahead, estimate_seconds, .. }, again_seconds)) => {
                    let waits = Waits { ahead, estimate_seconds, again_seconds, told_after_ms: 0 };
                    let (next, not_done) = (own_address(&form.next, HOME), Step::from_code(&form.not_done));
                    let stands = Stands { purpose, next, not_done, waits };
                    let typed = parse_typed_city_id(&form.id).ok();
                    let mut answer = wait_page(&desk, &visitor, problem.code.status(), &stands, typed.is_some())?;
                    keep_typed_id(&mut answer, &visitor, typed);
                    answer
                }
                None => again(&desk, &visitor, form, &problem)?,
            };
            add_advice(&mut answer, &problem);
            answer.extensions_mut().insert(OwnBody);
            crate::metrics::count_refusal(problem.code.name());
            place.add_to(answer.headers_mut());
            Ok(answer)
        }
    }
}

/// Keeps the ID that somebody typed before it was their turn, so that they need not type it again.
fn keep_typed_id(answer: &mut Response, visitor: &Visitor, typed: Option<CityId>) {
    let https = visitor.client.https;
    let kept = typed.and_then(|id| cookie::write(CookieName::TypedId, &id.to_string(), TICKET_SECONDS, https));
    if let Some(cookie) = kept {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// The ID that somebody typed before it was their turn.
fn typed_id(visitor: &Visitor) -> Option<CityId> {
    CityId::from_digits(cookie::read(visitor.headers(), CookieName::TypedId, visitor.client.https)?)
}

/// The form again, with what was typed and what is wrong with it.
fn again(desk: &App, visitor: &Visitor, form: LoginForm, problem: &Problem) -> Result<Response, Problem> {
    let missing = problem.code == Code::Invalid;
    let f = visitor.frame(desk);
    let error = if missing { f.say("login.missing") } else { problem_text(&f, problem) };
    let login = LoginPage {
        f,
        next: own_address(&form.next, HOME).to_owned(),
        expired: false,
        not_done: Step::from_code(&form.not_done),
        turn: Purpose::from_code(&form.purpose),
        minutes: desk.config.login_queue.admitted_minutes,
        error: Some(error),
        id_field: FieldState::of(problem, &form.id),
        password_field: FieldState::of(problem, &form.password),
        id: form.id,
    };
    page(visitor, problem.code.status(), &login)
}
