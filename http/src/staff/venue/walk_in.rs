//! `/venue/{venue}/walk-in`: somebody without a booking. ID, name and birth date together find one person or nobody; then the city's rules
//! and the session's places decide, as for everybody.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::{DoseNo, RequestKey, ResidentNo, SessionId, SlotNo};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::{CounterOffer, CounterSlot};

use super::bar::{BarPage, VenueBar};
use super::words::{InWords, counter_words};
use crate::auth::network::Network;
use crate::auth::throttle::Bucket;
use crate::config::Client;
use crate::staff::claim::read_claim;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

#[derive(Template)]
#[template(path = "staff/venue/walk_in.html")]
struct WalkInPage<'a> {
    f: Frame<'a>,
    bar: VenueBar,
    errors: FormErrors,
    /// What was typed of who it is; it goes along until they are booked.
    identity: &'a str,
    offer: Option<CounterOffer>,
    /// The slot that was chosen, as `SESSION-SLOT`.
    place: &'a str,
    key: String,
}

impl WalkInPage<'_> {
    /// Whether this slot was chosen.
    fn is_place(&self, slot: &CounterSlot) -> bool {
        place_of(self.place) == Some((slot.session, slot.slot))
    }

    /// Why nothing is offered, in words.
    fn refused(&self) -> Option<String> {
        self.offer.as_ref()?.refused.as_ref().map(counter_words)
    }
}

#[derive(Deserialize)]
pub(in crate::staff) struct IdentityForm {
    #[serde(default)]
    identity: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct WalkInForm {
    #[serde(default)]
    identity: String,
    /// The slot, as `SESSION-SLOT`.
    #[serde(default)]
    place: String,
    #[serde(default)]
    dose: String,
    #[serde(default)]
    key: String,
}

pub(in crate::staff) async fn get_walk_in(
    State(desk): State<Console>,
    staff: Staff,
    Path(venue): Path<String>,
) -> Result<Response, StaffProblem> {
    let bar = VenueBar::of(&desk, &staff, &venue, BarPage::WalkIn)?;
    shown(&desk, &staff, bar, StatusCode::OK, FormErrors::default(), "", None, "")
}

pub(in crate::staff) async fn post_walk_in(
    State(desk): State<Console>,
    staff: Staff,
    Extension(client): Extension<Client>,
    Path(venue): Path<String>,
    StaffForm(form): StaffForm<IdentityForm>,
) -> Result<Response, StaffProblem> {
    let bar = VenueBar::of(&desk, &staff, &venue, BarPage::WalkIn)?;
    match identified(&desk, &staff, client, &form.identity) {
        Err(errors) => shown(&desk, &staff, bar, StatusCode::BAD_REQUEST, errors, &form.identity, None, ""),
        Ok(resident) => {
            let offer = desk.engine.counter_offer(bar.id, resident, &staff.by()).await?;
            shown(&desk, &staff, bar, StatusCode::OK, FormErrors::default(), &form.identity, Some(offer), "")
        }
    }
}

pub(in crate::staff) async fn post_walk_in_book(
    State(desk): State<Console>,
    staff: Staff,
    Extension(client): Extension<Client>,
    Path(venue): Path<String>,
    StaffForm(form): StaffForm<WalkInForm>,
) -> Result<Response, StaffProblem> {
    let bar = VenueBar::of(&desk, &staff, &venue, BarPage::WalkIn)?;
    let resident = match identified(&desk, &staff, client, &form.identity) {
        Ok(resident) => resident,
        Err(errors) => return shown(&desk, &staff, bar, StatusCode::BAD_REQUEST, errors, &form.identity, None, ""),
    };
    let unreadable = || StaffProblem::Invalid("送られた内容を読み取れませんでした。".into());
    let key = RequestKey::new(&form.key).ok_or_else(unreadable)?;
    let dose = form.dose.parse().ok().and_then(DoseNo::new).ok_or_else(unreadable)?;
    let says = match place_of(&form.place) {
        None => "枠を選んでください。".to_owned(),
        Some((session, slot)) => {
            match desk.engine.walk_in(bar.id, resident, session, slot, dose, key, staff.by()).await {
                Ok(number) => return Ok(go_to(&format!("{}/people/{number}", bar.href()))),
                Err(refusal) if matches!(refusal.code, RefusalCode::Unavailable | RefusalCode::NoSuchSlot) => {
                    return Err(refusal.into());
                }
                Err(refusal) => counter_words(&refusal),
            }
        }
    };
    let mut errors = FormErrors::default();
    errors.add("place", says);
    let offer = desk.engine.counter_offer(bar.id, resident, &staff.by()).await?;
    shown(&desk, &staff, bar, StatusCode::CONFLICT, errors, &form.identity, Some(offer), &form.place)
}

/// The person who is all that was typed. Whoever tries one after another has to wait, ever longer, as for wrong passwords.
fn identified(desk: &StaffDesk, staff: &Staff, client: Client, typed: &str) -> Result<ResidentNo, FormErrors> {
    let wrong = |says: String| {
        let mut errors = FormErrors::default();
        errors.add("identity", says);
        errors
    };
    let identity = read_claim(typed, desk.engine.now().city_day()).map_err(|parts| wrong(parts.concat()))?;
    // No login has a space: these tries are counted apart from those to sign in.
    let bucket = Bucket::of_staff(&format!("walk-in {}", staff.login), Network::from(client.address));
    let now = desk.engine.now();
    desk.throttle.begin(bucket, now).map_err(|wait_ms| {
        let seconds = wait_ms.div_euclid(1_000) + 1;
        wrong(format!("合わない入力が続きました。{seconds}秒たってから、もう一度入力してください。"))
    })?;
    if let Some(resident) = desk.engine.identify(&identity) {
        desk.throttle.undone(bucket);
        return Ok(resident);
    }
    desk.throttle.failed(bucket, now);
    Err(wrong(
        "券番号、氏名、生年月日がすべて合う人は、名簿にいません。接種券と本人確認書類を見て、もう一度入力してください。".to_owned(),
    ))
}

/// A slot as forms name it.
pub(super) fn place_of(text: &str) -> Option<(SessionId, SlotNo)> {
    let (session, slot) = text.split_once('-')?;
    Some((session.parse().ok()?, slot.parse().ok()?))
}

/// A key for a form that books.
pub(super) fn new_key() -> Result<String, StaffProblem> {
    getrandom::u64().map(|random| format!("desk-{random:016x}")).map_err(|_| StaffProblem::Internal)
}

#[allow(clippy::too_many_arguments, reason = "each is one part of the page")]
fn shown(
    desk: &StaffDesk,
    staff: &Staff,
    bar: VenueBar,
    status: StatusCode,
    errors: FormErrors,
    identity: &str,
    offer: Option<CounterOffer>,
    place: &str,
) -> Result<Response, StaffProblem> {
    let f = desk.frame(Some(staff));
    page(status, &WalkInPage { f, bar, errors, identity, offer, place, key: new_key()? })
}
