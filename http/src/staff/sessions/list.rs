//! `/sessions/list`: the sessions one by one, by venue, time and where they stand.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::time::Day;

use super::fields::Choice;
use super::line::{SessionLine, Standing, all_lines};
use super::words::standing_words;
use crate::staff::desk::{Console, Staff};
use crate::staff::form::StaffQuery;
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

/// How many sessions stand on a page.
const LINES_MAX: usize = 50;

#[derive(Template)]
#[template(path = "staff/sessions/list.html")]
struct ListPage<'a> {
    f: Frame<'a>,
    query: &'a ListQuery,
    venues: Vec<Choice>,
    standings: Vec<Choice>,
    lines: &'a [SessionLine],
    found: usize,
    places: u64,
    booked: u64,
    /// The page, from 1, and how many there are.
    at: usize,
    pages: usize,
}

#[derive(Deserialize)]
pub(in crate::staff) struct ListQuery {
    #[serde(default)]
    venue: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    page: String,
}

impl ListQuery {
    /// The address of another page of the same list.
    fn of_page(&self, page: usize) -> String {
        format!(
            "/sessions/list?venue={}&from={}&to={}&state={}&page={page}",
            plain(&self.venue),
            plain(&self.from),
            plain(&self.to),
            plain(&self.state)
        )
    }

    fn holds(&self, line: &SessionLine) -> bool {
        let (from, to) = (self.from.parse::<Day>().ok(), self.to.parse::<Day>().ok());
        line.standing != Standing::Discarded
            && (self.venue.is_empty() || line.venue_id.to_string() == self.venue)
            && (self.state.is_empty() || line.standing.code() == self.state)
            && from.is_none_or(|from| line.date >= from)
            && to.is_none_or(|to| line.date <= to)
    }
}

/// What a filter's value can be: anything else names nothing anyway.
fn plain(value: &str) -> String {
    value.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}

pub(in crate::staff) async fn get_list(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<ListQuery>,
) -> Result<Response, StaffProblem> {
    let (setup, now) = (desk.engine.campaign_setup(), desk.engine.now());
    let mut lines = all_lines(&desk.engine.planned_sessions(), &setup, now);
    lines.retain(|line| query.holds(line));
    let pages = lines.len().div_ceil(LINES_MAX).max(1);
    let at = query.page.parse().unwrap_or(1).clamp(1, pages);
    let venue = |venue: &std::sync::Arc<sesshu_engine::core::setup::Venue>| {
        let value = venue.id.to_string();
        Choice { chosen: value == query.venue, label: venue.name.clone(), value }
    };
    let standing = |standing: Standing| Choice {
        value: standing.code().into(),
        label: standing_words(standing).into(),
        chosen: standing.code() == query.state,
    };
    let from = (at - 1) * LINES_MAX;
    let shown = ListPage {
        f: desk.frame(Some(&staff)),
        venues: setup.venues.iter().map(venue).collect(),
        standings: Standing::LISTED.map(standing).into(),
        found: lines.len(),
        places: lines.iter().map(|line| line.places).sum(),
        booked: lines.iter().map(|line| u64::from(line.booked)).sum(),
        lines: &lines[from..lines.len().min(from + LINES_MAX)],
        at,
        pages,
        query: &query,
    };
    page(StatusCode::OK, &shown)
}
