//! `/sessions`: a month of sessions by day and venue.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::VenueId;
use sesshu_engine::core::time::Day;

use super::line::{SessionLine, Standing, all_lines};
use crate::staff::dates::day_words;
use crate::staff::desk::{Console, Staff};
use crate::staff::form::StaffQuery;
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

#[derive(Template)]
#[template(path = "staff/sessions/month.html")]
struct MonthPage<'a> {
    f: Frame<'a>,
    /// The month in words.
    month: String,
    before: String,
    after: String,
    venues: Vec<&'a str>,
    days: Vec<DayRow<'a>>,
    places: u64,
    booked: u64,
    drafts: usize,
    proposed: bool,
    /// Whether there is no session at all.
    empty: bool,
}

struct DayRow<'a> {
    day: String,
    weekend: bool,
    today: bool,
    /// For each venue its sessions.
    cells: Vec<Vec<&'a SessionLine>>,
    places: u64,
    booked: u64,
}

#[derive(Deserialize)]
pub(in crate::staff) struct MonthQuery {
    #[serde(default)]
    month: String,
}

/// The first of a month.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Month(Day);

impl Month {
    fn of(day: Day) -> Option<Self> {
        let (year, month, _) = day.ymd();
        Day::from_ymd(year, month, 1).map(Self)
    }

    fn next(self) -> Option<Self> {
        Self::of(self.0.plus_days(31))
    }

    fn name(self) -> String {
        self.0.to_string().rsplit_once('-').map_or_else(String::new, |(month, _)| month.to_owned())
    }
}

pub(in crate::staff) async fn get_sessions(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<MonthQuery>,
) -> Result<Response, StaffProblem> {
    let (setup, now) = (desk.engine.campaign_setup(), desk.engine.now());
    let lines = all_lines(&desk.engine.planned_sessions(), &setup, now);
    let shown: Vec<&SessionLine> = lines.iter().filter(|line| line.standing != Standing::Discarded).collect();
    let today = now.city_day();
    // Without a wish: the month of the next session, or else this one.
    let next = shown.iter().map(|line| line.date).find(|date| *date >= today).unwrap_or(today);
    let asked = format!("{}-01", query.month).parse().ok().and_then(Month::of);
    let month = asked.or_else(|| Month::of(next)).ok_or(StaffProblem::NotFound)?;
    let (before, after) = (Month::of(month.0.plus_days(-1)), month.next());
    let (Some(before), Some(after)) = (before, after) else { return Err(StaffProblem::NotFound) };
    let in_month: Vec<&SessionLine> =
        shown.iter().copied().filter(|line| (month.0..after.0).contains(&line.date)).collect();
    let mut venues: Vec<VenueId> = in_month.iter().map(|line| line.venue_id).collect();
    venues.sort_unstable();
    venues.dedup();
    let mut by_day: BTreeMap<Day, Vec<&SessionLine>> = BTreeMap::new();
    for line in &in_month {
        by_day.entry(line.date).or_default().push(line);
    }
    let days = by_day.iter().map(|(day, of_day)| DayRow {
        day: day_words(*day),
        weekend: is_weekend(*day),
        today: *day == today,
        cells: venues.iter().map(|id| of_day.iter().copied().filter(|line| line.venue_id == *id).collect()).collect(),
        places: of_day.iter().map(|line| offered(line)).sum(),
        booked: of_day.iter().map(|line| u64::from(line.booked)).sum(),
    });
    let names = venues.iter().map(|id| setup.venue(*id).map_or("", |venue| venue.name.as_str()));
    let (year, number, _) = month.0.ymd();
    let shown_page = MonthPage {
        f: desk.frame(Some(&staff)),
        month: format!("{year}年{number}月"),
        before: before.name(),
        after: after.name(),
        venues: names.collect(),
        places: in_month.iter().map(|line| offered(line)).sum(),
        booked: in_month.iter().map(|line| u64::from(line.booked)).sum(),
        days: days.collect(),
        drafts: shown.iter().filter(|line| line.standing == Standing::Draft).count(),
        proposed: setup.proposal.is_some(),
        empty: shown.is_empty(),
    };
    page(StatusCode::OK, &shown_page)
}

/// What a session offers; one that was cancelled offers nothing.
const fn offered(line: &SessionLine) -> u64 {
    match line.standing {
        Standing::Cancelled => 0,
        _ => line.places,
    }
}

fn is_weekend(day: Day) -> bool {
    use sesshu_engine::core::time::Weekday;
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}
