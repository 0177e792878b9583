//! Places as the forms of a call name them, and what is being looked for.

use sesshu_engine::core::ids::{BookingNumber, DoseNo};
use sesshu_engine::core::leg::{Leg, Legs};

use super::call::OnLine;
use crate::public::pages::place::{read_legs, write_legs};
use crate::staff::problem::StaffProblem;

/// What is being looked for: one dose, the first or second half of a pair, or another place for a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// This dose alone.
    Dose(DoseNo),
    /// This dose, and the next one afterwards.
    PairFirst(DoseNo),
    /// The dose after this place, in one request with it.
    PairSecond(Leg),
    /// Another place for this booking of this dose.
    Move(BookingNumber, DoseNo),
}

impl Wish {
    /// The dose that is chosen now.
    pub(super) fn dose(&self) -> Option<DoseNo> {
        match self {
            Self::Dose(dose) | Self::PairFirst(dose) | Self::Move(_, dose) => Some(*dose),
            Self::PairSecond(first) => first.dose.next(),
        }
    }

    /// The booking that moves.
    pub(super) const fn changes(&self) -> Option<BookingNumber> {
        match self {
            Self::Move(number, _) => Some(*number),
            Self::Dose(_) | Self::PairFirst(_) | Self::PairSecond(_) => None,
        }
    }

    /// What was looked for when `legs` were found: where one goes back to.
    pub(super) fn of(legs: &[Leg], changes: Option<BookingNumber>) -> Option<Self> {
        match (legs, changes) {
            ([leg], Some(number)) => Some(Self::Move(number, leg.dose)),
            ([leg], None) => Some(Self::Dose(leg.dose)),
            ([first, ..], _) => Some(Self::PairFirst(first.dose)),
            ([], _) => None,
        }
    }

    /// The address of its choice, below that of the person.
    pub(super) fn href(&self, base: &str) -> String {
        match self {
            Self::Dose(dose) => format!("{base}/places?dose={dose}"),
            Self::PairFirst(dose) => format!("{base}/places?dose={dose}&pair=yes"),
            Self::PairSecond(first) => format!("{base}/places?with={}", write_legs(&[*first])),
            Self::Move(number, _) => format!("{base}/places?changes={number}"),
        }
    }
}

/// The places that a form names.
pub(super) fn legs_of(text: &str) -> Result<Legs, StaffProblem> {
    read_legs(text).map_err(|_| StaffProblem::Invalid("枠の指定を読み取れませんでした。".into()))
}

/// One place that a form names.
pub(super) fn leg_of(text: &str) -> Result<Leg, StaffProblem> {
    match *legs_of(text)? {
        [leg] => Ok(leg),
        _ => Err(StaffProblem::Invalid("枠の指定を読み取れませんでした。".into())),
    }
}

/// The booking of the person on the line that a form or an address names; anybody else's is not there.
pub(super) fn own_number(line: &OnLine, text: &str) -> Result<BookingNumber, StaffProblem> {
    let number: BookingNumber = text.parse().map_err(|_| StaffProblem::NotFound)?;
    let own = line.who.me.bookings.iter().any(|booking| booking.number == number);
    if own { Ok(number) } else { Err(StaffProblem::NotFound) }
}

/// The same where a form may name none.
pub(super) fn changes_of(line: &OnLine, text: &str) -> Result<Option<BookingNumber>, StaffProblem> {
    if text.is_empty() { Ok(None) } else { own_number(line, text).map(Some) }
}
