//! The audit: who saw or changed what, when, about whom. Answered from the stored journal by its index.

use super::EngineHandle;
use crate::core::event::{By, Entry};
use crate::core::ids::ResidentNo;
use crate::core::time::Instant;
use crate::ledger::{COMMAND_LINE, LoadError, SYSTEM, Snapshot};

/// How many entries are looked at for one answer, so that a rare combination does not walk through everything.
const LOOKED_AT_MAX: usize = 20_000;

/// What is asked of the audit. Nothing set asks for everything that others than residents did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Entries about this person.
    pub person: Option<ResidentNo>,
    /// Entries made by this login, [`AuditQuery::COMMAND_LINE`] or [`AuditQuery::SYSTEM`].
    pub maker: Option<Box<str>>,
    /// Entries made at this instant or later.
    pub from: Option<Instant>,
    /// Entries made before this instant.
    pub to: Option<Instant>,
    /// Entries before this one: the next page.
    pub before: Option<u64>,
    /// How many entries are wanted at most.
    pub rows_max: usize,
}

impl AuditQuery {
    /// The maker of what is done at the command line.
    pub const COMMAND_LINE: &str = COMMAND_LINE;
    /// The maker of what Sesshu does by itself.
    pub const SYSTEM: &str = SYSTEM;
}

/// An answer of the audit, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries with their sequence numbers.
    pub entries: Vec<(u64, Entry)>,
    /// Where the next page begins, if there may be one.
    pub next_before: Option<u64>,
}

impl EngineHandle {
    /// Answers `query`. It costs a few reads of the store for each entry, however long the journal is.
    pub async fn audit(&self, query: AuditQuery) -> Result<AuditPage, LoadError> {
        let reader = self.0.reader.clone();
        let makers: Vec<Box<str>> = if let Some(maker) = &query.maker {
            vec![maker.clone()]
        } else {
            let setup = self.index().setup();
            setup.staff.keys().cloned().chain([COMMAND_LINE.into(), SYSTEM.into()]).collect()
        };
        let read = tokio::task::spawn_blocking(move || answer(&reader.snapshot()?, &query, &makers));
        read.await.map_err(|_| LoadError::Damaged { what: "a journal that cannot be read", at: 0 })?
    }
}

fn answer(snapshot: &Snapshot, query: &AuditQuery, makers: &[Box<str>]) -> Result<AuditPage, LoadError> {
    let end = snapshot.last_seq()? + 1;
    let start = query.from.map_or(Ok(1), |from| first_at(snapshot, from, end))?;
    let before = query.to.map_or(Ok(end), |to| first_at(snapshot, to, end))?;
    let range = start..query.before.map_or(before, |limit| limit.min(before));
    if range.is_empty() {
        return Ok(AuditPage::default());
    }
    let narrowed = query.person.is_some() && query.maker.is_some();
    let looked_at_max = if narrowed { LOOKED_AT_MAX } else { query.rows_max };
    let mut found = Vec::new();
    if let Some(person) = query.person {
        found = snapshot.audit_of_person(person, range, looked_at_max)?;
    } else {
        for maker in makers {
            found.extend(snapshot.audit_of_maker(maker, range.clone(), looked_at_max)?);
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
    }
    let more = found.len() >= looked_at_max;
    found.truncate(looked_at_max);
    let mut page = AuditPage::default();
    for seq in found {
        page.next_before = more.then_some(seq);
        let entry = snapshot.entry(seq)?.ok_or(LoadError::Damaged { what: "the audit's index", at: seq })?;
        if query.maker.as_deref().is_none_or(|maker| is_by(&entry.by, maker)) {
            page.entries.push((seq, entry));
        }
        if page.entries.len() == query.rows_max {
            page.next_before = Some(seq);
            break;
        }
    }
    Ok(page)
}

fn is_by(by: &By, maker: &str) -> bool {
    match by {
        By::Resident(_) => false,
        By::Staff(login) | By::Call { login, .. } => **login == *maker,
        By::CommandLine { .. } => maker == COMMAND_LINE,
        By::System => maker == SYSTEM,
    }
}

/// The first entry at `at` or later. Entries overtake each other by moments only, so the journal is searched as if it were in order.
fn first_at(snapshot: &Snapshot, at: Instant, end: u64) -> Result<u64, LoadError> {
    let (mut low, mut high) = (1, end);
    while low < high {
        let middle = low + (high - low) / 2;
        match snapshot.entry(middle)? {
            Some(entry) if entry.at < at => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
