//! What people ask, and how it is answered. A request is a future of the engine's own handle; the scheduler polls it, or drops it
//! as a phone that hangs up would.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::core::event::By;
use crate::core::ids::{BookingNumber, Channel, HoldId, RequestKey, ResidentNo, SessionId, SlotNo};
use crate::core::leg::Legs;
use crate::core::refusal::Refusal;
use crate::core::site::{Announcement, AnnouncementKind, Site, Worded};
use crate::core::time::Instant;
use crate::roll::{DoseRow, RollRow, SessionRow, parse_contact};
use crate::view::{BookingView, Done, HoldView};
use crate::{CampaignError, EngineHandle};

/// What is asked for.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Ask {
    Book {
        legs: Legs,
        key: RequestKey,
    },
    Move {
        number: BookingNumber,
        session: SessionId,
        slot: SlotNo,
        key: RequestKey,
    },
    Cancel {
        number: BookingNumber,
    },
    Hold {
        legs: Legs,
        changes: Option<BookingNumber>,
    },
    Release {
        hold: HoldId,
    },
    Capacity {
        session: SessionId,
        slot: SlotNo,
        capacity: u32,
    },
    Close(SessionId),
    Reopen(SessionId),
    CancelSession(SessionId),
    Draft(Box<SessionRow>),
    Publish {
        opens_at: Instant,
    },
    Dose(Box<DoseRow>),
    Roll(Vec<RollRow>),
    GiveContact {
        digit: u8,
    },
    DeleteContact,
    /// The city announces something else than before.
    Site {
        title: String,
    },
}

/// A request with whoever makes it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) resident: ResidentNo,
    pub(super) channel: Channel,
    pub(super) ask: Ask,
}

/// How a request ended.
#[derive(Debug)]
pub(super) enum Answer {
    Done(Done),
    Cancelled(Vec<BookingView>),
    Held(HoldView),
    Released,
    /// A contact was given, or deleted.
    Contact,
    /// The city's own change was made; a cancelled session says how many bookings went with it.
    City,
    /// The city's own change was not made.
    CityRefused(CampaignError),
    Refused(Refusal),
}

/// A request on its way.
pub(super) type Pending = Pin<Box<dyn Future<Output = Answer>>>;

impl Call {
    /// The key, if the request carries one.
    pub(super) fn key(&self) -> Option<&RequestKey> {
        match &self.ask {
            Ask::Book { key, .. } | Ask::Move { key, .. } => Some(key),
            _ => None,
        }
    }

    /// Sends it to the engine.
    pub(super) fn send(&self, engine: EngineHandle) -> Pending {
        let Self { resident, channel, ask } = self.clone();
        let by = By::Resident(resident);
        Box::pin(async move {
            match ask {
                Ask::Book { legs, key } => done(engine.book(resident, legs, key, by, channel).await),
                Ask::Move { number, session, slot, key } => {
                    done(engine.move_booking(resident, number, session, slot, key, by, channel).await)
                }
                Ask::Cancel { number } => {
                    let cancelled = engine.cancel(resident, number, by, channel).await;
                    cancelled.map_or_else(Answer::Refused, Answer::Cancelled)
                }
                Ask::Hold { legs, changes } => {
                    let held = engine.hold(resident, legs, changes, channel).await;
                    held.map_or_else(Answer::Refused, Answer::Held)
                }
                Ask::Release { hold } => {
                    let released = engine.release(resident, hold).await;
                    released.map_or_else(Answer::Refused, |()| Answer::Released)
                }
                Ask::Capacity { session, slot, capacity } => {
                    city(engine.change_capacity(session, slot, capacity, By::System).await)
                }
                Ask::Close(session) => city(engine.close_session(session, By::System).await),
                Ask::Reopen(session) => city(engine.reopen_session(session, By::System).await),
                Ask::CancelSession(session) => city(engine.cancel_session(session, By::System).await),
                Ask::Draft(row) => city(engine.import_sessions(&[*row], false, By::System).await),
                Ask::Publish { opens_at } => {
                    let shown = engine.drafts(opens_at);
                    city(engine.publish(&shown, opens_at, By::System).await)
                }
                Ask::Dose(row) => city(engine.import_doses(&[*row], false, By::System).await),
                Ask::Roll(rows) => {
                    let shown = engine.roll_difference(&rows, false).digest;
                    city(engine.import_roll(&rows, false, shown, By::System).await)
                }
                Ask::GiveContact { digit } => {
                    let contact = parse_contact(&format!("090-0000-000{digit}")).expect("a phone number");
                    let given = engine.give_contact(resident, contact, by).await;
                    given.map_or_else(Answer::Refused, |()| Answer::Contact)
                }
                Ask::DeleteContact => {
                    let deleted = engine.delete_contact(resident, by).await;
                    deleted.map_or_else(Answer::Refused, |()| Answer::Contact)
                }
                Ask::Site { title } => {
                    let shown = engine.site().revision;
                    city(engine.change_site(site(&title), shown, By::System).await)
                }
            }
        })
    }
}

fn done(done: Result<Done, Refusal>) -> Answer {
    done.map_or_else(Answer::Refused, Answer::Done)
}

/// What the city's pages say with one announcement on them.
fn site(title: &str) -> Site {
    let words = Worded::japanese(title.into());
    let announcement = Announcement {
        id: "only".into(),
        kind: AnnouncementKind::Urgent,
        shown_from: None,
        shown_until: None,
        title: words.clone(),
        body: words,
    };
    Site { announcements: vec![announcement], ..Site::default() }
}

fn city<T>(made: Result<T, CampaignError>) -> Answer {
    made.map_or_else(Answer::CityRefused, |_| Answer::City)
}

/// Without the names of holds: the engine draws them itself.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resident, channel, ask } = self;
        write!(f, "resident {resident} by {channel:?}: ")?;
        match ask {
            Ask::Book { legs, key } => write!(f, "book {} with {}", places(legs), key.as_str()),
            Ask::Move { number, session, slot, key } => {
                write!(f, "move {number} to {session}/{slot} with {}", key.as_str())
            }
            Ask::Cancel { number } => write!(f, "cancel {number}"),
            Ask::Hold { legs, changes: None } => write!(f, "hold {}", places(legs)),
            Ask::Hold { legs, changes: Some(number) } => write!(f, "hold {} to move {number}", places(legs)),
            Ask::Release { .. } => write!(f, "release the hold"),
            Ask::Capacity { session, slot, capacity } => write!(f, "city: {session}/{slot} has {capacity} places"),
            Ask::Close(session) => write!(f, "city: close {session}"),
            Ask::Reopen(session) => write!(f, "city: open {session} again"),
            Ask::CancelSession(session) => write!(f, "city: cancel {session}"),
            Ask::Draft(row) => write!(f, "city: draft a session on {}", row.date),
            Ask::Publish { opens_at } => write!(f, "city: publish, to open {opens_at:?}"),
            Ask::Dose(row) => write!(f, "city: dose {} elsewhere on {}", row.dose.get(), row.date),
            Ask::Roll(rows) => write!(f, "city: a roll of {}", rows.len()),
            Ask::GiveContact { digit } => write!(f, "give the contact {digit}"),
            Ask::DeleteContact => write!(f, "delete the contact"),
            Ask::Site { title } => write!(f, "city: announce {title}"),
        }
    }
}

fn places(legs: &Legs) -> String {
    let words = legs.iter().map(|leg| format!("{}/{} for dose {}", leg.session, leg.slot, leg.dose.get()));
    words.collect::<Vec<_>>().join(" and ")
}

impl Answer {
    /// The kind of answer, to count.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Done(done) if done.repeated => "repeated",
            Self::Done(_) => "booked or moved",
            Self::Cancelled(_) => "cancelled",
            Self::Held(_) => "held",
            Self::Released => "released",
            Self::Contact => "contact given or deleted",
            Self::City => "city: done",
            Self::CityRefused(_) => "city: refused",
            Self::Refused(refusal) => refusal.code.code(),
        }
    }
}

/// Without the names of holds.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind())?;
        match self {
            Self::Done(Done { bookings, .. }) | Self::Cancelled(bookings) => bookings
                .iter()
                .try_for_each(|booking| write!(f, " {} {}/{}", booking.number, booking.session, booking.slot)),
            Self::CityRefused(error) => write!(f, ": {error}"),
            Self::Refused(refusal) => {
                write!(f, "{}", refusal.index.map(|index| format!(" for leg {index}")).unwrap_or_default())?;
                refusal.retry_at.map_or(Ok(()), |at| write!(f, ", retry at {at:?}"))
            }
            Self::Held(hold) => write!(f, " until {:?}", hold.expires_at),
            Self::Released | Self::Contact | Self::City => Ok(()),
        }
    }
}
