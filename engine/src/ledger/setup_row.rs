//! The row of the setup. It grows at its end: what was added after the first format stands behind the rest, and a setup that does not use
//! it is written as the first format has it. So what lies in a city's safe is read by every later version, and its digest stays what it was.

use super::LoadError;
use super::codec::{FORMAT, decode_grown, encode_row};
use crate::core::campaign::Setup;

/// The row's second format: the first one and [`UNUSED`].
const GROWN_FORMAT: u8 = FORMAT + 1;
/// What stands behind the first format, as long as nothing of it is used: no switch's turn is noted, and nobody was ever let wait.
const UNUSED: &[u8] = &[0, 0];

/// The row of `setup`, in the oldest format that can hold it.
pub(super) fn encode_setup(setup: &Setup) -> Vec<u8> {
    let mut row = encode_row(setup);
    if is_of_first_format(setup) {
        row.truncate(row.len() - UNUSED.len());
    } else {
        row[0] = GROWN_FORMAT;
    }
    row
}

const fn is_of_first_format(setup: &Setup) -> bool {
    setup.switches_noted == 0 && setup.line.is_none()
}

/// Reads what [`encode_setup`] wrote, also by an earlier version.
pub(super) fn decode_setup(row: &[u8]) -> Result<Setup, LoadError> {
    decode_grown(row, GROWN_FORMAT, UNUSED, "setup", 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::draw::Place;
    use crate::core::line::LineState;
    use crate::core::time::Instant;

    fn noted(notices_noted: u64, switches_noted: u64) -> Setup {
        Setup { notices_noted, switches_noted, ..Setup::default() }
    }

    #[test]
    fn a_setup_of_the_first_format_stays_in_it_and_is_read() {
        let row = encode_setup(&noted(300, 0));
        // As it was written before there was anything behind the notices.
        assert_eq!((row[0], &row[row.len() - 2..]), (1, &[0xac, 2][..]));
        assert_eq!(decode_setup(&row).expect("it is read"), noted(300, 0));
    }

    #[test]
    fn what_was_added_makes_a_row_of_the_second_format() {
        let row = encode_setup(&noted(300, 7));
        assert_eq!((row[0], &row[row.len() - 4..]), (2, &[0xac, 2, 7, 0][..]));
        assert_eq!(decode_setup(&row).expect("it is read"), noted(300, 7));
        let line = LineState { opening: Instant(1), admitted: Place(5), open: true };
        let waited = Setup { line: Some(line), ..noted(300, 0) };
        let row = encode_setup(&waited);
        assert_eq!((row[0], &row[row.len() - 7..]), (2, &[0xac, 2, 0, 1, 2, 5, 1][..]));
        assert_eq!(decode_setup(&row).expect("it is read"), waited);
    }

    #[test]
    fn a_row_from_the_future_and_half_a_row_are_refused() {
        let mut row = encode_setup(&noted(1, 7));
        row.pop();
        assert!(matches!(decode_setup(&row), Err(LoadError::Damaged { .. })));
        row[0] = 3;
        assert!(matches!(decode_setup(&row), Err(LoadError::NewerFormat { found: 3, known: 2 })));
        assert!(matches!(decode_setup(&[]), Err(LoadError::Damaged { .. })));
    }
}
