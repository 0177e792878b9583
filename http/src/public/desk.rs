//! The desk: the one way from the handlers, of JSON and of pages alike, to the engine. It says who asks and hands on what they
//! ask; it decides nothing.

use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::header::HeaderMap;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{BookingNumber, Channel, HoldId, RequestKey, ResidentNo, SessionId, SlotNo};
use sesshu_engine::core::leg::Legs;
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::resident::EndedLogin;
use sesshu_engine::core::time::Instant;
use sesshu_engine::roll::parse_typed_city_id;
use sesshu_engine::view::{BookingView, Done, HoldView, LoginError, Me};
use sesshu_engine::{EngineHandle, HashLane};

use super::api::lists::Lists;
use super::pages::choose::KeptPlaces;
use super::pages::theme::ThemeSheet;
use crate::auth::Auth;
use crate::auth::cookie::{self, CookieName};
use crate::auth::device::DEVICE_SECONDS;
use crate::auth::throttle::{Bucket, Network};
use crate::auth::token::Login;
use crate::config::{Client, PublicConfig};
use crate::metrics::count_login;
use crate::problem::{Code, Problem, Wrong};

/// What the handlers share.
pub(crate) type App = Arc<Desk>;

/// The desk.
pub(crate) struct Desk {
    pub(crate) engine: EngineHandle,
    pub(crate) auth: Arc<Auth>,
    pub(crate) config: PublicConfig,
    pub(crate) lists: Lists,
    pub(crate) theme: ThemeSheet,
    pub(crate) places: KeptPlaces,
}

/// A login that was granted.
pub(crate) struct Granted {
    pub(crate) name_kana: String,
    pub(crate) token: String,
    pub(crate) expires_at: Instant,
    /// The cookies to set.
    pub(crate) cookies: [Option<HeaderValue>; 2],
}

impl Desk {
    pub(crate) fn new(engine: EngineHandle, auth: Arc<Auth>, config: PublicConfig) -> Self {
        Self {
            engine,
            auth,
            config,
            lists: Lists::default(),
            theme: ThemeSheet::default(),
            places: KeptPlaces::default(),
        }
    }

    /// Logs in with what a person typed. Refusals in the contract's order; an unknown ID, a text that is none, and a wrong
    /// password are one and the same, and take the same work: only a field that is left empty is refused without it.
    pub(crate) async fn log_in(
        &self,
        typed_id: &str,
        password: &str,
        headers: &HeaderMap,
        client: Client,
    ) -> Result<Granted, Problem> {
        for (name, typed) in [("id", typed_id), ("password", password)] {
            if typed.is_empty() {
                return Err(Problem::invalid(Wrong::field(name)));
            }
        }
        let id = parse_typed_city_id(typed_id).ok();
        let cookie = cookie::read(headers, CookieName::Device, client.https);
        let known = id.and_then(|id| Some(Bucket::Known(id, self.auth.devices.known(cookie?, id)?)));
        let bucket = known.unwrap_or(Bucket::From(id, Network::from(client.address)));
        self.auth.throttle.begin(bucket, self.engine.now()).map_err(|wait_ms| {
            count_login("throttled");
            Problem::too_many_attempts(wait_ms)
        })?;
        match self.engine.login(id, password, HashLane::Resident).await {
            Ok(person) => {
                self.auth.throttle.succeeded(bucket);
                count_login("granted");
                let login = self.new_login(person.resident, person.credential_generation)?;
                let token = self.auth.tokens.seal(&login);
                let seconds = login.expires_at.ms_since(login.issued_at) / 1_000;
                let device = id.map(|id| self.auth.devices.after_login(cookie, id, login.token.rotate_left(32)));
                let cookies = [
                    cookie::write(CookieName::Login, &token, seconds, client.https),
                    device.and_then(|device| cookie::write(CookieName::Device, &device, DEVICE_SECONDS, client.https)),
                ];
                Ok(Granted { name_kana: person.name_kana, token, expires_at: login.expires_at, cookies })
            }
            Err(LoginError::Invalid) => {
                self.auth.throttle.failed(bucket, self.engine.now());
                count_login("invalid");
                Err(Code::InvalidCredentials.into())
            }
            Err(LoginError::Busy) => {
                self.auth.throttle.undone(bucket);
                count_login("busy");
                Err(RefusalCode::Busy.into())
            }
        }
    }

    fn new_login(&self, resident: ResidentNo, generation: u32) -> Result<Login, Problem> {
        let token = getrandom::u64().map_err(|_| Problem::from(Code::Internal))?;
        let issued_at = self.engine.now();
        let expires_at = issued_at.plus_minutes(i64::from(self.config.login_minutes));
        Ok(Login { resident, generation, token, issued_at, expires_at })
    }

    /// The login of a request, if it still stands.
    pub(crate) fn login_of(&self, headers: &HeaderMap, https: bool) -> Result<Login, Problem> {
        let login = self.auth.login_of(headers, https).ok_or(Code::LoginRequired)?;
        let stands = self.engine.now() < login.expires_at
            && self.engine.login_stands(login.resident, login.token, login.generation, login.issued_at);
        if stands { Ok(login) } else { Err(Code::LoginRequired.into()) }
    }

    /// Ends a login before it expires.
    pub(crate) async fn log_out(&self, login: &Login) -> Result<(), Problem> {
        let ended = EndedLogin { token: login.token, expires_at: login.expires_at };
        Ok(self.engine.end_login(login.resident, ended).await?)
    }

    /// What a resident sees about themself. Whoever is no longer known is not logged in.
    pub(crate) fn me(&self, login: &Login) -> Result<Me, Problem> {
        self.engine.me(login.resident).ok_or_else(|| Code::LoginRequired.into())
    }

    pub(crate) async fn hold(
        &self,
        login: &Login,
        legs: Legs,
        changes: Option<BookingNumber>,
    ) -> Result<HoldView, Problem> {
        Ok(self.engine.hold(login.resident, legs, changes, Channel::Web).await?)
    }

    pub(crate) async fn release(&self, login: &Login, hold: HoldId) -> Result<(), Problem> {
        Ok(self.engine.release(login.resident, hold).await?)
    }

    pub(crate) async fn book(&self, login: &Login, legs: Legs, key: RequestKey) -> Result<Done, Problem> {
        Ok(self.engine.book(login.resident, legs, key, By::Resident(login.resident), Channel::Web).await?)
    }

    pub(crate) async fn change(
        &self,
        login: &Login,
        number: BookingNumber,
        session: SessionId,
        slot: SlotNo,
        key: RequestKey,
    ) -> Result<Done, Problem> {
        let by = By::Resident(login.resident);
        let moved = self.engine.move_booking(login.resident, number, session, slot, key, by, Channel::Web);
        Ok(moved.await?)
    }

    pub(crate) async fn cancel(&self, login: &Login, number: BookingNumber) -> Result<Vec<BookingView>, Problem> {
        Ok(self.engine.cancel(login.resident, number, By::Resident(login.resident), Channel::Web).await?)
    }
}
