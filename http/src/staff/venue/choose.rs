//! `/venue`: the venue of today's work. Whoever is bound to one goes there at once.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::setup::Venue;

use crate::staff::desk::{Console, Staff};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

#[derive(Template)]
#[template(path = "staff/venue/choose.html")]
struct ChoosePage<'a> {
    f: Frame<'a>,
    venues: Vec<Arc<Venue>>,
}

pub(in crate::staff) async fn get_venues(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    let venues = desk.engine.workplaces(&staff.by());
    if let ([only], true) = (venues.as_slice(), staff.venue.is_some()) {
        return Ok(go_to(&format!("/venue/{}", only.id)));
    }
    page(StatusCode::OK, &ChoosePage { f: desk.frame(Some(&staff)), venues })
}
