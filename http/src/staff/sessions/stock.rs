//! `/sessions/{session}/stock`: how much vaccine there is, in vials or in doses.

use axum::extract::{Path, State};
use axum::response::Response;
use sesshu_engine::STOCK_DOSES_MAX;

use super::one::{named, show};
use super::typed::{Typed, number};
use crate::staff::desk::{Console, Staff};
use crate::staff::form::{FormErrors, StaffForm};
use crate::staff::page::go_to;
use crate::staff::problem::StaffProblem;
use crate::staff::words::campaign_words;

pub(in crate::staff) async fn post_stock(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
    StaffForm(fields): StaffForm<Vec<(String, String)>>,
) -> Result<Response, StaffProblem> {
    let typed = Typed(fields);
    let planned = named(&desk, &id)?;
    let setup = desk.engine.campaign_setup();
    let per_vial = setup.vaccine(planned.session.vaccine).map_or(1, |vaccine| u64::from(vaccine.doses_per_vial));
    let factor = match typed.one("unit") {
        "vials" => Some(Some(per_vial)),
        "doses" => Some(Some(1)),
        "none" => Some(None),
        _ => None,
    };
    let mut errors = FormErrors::default();
    let doses_total = match factor {
        None => {
            errors.add("unit", "瓶の数、回数、上限なしのどれかを選んでください。");
            None
        }
        Some(None) => None,
        Some(Some(factor)) => {
            let doses = number(typed.one("amount")).and_then(|amount| u32::try_from(amount.checked_mul(factor)?).ok());
            if doses.is_none_or(|doses| doses > STOCK_DOSES_MAX) {
                errors.add(
                    "amount",
                    format!("ワクチンの数を0から{}の数字で入力してください。", u64::from(STOCK_DOSES_MAX) / factor),
                );
            }
            doses
        }
    };
    if errors.is_empty() {
        match desk.engine.change_stock(planned.session.id, doses_total, staff.by()).await {
            Ok(()) => return Ok(go_to(&format!("/sessions/{id}?done=stock"))),
            Err(error) => errors.add("amount", campaign_words(&error)),
        }
    }
    show(&desk, &staff, &planned, Some(&typed), "", errors)
}
