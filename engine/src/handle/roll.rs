//! The roll: import with a difference first, issued passwords, and the report about one person.

use std::num::NonZeroUsize;
use std::sync::Arc;

use serde::Serialize;

use super::{CampaignError, EngineHandle};
use crate::actors::Ticket;
use crate::core::credential::StoredPassword;
use crate::core::event::{By, Event, ResidentSet};
use crate::core::ids::{Channel, CityId, ResidentNo};
use crate::core::resident::Person;
use crate::core::staff::View;
use crate::core::time::Instant;
use crate::ledger::Beside;
use crate::roll::{ISSUE_CHUNK, IssuedPassword, RollRow, issue_passwords};
use crate::view::BookingView;

/// What an import would change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollDifference {
    /// People who are not on file yet.
    pub new: usize,
    /// People whose data differ, or who come back.
    pub changed: usize,
    /// People who stay as they are.
    pub unchanged: usize,
    /// People on file who are not in the file: with a whole roll they leave it.
    pub gone: usize,
    /// Those of them who have live bookings: they keep them, and the city should know.
    pub gone_with_bookings: Vec<(CityId, Vec<BookingView>)>,
    /// Names the difference: an import is done only if it is still the one that was shown.
    pub digest: [u8; 32],
}

/// The changes behind a difference.
struct RollChange {
    added: Vec<Person>,
    changed: Vec<(ResidentNo, Person)>,
    gone: Vec<ResidentNo>,
    unchanged: usize,
}

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
    pub doses_elsewhere: Vec<ReportedDose>,
    pub request_keys: usize,
    pub views: Vec<ReportedView>,
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
    pub state: &'static str,
}

/// A dose given elsewhere in a report.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ReportedDose {
    pub dose: u8,
    pub date: String,
}

/// Who looked at the person, and when.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ReportedView {
    pub at: String,
    pub by: String,
}

impl EngineHandle {
    /// What an import of `rows` would change, without changing it. Unless `partial`, the rows are the whole roll.
    #[must_use]
    pub fn roll_difference(&self, rows: &[RollRow], partial: bool) -> RollDifference {
        let change = self.roll_change(rows, partial);
        let with_bookings = change.gone.iter().filter_map(|no| {
            let (id, live) = self.index().resident(*no, |entry| {
                let live = entry.record.bookings.iter().filter(|booking| booking.state.is_live());
                (entry.person.id, live.copied().collect::<Vec<_>>())
            })?;
            (!live.is_empty()).then(|| (id, self.views(live)))
        });
        RollDifference {
            new: change.added.len(),
            changed: change.changed.len(),
            unchanged: change.unchanged,
            gone: change.gone.len(),
            gone_with_bookings: with_bookings.collect(),
            digest: digest(&change),
        }
    }

    /// Imports `rows`, all or nothing, if the difference is still the one named by `shown`.
    pub async fn import_roll(
        &self,
        rows: &[RollRow],
        partial: bool,
        shown: [u8; 32],
        by: By,
    ) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let change = self.roll_change(rows, partial);
        if digest(&change) != shown {
            return Err(CampaignError::ChangedMeanwhile);
        }
        if change.added.is_empty() && change.changed.is_empty() && change.gone.is_empty() {
            return Ok(());
        }
        let first = self.index().residents_next();
        let added: Vec<(ResidentNo, Person)> = (first..).map(ResidentNo).zip(change.added).collect();
        let event = Event::RollImported {
            digest: shown,
            added: added.iter().map(|(no, _)| *no).collect(),
            changed: change.changed.iter().map(|(no, _)| *no).collect(),
            gone: change.gone.into_iter().collect(),
        };
        let people = added.into_iter().chain(change.changed).collect();
        let beside = Beside { people, ..Beside::default() };
        self.append_in_turn(turn, by, vec![event], Some(beside)).await?;
        Ok(())
    }

    fn roll_change(&self, rows: &[RollRow], partial: bool) -> RollChange {
        let mut change = RollChange { added: Vec::new(), changed: Vec::new(), gone: Vec::new(), unchanged: 0 };
        let mut seen = vec![false; self.index().residents_next() as usize];
        for row in rows {
            let person = Person {
                id: row.id,
                name_kana: row.name_kana.as_str().into(),
                birth_date: row.birth_date,
                groups: row.groups.iter().map(|group| group.as_str().into()).collect(),
            };
            let Some(no) = self.index().by_id(row.id) else {
                change.added.push(person);
                continue;
            };
            // Somebody who came on file a moment ago is in neither list; the import then finds another difference.
            if let Some(seen) = seen.get_mut(no.0 as usize) {
                *seen = true;
            }
            let same = self.index().resident(no, |entry| entry.person == person && !entry.record.left_roll);
            if same == Some(true) {
                change.unchanged += 1;
            } else {
                change.changed.push((no, person));
            }
        }
        if !partial {
            self.index().for_each_resident(|no, entry| {
                if seen.get(no.0 as usize) == Some(&false) && !entry.record.left_roll {
                    change.gone.push(no);
                }
            });
        }
        change
    }

    /// The people who have no password yet, on the roll and (if given) in `group`.
    #[must_use]
    pub fn without_password(&self, group: Option<&str>) -> Vec<ResidentNo> {
        let mut all = Vec::new();
        self.index().for_each_resident(|no, entry| {
            let in_group = group.is_none_or(|group| entry.person.groups.iter().any(|own| **own == *group));
            if entry.password.is_none() && !entry.record.left_roll && in_group {
                all.push(no);
            }
        });
        all
    }

    /// Makes passwords for up to [`ISSUE_CHUNK`] of `residents` on all cores, at the lowest priority, without storing anything.
    /// `progress` hears how many are hashed. The printer's lines must be safe on a disk before [`EngineHandle::put_passwords`]:
    /// then a crash leaves lines that are made again, never a person whose password nobody knows.
    pub async fn prepare_passwords(
        &self,
        residents: &[ResidentNo],
        progress: impl FnMut(usize) + Send + 'static,
    ) -> Result<Vec<PreparedPassword>, CampaignError> {
        let chunk: Vec<ResidentNo> = residents.iter().copied().take(ISSUE_CHUNK).collect();
        let made = self.make_passwords(chunk.len(), progress).await?;
        let prepared = chunk.into_iter().zip(made).filter_map(|(resident, made)| {
            let line = self.index().resident(resident, |entry| IssuedLine {
                id: entry.person.id.to_string(),
                name_kana: entry.person.name_kana.to_string(),
                password: made.plain.clone(),
            });
            Some(PreparedPassword { resident, stored: made.stored, line: line? })
        });
        Ok(prepared.collect())
    }

    /// Stores the hashes of issued passwords, durably: from then on they are the only ones that count.
    pub async fn put_passwords(
        &self,
        passwords: Vec<(ResidentNo, StoredPassword)>,
        by: By,
    ) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        // Somebody may have been erased since the passwords were made.
        let on_file = |no| self.index().resident(no, |entry| !entry.record.erased) == Some(true);
        let passwords: Vec<_> = passwords.into_iter().filter(|(no, _)| on_file(*no)).collect();
        let residents: ResidentSet = passwords.iter().map(|(no, _)| *no).collect();
        let beside = Beside { passwords, ..Beside::default() };
        self.append_in_turn(turn, by, vec![Event::PasswordsIssued { residents }], Some(beside)).await?;
        Ok(())
    }

    /// Makes `count` passwords with their hashes, on all cores.
    pub async fn make_passwords(
        &self,
        count: usize,
        progress: impl FnMut(usize) + Send + 'static,
    ) -> Result<Vec<IssuedPassword>, CampaignError> {
        let hasher = Arc::clone(&self.0.hasher);
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let made = tokio::task::spawn_blocking(move || issue_passwords(count, threads, &hasher, progress)).await;
        made.map_err(|_| CampaignError::Interrupted)?.map_err(CampaignError::Issue)
    }

    /// A resident's city ID.
    #[must_use]
    pub fn city_id(&self, resident: ResidentNo) -> Option<CityId> {
        self.index().resident(resident, |entry| entry.person.id)
    }

    /// The pseudonym of a city ID.
    #[must_use]
    pub fn find(&self, id: CityId) -> Option<ResidentNo> {
        self.index().by_id(id)
    }

    /// Everything that is held about a person, and who viewed them. The view itself is in the journal before this returns.
    pub async fn report(&self, resident: ResidentNo, by: By) -> Result<Option<PersonReport>, CampaignError> {
        if self.index().resident(resident, |_| ()).is_none() {
            return Ok(None);
        }
        let event = Event::PersonViewed { resident, view: View::Report };
        self.append(by, vec![event], None, Ticket::default(), Channel::City).await?;
        let views = self.views_of(resident).await?;
        Ok(self.index().resident(resident, |entry| {
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
                bookings: bookings.iter().map(reported).collect(),
                doses_elsewhere: entry
                    .record
                    .elsewhere
                    .iter()
                    .map(|given| ReportedDose { dose: given.dose.get(), date: given.date.to_string() })
                    .collect(),
                request_keys: entry.record.keys.len(),
                views,
            }
        }))
    }
}

/// A password that is made but not stored.
pub struct PreparedPassword {
    /// Whose.
    pub resident: ResidentNo,
    /// Its hash.
    pub stored: StoredPassword,
    /// Its line for the printer.
    pub line: IssuedLine,
}

/// A line of the printer's list.
#[derive(Clone)]
#[allow(missing_docs, reason = "the names say it")]
pub struct IssuedLine {
    pub id: String,
    pub name_kana: String,
    pub password: zeroize::Zeroizing<String>,
}

fn reported(booking: &BookingView) -> ReportedBooking {
    ReportedBooking {
        number: booking.number.to_string(),
        venue: booking.venue.name.clone(),
        date: booking.date.to_string(),
        start: booking.start.to_string(),
        dose: booking.dose.get(),
        vaccine: booking.vaccine.to_string(),
        state: booking.state.code(),
    }
}

fn digest(change: &RollChange) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let mut person = |no: Option<ResidentNo>, person: &Person| {
        let row = (no, person);
        hasher.update(&postcard::to_stdvec(&row).expect("a person encodes into a growing buffer"));
    };
    for added in &change.added {
        person(None, added);
    }
    for (no, changed) in &change.changed {
        person(Some(*no), changed);
    }
    for no in &change.gone {
        hasher.update(&no.0.to_le_bytes());
    }
    *hasher.finalize().as_bytes()
}
