//! The audit: who saw or changed what, when, about whom. Answered from the stored journal by its index.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::EngineHandle;
use crate::actors::Ticket;
use crate::core::event::{By, Entry, Event, ResidentSet};
use crate::core::event_kind::EventKind;
use crate::core::ids::{Channel, ResidentNo, SessionId, VenueId};
use crate::core::refusal::Refusal;
use crate::core::session::Session;
use crate::core::setup::Venue;
use crate::core::staff::{CallId, ExportKind, ExportReason, View};
use crate::core::time::Instant;
use crate::ledger::{COMMAND_LINE, Journal, LoadError, SYSTEM, Snapshot};

/// How many entries are looked at for one answer, so that a rare combination does not walk through everything.
const LOOKED_AT_MAX: usize = 20_000;

/// What is asked of the audit. Nothing set asks for everything that others than residents did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Entries about this person.
    pub person: Option<ResidentNo>,
    /// Entries made by this login, [`AuditQuery::COMMAND_LINE`] or [`AuditQuery::SYSTEM`].
    pub maker: Option<Box<str>>,
    /// Entries made in this call, or about it.
    pub call: Option<CallId>,
    /// Entries with an event of this kind.
    pub kind: Option<EventKind>,
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

    /// How many entries of the index are looked at: more than are wanted when some of them may not fit.
    fn looked_at_max(&self) -> usize {
        let narrowed = self.call.is_some() || self.kind.is_some() || self.person.is_some() && self.maker.is_some();
        if narrowed { LOOKED_AT_MAX.max(self.rows_max) } else { self.rows_max }
    }

    fn fits(&self, entry: &Entry) -> bool {
        self.maker.as_deref().is_none_or(|maker| is_by(&entry.by, maker))
            && self.call.is_none_or(|call| is_of_call(entry, call))
            && self.kind.is_none_or(|kind| entry.events.iter().any(|event| EventKind::of(event) == kind))
    }
}

/// An answer of the audit, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries with their sequence numbers.
    pub entries: Vec<(u64, Entry)>,
    /// Where the next page begins, if there may be one. With fewer entries than were wanted it says that the search stopped there.
    pub next_before: Option<u64>,
}

impl EngineHandle {
    /// Answers `query`. It costs a few reads of the store for each entry that is looked at, however long the journal is.
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

    /// The entry `seq`, if others than residents made it.
    pub async fn audit_entry(&self, seq: u64) -> Result<Option<Entry>, LoadError> {
        let reader = self.0.reader.clone();
        let read = tokio::task::spawn_blocking(move || reader.snapshot()?.journal()?.entry(seq));
        let read = read.await.map_err(|_| LoadError::Damaged { what: "a journal that cannot be read", at: seq })?;
        Ok(read?.filter(|entry| !matches!(entry.by, By::Resident(_))))
    }

    /// The names in kana of `people` by pseudonym, of whom the first [`Event::PEOPLE_VIEWED_MAX`] are looked at; none for those whose
    /// personal data was erased. Whom somebody sees in the audit is durable in it before this answers.
    pub async fn names_in_audit(
        &self,
        people: impl IntoIterator<Item = ResidentNo>,
        by: By,
    ) -> Result<Vec<(ResidentNo, String)>, Refusal> {
        let people: BTreeSet<ResidentNo> = people.into_iter().collect();
        let named = people.into_iter().take(Event::PEOPLE_VIEWED_MAX).filter_map(|no| {
            let name = self.index().resident(no, |entry| entry.person.name_kana.to_string());
            name.filter(|name| !name.is_empty()).map(|name| (no, name))
        });
        let named: Vec<(ResidentNo, String)> = named.collect();
        let residents: ResidentSet = named.iter().map(|(no, _)| *no).collect();
        if !residents.is_empty() {
            let viewed = Event::PeopleViewed { residents, view: View::Audit };
            self.append(by, vec![viewed], None, Ticket::default(), Channel::City).await?;
        }
        Ok(named)
    }

    /// Notes in the journal that `rows` rows of the audit are exported; durable when this returns.
    pub async fn note_audit_export(&self, reason: ExportReason, rows: u32, by: By) -> Result<(), Refusal> {
        let exported = Event::Exported { what: ExportKind::Audit, reason, rows };
        self.append(by, vec![exported], None, Ticket::default(), Channel::City).await?;
        Ok(())
    }

    /// A session and its venue, drafts too, as the audit names them.
    #[must_use]
    pub fn session_in_audit(&self, id: SessionId) -> Option<(Arc<Session>, Arc<Venue>)> {
        let session = self.index().session(id)?.definition();
        let venue = self.venue_in_audit(session.venue)?;
        Some((session, venue))
    }

    /// A venue, as the audit names it.
    #[must_use]
    pub fn venue_in_audit(&self, id: VenueId) -> Option<Arc<Venue>> {
        self.index().setup().venue(id).cloned()
    }

    /// All logins that there are, in order: whom the audit can be asked about.
    #[must_use]
    pub fn logins_in_audit(&self) -> Vec<Box<str>> {
        self.index().setup().staff.keys().cloned().collect()
    }
}

fn answer(snapshot: &Snapshot, query: &AuditQuery, makers: &[Box<str>]) -> Result<AuditPage, LoadError> {
    let journal = snapshot.journal()?;
    let end = journal.last_seq() + 1;
    let start = query.from.map_or(Ok(1), |from| first_at(&journal, from, end))?;
    let before = query.to.map_or(Ok(end), |to| first_at(&journal, to, end))?;
    let range = start..query.before.map_or(before, |limit| limit.min(before));
    if range.is_empty() {
        return Ok(AuditPage::default());
    }
    let looked_at_max = query.looked_at_max();
    // One more tells whether there is a next page.
    let mut found = match query.person {
        Some(person) => snapshot.audit_of_person(person, range, looked_at_max + 1)?,
        None => snapshot.audit_of_makers(makers, range, looked_at_max + 1)?,
    };
    let more = found.len() > looked_at_max;
    found.truncate(looked_at_max);
    let mut page = AuditPage::default();
    for (looked_at, seq) in found.iter().copied().enumerate() {
        let entry = journal.entry(seq)?.ok_or(LoadError::Damaged { what: "the audit's index", at: seq })?;
        if query.fits(&entry) {
            page.entries.push((seq, entry));
        }
        let last = looked_at + 1 == found.len();
        if page.entries.len() == query.rows_max || last {
            page.next_before = (more || !last).then_some(seq);
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

fn is_of_call(entry: &Entry, wanted: CallId) -> bool {
    let is_about = |event: &Event| match event {
        Event::CallOpened { call, .. } | Event::CallEnded { call, .. } | Event::NobodyFound { call } => *call == wanted,
        _ => false,
    };
    matches!(&entry.by, By::Call { call, .. } if *call == wanted) || entry.events.iter().any(is_about)
}

/// The first entry at `at` or later. Entries overtake each other by moments only, so the journal is searched as if it were in order.
fn first_at(journal: &Journal, at: Instant, end: u64) -> Result<u64, LoadError> {
    let (mut low, mut high) = (1, end);
    while low < high {
        let middle = low + (high - low) / 2;
        match journal.entry(middle)? {
            Some(entry) if entry.at < at => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
