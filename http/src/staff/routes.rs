//! The routes of the console, all of them: who may open what.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use sesshu_engine::EngineHandle;
use sesshu_engine::core::staff::StaffRole;

use super::access::{Access, Method, RouteRow, StaffRoutes};
use super::config::StaffConfig;
use super::desk::StaffDesk;
use super::problem::StaffProblem;
use super::shell::shell;
use super::{assets, home, login, logout, sessions};
use crate::cross_site::cross_site_layer;

/// Pages of those who run the campaign.
const ADMIN: Access = Access::Roles(&[StaffRole::Admin]);

/// The table.
fn table() -> StaffRoutes {
    use Access::{Anybody, SignedIn};
    use Method::{Get, Post};

    StaffRoutes::new()
        .route(Anybody, Get, "/login", login::get_login)
        .route(Anybody, Post, "/login", login::post_login)
        .route(Anybody, Get, "/assets/{file}", assets::get_asset)
        .route(SignedIn, Post, "/logout", logout::post_logout)
        .route(SignedIn, Get, "/", home::get_home)
        // The plan: sessions, publishing, waves, venues, vaccines.
        .route(ADMIN, Get, "/sessions", sessions::month::get_sessions)
        .route(ADMIN, Get, "/sessions/list", sessions::list::get_list)
        .route(ADMIN, Get, "/sessions/new", sessions::new::get_new)
        .route(ADMIN, Post, "/sessions/new", sessions::new::post_new)
        .route(ADMIN, Get, "/sessions/pattern", sessions::pattern::get_pattern)
        .route(ADMIN, Post, "/sessions/pattern", sessions::pattern::post_pattern)
        .route(ADMIN, Get, "/sessions/sheet", sessions::sheet::get_sheet)
        .upload(ADMIN, "/sessions/sheet", sessions::sheet::post_sheet)
        .route(ADMIN, Get, "/sessions/drafts", sessions::drafts::get_drafts)
        .route(ADMIN, Post, "/sessions/drafts/discard", sessions::drafts::post_discard)
        .route(ADMIN, Post, "/sessions/drafts/restore", sessions::drafts::post_restore)
        .route(ADMIN, Get, "/sessions/close", sessions::close::get_close)
        .route(ADMIN, Post, "/sessions/close", sessions::close::post_close)
        .route(ADMIN, Post, "/sessions/reopen", sessions::close::post_reopen_many)
        .route(ADMIN, Get, "/sessions/{session}", sessions::one::get_session)
        .route(ADMIN, Post, "/sessions/{session}/capacity", sessions::capacity::post_capacity)
        .route(ADMIN, Post, "/sessions/{session}/stock", sessions::stock::post_stock)
        .route(ADMIN, Post, "/sessions/{session}/close", sessions::close::post_close_one)
        .route(ADMIN, Post, "/sessions/{session}/reopen", sessions::close::post_reopen_one)
        .route(ADMIN, Get, "/sessions/{session}/cancel", sessions::cancel::get_cancel)
        .route(ADMIN, Post, "/sessions/{session}/cancel", sessions::cancel::post_cancel)
        .route(ADMIN, Post, "/sessions/{session}/cancel/rest", sessions::cancel::post_cancel_rest)
        .route(ADMIN, Get, "/publish", sessions::publish::get_publish)
        .route(ADMIN, Post, "/publish", sessions::publish::post_publish)
        .route(ADMIN, Post, "/publish/propose", sessions::publish::post_propose)
        .route(ADMIN, Post, "/publish/withdraw", sessions::publish::post_withdraw)
        .route(ADMIN, Get, "/waves", sessions::waves::get_waves)
        .route(ADMIN, Get, "/waves/new", sessions::waves::get_new_wave)
        .route(ADMIN, Post, "/waves/new", sessions::waves::post_new_wave)
        .route(ADMIN, Get, "/waves/{wave}", sessions::waves::get_wave)
        .route(ADMIN, Post, "/waves/{wave}", sessions::waves::post_wave)
        .route(ADMIN, Post, "/waves/{wave}/earlier", sessions::waves::post_earlier)
        .route(ADMIN, Get, "/waves/{wave}/remove", sessions::waves::get_remove)
        .route(ADMIN, Post, "/waves/{wave}/remove", sessions::waves::post_remove)
        .route(ADMIN, Get, "/venues", sessions::venues::get_venues)
        .route(ADMIN, Post, "/venues", sessions::venues::post_venues)
        .route(ADMIN, Get, "/venues/{venue}", sessions::venues::get_venue)
        .route(ADMIN, Post, "/venues/{venue}", sessions::venues::post_venue)
        .route(ADMIN, Get, "/vaccines", sessions::vaccines::get_vaccines)
        .route(ADMIN, Get, "/vaccines/new", sessions::vaccines::get_new_vaccine)
        .route(ADMIN, Post, "/vaccines/new", sessions::vaccines::post_new_vaccine)
        .route(ADMIN, Get, "/vaccines/{vaccine}", sessions::vaccines::get_vaccine)
        .route(ADMIN, Post, "/vaccines/{vaccine}", sessions::vaccines::post_vaccine)
}

/// Where the navigation leads, in its order. Whoever may not open a page does not see its link.
pub(super) const NAV: &[NavLink] = &[
    NavLink { access: Access::SignedIn, path: "/", label: "ホーム", about: "この役割でできること" },
    NavLink {
        access: ADMIN, path: "/sessions", label: "接種会", about: "月の表、下書き、定員、受付の停止、中止"
    },
    NavLink {
        access: ADMIN, path: "/publish", label: "公開", about: "下書きを確かめて、二人で公開する"
    },
    NavLink {
        access: ADMIN, path: "/waves", label: "優先区分", about: "だれが、いつから予約できるか"
    },
    NavLink { access: ADMIN, path: "/venues", label: "会場の登録", about: "会場の名前" },
    NavLink {
        access: ADMIN, path: "/vaccines", label: "ワクチン", about: "回数、間隔、対象年齢、1瓶の回数"
    },
];

/// A link of the navigation, and of the first page.
#[derive(Debug, Clone, Copy)]
pub(super) struct NavLink {
    pub(super) access: Access,
    pub(super) path: &'static str,
    pub(super) label: &'static str,
    /// What is done there, in a few words.
    pub(super) about: &'static str,
}

impl NavLink {
    /// Whether `path` is its page or one below it.
    pub(super) fn leads_to(&self, path: &str) -> bool {
        let below = path.strip_prefix(self.path);
        below.is_some_and(|rest| rest.is_empty() || self.path != "/" && rest.starts_with('/'))
    }
}

/// The table as data.
#[must_use]
pub fn staff_routes() -> Vec<RouteRow> {
    table().rows()
}

/// The console's routes, testable without a socket.
pub fn staff_router(engine: EngineHandle, config: StaffConfig) -> Router {
    let cross_site = cross_site_layer(config.trusted_proxy.as_ref());
    let desk = Arc::new(StaffDesk::new(engine, config));
    table()
        .router()
        .fallback(async || StaffProblem::NotFound)
        .method_not_allowed_fallback(async || StaffProblem::MethodNotAllowed)
        .layer(cross_site)
        .layer(from_fn_with_state(Arc::clone(&desk), shell))
        .with_state(desk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_leads_to_a_page_with_the_same_access() {
        let rows = staff_routes();
        for link in NAV {
            let row = rows.iter().find(|row| row.path == link.path && row.method == Method::Get);
            assert_eq!(row.map(|row| row.access), Some(link.access), "{}", link.path);
        }
    }

    #[test]
    fn nobody_reaches_anything_but_signing_in_and_its_looks() {
        let open = staff_routes().into_iter().filter(|row| row.access == Access::Anybody);
        assert!(open.map(|row| row.path).all(|path| matches!(path, "/login" | "/assets/{file}")));
    }

    #[test]
    fn a_link_is_current_on_its_page_and_on_those_below() {
        let link = |path| NavLink { path, ..NAV[0] };
        let cases =
            [("/", "/", true), ("/", "/a", false), ("/a", "/a", true), ("/a", "/a/1", true), ("/a", "/ab", false)];
        for (path, at, current) in cases {
            assert_eq!(link(path).leads_to(at), current, "{path} at {at}");
        }
    }
}
