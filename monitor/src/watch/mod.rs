//! The outside watcher: what another machine sees of a Sesshu server. It asks the server's listeners as residents and monitors do,
//! and its readings are judged and told like those of the server itself.

mod certificate;
mod config;
mod exported;
mod heartbeat;
mod probe;
mod readings;
mod round;
mod source;
mod untold;
mod visitor;

pub use config::{ProbeConfig, WatchConfig, WatchFile};
pub use heartbeat::{Heartbeat, HeartbeatAnswer, Window, planned_windows};
pub use source::{OwnMonitor, ServerSource, WatchError};
