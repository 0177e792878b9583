//! Staff accounts: a password and a TOTP secret, made here and shown once.

use serde_json::{Value, json};
use sesshu_engine::EngineHandle;
use sesshu_engine::core::event::By;
use sesshu_engine::core::staff::StaffRole;
use sesshu_engine::roll::new_password;

use crate::exit::Failure;

/// The longest login name.
const LOGIN_CHARS_MAX: usize = 32;

/// Adds the account `login` with `role`, or without one gives it new secrets.
pub(super) async fn put(engine: &EngineHandle, login: &str, role: Option<&str>, by: By) -> Result<Value, Failure> {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    if login.is_empty() || login.len() > LOGIN_CHARS_MAX || !login.chars().all(valid) {
        let form = "1 to 32 of a-z, 0-9, `.`, `-` and `_`";
        return Err(Failure::usage(format!("the login `{login}` must be {form}")));
    }
    let existing = engine.staff_role(login);
    let role = match (existing, role) {
        (None, Some(role)) => role_of(role)?,
        (Some(role), None) => role,
        (Some(_), Some(_)) => {
            return Err(Failure::refused(format!("the login `{login}` exists; `staff reset` gives it new secrets")));
        }
        (None, None) => return Err(Failure::refused(format!("there is no login `{login}`"))),
    };
    let secrets = secrets()?;
    engine.put_staff(login, role, &secrets.0, secrets.1, by).await?;
    Ok(json!({
        "login": login,
        "role": role.code(),
        "password": *secrets.0,
        "totp_secret": base32(&secrets.1),
    }))
}

/// Makes an account whose login is free; gives its password and TOTP secret.
pub(crate) async fn staff_secrets(engine: &EngineHandle, login: &str, role: &str) -> Result<(String, String), Failure> {
    let secrets = secrets()?;
    engine.put_staff(login, role_of(role)?, &secrets.0, secrets.1, By::System).await?;
    Ok((secrets.0.to_string(), base32(&secrets.1)))
}

/// A new password and TOTP secret.
fn secrets() -> Result<(impl std::ops::Deref<Target = String>, [u8; 20]), Failure> {
    let password = new_password().map_err(Failure::internal)?;
    let mut totp = [0; 20];
    getrandom::fill(&mut totp).map_err(Failure::internal)?;
    Ok((password, totp))
}

/// RFC 4648 base32 without padding, as authenticator apps take it. Twenty bytes are 32 characters.
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

fn role_of(name: &str) -> Result<StaffRole, Failure> {
    let found = StaffRole::of_code(name);
    found.ok_or_else(|| Failure::usage(format!("`{name}` is not a role")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_totp_secret_is_written_as_authenticator_apps_read_it() {
        assert_eq!(base32(b"12345678901234567890"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
