//! The routes of the console, all of them: who may open what.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use sesshu_engine::EngineHandle;
use sesshu_engine::core::staff::StaffRole;

use super::access::{Access, Method, RouteRow, StaffRoutes};
use super::config::StaffConfig;
use super::desk::StaffDesk;
use super::operator::{book, calls, cancel, confirm, done, end, hold, notes, person, places, search, slip};
use super::problem::StaffProblem;
use super::shell::shell;
use super::{assets, home, login, logout};
use crate::cross_site::cross_site_layer;

/// The call centre.
const OPERATOR: Access = Access::Roles(&[StaffRole::Operator]);

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
        // The call centre: a person is reached only inside the operator's running call, by the turn in which they were found.
        .route(OPERATOR, Get, "/calls", calls::get_calls)
        .route(OPERATOR, Post, "/calls", calls::post_calls)
        .route(OPERATOR, Get, "/calls/{call}", search::get_search)
        .route(OPERATOR, Post, "/calls/{call}", search::post_search)
        .route(OPERATOR, Get, "/calls/{call}/end", end::get_end)
        .route(OPERATOR, Post, "/calls/{call}/end", end::post_end)
        .route(OPERATOR, Get, "/calls/{call}/{turn}", person::get_person)
        .route(OPERATOR, Get, "/calls/{call}/{turn}/places", places::get_places)
        .route(OPERATOR, Post, "/calls/{call}/{turn}/hold", hold::post_hold)
        .route(OPERATOR, Post, "/calls/{call}/{turn}/release", hold::post_release)
        .route(OPERATOR, Get, "/calls/{call}/{turn}/confirm/{hold}", confirm::get_confirm)
        .route(OPERATOR, Post, "/calls/{call}/{turn}/book", book::post_book)
        .route(OPERATOR, Get, "/calls/{call}/{turn}/done", done::get_done)
        .route(OPERATOR, Get, "/calls/{call}/{turn}/slip", slip::get_slip)
        .route(OPERATOR, Get, "/calls/{call}/{turn}/cancel/{number}", cancel::get_cancel)
        .route(OPERATOR, Post, "/calls/{call}/{turn}/cancel/{number}", cancel::post_cancel)
        .route(OPERATOR, Post, "/calls/{call}/{turn}/clinic", notes::post_clinic)
        .route(OPERATOR, Post, "/calls/{call}/{turn}/password", notes::post_password)
}

/// Where the navigation leads, in its order. Whoever may not open a page does not see its link.
pub(super) const NAV: &[NavLink] = &[
    NavLink { access: Access::SignedIn, path: "/", label: "ホーム", about: "この役割でできること" },
    NavLink {
        access: OPERATOR, path: "/calls", label: "電話の受付", about: "ご本人を確かめ、予約・変更・取消をする"
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
