//! What each resident was told, and whether the server agrees: nobody double-booked, no place sold twice, nothing lost.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::{Method, StatusCode};
use serde::Serialize;
use tokio::task::JoinSet;

use super::answers::{Booking, Place};
use crate::phone::{Ask, Network, Phone};

/// How many phones ask at once after the rush.
const ASKERS: usize = 64;
/// A server that is busy is asked again, so often and after so long.
const TRIES_MAX: u32 = 20;
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long asking everybody may take; whoever was not asked by then is counted as such.
const ASK_ALL_WITHIN: Duration = Duration::from_mins(3);

/// What one resident knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    /// What they hold now, as it was acknowledged.
    pub(super) booked: Option<Booking>,
    /// Changes that were asked for and for which no answer that stands has come (yet).
    pub(super) unclear: u32,
    /// How it ended; none if it has not.
    pub(super) ended: Option<Ended>,
}

/// How a journey ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Booked,
    /// Gave back what they had, as they meant to.
    Cancelled,
    /// Looked at what they have, as they meant to.
    Kept,
    /// The list showed no free place any more.
    NothingFree,
    /// So many wishes were full that the person gave up.
    FullTooOften,
    /// The server was busy, or not heard, so often that the person gave up.
    BusyTooOften,
    /// Others came first for so long that the person gave up.
    WaitedTooLong,
    /// Something that must not happen to an honest client.
    Refused,
}

impl Ended {
    pub(super) const ALL: [Self; 8] = [
        Self::Booked,
        Self::Cancelled,
        Self::Kept,
        Self::NothingFree,
        Self::FullTooOften,
        Self::BusyTooOften,
        Self::WaitedTooLong,
        Self::Refused,
    ];

    /// Its name in JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Cancelled => "cancelled",
            Self::Kept => "kept",
            Self::NothingFree => "nothing_free",
            Self::FullTooOften => "full_too_often",
            Self::BusyTooOften => "busy_too_often",
            Self::WaitedTooLong => "waited_too_long",
            Self::Refused => "refused",
        }
    }
}

/// What the comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Findings {
    /// How many residents' own view was asked for and compared.
    pub(super) asked: usize,
    pub(super) not_asked: usize,
    /// Of those asked, for how many the outcome of a change had not been heard, so that both outcomes are right.
    pub(super) unclear: usize,
    /// Live bookings in all their answers.
    pub(super) bookings_live: usize,
    /// People with two live bookings of one dose.
    pub(super) double_booked: usize,
    /// Slots with more bookings than places, by what was acknowledged or by what is there.
    pub(super) oversold: usize,
    /// Acknowledged bookings that are not there.
    pub(super) lost: usize,
    /// Bookings that are there and were never acknowledged to their owner, who knows of no open question.
    pub(super) unexplained: usize,
}

impl Findings {
    /// Whether nobody was wronged, as far as everybody was asked.
    pub(super) fn all_well(&self) -> bool {
        [self.not_asked, self.double_booked, self.oversold, self.lost, self.unexplained].iter().all(|count| *count == 0)
    }

    /// Compares what one resident knows with what the server says to them.
    fn compare(&mut self, record: &Record, live: &[Booking]) {
        self.asked += 1;
        self.bookings_live += live.len();
        let twice =
            live.iter().enumerate().any(|(at, booking)| live[..at].iter().any(|other| other.dose == booking.dose));
        self.double_booked += usize::from(twice);
        if record.unclear > 0 {
            self.unclear += 1;
            return;
        }
        self.lost += usize::from(record.booked.as_ref().is_some_and(|booked| !live.contains(booked)));
        self.unexplained += live.iter().filter(|booking| record.booked.as_ref() != Some(booking)).count();
    }
}

/// Counts slots with more bookings than `places`.
fn oversold<'a>(bookings: impl Iterator<Item = &'a Booking>, places: u32) -> usize {
    let mut taken: HashMap<Place, u32> = HashMap::new();
    for booking in bookings {
        *taken.entry(booking.place()).or_default() += 1;
    }
    taken.values().filter(|taken| **taken > places).count()
}

/// Asks the server for the own view of everybody in `records`, each with the token of the same place in `tokens`, and compares it.
pub(super) async fn check(
    network: &Rc<Network>,
    records: Vec<Record>,
    tokens: Vec<Rc<str>>,
    slot_places: u32,
) -> Findings {
    let people = records.len();
    debug_assert_eq!(tokens.len(), people, "a token for each");
    let mut findings = Findings { not_asked: people, ..Findings::default() };
    findings.oversold = oversold(records.iter().filter_map(|record| record.booked.as_ref()), slot_places);
    let (next, heard) = (Rc::new(Cell::new(0)), Rc::new(RefCell::new(Vec::new())));
    let tokens = Rc::new(tokens);
    let mut askers = JoinSet::new();
    for asker in 0..ASKERS {
        let (next, heard, tokens) = (Rc::clone(&next), Rc::clone(&heard), Rc::clone(&tokens));
        let mut phone = Phone::new(network, asker);
        askers.spawn_local(async move {
            while let Some(token) = tokens.get(next.get()) {
                let number = next.replace(next.get() + 1);
                if let Some(bookings) = own_view(&mut phone, token).await {
                    heard.borrow_mut().push((number, bookings));
                }
            }
        });
    }
    let deadline = tokio::time::Instant::from_std(Instant::now() + ASK_ALL_WITHIN);
    while let Ok(Some(_)) = tokio::time::timeout_at(deadline, askers.join_next()).await {}
    askers.shutdown().await;
    let heard = heard.take();
    for (number, live) in &heard {
        findings.not_asked -= 1;
        findings.compare(&records[*number], live);
    }
    let sold_more = oversold(heard.iter().flat_map(|(_, live)| live), slot_places);
    findings.oversold = findings.oversold.max(sold_more);
    findings
}

/// The live bookings that the server shows to the owner of `token`.
async fn own_view(phone: &mut Phone, token: &Rc<str>) -> Option<Vec<Booking>> {
    let ask = Ask { token: Some(Rc::clone(token)), ..Ask::new(Method::GET, "/api/v1/me") };
    for _ in 0..TRIES_MAX {
        match phone.ask(&ask).await {
            Ok(answer) if answer.status == StatusCode::OK => {
                return Some(answer.bookings()?.into_iter().filter(Booking::is_live).collect());
            }
            Ok(answer) if answer.status != StatusCode::SERVICE_UNAVAILABLE => return None,
            _ => tokio::time::sleep(TRY_AGAIN_AFTER).await,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn booking(number: &str, slot: &str) -> Booking {
        let json = serde_json::json!({"number": number, "session": "1", "slot": slot, "dose": 1, "state": "booked"});
        serde_json::from_value(json).expect("a booking")
    }

    fn findings(booked: Option<Booking>, unclear: u32, live: &[Booking]) -> Findings {
        let mut findings = Findings::default();
        findings.compare(&Record { booked, unclear, ended: None }, live);
        findings
    }

    #[test]
    fn what_was_acknowledged_must_be_there_and_nothing_else() {
        let (one, other) = (booking("1", "1"), booking("2", "2"));
        assert!(findings(Some(one.clone()), 0, std::slice::from_ref(&one)).all_well());
        assert!(findings(None, 0, &[]).all_well());
        assert_eq!(findings(Some(one.clone()), 0, &[]).lost, 1);
        assert_eq!(findings(Some(one.clone()), 0, std::slice::from_ref(&other)).lost, 1);
        assert_eq!(findings(None, 0, std::slice::from_ref(&one)).unexplained, 1);
        assert_eq!(findings(Some(one.clone()), 0, &[one, other]).double_booked, 1);
    }

    #[test]
    fn an_outcome_that_was_not_heard_may_be_either() {
        let one = booking("1", "1");
        for live in [&[][..], std::slice::from_ref(&one)] {
            assert!(findings(None, 1, live).all_well() && findings(Some(one.clone()), 1, live).all_well());
        }
        assert_eq!(findings(None, 1, &[one.clone(), one]).double_booked, 1);
    }

    #[test]
    fn a_slot_with_more_bookings_than_places_is_oversold() {
        let bookings = [booking("1", "1"), booking("2", "1"), booking("3", "2")];
        assert_eq!((oversold(bookings.iter(), 2), oversold(bookings.iter(), 1)), (0, 1));
    }

    #[test]
    fn whoever_was_not_asked_is_not_vouched_for() {
        assert!(!Findings { not_asked: 1, ..Findings::default() }.all_well());
    }
}
