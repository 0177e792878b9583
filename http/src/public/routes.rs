//! The routes of the public listener, all of them.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use sesshu_engine::EngineHandle;
use tower::ServiceBuilder;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::{bookings, days, docs, holds, login, logout, me, notices, queue, sessions};
use super::desk::{App, Desk};
use super::pages;
use crate::auth::Auth;
use crate::config::PublicConfig;
use crate::cross_site::cross_site_layer;
use crate::problem::{Code, Problem};
use crate::shell::ShellLayer;

/// The public listener's routes, testable without a socket. A trusted proxy's origin that is not an origin is left out: the
/// composition root checks it before.
pub fn public_router(engine: EngineHandle, auth: Arc<Auth>, config: PublicConfig) -> Router {
    let csrf = cross_site_layer(config.trusted_proxy.as_ref());
    let desk = Arc::new(Desk::new(engine, auth, config));
    let (api, description) = OpenApiRouter::with_openapi(docs::description())
        .routes(routes!(login::post_login))
        .routes(routes!(logout::post_logout))
        .routes(routes!(me::get_me))
        .routes(routes!(notices::get_notices))
        .routes(routes!(days::get_days))
        .routes(routes!(sessions::get_sessions))
        .routes(routes!(queue::get_queue))
        .routes(routes!(queue::get_draw))
        .routes(routes!(holds::post_holds))
        .routes(routes!(holds::delete_hold))
        .routes(routes!(bookings::post::post_bookings))
        .routes(routes!(bookings::put::put_booking, bookings::delete::delete_booking))
        .split_for_parts();
    api.merge(docs::routes(&description, Arc::clone(&desk)))
        .merge(page_routes())
        .fallback(async || Problem::from(Code::NotFound))
        .method_not_allowed_fallback(async || Problem::from(Code::MethodNotAllowed))
        .layer(ServiceBuilder::new().layer(ShellLayer::new(Arc::clone(&desk))).layer(csrf))
        .with_state(desk)
}

fn page_routes() -> Router<App> {
    Router::new()
        .route("/", get(pages::top::get_top))
        .route("/login", get(pages::login::get_login).post(pages::login::post_login))
        .route("/logout", get(pages::logout::get_logout).post(pages::logout::post_logout))
        .route("/my", get(pages::my::get_my))
        .route("/my/{number}", get(pages::slip::get_slip))
        .route("/my/{number}/calendar.ics", get(pages::calendar::get_calendar))
        .route("/choose", get(pages::choose::get_choose))
        .route("/wait", get(pages::wait::get_wait))
        .route("/draw", get(pages::draw::get_draw))
        .route("/hold", post(pages::hold::post_hold))
        .route("/confirm", get(pages::confirm::get_confirm))
        .route("/book", post(pages::book::post_book))
        .route("/done", get(pages::done::get_done))
        .route("/change/{number}", get(pages::change::get_change))
        .route("/change", post(pages::change::post_change))
        .route("/cancel/{number}", get(pages::cancel::get_cancel).post(pages::cancel::post_cancel))
        .route("/contact", get(pages::contact::get_contact).post(pages::contact::post_contact))
        .route("/contact/delete", post(pages::contact::post_delete))
        .route("/assets/{file}", get(pages::assets::get_asset))
}
