//! What the city sets up: waves and doses given elsewhere. One such change at a time.

use std::collections::BTreeSet;

use super::{EngineHandle, PlanProblem};
use crate::core::event::{By, Event};
use crate::core::ids::SessionId;
use crate::core::refusal::Refusal;
use crate::core::resident::DoseElsewhere;
use crate::core::setup::Wave;
use crate::core::site_check::SiteProblem;
use crate::core::time::Day;
use crate::roll::{DoseRow, IssueError, LineError, WaveRow};

/// Why the city's change was not made.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The data changed between the difference that was shown and the import.
    #[error("the data changed since the difference was shown; look at it again")]
    ChangedMeanwhile,
    /// The ledger refused or does not know the outcome.
    #[error("the store did not take the change ({}); try again", .0.code.code())]
    Refused(Refusal),
    /// The file does not fit what is on file; the check of the same rows says where.
    #[error("{} lines do not fit what is on file; nothing was written", .0.len())]
    WrongLines(Vec<LineError>),
    /// A whole roll that names nobody.
    #[error("the file names nobody: a whole roll cannot be empty")]
    EmptyRoll,
    /// The city's pages cannot say this.
    #[error("{} things on the city's pages are not within bounds; nothing was written", .0.len())]
    WrongSite(Vec<SiteProblem>),
    /// The plan of the campaign does not allow it.
    #[error(transparent)]
    Plan(#[from] PlanProblem),
    /// There are no drafts to publish.
    #[error("there are no drafts to publish")]
    NoDrafts,
    /// Every draft has started by the opening time.
    #[error("no place would open: every draft has started by then")]
    NothingOpens,
    /// Bookings would open in the past.
    #[error("the opening time has passed")]
    OpensInThePast,
    /// There is no such session.
    #[error("there is no session {0}")]
    NoSuchSession(SessionId),
    /// The session is not published, or has ended already.
    #[error("session {0} is not open: it is a draft, closed or cancelled, or there is none")]
    NotOpen(SessionId),
    /// A slot cannot have so many places.
    #[error("a slot has at most {0} places")]
    CapacityTooLarge(u32),
    /// The slot has more places taken than the new capacity.
    #[error("{0} places are booked or held")]
    CapacityTooSmall(u32),
    /// Passwords could not be made.
    #[error("passwords could not be made: {0}")]
    Issue(IssueError),
    /// The work was cut short by an internal fault; nothing was written.
    #[error("the work was cut short")]
    Interrupted,
    /// The list for the printer could not be written.
    #[error("the list for the printer could not be written: {0}")]
    List(std::io::Error),
    /// The store could not be read.
    #[error(transparent)]
    Load(#[from] crate::ledger::LoadError),
    /// The password could not be hashed.
    #[error("the password could not be hashed")]
    Hash,
    /// The campaign cannot end while people can still book.
    #[error("{0} sessions still take bookings, or will: close or cancel them, or wait until they are over")]
    StillOpen(usize),
    /// The campaign has been closed before.
    #[error("the campaign is closed already; personal data is erased from {0} on")]
    ClosedAlready(Day),
    /// There is no end of a campaign to take back.
    #[error("the campaign is not closed")]
    NotClosed,
    /// Erasing may have begun.
    #[error("personal data is erased since {0}: the campaign's end cannot be taken back any more")]
    ErasureBegun(Day),
}

impl From<Refusal> for CampaignError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl EngineHandle {
    /// Replaces all waves by `rows`; with `dry_run` only says whether that changes anything.
    pub async fn import_waves(&self, rows: &[WaveRow], dry_run: bool, by: By) -> Result<bool, CampaignError> {
        let turn = self.turn().await;
        let waves: Vec<Wave> = rows
            .iter()
            .map(|row| Wave {
                name: row.name.clone(),
                born_from: row.born_from,
                born_to: row.born_to,
                group: row.group.clone(),
                opens_at: row.opens_at,
            })
            .collect();
        let changes = self.index().setup().waves != waves;
        if changes && !dry_run {
            self.append_in_turn(turn, by, vec![Event::WavesReplaced(waves)], None).await?;
        }
        Ok(changes)
    }

    /// Records doses given elsewhere; gives how many are new or changed, and how many are on file as they are. Nobody's booking
    /// changes meanwhile: each of the residents' gates is held until the doses are durable.
    pub async fn import_doses(&self, rows: &[DoseRow], dry_run: bool, by: By) -> Result<(usize, usize), CampaignError> {
        let mut turn = self.turn().await;
        if !dry_run {
            let residents: BTreeSet<_> = rows.iter().filter_map(|row| self.index().by_id(row.id)).collect();
            for resident in residents {
                turn.passes.push(self.pass(resident).await?);
            }
        }
        let wrong = self.check_doses(rows);
        if !wrong.is_empty() {
            return Err(CampaignError::WrongLines(wrong));
        }
        let setup = self.index().setup();
        let mut events = Vec::new();
        let mut unchanged = 0;
        for row in rows {
            let resident = self.index().by_id(row.id);
            let vaccine = setup.vaccines.iter().find(|vaccine| *vaccine.name == *row.vaccine);
            let (Some(resident), Some(vaccine)) = (resident, vaccine) else { continue };
            let given = DoseElsewhere { dose: row.dose, date: row.date, vaccine: vaccine.id };
            if self.index().resident(resident, |entry| entry.record.elsewhere.contains(&given)) == Some(true) {
                unchanged += 1;
            } else {
                events.push(Event::DoseRecorded { resident, given });
            }
        }
        let new = events.len();
        if !dry_run && new > 0 {
            self.append_in_turn(turn, by, events, None).await?;
        }
        Ok((new, unchanged))
    }
}
