//! `/campaign`: the end of a campaign. What would be erased and when, closing with the number of people typed, and taking it back.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::{CampaignError, CampaignStatus};

use super::dates::day_words;
use super::desk::{Console, Staff, StaffDesk};
use super::form::{FormErrors, StaffForm, StaffQuery};
use super::frame::Frame;
use super::page::{go_to, page};
use super::problem::StaffProblem;
use super::words::campaign_words;

/// How many open sessions the page names; the rest is a number.
const OPEN_SHOWN_MAX: usize = 20;
/// The longest time for which personal data may be kept, in days.
const KEEP_DAYS_MAX: u16 = 3_650;

#[derive(Template)]
#[template(path = "staff/campaign/campaign.html")]
struct CampaignPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    status: CampaignStatus,
    /// What was just done.
    done: &'a str,
    keep_days: String,
    count: String,
    /// From when on data would be erased with what stands in the form, or with the setting.
    would_erase_on: String,
    erase_on: String,
    erased_on: String,
    /// Venue and date of sessions that are still open.
    open: Vec<(String, String)>,
    open_more: usize,
}

#[derive(Deserialize)]
pub(super) struct CampaignQuery {
    #[serde(default)]
    done: String,
}

/// What is typed to close the campaign.
#[derive(Deserialize)]
pub(super) struct CloseForm {
    #[serde(default)]
    keep_days: String,
    #[serde(default)]
    count: String,
}

pub(super) async fn get_campaign(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<CampaignQuery>,
) -> Result<Response, StaffProblem> {
    let form = CloseForm { keep_days: desk.config.keep_days.to_string(), count: String::new() };
    show(&desk, &staff, StatusCode::OK, form, FormErrors::default(), &query.done)
}

pub(super) async fn post_close(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<CloseForm>,
) -> Result<Response, StaffProblem> {
    let keep_days = typed_number(&form.keep_days).and_then(|days| u16::try_from(days).ok());
    let keep_days = keep_days.filter(|days| *days <= KEEP_DAYS_MAX);
    let people = desk.engine.campaign_status().people;
    let mut errors = FormErrors::default();
    if keep_days.is_none() {
        errors.add("keep_days", format!("消去までの日数は、0から{KEEP_DAYS_MAX}までの数字で入力してください。"));
    }
    if typed_number(&form.count) != Some(people) {
        errors.add("count", format!("確認のため、消去される人数（{people}）を数字で入力してください。"));
    }
    let Some(keep_days) = keep_days.filter(|_| errors.is_empty()) else {
        return show(&desk, &staff, StatusCode::BAD_REQUEST, form, errors, "");
    };
    match desk.engine.close_campaign(keep_days, people, staff.by()).await {
        Ok(_) => Ok(go_to("/campaign?done=closed")),
        Err(error) => refused(&desk, &staff, form, error),
    }
}

pub(super) async fn post_reopen(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    match desk.engine.reopen_campaign(staff.by()).await {
        Ok(()) => Ok(go_to("/campaign?done=reopened")),
        Err(error) => {
            let form = CloseForm { keep_days: desk.config.keep_days.to_string(), count: String::new() };
            refused(&desk, &staff, form, error)
        }
    }
}

/// The page again, with the reason. A store that does not answer has a page of its own.
fn refused(desk: &StaffDesk, staff: &Staff, form: CloseForm, error: CampaignError) -> Result<Response, StaffProblem> {
    match error {
        CampaignError::Refused(refusal) if refusal.code == RefusalCode::Unavailable => Err(StaffProblem::Unavailable),
        error => {
            let errors = FormErrors::whole(campaign_words(&error));
            show(desk, staff, StatusCode::CONFLICT, form, errors, "")
        }
    }
}

fn show(
    desk: &StaffDesk,
    staff: &Staff,
    code: StatusCode,
    form: CloseForm,
    errors: FormErrors,
    done: &str,
) -> Result<Response, StaffProblem> {
    let status = desk.engine.campaign_status();
    let keep_days = typed_number(&form.keep_days).and_then(|days| u16::try_from(days).ok());
    let would_erase_on = status.would_erase_on(keep_days.unwrap_or(desk.config.keep_days).min(KEEP_DAYS_MAX));
    let named = status.still_open.iter().take(OPEN_SHOWN_MAX);
    let open: Vec<_> = named.map(|session| (session.venue.clone(), day_words(session.date))).collect();
    let shown = CampaignPage {
        f: desk.frame(Some(staff)),
        errors,
        done,
        keep_days: form.keep_days,
        count: form.count,
        would_erase_on: day_words(would_erase_on),
        erase_on: status.erase_on.map(day_words).unwrap_or_default(),
        erased_on: status.erased_on.map(day_words).unwrap_or_default(),
        open_more: status.still_open.len() - open.len(),
        open,
        status,
    };
    page(code, &shown)
}

/// A number as people type it: full width too, with or without commas.
fn typed_number(text: &str) -> Option<usize> {
    let digit = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - 0xfee0),
        ',' | '，' => None,
        c => Some(c),
    };
    text.trim().chars().filter_map(digit).collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_type_it() {
        let cases =
            [("105000", Some(105_000)), (" １０５,０００ ", Some(105_000)), ("", None), ("-1", None), ("3人", None)];
        for (typed, number) in cases {
            assert_eq!(typed_number(typed), number, "{typed}");
        }
    }
}
