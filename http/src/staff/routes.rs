//! The routes of the console, all of them: who may open what.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use sesshu_engine::EngineHandle;

use super::access::{Access, Method, RouteRow, StaffRoutes};
use super::config::StaffConfig;
use super::desk::StaffDesk;
use super::problem::StaffProblem;
use super::shell::shell;
use super::{assets, home, login, logout};
use crate::cross_site::cross_site_layer;

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
}

/// Where the navigation leads, in its order. Whoever may not open a page does not see its link.
pub(super) const NAV: &[NavLink] =
    &[NavLink { access: Access::SignedIn, path: "/", label: "ホーム", about: "この役割でできること" }];

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
