//! The journal between backups: what the store has committed is shipped every few seconds to the second place, so that losing the
//! machine loses seconds and not a day.
//!
//! A folder has files `sesshu-journal-SEQ.journal`, each a header and frames (frame.rs). A frame holds one delta of the store and says
//! from which head to which it leads. Files are only ever appended to; whatever goes wrong begins a new one. Heads have the journal's
//! chain in them, so frames form a tree, and a path in it (path.rs) is one history: a city that was restored to an earlier state and served
//! on has two, and neither is taken for the other.

mod file;
mod frame;
mod path;
mod shipped;
mod shipper;

pub use frame::Head;
pub(crate) use shipped::Needed;
pub use shipped::{Piece, Shipped};
pub(crate) use shipper::{Shipper, end_of};
