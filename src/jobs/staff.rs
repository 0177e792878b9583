//! Staff accounts at the command line: their password and TOTP secret are made by the engine and shown once.

use serde_json::{Value, json};
use sesshu_engine::core::event::By;
use sesshu_engine::core::staff::{StaffAccount, StaffRole};
use sesshu_engine::{EngineHandle, NewSecrets, StaffError};

use crate::exit::Failure;

/// Adds the account `login` with `role`, or without one gives it new secrets.
pub(super) async fn put(engine: &EngineHandle, login: &str, role: Option<&str>, by: By) -> Result<Value, Failure> {
    let made = match role {
        Some(role) => engine.add_staff(login, role_of(role)?, None, by).await,
        None => engine.reset_staff(login, by).await,
    };
    let secrets = made.map_err(|error| about(login, &error))?;
    Ok(json!({
        "login": login,
        "role": engine.staff_role(login).map(StaffRole::code),
        "password": *secrets.password,
        "totp_secret": *secrets.totp_base32(),
    }))
}

/// Disables the account `login`, or enables it.
pub(super) async fn disable(engine: &EngineHandle, login: &str, disabled: bool, by: By) -> Result<Value, Failure> {
    engine.disable_staff(login, disabled, by).await.map_err(|error| about(login, &error))?;
    Ok(json!({ "login": login, "disabled": disabled }))
}

/// All accounts.
pub(super) fn list(engine: &EngineHandle) -> Value {
    let venues = engine.venues();
    let one = |(login, account): &(Box<str>, StaffAccount)| {
        let venue = venues.iter().find(|venue| Some(venue.id) == account.venue);
        json!({
            "login": login,
            "role": account.role.code(),
            "venue": venue.map(|venue| venue.name.as_str()),
            "disabled": account.disabled,
        })
    };
    json!({ "accounts": engine.staff_accounts().iter().map(one).collect::<Vec<_>>() })
}

/// Makes an account whose login is free; gives its password and TOTP secret.
pub(crate) async fn staff_secrets(engine: &EngineHandle, login: &str, role: &str) -> Result<(String, String), Failure> {
    let made = engine.add_staff(login, role_of(role)?, None, By::System).await;
    let secrets: NewSecrets = made.map_err(|error| about(login, &error))?;
    Ok((secrets.password.to_string(), secrets.totp_base32().to_string()))
}

fn about(login: &str, error: &StaffError) -> Failure {
    let message = format!("the login `{login}`: {error}");
    match error {
        StaffError::WrongLogin => Failure::usage(message),
        StaffError::Random => Failure::internal(message),
        StaffError::Campaign(error) => Failure { message, ..Failure::of_campaign(error) },
        StaffError::Exists
        | StaffError::Unknown
        | StaffError::NoSuchVenue
        | StaffError::NotForAVenue
        | StaffError::Oneself
        | StaffError::LastAdmin => Failure::refused(message),
    }
}

fn role_of(name: &str) -> Result<StaffRole, Failure> {
    let found = StaffRole::of_code(name);
    found.ok_or_else(|| Failure::usage(format!("`{name}` is not a role")))
}
