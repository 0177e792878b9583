//! Drafts become public: shown first, proposed by one person and published by a second one.

use std::sync::Arc;

use super::{CampaignError, EngineHandle, PlanProblem};
use crate::core::event::{By, Event};
use crate::core::ids::SessionId;
use crate::core::session::{Session, SessionPhase};
use crate::core::staff::Proposal;
use crate::core::suspicion::{Suspicion, suspicions};
use crate::core::time::{Day, Instant};
use crate::ledger::digest_of;

/// What publishing would open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishSummary {
    /// The drafts.
    pub sessions: Vec<SessionId>,
    /// How many places open.
    pub places: u64,
    /// How many places have started by the opening time, so that nobody can ever book them.
    pub places_too_late: u64,
    /// The dates of the places that open, ascending.
    pub dates: Vec<Day>,
    /// Their venues.
    pub venues: Vec<String>,
}

impl EngineHandle {
    /// What publishing all drafts to open at `opens_at` would open.
    #[must_use]
    pub fn drafts(&self, opens_at: Instant) -> PublishSummary {
        let setup = self.index().setup();
        let mut summary = PublishSummary::default();
        for entry in self.index().sessions() {
            let session = entry.definition();
            if session.phase != SessionPhase::Draft {
                continue;
            }
            summary.sessions.push(session.id);
            let before = summary.places;
            for slot in &session.slots {
                let in_time = session.date.at(slot.start) > opens_at;
                let counted = if in_time { &mut summary.places } else { &mut summary.places_too_late };
                *counted += u64::from(slot.capacity);
            }
            if summary.places > before {
                summary.dates.push(session.date);
                summary.venues.extend(setup.venue(session.venue).map(|venue| venue.name.clone()));
            }
        }
        summary.dates.sort_unstable();
        summary.dates.dedup();
        summary.venues.sort_unstable();
        summary.venues.dedup();
        summary
    }

    /// Publishes the drafts that were `shown`, to open at `opens_at`.
    pub async fn publish(&self, shown: &PublishSummary, opens_at: Instant, by: By) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        self.check_summary(shown, opens_at)?;
        if self.drafts(opens_at) != *shown {
            return Err(CampaignError::ChangedMeanwhile);
        }
        let event = Event::SessionsPublished { sessions: shown.sessions.clone(), opens_at };
        self.append_in_turn(turn, by, vec![event], None).await?;
        Ok(())
    }

    /// What looks wrong about publishing all drafts to open at `opens_at`, for a person to look at.
    #[must_use]
    pub fn suspicions(&self, opens_at: Instant) -> Vec<Suspicion> {
        let (drafts, others) = self.drafts_and_others();
        suspicions(self.now(), opens_at, &drafts, &others, &self.index().setup())
    }

    /// Proposes all drafts for publishing, to open at `opens_at`, if they are those that were `shown`: [`EngineHandle::drafts_digest`]
    /// names them. An earlier proposal ends.
    pub async fn propose(&self, shown: [u8; 32], opens_at: Instant, login: &str) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let digest = self.drafts_digest();
        if digest != shown {
            return Err(CampaignError::ChangedMeanwhile);
        }
        let drafts = self.drafts(opens_at);
        self.check_summary(&drafts, opens_at)?;
        let PublishSummary { sessions, places, .. } = drafts;
        let proposal = Proposal { by: login.into(), at: self.now(), opens_at, sessions, places, digest };
        self.append_in_turn(turn, By::Staff(login.into()), vec![Event::PublishProposed(proposal)], None).await?;
        Ok(())
    }

    /// Takes the proposal back that was `shown`.
    pub async fn withdraw_proposal(&self, shown: &Proposal, by: By) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        if self.index().setup().proposal.as_ref() != Some(shown) {
            return Err(PlanProblem::NoProposal.into());
        }
        self.append_in_turn(turn, by, vec![Event::ProposalWithdrawn], None).await?;
        Ok(())
    }

    /// Whether the drafts are still those that were proposed.
    #[must_use]
    pub fn proposal_stands(&self, proposal: &Proposal) -> bool {
        proposal.digest == self.drafts_digest()
    }

    /// Publishes what was proposed, if it is what was `shown` and no draft has changed since. With `second_person` whoever proposed it
    /// may not publish it.
    pub async fn publish_proposed(
        &self,
        shown: &Proposal,
        login: &str,
        second_person: bool,
    ) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        if self.index().setup().proposal.as_ref() != Some(shown) {
            return Err(PlanProblem::NoProposal.into());
        }
        if second_person && *shown.by == *login {
            return Err(PlanProblem::OwnProposal.into());
        }
        if !self.proposal_stands(shown) {
            return Err(CampaignError::ChangedMeanwhile);
        }
        self.check_time(shown.opens_at)?;
        let event = Event::SessionsPublished { sessions: shown.sessions.clone(), opens_at: shown.opens_at };
        self.append_in_turn(turn, By::Staff(login.into()), vec![event], None).await?;
        Ok(())
    }

    /// Whether publishing would open anything, at a time at which it can.
    fn check_summary(&self, drafts: &PublishSummary, opens_at: Instant) -> Result<(), CampaignError> {
        if drafts.sessions.is_empty() {
            return Err(CampaignError::NoDrafts);
        }
        if drafts.places == 0 {
            return Err(CampaignError::NothingOpens);
        }
        self.check_time(opens_at)
    }

    /// "Open now" is a time a moment ago.
    fn check_time(&self, opens_at: Instant) -> Result<(), CampaignError> {
        let passed = opens_at < self.now().plus_minutes(-5);
        if passed { Err(CampaignError::OpensInThePast) } else { Ok(()) }
    }

    /// The drafts, and whatever else is public.
    fn drafts_and_others(&self) -> (Vec<Arc<Session>>, Vec<Arc<Session>>) {
        let all = self.index().sessions().into_iter().map(|entry| entry.definition());
        all.filter(|session| session.phase != SessionPhase::Discarded)
            .partition(|session| session.phase == SessionPhase::Draft)
    }

    /// Names the drafts with all that residents would read of them: their venues and the rules of their vaccines.
    #[must_use]
    pub fn drafts_digest(&self) -> [u8; 32] {
        let setup = self.index().setup();
        let (drafts, _) = self.drafts_and_others();
        let read: Vec<_> = drafts
            .iter()
            .map(|draft| {
                (Session::clone(draft), setup.venue(draft.venue).cloned(), setup.vaccine(draft.vaccine).cloned())
            })
            .collect();
        digest_of(&read)
    }
}
