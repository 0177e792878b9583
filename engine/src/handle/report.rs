//! Everything that is held about one person, for those who ask the city for it, and who looked at it.

use serde::Serialize;

use super::{AuditQuery, CampaignError, EngineHandle};
use crate::actors::Ticket;
use crate::core::care::{Care, FollowedUp, GivenDose, LeftoverAsked};
use crate::core::event::{By, Event};
use crate::core::ids::{Channel, ResidentNo};
use crate::core::staff::View;
use crate::core::time::Instant;
use crate::ledger::LoadError;
use crate::view::BookingView;

/// How many views a report lists at most.
const VIEWS_MAX: usize = 10_000;

/// Everything that is held about one person.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct PersonReport {
    pub id: String,
    pub pseudonym: u32,
    pub name_kana: String,
    pub birth_date: String,
    pub groups: Vec<String>,
    pub on_roll: bool,
    pub password_issued: bool,
    pub contact: Option<ReportedContact>,
    pub bookings: Vec<ReportedBooking>,
    pub doses_here: Vec<ReportedLot>,
    pub doses_elsewhere: Vec<ReportedDose>,
    pub vaccinated_by_clinic: bool,
    pub password_requested_at: Option<String>,
    pub follow_ups: Vec<ReportedFollowUp>,
    pub leftovers_offered: Vec<ReportedOffer>,
    pub request_keys: usize,
    pub arrived: Option<ReportedArrival>,
    pub views: Vec<ReportedView>,
}

/// For which opening the person came last, and since when they were there.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ReportedArrival {
    pub opening: String,
    pub at: String,
}

/// A contact in a report, with the instant of its consent.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ReportedContact {
    pub kind: &'static str,
    pub value: String,
    pub given_at: Option<String>,
}

/// A booking in a report.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ReportedBooking {
    pub number: String,
    pub venue: String,
    pub date: String,
    pub start: String,
    pub dose: u8,
    pub vaccine: String,
    pub channel: &'static str,
    pub state: &'static str,
}

/// A dose given here in a report, by the number of its booking.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ReportedLot {
    pub number: String,
    pub lot: String,
    pub entered_at: String,
}

/// What came of following up in a report.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ReportedFollowUp {
    pub number: String,
    pub why: &'static str,
    pub reached: &'static str,
    pub at: String,
}

/// A leftover dose that was offered, in a report.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ReportedOffer {
    pub venue: String,
    pub date: String,
    pub answer: &'static str,
    pub at: String,
}

/// A dose given elsewhere in a report.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ReportedDose {
    pub dose: u8,
    pub date: String,
    pub vaccine: String,
}

/// Who looked at the person, and when.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ReportedView {
    pub at: String,
    pub by: String,
    pub views: Vec<&'static str>,
}

impl EngineHandle {
    /// Everything that is held about a person, and who viewed them. The view itself is in the journal before this returns.
    pub async fn report(&self, resident: ResidentNo, by: By) -> Result<Option<PersonReport>, CampaignError> {
        if self.index().resident(resident, |_| ()).is_none() {
            return Ok(None);
        }
        let event = Event::PersonViewed { resident, view: View::Report };
        self.append(by, vec![event], None, Ticket::default(), Channel::City).await?;
        let views = self.views_of(resident).await?;
        let setup = self.index().setup();
        Ok(self.index().resident(resident, |entry| {
            let nothing = Care::default();
            let care = entry.record.care.as_deref().unwrap_or(&nothing);
            let channel_of = |number| entry.record.booking(number).map_or("", |booking| booking.channel.code());
            let bookings = self.views(entry.record.bookings.iter().copied());
            PersonReport {
                id: entry.person.id.to_string(),
                pseudonym: resident.0,
                name_kana: entry.person.name_kana.to_string(),
                birth_date: entry.person.birth_date.to_string(),
                groups: entry.person.groups.iter().map(ToString::to_string).collect(),
                on_roll: !entry.record.left_roll,
                password_issued: entry.password.is_some(),
                contact: entry.contact.as_ref().map(|contact| ReportedContact {
                    kind: contact.kind().code(),
                    value: contact.value().to_owned(),
                    given_at: entry.record.contact.given_at.map(Instant::to_rfc3339),
                }),
                bookings: bookings.iter().map(|booking| reported(booking, channel_of(booking.number))).collect(),
                doses_here: care.given.iter().map(reported_lot).collect(),
                doses_elsewhere: entry
                    .record
                    .elsewhere
                    .iter()
                    .map(|given| ReportedDose {
                        dose: given.dose.get(),
                        date: given.date.to_string(),
                        vaccine: setup.vaccine(given.vaccine).map_or_else(String::new, |it| it.name.to_string()),
                    })
                    .collect(),
                vaccinated_by_clinic: care.clinic,
                password_requested_at: care.password_requested_at.map(Instant::to_rfc3339),
                follow_ups: care.followed_up.iter().map(reported_follow_up).collect(),
                leftovers_offered: care.leftovers.iter().filter_map(|asked| self.reported_offer(asked)).collect(),
                request_keys: entry.record.keys.len(),
                arrived: entry.record.arrived.map(|arrived| ReportedArrival {
                    opening: arrived.opening.to_rfc3339(),
                    at: arrived.at.to_rfc3339(),
                }),
                views,
            }
        }))
    }

    fn reported_offer(&self, asked: &LeftoverAsked) -> Option<ReportedOffer> {
        let session = self.index().session(asked.session)?.definition();
        Some(ReportedOffer {
            venue: self.index().setup().venue(session.venue)?.name.clone(),
            date: session.date.to_string(),
            answer: asked.answer.code(),
            at: asked.at.to_rfc3339(),
        })
    }

    /// Who viewed a person, oldest first; at most the last [`VIEWS_MAX`].
    async fn views_of(&self, resident: ResidentNo) -> Result<Vec<ReportedView>, LoadError> {
        let query = AuditQuery { person: Some(resident), rows_max: VIEWS_MAX, ..AuditQuery::default() };
        let page = self.audit(query).await?;
        let views = page.entries.into_iter().rev().filter_map(|(_, entry)| {
            let views: Vec<&'static str> = entry.events.iter().filter_map(|event| view_of(event, resident)).collect();
            let reported = ReportedView { at: entry.at.to_rfc3339(), by: name_of(&entry.by), views };
            (!reported.views.is_empty()).then_some(reported)
        });
        Ok(views.collect())
    }
}

/// The view of `resident` that the event records, if it is one.
fn view_of(event: &Event, resident: ResidentNo) -> Option<&'static str> {
    match event {
        Event::PersonViewed { resident: seen, view } if *seen == resident => Some(view.code()),
        Event::PeopleViewed { residents, view } if residents.contains(resident) => Some(view.code()),
        _ => None,
    }
}

fn reported_lot(given: &GivenDose) -> ReportedLot {
    ReportedLot { number: given.number.to_string(), lot: given.lot.to_string(), entered_at: given.at.to_rfc3339() }
}

fn reported_follow_up(done: &FollowedUp) -> ReportedFollowUp {
    let (number, why, reached) = (done.number.to_string(), done.why.code(), done.reached.code());
    ReportedFollowUp { number, why, reached, at: done.at.to_rfc3339() }
}

fn reported(booking: &BookingView, channel: &'static str) -> ReportedBooking {
    ReportedBooking {
        number: booking.number.to_string(),
        venue: booking.venue.name.clone(),
        date: booking.date.to_string(),
        start: booking.start.to_string(),
        dose: booking.dose.get(),
        vaccine: booking.vaccine.to_string(),
        channel,
        state: booking.state.code(),
    }
}

fn name_of(by: &By) -> String {
    match by {
        By::Resident(_) => "resident".into(),
        By::Staff(login) => format!("staff {login}"),
        By::CommandLine { uid } => format!("command line, user id {uid}"),
        By::System => "sesshu".into(),
        By::Call { login, call } => format!("staff {login} in call {call}"),
    }
}
