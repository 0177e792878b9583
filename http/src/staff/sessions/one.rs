//! `/sessions/{session}`: one session with its slots, its vaccine, and what can be done with it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, REFRESH};
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::PlannedSession;
use sesshu_engine::core::count::Count;
use sesshu_engine::core::ids::SessionId;

use super::line::{SessionLine, Standing};
use super::typed::Typed;
use super::vials::Vials;
use crate::staff::dates::instant_words;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

/// How often a page is asked for again while bookings are being cancelled, in seconds.
const REFRESH_SECONDS: &str = "3";

#[derive(Template)]
#[template(path = "staff/sessions/one.html")]
struct OnePage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'a str,
    line: SessionLine,
    opens_at: Option<String>,
    slots: Vec<SlotRow>,
    vials: Vials,
    /// What stands in the form of the stock.
    unit: &'a str,
    amount: String,
    /// Bookings of a cancelled session that are yet to be cancelled.
    to_cancel: usize,
}

/// A slot as the page shows it.
pub(super) struct SlotRow {
    pub(super) no: usize,
    pub(super) times: String,
    pub(super) capacity: u32,
    pub(super) phone_share: u32,
    pub(super) booked: Count,
    pub(super) held: u32,
    pub(super) free: u32,
    /// What stands in its form.
    pub(super) typed: String,
    pub(super) field: String,
}

impl SlotRow {
    /// The slots of a session, with what was typed for them.
    pub(super) fn all(planned: &PlannedSession, typed: Option<&Typed>) -> Vec<Self> {
        let counts = planned.booked.iter().zip(&planned.held);
        let row = |(no, (slot, (booked, held))): (usize, (&sesshu_engine::core::session::Slot, (&Count, &Count)))| {
            let field = format!("capacity-{no}");
            Self {
                no,
                times: format!("{}–{}", slot.start, slot.end),
                capacity: slot.capacity,
                phone_share: slot.phone_share,
                booked: *booked,
                held: held.total(),
                free: slot.capacity.saturating_sub(booked.total() + held.total()),
                typed: typed.map_or_else(|| slot.capacity.to_string(), |typed| typed.one(&field).to_owned()),
                field,
            }
        };
        planned.session.slots.iter().zip(counts).enumerate().map(row).collect()
    }
}

impl OnePage<'_> {
    fn is_draft(&self) -> bool {
        self.line.standing == Standing::Draft
    }

    fn is_discarded(&self) -> bool {
        self.line.standing == Standing::Discarded
    }

    fn is_cancelled(&self) -> bool {
        self.line.standing == Standing::Cancelled
    }

    /// Whether it takes bookings, or will.
    fn can_close(&self) -> bool {
        matches!(self.line.standing, Standing::BeforeOpen | Standing::Open | Standing::Full)
    }

    fn can_reopen(&self) -> bool {
        self.line.standing == Standing::Closed
    }

    fn can_cancel(&self) -> bool {
        self.can_close() || self.can_reopen()
    }
}

#[derive(Deserialize)]
pub(in crate::staff) struct OneQuery {
    #[serde(default)]
    done: String,
}

/// The session that an address names.
pub(super) fn named(desk: &StaffDesk, id: &str) -> Result<PlannedSession, StaffProblem> {
    let id: SessionId = id.parse().map_err(|_| StaffProblem::NotFound)?;
    desk.engine.planned_session(id).ok_or(StaffProblem::NotFound)
}

/// The page, with what was typed and what is wrong with it.
pub(super) fn show(
    desk: &StaffDesk,
    staff: &Staff,
    planned: &PlannedSession,
    typed: Option<&Typed>,
    done: &str,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let (setup, now) = (desk.engine.campaign_setup(), desk.engine.now());
    let line = SessionLine::of(planned, &setup, now);
    let vaccine = setup.vaccine(planned.session.vaccine);
    let vials = Vials {
        doses_per_vial: vaccine.map_or(1, |vaccine| u32::from(vaccine.doses_per_vial)),
        stock: planned.session.doses_total,
        booked: line.booked,
        places: line.places,
    };
    let of_stock = typed.filter(|typed| !typed.one("unit").is_empty());
    let (unit, amount) = match (of_stock, vials.in_stock()) {
        (Some(typed), _) => (typed.one("unit"), typed.one("amount").to_owned()),
        (None, None) => ("none", String::new()),
        (None, Some((whole, 0))) => ("vials", whole.to_string()),
        (None, Some(_)) => ("doses", vials.stock.unwrap_or_default().to_string()),
    };
    let of_slots = typed.filter(|_| of_stock.is_none());
    let to_cancel = match line.standing {
        Standing::Cancelled => desk.engine.bookings_to_cancel(line.id),
        _ => 0,
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let shown = OnePage {
        f: desk.frame(Some(staff)),
        errors,
        done,
        opens_at: planned.session.opens_at().map(instant_words),
        slots: SlotRow::all(planned, of_slots),
        line,
        vials,
        unit,
        amount,
        to_cancel,
    };
    let mut answer = page(status, &shown)?;
    if to_cancel > 0 && done == "cancel" {
        answer.headers_mut().insert(REFRESH, HeaderValue::from_static(REFRESH_SECONDS));
    }
    Ok(answer)
}

pub(in crate::staff) async fn get_session(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
    StaffQuery(query): StaffQuery<OneQuery>,
) -> Result<Response, StaffProblem> {
    let planned = named(&desk, &id)?;
    show(&desk, &staff, &planned, None, &query.done, FormErrors::default())
}
