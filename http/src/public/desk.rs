//! The desk: the one way from the handlers, of JSON and of pages alike, to the engine. It says who asks and hands on what they
//! ask; it decides nothing.

use std::sync::Arc;

use axum::http::header::HeaderMap;
use sesshu_engine::EngineHandle;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{BookingNumber, Channel, HoldId, RequestKey, SessionId, SlotNo};
use sesshu_engine::core::leg::Legs;
use sesshu_engine::core::refusal::{Refusal, RefusalCode};
use sesshu_engine::core::resident::EndedLogin;
use sesshu_engine::core::switch::Switch;
use sesshu_engine::view::{Availability, BookingView, Done, HoldView, Me, Standing, Waiting};

use super::api::lists::Lists;
use super::pages::choose::KeptPlaces;
use super::pages::theme::ThemeSheet;
use super::pages::wait::KeptWaits;
use super::slow_lists::SlowLists;
use crate::auth::Auth;
use crate::auth::token::Login;
use crate::config::PublicConfig;
use crate::problem::{Code, InLine, Problem};

/// Nobody who waits for their turn is asked to come back sooner.
pub(crate) const LOOK_AGAIN_SECONDS_MIN: u32 = 1;

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
    pub(crate) waits: KeptWaits,
    slow_lists: SlowLists,
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
            waits: KeptWaits::default(),
            slow_lists: SlowLists::default(),
        }
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

    /// Free places as they are shown: up to a quarter of a second old, or, while their lists are closed, up to half a minute.
    pub(crate) fn availability(&self) -> Arc<Availability> {
        let switches = &self.config.switches;
        if !switches.is_off(Switch::Lists) {
            return self.engine.availability();
        }
        self.slow_lists.get(switches.revision(), self.engine.now(), || self.engine.availability())
    }

    /// That no new bookings are taken over the web, if that is so.
    pub(crate) fn paused(&self) -> Option<Problem> {
        self.config.switches.closed(Switch::NewBookings).map(|closed| Problem::paused(closed.until))
    }

    pub(crate) async fn hold(
        &self,
        login: &Login,
        legs: Legs,
        changes: Option<BookingNumber>,
    ) -> Result<HoldView, Problem> {
        if changes.is_none()
            && let Some(paused) = self.paused()
        {
            return Err(paused);
        }
        self.pace(login)?;
        if changes.is_none() {
            self.may_take_new_place(login)?;
        }
        let held = self.engine.hold(login.resident, legs, changes, Channel::Web).await;
        held.map_err(|refusal| self.refused(login, refusal))
    }

    /// A "no" of the engine about a new place: whoever has to wait hears where they stand.
    fn refused(&self, login: &Login, refusal: Refusal) -> Problem {
        let problem = Problem::from(refusal);
        if refusal.code != RefusalCode::Queued {
            return problem;
        }
        match self.standing(login) {
            Standing::Waiting(Waiting { ahead, estimate_seconds, places_left, look_again_seconds, .. }) => {
                let stands = InLine { ahead, estimate_seconds, places_left: Some(places_left) };
                problem.in_line(stands, look_again_seconds.max(LOOK_AGAIN_SECONDS_MIN))
            }
            // Their turn has come meanwhile.
            Standing::Open | Standing::Before { .. } => {
                let stands = InLine { ahead: 0, estimate_seconds: 0, places_left: None };
                problem.in_line(stands, LOOK_AGAIN_SECONDS_MIN)
            }
        }
    }

    /// Where a person stands who wants a new place: at the login gate, if they went in by the line for seeing and cancelling, and then in
    /// the waiting room.
    pub(crate) fn standing(&self, login: &Login) -> Standing {
        if let Some(waits) = self.waits_to_book(login) {
            let free =
                self.availability().sessions.iter().flat_map(|session| &session.slots).map(|slot| slot.free).sum();
            return Standing::Waiting(Waiting {
                opening: self.engine.now(),
                ahead: waits.ahead,
                estimate_seconds: waits.estimate_seconds,
                places_left: free,
                look_again_seconds: waits.again_seconds,
                in_draw: false,
            });
        }
        self.engine.standing(login.resident, login.issued_at)
    }

    /// A script with credentials of its own does no more than a person with quick hands.
    fn pace(&self, login: &Login) -> Result<(), Problem> {
        self.auth.pace.begin(login.resident, self.engine.now()).map_err(Problem::too_many_attempts)
    }

    pub(crate) async fn release(&self, login: &Login, hold: HoldId) -> Result<(), Problem> {
        Ok(self.engine.release(login.resident, hold).await?)
    }

    /// Books. While no new bookings are taken, whoever has lost the answer to one that was is answered all the same.
    pub(crate) async fn book(&self, login: &Login, legs: Legs, key: RequestKey) -> Result<Done, Problem> {
        if let Some(paused) = self.paused() {
            return self.engine.booked_before(login.resident, &legs, &key).await?.ok_or(paused);
        }
        self.may_take_new_place(login)?;
        let booked = self.engine.book(login.resident, legs, key, By::Resident(login.resident), Channel::Web).await;
        booked.map_err(|refusal| self.refused(login, refusal))
    }

    pub(crate) async fn change(
        &self,
        login: &Login,
        number: BookingNumber,
        session: SessionId,
        slot: SlotNo,
        key: RequestKey,
    ) -> Result<Done, Problem> {
        self.pace(login)?;
        let by = By::Resident(login.resident);
        let moved = self.engine.move_booking(login.resident, number, session, slot, key, by, Channel::Web);
        Ok(moved.await?)
    }

    pub(crate) async fn cancel(&self, login: &Login, number: BookingNumber) -> Result<Vec<BookingView>, Problem> {
        Ok(self.engine.cancel(login.resident, number, By::Resident(login.resident), Channel::Web).await?)
    }
}
