//! Signing in: login, password and one-time code together, always all of them. Whatever is wrong, the answer and the work are the
//! same.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sesshu_engine::core::time::Instant;
use sesshu_engine::view::LoginError;
use totp_rs::Builder;

use super::desk::StaffDesk;
use crate::auth::network::Network;
use crate::auth::throttle::Bucket;
use crate::config::Client;
use crate::metrics::count_login;

/// Why nobody was signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignInError {
    /// Login, password or code do not belong together, or the code was used before: nobody can tell which.
    Wrong,
    /// Too many wrong tries: wait.
    TooMany {
        /// For how long, in milliseconds.
        wait_ms: i64,
    },
    /// There is too much to do.
    Busy,
    /// The system gives no random bytes.
    Internal,
}

/// The last one-time code that each account has signed in with. One entry for each account that has signed in.
#[derive(Default)]
pub(super) struct UsedCodes(Mutex<HashMap<Box<str>, u64>>);

impl UsedCodes {
    /// Uses the code of `step` up, if neither it nor a later one was used before (RFC 6238, 5.2).
    fn use_up(&self, login: &str, step: u64) -> bool {
        let mut last_steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match last_steps.get_mut(login) {
            Some(last) if *last >= step => false,
            Some(last) => {
                *last = step;
                true
            }
            None => {
                last_steps.insert(login.into(), step);
                true
            }
        }
    }
}

impl StaffDesk {
    /// Signs somebody in with what they typed; gives the token for their browser.
    pub(super) async fn sign_in(
        &self,
        login: &str,
        password: &str,
        code: &str,
        client: Client,
    ) -> Result<String, SignInError> {
        let bucket = Bucket::of_staff(login, Network::from(client.address));
        self.throttle.begin(bucket, self.engine.now()).map_err(|wait_ms| {
            count_login("staff_throttled");
            SignInError::TooMany { wait_ms }
        })?;
        // The account as it is before the work: a reset meanwhile makes its generation old, and the sign-in void.
        let account = self.engine.staff_account(login);
        let step = self.step_of(login, code);
        let password_fits = match self.engine.verify_staff_password(login, password).await {
            Ok(fits) => fits,
            Err(LoginError::Busy | LoginError::Invalid) => {
                self.throttle.undone(bucket);
                count_login("staff_busy");
                return Err(SignInError::Busy);
            }
        };
        let fits = account.filter(|account| password_fits && !account.disabled).zip(step);
        let Some((account, _)) = fits.filter(|&(_, step)| self.used_codes.use_up(login, step)) else {
            self.throttle.failed(bucket, self.engine.now());
            count_login("staff_invalid");
            return Err(SignInError::Wrong);
        };
        self.throttle.succeeded(bucket, self.engine.now());
        count_login("staff_granted");
        let begun = self.sign_ins.begin(login, account.generation, self.engine.now());
        let token = begun.map_err(|_| SignInError::Internal)?;
        self.note(login, false).await;
        Ok(token)
    }

    /// Ends what began with `token`.
    pub(super) async fn sign_out(&self, token: &str) {
        if let Some(login) = self.sign_ins.end(token) {
            self.note(&login, true).await;
        }
    }

    /// Writes it down for the audit. A store that takes nothing locks nobody out of looking.
    async fn note(&self, login: &str, out: bool) {
        if let Err(refusal) = self.engine.note_signed(login, out).await {
            tracing::warn!(code = refusal.code.code(), out, "a sign-in is not in the audit");
        }
    }

    /// The time step whose code was typed, if it is a current one of `login`.
    fn step_of(&self, login: &str, code: &str) -> Option<u64> {
        let secret = self.engine.staff_totp_secret(login);
        let known = secret.is_some();
        let secret = secret.as_deref().copied().unwrap_or_default();
        // The crate's defaults are the ones that authenticator apps have: SHA-1, 6 digits, 30 seconds, one step either way.
        let totp = Builder::new().with_secret(secret).build().ok()?;
        totp.check(&digits(code), seconds(self.engine.now())).filter(|_| known)
    }
}

/// The digits of a typed code: apps show it in two groups, and input methods make digits full-width.
fn digits(typed: &str) -> String {
    let digit = |c: char| match c {
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10),
        c if c.is_whitespace() => None,
        c => Some(c),
    };
    typed.chars().take(32).filter_map(digit).collect()
}

fn seconds(now: Instant) -> u64 {
    u64::try_from(now.0 / 1_000).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_typed_in_groups_and_full_width() {
        for typed in ["123456", " 123 456 ", "１２３　４５６"] {
            assert_eq!(digits(typed), "123456", "{typed}");
        }
        assert_eq!(digits("12a456"), "12a456");
    }

    #[test]
    fn a_code_counts_once_and_none_before_it_afterwards() {
        let used = UsedCodes::default();
        let tries = [("a", 5, true), ("a", 5, false), ("b", 5, true), ("a", 4, false), ("a", 6, true), ("a", 6, false)];
        for (login, step, granted) in tries {
            assert_eq!(used.use_up(login, step), granted, "{login} {step}");
        }
    }
}
