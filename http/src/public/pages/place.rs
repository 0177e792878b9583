//! A place as a form names it, and as a page shows it.

use sesshu_engine::PlaceView;
use sesshu_engine::core::ids::{BookingNumber, DoseNo, SessionId, SlotNo};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::session::PublicState;
use sesshu_engine::view::BookingView;

use super::frame::Frame;
use crate::lang::{Text, fill};
use crate::problem::{Problem, Wrong};
use crate::public::api::days::read_dose;

/// The most legs that a form names.
const LEGS_MAX: usize = 2;

/// `session-slot-dose`, with commas between two.
pub(crate) fn write_legs(legs: &[Leg]) -> String {
    let write = |leg: &Leg| format!("{}-{}-{}", leg.session, leg.slot, leg.dose);
    legs.iter().map(write).collect::<Vec<_>>().join(",")
}

/// Reads what [`write_legs`] wrote: one dose, or two consecutive ones.
pub(crate) fn read_legs(text: &str) -> Result<Legs, Problem> {
    let legs: Option<Vec<Leg>> = text.split(',').take(LEGS_MAX + 1).map(read_leg).collect();
    legs.and_then(|legs| Legs::of(&legs)).ok_or_else(|| Problem::invalid(Wrong::field("place")))
}

fn read_leg(text: &str) -> Option<Leg> {
    let mut parts = text.splitn(3, '-');
    let session: SessionId = parts.next()?.parse().ok()?;
    let slot: SlotNo = parts.next()?.parse().ok()?;
    let dose = read_dose(parts.next()?).ok()?;
    Some(Leg { session, slot, dose })
}

/// A place, with or without a booking, in words.
pub(crate) struct PlaceText {
    pub(crate) when: Text,
    pub(crate) venue: Text,
    pub(crate) dose: Text,
    pub(crate) vaccine: Text,
    pub(crate) found: Option<FoundText>,
}

/// How to find a venue.
pub(crate) struct FoundText {
    pub(crate) address: Text,
    /// A map, and the words of the link to it.
    pub(crate) map: Option<(Box<str>, Text)>,
    pub(crate) access: Option<Text>,
}

impl PlaceText {
    pub(crate) fn of_place(f: &Frame<'_>, place: &PlaceView) -> Self {
        Self {
            when: f.text(f.lang.window(place.date, place.start, place.end)),
            venue: f.japanese(&place.venue.name),
            dose: dose_text(f, place.dose),
            vaccine: f.japanese(&place.vaccine),
            found: FoundText::of(f, &place.venue.name),
        }
    }

    pub(crate) fn of_booking(f: &Frame<'_>, booking: &BookingView) -> Self {
        Self {
            when: f.text(f.lang.window(booking.date, booking.start, booking.end)),
            venue: f.japanese(&booking.venue.name),
            dose: dose_text(f, booking.dose),
            vaccine: f.japanese(&booking.vaccine),
            found: FoundText::of(f, &booking.venue.name),
        }
    }
}

impl FoundText {
    /// What the city says about the venue of this name.
    pub(crate) fn of(f: &Frame<'_>, venue: &str) -> Option<Self> {
        let details = f.site.venues.get(venue)?;
        let map = details.map_url.clone().map(|url| (url, f.say1("place.map", "venue", venue)));
        Some(Self {
            address: f.worded(&details.address),
            map,
            access: details.access.as_ref().map(|words| f.worded(words)),
        })
    }
}

/// `1回目`, `dose 1`.
pub(crate) fn dose_text(f: &Frame<'_>, dose: DoseNo) -> Text {
    f.text(dose_markup(f, dose))
}

/// The same, for a longer text.
pub(crate) fn dose_markup(f: &Frame<'_>, dose: DoseNo) -> String {
    fill(&f.markup("word.dose").0, &[("dose", &dose.to_string())])
}

/// A booking's number of an address or a form.
pub(crate) fn read_number(text: &str) -> Result<BookingNumber, Problem> {
    crate::public::api::bookings::number(text)
}

/// Up to how many free places in a slot are few. How many there were is not known here.
pub(crate) const SLOT_FEW: u32 = 2;
/// Up to how many free places on a day are few.
pub(crate) const DAY_FEW: u32 = 5;

/// A sign and words for what is free on a day: colour is never alone.
pub(crate) fn day_text(f: &Frame<'_>, state: PublicState, free: u32) -> Text {
    match state {
        PublicState::Open if free > DAY_FEW => f.say1("state.open", "free", &free.to_string()),
        PublicState::Open => f.say1("state.few", "free", &free.to_string()),
        state => short_text(f, state, free, DAY_FEW),
    }
}

/// The same for a slot, in one line.
pub(crate) fn slot_text(f: &Frame<'_>, state: PublicState, free: u32) -> Text {
    match state {
        PublicState::Open if free > SLOT_FEW => f.say1("state.open_left", "free", &free.to_string()),
        PublicState::Open => f.say1("state.few_left", "free", &free.to_string()),
        state => short_text(f, state, free, SLOT_FEW),
    }
}

/// The same in short, without the number; up to `few` are few.
pub(crate) fn short_text(f: &Frame<'_>, state: PublicState, free: u32, few: u32) -> Text {
    f.say(match state {
        PublicState::BeforeOpen => "state.before_open",
        PublicState::Open if free > few => "state.open_short",
        PublicState::Open => "state.few_short",
        PublicState::Full => "state.full",
        PublicState::Closed => "state.closed",
        PublicState::Cancelled => "state.cancelled",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legs_survive_a_form() {
        let leg = |session, dose| Leg {
            session: SessionId(session),
            slot: SlotNo(4),
            dose: DoseNo::new(dose).expect("a dose"),
        };
        for legs in [vec![leg(12, 1)], vec![leg(12, 1), leg(99, 2)]] {
            assert_eq!(
                read_legs(&write_legs(&legs)).map_err(|problem| problem.code),
                Ok(Legs::of(&legs).expect("legs"))
            );
        }
        for wrong in [
            "",
            "1",
            "1-2",
            "1-2-0",
            "1-2-01",
            "1-2-+1",
            "01-2-1",
            "1-2-3-4",
            "a-b-c",
            "1-1-1,1-1-2,1-1-3",
            "1-1-1,",
            "1-0-1,2-0-1",
            "1-0-2,2-0-1",
        ] {
            assert!(read_legs(wrong).is_err(), "{wrong}");
        }
    }
}
