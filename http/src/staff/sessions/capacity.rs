//! `/sessions/{session}/capacity`: other capacities, shown first with who is booked, then changed slot by slot.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::ids::SlotNo;
use sesshu_engine::core::session::Session;

use super::line::SessionLine;
use super::one::{SlotRow, named, show};
use super::typed::{Typed, number_up_to};
use crate::staff::desk::{Console, Staff};
use crate::staff::form::{FormErrors, StaffForm};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::words::campaign_words;

#[derive(Template)]
#[template(path = "staff/sessions/capacity.html")]
struct CapacityPage<'a> {
    f: Frame<'a>,
    line: SessionLine,
    changes: Vec<Change>,
    before: u64,
    after: u64,
}

/// A slot whose capacity is to change.
struct Change {
    row: SlotRow,
    wanted: u32,
}

impl Change {
    const fn free_after(&self) -> u32 {
        self.wanted.saturating_sub(self.row.booked.total() + self.row.held)
    }
}

pub(in crate::staff) async fn post_capacity(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
    StaffForm(fields): StaffForm<Vec<(String, String)>>,
) -> Result<Response, StaffProblem> {
    let typed = Typed(fields);
    let planned = named(&desk, &id)?;
    if planned.session.phase.is_hidden() {
        return Err(StaffProblem::NotFound);
    }
    let mut errors = FormErrors::default();
    let mut changes = Vec::new();
    for row in SlotRow::all(&planned, Some(&typed)) {
        let was = typed.one(&format!("was-{}", row.no));
        if !was.is_empty() && was != row.capacity.to_string() {
            errors = FormErrors::whole(campaign_words(&sesshu_engine::CampaignError::ChangedMeanwhile));
            return show(&desk, &staff, &planned, None, "", errors);
        }
        let taken = row.booked.total() + row.held;
        match number_up_to(&row.typed, Session::SLOT_CAPACITY_MAX) {
            // The second look sends only the slots that change.
            None if typed.all(&row.field).next().is_none() => {}
            None => {
                let most = Session::SLOT_CAPACITY_MAX;
                errors.add(row.field, format!("{}の定員を0から{most}の数字で入力してください。", row.times));
            }
            Some(wanted) if wanted < taken => {
                let says =
                    format!("{}には予約と仮押さえが{taken}人分あります。定員はそれより少なくできません。", row.times);
                errors.add(row.field, says);
            }
            Some(wanted) if wanted != row.capacity => changes.push(Change { row, wanted }),
            Some(_) => {}
        }
    }
    if errors.is_empty() && changes.is_empty() {
        errors = FormErrors::whole("変える定員を入力してください。いまの定員と同じです。");
    }
    if !errors.is_empty() {
        return show(&desk, &staff, &planned, Some(&typed), "", errors);
    }
    if typed.one("step") != "apply" {
        let line = SessionLine::of(&planned, &desk.engine.campaign_setup(), desk.engine.now());
        let before = line.places;
        let less: u64 = changes.iter().map(|change| u64::from(change.row.capacity)).sum();
        let more: u64 = changes.iter().map(|change| u64::from(change.wanted)).sum();
        let after = before - less + more;
        return page(StatusCode::OK, &CapacityPage { f: desk.frame(Some(&staff)), line, changes, before, after });
    }
    let mut made = 0;
    for Change { row, wanted } in changes {
        let slot = SlotNo(u16::try_from(row.no).map_err(|_| StaffProblem::NotFound)?);
        if let Err(error) = desk.engine.change_capacity(planned.session.id, slot, wanted, staff.by()).await {
            errors.add(row.field, format!("{}：{}", row.times, campaign_words(&error)));
            break;
        }
        made += 1;
    }
    if errors.is_empty() {
        return Ok(go_to(&format!("/sessions/{id}?done=capacity")));
    }
    if made > 0 {
        errors.add("", format!("そのほかの{made}枠の定員は変わりました。"));
    }
    let planned = named(&desk, &id)?;
    show(&desk, &staff, &planned, Some(&typed), "", errors)
}
