//! One person and their way: log in, look, hold, book. Whoever is refused comes back when they were told to, with the ticket that they
//! were given.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sesshu_benches::wire::Answer;
use sesshu_tests::{PublishedSession, Resident};

/// Who hears no time to come back at comes back so soon.
const BACK_AFTER: Duration = Duration::from_secs(2);
/// Nobody waits longer, whatever they were told.
const BACK_AFTER_MAX: Duration = Duration::from_mins(2);

/// The header in which a ticket is given and shown again.
const TICKET: &str = "x-sesshu-ticket";

/// A place that somebody wants: what they look at before, and the body that asks for it.
#[derive(Debug)]
pub(crate) struct Wish {
    look: String,
    body: String,
}

impl Wish {
    /// Every slot of `sessions`.
    pub(crate) fn all_of(sessions: &[PublishedSession]) -> Vec<Arc<Self>> {
        let of_session = |session: &PublishedSession| {
            let date = session.0["date"].as_str().expect("a session has a date");
            let look = format!("/api/v1/sessions?dose=1&from={date}&to={date}");
            let slots = session.0["slots"].as_array().expect("a session has slots").len();
            let wish = |slot| Self { look: look.clone(), body: session.place(slot).dose(1).to_string() };
            (0..slots).map(wish).map(Arc::new).collect::<Vec<_>>()
        };
        sessions.iter().flat_map(of_session).collect()
    }
}

/// Where on their way somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    LogIn,
    Look,
    Hold,
    Book,
}

/// What an answer means for somebody.
#[derive(Debug)]
pub(crate) enum Heard {
    /// On to the next step.
    GoOn,
    /// They have their booking.
    Booked,
    /// They were sent away with this code and come back after a while.
    ComeBack(String, Duration),
}

/// Somebody.
#[derive(Debug)]
pub(crate) struct Person {
    resident: Resident,
    wish: Arc<Wish>,
    step: Step,
    token: String,
    ticket: String,
}

impl Person {
    pub(crate) const fn new(resident: Resident, wish: Arc<Wish>) -> Self {
        Self { resident, wish, step: Step::LogIn, token: String::new(), ticket: String::new() }
    }

    /// The same person, as if they had never come.
    pub(crate) fn afresh(self) -> Self {
        Self::new(self.resident, self.wish)
    }

    /// Whether they ask for their login now.
    pub(crate) fn logs_in(&self) -> bool {
        self.step == Step::LogIn
    }

    /// The bytes of what they ask now.
    pub(crate) fn request(&self) -> Vec<u8> {
        let Self { resident, wish, token, ticket, .. } = self;
        let posted = |path: &str, own: &str, body: &str| {
            let length = body.len();
            format!(
                "POST /api/v1/{path} HTTP/1.1\r\nhost: sesshu.test\r\n{own}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
        };
        let bearer = format!("authorization: Bearer {token}\r\n");
        let text = match self.step {
            Step::LogIn => {
                let shown = if ticket.is_empty() { String::new() } else { format!("{TICKET}: {ticket}\r\n") };
                posted("login", &shown, &json!({"id": resident.id, "password": resident.password}).to_string())
            }
            Step::Look => format!("GET {} HTTP/1.1\r\nhost: sesshu.test\r\n{bearer}\r\n", wish.look),
            Step::Hold => posted("holds", &bearer, &wish.body),
            Step::Book => posted("bookings", &format!("{bearer}idempotency-key: rush-{}\r\n", resident.id), &wish.body),
        };
        text.into_bytes()
    }

    /// Takes an answer in.
    pub(crate) fn hear(&mut self, answer: &Answer<'_>) -> Heard {
        match (self.step, answer.status) {
            (Step::LogIn, 200) => {
                let login: Value = serde_json::from_slice(answer.body).unwrap_or_default();
                login["token"].as_str().unwrap_or_default().clone_into(&mut self.token);
                self.step = Step::Look;
            }
            (Step::Look, 200) => self.step = Step::Hold,
            // Somebody whose booking was cut off on its way back has it: the same key tells.
            (Step::Hold, 201 | 409) => self.step = Step::Book,
            (Step::Book, 200 | 201) => return Heard::Booked,
            (_, status) => return self.sent_away(status, answer),
        }
        Heard::GoOn
    }

    fn sent_away(&mut self, status: u16, answer: &Answer<'_>) -> Heard {
        if let Some(given) = answer.header(TICKET) {
            given.clone_into(&mut self.ticket);
        }
        if status == 401 {
            self.step = Step::LogIn;
        }
        let seconds = answer.header("retry-after").and_then(|seconds| seconds.parse().ok());
        let after = seconds.map_or(BACK_AFTER, Duration::from_secs).min(BACK_AFTER_MAX);
        Heard::ComeBack(format!("{status} {}", code(answer.body)), after)
    }
}

/// The `code` of a problem, read without a parser: nine of ten answers of a rush are refusals.
fn code(body: &[u8]) -> &str {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let after = text.split_once("\"code\":\"").map_or("", |(_, after)| after);
    after.split('"').next().unwrap_or_default()
}
