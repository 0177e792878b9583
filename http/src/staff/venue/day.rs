//! `/venue/{venue}`: a venue's day by slot, with counts. People are shown for one slot, or all of them when that is asked for: whoever is
//! shown has been seen.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::{SessionId, SlotNo};
use sesshu_engine::core::time::{Day, Instant};
use sesshu_engine::{DayPart, DayPerson, DaySlot, SlotCounts};

use super::bar::{BarPage, VenueBar};
use super::words::InWords;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

#[derive(Debug, Clone, Default, Deserialize)]
pub(in crate::staff) struct DayQuery {
    /// The date; today if it is left out.
    #[serde(default)]
    day: String,
    /// The slot whose people are shown, as `SESSION-SLOT`, or `all`.
    #[serde(default)]
    slot: String,
    /// How many no-shows have just been marked.
    #[serde(default)]
    marked: String,
}

#[derive(Template)]
#[template(path = "staff/venue/day.html")]
struct DayPage<'a> {
    f: Frame<'a>,
    bar: VenueBar,
    errors: FormErrors,
    day: Day,
    is_today: bool,
    slots: Vec<DaySlot>,
    totals: SlotCounts,
    /// What is chosen, as the address says it.
    chosen: String,
    people: Option<Vec<DayPerson>>,
    /// How many people have not come today, and when the last slot ends.
    waited_for: Option<(usize, Instant)>,
    /// Whether it has ended.
    is_over: bool,
    /// What was typed as their number.
    count: &'a str,
    marked: Option<usize>,
}

impl DayPage<'_> {
    /// Whether this slot's people are shown.
    fn is_chosen(&self, slot: &DaySlot) -> bool {
        self.chosen
            .split_once('-')
            .is_some_and(|(session, no)| session == slot.session.to_string() && no == slot.slot.to_string())
    }
}

pub(in crate::staff) async fn get_day(
    State(desk): State<Console>,
    staff: Staff,
    Path(venue): Path<String>,
    StaffQuery(query): StaffQuery<DayQuery>,
) -> Result<Response, StaffProblem> {
    day_page(&desk, &staff, &venue, &query, StatusCode::OK, FormErrors::default(), "").await
}

/// The page of a day, also as the answer to a form on it that was wrong.
pub(super) async fn day_page(
    desk: &StaffDesk,
    staff: &Staff,
    venue: &str,
    query: &DayQuery,
    status: StatusCode,
    errors: FormErrors,
    count: &str,
) -> Result<Response, StaffProblem> {
    let bar = VenueBar::of(desk, staff, venue, BarPage::Day)?;
    let (by, today) = (staff.by(), desk.engine.now().city_day());
    let day = day_asked(&query.day, today)?;
    let slots = desk.engine.day_slots(bar.id, day, &by)?;
    let chosen = part_of(&query.slot, &slots)?;
    let people = match chosen {
        Some(part) => Some(desk.engine.day_people(bar.id, day, part, &by).await?),
        None => None,
    };
    let waited_for = if day == today { desk.engine.waited_for(bar.id, &by)? } else { None };
    let shown = DayPage {
        f: desk.frame(Some(staff)),
        errors,
        day,
        is_today: day == today,
        totals: SlotCounts::sum(slots.iter().map(|slot| slot.counts)),
        slots,
        chosen: if chosen.is_some() { query.slot.clone() } else { String::new() },
        people,
        is_over: waited_for.is_some_and(|(_, ends)| desk.engine.now() >= ends),
        waited_for,
        count,
        marked: query.marked.parse().ok(),
        bar,
    };
    page(status, &shown)
}

/// The date that an address or a form names.
pub(super) fn day_asked(typed: &str, today: Day) -> Result<Day, StaffProblem> {
    if typed.is_empty() { Ok(today) } else { typed.parse().map_err(|_| StaffProblem::NotFound) }
}

fn part_of(asked: &str, slots: &[DaySlot]) -> Result<Option<DayPart<'static>>, StaffProblem> {
    match asked {
        "" => Ok(None),
        "all" => Ok(Some(DayPart::All)),
        asked => {
            let slot = asked.split_once('-').and_then(|(session, slot)| {
                let session: SessionId = session.parse().ok()?;
                let slot: SlotNo = slot.parse().ok()?;
                slots.iter().find(|one| one.session == session && one.slot == slot)
            });
            let slot = slot.ok_or(StaffProblem::NotFound)?;
            Ok(Some(DayPart::Slot(slot.session, slot.slot)))
        }
    }
}
