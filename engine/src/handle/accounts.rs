//! Staff accounts as the city keeps them: added, given new secrets, bound to a venue, disabled and enabled. The last admin who can
//! sign in stays, and nobody shuts themself out.

use zeroize::Zeroizing;

use super::{CampaignError, EngineHandle};
use crate::actors::CampaignTurn;
use crate::core::event::By;
use crate::core::ids::VenueId;
use crate::core::staff::{StaffAccount, StaffRole};
use crate::roll::new_password;

/// The longest login name, in characters.
pub const LOGIN_CHARS_MAX: usize = 32;

/// What somebody signs in with, in readable form: shown once, never kept.
pub struct NewSecrets {
    /// The password.
    pub password: Zeroizing<String>,
    totp_secret: Zeroizing<[u8; 20]>,
}

/// Secrets stay out of logs.
impl std::fmt::Debug for NewSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewSecrets(…)")
    }
}

impl NewSecrets {
    fn draw() -> Result<Self, StaffError> {
        let password = new_password().map_err(|_| StaffError::Random)?;
        let mut totp_secret = Zeroizing::new([0; 20]);
        getrandom::fill(&mut totp_secret[..]).map_err(|_| StaffError::Random)?;
        Ok(Self { password, totp_secret })
    }

    /// The secret of the one-time passwords.
    #[must_use]
    pub fn totp_secret(&self) -> [u8; 20] {
        *self.totp_secret
    }

    /// The same as authenticator apps take it: RFC 4648 base32, 32 characters.
    #[must_use]
    pub fn totp_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(base32(&self.totp_secret))
    }
}

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// The login name has another form.
    #[error("a login has 1 to {LOGIN_CHARS_MAX} of a-z, 0-9, `.`, `-` and `_`")]
    WrongLogin,
    /// There is such an account already.
    #[error("the login exists; `staff reset` gives it new secrets")]
    Exists,
    /// There is no such account.
    #[error("there is no such login")]
    Unknown,
    /// There is no such venue.
    #[error("there is no such venue")]
    NoSuchVenue,
    /// Only those who work in a venue are bound to one.
    #[error("only accounts of the role venue are bound to a venue")]
    NotForAVenue,
    /// It is their own account.
    #[error("nobody disables their own account")]
    Oneself,
    /// Nobody could manage accounts any more.
    #[error("it is the last admin who can sign in")]
    LastAdmin,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
    /// It could not be stored.
    #[error(transparent)]
    Campaign(#[from] CampaignError),
}

impl EngineHandle {
    /// All staff accounts, by login name.
    #[must_use]
    pub fn staff_accounts(&self) -> Vec<(Box<str>, StaffAccount)> {
        self.index().setup().staff.iter().map(|(login, account)| (login.clone(), *account)).collect()
    }

    /// Adds an account; gives its secrets, which nobody sees again.
    pub async fn add_staff(
        &self,
        login: &str,
        role: StaffRole,
        venue: Option<VenueId>,
        by: By,
    ) -> Result<NewSecrets, StaffError> {
        let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
        if login.is_empty() || login.len() > LOGIN_CHARS_MAX || !login.chars().all(valid) {
            return Err(StaffError::WrongLogin);
        }
        let turn = self.turn().await;
        if self.account(login).is_ok() {
            return Err(StaffError::Exists);
        }
        self.check_venue(role, venue)?;
        let account = StaffAccount { role, venue, disabled: false, generation: 1 };
        self.put_new_secrets(turn, login, account, by).await
    }

    /// Gives an account new secrets and ends its sign-ins. A disabled one is enabled by it.
    pub async fn reset_staff(&self, login: &str, by: By) -> Result<NewSecrets, StaffError> {
        let turn = self.turn().await;
        let before = self.account(login)?;
        let account = StaffAccount { disabled: false, generation: before.generation + 1, ..before };
        self.put_new_secrets(turn, login, account, by).await
    }

    /// Disables an account, which ends its sign-ins at once, or enables it with the secrets that it had.
    pub async fn disable_staff(&self, login: &str, disabled: bool, by: By) -> Result<(), StaffError> {
        let turn = self.turn().await;
        let before = self.account(login)?;
        if before.disabled == disabled {
            return Ok(());
        }
        if disabled && by.staff() == Some(login) {
            return Err(StaffError::Oneself);
        }
        let other_admin = |(other, account): &(Box<str>, StaffAccount)| {
            **other != *login && account.role == StaffRole::Admin && !account.disabled
        };
        if disabled && before.role == StaffRole::Admin && !self.staff_accounts().iter().any(other_admin) {
            return Err(StaffError::LastAdmin);
        }
        let account = StaffAccount { disabled, generation: before.generation + 1, ..before };
        Ok(self.put_account(turn, login, account, None, by).await?)
    }

    /// Binds an account to the venue where they work, or to none. It ends their sign-ins.
    pub async fn bind_staff(&self, login: &str, venue: Option<VenueId>, by: By) -> Result<(), StaffError> {
        let turn = self.turn().await;
        let before = self.account(login)?;
        self.check_venue(before.role, venue)?;
        if before.venue == venue {
            return Ok(());
        }
        let account = StaffAccount { venue, generation: before.generation + 1, ..before };
        Ok(self.put_account(turn, login, account, None, by).await?)
    }

    fn account(&self, login: &str) -> Result<StaffAccount, StaffError> {
        self.staff_account(login).ok_or(StaffError::Unknown)
    }

    fn check_venue(&self, role: StaffRole, venue: Option<VenueId>) -> Result<(), StaffError> {
        match venue {
            Some(_) if role != StaffRole::Venue => Err(StaffError::NotForAVenue),
            Some(id) if self.index().setup().venue(id).is_none() => Err(StaffError::NoSuchVenue),
            _ => Ok(()),
        }
    }

    async fn put_new_secrets(
        &self,
        turn: CampaignTurn,
        login: &str,
        account: StaffAccount,
        by: By,
    ) -> Result<NewSecrets, StaffError> {
        let secrets = NewSecrets::draw()?;
        let stored = self.staff_secret(&secrets.password, *secrets.totp_secret).await?;
        self.put_account(turn, login, account, Some(stored), by).await?;
        Ok(secrets)
    }
}

/// RFC 4648 base32 without padding. Twenty bytes are 32 characters.
fn base32(bytes: &[u8; 20]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    bytes
        .chunks(5)
        .flat_map(|chunk| {
            let bits = chunk.iter().fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
            (0..8).map(move |index| char::from(ALPHABET[(bits >> (35 - 5 * index) & 31) as usize]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_totp_secret_is_written_as_authenticator_apps_read_it() {
        assert_eq!(base32(b"12345678901234567890"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
