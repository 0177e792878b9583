//! Vaccines: added and changed, but for those that the configuration names.

use super::{CampaignError, EngineHandle, PlanProblem, VaccineSpec};
use crate::core::event::{By, Event};
use crate::core::ids::VaccineId;
use crate::core::session::SessionPhase;
use crate::core::setup::Vaccine;
use crate::roll::{NAME_CHARS_MAX, name_of_typed};

impl EngineHandle {
    /// Whether the configuration says at every start what the vaccine of this name is.
    #[must_use]
    pub fn vaccine_is_configured(&self, name: &str) -> bool {
        self.0.configured_vaccines.iter().any(|configured| **configured == *name)
    }

    /// Adds a vaccine; gives its id.
    pub async fn add_vaccine(&self, spec: &VaccineSpec, by: By) -> Result<VaccineId, CampaignError> {
        let turn = self.turn().await;
        let name = name_of_typed(&spec.name).ok_or(PlanProblem::NotAName(NAME_CHARS_MAX))?;
        check_rules(spec)?;
        let setup = self.index().setup();
        if setup.vaccines.iter().any(|vaccine| *vaccine.name == *name) {
            return Err(PlanProblem::NameTaken.into());
        }
        let id = VaccineId(setup.vaccines.iter().map(|vaccine| vaccine.id.0).max().unwrap_or(0) + 1);
        let event = Event::VaccineDefined(VaccineSpec { name, ..spec.clone() }.vaccine(id));
        self.append_in_turn(turn, by, vec![event], None).await?;
        Ok(id)
    }

    /// Changes the rules of a vaccine. Its name stays, as files and the configuration know it by that. Bookings that stand stay as
    /// they are; the new rules count from the next booking on.
    pub async fn change_vaccine(&self, id: VaccineId, spec: &VaccineSpec, by: By) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let setup = self.index().setup();
        let before = setup.vaccine(id).ok_or(PlanProblem::NoSuchVaccine)?;
        if self.vaccine_is_configured(&before.name) {
            return Err(PlanProblem::VaccineConfigured.into());
        }
        check_rules(spec)?;
        let given = self.index().sessions().into_iter().map(|entry| entry.definition());
        let in_use = given.filter(|session| session.vaccine == id && session.phase != SessionPhase::Discarded);
        if let Some(beyond) = in_use.flat_map(|session| session.doses.clone()).find(|dose| *dose > spec.doses) {
            return Err(PlanProblem::DoseIsGiven(beyond.get()).into());
        }
        let after = VaccineSpec { name: before.name.to_string(), ..spec.clone() }.vaccine(id);
        if after != *before {
            self.append_in_turn(turn, by, vec![Event::VaccineDefined(after)], None).await?;
        }
        Ok(())
    }
}

impl VaccineSpec {
    /// The vaccine `id` of the campaign that is defined so.
    pub(super) fn vaccine(&self, id: VaccineId) -> Vaccine {
        Vaccine {
            id,
            name: self.name.as_str().into(),
            doses: self.doses,
            interval_days_min: self.interval_days_min,
            interval_days_max: self.interval_days_max,
            age_years_min: self.age_years_min,
            doses_per_vial: self.doses_per_vial,
        }
    }
}

fn check_rules(spec: &VaccineSpec) -> Result<(), PlanProblem> {
    if spec.interval_days_max.is_some_and(|max| max < spec.interval_days_min) {
        return Err(PlanProblem::IntervalsCross);
    }
    if spec.doses_per_vial == 0 { Err(PlanProblem::EmptyVial) } else { Ok(()) }
}
