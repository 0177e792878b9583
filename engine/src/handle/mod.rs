//! The engine's only door. Whoever serves people asks here; nobody else touches actors, gate or ledger.

mod accounts;
mod attendance;
mod audit;
mod backup;
mod booked_before;
mod booking;
mod calls;
mod campaign;
mod checks;
mod contact;
mod day_list;
mod desk;
mod drafts;
mod ending;
mod erasure;
mod exports;
mod follow_up;
mod identify;
mod leftovers;
mod login;
mod notices;
mod offers;
mod passwords;
mod plain_full;
mod plan;
mod publish;
mod pulse;
mod reading;
mod report;
mod roll;
mod sessions;
mod site;
mod staff;
mod start;
mod switches;
mod usher;
mod vaccines;
mod venues;
mod verifying;
mod viewed;
mod waiting;
mod waves;

pub use accounts::{LOGIN_CHARS_MAX, NewSecrets, StaffError};
pub use attendance::NoShowRefusal;
pub use audit::{AuditPage, AuditQuery};
pub use calls::{CallError, CallerView, Lookup};
pub use campaign::CampaignError;
pub use day_list::{AtDesk, CounterOffer, CounterSlot, DayPart, DayPerson, DaySlot, SlotCounts};
pub use drafts::DraftSummary;
pub use ending::{CampaignStatus, OpenSession};
pub use erasure::Erased;
pub use exports::{AgeClass, DayCount, DayListRow, Days, DosesGiven};
pub use follow_up::{FollowUpPage, FollowUpQuery, FollowUpRow};
pub use leftovers::{LEFTOVER_IDS_MAX, LeftoverAnswered, LeftoverList, LeftoverPerson, LeftoverSession};
pub use passwords::{IssuedLine, PasswordRequest, PreparedHash, PreparedPassword};
pub use plan::{PlanProblem, PlannedSession};
pub use publish::PublishSummary;
pub use pulse::{BusySession, Pulse, VenueDay, WaveForecast};
pub use report::{
    PersonReport, ReportedArrival, ReportedBooking, ReportedContact, ReportedDose, ReportedFollowUp, ReportedLot,
    ReportedOffer, ReportedView,
};
pub use roll::{RollDifference, RollPreview};
pub use sessions::STOCK_DOSES_MAX;
#[cfg(test)]
pub(crate) use start::Parts;
pub use start::{EngineConfig, FREE_DISK_FLOOR_BYTES, StartError, VaccineSpec};
pub use waves::WaveChange;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as StdInstant};

use arc_swap::ArcSwapOption;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::actors::{CampaignTurn, Shared, Ticket};
use crate::core::calls::Calls;
use crate::core::event::{By, Entry, Event};
use crate::core::ids::Channel;
use crate::core::recent::{RecentEvents, RecentRefusals, UnusualLookups};
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::time::Instant;
use crate::gate::Gate;
use crate::ledger::{Beside, Index, StoreReader, Submission};
use crate::roll::{HashPool, PasswordHasher};
use crate::view::Availability;
use crate::waiting_room::{Usher, WaitingRoom};

/// How many entries may be on their way to the disk at once, for residents and, apart from them, for everybody else.
const WEB_ENTRIES_MAX: usize = 8_192;
const STAFF_ENTRIES_MAX: usize = 1_024;
const ENTRIES_MAX: usize = WEB_ENTRIES_MAX + STAFF_ENTRIES_MAX;
/// How long a request waits for its outcome before it is told that the outcome is not known.
const OUTCOME_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long a shutdown waits for what is on its way.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// The running engine.
pub(crate) struct Engine {
    pub(crate) shared: Arc<Shared>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) pool: Arc<HashPool>,
    pub(crate) hasher: Arc<PasswordHasher>,
    pub(crate) availability: ArcSwapOption<Availability>,
    pub(crate) rendering: Mutex<()>,
    web_permits: Arc<Semaphore>,
    staff_permits: Arc<Semaphore>,
    closing: AtomicBool,
    writer: Mutex<Option<JoinHandle<()>>>,
    pub(crate) reader: StoreReader,
    /// One change of the campaign at a time: what was shown is what is done.
    pub(crate) campaign: Arc<tokio::sync::Mutex<()>>,
    pub(crate) last_sweep: Mutex<Instant>,
    /// The call centre's calls that are going on.
    pub(crate) calls: Mutex<Calls>,
    free_disk_floor_bytes: u64,
    /// Bookings and refusals are counted from here on.
    pub(crate) counted_since: Instant,
    pub(crate) refusals: Mutex<RecentRefusals>,
    pub(crate) pulse: tokio::sync::Mutex<pulse::PulseTaken>,
    pub(crate) waiting_room: WaitingRoom,
    pub(crate) usher: Mutex<Usher>,
    /// The thread in which the usher walks, if it does.
    usher_thread: Mutex<Option<JoinHandle<()>>>,
    /// The names of the vaccines that the configuration defines.
    configured_vaccines: Box<[Box<str>]>,
}

/// The engine's door. Cheap to clone.
#[derive(Clone)]
pub struct EngineHandle(pub(crate) Arc<Engine>);

impl EngineHandle {
    /// Engine time: monotonic, in no zone; never before the journal's last instant.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.0.shared.clock.now()
    }

    pub(crate) fn index(&self) -> &Arc<Index> {
        &self.0.shared.index
    }

    /// A place in the bounded way to the disk; the web's and everybody else's do not mix.
    pub(crate) fn permit(&self, channel: Channel) -> Result<OwnedSemaphorePermit, Refusal> {
        if self.0.closing.load(Ordering::Acquire) || self.0.shared.figures.suspended.load(Ordering::Acquire) {
            return Err(RefusalCode::Busy.into());
        }
        let lane = if channel == Channel::Web { &self.0.web_permits } else { &self.0.staff_permits };
        Arc::clone(lane).try_acquire_owned().map_err(|_| {
            self.0.waiting_room.count_busy();
            RefusalCode::Busy.into()
        })
    }

    /// The same for a new place: below the floor of free disk there is none, so that what is booked can still be changed back
    /// and cancelled.
    pub(crate) fn place_permit(&self, channel: Channel) -> Result<OwnedSemaphorePermit, Refusal> {
        if self.disk_is_low() { Err(RefusalCode::Busy.into()) } else { self.permit(channel) }
    }

    /// Whether the disk has less room than its floor.
    pub(crate) fn disk_is_low(&self) -> bool {
        self.0.shared.figures.disk_free_bytes.load(Ordering::Acquire) < self.0.free_disk_floor_bytes
    }

    /// Whether the ledger's thread has ended, though nobody asked it to.
    pub(crate) fn ledger_has_failed(&self) -> bool {
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.as_ref().is_some_and(JoinHandle::is_finished)
    }

    /// Entries on their way to the disk.
    pub(crate) fn in_flight(&self) -> u64 {
        let free = self.0.web_permits.available_permits() + self.0.staff_permits.available_permits();
        ENTRIES_MAX.saturating_sub(free) as u64
    }

    /// How long the oldest entry on its way to the disk has been so, in milliseconds: since it was decided, if it is being committed;
    /// while the ledger does something else, it has waited for at most as long as that takes.
    pub(crate) fn queue_age_ms(&self) -> u64 {
        let figures = &self.0.shared.figures;
        match figures.oldest_at_ms.load(Ordering::Relaxed) {
            0 if self.in_flight() == 0 => 0,
            0 => figures.step_takes().as_millis() as u64,
            oldest => self.now().ms_since(Instant(oldest)).max(0) as u64,
        }
    }

    /// The accounts that looked up unusually many people since the start, newest first.
    #[must_use]
    pub fn unusual_lookups(&self) -> Vec<UnusualLookups> {
        self.index().recent(RecentEvents::alerts)
    }

    /// Appends an entry that no actor decides, and waits until it is durable. What the ticket keeps closed stays so until then,
    /// even if this future is dropped.
    pub(crate) async fn append(
        &self,
        by: By,
        events: Vec<Event>,
        beside: Option<Beside>,
        ticket: Ticket,
        channel: Channel,
    ) -> Result<Entry, Refusal> {
        let permit = self.permit(channel)?;
        let (reply, outcome) = oneshot::channel();
        let entry = Entry { at: self.now(), by, key: None, events };
        self.submit(entry, beside, Ticket { reply: Some(reply), permit: Some(permit), ..ticket })?;
        wait_for(outcome).await?.ok_or_else(|| RefusalCode::Unavailable.into())
    }

    /// The campaign's turn: one such change at a time, so that what was shown is what is done.
    pub(crate) async fn turn(&self) -> CampaignTurn {
        CampaignTurn { _turn: Arc::clone(&self.0.campaign).lock_owned().await, passes: Vec::new() }
    }

    /// Appends a change of the campaign.
    pub(crate) async fn append_in_turn(
        &self,
        turn: CampaignTurn,
        by: By,
        events: Vec<Event>,
        beside: Option<Beside>,
    ) -> Result<Entry, Refusal> {
        let ticket = Ticket { turn: Some(turn), ..Ticket::default() };
        self.append(by, events, beside, ticket, Channel::City).await
    }

    pub(crate) fn submit(&self, entry: Entry, beside: Option<Beside>, ticket: Ticket) -> Result<(), Refusal> {
        let submission = Submission { epoch: self.0.shared.epoch(), entry, beside: beside.map(Box::new), ticket };
        self.0.shared.submit(submission).map_err(|_| RefusalCode::Busy.into())
    }

    /// Stops in order: no new changes; what is on its way is finished; actors; ledger with the whole fold; hash pool.
    /// Blocks for at most about 10 seconds beyond what the disk takes; further calls do nothing.
    pub fn shutdown(&self) {
        if self.0.closing.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(usher) = self.0.usher_thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            usher.thread().unpark();
            let _ = usher.join();
        }
        let deadline = StdInstant::now() + DRAIN_MAX;
        let all = || {
            self.0.web_permits.available_permits() == WEB_ENTRIES_MAX
                && self.0.staff_permits.available_permits() == STAFF_ENTRIES_MAX
        };
        while !all() && StdInstant::now() < deadline {
            std::thread::park_timeout(Duration::from_millis(5));
        }
        self.0.shared.registry.close();
        self.0.shared.set_queue(None);
        if let Some(writer) = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = writer.join();
        }
        self.0.pool.shutdown();
    }
}

/// Waits for the outcome of an entry, but not for ever: after that, the outcome is not known to the caller.
pub(crate) async fn wait_for(
    outcome: oneshot::Receiver<Result<Option<Entry>, Refusal>>,
) -> Result<Option<Entry>, Refusal> {
    match tokio::time::timeout(OUTCOME_WAIT_MAX, outcome).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) | Err(_) => Err(RefusalCode::Unavailable.into()),
    }
}
