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
use super::{assets, follow_up, home, login, logout, venue};
use crate::cross_site::cross_site_layer;

/// Who works in a venue.
const VENUE: Access = Access::Roles(&[StaffRole::Venue]);
/// Who reaches people about their bookings.
const FOLLOW_UP: Access = Access::Roles(&[StaffRole::Operator, StaffRole::Admin]);

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
        // The venue.
        .route(VENUE, Get, "/venue", venue::get_venues)
        .route(VENUE, Get, "/venue/{venue}", venue::get_day)
        .route(VENUE, Post, "/venue/{venue}/find", venue::post_find)
        .route(VENUE, Get, "/venue/{venue}/people/{number}", venue::get_person)
        .route(VENUE, Post, "/venue/{venue}/people/{number}", venue::post_attendance)
        .route(VENUE, Post, "/venue/{venue}/no-shows", venue::post_no_shows)
        .route(VENUE, Get, "/venue/{venue}/print", venue::get_print)
        .route(VENUE, Get, "/venue/{venue}/walk-in", venue::get_walk_in)
        .route(VENUE, Post, "/venue/{venue}/walk-in", venue::post_walk_in)
        .route(VENUE, Post, "/venue/{venue}/walk-in/book", venue::post_walk_in_book)
        .route(VENUE, Get, "/venue/{venue}/leftovers", venue::get_leftovers)
        .route(VENUE, Get, "/venue/{venue}/leftovers/{session}", venue::get_leftovers_of)
        .route(VENUE, Post, "/venue/{venue}/leftovers/{session}", venue::post_leftover)
        .route(VENUE, Post, "/venue/{venue}/leftovers/{session}/ids", venue::post_leftover_ids)
        // Whom the city has to reach.
        .route(FOLLOW_UP, Get, "/follow-up", follow_up::get_follow_up)
        .route(FOLLOW_UP, Post, "/follow-up", follow_up::post_follow_up)
        .route(FOLLOW_UP, Post, "/follow-up/export", follow_up::post_follow_up_export)
}

/// Where the navigation leads, in its order. Whoever may not open a page does not see its link.
pub(super) const NAV: &[NavLink] = &[
    NavLink { access: Access::SignedIn, path: "/", label: "ホーム", about: "この役割でできること" },
    // The venue.
    NavLink {
        access: VENUE, path: "/venue", label: "会場", about: "受付、接種の記録、飛び込み、余った分、紙の名簿"
    },
    // Whom the city has to reach.
    NavLink {
        access: FOLLOW_UP,
        path: "/follow-up",
        label: "連絡が要る人",
        about: "中止になった人、2回目だけ残った人、転出した人",
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
