//! Residents who book: each of them once, with a token that is sealed with the city's own key.

use serde_json::Value;
use sesshu_engine::core::ids::ResidentNo;
use sesshu_http::rehearsal_token;
use sesshu_tests::{City, Place, PlannedSession};

use crate::rush::Requests;

/// The residents of a demo city who have not booked yet.
#[derive(Debug)]
pub struct Crowd {
    key: [u8; 32],
    granted: String,
    next: u32,
}

impl Crowd {
    /// Everybody but the first, who logs in, so that the others' tokens follow a real one.
    pub async fn of(city: &City) -> Self {
        let granted = city.someone().await.token.expect("the first resident is logged in");
        let key = std::fs::read(city.data().join("keys/token")).expect("the key of the tokens");
        Self { key: key.try_into().expect("a key of 32 bytes"), granted, next: 1 }
    }

    /// Leaves the next `count` residents to others.
    pub const fn leave_out(&mut self, count: u32) {
        self.next += count;
    }

    /// One request of each of the next `count` residents, who book dose 1 at `places` in turn.
    pub fn bookings(&mut self, count: usize, places: &[Place]) -> Requests {
        let bodies: Vec<Value> = places.iter().map(|place| place.dose(1)).collect();
        let tokens = self.tokens(count);
        let request = |(index, token): (usize, &String)| booking(token, &bodies[index % bodies.len()].to_string());
        tokens.iter().enumerate().map(request).collect()
    }

    /// The tokens of the next `count` residents.
    pub fn tokens(&mut self, count: usize) -> Vec<String> {
        let residents = self.next..self.next + count as u32;
        self.next = residents.end;
        residents.map(|resident| self.token(resident)).collect()
    }

    fn token(&self, resident: u32) -> String {
        rehearsal_token(&self.key, &self.granted, ResidentNo(resident), u64::from(resident)).expect("a token")
    }
}

/// The request that books `body`.
#[must_use]
pub fn booking(token: &str, body: &str) -> Box<[u8]> {
    let length = body.len();
    let text = format!(
        "POST /api/v1/bookings HTTP/1.1\r\nhost: sesshu.test\r\nidempotency-key: 7d3c2f0e-5f5e-4d6f-9d33-6f4b8f0c1a2b\r\n\
         content-type: application/json\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    text.into_bytes().into()
}

/// In how many days the sessions are that [`open_sessions`] opens.
pub const OPEN_SESSIONS_IN_DAYS: i64 = 30;

/// Opens `sessions` sessions of so many slots, each with the most places that a slot can have; gives all their slots.
pub async fn open_sessions(city: &City, venue: &str, sessions: usize, slots: usize) -> Vec<Place> {
    const PLACES_PER_SLOT: usize = 10_000;
    assert!(slots <= SLOT_ENDS.len(), "a session has at most {} slots here", SLOT_ENDS.len());
    let plan = |index| PlannedSession {
        end: SLOT_ENDS[slots - 1],
        ..PlannedSession::new(&format!("{venue}の会場{index}"), OPEN_SESSIONS_IN_DAYS, PLACES_PER_SLOT)
    };
    let planned: Vec<PlannedSession> = (0..sessions).map(plan).collect();
    let open = city.open(&planned).await;
    open.iter().flat_map(|session| (0..slots).map(|slot| session.place(slot))).collect()
}

/// When sessions of one slot, two and so on end.
const SLOT_ENDS: [&str; 8] = ["10:30", "11:00", "11:30", "12:00", "12:30", "13:00", "13:30", "14:00"];

/// The logins of `count` residents.
#[must_use]
pub fn login_requests(city: &City, count: usize) -> Requests {
    let login = |_| {
        let resident = city.resident();
        let body = serde_json::json!({"id": resident.id, "password": resident.password}).to_string();
        let length = body.len();
        let text = format!(
            "POST /api/v1/login HTTP/1.1\r\nhost: sesshu.test\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        text.into_bytes().into()
    };
    (0..count).map(login).collect()
}
