//! The tables of a store and the keys of its single rows. `SEALED` names those that the seal adds up; the journal has its chain, and
//! `verify` holds the audit's index against it.

use redb::{TableDefinition, TableError, WriteTransaction};

pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
pub(super) const JOURNAL: TableDefinition<u64, &[u8]> = TableDefinition::new("journal");
pub(super) const PEOPLE: TableDefinition<u32, &[u8]> = TableDefinition::new("people");
pub(super) const PASSWORDS: TableDefinition<u32, &[u8]> = TableDefinition::new("passwords");
/// Contacts that people gave, by pseudonym; a row goes when the contact is deleted.
pub(super) const CONTACTS: TableDefinition<u32, &[u8]> = TableDefinition::new("contacts");
pub(super) const STAFF: TableDefinition<&str, &[u8]> = TableDefinition::new("staff");
pub(super) const RESIDENTS: TableDefinition<u32, &[u8]> = TableDefinition::new("residents");
pub(super) const SESSIONS: TableDefinition<u32, &[u8]> = TableDefinition::new("sessions");
/// One row: what everything else adds up to.
pub(super) const SEAL: TableDefinition<u32, &[u8]> = TableDefinition::new("seal");
pub(super) const SEAL_KEY: u32 = 0;

/// The audit's index: entries by the people whom they are about, and by who made them.
pub(super) const AUDIT_PEOPLE: TableDefinition<(u32, u64), ()> = TableDefinition::new("audit_people");
pub(super) const AUDIT_MAKERS: TableDefinition<(&str, u64), ()> = TableDefinition::new("audit_makers");

/// Nothing: its rows fill free pages for a moment, so that nothing is left of what was in them.
pub(super) const FILLER: TableDefinition<u64, &[u8]> = TableDefinition::new("filler");

pub(super) const FORMAT_KEY: &str = "format";
pub(super) const IDENTITY_KEY: &str = "identity";
pub(super) const SETUP_KEY: &str = "setup";
pub(super) const FOLDED_KEY: &str = "folded_seq";

/// A table whose rows an export holds.
pub(super) enum Exportable {
    /// Rows by name.
    Named(TableDefinition<'static, &'static str, &'static [u8]>),
    /// Rows by number.
    Numbered(TableDefinition<'static, u32, &'static [u8]>),
    /// The blocks.
    Journal,
}

/// What an export holds, in this order. The seal stands in its header, and the audit's index follows from the journal.
pub(super) static EXPORTED: &[Exportable] = &[
    Exportable::Named(META),
    Exportable::Named(STAFF),
    Exportable::Numbered(PEOPLE),
    Exportable::Numbered(PASSWORDS),
    Exportable::Numbered(CONTACTS),
    Exportable::Numbered(RESIDENTS),
    Exportable::Numbered(SESSIONS),
    Exportable::Journal,
];

/// Makes every table of a store.
pub(super) fn make_all(write: &WriteTransaction) -> Result<(), TableError> {
    write.open_table(META)?;
    write.open_table(SEAL)?;
    write.open_table(JOURNAL)?;
    write.open_table(AUDIT_PEOPLE)?;
    write.open_table(AUDIT_MAKERS)?;
    write.open_table(PEOPLE)?;
    write.open_table(PASSWORDS)?;
    write.open_table(STAFF)?;
    write.open_table(CONTACTS)?;
    write.open_table(RESIDENTS)?;
    write.open_table(SESSIONS)?;
    Ok(())
}
