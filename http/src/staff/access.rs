//! Who may open which page. A route is added together with its access, and there is no other way to add one.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodFilter, on};
use sesshu_engine::core::staff::StaffRole;

use super::desk::{Console, Staff};
use super::problem::StaffProblem;

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// The largest file that is sent where files are expected, in bytes.
const UPLOAD_BYTES_MAX: usize = 16 * 1024 * 1024;

const _: () = assert!(FORM_BYTES_MAX < UPLOAD_BYTES_MAX);

/// Who may open a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Whoever reaches the listener.
    Anybody,
    /// Everybody who is signed in.
    SignedIn,
    /// Those of these roles.
    Roles(&'static [StaffRole]),
}

impl Access {
    /// Whether somebody who is signed in with `role` may open it.
    #[must_use]
    pub fn admits(self, role: StaffRole) -> bool {
        match self {
            Self::Anybody | Self::SignedIn => true,
            Self::Roles(roles) => roles.contains(&role),
        }
    }
}

/// How a page is asked for. The console has pages and forms, nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// To look; changes nothing.
    Get,
    /// To change something.
    Post,
}

impl Method {
    const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
        }
    }
}

/// A row of the table of routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteRow {
    /// How it is asked for.
    pub method: Method,
    /// Its path, with `{names}` for what varies.
    pub path: &'static str,
    /// Who may open it.
    pub access: Access,
    /// The largest body that it takes, in bytes.
    pub body_bytes_max: usize,
}

/// The table of routes while it grows.
pub(super) struct StaffRoutes {
    rows: Vec<RouteRow>,
    router: Router<Console>,
}

impl StaffRoutes {
    pub(super) fn new() -> Self {
        Self { rows: Vec::new(), router: Router::new() }
    }

    /// Adds a page or a form. A path may have one handler for each method.
    pub(super) fn route<H, T>(self, access: Access, method: Method, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Console> + Sync,
        T: Send + 'static,
    {
        self.with(RouteRow { method, path, access, body_bytes_max: FORM_BYTES_MAX }, handler)
    }

    /// Adds a form that sends a file.
    pub(super) fn upload<H, T>(self, access: Access, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Console> + Sync,
        T: Send + 'static,
    {
        self.with(RouteRow { method: Method::Post, path, access, body_bytes_max: UPLOAD_BYTES_MAX }, handler)
    }

    fn with<H, T>(mut self, row: RouteRow, handler: H) -> Self
    where
        H: Handler<T, Console> + Sync,
        T: Send + 'static,
    {
        let guarded = async move |State(desk): State<Console>, request: Request| match turned_away(row.access, &request)
        {
            Some(answer) => answer,
            None => handler.clone().call(request, desk).await,
        };
        let limit = DefaultBodyLimit::max(row.body_bytes_max);
        self.router = self.router.route(row.path, on(row.method.filter(), guarded).layer(limit));
        self.rows.push(row);
        self
    }

    /// The rows.
    pub(super) fn rows(self) -> Vec<RouteRow> {
        self.rows
    }

    /// The routes.
    pub(super) fn router(self) -> Router<Console> {
        self.router
    }
}

/// The answer to a request that is not let through. The shell has put the member of staff into it who is signed in.
fn turned_away(access: Access, request: &Request) -> Option<Response> {
    match (access, request.extensions().get::<Staff>()) {
        (Access::Anybody, _) => None,
        (Access::SignedIn | Access::Roles(_), None) => Some(sign_in_first(request)),
        (access, Some(staff)) if access.admits(staff.role) => None,
        _ => Some(StaffProblem::Forbidden.into_response()),
    }
}

/// A page is shown after signing in; what a form wanted to change is not done by itself.
fn sign_in_first(request: &Request) -> Response {
    if !request.method().is_safe() {
        return StaffProblem::SignedOut.into_response();
    }
    let next = request.uri().path_and_query().map_or("/", |address| address.as_str());
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let next: String =
        next.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
    Redirect::to(&format!("/login?next={next}")).into_response()
}
