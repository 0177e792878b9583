//! `/venue/{venue}/people/{number}`: the person at the desk, found by their booking's number. What cannot be done is said loudly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::attendance::{AttendanceChange, AttendanceRefusal};
use sesshu_engine::core::care::parse_lot;
use sesshu_engine::core::ids::{BookingNumber, VaccineId};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::{AtDesk, DayPerson};

use super::bar::{BarPage, VenueBar};
use super::words::{InWords, NumberTyped, attendance_words, number_typed, state_words};
use crate::staff::dates::day_words;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

/// A desk, as its last lots are known: a login and a vaccine.
type DeskAndVaccine = (Box<str>, VaccineId);

/// The lot that each desk entered last, by login and vaccine: a vial gives several people their dose. One entry for each account
/// and vaccine at most.
#[derive(Default)]
pub(in crate::staff) struct LastLots(Mutex<HashMap<DeskAndVaccine, Box<str>>>);

impl LastLots {
    fn of(&self, login: &str, vaccine: VaccineId) -> String {
        let lots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lots.get(&(login.into(), vaccine)).map(ToString::to_string).unwrap_or_default()
    }

    fn remember(&self, login: &str, vaccine: VaccineId, lot: Box<str>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((login.into(), vaccine), lot);
    }
}

#[derive(Template)]
#[template(path = "staff/venue/person.html")]
struct PersonPage<'a> {
    f: Frame<'a>,
    bar: VenueBar,
    errors: FormErrors,
    number: BookingNumber,
    /// Whoever it is, if they are to be seen here.
    person: Option<DayPerson>,
    /// What must not be overlooked.
    warnings: Vec<String>,
    /// Whether attendance can change: today, and the booking stands.
    is_open: bool,
    /// The lot in the form.
    lot: String,
}

impl PersonPage<'_> {
    /// Whether the person is in this state and something can be done.
    fn is(&self, state: BookingState) -> bool {
        self.is_open && self.person.as_ref().is_some_and(|person| person.state == state)
    }
}

pub(in crate::staff) async fn get_person(
    State(desk): State<Console>,
    staff: Staff,
    Path((venue, number)): Path<(String, String)>,
) -> Result<Response, StaffProblem> {
    let number: BookingNumber = number.parse().map_err(|_| StaffProblem::NotFound)?;
    person_page(&desk, &staff, &venue, number, None, FormErrors::default()).await
}

/// The page, also as the answer to a form on it that was wrong; `typed` is the lot that was typed then.
async fn person_page(
    desk: &StaffDesk,
    staff: &Staff,
    venue: &str,
    number: BookingNumber,
    typed: Option<&str>,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let bar = VenueBar::of(desk, staff, venue, BarPage::Other)?;
    let today = desk.engine.now().city_day();
    let mut status = if errors.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    let mut warnings = Vec::new();
    let person = match desk.engine.at_desk(bar.id, number, &staff.by()).await? {
        AtDesk::Here(person) => Some(*person),
        AtDesk::OtherVenue(venue) => {
            status = StatusCode::NOT_FOUND;
            warnings.push(format!("別の会場の予約です：{}", venue.name));
            None
        }
        AtDesk::Nobody => {
            status = StatusCode::NOT_FOUND;
            warnings.push("この番号の予約はありません".to_owned());
            None
        }
    };
    let mut is_open = false;
    if let Some(person) = &person {
        let is_cancelled = matches!(person.state, BookingState::Cancelled | BookingState::CancelledByCity);
        is_open = !is_cancelled && person.date == today;
        if is_cancelled {
            warnings.push(format!("取り消された予約です（{}）", state_words(person.state)));
        }
        if person.date != today {
            warnings.push(format!("今日の予約ではありません：{}", day_words(person.date)));
        }
        if person.dose_before_missing {
            warnings.push(format!("{}回目の接種が確認できません", person.dose.get() - 1));
        }
        if person.left_roll {
            warnings.push("名簿から外れた人です（転出など）".to_owned());
        }
    }
    let lot = match (typed, &person) {
        (Some(typed), _) => typed.to_owned(),
        (None, Some(person)) => desk.last_lots.of(&staff.login, person.vaccine_id),
        (None, None) => String::new(),
    };
    let f = desk.frame(Some(staff));
    page(status, &PersonPage { f, bar, errors, number, person, warnings, is_open, lot })
}

#[derive(Deserialize)]
pub(in crate::staff) struct AttendanceForm {
    /// The state that the page showed.
    #[serde(default)]
    seen: String,
    /// The state that it is to be.
    #[serde(default)]
    next: String,
    #[serde(default)]
    lot: String,
    #[serde(default)]
    vaccine: String,
}

pub(in crate::staff) async fn post_attendance(
    State(desk): State<Console>,
    staff: Staff,
    Path((venue, number)): Path<(String, String)>,
    StaffForm(form): StaffForm<AttendanceForm>,
) -> Result<Response, StaffProblem> {
    let bar = VenueBar::of(&desk, &staff, &venue, BarPage::Other)?;
    let number: BookingNumber = number.parse().map_err(|_| StaffProblem::NotFound)?;
    let unreadable = || StaffProblem::Invalid("送られた内容を読み取れませんでした。".into());
    let seen = state_of(&form.seen).ok_or_else(unreadable)?;
    let next = state_of(&form.next).ok_or_else(unreadable)?;
    let mut errors = FormErrors::default();
    let mut lot = None;
    if next == BookingState::Vaccinated {
        match lot_typed(&form.lot) {
            Ok(typed) => lot = Some(typed),
            Err(says) => errors.add("lot", says),
        }
    }
    if errors.is_empty() {
        let change = AttendanceChange { number, seen, next, lot: lot.clone() };
        match desk.engine.attend(bar.id, change, staff.by()).await {
            Ok(()) => {
                if let (Some(lot), Ok(vaccine)) = (lot, form.vaccine.parse()) {
                    desk.last_lots.remember(&staff.login, vaccine, lot);
                }
                return Ok(go_to(&format!("{}/people/{number}", bar.href())));
            }
            Err(AttendanceRefusal::Refused(refusal))
                if matches!(refusal.code, RefusalCode::NoSuchSlot | RefusalCode::Unavailable | RefusalCode::Busy) =>
            {
                return Err(refusal.into());
            }
            Err(AttendanceRefusal::NoSuchBooking | AttendanceRefusal::OtherVenue) => {
                return Err(StaffProblem::NotFound);
            }
            Err(refusal) => errors = FormErrors::whole(attendance_words(&refusal)),
        }
    }
    let typed = (next == BookingState::Vaccinated).then_some(form.lot.as_str());
    person_page(&desk, &staff, &venue, number, typed, errors).await
}

/// A lot as it was typed. A scanner that types a booking's number into the lot's field would make it one.
fn lot_typed(typed: &str) -> Result<Box<str>, &'static str> {
    if matches!(number_typed(typed), NumberTyped::Number(_)) {
        return Err("ロット番号の欄に予約番号が入っています。バイアルのロット番号を入力してください。");
    }
    parse_lot(typed).ok_or("ロット番号を、英数字とハイフン（16文字まで）で入力してください。")
}

fn state_of(code: &str) -> Option<BookingState> {
    let all = [
        BookingState::Booked,
        BookingState::CheckedIn,
        BookingState::Vaccinated,
        BookingState::NotGiven,
        BookingState::NoShow,
    ];
    all.into_iter().find(|state| state.code() == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scanned_booking_is_no_lot() {
        let number = BookingNumber::from_ordinal(7, &[1; 32]).to_string();
        assert!(lot_typed(&number).is_err_and(|says| says.contains("予約番号")));
        assert_eq!(lot_typed(" fa2453 ").as_deref(), Ok("FA2453"));
        assert!(lot_typed("").is_err_and(|says| says.contains("16文字")));
    }

    #[test]
    fn each_desk_and_vaccine_has_its_own_last_lot() {
        let lots = LastLots::default();
        lots.remember("a", VaccineId(1), "FA1".into());
        lots.remember("a", VaccineId(2), "FB1".into());
        lots.remember("a", VaccineId(1), "FA2".into());
        assert_eq!(lots.of("a", VaccineId(1)), "FA2");
        assert_eq!(lots.of("a", VaccineId(2)), "FB1");
        assert_eq!(lots.of("b", VaccineId(1)), "");
    }
}
