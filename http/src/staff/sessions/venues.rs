//! `/venues`: the venues, a new one, and another name for one.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::VenueId;
use sesshu_engine::core::session::SessionPhase;

use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::words::campaign_words;

#[derive(Template)]
#[template(path = "staff/sessions/venues.html")]
struct VenuesPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'a str,
    venues: Vec<VenueRow>,
    typed: &'a str,
}

#[derive(Template)]
#[template(path = "staff/sessions/venue.html")]
struct VenuePage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    id: VenueId,
    name: &'a str,
    typed: &'a str,
    sessions: usize,
}

struct VenueRow {
    id: VenueId,
    name: String,
    sessions: usize,
    /// Whether the city's pages say how to find it.
    described: bool,
}

#[derive(Deserialize)]
pub(in crate::staff) struct VenuesQuery {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct VenueForm {
    #[serde(default)]
    name: String,
}

/// How many sessions of `id` there are, drafts too.
fn sessions_in(desk: &StaffDesk, id: VenueId) -> usize {
    let sessions = desk.engine.planned_sessions();
    let here = |planned: &&sesshu_engine::PlannedSession| {
        planned.session.venue == id && planned.session.phase != SessionPhase::Discarded
    };
    sessions.iter().filter(here).count()
}

fn show_all(
    desk: &StaffDesk,
    staff: &Staff,
    typed: &str,
    done: &str,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let setup = desk.engine.campaign_setup();
    let row = |venue: &std::sync::Arc<sesshu_engine::core::setup::Venue>| VenueRow {
        id: venue.id,
        sessions: sessions_in(desk, venue.id),
        described: setup.site.venues.contains_key(venue.name.as_str()),
        name: venue.name.clone(),
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let venues = setup.venues.iter().map(row).collect();
    page(status, &VenuesPage { f: desk.frame(Some(staff)), errors, done, venues, typed })
}

pub(in crate::staff) async fn get_venues(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<VenuesQuery>,
) -> Result<Response, StaffProblem> {
    show_all(&desk, &staff, "", &query.done, FormErrors::default())
}

pub(in crate::staff) async fn post_venues(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<VenueForm>,
) -> Result<Response, StaffProblem> {
    match desk.engine.add_venue(&form.name, staff.by()).await {
        Ok(_) => Ok(go_to("/venues?done=added")),
        Err(error) => {
            let mut errors = FormErrors::default();
            errors.add("name", campaign_words(&error));
            show_all(&desk, &staff, &form.name, "", errors)
        }
    }
}

fn show_one(
    desk: &StaffDesk,
    staff: &Staff,
    id: &str,
    typed: Option<&str>,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let id: VenueId = id.parse().map_err(|_| StaffProblem::NotFound)?;
    let setup = desk.engine.campaign_setup();
    let venue = setup.venue(id).ok_or(StaffProblem::NotFound)?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let shown = VenuePage {
        f: desk.frame(Some(staff)),
        errors,
        id,
        name: &venue.name,
        typed: typed.unwrap_or(&venue.name),
        sessions: sessions_in(desk, id),
    };
    page(status, &shown)
}

pub(in crate::staff) async fn get_venue(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, StaffProblem> {
    show_one(&desk, &staff, &id, None, FormErrors::default())
}

pub(in crate::staff) async fn post_venue(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
    StaffForm(form): StaffForm<VenueForm>,
) -> Result<Response, StaffProblem> {
    let venue: VenueId = id.parse().map_err(|_| StaffProblem::NotFound)?;
    match desk.engine.rename_venue(venue, &form.name, staff.by()).await {
        Ok(()) => Ok(go_to("/venues?done=renamed")),
        Err(error) => {
            let mut errors = FormErrors::default();
            errors.add("name", campaign_words(&error));
            show_one(&desk, &staff, &id, Some(&form.name), errors)
        }
    }
}
