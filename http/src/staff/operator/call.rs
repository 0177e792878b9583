//! The call that a page belongs to. Whoever is not in it, and whoever is not on its line, does not exist for the page.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use sesshu_engine::CallerView;
use sesshu_engine::core::calls::CallView;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::ResidentNo;
use sesshu_engine::core::staff::{CallId, CallReason};

use crate::staff::desk::{Console, Staff};
use crate::staff::problem::StaffProblem;

/// The running call of whoever is signed in.
pub(in crate::staff) struct InCall {
    pub(super) staff: Staff,
    pub(super) call: CallView,
}

/// The person who was identified last in the running call of whoever is signed in.
pub(in crate::staff) struct OnLine {
    pub(super) staff: Staff,
    pub(super) call: CallView,
    pub(super) resident: ResidentNo,
    pub(super) who: CallerView,
}

/// Nobody learns whether a call, or a person, is missing or somebody else's.
fn param<T: std::str::FromStr>(params: &RawPathParams, name: &str) -> Result<T, StaffProblem> {
    let found = params.iter().find(|(key, _)| *key == name);
    found.and_then(|(_, text)| text.parse().ok()).ok_or(StaffProblem::NotFound)
}

impl FromRequestParts<Console> for InCall {
    type Rejection = StaffProblem;

    async fn from_request_parts(parts: &mut Parts, desk: &Console) -> Result<Self, StaffProblem> {
        let staff = Staff::from_request_parts(parts, desk).await?;
        let params = RawPathParams::from_request_parts(parts, desk).await.map_err(|_| StaffProblem::NotFound)?;
        let call: CallId = param(&params, "call")?;
        let call = desk.engine.see_call(&staff.login, call).ok_or(StaffProblem::NotFound)?;
        Ok(Self { staff, call })
    }
}

impl FromRequestParts<Console> for OnLine {
    type Rejection = StaffProblem;

    async fn from_request_parts(parts: &mut Parts, desk: &Console) -> Result<Self, StaffProblem> {
        let InCall { staff, call } = InCall::from_request_parts(parts, desk).await?;
        let params = RawPathParams::from_request_parts(parts, desk).await.map_err(|_| StaffProblem::NotFound)?;
        // A page that was left open must not act on the next person of the call.
        let resident = call.resident.filter(|_| param::<u16>(&params, "turn") == Ok(call.turn));
        let resident = resident.ok_or(StaffProblem::NotFound)?;
        let who = desk.engine.caller(resident).ok_or(StaffProblem::NotFound)?;
        Ok(Self { staff, call, resident, who })
    }
}

impl OnLine {
    /// The operator in this call, as the journal names them.
    pub(super) fn by(&self) -> By {
        By::Call { login: self.staff.login.clone(), call: self.call.call }
    }

    /// The pages about this person.
    pub(super) fn base(&self) -> String {
        person_href(&self.call)
    }

    /// What stands above each page about them.
    pub(super) fn bar(&self) -> CallBar {
        CallBar { who: Some(Caller::of(&self.who)), ..CallBar::of(&self.call) }
    }
}

/// The pages about the person who was identified last in `call`.
pub(super) fn person_href(call: &CallView) -> String {
    format!("/calls/{}/{}", call.call, call.turn)
}

/// The call, and who is on its line, as each page says it.
pub(super) struct CallBar {
    pub(super) call: String,
    pub(super) since: String,
    pub(super) reason: &'static str,
    pub(super) who: Option<Caller>,
}

/// Who is on the line. The date of birth is checked and never shown.
pub(super) struct Caller {
    pub(super) name_kana: String,
    pub(super) id_end: String,
    pub(super) clinic: bool,
}

impl Caller {
    fn of(who: &CallerView) -> Self {
        Self { name_kana: who.me.name_kana.clone(), id_end: who.id_end.clone(), clinic: who.clinic }
    }
}

impl CallBar {
    pub(super) fn of(call: &CallView) -> Self {
        Self {
            call: call.call.to_string(),
            since: call.opened_at.city_clock().to_string(),
            reason: reason_words(call.reason),
            who: None,
        }
    }
}

/// Why somebody calls.
pub(super) const fn reason_words(reason: CallReason) -> &'static str {
    match reason {
        CallReason::Book => "予約したい",
        CallReason::Change => "変更・取消をしたい",
        CallReason::Question => "予約の内容を知りたい",
        CallReason::Password => "パスワードがない・わからない",
        CallReason::Other => "そのほか",
    }
}
