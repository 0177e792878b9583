//! A resident: the person on the roll, and the record of their bookings, doses and request keys.

use serde::{Deserialize, Serialize};

pub use super::booking::{Booking, BookingState};
use super::care::{Care, FollowedUp, GivenDose, LeftoverAsked};
use super::contact::ContactRecord;
use super::event::{Entry, Event};
use super::ids::{BookingNumber, CityId, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo, VaccineId};
use super::leg::{Leg, Legs};
use super::line::Arrival;
use super::time::{Day, Instant};
use crate::planted::{Bug, planted};

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

impl Person {
    /// Who is left when personal data was erased: nobody.
    #[must_use]
    pub fn erased() -> Self {
        Self { id: CityId::NONE, name_kana: "".into(), birth_date: Day(0), groups: Box::new([]) }
    }
}

/// Personal data stays out of logs.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(…)")
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

/// Two entries of the journal that cannot both be true: a bug, or damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// A second live booking of a dose.
    #[error("a second live booking of a dose")]
    SecondLiveBooking,
    /// A change of a booking that was never made.
    #[error("a change of a booking that was never made")]
    NoSuchBooking,
    /// A booking in a session or slot that was never drafted.
    #[error("a booking in a session or slot that was never drafted")]
    NoSuchSlot,
    /// A change for somebody who is not on file.
    #[error("a change for somebody who is not on file")]
    NobodyOnFile,
    /// A place freed that was not taken.
    #[error("a place freed that was not taken")]
    NotTaken,
}

/// What a request that carries a key asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Book one dose, or two consecutive ones.
    Book(Legs),
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
            Request::Book(_) if planted(Bug::KeyOfOtherContent) => true,
            Request::Book(legs) => !self.moved && self.answer.iter().map(|granted| &granted.leg).eq(legs.iter()),
            Request::Move { number, session, slot } => {
                let is_it = |it: &Granted| it.number == *number && it.leg.session == *session && it.leg.slot == *slot;
                self.moved && self.answer.iter().all(is_it)
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
    /// Bookings that one cancellation ended together, so that cancelling again gives the same answer.
    pub cancelled_together: Vec<Vec<BookingNumber>>,
    /// Doses given elsewhere.
    pub elsewhere: Vec<DoseElsewhere>,
    /// Request keys of the last days, oldest first.
    pub keys: Vec<KeyRecord>,
    /// Logins ended early, oldest first.
    pub ended_logins: Vec<EndedLogin>,
    /// Whether a contact lies beside the journal.
    pub contact: ContactRecord,
    /// What staff noted about the person, if anything.
    pub care: Option<Box<Care>>,
    /// Whether the personal data was erased.
    pub erased: bool,
    /// Since when the person has been missing on the roll; none for those who are on it, and for those who were erased.
    pub gone_since: Option<Instant>,
    /// When the person came for the last opening for which they came.
    pub arrived: Option<Arrival>,
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

    /// The bookings that ended with `number` in one cancellation, itself among them, in order of dose.
    #[must_use]
    pub fn ended_with(&self, number: BookingNumber) -> Vec<Booking> {
        let together = self.cancelled_together.iter().find(|numbers| numbers.contains(&number));
        let numbers = together.map_or(std::slice::from_ref(&number), Vec::as_slice);
        numbers.iter().filter_map(|number| self.booking(*number)).copied().collect()
    }

    /// Applies the parts of entry `seq` that are about `resident`. An entry that is already in the record changes nothing,
    /// so that a table written later than its mark can be replayed over. A contradiction leaves the record unusable.
    pub fn apply(&mut self, seq: u64, resident: ResidentNo, entry: &Entry) -> Result<(), Contradiction> {
        if seq <= self.version {
            return Ok(());
        }
        self.version = seq;
        let mut granted = Vec::new();
        let mut cancelled = Vec::new();
        let mut moved = false;
        for event in &entry.events {
            match event {
                Event::Booked { resident: owner, booking } if *owner == resident => {
                    if self.live(booking.dose).is_some() {
                        return Err(Contradiction::SecondLiveBooking);
                    }
                    self.bookings.push(*booking);
                    granted.push(Granted { number: booking.number, leg: booking.leg() });
                }
                Event::Moved { resident: owner, to, .. } if *owner == resident => {
                    *self.booking_mut(to.number)? = *to;
                    granted.push(Granted { number: to.number, leg: to.leg() });
                    moved = true;
                }
                Event::Cancelled { resident: owner, booking, state } if *owner == resident => {
                    self.booking_mut(booking.number)?.state = *state;
                    cancelled.push(booking.number);
                }
                Event::DoseRecorded { resident: owner, given } if *owner == resident => {
                    self.elsewhere.retain(|old| old.dose != given.dose);
                    self.elsewhere.push(*given);
                }
                Event::LoginEnded { resident: owner, ended } if *owner == resident => self.end_login(*ended, entry.at),
                Event::ContactGiven { resident: owner } if *owner == resident => self.contact.give(entry.at),
                Event::ContactDeleted { resident: owner } if *owner == resident => self.contact.delete(),
                Event::AttendanceChanged { resident: owner, booking, state, lot } if *owner == resident => {
                    self.attend(booking.number, *state, lot.as_deref(), entry.at)?;
                }
                Event::ClinicNoted { resident: owner, clinic } if *owner == resident => {
                    self.care_mut().clinic = *clinic;
                }
                Event::PasswordRequested { resident: owner } if *owner == resident => {
                    self.care_mut().password_requested_at = Some(entry.at);
                }
                Event::FollowedUp { resident: owner, why, number, reached } if *owner == resident => {
                    let by = entry.by.staff().map(Into::into);
                    let done = FollowedUp { why: *why, number: *number, reached: *reached, at: entry.at, by };
                    let followed_up = &mut self.care_mut().followed_up;
                    followed_up.retain(|old| (old.why, old.number) != (done.why, done.number));
                    followed_up.push(done);
                }
                Event::LeftoverOffered { resident: owner, session, answer } if *owner == resident => {
                    let leftovers = &mut self.care_mut().leftovers;
                    leftovers.retain(|old| old.session != *session);
                    leftovers.push(LeftoverAsked { session: *session, answer: *answer, at: entry.at });
                }
                Event::Arrived { opening, people } => {
                    let came = people.iter().filter(|(who, _)| *who == resident);
                    came.for_each(|(_, at)| self.arrive(Arrival { opening: *opening, at: *at }));
                }
                Event::PeopleErased { residents } if residents.contains(resident) => self.erase(),
                Event::RollImported { gone, added, changed, .. } => {
                    if gone.contains(resident) {
                        self.left_roll = true;
                        self.gone_since.get_or_insert(entry.at);
                    } else if added.contains(resident) || changed.contains(resident) {
                        self.left_roll = false;
                        self.gone_since = None;
                    }
                }
                Event::PasswordsIssued { residents } if residents.contains(resident) => {
                    self.credential_generation += 1;
                    self.ended_logins.clear();
                    if let Some(care) = &mut self.care {
                        care.password_requested_at = None;
                    }
                }
                _ => {}
            }
        }
        if cancelled.len() > 1 {
            self.cancelled_together.push(cancelled);
        }
        if let Some(key) = &entry.key
            && !granted.is_empty()
        {
            self.keys.retain(|record| record.is_kept(entry.at));
            self.keys.push(KeyRecord { key: key.clone(), at: entry.at, moved, answer: granted });
        }
        Ok(())
    }

    fn booking_mut(&mut self, number: BookingNumber) -> Result<&mut Booking, Contradiction> {
        let found = self.bookings.iter_mut().find(|booking| booking.number == number);
        found.ok_or(Contradiction::NoSuchBooking)
    }

    fn care_mut(&mut self) -> &mut Care {
        self.care.get_or_insert_default()
    }

    fn attend(
        &mut self,
        number: BookingNumber,
        state: BookingState,
        lot: Option<&str>,
        at: Instant,
    ) -> Result<(), Contradiction> {
        let before = *self.booking_mut(number)?;
        if state.is_live() && self.live(before.dose).is_some_and(|live| live.number != number) {
            return Err(Contradiction::SecondLiveBooking);
        }
        self.booking_mut(number)?.state = state;
        if let Some(care) = &mut self.care {
            care.given.retain(|given| given.number != number);
        }
        if let Some(lot) = lot {
            self.care_mut().given.push(GivenDose { number, lot: lot.into(), at });
        }
        Ok(())
    }

    /// Of one opening the earliest arrival counts.
    fn arrive(&mut self, came: Arrival) {
        let earlier = self.arrived.filter(|known| known.opening == came.opening && known.at <= came.at);
        self.arrived = earlier.or(Some(came));
    }

    /// Nothing is left by which the person could log in or book; bookings stay, so that counts do.
    fn erase(&mut self) {
        self.erased = true;
        self.left_roll = true;
        self.gone_since = None;
        self.credential_generation += 1;
        self.ended_logins.clear();
        self.keys.clear();
        self.contact.delete();
        self.arrived = None;
        if let Some(care) = &mut self.care {
            care.password_requested_at = None;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::{By, ResidentSet};
    use crate::core::ids::Channel;

    const ME: ResidentNo = ResidentNo(3);

    fn dose(n: u8) -> DoseNo {
        DoseNo::new(n).expect("a dose")
    }

    fn booking(n: u64, which: u8, date: i32) -> Booking {
        Booking {
            number: BookingNumber::from_ordinal(n, &[1; 32]),
            session: SessionId(date as u32),
            slot: SlotNo(0),
            dose: dose(which),
            date: Day(date),
            vaccine: VaccineId(1),
            channel: Channel::Web,
            state: BookingState::Booked,
        }
    }

    fn entry(at: Instant, key: Option<&str>, events: Vec<Event>) -> Entry {
        let key = key.map(|key| RequestKey::new(key).expect("a key"));
        Entry { at, by: By::Resident(ME), key, events }
    }

    fn apply(record: &mut ResidentRecord, seq: u64, entry: &Entry) {
        record.apply(seq, ME, entry).expect("no contradiction");
    }

    fn booked(booking: Booking) -> Event {
        Event::Booked { resident: ME, booking }
    }

    #[test]
    fn a_key_stands_for_its_own_request_only() {
        let granted = |session: u32, slot: u16| Granted {
            number: BookingNumber::from_ordinal(1, &[1; 32]),
            leg: Leg { session: SessionId(session), slot: SlotNo(slot), dose: dose(1) },
        };
        let number = granted(1, 0).number;
        let key = RequestKey::new("k").expect("a key");
        let record = |moved| KeyRecord { key: key.clone(), at: Instant(0), moved, answer: vec![granted(7, 2)] };
        let go = |session: u32, slot: u16| Request::Move { number, session: SessionId(session), slot: SlotNo(slot) };
        assert!(record(true).is_for(&go(7, 2)));
        assert!(!record(true).is_for(&go(8, 2)) && !record(true).is_for(&go(7, 3)) && !record(false).is_for(&go(7, 2)));
        let other =
            Request::Move { number: BookingNumber::from_ordinal(2, &[1; 32]), session: SessionId(7), slot: SlotNo(2) };
        assert!(!record(true).is_for(&other));
        let book = |session: u32| Request::Book(Legs::one(granted(session, 2).leg));
        assert!(record(false).is_for(&book(7)) && !record(false).is_for(&book(8)) && !record(true).is_for(&book(7)));
    }

    #[test]
    fn an_entry_that_is_in_the_record_already_changes_nothing() {
        let mut record = ResidentRecord::default();
        let pair = entry(Instant(9), Some("k"), vec![booked(booking(1, 1, 10)), booked(booking(2, 2, 31))]);
        apply(&mut record, 5, &pair);
        let once = record.clone();
        apply(&mut record, 5, &pair);
        apply(&mut record, 4, &entry(Instant(9), None, vec![booked(booking(7, 1, 12))]));
        assert_eq!(record, once);
        assert_eq!(record.bookings.len(), 2);
    }

    #[test]
    fn a_key_stands_for_its_request_and_its_first_answer_until_seven_days_are_over() {
        let mut record = ResidentRecord::default();
        let (first, later) = (booking(1, 1, 10), Booking { session: SessionId(77), ..booking(1, 1, 12) });
        let key = RequestKey::new("k").expect("a key");
        apply(&mut record, 1, &entry(Instant(0), Some("k"), vec![booked(first)]));
        let moved = Event::Moved { resident: ME, from: first, to: later };
        apply(&mut record, 2, &entry(Instant(1), Some("m"), vec![moved]));
        let remembered = record.key(&key, Instant(0).plus_days(7).plus_ms(-1)).expect("kept");
        assert_eq!(remembered.answer, [Granted { number: first.number, leg: first.leg() }]);
        assert!(remembered.is_for(&Request::Book(Legs::one(first.leg()))));
        let second = Leg { dose: dose(2), ..later.leg() };
        let pair = Legs::pair(first.leg(), second).expect("consecutive doses");
        assert!(!remembered.is_for(&Request::Book(pair)));
        let moved = Request::Move { number: first.number, session: first.session, slot: first.slot };
        assert!(!remembered.is_for(&moved), "a booking's key is not a move's");
        assert!(record.key(&key, Instant(0).plus_days(7)).is_none());
        assert_eq!(record.keys_kept(Instant(0).plus_days(7)), 1);
        // The next keyed change lets it go.
        apply(&mut record, 3, &entry(Instant(0).plus_days(7), Some("n"), vec![booked(booking(4, 2, 40))]));
        assert_eq!(record.keys.len(), 2);
    }

    #[test]
    fn a_booking_counts_before_a_dose_given_elsewhere_and_after_its_end_no_more() {
        let mut record = ResidentRecord::default();
        let given = |date| DoseElsewhere { dose: dose(1), date: Day(date), vaccine: VaccineId(2) };
        let here = booking(1, 1, 10);
        let recorded = |date| vec![Event::DoseRecorded { resident: ME, given: given(date) }];
        apply(&mut record, 1, &entry(Instant(0), None, vec![booked(here)]));
        apply(&mut record, 2, &entry(Instant(0), None, recorded(5)));
        assert_eq!(record.dose_given(dose(1)), Some((Day(10), VaccineId(1))));
        let state = BookingState::CancelledByCity;
        apply(&mut record, 3, &entry(Instant(0), None, vec![Event::Cancelled { resident: ME, booking: here, state }]));
        assert_eq!(record.dose_given(dose(1)), Some((Day(5), VaccineId(2))));
        apply(&mut record, 4, &entry(Instant(0), None, recorded(6)));
        assert_eq!((record.elsewhere.len(), record.dose_given(dose(1))), (1, Some((Day(6), VaccineId(2)))));
    }

    #[test]
    fn who_left_the_roll_is_marked_until_they_are_on_it_again() {
        let import = |added: &[u32], gone: &[u32]| {
            let set = |all: &[u32]| all.iter().copied().map(ResidentNo).collect::<ResidentSet>();
            let (added, gone) = (set(added), set(gone));
            vec![Event::RollImported { digest: [0; 32], added, changed: set(&[]), gone }]
        };
        let mut record = ResidentRecord::default();
        for (seq, added, gone, left) in
            [(1, &[3][..], &[][..], false), (2, &[], &[3], true), (3, &[4], &[], true), (4, &[3], &[], false)]
        {
            apply(&mut record, seq, &entry(Instant(0), None, import(added, gone)));
            assert_eq!(record.left_roll, left, "after {seq}");
        }
    }

    #[test]
    fn a_token_ends_with_its_login_with_too_many_ended_logins_and_with_a_new_password() {
        let ended = |token| EndedLogin { token, expires_at: Instant(1_000) };
        let end = |token, at| entry(Instant(at), None, vec![Event::LoginEnded { resident: ME, ended: ended(token) }]);
        let mut record = ResidentRecord::default();
        apply(&mut record, 1, &end(1, 10));
        assert!(!record.token_stands(1, 0, Instant(5)));
        assert!(record.token_stands(2, 0, Instant(5)));
        for n in 2..=ResidentRecord::ENDED_LOGINS_MAX as u64 + 1 {
            apply(&mut record, n, &end(n, 20));
        }
        assert!(!record.token_stands(99, 0, Instant(19)), "all older ones end");
        assert!(record.token_stands(99, 0, Instant(20)));
        let issued = Event::PasswordsIssued { residents: [ME].into_iter().collect() };
        apply(&mut record, 90, &entry(Instant(30), None, vec![issued]));
        assert!(!record.token_stands(99, 0, Instant(40)));
        assert!(record.token_stands(99, 1, Instant(40)));
    }

    #[test]
    fn a_pair_is_two_consecutive_doses_in_order() {
        let (first, second) = (booking(1, 1, 10).leg(), booking(2, 2, 31).leg());
        assert!(Legs::pair(first, second).is_some());
        for (one, other) in [(first, first), (second, first), (first, Leg { dose: dose(3), ..second })] {
            assert_eq!(Legs::pair(one, other), None);
        }
        assert_eq!(Legs::of(&[]), None);
        assert_eq!(Legs::of(&[first, second, first]), None);
    }

    #[test]
    fn bookings_that_ended_together_are_told_together_again() {
        let (first, second) = (booking(1, 1, 10), booking(2, 2, 31));
        let ended = |booking| Event::Cancelled { resident: ME, booking, state: BookingState::Cancelled };
        let numbers = |record: &ResidentRecord, of: Booking| {
            record.ended_with(of.number).iter().map(|booking| booking.number).collect::<Vec<_>>()
        };
        let mut together = ResidentRecord::default();
        apply(&mut together, 1, &entry(Instant(0), Some("k"), vec![booked(first), booked(second)]));
        let mut apart = together.clone();
        apply(&mut together, 2, &entry(Instant(0), None, vec![ended(first), ended(second)]));
        assert_eq!(numbers(&together, first), [first.number, second.number]);
        apply(&mut apart, 2, &entry(Instant(0), None, vec![ended(second)]));
        apply(&mut apart, 3, &entry(Instant(0), None, vec![ended(first)]));
        assert_eq!(numbers(&apart, first), [first.number]);
    }

    #[test]
    fn what_the_journal_cannot_mean_is_a_contradiction() {
        let mut record = ResidentRecord::default();
        let first = booking(1, 1, 10);
        apply(&mut record, 1, &entry(Instant(0), None, vec![booked(first)]));
        let again = entry(Instant(0), None, vec![booked(booking(2, 1, 11))]);
        assert_eq!(record.clone().apply(2, ME, &again), Err(Contradiction::SecondLiveBooking));
        let unknown = booking(9, 1, 11);
        let moved = entry(Instant(0), None, vec![Event::Moved { resident: ME, from: first, to: unknown }]);
        assert_eq!(record.apply(2, ME, &moved), Err(Contradiction::NoSuchBooking));
    }
}
