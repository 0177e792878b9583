//! The listeners of Sesshu: residents (JSON and pages), staff, and ops.
//!
//! This crate translates between HTTP and [`sesshu_engine::EngineHandle`]. It decides nothing about places or people: every
//! "no" about a booking comes from the engine. It must not know the store, the ledger or the actors.

// Each file there is a language; `build.rs` makes cargo see new and changed ones.
rust_i18n::i18n!("locales");

mod asset;
mod auth;
mod config;
mod cross_site;
mod lang;
mod load;
mod metrics;
mod notices;
mod ops;
mod own_address;
mod problem;
mod public;
mod ready;
mod secure_headers;
mod serve;
mod shell;
mod site_flags;
mod staff;
mod switch_words;
mod switches;
mod texts;

pub use auth::Auth;
pub use auth::gate::LoginQueue;
pub use auth::token::rehearsal_token;
pub use config::{AddressHeader, CallCentre, PublicConfig, TrustedProxy};
pub use load::{Guard, Load, LoadLimits};
pub use metrics::{AnswerTotals, MetricsError, answer_totals, install_metrics};
pub use notices::away_page;
pub use ops::ops_router;
pub use public::public_router;
pub use serve::{ConnectionLimits, ServeOptions, TlsError, load_tls, reload_tls, serve};
pub use site_flags::site_flags;
pub use staff::{Access, Method, NetworkRange, RouteRow, StaffConfig, staff_router, staff_routes};
pub use staff::{
    AskedView, BackupDesk, BackupRefused, BackupWork, BackupsView, CountsView, DrillView, GenerationKind,
    GenerationView, JournalView, ProofView, RunningView, SecondView, TroubleView,
};
pub use staff::{
    SWITCH_MINUTES_MAX, SWITCH_REASON_CHARS_MAX, SwitchDesk, SwitchOrder, SwitchRefused, SwitchWish, SwitchesView,
    TurnView, Turned,
};
pub use switch_words::{SwitchWords, switch_words, switch_words_en};
pub use switches::{Closed, Switches};
pub use texts::{is_page_text, page_languages};
