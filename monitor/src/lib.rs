//! Watches a Sesshu server day and night: samples the machine and the engine, judges thresholds, keeps incidents, tells people, and
//! watches from outside. It knows nothing else of the workspace: what it measures of the engine is handed to it.

mod actor;
pub mod board;
pub mod channels;
pub mod clock;
pub mod config;
pub mod core;
mod folder_id;
mod handle;
mod history;
pub mod manual;
mod offline;
mod owner;
pub mod rules;
pub mod sampler;
pub mod source;
mod sources;
mod start;
mod store;
pub mod trial;
mod trouble;
pub mod watch;
pub mod words;
mod writer;

pub use config::MonitorConfig;
pub use folder_id::folder_id;
pub use handle::MonitorHandle;
pub use offline::Offline;
pub use owner::give_to_owner_of;
pub use start::{Monitor, MonitorSetup, StartError, start};
