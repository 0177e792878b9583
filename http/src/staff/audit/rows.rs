//! Entries of the journal as rows: when, who, in which call, what, about whom.

use std::collections::HashMap;

use sesshu_engine::core::event::{By, Entry};
use sesshu_engine::core::event_kind::EventKind;
use sesshu_engine::core::ids::ResidentNo;
use sesshu_engine::core::time::Instant;
use sesshu_engine::{AuditQuery, EngineHandle};

use super::labels::kind_words;
use super::sentences::{Sentence, sentence};
use crate::staff::dates::instant_words;

/// An entry.
pub(super) struct Row {
    pub(super) seq: u64,
    /// To the second.
    pub(super) at: String,
    /// Who, as people read it.
    pub(super) who: String,
    /// Who, as the filter names them; empty for a resident.
    pub(super) maker: Box<str>,
    /// In which call; empty if in none.
    pub(super) call: String,
    pub(super) lines: Vec<Line>,
    /// How many more events it has than lines.
    pub(super) more_lines: usize,
}

/// An event.
pub(super) struct Line {
    pub(super) kind: &'static str,
    pub(super) says: String,
    /// The first people whom it is about.
    pub(super) people: Vec<Shown>,
    /// How many more it is about.
    pub(super) more: usize,
}

/// Somebody whom an entry is about.
pub(super) struct Shown {
    pub(super) no: ResidentNo,
    /// Empty if it is not shown or was erased.
    pub(super) name: String,
}

/// How much of an entry is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// So many events of it.
    pub(super) lines_max: usize,
    /// So many people of each event.
    pub(super) people_max: usize,
    /// Nobody but this person, if there is one.
    pub(super) person: Option<ResidentNo>,
}

impl Row {
    pub(super) fn of(engine: &EngineHandle, seq: u64, entry: &Entry, extent: Extent) -> Self {
        let lines = entry.events.iter().take(extent.lines_max);
        let lines: Vec<Line> =
            lines.map(|event| Line::of(EventKind::of(event), sentence(engine, event), extent)).collect();
        Self {
            seq,
            at: with_seconds(entry.at),
            who: who(&entry.by),
            maker: maker(&entry.by),
            call: call(&entry.by),
            more_lines: entry.events.len() - lines.len(),
            lines,
        }
    }

    /// Everybody whom it names.
    pub(super) fn people(&self) -> impl Iterator<Item = ResidentNo> {
        self.lines.iter().flat_map(|line| line.people.iter().map(|shown| shown.no))
    }

    /// Says the names of those whose are in `names`.
    pub(super) fn name(&mut self, names: &HashMap<ResidentNo, String>) {
        for shown in self.lines.iter_mut().flat_map(|line| &mut line.people) {
            shown.name = names.get(&shown.no).cloned().unwrap_or_default();
        }
    }
}

impl Line {
    fn of(kind: EventKind, sentence: Sentence, extent: Extent) -> Self {
        let wanted = sentence.people.iter().filter(|no| extent.person.is_none_or(|person| person == **no));
        let people: Vec<Shown> =
            wanted.take(extent.people_max).map(|no| Shown { no: *no, name: String::new() }).collect();
        Self { kind: kind_words(kind), says: sentence.says, more: sentence.people_count - people.len(), people }
    }
}

/// Who made an entry, as people read it.
pub(super) fn who(by: &By) -> String {
    match by {
        By::Resident(_) => "本人".into(),
        By::Staff(login) | By::Call { login, .. } => login.to_string(),
        By::CommandLine { uid } => format!("コマンド（利用者番号{uid}）"),
        By::System => "システム".into(),
    }
}

fn maker(by: &By) -> Box<str> {
    match by {
        By::Resident(_) => "".into(),
        By::Staff(login) | By::Call { login, .. } => login.clone(),
        By::CommandLine { .. } => AuditQuery::COMMAND_LINE.into(),
        By::System => AuditQuery::SYSTEM.into(),
    }
}

/// In which call it was made; empty if in none.
pub(super) fn call(by: &By) -> String {
    match by {
        By::Call { call, .. } => call.to_string(),
        By::Resident(_) | By::Staff(_) | By::CommandLine { .. } | By::System => String::new(),
    }
}

/// An instant to the second.
pub(super) fn with_seconds(at: Instant) -> String {
    format!("{}:{:02}", instant_words(at), at.0.div_euclid(1_000).rem_euclid(60))
}
