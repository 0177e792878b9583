//! Who is asking: signed login tokens, the cookie of a known browser, and the delay for those who guess.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

pub(crate) mod cookie;
pub(crate) mod device;
pub(crate) mod throttle;
pub(crate) mod token;

use cookie::CookieName;
use device::DeviceKey;
use throttle::Throttle;
use token::{Login, TokenKey};

/// Everything about logins that is kept between requests: two keys and the throttle. Tokens themselves are stateless, so they
/// survive a restart as long as the key does.
#[derive(Debug)]
pub struct Auth {
    pub(crate) tokens: TokenKey,
    pub(crate) devices: DeviceKey,
    pub(crate) throttle: Throttle,
}

impl Auth {
    /// With the secret `key`, which must outlive restarts.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self { tokens: TokenKey::derive(key), devices: DeviceKey::derive(key), throttle: Throttle::new() }
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
