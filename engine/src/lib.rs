//! The engine of Sesshu: the rules of booking, one actor per vaccination session, and the ledger that makes decisions durable.
//!
//! [`EngineHandle`] is its only door. `core` holds the rules and does no IO; `gate` lets one change per resident through;
//! `actors` decide capacity; `ledger` writes the journal; `roll` reads the city's files. The engine knows nothing of HTTP,
//! command lines or alerts.

mod actors;
pub mod clock;
pub mod core;
mod gate;
mod handle;
pub mod ledger;
mod planted;
pub mod priority;
pub mod roll;
#[cfg(test)]
mod simulation;
pub mod view;
mod waiting_room;

pub use handle::{
    AgeClass, AtDesk, AuditPage, AuditQuery, BusySession, CallError, CallerView, CampaignError, CampaignStatus,
    CounterOffer, CounterSlot, DayCount, DayListRow, DayPart, DayPerson, DaySlot, Days, DosesGiven, DraftSummary,
    EngineConfig, EngineHandle, Erased, FREE_DISK_FLOOR_BYTES, FollowUpPage, FollowUpQuery, FollowUpRow, IssuedLine,
    LEFTOVER_IDS_MAX, LOGIN_CHARS_MAX, LeftoverAnswered, LeftoverList, LeftoverPerson, LeftoverSession, Lookup,
    NewSecrets, NoShowRefusal, OpenSession, PasswordRequest, PersonReport, PlanProblem, PlannedSession, PreparedHash,
    PreparedPassword, PublishSummary, Pulse, ReportedArrival, ReportedBooking, ReportedContact, ReportedDose,
    ReportedFollowUp, ReportedLot, ReportedOffer, ReportedView, RollDifference, RollPreview, STOCK_DOSES_MAX,
    SlotCounts, StaffError, StartError, VaccineSpec, VenueDay, WaveChange, WaveForecast,
};
pub use ledger::{LoadError, Outline, RecoverError, VerifyReport};
pub use roll::Lane as HashLane;
pub use view::PlaceView;
