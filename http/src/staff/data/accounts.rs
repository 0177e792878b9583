//! `/accounts`: who may sign in here, in which role, in which venue. New secrets are shown once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::VenueId;
use sesshu_engine::core::setup::Venue;
use sesshu_engine::core::staff::{StaffAccount, StaffRole};
use sesshu_engine::{NewSecrets, StaffError};
use zeroize::Zeroizing;

use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm, StaffQuery};
use super::super::frame::Frame;
use super::super::page::{go_to, page};
use super::super::problem::StaffProblem;
use super::super::words::role_words;
use crate::public::pages::qr::Qr;

/// Secrets between the form that made them and the page that shows them.
pub(super) struct Shown {
    login: Box<str>,
    role: StaffRole,
    password: Zeroizing<String>,
    totp_secret: Zeroizing<String>,
}

/// An account as its row or page says it.
struct Line {
    login: Box<str>,
    role: &'static str,
    venue: String,
    disabled: bool,
    /// Whether it is the account of whoever looks.
    own: bool,
    works_in_venue: bool,
}

#[derive(Template)]
#[template(path = "staff/data/accounts.html")]
struct AccountsPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'static str,
    accounts: Vec<Line>,
    login: &'a str,
    /// Each role: its code, its words, whether it is chosen.
    roles: Vec<(&'static str, &'static str, bool)>,
    venues: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "staff/data/account.html")]
struct AccountPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'static str,
    account: Line,
    venues: Vec<Choice>,
}

/// A venue in a list to choose from.
struct Choice {
    id: String,
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "staff/data/secrets.html")]
struct SecretsPage<'a> {
    f: Frame<'a>,
    login: &'a str,
    role: &'static str,
    password: &'a str,
    /// In groups of four, to be typed.
    totp_secret: String,
    qr: Option<Qr>,
}

#[derive(Deserialize)]
pub(in crate::staff) struct DoneQuery {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct AddForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    venue: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct ResetForm {
    #[serde(default)]
    typed: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct VenueForm {
    #[serde(default)]
    venue: String,
}

pub(in crate::staff) async fn get_accounts(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<DoneQuery>,
) -> Result<Response, StaffProblem> {
    let done = if query.done == "shown" {
        "パスワードは1回しか表示できません。控えていないときは、再発行してください。"
    } else {
        ""
    };
    let typed = AddForm { login: String::new(), role: String::new(), venue: String::new() };
    accounts(&desk, &staff, StatusCode::OK, FormErrors::default(), done, &typed)
}

fn accounts(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    done: &'static str,
    typed: &AddForm,
) -> Result<Response, StaffProblem> {
    let venues = desk.engine.venues();
    let all = desk.engine.staff_accounts();
    let lines = all.into_iter().map(|(login, account)| Line::of(login, account, &venues, staff));
    let roles = StaffRole::ALL.map(|role| (role.code(), role_words(role), role.code() == typed.role));
    let shown = AccountsPage {
        f: desk.frame(Some(staff)),
        errors,
        done,
        accounts: lines.collect(),
        login: &typed.login,
        roles: roles.to_vec(),
        venues: choices(&venues, &typed.venue),
    };
    page(status, &shown)
}

fn choices(venues: &[Arc<Venue>], chosen: &str) -> Vec<Choice> {
    let one = |venue: &Arc<Venue>| {
        let id = venue.id.to_string();
        Choice { chosen: id == chosen, id, name: venue.name.clone() }
    };
    venues.iter().map(one).collect()
}

impl Line {
    fn of(login: Box<str>, account: StaffAccount, venues: &[Arc<Venue>], staff: &Staff) -> Self {
        let venue = venues.iter().find(|venue| Some(venue.id) == account.venue);
        Self {
            own: login == staff.login,
            login,
            role: role_words(account.role),
            venue: venue.map_or_else(String::new, |venue| venue.name.clone()),
            disabled: account.disabled,
            works_in_venue: account.role == StaffRole::Venue,
        }
    }
}

pub(in crate::staff) async fn post_accounts(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<AddForm>,
) -> Result<Response, StaffProblem> {
    let mut errors = FormErrors::default();
    let role = StaffRole::of_code(&form.role);
    if role.is_none() {
        errors.add("role", "役割を選んでください。");
    }
    let venue = chosen_venue(&form.venue);
    if venue.is_err() {
        errors.add("venue", "会場を選び直してください。");
    }
    let login = form.login.trim();
    if login.is_empty() {
        errors.add("login", "ログイン名を入力してください。");
    }
    let (Some(role), Ok(venue), true) = (role, venue, errors.is_empty()) else {
        return accounts(&desk, &staff, StatusCode::BAD_REQUEST, errors, "", &form);
    };
    match desk.engine.add_staff(login, role, venue, staff.by()).await {
        Ok(secrets) => Ok(shown_once(&desk, &staff, login, role, secrets)),
        Err(StaffError::Campaign(error)) => Err(error.into()),
        Err(StaffError::Random) => Err(StaffProblem::Internal),
        Err(error) => {
            let field = match error {
                StaffError::NoSuchVenue | StaffError::NotForAVenue => "venue",
                _ => "login",
            };
            errors.add(field, staff_words(&error));
            accounts(&desk, &staff, StatusCode::CONFLICT, errors, "", &form)
        }
    }
}

fn chosen_venue(typed: &str) -> Result<Option<VenueId>, StaffProblem> {
    if typed.is_empty() { Ok(None) } else { typed.parse().map(Some).map_err(|_| StaffProblem::NotFound) }
}

fn shown_once(desk: &StaffDesk, staff: &Staff, login: &str, role: StaffRole, secrets: NewSecrets) -> Response {
    let totp_secret = secrets.totp_base32();
    let shown = Shown { login: login.into(), role, password: secrets.password, totp_secret };
    desk.data.secrets.put(&staff.login, desk.engine.now(), shown);
    go_to("/secrets")
}

pub(in crate::staff) async fn get_secrets(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    let Some(shown) = desk.data.secrets.take(&staff.login, desk.engine.now()) else {
        return Ok(go_to("/accounts?done=shown"));
    };
    let address = Zeroizing::new(authenticator_address(&desk.config.city_name, &shown));
    let mut grouped = String::with_capacity(40);
    for (at, c) in shown.totp_secret.chars().enumerate() {
        if at > 0 && at.is_multiple_of(4) {
            grouped.push(' ');
        }
        grouped.push(c);
    }
    let secrets = SecretsPage {
        f: desk.frame(Some(&staff)),
        login: &shown.login,
        role: role_words(shown.role),
        password: &shown.password,
        totp_secret: grouped,
        qr: Qr::of_address(&address),
    };
    page(StatusCode::OK, &secrets)
}

/// The address that authenticator apps read from a QR code.
fn authenticator_address(city: &str, shown: &Shown) -> String {
    let (city, login, secret) = (encoded(city), encoded(&shown.login), &*shown.totp_secret);
    format!("otpauth://totp/{city}:{login}?secret={secret}&issuer={city}")
}

/// `text` within an address.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

pub(in crate::staff) async fn get_account(
    State(desk): State<Console>,
    staff: Staff,
    Path(login): Path<String>,
    StaffQuery(query): StaffQuery<DoneQuery>,
) -> Result<Response, StaffProblem> {
    let done = match query.done.as_str() {
        "disabled" => "このアカウントを停止しました。ログイン中だった場合も、すぐに使えなくなります。",
        "enabled" => "このアカウントの停止を解除しました。前と同じパスワードと認証アプリで使えます。",
        "venue" => "会場を変更しました。ログイン中だった場合は、ログインし直しになります。",
        _ => "",
    };
    account(&desk, &staff, &login, StatusCode::OK, FormErrors::default(), done)
}

fn account(
    desk: &StaffDesk,
    staff: &Staff,
    login: &str,
    status: StatusCode,
    errors: FormErrors,
    done: &'static str,
) -> Result<Response, StaffProblem> {
    let found = desk.engine.staff_account(login).ok_or(StaffProblem::NotFound)?;
    let venues = desk.engine.venues();
    let chosen = found.venue.map_or_else(String::new, |venue| venue.to_string());
    let shown = AccountPage {
        f: desk.frame(Some(staff)),
        errors,
        done,
        account: Line::of(login.into(), found, &venues, staff),
        venues: choices(&venues, &chosen),
    };
    page(status, &shown)
}

pub(in crate::staff) async fn post_reset(
    State(desk): State<Console>,
    staff: Staff,
    Path(login): Path<String>,
    StaffForm(form): StaffForm<ResetForm>,
) -> Result<Response, StaffProblem> {
    let found = desk.engine.staff_account(&login).ok_or(StaffProblem::NotFound)?;
    let mut errors = FormErrors::default();
    if form.typed.trim() != login {
        errors.add("typed", "再発行するアカウントのログイン名を、そのとおりに入力してください。");
        return account(&desk, &staff, &login, StatusCode::BAD_REQUEST, errors, "");
    }
    if found.disabled {
        errors.add("typed", "停止中のアカウントです。先に停止を解除してください。");
        return account(&desk, &staff, &login, StatusCode::CONFLICT, errors, "");
    }
    match desk.engine.reset_staff(&login, staff.by()).await {
        Ok(secrets) => Ok(shown_once(&desk, &staff, &login, found.role, secrets)),
        Err(error) => Err(problem(error)),
    }
}

pub(in crate::staff) async fn post_disable(
    State(desk): State<Console>,
    staff: Staff,
    Path(login): Path<String>,
) -> Result<Response, StaffProblem> {
    changed(&desk, &staff, &login, desk.engine.disable_staff(&login, true, staff.by()).await, "disabled")
}

pub(in crate::staff) async fn post_enable(
    State(desk): State<Console>,
    staff: Staff,
    Path(login): Path<String>,
) -> Result<Response, StaffProblem> {
    changed(&desk, &staff, &login, desk.engine.disable_staff(&login, false, staff.by()).await, "enabled")
}

pub(in crate::staff) async fn post_venue(
    State(desk): State<Console>,
    staff: Staff,
    Path(login): Path<String>,
    StaffForm(form): StaffForm<VenueForm>,
) -> Result<Response, StaffProblem> {
    let bound = desk.engine.bind_staff(&login, chosen_venue(&form.venue)?, staff.by()).await;
    changed(&desk, &staff, &login, bound, "venue")
}

fn changed(
    desk: &StaffDesk,
    staff: &Staff,
    login: &str,
    outcome: Result<(), StaffError>,
    done: &str,
) -> Result<Response, StaffProblem> {
    match outcome {
        Ok(()) => Ok(go_to(&format!("/accounts/{login}?done={done}"))),
        Err(error @ (StaffError::Oneself | StaffError::LastAdmin | StaffError::NotForAVenue)) => {
            account(desk, staff, login, StatusCode::CONFLICT, FormErrors::whole(staff_words(&error)), "")
        }
        Err(error) => Err(problem(error)),
    }
}

fn problem(error: StaffError) -> StaffProblem {
    match error {
        StaffError::Unknown | StaffError::NoSuchVenue => StaffProblem::NotFound,
        StaffError::Random => StaffProblem::Internal,
        StaffError::Campaign(error) => error.into(),
        error => StaffProblem::Conflict(staff_words(&error).into()),
    }
}

const fn staff_words(error: &StaffError) -> &'static str {
    match error {
        StaffError::WrongLogin => "ログイン名は、半角の英小文字・数字・「.」「-」「_」で、32文字までにしてください。",
        StaffError::Exists => "このログイン名は、すでにあります。",
        StaffError::Unknown => "このログイン名のアカウントはありません。",
        StaffError::NoSuchVenue => "その会場はありません。",
        StaffError::NotForAVenue => "会場を限れるのは、役割が「会場」のアカウントだけです。",
        StaffError::Oneself => "自分のアカウントは停止できません。ほかの管理者に頼んでください。",
        StaffError::LastAdmin => "ログインできる最後の管理者なので、停止できません。",
        StaffError::Random | StaffError::Campaign(_) => "アカウントを変更できませんでした。何も変わっていません。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authenticator_app_reads_city_login_and_secret() {
        let shown = Shown {
            login: "sato".into(),
            role: StaffRole::Ops,
            password: Zeroizing::new(String::new()),
            totp_secret: Zeroizing::new("GEZD".into()),
        };
        let address = authenticator_address("A市", &shown);
        assert_eq!(address, "otpauth://totp/A%E5%B8%82:sato?secret=GEZD&issuer=A%E5%B8%82");
        assert!(Qr::of_address(&address).is_some());
    }
}
