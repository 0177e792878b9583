//! The model's world: plain data, nothing shared with the engine but ids and the names of states.

use std::collections::BTreeMap;

use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::resident::BookingState;

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
/// Days begin at midnight in Tokyo.
pub(crate) const ZONE: i64 = 9 * HOUR;

/// A place: session, slot, dose.
pub(crate) type Place = (u32, u16, u8);
/// A booking as its owner sees it: number, place, state.
pub(crate) type Seen = (u64, Place, BookingState);
/// Why not: the code, the leg of a pair, and whether there is a time to try again.
pub(crate) type No = (RefusalCode, Option<u8>, bool);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Published,
    Closed,
    Cancelled,
}

#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// Days since 1970.
    pub(crate) date: i64,
    pub(crate) vaccine: usize,
    pub(crate) doses: Vec<u8>,
    pub(crate) phase: Phase,
    pub(crate) opens_at: i64,
    /// Capacity and phone share; slots of 30 minutes from 09:00.
    pub(crate) slots: Vec<(u32, u32)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Vaccine {
    pub(crate) doses: u8,
    pub(crate) days_min: i64,
    pub(crate) days_max: Option<i64>,
    pub(crate) age_min: i32,
}

#[derive(Debug, Clone)]
pub(crate) struct Booking {
    pub(crate) number: u64,
    pub(crate) place: Place,
    pub(crate) phone: bool,
    pub(crate) state: BookingState,
}

#[derive(Debug, Clone)]
pub(crate) struct Hold {
    pub(crate) places: Vec<Place>,
    pub(crate) phone: bool,
    pub(crate) first_at: i64,
    pub(crate) ends_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Book(Vec<Place>),
    Move(u64, u32, u16),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    /// Year, month, day.
    pub(crate) born: (i32, u32, u32),
    pub(crate) group: &'static str,
    pub(crate) left_roll: bool,
    pub(crate) bookings: Vec<Booking>,
    /// Dose → date and vaccine.
    pub(crate) elsewhere: BTreeMap<u8, (i64, usize)>,
    pub(crate) hold: Option<Hold>,
    /// Key → when, what, answer.
    pub(crate) keys: BTreeMap<String, (i64, Asked, Vec<Seen>)>,
    /// Cancelled booking → answer.
    pub(crate) cancelled: BTreeMap<u64, Vec<Seen>>,
}

/// Group and opening.
pub(crate) type Wave = (&'static str, i64);

pub(crate) struct Model {
    pub(crate) now: i64,
    pub(crate) vaccines: Vec<Vaccine>,
    pub(crate) sessions: BTreeMap<u32, Session>,
    pub(crate) people: Vec<Person>,
    pub(crate) waves: Vec<Wave>,
}

pub(crate) const LIVE: [BookingState; 3] = [BookingState::Booked, BookingState::CheckedIn, BookingState::Vaccinated];

impl Session {
    pub(crate) fn slot_starts(&self, slot: u16) -> i64 {
        self.date * DAY - ZONE + 9 * HOUR + i64::from(slot) * 30 * MINUTE
    }
}

impl Person {
    pub(crate) fn live(&self, dose: u8) -> Option<&Booking> {
        self.bookings.iter().find(|booking| booking.place.2 == dose && LIVE.contains(&booking.state))
    }
}
