//! `/vaccines`: the vaccines, a new one, and other rules for one.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::{DoseNo, VaccineId};
use sesshu_engine::core::setup::Vaccine;
use sesshu_engine::{CampaignError, PlanProblem, VaccineSpec};

use super::typed::number_up_to;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::words::campaign_words;

/// The longest interval, in days, and the most doses of a vial: beyond these it is a slip.
const INTERVAL_DAYS_MAX: u32 = 3_650;
const DOSES_PER_VIAL_MAX: u32 = 1_000;
const AGE_YEARS_MAX: u32 = 120;

#[derive(Template)]
#[template(path = "staff/sessions/vaccines.html")]
struct VaccinesPage<'a> {
    f: Frame<'a>,
    done: &'a str,
    /// The vaccines, and whether the configuration says what they are.
    vaccines: Vec<(&'a Vaccine, bool)>,
}

#[derive(Template)]
#[template(path = "staff/sessions/vaccine.html")]
struct VaccinePage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    /// The vaccine that is changed.
    changed: Option<VaccineId>,
    typed: &'a VaccineForm,
}

#[derive(Deserialize)]
pub(in crate::staff) struct VaccinesQuery {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize, Default)]
pub(in crate::staff) struct VaccineForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    doses: String,
    #[serde(default)]
    interval_min: String,
    #[serde(default)]
    interval_max: String,
    #[serde(default)]
    age: String,
    #[serde(default)]
    vial: String,
}

impl VaccineForm {
    fn of(vaccine: &Vaccine) -> Self {
        Self {
            name: vaccine.name.to_string(),
            doses: vaccine.doses.to_string(),
            interval_min: vaccine.interval_days_min.to_string(),
            interval_max: vaccine.interval_days_max.map_or_else(String::new, |days| days.to_string()),
            age: vaccine.age_years_min.to_string(),
            vial: vaccine.doses_per_vial.to_string(),
        }
    }

    /// What was typed, or all that is wrong with it.
    fn read(&self) -> Result<VaccineSpec, FormErrors> {
        let mut errors = FormErrors::default();
        let mut read = |field: &'static str, typed: &str, label: &str, from: u32, most: u32| {
            let number = number_up_to(typed, most).filter(|number| *number >= from);
            if number.is_none() {
                errors.add(field, format!("{label}を{from}から{most}の数字で入力してください。"));
            }
            number.unwrap_or_default()
        };
        let doses = read("doses", &self.doses, "接種の回数", 1, u32::from(DoseNo::MAX));
        let least = read("interval_min", &self.interval_min, "最短の間隔", 0, INTERVAL_DAYS_MAX);
        let most = if self.interval_max.trim().is_empty() {
            None
        } else {
            Some(read("interval_max", &self.interval_max, "最長の間隔", 0, INTERVAL_DAYS_MAX))
        };
        let age = read("age", &self.age, "対象年齢", 0, AGE_YEARS_MAX);
        let vial = read("vial", &self.vial, "1瓶の回数", 1, DOSES_PER_VIAL_MAX);
        let doses = u8::try_from(doses).ok().and_then(DoseNo::new).filter(|_| errors.is_empty());
        let Some(doses) = doses else { return Err(errors) };
        // Each is at most what was asked for above, which fits.
        Ok(VaccineSpec {
            name: self.name.clone(),
            doses,
            interval_days_min: u16::try_from(least).unwrap_or(u16::MAX),
            interval_days_max: most.map(|days| u16::try_from(days).unwrap_or(u16::MAX)),
            age_years_min: u8::try_from(age).unwrap_or(u8::MAX),
            doses_per_vial: u16::try_from(vial).unwrap_or(u16::MAX),
        })
    }
}

pub(in crate::staff) async fn get_vaccines(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<VaccinesQuery>,
) -> Result<Response, StaffProblem> {
    let setup = desk.engine.campaign_setup();
    let vaccines = setup.vaccines.iter().map(|vaccine| (vaccine, desk.engine.vaccine_is_configured(&vaccine.name)));
    page(StatusCode::OK, &VaccinesPage { f: desk.frame(Some(&staff)), done: &query.done, vaccines: vaccines.collect() })
}

fn show(
    desk: &StaffDesk,
    staff: &Staff,
    changed: Option<VaccineId>,
    typed: &VaccineForm,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    page(status, &VaccinePage { f: desk.frame(Some(staff)), errors, changed, typed })
}

pub(in crate::staff) async fn get_new_vaccine(
    State(desk): State<Console>,
    staff: Staff,
) -> Result<Response, StaffProblem> {
    show(&desk, &staff, None, &VaccineForm::default(), FormErrors::default())
}

pub(in crate::staff) async fn post_new_vaccine(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<VaccineForm>,
) -> Result<Response, StaffProblem> {
    let spec = match form.read() {
        Ok(spec) => spec,
        Err(errors) => return show(&desk, &staff, None, &form, errors),
    };
    match desk.engine.add_vaccine(&spec, staff.by()).await {
        Ok(_) => Ok(go_to("/vaccines?done=added")),
        Err(error) => show(&desk, &staff, None, &form, of_error(&error)),
    }
}

/// The vaccine that an address names, if it can be changed here.
fn named(desk: &StaffDesk, id: &str) -> Result<Vaccine, StaffProblem> {
    let id: VaccineId = id.parse().map_err(|_| StaffProblem::NotFound)?;
    let vaccine = desk.engine.campaign_setup().vaccine(id).cloned().ok_or(StaffProblem::NotFound)?;
    if desk.engine.vaccine_is_configured(&vaccine.name) {
        return Err(StaffProblem::Conflict(campaign_words(&PlanProblem::VaccineConfigured.into())));
    }
    Ok(vaccine)
}

pub(in crate::staff) async fn get_vaccine(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, StaffProblem> {
    let vaccine = named(&desk, &id)?;
    show(&desk, &staff, Some(vaccine.id), &VaccineForm::of(&vaccine), FormErrors::default())
}

pub(in crate::staff) async fn post_vaccine(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
    StaffForm(form): StaffForm<VaccineForm>,
) -> Result<Response, StaffProblem> {
    let vaccine = named(&desk, &id)?;
    // The name is no field here: files know the vaccine by it.
    let form = VaccineForm { name: vaccine.name.to_string(), ..form };
    let spec = match form.read() {
        Ok(spec) => spec,
        Err(errors) => return show(&desk, &staff, Some(vaccine.id), &form, errors),
    };
    match desk.engine.change_vaccine(vaccine.id, &spec, staff.by()).await {
        Ok(()) => Ok(go_to("/vaccines?done=changed")),
        Err(error) => show(&desk, &staff, Some(vaccine.id), &form, of_error(&error)),
    }
}

/// The engine's "no", at the field that it is about.
fn of_error(error: &CampaignError) -> FormErrors {
    let field = match error {
        CampaignError::Plan(PlanProblem::NameTaken | PlanProblem::NotAName(_)) => "name",
        CampaignError::Plan(PlanProblem::IntervalsCross) => "interval_max",
        CampaignError::Plan(PlanProblem::DoseIsGiven(_)) => "doses",
        CampaignError::Plan(PlanProblem::EmptyVial) => "vial",
        _ => "",
    };
    let mut errors = FormErrors::default();
    errors.add(field, campaign_words(error));
    errors
}
