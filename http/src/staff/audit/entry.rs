//! `/audit/entry/{seq}`: one entry whole, with everybody whom it names.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::event::Event;

use super::rows::{Extent, Row};
use super::unreadable;
use crate::staff::desk::{Console, Staff};
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

/// How many events of an entry are shown; an import of doses has one for each line of its file.
const LINES_MAX: usize = 200;

#[derive(Template)]
#[template(path = "staff/audit/entry.html")]
struct EntryPage<'a> {
    f: Frame<'a>,
    row: Row,
}

pub(in crate::staff) async fn get_entry(
    State(desk): State<Console>,
    staff: Staff,
    Path(seq): Path<String>,
) -> Result<Response, StaffProblem> {
    let seq: u64 = seq.parse().map_err(|_| StaffProblem::NotFound)?;
    let entry = desk.engine.audit_entry(seq).await.map_err(|error| unreadable(&error))?;
    let entry = entry.ok_or(StaffProblem::NotFound)?;
    let extent = Extent { lines_max: LINES_MAX, people_max: Event::PEOPLE_VIEWED_MAX, person: None };
    let mut row = Row::of(&desk.engine, seq, &entry, extent);
    let people: Vec<_> = row.people().collect();
    let names = desk.engine.names_in_audit(people, staff.by()).await?.into_iter().collect();
    row.name(&names);
    page(StatusCode::OK, &EntryPage { f: desk.frame(Some(&staff)), row })
}
