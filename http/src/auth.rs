//! Who is asking: signed login tokens, the cookie of a known browser, the line in front of the login, the delay for those who guess,
//! and the bound on what one person does.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

pub(crate) mod cookie;
#[cfg(test)]
mod crowd;
pub(crate) mod device;
pub(crate) mod gate;
mod line;
pub(crate) mod network;
pub(crate) mod pace;
mod said;
mod sets;
pub(crate) mod shares;
pub(crate) mod throttle;
pub(crate) mod ticket;
pub(crate) mod token;

use cookie::CookieName;
use device::DeviceKey;
use pace::ResidentPace;
use throttle::Throttle;
use ticket::TicketKey;
use token::{Login, TokenKey};

/// Everything about logins that is kept between requests: keys, the throttle and how much each resident does. Tokens themselves are stateless, so they
/// survive a restart as long as the key does.
#[derive(Debug)]
pub struct Auth {
    pub(crate) tokens: TokenKey,
    pub(crate) devices: DeviceKey,
    pub(crate) tickets: TicketKey,
    pub(crate) throttle: Throttle,
    pub(crate) pace: ResidentPace,
}

impl Auth {
    /// With the secret `key`, which must outlive restarts.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self {
            tokens: TokenKey::derive(key),
            devices: DeviceKey::derive(key),
            tickets: TicketKey::derive(key),
            throttle: Throttle::new(),
            pace: ResidentPace::new(),
        }
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
