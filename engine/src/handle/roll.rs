//! The roll and the doses given elsewhere, from the city's files: what a file would change first, then all of it or nothing.

use super::{CampaignError, EngineHandle};
use crate::core::event::{By, Event};
use crate::core::ids::{CityId, ResidentNo};
use crate::core::resident::Person;
use crate::ledger::Beside;
use crate::roll::{DosesFile, RollFile, RollRow, doses_without_earlier, parse_doses, parse_roll};
use crate::view::BookingView;

/// A file of the roll, and what it would change.
#[derive(Debug, Clone)]
pub struct RollPreview {
    /// The file as it was read.
    pub file: RollFile,
    /// Whether who is not in it stays.
    pub partial: bool,
    /// What it would change. With wrong lines nobody counts as gone: they may stand on one.
    pub difference: RollDifference,
}

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

impl RollPreview {
    /// Whether the file may be imported: no line is wrong, and it does not empty the roll.
    pub fn check(&self) -> Result<(), CampaignError> {
        if !self.file.errors.is_empty() {
            return Err(CampaignError::WrongLines(self.file.errors.clone()));
        }
        if self.file.rows.is_empty() && !self.partial {
            return Err(CampaignError::EmptyRoll);
        }
        Ok(())
    }
}

impl RollDifference {
    /// How many people the import would add, change or take off the roll.
    #[must_use]
    pub const fn changes(&self) -> usize {
        self.new + self.changed + self.gone
    }
}

impl EngineHandle {
    /// Reads a file of the roll and says what it would change, without changing it. Unless `partial`, it is the whole roll.
    /// Blocks for about a second for a large city.
    #[must_use]
    pub fn preview_roll(&self, bytes: &[u8], partial: bool) -> RollPreview {
        let file = parse_roll(bytes, self.now().city_day());
        let difference = self.roll_difference(&file.rows, partial || !file.errors.is_empty());
        RollPreview { file, partial, difference }
    }

    /// Imports a file of the roll as it was shown.
    pub async fn import_previewed_roll(&self, shown: &RollPreview, by: By) -> Result<(), CampaignError> {
        shown.check()?;
        self.import_roll(&shown.file.rows, shown.partial, shown.difference.digest, by).await
    }

    /// Reads a file of doses given elsewhere; its errors are also those that only the city's data can tell.
    #[must_use]
    pub fn preview_doses(&self, bytes: &[u8]) -> DosesFile {
        let mut file = parse_doses(bytes, self.now().city_day());
        file.errors.extend(self.check_doses(&file.rows));
        file.errors.extend(doses_without_earlier(&file.rows, |id| Some(self.me(self.find(id)?)?.next?.dose)));
        file.errors.sort_by_key(|error| error.line);
        file
    }

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
