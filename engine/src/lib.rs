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

pub use handle::{
    AuditPage, AuditQuery, CampaignError, DraftSummary, EngineConfig, EngineHandle, FREE_DISK_FLOOR_BYTES, IssuedLine,
    PersonReport, PlanProblem, PlannedSession, PreparedPassword, PublishSummary, ReportedBooking, ReportedContact,
    ReportedDose, ReportedView, RollDifference, STOCK_DOSES_MAX, StartError, VaccineSpec, WaveChange,
};
pub use ledger::{LoadError, RecoverError, VerifyReport};
pub use roll::Lane as HashLane;
pub use view::PlaceView;
