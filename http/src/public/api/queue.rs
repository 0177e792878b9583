//! `GET /queue`: where a person stands who wants a new place. `GET /queue/draw`: the draw of an opening, for anybody to check.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use sesshu_engine::core::time::Instant;
use sesshu_engine::view::{Draw, Standing};
use utoipa::ToSchema;

use super::json;
use crate::problem::{Problem, ProblemBody};
use crate::public::desk::{App, LOOK_AGAIN_SECONDS_MIN};
use crate::public::pages::again::after_opening_s;
use crate::public::pages::draw::hex;
use crate::ready::{Kind, Ready};

/// How the draw is sent. It changes at an opening only; whoever keeps it for some seconds loses nothing.
const DRAW: Kind =
    Kind { content_type: "application/json", cache_control: "public, max-age=10", vary: "Accept-Encoding" };

/// Where a person stands.
#[derive(Serialize, ToSchema, Debug, PartialEq, Eq)]
#[schema(as = Standing)]
pub(crate) struct StandingBody {
    /// `open`: go on. `before_open`: the person takes part in the draw of the next opening. `waiting`: others come first.
    #[schema(example = "waiting")]
    state: &'static str,
    /// The opening that is next, or, for `waiting`, that the person came for; null for `open`.
    #[schema(format = DateTime)]
    opens_at: Option<String>,
    /// For `waiting`: how many people come first.
    #[serde(skip_serializing_if = "Option::is_none")]
    ahead: Option<u32>,
    /// For `waiting`: how long that takes at the pace of now.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate_seconds: Option<u32>,
    /// For `waiting`: how many places are left that the person could take; if `ahead` is as many or more, they may run out.
    #[serde(skip_serializing_if = "Option::is_none")]
    places_left: Option<u32>,
    /// For `waiting`: whether the draw decided the place, and not the time of arrival.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_draw: Option<bool>,
    /// When to ask again; null for `open`. Whoever asks later keeps their place all the same.
    look_again_seconds: Option<u32>,
}

impl StandingBody {
    fn of(standing: &Standing, now: Instant) -> Self {
        let open = Self {
            state: "open",
            opens_at: None,
            ahead: None,
            estimate_seconds: None,
            places_left: None,
            in_draw: None,
            look_again_seconds: None,
        };
        match standing {
            Standing::Open => open,
            Standing::Before { opens_at } => Self {
                state: "before_open",
                opens_at: Some(opens_at.to_rfc3339()),
                look_again_seconds: Some(after_opening_s(*opens_at, now)),
                ..open
            },
            Standing::Waiting(waiting) => Self {
                state: "waiting",
                opens_at: Some(waiting.opening.to_rfc3339()),
                ahead: Some(waiting.ahead),
                estimate_seconds: Some(waiting.estimate_seconds),
                places_left: Some(waiting.places_left),
                in_draw: Some(waiting.in_draw),
                look_again_seconds: Some(waiting.look_again_seconds.max(LOOK_AGAIN_SECONDS_MIN)),
            },
        }
    }
}

#[utoipa::path(get, path = "/api/v1/queue", responses(
    (status = 200, description = "Where the person stands who wants a new place", body = StandingBody),
    (status = 401, description = "`login_required`", body = ProblemBody, content_type = "application/problem+json"),
), security(("bearer" = []), ("cookie" = [])))]
pub(crate) async fn get_queue(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let client = desk.config.client(request.extensions(), request.headers());
    let login = desk.login_of(request.headers(), client.https)?;
    Ok(json(StatusCode::OK, &StandingBody::of(&desk.standing(&login), desk.engine.now())))
}

/// The draws around now.
#[derive(Serialize, ToSchema)]
#[schema(as = Draws)]
pub(crate) struct DrawsBody {
    /// The draw of the opening that is ahead; null if there is none.
    next: Option<DrawBody>,
    /// The draw of the last opening; null if there was none.
    last: Option<DrawBody>,
}

/// A draw.
#[derive(Serialize, ToSchema)]
#[schema(as = Draw)]
pub(crate) struct DrawBody {
    #[schema(format = DateTime)]
    opens_at: String,
    /// The BLAKE3 of the seed, 64 hexadecimal digits: published before the opening.
    commitment: String,
    /// The seed, 64 hexadecimal digits; null before the opening. A person's number is the first 16 digits of the BLAKE3 of the digits
    /// of their ID, keyed by the seed; smaller numbers come first.
    seed: Option<String>,
    /// How many people took part, by the first byte of their numbers; empty before the opening.
    people_by_first_byte: Vec<u32>,
}

impl From<Draw> for DrawBody {
    fn from(draw: Draw) -> Self {
        Self {
            opens_at: draw.opens_at.to_rfc3339(),
            commitment: hex(&draw.commitment),
            seed: draw.seed.as_ref().map(|seed| hex(seed)),
            people_by_first_byte: draw.people_by_first_byte,
        }
    }
}

#[utoipa::path(get, path = "/api/v1/queue/draw", responses(
    (status = 200, description = "The draws of the next and of the last opening, with ETag. No login needed", body = DrawsBody),
    (status = 304, description = "Not modified"),
))]
pub(crate) async fn get_draw(State(desk): State<App>, request: Request) -> Response {
    let now = desk.engine.now();
    let next = desk.engine.draw().filter(|draw| draw.opens_at > now);
    let body = DrawsBody { next: next.map(DrawBody::from), last: desk.engine.last_draw().map(DrawBody::from) };
    Ready::plain(serde_json::to_vec(&body).unwrap_or_default()).answer(request.headers(), DRAW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use sesshu_engine::view::Waiting;

    const OPENING: Instant = Instant(1_796_083_200_000);

    fn body(standing: &Standing) -> Value {
        serde_json::to_value(StandingBody::of(standing, OPENING)).expect("JSON")
    }

    #[test]
    fn each_standing_has_the_figures_that_it_needs_and_no_others() {
        assert_eq!(body(&Standing::Open), json!({"state": "open", "opens_at": null, "look_again_seconds": null}));
        let before = body(&Standing::Before { opens_at: OPENING.plus_minutes(1) });
        assert_eq!(
            (&before["state"], &before["opens_at"]),
            (&json!("before_open"), &json!("2026-12-01T09:01:00+09:00"))
        );
        assert!((61..69).contains(&before["look_again_seconds"].as_u64().expect("seconds")), "{before}");
        let waiting = Waiting {
            opening: OPENING,
            ahead: 1_200,
            estimate_seconds: 90,
            places_left: 800,
            look_again_seconds: 0,
            in_draw: true,
        };
        let expected = json!({
            "state": "waiting", "opens_at": "2026-12-01T09:00:00+09:00", "ahead": 1_200, "estimate_seconds": 90,
            "places_left": 800, "in_draw": true, "look_again_seconds": 1
        });
        assert_eq!(body(&Standing::Waiting(waiting)), expected);
    }

    #[test]
    fn a_draw_is_written_in_hexadecimal_digits() {
        let draw = Draw {
            opens_at: OPENING,
            commitment: [0xab; 32],
            seed: Some([0x01; 32]),
            people_by_first_byte: vec![3; 256],
        };
        let body = serde_json::to_value(DrawBody::from(draw)).expect("JSON");
        assert_eq!((&body["commitment"], &body["seed"]), (&json!("ab".repeat(32)), &json!("01".repeat(32))));
    }
}
