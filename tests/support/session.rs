//! Vaccination sessions that a test plans, publishes through the command line, and books in.

use serde_json::{Value, json};

/// A session to import, as one line of a file of sessions.
#[derive(Debug, Clone)]
pub struct PlannedSession {
    /// The venue's name; a name of its own keeps a test apart from the others.
    pub venue: String,
    /// The date.
    pub date: String,
    /// When the first slot begins.
    pub start: &'static str,
    /// When the last slot ends.
    pub end: &'static str,
    /// Minutes per slot.
    pub slot_minutes: u16,
    /// Places per slot.
    pub capacity: usize,
    /// Doses as in the file, such as `1` or `1;2`.
    pub doses: &'static str,
}

impl PlannedSession {
    /// Two slots of `capacity` places for dose 1 at `venue`, `days` from today.
    #[must_use]
    pub fn new(venue: &str, days: i64, capacity: usize) -> Self {
        Self {
            venue: venue.to_owned(),
            date: super::clock::date_in(days),
            start: "10:00",
            end: "11:00",
            slot_minutes: 30,
            capacity,
            doses: "1",
        }
    }

    /// For these doses.
    #[must_use]
    pub fn doses(mut self, doses: &'static str) -> Self {
        self.doses = doses;
        self
    }

    pub(crate) fn line(&self, vaccine: &str) -> String {
        let Self { venue, date, start, end, slot_minutes, capacity, doses } = self;
        format!("{venue},{date},{start},{end},{slot_minutes},{capacity},{vaccine},{doses}\n")
    }
}

/// The header of the lines of [`PlannedSession`].
pub(crate) const HEADER: &str = "venue,date,start,end,slot_minutes,capacity,vaccine,doses\n";

/// A session as residents see it in `GET /api/v1/sessions`.
#[derive(Debug, Clone)]
pub struct PublishedSession(
    /// Its JSON.
    pub Value,
);

impl PublishedSession {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0["id"].as_str().expect("a session has an id")
    }

    /// The id of its venue.
    #[must_use]
    pub fn venue(&self) -> String {
        let id = &self.0["venue"]["id"];
        id.as_str().map_or_else(|| id.to_string(), str::to_owned)
    }

    /// Its state.
    #[must_use]
    pub fn state(&self) -> &str {
        self.0["state"].as_str().expect("a session has a state")
    }

    /// The place at slot number `index` of this session, in order of time.
    #[must_use]
    pub fn place(&self, index: usize) -> Place {
        let slot = self.0["slots"][index]["id"].as_str().unwrap_or_else(|| panic!("no slot {index} in {}", self.0));
        Place { session: self.id().to_owned(), slot: slot.to_owned() }
    }

    /// What a resident on the web could take now of slot number `index`.
    #[must_use]
    pub fn free(&self, index: usize) -> u64 {
        self.0["slots"][index]["free"]
            .as_u64()
            .unwrap_or_else(|| panic!("no free places of slot {index} in {}", self.0))
    }
}

/// A slot of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The session's id.
    pub session: String,
    /// The slot's id.
    pub slot: String,
}

impl Place {
    /// The body that asks for `dose` here.
    #[must_use]
    pub fn dose(&self, dose: u8) -> Value {
        json!({"session": self.session, "slot": self.slot, "dose": dose})
    }

    /// The body that moves a booking to here.
    #[must_use]
    pub fn here(&self) -> Value {
        json!({"session": self.session, "slot": self.slot})
    }
}
