//! Passwords that the city issues by post: made and listed first, and counting only once their list is safe.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::{CampaignError, EngineHandle};
use crate::actors::CampaignTurn;
use crate::core::credential::StoredPassword;
use crate::core::event::{By, Event, ResidentSet};
use crate::core::ids::ResidentNo;
use crate::core::time::Instant;
use crate::ledger::Beside;
use crate::roll::{ISSUE_CHUNK, IssuedPassword, issue_passwords};

/// Somebody for whom a new password by post was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordRequest {
    /// Who.
    pub resident: ResidentNo,
    /// The ID on the city's letter.
    pub id: String,
    /// The name in kana.
    pub name_kana: String,
    /// When it was asked for.
    pub at: Instant,
}

impl EngineHandle {
    /// The people who asked for a new password and are on the roll, longest waiting first. Showing any of it is a view of them.
    #[must_use]
    pub fn password_requests(&self) -> Vec<PasswordRequest> {
        let mut all = Vec::new();
        self.index().for_each_resident(|resident, entry| {
            let asked = entry.record.care.as_ref().and_then(|care| care.password_requested_at);
            if let Some(at) = asked.filter(|_| !entry.record.left_roll) {
                let (id, name_kana) = (entry.person.id.to_string(), entry.person.name_kana.to_string());
                all.push(PasswordRequest { resident, id, name_kana, at });
            }
        });
        all.sort_by_key(|request| (request.at, request.resident));
        all
    }

    /// How many people on the roll have no password, by group; somebody in several groups counts in each. The whole stands
    /// under no name.
    #[must_use]
    pub fn without_password_by_group(&self) -> BTreeMap<Option<Box<str>>, usize> {
        let mut counts = BTreeMap::from([(None, 0)]);
        self.index().for_each_resident(|_, entry| {
            if entry.password.is_none() && !entry.record.left_roll {
                let groups = entry.person.groups.iter().map(|group| Some(group.clone()));
                for group in groups.chain([None]) {
                    *counts.entry(group).or_default() += 1;
                }
            }
        });
        counts
    }

    /// Whether anybody on the roll is in `group`.
    #[must_use]
    pub fn has_group(&self, group: &str) -> bool {
        let mut found = false;
        self.index().for_each_resident(|_, entry| {
            found |= !entry.record.left_roll && entry.person.groups.iter().any(|own| **own == *group);
        });
        found
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
    /// `progress` hears how many are hashed. The printer's lines must be safe on a disk before [`EngineHandle::issue_passwords`]:
    /// then a crash leaves lines that are made again, never a person whose password nobody knows.
    pub async fn prepare_passwords(
        &self,
        residents: &[ResidentNo],
        progress: impl FnMut(usize) + Send + 'static,
    ) -> Result<Vec<PreparedPassword>, CampaignError> {
        let chunk: Vec<ResidentNo> = residents.iter().copied().take(ISSUE_CHUNK).collect();
        let made = self.make_passwords(chunk.len(), progress).await?;
        let prepared = chunk.into_iter().zip(made).filter_map(|(resident, made)| {
            self.index().resident(resident, |entry| PreparedPassword {
                hash: PreparedHash { resident, before: entry.record.credential_generation, stored: made.stored },
                line: IssuedLine {
                    id: entry.person.id.to_string(),
                    name_kana: entry.person.name_kana.to_string(),
                    password: made.plain.clone(),
                },
            })
        });
        Ok(prepared.collect())
    }

    /// Stores the hashes of prepared passwords, durably: from then on they are the only ones that count. If somebody has been
    /// given another password meanwhile, nothing is stored: the letter that is on its way must stay true.
    pub async fn issue_passwords(&self, prepared: &[PreparedHash], by: By) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let stands = |one: &PreparedHash| {
            let before = self.index().resident(one.resident, |entry| entry.record.credential_generation);
            before == Some(one.before)
        };
        if !prepared.iter().all(stands) {
            return Err(CampaignError::ChangedMeanwhile);
        }
        self.store_passwords(turn, prepared.iter().map(|one| (one.resident, one.stored)).collect(), by).await
    }

    /// Stores hashes, durably, whoever has a password already: for cities that are made in one go.
    pub async fn put_passwords(
        &self,
        passwords: Vec<(ResidentNo, StoredPassword)>,
        by: By,
    ) -> Result<(), CampaignError> {
        self.store_passwords(self.turn().await, passwords, by).await
    }

    async fn store_passwords(
        &self,
        turn: CampaignTurn,
        passwords: Vec<(ResidentNo, StoredPassword)>,
        by: By,
    ) -> Result<(), CampaignError> {
        // Nobody who was erased meanwhile gets one.
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
}

/// The hash of a password that is made but not stored.
#[derive(Debug, Clone, Copy)]
pub struct PreparedHash {
    /// Whose.
    pub resident: ResidentNo,
    /// How many passwords they had been given when it was made.
    before: u32,
    /// The hash.
    stored: StoredPassword,
}

/// A password that is made but not stored.
pub struct PreparedPassword {
    /// Its hash.
    pub hash: PreparedHash,
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
