//! Logging in, and whether a login still stands.

use std::time::{Duration, Instant as StdInstant};

use super::EngineHandle;
use crate::core::event::{By, Entry, Event};
use crate::core::ids::{Channel, CityId, ResidentNo};
use crate::core::refusal::Refusal;
use crate::core::resident::EndedLogin;
use crate::core::time::Instant;
use crate::roll::{HashError, Lane, normalise_password};
use crate::view::{LoggedIn, LoginError, LoginLoad};
use zeroize::Zeroizing;

/// How long a login waits for the hash pool.
pub(super) const HASH_WAIT_MAX: Duration = Duration::from_secs(8);

impl EngineHandle {
    /// Verifies a city ID and password. An unknown ID (or none) takes the same work and gives the same answer as a wrong
    /// password. `password` is as typed; it is normalised here.
    pub async fn login(&self, id: Option<CityId>, password: &str, lane: Lane) -> Result<LoggedIn, LoginError> {
        let typed = normalise_password(password).unwrap_or_else(|_| Zeroizing::new(String::new()));
        let found = id.and_then(|id| self.index().by_id(id));
        let on_file = found.and_then(|resident| {
            self.index().resident(resident, |entry| {
                let password = entry.password?;
                Some((resident, password, entry.record.credential_generation, entry.person.name_kana.to_string()))
            })?
        });
        let against = on_file.as_ref().map(|(_, password, ..)| *password);
        let verified = self.0.pool.verify(lane, typed, against, StdInstant::now() + HASH_WAIT_MAX).await;
        match (verified, on_file) {
            (Ok(true), Some((resident, _, credential_generation, name_kana))) => {
                self.0.waiting_room.note_login(resident, self.now());
                Ok(LoggedIn { resident, credential_generation, name_kana })
            }
            (Ok(_), _) => Err(LoginError::Invalid),
            (Err(HashError::Busy | HashError::Expired | HashError::Closed | HashError::Failed), _) => {
                Err(LoginError::Busy)
            }
        }
    }

    /// How much the hash pool has to do for residents, and how much it gets done.
    #[must_use]
    pub fn login_load(&self) -> LoginLoad {
        let pool = &self.0.pool;
        LoginLoad {
            per_thousand_seconds: pool.per_thousand_seconds(),
            booking: pool.queued(Lane::Resident) as u64,
            viewing: pool.queued(Lane::Viewing) as u64,
        }
    }

    /// Whether a token still stands: the person is on file, the password was not issued again, the login was not ended. Whoever has one
    /// that stands is there, and has been since it was issued: the waiting room notes it.
    #[must_use]
    pub fn login_stands(&self, resident: ResidentNo, token: u64, generation: u32, issued_at: Instant) -> bool {
        let stands = self.index().resident(resident, |entry| entry.record.token_stands(token, generation, issued_at));
        let stands = stands.unwrap_or(false);
        if stands {
            self.0.waiting_room.note(resident, issued_at, self.now());
        }
        stands
    }

    /// Ends a login before its token expires; durable when this returns.
    pub async fn end_login(&self, resident: ResidentNo, ended: EndedLogin) -> Result<(), Refusal> {
        let pass = self.pass(resident).await?;
        let events = vec![Event::LoginEnded { resident, ended }];
        let entry = Entry { at: self.now(), by: By::Resident(resident), key: None, events };
        self.append_with_pass(entry, pass, Channel::Web).await?;
        Ok(())
    }
}
