//! What callers of the engine see: answers, never live state.

use std::sync::Arc;

use crate::core::decide::NextDose;
use crate::core::ids::{BookingNumber, DoseNo, HoldId, ResidentNo, SessionId, SlotNo, VaccineId};
use crate::core::leg::Leg;
use crate::core::resident::BookingState;
use crate::core::session::PublicState;
use crate::core::setup::Venue;
use crate::core::time::{ClockTime, Day, Instant};

/// A booking with all that its owner needs to find the place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the contract")]
pub struct BookingView {
    pub number: BookingNumber,
    pub session: SessionId,
    pub slot: SlotNo,
    pub venue: Arc<Venue>,
    pub date: Day,
    pub start: ClockTime,
    pub end: ClockTime,
    pub dose: DoseNo,
    pub vaccine: Arc<str>,
    pub state: BookingState,
}

/// Everything that a resident sees about themself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// The name in kana.
    pub name_kana: String,
    /// All bookings ever made, by dose, then oldest first.
    pub bookings: Vec<BookingView>,
    /// The next dose that is left to book.
    pub next: Option<NextDose>,
    /// When the person's wave opens, if that is still ahead.
    pub opens_at: Option<Instant>,
    /// Whether there are waves, and the person is in none of them.
    pub in_no_wave: bool,
    /// Whether the person is no longer on the city's roll.
    pub left_roll: bool,
}

/// A place as a page names it before it is booked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the contract")]
pub struct PlaceView {
    pub session: SessionId,
    pub slot: SlotNo,
    pub venue: Arc<Venue>,
    pub date: Day,
    pub start: ClockTime,
    pub end: ClockTime,
    pub dose: DoseNo,
    pub vaccine: Arc<str>,
}

/// A granted booking, pair or move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The bookings as they were granted, in order of dose.
    pub bookings: Vec<BookingView>,
    /// Whether this is the first answer again.
    pub repeated: bool,
}

/// A hold as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldView {
    /// Its name.
    pub id: HoldId,
    /// The places that it keeps.
    pub legs: Vec<Leg>,
    /// The booking that it is to replace, for a move.
    pub changes: Option<BookingNumber>,
    /// When the first of the holds that replaced one another was made.
    pub first_held_at: Instant,
    /// Until when it keeps them.
    pub expires_at: Instant,
}

/// A person who has just proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Their pseudonym.
    pub resident: ResidentNo,
    /// The generation of their password, to be carried in the token.
    pub credential_generation: u32,
    /// Their name in kana.
    pub name_kana: String,
}

/// Why a login is not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// Unknown ID or wrong password: nobody can tell which.
    #[error("the ID or the password is wrong")]
    Invalid,
    /// Too many logins wait; try again.
    #[error("too many logins are waiting")]
    Busy,
}

/// All published sessions with their free places at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// The instant.
    pub at: Instant,
    /// Grows with every change of this picture; equal numbers are equal pictures.
    pub revision: u64,
    /// The sessions by date, start and venue.
    pub sessions: Vec<SessionView>,
}

/// A published session as residents see it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the contract")]
pub struct SessionView {
    pub id: SessionId,
    pub venue: Arc<Venue>,
    pub date: Day,
    pub vaccine_id: VaccineId,
    pub vaccine: Arc<str>,
    pub doses: Vec<DoseNo>,
    pub state: PublicState,
    pub opens_at: Instant,
    pub slots: Vec<SlotView>,
}

/// A slot as residents see it, or, with other figures, whoever books for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the contract")]
pub struct SlotView {
    pub id: SlotNo,
    pub start: ClockTime,
    pub end: ClockTime,
    /// What could be taken now: without holds, and on the web without the phone's share.
    pub free: u32,
    pub state: PublicState,
}

/// The work of checking residents' passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginLoad {
    /// How many are checked in a thousand seconds, as measured lately.
    pub per_thousand_seconds: u64,
    /// How many of those who came to book wait for it.
    pub booking: u64,
    /// How many of those wait who came to see, change or cancel.
    pub viewing: u64,
}

/// Where a person stands who wants a new place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody waits, or it was this person's turn: go on.
    Open,
    /// The opening is ahead, and the person takes part in its draw.
    Before {
        /// When it opens.
        opens_at: Instant,
    },
    /// Others come first.
    Waiting(Waiting),
}

/// A place in the waiting room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The opening that the person came for.
    pub opening: Instant,
    /// How many of those who are still there come first.
    pub ahead: u32,
    /// How long it takes until it is the person's turn, at the pace of now, in seconds.
    pub estimate_seconds: u32,
    /// How many places are left that this person could take; fewer than `ahead` means that they may run out.
    pub places_left: u32,
    /// When to ask again, in seconds: spread, and the longer the more people come first.
    pub look_again_seconds: u32,
    /// Whether the person was there before the opening, so that the draw and not their arrival counts.
    pub in_draw: bool,
}

/// The draw of an opening, as anybody may check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// When it opens.
    pub opens_at: Instant,
    /// The BLAKE3 of the seed, published before the opening.
    pub commitment: [u8; 32],
    /// The seed, once the opening is over. A person's number is the first eight bytes, read as a big-endian number, of the BLAKE3 of the
    /// digits of their ID, keyed by the seed.
    pub seed: Option<[u8; 32]>,
    /// How many people took part, by the first byte of their numbers; empty before the opening.
    pub people_by_first_byte: Vec<u32>,
}

/// Whether the engine can serve, and if not, why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Stable codes with a sentence each; empty when all is well.
    pub reasons: Vec<(&'static str, String)>,
}

/// Counters and gauges of the engine at one instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EngineFigures {
    /// Sequence number of the last durable entry.
    pub journal_seq: u64,
    /// Batches committed since the start.
    pub batches: u64,
    /// Entries committed since the start.
    pub entries: u64,
    /// Time that commits took since the start, in microseconds.
    pub commit_us: u64,
    /// Commits whose outcome was not known.
    pub commits_unknown: u64,
    /// Entries waiting for the ledger or being committed.
    pub in_flight: u64,
    /// How long the oldest of them has been on its way, in milliseconds.
    pub queue_age_ms: u64,
    /// Records that the tables lag behind the journal.
    pub fold_lag: u64,
    /// Logins waiting for the hash pool.
    pub logins_waiting: u64,
    /// How long the login that has waited longest has waited, in milliseconds.
    pub login_wait_ms: u64,
    /// Whether the ledger is suspended.
    pub suspended: bool,
    /// Residents known.
    pub residents: u64,
    /// Bookings that use a place.
    pub bookings_live: u64,
    /// How much the disk still takes, in bytes.
    pub disk_free_bytes: u64,
    /// How far the wall clock has run away from engine time since the start, in milliseconds.
    pub clock_drift_ms: i64,
    /// The waiting room.
    pub waiting: WaitingFigures,
}

/// The waiting room at one instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaitingFigures {
    /// People who are there and wait.
    pub waiting: u64,
    /// People admitted out of the line since the start.
    pub admitted: u64,
    /// People admitted a second; 0 while nobody has to wait.
    pub per_second: u64,
    /// People in the draw of the opening that is ahead.
    pub in_draw: u64,
}

impl WaitingFigures {
    /// How long it takes until whoever came last is admitted, at the pace of now, in seconds.
    #[must_use]
    pub const fn estimate_seconds(&self) -> u64 {
        if self.per_second == 0 { 0 } else { self.waiting.div_ceil(self.per_second) }
    }
}
