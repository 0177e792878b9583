//! `/overview`: the campaign at a glance. Numbers first, then pictures with their numbers beside them. It names nobody.
//!
//! `fragments` are the parts of the page, rendered once for everybody who looks; `live` sends those that change.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::staff::StaffRole;

use super::desk::{Console, Staff};
use super::frame::Frame;
use super::page::page;
use super::problem::StaffProblem;
use fragments::Fragment;

mod bars;
mod board;
mod fragments;
mod heat;
mod live;
mod words;

pub(super) use board::Board;
pub(super) use live::{get_events, renews_itself};
pub(super) use words::reason_words;

/// Who watches over the campaign.
pub(super) const WATCHERS: &[StaffRole] = &[StaffRole::Admin, StaffRole::Ops];

#[derive(Template)]
#[template(path = "staff/overview/page.html")]
struct OverviewPage<'a> {
    f: Frame<'a>,
    made_at: &'a str,
    fragments: &'a [Fragment],
    /// Whether a browser without the script loads the page anew by itself.
    renewed: bool,
}

#[derive(Deserialize)]
pub(super) struct OverviewQuery {
    #[serde(default)]
    auto: String,
}

pub(super) async fn get_overview(
    State(desk): State<Console>,
    staff: Staff,
    super::form::StaffQuery(query): super::form::StaffQuery<OverviewQuery>,
) -> Result<Response, StaffProblem> {
    let rendered = desk.overview.rendered(&desk.engine).await?;
    let shown = OverviewPage {
        f: desk.frame(Some(&staff)),
        made_at: &rendered.made_at,
        fragments: &rendered.fragments,
        renewed: query.auto != "off",
    };
    page(StatusCode::OK, &shown)
}
