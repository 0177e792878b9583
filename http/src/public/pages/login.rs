//! `/login`: the ID and the password of the letter.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use serde::Deserialize;

use super::frame::Frame;
use super::refused::problem_text;
use super::visitor::{Visitor, parameter};
use super::{go_to, page};
use crate::lang::Text;
use crate::own_address::own_address;
use crate::problem::{Code, Problem, Step};
use crate::public::desk::App;
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
}

pub(crate) async fn get_login(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let query: LoginQuery = visitor.query()?;
    let login = LoginPage {
        f: visitor.frame(&desk),
        id: String::new(),
        next: own_address(&query.next, HOME).to_owned(),
        expired: parameter(visitor.uri(), "expired").is_some(),
        not_done: Step::from_code(&query.not_done),
        error: None,
        id_field: FieldState::Fine,
        password_field: FieldState::Fine,
    };
    page(&visitor, StatusCode::OK, &login)
}

pub(crate) async fn post_login(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, body) = Visitor::of(&desk, request);
    let form: LoginForm = visitor.form(&desk, body).await?;
    match desk.log_in(&form.id, &form.password, visitor.headers(), visitor.client).await {
        Ok(granted) => {
            let mut answer = go_to(own_address(&form.next, HOME));
            for cookie in granted.cookies.into_iter().flatten() {
                answer.headers_mut().append(SET_COOKIE, cookie);
            }
            Ok(answer)
        }
        Err(problem) if problem.code == Code::Internal => Err(problem),
        Err(problem) => again(&desk, &visitor, form, &problem),
    }
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
        error: Some(error),
        id_field: FieldState::of(problem, &form.id),
        password_field: FieldState::of(problem, &form.password),
        id: form.id,
    };
    let mut answer = page(visitor, problem.code.status(), &login)?;
    add_advice(&mut answer, problem);
    answer.extensions_mut().insert(OwnBody);
    crate::metrics::count_refusal(problem.code.name());
    Ok(answer)
}
