//! Who is asking: signed login tokens, the cookie of a known browser, the line in front of the login, the delay for those who guess,
//! and the bound on what one person does.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sesshu_engine::EngineHandle;

pub(crate) mod cookie;
#[cfg(test)]
mod crowd;
pub(crate) mod device;
pub(crate) mod gate;
mod line;
pub(crate) mod network;
pub(crate) mod pace;
#[cfg(test)]
mod programs;
mod said;
mod sets;
pub(crate) mod shares;
pub(crate) mod throttle;
pub(crate) mod ticket;
pub(crate) mod token;

use cookie::CookieName;
use device::DeviceKey;
use gate::{LineFigures, LoginGate, LoginQueue};
use pace::ResidentPace;
use throttle::Throttle;
use ticket::{Purpose, TicketKey};
use token::{Login, TokenKey};

/// Everything about logins that is kept between requests: keys, the line in front of the login, the throttle and how much each resident
/// does. Tokens themselves are stateless, so they survive a restart as long as the key does.
#[derive(Debug)]
pub struct Auth {
    pub(crate) tokens: TokenKey,
    pub(crate) devices: DeviceKey,
    pub(crate) tickets: TicketKey,
    gate: Mutex<LoginGate>,
    pub(crate) throttle: Throttle,
    pub(crate) pace: ResidentPace,
}

impl Auth {
    /// With the secret `key`, which must outlive restarts.
    #[must_use]
    pub fn new(key: &[u8; 32], login_queue: LoginQueue) -> Self {
        let process = getrandom::u32().unwrap_or_default();
        Self {
            tokens: TokenKey::derive(key),
            devices: DeviceKey::derive(key),
            tickets: TicketKey::derive(key),
            gate: Mutex::new(LoginGate::new(login_queue, process)),
            throttle: Throttle::new(),
            pace: ResidentPace::new(),
        }
    }

    /// The gate in front of the login. It is whole between any two of its steps, so a poisoned one still is.
    pub(crate) fn gate(&self) -> MutexGuard<'_, LoginGate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether people log in by turns now, and the figures of both lines.
    pub(crate) fn login_lines(&self, engine: &EngineHandle) -> (bool, [LineFigures; 2]) {
        let mut gate = self.gate();
        gate.pass(engine.now(), engine.login_load());
        (gate.is_engaged(), Purpose::ALL.map(|purpose| gate.figures(purpose)))
    }

    /// The login that a request carries, as `Authorization: Bearer` or else as cookie; it may have ended or expired.
    pub(crate) fn login_of(&self, headers: &HeaderMap, https: bool) -> Option<Login> {
        let bearer = headers.get(AUTHORIZATION).and_then(|value| {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let token = bearer.or_else(|| cookie::read(headers, CookieName::Login, https))?;
        self.tokens.open(token)
    }
}
