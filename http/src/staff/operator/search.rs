//! `/calls/{call}`: who is on the line. ID, name and date of birth together find one person or nobody.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::calls::CallView;
use sesshu_engine::{CallError, Lookup};

use super::call::{CallBar, InCall, person_href};
use crate::staff::claim::{CLAIM_CHARS_MAX, read_claim};
use crate::staff::dates::instant_words;
use crate::staff::desk::{Console, StaffDesk};
use crate::staff::form::StaffForm;
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::words::refusal_words;

#[derive(Template)]
#[template(path = "staff/operator/search.html")]
struct SearchPage<'a> {
    f: Frame<'a>,
    bar: CallBar,
    typed: &'a ClaimForm,
    /// What is wrong, or that nobody was found.
    says: Vec<String>,
    /// How many lookups there were before: a form that is sent twice counts once.
    nth: u16,
    /// The person of this call so far.
    back: Option<String>,
    chars_max: usize,
}

/// What the operator typed, and what they heard the caller say.
#[derive(Deserialize, Default)]
pub(in crate::staff) struct ClaimForm {
    #[serde(default)]
    claim: String,
    #[serde(default)]
    said_id: String,
    #[serde(default)]
    said_name: String,
    #[serde(default)]
    said_birth: String,
    #[serde(default)]
    nth: u16,
}

impl ClaimForm {
    /// The caller says all three themself, whoever they are.
    fn is_said(&self) -> bool {
        [&self.said_id, &self.said_name, &self.said_birth].into_iter().all(|said| said == "yes")
    }
}

pub(in crate::staff) async fn get_search(
    State(desk): State<Console>,
    within: InCall,
) -> Result<Response, StaffProblem> {
    search_page(&desk, &within, &ClaimForm::default(), StatusCode::OK, Vec::new())
}

pub(in crate::staff) async fn post_search(
    State(desk): State<Console>,
    within: InCall,
    StaffForm(form): StaffForm<ClaimForm>,
) -> Result<Response, StaffProblem> {
    let again = |status, says| search_page(&desk, &within, &form, status, says);
    let mut wrong = Vec::new();
    if !form.is_said() {
        wrong.push("3つとも、ご本人が言われたことを確かめて、印を付けてください。".into());
    }
    let claim = read_claim(&form.claim, desk.engine.now().city_day()).map_err(|parts| wrong.extend(parts)).ok();
    let Some(claim) = claim.filter(|_| wrong.is_empty()) else {
        return again(StatusCode::BAD_REQUEST, wrong);
    };
    let (login, call) = (&within.staff.login, within.call.call);
    match desk.engine.find_caller(login, call, form.nth, &claim, desk.config.lookups_per_hour_max).await {
        Ok(Lookup::Found(view)) => Ok(go_to(&person_href(&view))),
        Ok(Lookup::CallEnded) => Ok(go_to("/calls?ended=not_identified")),
        Ok(Lookup::Nobody { misses_left }) => {
            let says = format!(
                "3つがそろって合う方は見つかりませんでした。どれが違うかは表示されません。お手元の接種券で確かめていただいてください。\
                 あと{misses_left}回で、この電話は終わります。"
            );
            again(StatusCode::OK, vec![says])
        }
        Err(CallError::Repeated) => Ok(go_to(&on_with(&desk, &within.staff.login, &within.call))),
        Err(CallError::NoSuchCall) => Err(StaffProblem::NotFound),
        Err(CallError::TooManyLookups { retry_at }) => {
            let says = format!(
                "1時間に調べられる人数（{}人）に達しました。{}から調べられます。急ぐときは、ほかの人に代わってもらってください。",
                desk.config.lookups_per_hour_max,
                instant_words(retry_at)
            );
            again(StatusCode::TOO_MANY_REQUESTS, vec![says])
        }
        Err(CallError::Refused(refusal)) => again(StatusCode::SERVICE_UNAVAILABLE, vec![refusal_words(&refusal)]),
    }
}

/// Where the call goes on, whatever this request knew of it.
fn on_with(desk: &StaffDesk, login: &str, before: &CallView) -> String {
    match desk.engine.running_call(login) {
        Some(call) if call.resident.is_some() => person_href(&call),
        _ => format!("/calls/{}", before.call),
    }
}

fn search_page(
    desk: &StaffDesk,
    within: &InCall,
    typed: &ClaimForm,
    status: StatusCode,
    says: Vec<String>,
) -> Result<Response, StaffProblem> {
    let call = desk.engine.running_call(&within.staff.login).unwrap_or(within.call);
    let shown = SearchPage {
        f: desk.frame(Some(&within.staff)),
        bar: CallBar::of(&call),
        typed,
        says,
        nth: call.lookups,
        back: call.resident.map(|_| person_href(&call)),
        chars_max: CLAIM_CHARS_MAX,
    };
    page(status, &shown)
}
