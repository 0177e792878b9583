//! The city's data at the console: files in and out, passwords, accounts, what the pages say, what is held about one person.
//!
//! What somebody has begun and not confirmed is kept in memory only, for half an hour ([`kept`]); nothing of it counts before.

pub(super) mod accounts;
pub(super) mod announcements;
mod batch;
mod csv;
mod download;
pub(super) mod exports;
pub(super) mod imports;
mod kept;
pub(super) mod look;
pub(super) mod page_texts;
pub(super) mod passwords;
pub(super) mod report;
pub(super) mod site;
pub(super) mod site_file;
mod site_form;
mod typed;
mod upload;
pub(super) mod venue_pages;

use std::sync::Arc;

use sesshu_engine::core::ids::ResidentNo;
use tokio::sync::Semaphore;

use batch::Batches;
use imports::Import;
use kept::Kept;
use site_file::SiteDraft;

/// How many files may wait for their confirmation at once, over all accounts: each takes some tens of megabytes.
const IMPORTS_MAX: usize = 4;
/// How many uploads are read at once.
const UPLOADS_MAX: usize = 2;
/// How many of the small things may wait, over all accounts.
const SMALL_MAX: usize = 100;

/// What is begun and not confirmed.
pub(super) struct DataDesk {
    imports: Kept<Arc<Import>>,
    site_files: Kept<Arc<SiteDraft>>,
    secrets: Kept<accounts::Shown>,
    reports: Kept<ResidentNo>,
    batches: Batches,
    uploads: Semaphore,
}

impl Default for DataDesk {
    fn default() -> Self {
        Self {
            imports: Kept::new(IMPORTS_MAX),
            site_files: Kept::new(IMPORTS_MAX),
            secrets: Kept::new(SMALL_MAX),
            reports: Kept::new(SMALL_MAX),
            batches: Batches::default(),
            uploads: Semaphore::new(UPLOADS_MAX),
        }
    }
}
