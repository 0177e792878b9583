//! Watches a Sesshu server day and night: samples the machine and the engine, judges thresholds, keeps incidents, tells people, and
//! watches from outside. It knows nothing else of the workspace: what it measures of the engine is handed to it.

mod actor;
pub mod board;
pub mod channels;
pub mod clock;
pub mod config;
pub mod core;
mod handle;
pub mod manual;
pub mod rules;
mod history;
pub mod sampler;
pub mod source;
mod sources;
mod start;
mod trouble;
pub mod words;

pub use config::MonitorConfig;
pub use handle::MonitorHandle;
pub use start::{Monitor, MonitorSetup, StartError, start};
