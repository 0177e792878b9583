//! The staff console: pages on a listener of its own, for those who are signed in. It asks the engine as the residents' listener
//! does, and decides nothing about places or people.
//!
//! `routes` is the table of every page with who may open it; `access` holds it against each request; `desk` is what pages share.

mod access;
mod assets;
mod audit;
mod backup_desk;
mod campaign;
mod claim;
mod config;
mod data;
mod dates;
mod desk;
mod download;
mod follow_up;
mod form;
mod frame;
mod home;
mod login;
mod logout;
mod notices;
mod operator;
mod ops;
mod overview;
mod page;
mod problem;
mod routes;
mod sessions;
mod shell;
mod sign_in;
mod sign_ins;
mod switch_desk;
mod venue;
mod words;

pub use access::{Access, Method, RouteRow};
pub use backup_desk::{
    AskedView, BackupDesk, BackupRefused, BackupWork, BackupsView, CountsView, DrillView, GenerationKind,
    GenerationView, JournalView, ProofView, RunningView, SecondView, TroubleView,
};
pub use config::{NetworkRange, StaffConfig};
pub use routes::{staff_router, staff_routes};
pub use switch_desk::{
    SWITCH_MINUTES_MAX, SWITCH_REASON_CHARS_MAX, SwitchDesk, SwitchOrder, SwitchRefused, SwitchWish, SwitchesView,
    TurnView, Turned,
};
