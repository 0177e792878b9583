//! `/audit`: who saw or changed what, when, about whom, in which call. People are shown by pseudonym; whoever looks at their names
//! is in the audit for it.
//!
//! `filter` is what is asked, `sentences` says each event in Japanese, `rows` puts both together for the list, for a single entry
//! (`entry`) and for a file (`export`); `chain` verifies the whole journal.

mod chain;
mod entry;
mod export;
mod filter;
mod labels;
mod list;
mod person;
mod rows;
mod sentences;

pub(super) use chain::{ChainCheck, get_chain, post_chain};
pub(super) use entry::get_entry;
pub(super) use export::{get_export, post_export};
pub(super) use list::get_audit;
pub(super) use person::post_person;

use sesshu_engine::LoadError;

use super::problem::StaffProblem;

/// The journal could not be read: nothing about it is said but that.
fn unreadable(error: &LoadError) -> StaffProblem {
    tracing::error!(%error, "the audit cannot be read");
    StaffProblem::Internal
}
