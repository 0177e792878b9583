//! `/`: what somebody of this role can do.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::dates::{day_words, instant_words};
use super::desk::{Console, Staff};
use super::frame::Frame;
use super::page::page;
use super::problem::StaffProblem;
use super::routes::NavLink;

#[derive(Template)]
#[template(path = "staff/home.html")]
struct HomePage<'a> {
    f: Frame<'a>,
    today: String,
    signed_in_at: String,
    /// Everywhere they can go but here.
    links: Vec<&'static NavLink>,
}

pub(super) async fn get_home(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    let f = desk.frame(Some(&staff));
    let links = f.links().filter(|(_, here)| !here).map(|(link, _)| link).collect();
    let today = day_words(desk.engine.now().city_day());
    page(StatusCode::OK, &HomePage { f, today, signed_in_at: instant_words(staff.signed_in_at), links })
}
