//! What a file alone cannot say: whether its vaccines, people and groups are the city's. Everything wrong is listed at once.

use std::collections::HashSet;

use super::EngineHandle;
use crate::core::setup::Vaccine;
use crate::roll::{Column, DoseRow, LineError, Reason, SessionRow, Shown, WaveRow};

impl EngineHandle {
    /// The lines of a sessions file that cannot be drafted, and those worth a look.
    #[must_use]
    pub fn check_sessions(&self, rows: &[SessionRow]) -> (Vec<LineError>, Vec<LineError>) {
        let setup = self.index().setup();
        let now = self.now();
        let (mut errors, mut flags) = (Vec::new(), Vec::new());
        for row in rows {
            let problem = |column, reason| LineError { line: row.line, column: Some(column), reason };
            match find_vaccine(&setup.vaccines, &row.vaccine) {
                Err(reason) => errors.push(problem(Column::Vaccine, reason)),
                Ok(vaccine) => {
                    let beyond = row.doses.iter().find(|dose| **dose > vaccine.doses);
                    errors.extend(beyond.map(|dose| {
                        let reason = Reason::DoseBeyondSeries { dose: dose.get(), doses: vaccine.doses.get() };
                        problem(Column::Doses, reason)
                    }));
                }
            }
            if row.date.at(row.start) <= now {
                let value = Shown::new(&format!("{} {}", row.date, row.start));
                flags.push(problem(Column::Date, Reason::StartsInPast { value }));
            }
        }
        (errors, flags)
    }

    /// The lines of a file of doses given elsewhere that cannot be recorded.
    #[must_use]
    pub fn check_doses(&self, rows: &[DoseRow]) -> Vec<LineError> {
        let setup = self.index().setup();
        let mut errors = Vec::new();
        for row in rows {
            let problem = |column, reason| LineError { line: row.line, column: Some(column), reason };
            match find_vaccine(&setup.vaccines, &row.vaccine) {
                Err(reason) => errors.push(problem(Column::Vaccine, reason)),
                Ok(vaccine) if row.dose > vaccine.doses => {
                    let reason = Reason::DoseBeyondSeries { dose: row.dose.get(), doses: vaccine.doses.get() };
                    errors.push(problem(Column::Dose, reason));
                }
                Ok(_) => {}
            }
            let found = self.index().by_id(row.id);
            let person = found.and_then(|no| {
                let look = |entry: &crate::ledger::ResidentEntry| {
                    (entry.person.birth_date, entry.record.live(row.dose).is_some())
                };
                self.index().resident(no, look)
            });
            let Some((birth_date, booked)) = person else {
                let value = Shown::new(&row.id.to_string());
                errors.push(problem(Column::Id, Reason::NotOnFile { value }));
                continue;
            };
            if row.date < birth_date {
                let value = Shown::new(&row.date.to_string());
                errors.push(problem(Column::DoseDate, Reason::DoseBeforeBirth { value }));
            }
            if booked {
                errors.push(problem(Column::Dose, Reason::DoseBooked { dose: row.dose.get() }));
            }
        }
        errors
    }

    /// The lines of a waves file that are worth a look.
    #[must_use]
    pub fn check_waves(&self, rows: &[WaveRow]) -> Vec<LineError> {
        let mut groups: HashSet<Box<str>> = HashSet::new();
        self.index().for_each_resident(|_, entry| {
            for group in &entry.person.groups {
                if !groups.contains(group) {
                    groups.insert(group.clone());
                }
            }
        });
        let unknown = rows.iter().filter_map(|row| {
            let group = row.group.as_deref().filter(|group| !groups.contains(*group))?;
            let reason = Reason::GroupOfNobody { value: Shown::new(group) };
            Some(LineError { line: row.line, column: Some(Column::Group), reason })
        });
        unknown.collect()
    }
}

fn find_vaccine<'a>(vaccines: &'a [Vaccine], name: &str) -> Result<&'a Vaccine, Reason> {
    vaccines.iter().find(|vaccine| *vaccine.name == *name).ok_or_else(|| {
        let known: Vec<&str> = vaccines.iter().map(|vaccine| &*vaccine.name).collect();
        Reason::VaccineUnknown { value: Shown::new(name), known: known.join("、") }
    })
}
