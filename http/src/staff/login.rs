//! `/login`: the login, the password and the one-time code.

use std::fmt::Write as _;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, RETRY_AFTER, SET_COOKIE};
use axum::response::Response;
use serde::Deserialize;

use super::desk::{Console, Staff};
use super::form::{FormErrors, StaffForm, StaffQuery};
use super::frame::Frame;
use super::page::{go_to, page};
use super::problem::StaffProblem;
use super::sign_in::SignInError;
use crate::auth::cookie::{self, CookieName};
use crate::config::Client;
use crate::own_address::own_address;

/// Where signing in leads by itself.
const HOME: &str = "/";

#[derive(Template)]
#[template(path = "staff/login.html")]
struct LoginPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    /// What was typed, kept after an error. Password and code are not.
    login: &'a str,
    next: &'a str,
    /// Whether somebody has just signed out.
    signed_out: bool,
}

#[derive(Deserialize)]
pub(super) struct LoginQuery {
    #[serde(default)]
    next: String,
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(super) struct LoginForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn get_login(
    State(desk): State<Console>,
    staff: Option<Extension<Staff>>,
    StaffQuery(query): StaffQuery<LoginQuery>,
) -> Result<Response, StaffProblem> {
    let next = own_address(&query.next, HOME);
    if staff.is_some() {
        return Ok(go_to(next));
    }
    let signed_out = query.done == "logout";
    let shown = LoginPage { f: desk.frame(None), errors: FormErrors::default(), login: "", next, signed_out };
    page(StatusCode::OK, &shown)
}

pub(super) async fn post_login(
    State(desk): State<Console>,
    Extension(client): Extension<Client>,
    StaffForm(form): StaffForm<LoginForm>,
) -> Result<Response, StaffProblem> {
    let (login, next) = (form.login.trim(), own_address(&form.next, HOME));
    let again =
        |status, errors| page(status, &LoginPage { f: desk.frame(None), errors, login, next, signed_out: false });
    let missing = missing(&form);
    if !missing.is_empty() {
        return again(StatusCode::BAD_REQUEST, missing);
    }
    match desk.sign_in(login, &form.password, &form.code, client).await {
        Ok(token) => {
            let seconds = i64::from(desk.config.absolute_hours) * 60 * 60;
            let cookie = cookie::write(CookieName::Staff, &token, seconds, client.https);
            let mut answer = go_to(next);
            answer.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
            Ok(answer)
        }
        Err(SignInError::Wrong) => {
            let says = "ログイン名、パスワード、認証コードのどれかが正しくありません。認証コードは、使えるのが1回だけです。\
                        新しいコードが表示されるのを待って、もう一度入力してください。";
            again(StatusCode::UNAUTHORIZED, FormErrors::whole(says))
        }
        Err(SignInError::TooMany { wait_ms }) => {
            let seconds = wait_ms.div_euclid(1_000) + 1;
            let mut says = String::from("続けて間違えたため、しばらく受け付けません。");
            // Writing to a text does not fail.
            let _ = write!(says, "{seconds}秒たってから、もう一度入力してください。");
            let mut answer = again(StatusCode::TOO_MANY_REQUESTS, FormErrors::whole(says))?;
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            Ok(answer)
        }
        Err(SignInError::Busy) => {
            let says = "ただいま混み合っています。数秒待って、もう一度入力してください。";
            again(StatusCode::SERVICE_UNAVAILABLE, FormErrors::whole(says))
        }
        Err(SignInError::Internal) => Err(StaffProblem::Internal),
    }
}

/// The fields that were left empty.
fn missing(form: &LoginForm) -> FormErrors {
    let mut errors = FormErrors::default();
    let fields = [
        ("login", &form.login, "ログイン名を入力してください。"),
        ("password", &form.password, "パスワードを入力してください。"),
        ("code", &form.code, "認証コードを入力してください。"),
    ];
    for (field, typed, says) in fields {
        if typed.trim().is_empty() {
            errors.add(field, says);
        }
    }
    errors
}
