//! What the journal says of the campaign itself: venues, vaccines, waves, sessions, staff, the city's pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::ids::{SessionId, VaccineId, VenueId};
use super::line::LineState;
use super::resident::Contradiction;
use super::session::{Session, SessionPhase};
use super::setup::{Vaccine, Venue, Wave};
use super::site::Site;
use super::staff::{Proposal, StaffAccount};
use super::time::{Day, Instant};

/// Venues, vaccines, waves, staff roles and the city's pages: small, read often, changed seldom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// All venues, by id.
    pub venues: Vec<Arc<Venue>>,
    /// All vaccines, by id.
    pub vaccines: Vec<Vaccine>,
    /// The waves in the city's order.
    pub waves: Vec<Wave>,
    /// Staff accounts.
    pub staff: BTreeMap<Box<str>, StaffAccount>,
    /// What the city says on its pages.
    pub site: Arc<Site>,
    /// What it said before the last change, so that the change can be taken back.
    pub site_before: Arc<Site>,
    /// Drafts that wait for a second person to publish them.
    pub proposal: Option<Proposal>,
    /// From when on personal data is erased, once the campaign has ended.
    pub erase_on: Option<Day>,
    /// When everybody of the campaign before was erased, if there was one.
    pub erased_on: Option<Day>,
    /// The greatest number of a notice's saying that is noted: none is noted twice.
    pub notices_noted: u64,
    /// The greatest number of a switch's turn that is noted: none is noted twice.
    pub switches_noted: u64,
    /// How far the waiting room may admit people.
    pub line: Option<LineState>,
}

impl Setup {
    /// The venue `id`.
    #[must_use]
    pub fn venue(&self, id: VenueId) -> Option<&Arc<Venue>> {
        self.venues.iter().find(|venue| venue.id == id)
    }

    /// The vaccine `id`.
    #[must_use]
    pub fn vaccine(&self, id: VaccineId) -> Option<&Vaccine> {
        self.vaccines.iter().find(|vaccine| vaccine.id == id)
    }

    /// Applies an event; tells whether it was about the setup. Applying one again changes nothing.
    pub fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::VenueAdded(venue) => replace(&mut self.venues, venue, |old| old.id == venue.id),
            Event::VaccineDefined(vaccine) => replace(&mut self.vaccines, vaccine, |old| old.id == vaccine.id),
            Event::WavesReplaced(waves) => self.waves.clone_from(waves),
            Event::StaffChanged { login, account } => {
                self.staff.insert(login.clone(), *account);
            }
            Event::PublishProposed(proposal) => self.proposal = Some(proposal.clone()),
            Event::ProposalWithdrawn | Event::SessionsPublished { .. } if self.proposal.is_some() => {
                self.proposal = None;
            }
            Event::CampaignClosed { erase_on } => self.erase_on = Some(*erase_on),
            // The same one again, as a replay over a newer table brings it, is not its own past.
            Event::SiteChanged(site) if site.revision != self.site.revision => {
                self.site_before = std::mem::replace(&mut self.site, Arc::clone(site));
            }
            Event::CampaignReopened => self.erase_on = None,
            Event::CampaignErased { on } => {
                self.erase_on = None;
                self.erased_on = Some(*on);
            }
            Event::NoticeNoted(said) => self.notices_noted = self.notices_noted.max(said.number),
            Event::SwitchTurned(turned) => self.switches_noted = self.switches_noted.max(turned.number),
            Event::SiteChanged(site) => self.site = Arc::clone(site),
            Event::LineMoved(state) => self.line = Some(*state),
            _ => return false,
        }
        true
    }
}

fn replace<T: Clone>(all: &mut Vec<T>, new: &T, same: impl Fn(&T) -> bool) {
    match all.iter_mut().find(|old| same(old)) {
        Some(old) => *old = new.clone(),
        None => all.push(new.clone()),
    }
}

/// The sessions that `event` changes, with their state after it, read through `session`.
pub fn sessions_after(
    event: &Event,
    session: impl Fn(SessionId) -> Option<Session>,
) -> Result<Vec<Session>, Contradiction> {
    let drafted = |id: SessionId| session(id).ok_or(Contradiction::NoSuchSlot);
    let with_phase = |id: SessionId, phase: fn(Instant) -> SessionPhase| {
        let before = drafted(id)?;
        Ok(vec![Session { phase: phase(before.opens_at().unwrap_or_default()), ..before }])
    };
    match event {
        Event::SessionDrafted(session) => Ok(vec![session.clone()]),
        Event::SessionsPublished { sessions, opens_at } => {
            let phase = SessionPhase::Published { opens_at: *opens_at };
            sessions.iter().map(|id| Ok(Session { phase, ..drafted(*id)? })).collect()
        }
        Event::DraftDiscarded(id) => with_phase(*id, |_| SessionPhase::Discarded),
        Event::SessionReopened(id) => with_phase(*id, |opens_at| SessionPhase::Published { opens_at }),
        Event::StockChanged { session, doses_total } => {
            Ok(vec![Session { doses_total: *doses_total, ..drafted(*session)? }])
        }
        Event::SessionClosed(id) => with_phase(*id, |opens_at| SessionPhase::Closed { opens_at }),
        Event::SessionCancelled(id) => with_phase(*id, |opens_at| SessionPhase::Cancelled { opens_at }),
        Event::CapacityChanged { session, slot, capacity } => {
            let mut after = drafted(*session)?;
            after.slots.get_mut(usize::from(slot.0)).ok_or(Contradiction::NoSuchSlot)?.capacity = *capacity;
            Ok(vec![after])
        }
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ids::{DoseNo, SlotNo};
    use crate::core::session::Slot;
    use crate::core::staff::StaffRole;
    use crate::core::time::{ClockTime, Day, Instant};

    fn draft(id: u32) -> Session {
        let slot = Slot { start: ClockTime(540), end: ClockTime(570), capacity: 5, phone_share: 0 };
        Session {
            id: SessionId(id),
            venue: VenueId(1),
            date: Day(20_000),
            vaccine: VaccineId(1),
            doses: vec![DoseNo::FIRST],
            phase: SessionPhase::Draft,
            slots: vec![slot],
            doses_total: None,
        }
    }

    fn after(sessions: &mut BTreeMap<SessionId, Session>, event: &Event) {
        for session in sessions_after(event, |id| sessions.get(&id).cloned()).expect("no contradiction") {
            sessions.insert(session.id, session);
        }
    }

    #[test]
    fn a_session_goes_from_draft_to_its_end_and_remembers_when_it_opened() {
        let (id, opens_at) = (SessionId(1), Instant(5));
        let mut sessions = BTreeMap::new();
        after(&mut sessions, &Event::SessionDrafted(draft(1)));
        after(&mut sessions, &Event::SessionDrafted(draft(2)));
        after(&mut sessions, &Event::SessionsPublished { sessions: vec![id], opens_at });
        assert_eq!(sessions[&id].phase, SessionPhase::Published { opens_at });
        assert_eq!(sessions[&SessionId(2)].phase, SessionPhase::Draft);
        after(&mut sessions, &Event::CapacityChanged { session: id, slot: SlotNo(0), capacity: 9 });
        after(&mut sessions, &Event::SessionClosed(id));
        assert_eq!((sessions[&id].phase, sessions[&id].slots[0].capacity), (SessionPhase::Closed { opens_at }, 9));
        after(&mut sessions, &Event::SessionCancelled(id));
        assert_eq!(sessions[&id].phase, SessionPhase::Cancelled { opens_at });
    }

    #[test]
    fn applying_a_setup_event_again_changes_nothing() {
        let venue = |name: &str| Event::VenueAdded(Arc::new(Venue { id: VenueId(1), name: name.into() }));
        let account = StaffAccount { role: StaffRole::Operator, venue: None, disabled: false, generation: 1 };
        let staff = Event::StaffChanged { login: "sato".into(), account };
        let mut setup = Setup::default();
        let site = Event::SiteChanged(Arc::new(Site { revision: 1, ..Site::default() }));
        for event in [venue("市役所"), staff, site, venue("文化ホール")] {
            assert!(setup.apply(&event));
            let once = setup.clone();
            setup.apply(&event);
            assert_eq!(setup, once);
        }
        assert_eq!(setup.venue(VenueId(1)).map(|venue| venue.name.as_str()), Some("文化ホール"));
        assert_eq!((setup.site.revision, setup.site_before.revision), (1, 0));
        assert!(!setup.apply(&Event::SessionClosed(SessionId(1))));
    }

    #[test]
    fn a_session_or_slot_that_was_never_drafted_cannot_change() {
        let drafted = draft(1);
        let closed = Event::SessionClosed(SessionId(7));
        assert_eq!(sessions_after(&closed, |_| None), Err(Contradiction::NoSuchSlot));
        let changed = Event::CapacityChanged { session: SessionId(1), slot: SlotNo(1), capacity: 9 };
        assert_eq!(sessions_after(&changed, |_| Some(drafted.clone())), Err(Contradiction::NoSuchSlot));
    }
}
