//! Drafts of vaccination sessions (接種会), as the city plans them in a spreadsheet.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use crate::core::ids::DoseNo;
use crate::core::time::{ClockTime, Day};

use super::clock_time::parse_clock_time;
use super::column::Column;
use super::date::parse_date;
use super::number::{parse_doses_list, parse_number};
use super::problem::{LineError, Reason, Shown};
use super::table::{ParsedFile, Row, Wanted, optional, parse_name, read_table, read_typed, required};

/// How long a slot may be, in minutes.
pub const SLOT_MINUTES: RangeInclusive<u32> = 5..=480;
/// The most places per slot.
pub const CAPACITY_MAX: u32 = 10_000;

const _: () = assert!(*SLOT_MINUTES.end() <= u16::MAX as u32);

/// One session, as the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The physical line in the file.
    pub line: u64,
    /// The name of the venue.
    pub venue: String,
    /// The date.
    pub date: Day,
    /// When the first slot begins.
    pub start: ClockTime,
    /// When the last slot ends, after `start` by a whole number of slots.
    pub end: ClockTime,
    /// The length of a slot, in minutes.
    pub slot_minutes: u16,
    /// Places per slot, 1 to [`CAPACITY_MAX`].
    pub capacity: u32,
    /// The vaccine.
    pub vaccine: String,
    /// The doses that are given, ascending; at least one.
    pub doses: Vec<DoseNo>,
    /// Places per slot kept for the phone, at most `capacity`; none if the file does not say.
    pub phone_share: Option<u32>,
}

/// The sessions of a file.
pub type SessionsFile = ParsedFile<SessionRow>;

const COLUMNS: [Wanted; 9] = [
    required(Column::Venue),
    required(Column::Date),
    required(Column::Start),
    required(Column::End),
    required(Column::SlotMinutes),
    required(Column::Capacity),
    required(Column::Vaccine),
    required(Column::Doses),
    optional(Column::PhoneShare),
];

/// The time and the line of a session that was read before.
struct Earlier {
    start: ClockTime,
    end: ClockTime,
    line: u64,
}

/// Reads drafts of sessions. A second session of the same venue, date and vaccine must not overlap the first in time.
#[must_use]
pub fn parse_sessions(bytes: &[u8]) -> SessionsFile {
    // As they do not overlap, a day has room for few: looking at all of them is quick.
    let mut by_day: HashMap<(String, Day, String), Vec<Earlier>> = HashMap::new();
    read_table(bytes, &COLUMNS, |row, errors| {
        let session = read_session(row, errors)?;
        let (start, end) = (session.start, session.end);
        let key = (session.venue.clone(), session.date, session.vaccine.clone());
        let others = by_day.entry(key).or_default();
        match others.iter().find(|other| other.start < end && start < other.end) {
            Some(&Earlier { start: same, line: first_line, .. }) if same == start => {
                errors.push(row.error(None, Reason::RowTwice { first_line }));
                None
            }
            Some(&Earlier { line: first_line, .. }) => {
                errors.push(row.error(Some(Column::Start), Reason::SessionsOverlap { first_line }));
                None
            }
            None => {
                others.push(Earlier { start, end, line: row.line });
                Some(session)
            }
        }
    })
}

/// A session as it is typed into a form: the fields of a line of the file.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "the fields are those of the file")]
pub struct TypedSession<'a> {
    pub venue: &'a str,
    pub date: &'a str,
    pub start: &'a str,
    pub end: &'a str,
    pub slot_minutes: &'a str,
    pub capacity: &'a str,
    pub vaccine: &'a str,
    pub doses: &'a str,
    pub phone_share: &'a str,
}

/// Reads a session that was typed, or says all that is wrong with it, column by column.
pub fn parse_typed_session(typed: &TypedSession<'_>) -> Result<SessionRow, Vec<LineError>> {
    let fields = [
        (Column::Venue, typed.venue),
        (Column::Date, typed.date),
        (Column::Start, typed.start),
        (Column::End, typed.end),
        (Column::SlotMinutes, typed.slot_minutes),
        (Column::Capacity, typed.capacity),
        (Column::Vaccine, typed.vaccine),
        (Column::Doses, typed.doses),
        (Column::PhoneShare, typed.phone_share),
    ];
    read_typed(&fields, read_session)
}

fn read_session(row: &Row<'_>, errors: &mut Vec<LineError>) -> Option<SessionRow> {
    let venue = row.read(Column::Venue, errors, parse_name);
    let date = row.read(Column::Date, errors, |text| parse_date(text).map_err(|problem| problem.reason(text)));
    let start = row.read(Column::Start, errors, clock);
    let end = row.read(Column::End, errors, |text| {
        let end = clock(text)?;
        if start.is_some_and(|start| end <= start) {
            return Err(Reason::EndNotAfterStart { value: Shown::new(text.trim()) });
        }
        Ok(end)
    });
    let slot_minutes = row.read(Column::SlotMinutes, errors, |text| {
        let slot_minutes = parse_number(text, &SLOT_MINUTES)? as u16;
        if let (Some(start), Some(end)) = (start, end) {
            let session_minutes = end.0 - start.0;
            if session_minutes % slot_minutes != 0 {
                return Err(Reason::SlotsDoNotFit { session_minutes, slot_minutes });
            }
        }
        Ok(slot_minutes)
    });
    let capacity = row.read(Column::Capacity, errors, |text| parse_number(text, &(1..=CAPACITY_MAX)));
    let vaccine = row.read(Column::Vaccine, errors, parse_name);
    let doses = row.read(Column::Doses, errors, parse_doses_list);
    let phone_share = row.read(Column::PhoneShare, errors, |text| {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let share = parse_number(text, &(0..=CAPACITY_MAX))?;
        match capacity {
            Some(capacity) if share > capacity => {
                Err(Reason::PhoneShareAboveCapacity { value: Shown::new(text.trim()), capacity })
            }
            _ => Ok(Some(share)),
        }
    });
    Some(SessionRow {
        line: row.line,
        venue: venue?,
        date: date?,
        start: start?,
        end: end?,
        slot_minutes: slot_minutes?,
        capacity: capacity?,
        vaccine: vaccine?,
        doses: doses?,
        phone_share: phone_share?,
    })
}

fn clock(text: &str) -> Result<ClockTime, Reason> {
    if text.trim().is_empty() {
        return Err(Reason::ValueMissing);
    }
    parse_clock_time(text).ok_or_else(|| Reason::TimeForm { value: Shown::new(text.trim()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: &str = "venue,date,start,end,slot_minutes,capacity,vaccine,doses,phone_share";

    fn sessions(lines: &str) -> SessionsFile {
        parse_sessions(format!("{HEADER}\n{lines}").as_bytes())
    }

    #[test]
    fn a_session_is_read_in_either_language() {
        let japanese = "会場,日付,開始,終了,枠分,定員,ワクチン,回数\r\n文化ホール,令和8年12月5日,9時30分,12時,３０,20,コミナティ,1；2\r\n";
        let english = sessions("文化ホール,2026-12-05,9:30,12:00,30,20,コミナティ,2;1,\n");
        assert_eq!(english.errors, []);
        assert_eq!(parse_sessions(japanese.as_bytes()), english);
        let row = &english.rows[0];
        assert_eq!((row.line, row.slot_minutes, row.capacity, row.phone_share), (2, 30, 20, None));
        assert_eq!(sessions("a,2026-12-05,9:30,24:00,30,20,b,1,20\n").rows[0].phone_share, Some(20));
    }

    #[test]
    fn what_is_typed_is_read_as_a_line_of_the_file() {
        let typed = TypedSession {
            venue: "a",
            date: "令和8年12月5日",
            start: "9:30",
            end: "12:00",
            slot_minutes: "30",
            capacity: "20",
            vaccine: "b",
            doses: "1;2",
            phone_share: "",
        };
        let line = sessions("a,2026-12-05,9:30,12:00,30,20,b,1;2,\n").rows.remove(0);
        assert_eq!(parse_typed_session(&typed), Ok(SessionRow { line: 1, ..line }));
        let wrong = parse_typed_session(&TypedSession { date: "", slot_minutes: "31", ..typed });
        let columns: Vec<_> = wrong.expect_err("two fields are wrong").iter().map(|error| error.column).collect();
        assert_eq!(columns, [Some(Column::Date), Some(Column::SlotMinutes)]);
        let long = "a".repeat(2_000);
        assert!(parse_typed_session(&TypedSession { venue: &long, ..typed }).is_err());
    }

    #[test]
    fn wrong_values_are_reported_by_column() {
        let shown = Shown::new;
        let cases = [
            (",2026-12-05,9:00,12:00,30,20,v,1,", Column::Venue, Reason::ValueMissing),
            ("a,2026-13-05,9:00,12:00,30,20,v,1,", Column::Date, Reason::DateImpossible { value: shown("2026-13-05") }),
            ("a,2026-12-05,9,12:00,30,20,v,1,", Column::Start, Reason::TimeForm { value: shown("9") }),
            ("a,2026-12-05,9:00,9:00,30,20,v,1,", Column::End, Reason::EndNotAfterStart { value: shown("9:00") }),
            ("a,2026-12-05,9:00,,30,20,v,1,", Column::End, Reason::ValueMissing),
            (
                "a,2026-12-05,9:00,12:00,4,20,v,1,",
                Column::SlotMinutes,
                Reason::NumberForm { value: shown("4"), min: 5, max: 480 },
            ),
            (
                "a,2026-12-05,9:00,12:00,50,20,v,1,",
                Column::SlotMinutes,
                Reason::SlotsDoNotFit { session_minutes: 180, slot_minutes: 50 },
            ),
            (
                "a,2026-12-05,9:00,12:00,240,20,v,1,",
                Column::SlotMinutes,
                Reason::SlotsDoNotFit { session_minutes: 180, slot_minutes: 240 },
            ),
            (
                "a,2026-12-05,9:00,12:00,30,0,v,1,",
                Column::Capacity,
                Reason::NumberForm { value: shown("0"), min: 1, max: 10_000 },
            ),
            ("a,2026-12-05,9:00,12:00,30,20,,1,", Column::Vaccine, Reason::ValueMissing),
            ("a,2026-12-05,9:00,12:00,30,20,v,0,", Column::Doses, Reason::DosesForm { value: shown("0") }),
            (
                "a,2026-12-05,9:00,12:00,30,20,v,1;1,",
                Column::Doses,
                Reason::DoseRepeated { value: shown("1;1"), dose: 1 },
            ),
            (
                "a,2026-12-05,9:00,12:00,30,20,v,1,21",
                Column::PhoneShare,
                Reason::PhoneShareAboveCapacity { value: shown("21"), capacity: 20 },
            ),
        ];
        for (line, column, reason) in cases {
            assert_eq!(sessions(line).errors, [LineError { line: 2, column: Some(column), reason }], "{line}");
        }
    }

    #[test]
    fn the_same_session_twice_names_the_first_line() {
        let file = sessions(
            "a,2026-12-05,9:00,12:00,30,20,v,1,\na,2026-12-05,9:00,12:00,30,20,w,1,\na,2026/12/5,09:00,13:00,30,5,v,2,\n",
        );
        assert_eq!(file.errors, [LineError { line: 4, column: None, reason: Reason::RowTwice { first_line: 2 } }]);
        assert_eq!(file.rows.len(), 2);
    }

    #[test]
    fn sessions_of_one_venue_date_and_vaccine_must_not_overlap() {
        let file = sessions(concat!(
            "a,2026-12-05,9:00,12:00,30,20,v,1,\n",
            "a,2026-12-05,12:00,13:00,30,20,v,1,\n",
            "a,2026-12-05,8:00,9:30,30,20,v,2,\n",
            "b,2026-12-05,8:00,9:30,30,20,v,1,\n",
            "a,2026-12-06,8:00,9:30,30,20,v,1,\n",
            "a,2026-12-05,8:00,9:30,30,20,w,1,\n",
            "a,2026-12-05,12:30,14:00,30,20,v,1,\n",
            "a,2026-12-05,8:00,9:00,30,20,v,1,\n",
        ));
        let overlap = |line, first_line| LineError {
            line,
            column: Some(Column::Start),
            reason: Reason::SessionsOverlap { first_line },
        };
        assert_eq!(file.errors, [overlap(4, 2), overlap(8, 3)]);
        assert_eq!(file.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3, 5, 6, 7, 9]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_sessions_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), line in "[a0-9:;,/-]{0,60}") {
            let _ = parse_sessions(&bytes);
            let _ = parse_sessions(&[HEADER.as_bytes(), b"\n", &bytes].concat());
            sessions(&line);
        }
    }
}
