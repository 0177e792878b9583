//! A resident: the person on the roll, and the record of their bookings, doses and request keys.

use serde::{Deserialize, Serialize};

use super::event::{Entry, Event};
use super::ids::{BookingNumber, Channel, CityId, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo, VaccineId};
use super::time::{Day, Instant};

/// Personal data of a resident. It lies beside the journal, keyed by pseudonym, so that it can be erased.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The ID on the city's letter.
    pub id: CityId,
    /// The name in full-width kana.
    pub name_kana: Box<str>,
    /// The date of birth.
    pub birth_date: Day,
    /// The groups on the roll (区分).
    pub groups: Box<[Box<str>]>,
}

/// Personal data stays out of logs.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(…)")
    }
}

/// A granted place (予約).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// Its number, which never changes.
    pub number: BookingNumber,
    /// In which session.
    pub session: SessionId,
    /// In which slot.
    pub slot: SlotNo,
    /// For which dose.
    pub dose: DoseNo,
    /// The session's date; kept here because intervals are about dates.
    pub date: Day,
    /// The session's vaccine.
    pub vaccine: VaccineId,
    /// By which way it was made or last moved.
    pub channel: Channel,
    /// Where it stands.
    pub state: BookingState,
}

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BookingState {
    /// The place is kept.
    Booked,
    /// Given back by the resident, or by an operator for them.
    Cancelled,
    /// Cancelled because the city cancelled the session.
    CancelledByCity,
    /// The person is in the venue.
    CheckedIn,
    /// The dose was given.
    Vaccinated,
    /// The person did not come: the place was used, the dose was not.
    NoShow,
}

impl BookingState {
    /// Whether the booking stands for a dose: one live booking per resident per dose.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Booked | Self::CheckedIn | Self::Vaccinated)
    }

    /// Whether the booking uses a place: a no-show does.
    #[must_use]
    pub const fn uses_place(self) -> bool {
        self.is_live() || matches!(self, Self::NoShow)
    }

    /// The stable name in answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Cancelled => "cancelled",
            Self::CancelledByCity => "cancelled_by_city",
            Self::CheckedIn => "checked_in",
            Self::Vaccinated => "vaccinated",
            Self::NoShow => "no_show",
        }
    }
}

/// A dose that was given outside of this system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoseElsewhere {
    /// Which dose.
    pub dose: DoseNo,
    /// When.
    pub date: Day,
    /// Which vaccine.
    pub vaccine: VaccineId,
}

/// A place as a request names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Leg {
    /// In which session.
    pub session: SessionId,
    /// In which slot.
    pub slot: SlotNo,
    /// For which dose.
    pub dose: DoseNo,
}

/// What a request that carries a key asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Book one dose, or two consecutive ones.
    Book(Vec<Leg>),
    /// Move a booking.
    Move {
        /// Which booking.
        number: BookingNumber,
        /// To which session.
        session: SessionId,
        /// To which slot.
        slot: SlotNo,
    },
}

/// A request key that booked, with its first answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// The key.
    pub key: RequestKey,
    /// When it booked.
    pub at: Instant,
    /// Whether it moved a booking instead of making one.
    pub moved: bool,
    /// The bookings as they were granted.
    pub answer: Vec<Granted>,
}

/// A booking at the moment of its grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The booking's number.
    pub number: BookingNumber,
    /// The place.
    pub leg: Leg,
}

impl KeyRecord {
    /// How long a key is remembered, in days.
    pub const DAYS_KEPT: i64 = 7;

    /// Whether `request` is the one that this key stands for.
    #[must_use]
    pub fn is_for(&self, request: &Request) -> bool {
        match request {
            Request::Book(legs) => !self.moved && self.answer.iter().map(|granted| &granted.leg).eq(legs),
            Request::Move { number, session, slot } => {
                self.moved
                    && self.answer.iter().all(|granted| {
                        granted.number == *number && granted.leg.session == *session && granted.leg.slot == *slot
                    })
            }
        }
    }

    const fn is_kept(&self, now: Instant) -> bool {
        now.ms_since(self.at) < Self::DAYS_KEPT * 24 * 60 * 60 * 1_000
    }
}

/// A login that was ended before its token expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedLogin {
    /// Which token.
    pub token: u64,
    /// When the token would have expired; after that it need not be remembered.
    pub expires_at: Instant,
}

/// Everything durable about a resident but their personal data and password: the fold of the journal's entries about them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResidentRecord {
    /// The sequence number of the last entry that changed this record: entries up to it are in it.
    pub version: u64,
    /// Whether the person has left the roll: they keep their bookings and cannot book.
    pub left_roll: bool,
    /// Grows when a password is issued again: older tokens end.
    pub credential_generation: u32,
    /// Tokens issued before this instant have ended, whatever they say.
    pub tokens_not_before: Instant,
    /// All bookings ever made, oldest first.
    pub bookings: Vec<Booking>,
    /// Doses given elsewhere.
    pub elsewhere: Vec<DoseElsewhere>,
    /// Request keys of the last days, oldest first.
    pub keys: Vec<KeyRecord>,
    /// Logins ended early, oldest first.
    pub ended_logins: Vec<EndedLogin>,
}

impl ResidentRecord {
    /// How many keyed changes a resident can make within [`KeyRecord::DAYS_KEPT`] days.
    pub const KEYS_MAX: usize = 64;
    /// How many ended logins are remembered one by one; one more ends all of the resident's logins.
    pub const ENDED_LOGINS_MAX: usize = 16;

    /// The booking `number`, if it is this resident's.
    #[must_use]
    pub fn booking(&self, number: BookingNumber) -> Option<&Booking> {
        self.bookings.iter().find(|booking| booking.number == number)
    }

    /// The live booking for `dose`.
    #[must_use]
    pub fn live(&self, dose: DoseNo) -> Option<&Booking> {
        self.bookings.iter().find(|booking| booking.dose == dose && booking.state.is_live())
    }

    /// When and with what `dose` was or will be given, here or elsewhere.
    #[must_use]
    pub fn dose_given(&self, dose: DoseNo) -> Option<(Day, VaccineId)> {
        let here = self.live(dose).map(|booking| (booking.date, booking.vaccine));
        here.or_else(|| self.elsewhere.iter().find(|given| given.dose == dose).map(|given| (given.date, given.vaccine)))
    }

    /// What `key` booked, if it is remembered at `now`.
    #[must_use]
    pub fn key(&self, key: &RequestKey, now: Instant) -> Option<&KeyRecord> {
        self.keys.iter().find(|record| record.key == *key && record.is_kept(now))
    }

    /// How many keys are remembered at `now`.
    #[must_use]
    pub fn keys_kept(&self, now: Instant) -> usize {
        self.keys.iter().filter(|record| record.is_kept(now)).count()
    }

    /// Whether the token `token`, issued at `issued_at` for `generation`, still stands.
    #[must_use]
    pub fn token_stands(&self, token: u64, generation: u32, issued_at: Instant) -> bool {
        generation == self.credential_generation
            && issued_at >= self.tokens_not_before
            && !self.ended_logins.iter().any(|ended| ended.token == token)
    }

    /// Applies the parts of entry `seq` that are about `resident`. An entry that is already in the record changes nothing,
    /// so that a table written later than its mark can be replayed over.
    ///
    /// # Panics
    /// If the journal contradicts itself: a second live booking for a dose, a change of a booking that is not there.
    pub fn apply(&mut self, seq: u64, resident: ResidentNo, entry: &Entry) {
        if seq <= self.version {
            return;
        }
        self.version = seq;
        let mut granted = Vec::new();
        let mut moved = false;
        for event in &entry.events {
            match event {
                Event::Booked { resident: owner, booking } if *owner == resident => {
                    assert!(self.live(booking.dose).is_none(), "two live bookings of one dose for resident {resident}");
                    self.bookings.push(*booking);
                    granted.push(Granted { number: booking.number, leg: booking.leg() });
                }
                Event::Moved { resident: owner, to, .. } if *owner == resident => {
                    *self.booking_mut(to.number) = *to;
                    granted.push(Granted { number: to.number, leg: to.leg() });
                    moved = true;
                }
                Event::Cancelled { resident: owner, booking, state } if *owner == resident => {
                    self.booking_mut(booking.number).state = *state;
                }
                Event::DoseRecorded { resident: owner, given } if *owner == resident => {
                    self.elsewhere.retain(|old| old.dose != given.dose);
                    self.elsewhere.push(*given);
                }
                Event::LoginEnded { resident: owner, ended } if *owner == resident => self.end_login(*ended, entry.at),
                Event::RollImported { gone, added, changed, .. } => {
                    if gone.contains(resident) {
                        self.left_roll = true;
                    } else if added.contains(resident) || changed.contains(resident) {
                        self.left_roll = false;
                    }
                }
                Event::PasswordsIssued { residents } if residents.contains(resident) => {
                    self.credential_generation += 1;
                    self.ended_logins.clear();
                }
                _ => {}
            }
        }
        if let Some(key) = &entry.key
            && !granted.is_empty()
        {
            self.keys.retain(|record| record.is_kept(entry.at));
            self.keys.push(KeyRecord { key: key.clone(), at: entry.at, moved, answer: granted });
        }
    }

    fn booking_mut(&mut self, number: BookingNumber) -> &mut Booking {
        let found = self.bookings.iter_mut().find(|booking| booking.number == number);
        found.expect("the journal changes only bookings that it made")
    }

    fn end_login(&mut self, ended: EndedLogin, now: Instant) {
        self.ended_logins.retain(|old| old.expires_at > now);
        if self.ended_logins.len() == Self::ENDED_LOGINS_MAX {
            self.ended_logins.clear();
            self.tokens_not_before = now;
        } else {
            self.ended_logins.push(ended);
        }
    }
}

impl Booking {
    /// The place that the booking has.
    #[must_use]
    pub const fn leg(&self) -> Leg {
        Leg { session: self.session, slot: self.slot, dose: self.dose }
    }
}
