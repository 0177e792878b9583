//! What can be wrong with a line of a file. The words for people are in `problem_text`.

use std::fmt;

use super::column::Column;
use super::date::Era;

/// The language in which a reason is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Japanese.
    Ja,
    /// English.
    En,
}

/// A problem with one line of a file: where, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// The physical line in the file, the header being 1; of a record over several lines, the first.
    pub line: u64,
    /// The column, unless the problem is with the line or the file as a whole.
    pub column: Option<Column>,
    /// What is wrong.
    pub reason: Reason,
}

/// A value from a file as it is shown to a clerk: one line of at most [`Shown::CHARS_MAX`] characters. It may be personal
/// data, so its `Debug` form, which may reach a log, hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// The most characters that are shown of a value.
    pub const CHARS_MAX: usize = 40;

    /// The beginning of `value`; control characters are shown as spaces, so that a message stays one line.
    #[must_use]
    pub fn new(value: &str) -> Self {
        let mut shown: String =
            value.chars().take(Self::CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
        if value.chars().nth(Self::CHARS_MAX).is_some() {
            shown.push('…');
        }
        Self(shown)
    }

    /// The shown text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(…)")
    }
}

/// Why a line, a header or a file is refused or flagged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the value found, and the limits that the variant names")]
pub enum Reason {
    /// The file has no content.
    FileEmpty,
    /// The file is larger than the reader takes.
    FileTooLarge { bytes_max: usize },
    /// The file is not text: it has NUL bytes, as UTF-16 and spreadsheet files do.
    FileNotText,
    /// A byte of this line is neither UTF-8 nor CP932.
    Undecodable,
    /// There are more rows than the reader takes.
    TooManyRows { rows_max: usize },
    /// The header lacks this column.
    ColumnMissing,
    /// The header has this column twice.
    ColumnTwice,
    /// The header has a column that this kind of file does not have.
    ColumnUnknown { name: Shown },
    /// The line has more or fewer fields than the header.
    FieldCount { found: usize, expected: usize },
    /// A field is so long that probably a quotation mark is not closed.
    FieldTooLong { chars_max: usize },
    /// The value may not be empty.
    ValueMissing,
    /// A value has more characters than allowed.
    TextTooLong { value: Shown, chars_max: usize },
    /// A value has a control character, such as a line break.
    ControlCharacter { value: Shown },
    /// A value has a 外字 (private use character), which other computers cannot show.
    PrivateUse { value: Shown, character: char },
    /// An ID has a character that is not a digit.
    IdNotDigits { value: Shown, character: char },
    /// An ID has too few or too many digits.
    IdLength { value: Shown, digits: usize },
    /// The ID is on an earlier line as well.
    IdTwice { value: Shown, first_line: u64 },
    /// Some IDs are of another length than most: leading zeros may be lost. A flag, not an error.
    MixedIdLengths { digits: usize, ids: usize, usual_digits: usize, usual_ids: usize },
    /// A kana name has another character.
    NotKana { value: Shown, character: char },
    /// A resident has more priority groups than allowed.
    TooManyGroups { groups_max: usize },
    /// The text is not a date in any known form.
    DateForm { value: Shown },
    /// There is no such date in the calendar.
    DateImpossible { value: Shown },
    /// Month or day is `00`, unknown: somebody has to decide what to enter.
    DateUndecided { value: Shown },
    /// The date is not in the era it names.
    DateOutsideEra { value: Shown, era: Era },
    /// The year is before or after the years that are accepted.
    DateOutOfRange { value: Shown },
    /// The date is after today.
    DateInFuture { value: Shown },
    /// The text is not a time of day.
    TimeForm { value: Shown },
    /// The text is not a date with a time.
    InstantForm { value: Shown },
    /// A session ends before or when it starts.
    EndNotAfterStart { value: Shown },
    /// The text is not a whole number between two bounds, both included.
    NumberForm { value: Shown, min: u32, max: u32 },
    /// The time of a session is not a whole number of slots.
    SlotsDoNotFit { session_minutes: u16, slot_minutes: u16 },
    /// More places are kept for the phone than there are.
    PhoneShareAboveCapacity { value: Shown, capacity: u32 },
    /// The text is not a list of doses.
    DosesForm { value: Shown },
    /// A list of doses names one of them twice.
    DoseRepeated { value: Shown, dose: u8 },
    /// An earlier line is about the same thing.
    RowTwice { first_line: u64 },
    /// An earlier line has the same name.
    NameTwice { value: Shown, first_line: u64 },
    /// An earlier line has a session of the same venue, date and vaccine at a time that overlaps.
    SessionsOverlap { first_line: u64 },
    /// The dose before this one is neither in the file nor on record.
    EarlierDoseMissing { dose: u8 },
    /// The first date of birth of a wave is after the last.
    BornFromAfterTo { value: Shown },
    /// The vaccine is not configured.
    VaccineUnknown { value: Shown, known: String },
    /// The vaccine's series has fewer doses.
    DoseBeyondSeries { dose: u8, doses: u8 },
    /// Nobody with this ID is on file.
    NotOnFile { value: Shown },
    /// The person has a live booking for the dose: somebody has to decide which is true.
    DoseBooked { dose: u8 },
    /// The dose is said to have been given before the person was born.
    DoseBeforeBirth { value: Shown },
    /// The session starts in the past. A flag, not an error.
    StartsInPast { value: Shown },
    /// Nobody on file is in this priority group. A flag, not an error.
    GroupOfNobody { value: Shown },
}

impl Reason {
    /// Whether a clerk has to decide about the value, rather than correct a mistake.
    #[must_use]
    pub const fn needs_decision(&self) -> bool {
        matches!(self, Self::DateUndecided { .. } | Self::DoseBooked { .. })
    }
}
