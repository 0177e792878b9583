//! Which rows beside the journal an entry speaks of: they are written in its commit, and a delta carries them along.

use crate::core::event::{Entry, Event};
use crate::core::ids::ResidentNo;

/// What an entry does to a row beside the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Touched<'a> {
    /// Personal data was put.
    Person(ResidentNo),
    /// A password was put.
    Password(ResidentNo),
    /// A contact was put.
    Contact(ResidentNo),
    /// A contact was erased.
    ContactGone(ResidentNo),
    /// Everything about a person was erased.
    Erased(ResidentNo),
    /// The secrets of an account were put, or are as before.
    Staff(&'a str),
}

impl<'a> Touched<'a> {
    /// Calls `each` for every row that `entry` speaks of, in its order.
    pub(super) fn by(entry: &'a Entry, mut each: impl FnMut(Self)) {
        for event in &entry.events {
            match event {
                Event::RollImported { added, changed, .. } => {
                    added.iter().chain(changed.iter()).map(Self::Person).for_each(&mut each);
                }
                Event::PasswordsIssued { residents } => residents.iter().map(Self::Password).for_each(&mut each),
                Event::ContactGiven { resident } => each(Self::Contact(*resident)),
                Event::ContactDeleted { resident } => each(Self::ContactGone(*resident)),
                Event::PeopleErased { residents } => residents.iter().map(Self::Erased).for_each(&mut each),
                Event::StaffChanged { login, .. } => each(Self::Staff(login)),
                _ => {}
            }
        }
    }
}
