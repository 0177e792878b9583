//! The row of a resident's record. Like the setup's (`setup_row.rs`) it grows at its end, and a record that does not use what was added is
//! written as the first format has it: a roll of people who never waited is stored, and digested, as it always was.

use super::LoadError;
use super::codec::{FORMAT, decode_grown, encode_row};
use crate::core::resident::ResidentRecord;

/// The row's second format: the first one and [`UNUSED`].
const GROWN_FORMAT: u8 = FORMAT + 1;
/// What stands behind the first format, as long as nothing of it is used: the person came for no opening.
const UNUSED: &[u8] = &[0];

/// The row of `record`, in the oldest format that can hold it.
pub(super) fn encode_resident(record: &ResidentRecord) -> Vec<u8> {
    let mut row = encode_row(record);
    if record.arrived.is_none() {
        row.truncate(row.len() - UNUSED.len());
    } else {
        row[0] = GROWN_FORMAT;
    }
    row
}

/// Reads what [`encode_resident`] wrote, also by an earlier version.
pub(super) fn decode_resident(row: &[u8], no: u64) -> Result<ResidentRecord, LoadError> {
    decode_grown(row, GROWN_FORMAT, UNUSED, "resident", no)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::line::Arrival;
    use crate::core::time::Instant;

    #[test]
    fn a_record_of_somebody_who_never_waited_stays_of_the_first_format() {
        let record = ResidentRecord { version: 300, gone_since: Some(Instant(64)), ..ResidentRecord::default() };
        let row = encode_resident(&record);
        // As it was written before there was anything behind the day on which a person was missing.
        assert_eq!((row[0], &row[row.len() - 3..]), (1, &[1, 0x80, 1][..]));
        assert_eq!(decode_resident(&row, 0).expect("it is read"), record);
    }

    #[test]
    fn an_arrival_makes_a_row_of_the_second_format() {
        let arrived = Some(Arrival { opening: Instant(64), at: Instant(-1) });
        let record = ResidentRecord { version: 300, arrived, ..ResidentRecord::default() };
        let mut row = encode_resident(&record);
        assert_eq!((row[0], &row[row.len() - 5..]), (2, &[0, 1, 0x80, 1, 1][..]));
        assert_eq!(decode_resident(&row, 0).expect("it is read"), record);
        row[0] = 3;
        assert!(matches!(decode_resident(&row, 0), Err(LoadError::NewerFormat { found: 3, known: 2 })));
        row[0] = 1;
        assert!(matches!(decode_resident(&row, 0), Err(LoadError::Damaged { .. })));
    }
}
