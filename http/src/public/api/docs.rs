//! The description of the JSON interface: `openapi.json`, and the page that shows it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use sesshu_engine::core::switch::Switch;
use utoipa::Modify;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::json_bytes;
use crate::public::desk::App;

const OPENAPI_PATH: &str = "/api/v1/openapi.json";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Sesshu",
        description = "Booking of a city's mass vaccination, for residents. Log in with the ID and the password of the \
                       city's letter; send the token as the cookie or as `Authorization: Bearer`. Errors are \
                       `application/problem+json` (RFC 9457) with a stable `code`; 503 and 429 carry `Retry-After`."
    ),
    modifiers(&Logins)
)]
struct Description;

/// The two ways to carry a login.
struct Logins;

impl Modify for Logins {
    fn modify(&self, openapi: &mut OpenApi) {
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description("sesshu", "`__Host-sesshu` on HTTPS"));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    }
}

/// The description without its paths, which the routes add.
pub(crate) fn description() -> OpenApi {
    Description::openapi()
}

/// The routes that show it.
pub(crate) fn routes(description: &OpenApi, desk: App) -> Router<App> {
    let bytes = Bytes::from(serde_json::to_vec(description).unwrap_or_default());
    let swagger = SwaggerUi::new("/api/v1/docs").config(Config::new([OPENAPI_PATH]));
    Router::new()
        .route(OPENAPI_PATH, get(async move || json_bytes(StatusCode::OK, bytes.clone())))
        .merge(Router::<App>::from(swagger).layer(from_fn_with_state(desk, unless_plain)))
}

/// The page that shows the description is dear and nobody books by it: while pages are plain, the description itself is there.
async fn unless_plain(State(desk): State<App>, request: Request, next: Next) -> Response {
    if desk.config.switches.is_off(Switch::RichPages) {
        return Redirect::to(OPENAPI_PATH).into_response();
    }
    next.run(request).await
}
