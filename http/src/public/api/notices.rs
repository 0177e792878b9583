//! `GET /notices`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::Response;
use serde::Serialize;
use sesshu_engine::core::time::Instant;
use sesshu_monitor::core::notice::{Notice, NoticeKind};
use sesshu_monitor::core::time::WallMs;
use utoipa::ToSchema;

use super::json;
use crate::notices::shown;
use crate::public::desk::App;

/// What people are told of failures and planned work now.
#[derive(Serialize, ToSchema)]
#[schema(as = Notices)]
pub(crate) struct NoticesBody {
    notices: Vec<NoticeBody>,
}

/// One notice, as it was said last.
#[derive(Serialize, ToSchema)]
#[schema(as = Notice)]
pub(crate) struct NoticeBody {
    number: u64,
    /// `maintenance` or `failure`.
    #[schema(example = "maintenance")]
    kind: &'static str,
    /// `ahead`, `running`, `extended` (planned work that takes longer than was said), `failing` or `over` (for half an hour).
    #[schema(example = "ahead")]
    phase: &'static str,
    /// When planned work begins; null for a failure.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// When it ends by plan.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// When this was said.
    #[schema(format = DateTime)]
    changed_at: Option<String>,
    /// In Japanese.
    ja: String,
    /// In plain Japanese, if it was said in it.
    easy: Option<String>,
    /// In English, if it was said in it.
    en: Option<String>,
}

impl NoticeBody {
    fn of(notice: &Notice, now: WallMs) -> Self {
        let instant = |at: WallMs| Instant(at.0).to_rfc3339();
        let planned = match notice.kind {
            NoticeKind::Maintenance { from, until } => Some((from, until)),
            NoticeKind::Failure => None,
        };
        let plain = |text: &str| crate::lang::strip(text.to_owned().into()).into_owned();
        let text = notice.latest().map(|saying| &saying.text);
        Self {
            number: notice.no.0,
            kind: if planned.is_some() { "maintenance" } else { "failure" },
            phase: notice.phase(now).code(),
            from: planned.map(|(from, _)| instant(from)),
            until: planned.map(|(_, until)| instant(until)),
            changed_at: notice.latest().map(|saying| instant(saying.at)),
            ja: text.map(|text| plain(&text.ja)).unwrap_or_default(),
            easy: text.and_then(|text| text.easy.as_deref()).map(plain),
            en: text.and_then(|text| text.en.as_deref()).map(plain),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/notices", responses(
    (status = 200, description = "The notices that are shown now, the latest first. No login needed", body = NoticesBody),
))]
pub(crate) async fn get_notices(State(desk): State<App>) -> Response {
    let now = desk.engine.now();
    let notices = shown(desk.config.monitor.as_ref(), now);
    let notices = notices.iter().map(|notice| NoticeBody::of(notice, WallMs(now.0))).collect();
    let mut answer = json(StatusCode::OK, &NoticesBody { notices });
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}
