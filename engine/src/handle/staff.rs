//! Staff accounts: adding one, and what a member of staff signs in with.

use std::time::Instant as StdInstant;

use zeroize::Zeroizing;

use super::EngineHandle;
use super::campaign::CampaignError;
use super::login::HASH_WAIT_MAX;
use crate::actors::Ticket;
use crate::core::credential::StaffSecret;
use crate::core::event::{By, Event};
use crate::core::ids::{Channel, VenueId};
use crate::core::refusal::Refusal;
use crate::core::staff::{StaffAccount, StaffRole};
use crate::ledger::Beside;
use crate::roll::{Lane, normalise_password};
use crate::view::LoginError;

impl EngineHandle {
    /// Adds a staff account, or with `reset` gives an existing one new secrets.
    pub async fn put_staff(
        &self,
        login: &str,
        role: StaffRole,
        password: &str,
        totp_secret: [u8; 20],
        by: By,
    ) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let typed = normalise_password(password).map_err(|_| CampaignError::Hash)?;
        let password = self.0.pool.hash(Lane::Staff, typed).await.map_err(|_| CampaignError::Hash)?;
        let login: Box<str> = login.into();
        let secret = StaffSecret { password, totp_secret };
        let beside = Beside { staff: vec![(login.clone(), secret)], ..Beside::default() };
        let before = self.staff_account(&login);
        let venue = before.and_then(|account| account.venue);
        let generation = before.map_or(1, |account| account.generation + 1);
        let account = StaffAccount { role, venue, disabled: false, generation };
        self.append_in_turn(turn, by, vec![Event::StaffChanged { login, account }], Some(beside)).await?;
        Ok(())
    }

    /// Changes what an existing account may do. Whoever is signed in with it is signed out.
    ///
    /// # Errors
    /// [`CampaignError::NoSuchStaff`], or that the change was not taken.
    pub async fn change_staff(
        &self,
        login: &str,
        role: StaffRole,
        venue: Option<VenueId>,
        disabled: bool,
        by: By,
    ) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let before = self.staff_account(login).ok_or(CampaignError::NoSuchStaff)?;
        let account = StaffAccount { role, venue, disabled, generation: before.generation + 1 };
        self.append_in_turn(turn, by, vec![Event::StaffChanged { login: login.into(), account }], None).await?;
        Ok(())
    }

    /// Writes down that somebody signed in or, with `out`, signed out.
    ///
    /// # Errors
    /// If the ledger does not take it; whoever signs in may do so all the same, so that a full disk locks nobody out.
    pub async fn note_signed(&self, login: &str, out: bool) -> Result<(), Refusal> {
        let (by, login) = (By::Staff(login.into()), login.into());
        let event = if out { Event::SignedOut { login } } else { Event::SignedIn { login } };
        self.append(by, vec![event], None, Ticket::default(), Channel::City).await?;
        Ok(())
    }

    /// The role of a staff account.
    #[must_use]
    pub fn staff_role(&self, login: &str) -> Option<StaffRole> {
        self.staff_account(login).map(|account| account.role)
    }

    /// A staff account as it is now.
    #[must_use]
    pub fn staff_account(&self, login: &str) -> Option<StaffAccount> {
        self.index().setup().staff.get(login).copied()
    }

    /// Whether `password`, as typed, is that of the account `login`. An unknown or disabled account takes the same work and
    /// gives the same answer as a wrong password.
    ///
    /// # Errors
    /// [`LoginError::Busy`] if the work was not begun in time.
    pub async fn verify_staff_password(&self, login: &str, password: &str) -> Result<bool, LoginError> {
        let typed = normalise_password(password).unwrap_or_else(|_| Zeroizing::new(String::new()));
        let may_sign_in = self.staff_account(login).is_some_and(|account| !account.disabled);
        let against = self.index().staff(login).filter(|_| may_sign_in).map(|secret| secret.password);
        let verified = self.0.pool.verify(Lane::Staff, typed, against, StdInstant::now() + HASH_WAIT_MAX).await;
        verified.map_err(|_| LoginError::Busy)
    }

    /// The secret of an account's one-time passwords (RFC 6238).
    #[must_use]
    pub fn staff_totp_secret(&self, login: &str) -> Option<Zeroizing<[u8; 20]>> {
        self.index().staff(login).map(|secret| Zeroizing::new(secret.totp_secret))
    }
}
