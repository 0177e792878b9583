//! `/site/venues`: how residents find a venue: address, map, way.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::ids::VenueId;
use sesshu_engine::core::site::{Site, VenueDetails};

use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm};
use super::super::frame::Frame;
use super::super::page::{go_to, page};
use super::super::problem::StaffProblem;
use super::site_form::{Field, Typed, fields, revision, said, text, worded};

#[derive(Template)]
#[template(path = "staff/data/venues.html")]
struct VenuesPage<'a> {
    f: Frame<'a>,
    /// Id, name, address.
    venues: Vec<(String, String, String)>,
    /// Names that no venue has.
    others: Vec<Box<str>>,
}

#[derive(Template)]
#[template(path = "staff/data/venue.html")]
struct VenuePage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    id: VenueId,
    name: &'a str,
    revision: u64,
    map_url: String,
    addresses: Vec<Field>,
    ways: Vec<Field>,
}

pub(in crate::staff) async fn get_venues(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    let site = desk.engine.site();
    let venues = desk.engine.venues().into_iter().map(|venue| {
        let address = site.venues.get(venue.name.as_str()).map_or_else(String::new, |it| it.address.ja.to_string());
        (venue.id.to_string(), venue.name.clone(), address)
    });
    let others = desk.engine.venues_without_sessions(&site);
    page(StatusCode::OK, &VenuesPage { f: desk.frame(Some(&staff)), venues: venues.collect(), others })
}

pub(in crate::staff) async fn get_venue(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, StaffProblem> {
    let (id, name) = venue(&desk, &id)?;
    let site = desk.engine.site();
    let nothing = VenueDetails::default();
    let details = site.venues.get(name.as_str()).unwrap_or(&nothing);
    let mut typed = Typed::from([("map_url".into(), details.map_url.as_deref().unwrap_or_default().into())]);
    let ways = details.access.clone().unwrap_or_default();
    for (field, words) in [("address", &details.address), ("access", &ways)] {
        typed.extend(fields(field, |lang| said(words, lang)).into_iter().map(|field| (field.id, field.value)));
    }
    shown(&desk, &staff, StatusCode::OK, FormErrors::default(), id, &name, &typed)
}

/// The venue of an address.
fn venue(desk: &StaffDesk, id: &str) -> Result<(VenueId, String), StaffProblem> {
    let id: VenueId = id.parse().map_err(|_| StaffProblem::NotFound)?;
    let found = desk.engine.venues().into_iter().find(|venue| venue.id == id);
    found.map(|venue| (id, venue.name.clone())).ok_or(StaffProblem::NotFound)
}

fn shown(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    id: VenueId,
    name: &str,
    typed: &Typed,
) -> Result<Response, StaffProblem> {
    let of = |name: &'static str| fields(name, |lang| text(typed, &format!("{name}-{}", lang.code())));
    let venue = VenuePage {
        f: desk.frame(Some(staff)),
        errors,
        id,
        name,
        revision: desk.engine.site().revision,
        map_url: text(typed, "map_url"),
        addresses: of("address"),
        ways: of("access"),
    };
    page(status, &venue)
}

pub(in crate::staff) async fn post_venue(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
    StaffForm(typed): StaffForm<Typed>,
) -> Result<Response, StaffProblem> {
    let (id, name) = venue(&desk, &id)?;
    let mut next = Site::clone(&desk.engine.site());
    let before = next.venues.remove(name.as_str());
    let map_url = text(&typed, "map_url");
    let ways = before.as_ref().and_then(|before| before.access.as_ref());
    let access = worded(&typed, "access", ways);
    let details = VenueDetails {
        address: worded(&typed, "address", before.as_ref().map(|before| &before.address)),
        map_url: (!map_url.is_empty()).then(|| map_url.into()),
        access: (!access.ja.is_empty() || !access.others.is_empty()).then_some(access),
    };
    // Nothing typed at all takes the details away.
    if details != VenueDetails::default() {
        next.venues.insert(name.as_str().into(), details);
    }
    match desk.say(next, revision(&typed), &staff, 2).await? {
        Ok(()) => Ok(go_to("/site?done=saved")),
        Err(errors) => shown(&desk, &staff, StatusCode::BAD_REQUEST, errors, id, &name, &typed),
    }
}
