//! What the console's pages share: the engine, the settings, who is signed in.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::header::HeaderMap;
use axum::http::request::Parts;
use sesshu_engine::EngineHandle;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::VenueId;
use sesshu_engine::core::staff::StaffRole;
use sesshu_engine::core::switch::Switch;
use sesshu_engine::core::time::Instant;

use super::config::StaffConfig;
use super::data::DataDesk;
use super::problem::StaffProblem;
use super::sign_in::UsedCodes;
use super::sign_ins::SignIns;
use super::venue::LastLots;
use super::{audit, overview};
use crate::auth::cookie::{self, CookieName};
use crate::auth::throttle::Throttle;
use crate::config::Client;
use crate::switch_words::switch_words;

/// What the handlers share.
pub(super) type Console = Arc<StaffDesk>;

/// The desk.
pub(crate) struct StaffDesk {
    pub(super) engine: EngineHandle,
    pub(super) config: StaffConfig,
    pub(super) sign_ins: SignIns,
    pub(super) used_codes: UsedCodes,
    pub(super) throttle: Throttle,
    pub(super) last_lots: LastLots,
    pub(super) requests_in_flight: AtomicUsize,
    pub(super) data: DataDesk,
    pub(super) overview: overview::Board,
    pub(super) chain: Arc<audit::ChainCheck>,
}

impl StaffDesk {
    pub(super) fn new(engine: EngineHandle, config: StaffConfig) -> Self {
        Self {
            engine,
            sign_ins: SignIns::new(config.idle_minutes, config.absolute_hours),
            used_codes: UsedCodes::default(),
            throttle: Throttle::new(),
            last_lots: LastLots::default(),
            requests_in_flight: AtomicUsize::new(0),
            data: DataDesk::default(),
            overview: overview::Board::default(),
            chain: Arc::default(),
            config,
        }
    }

    /// Refuses what can wait, while it is closed.
    pub(super) fn exports_go_on(&self) -> Result<(), StaffProblem> {
        if self.config.switches.is_off(Switch::Exports) {
            let name = switch_words(Switch::Exports).name;
            return Err(StaffProblem::Conflict(format!(
                "「{name}」を止めているため、いまはできません。何も変わっていません。再開は、運用か管理の職員が「停止と再開」の画面でします。"
            )));
        }
        Ok(())
    }

    /// Who sends a request, if they are signed in and their account still is what it was: a revocation counts at once.
    pub(super) fn staff_of(&self, headers: &HeaderMap, uri: &Uri, client: Client) -> Option<Staff> {
        let token = cookie::read(headers, CookieName::Staff, client.https)?;
        let now = self.engine.now();
        let by_itself = overview::renews_itself(uri);
        let sign_in = if by_itself { self.sign_ins.look(token, now) } else { self.sign_ins.see(token, now) }?;
        let account = self.engine.staff_account(&sign_in.login);
        let Some(account) = account.filter(|now| !now.disabled && now.generation == sign_in.generation) else {
            self.sign_ins.end(token);
            return None;
        };
        Some(Staff {
            login: sign_in.login,
            role: account.role,
            venue: account.venue,
            signed_in_at: sign_in.began_at,
            path: uri.path().into(),
        })
    }
}

/// A member of staff who is signed in. Whoever takes one from a request has a page that is for those who are.
#[derive(Debug, Clone)]
pub(super) struct Staff {
    pub(super) login: Box<str>,
    pub(super) role: StaffRole,
    /// The venue that they work in, if their account is bound to one.
    pub(super) venue: Option<VenueId>,
    pub(super) signed_in_at: Instant,
    /// The path of the page that they look at.
    pub(super) path: Box<str>,
}

impl Staff {
    /// They, as the journal names them.
    pub(super) fn by(&self) -> By {
        By::Staff(self.login.clone())
    }
}

impl FromRequestParts<Console> for Staff {
    type Rejection = StaffProblem;

    async fn from_request_parts(parts: &mut Parts, _desk: &Console) -> Result<Self, StaffProblem> {
        parts.extensions.get::<Self>().cloned().ok_or(StaffProblem::SignedOut)
    }
}
