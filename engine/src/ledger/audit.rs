//! The audit's index: which entries others than residents made, and about whom. It is written in the commit of the entries themselves and only names
//! them; the journal says what they are. So "whom did this account see" and "who saw this person" need no walk through the journal.
//!
//! Its tables are not sealed and not read at the start: `verify` holds them against the journal.

use std::collections::BTreeSet;

use crate::core::event::{By, Entry, Event};
use crate::core::ids::ResidentNo;

/// What the index calls whoever works at the command line. No login has a space.
pub const COMMAND_LINE: &str = "command line";
/// What the index calls Sesshu itself.
pub const SYSTEM: &str = "the system";

/// An entry that was not made by a resident for themself, as the audit's index names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its sequence number.
    pub seq: u64,
    /// Who made it: a login, or [`COMMAND_LINE`], or [`SYSTEM`].
    pub maker: Box<str>,
    /// The people whom it is about. Imports, issued passwords and erasures name too many to be listed one by one; who came for an
    /// opening came by themself, and in a rush.
    pub people: BTreeSet<ResidentNo>,
}

impl AuditRow {
    /// The row of entry `seq`, if it has one.
    #[must_use]
    pub fn of(seq: u64, entry: &Entry) -> Option<Self> {
        let maker = match &entry.by {
            By::Resident(_) => return None,
            By::Staff(login) | By::Call { login, .. } => login.clone(),
            By::CommandLine { .. } => COMMAND_LINE.into(),
            By::System => SYSTEM.into(),
        };
        let mut people = BTreeSet::new();
        for event in &entry.events {
            match event {
                Event::PersonViewed { resident, .. } => {
                    people.insert(*resident);
                }
                Event::PeopleViewed { residents, .. } => people.extend(residents.iter()),
                Event::RollImported { .. }
                | Event::PasswordsIssued { .. }
                | Event::PeopleErased { .. }
                | Event::Arrived { .. } => {}
                event => event.for_each_resident(|no| {
                    people.insert(no);
                }),
            }
        }
        Some(Self { seq, maker, people })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::staff::View;
    use crate::core::time::Instant;

    fn entry(by: By, events: Vec<Event>) -> Entry {
        Entry { at: Instant(1), by, key: None, events }
    }

    #[test]
    fn what_residents_do_themselves_is_not_in_the_index_and_what_staff_do_is() {
        let (me, other) = (ResidentNo(3), ResidentNo(7));
        assert_eq!(AuditRow::of(1, &entry(By::Resident(me), vec![Event::ContactGiven { resident: me }])), None);
        let viewed = Event::PeopleViewed { residents: [me, other].into_iter().collect(), view: View::DayList };
        let row = AuditRow::of(2, &entry(By::Staff("sato".into()), vec![viewed])).expect("a row");
        assert_eq!((&*row.maker, row.people), ("sato", [me, other].into()));
        let deleted = vec![Event::ContactDeleted { resident: me }];
        let row = AuditRow::of(3, &entry(By::CommandLine { uid: 0 }, deleted)).expect("a row");
        assert_eq!((&*row.maker, row.people), (COMMAND_LINE, [me].into()));
        let row = AuditRow::of(4, &entry(By::System, Vec::new())).expect("a row");
        assert_eq!((&*row.maker, row.people.len()), (SYSTEM, 0));
    }
}
