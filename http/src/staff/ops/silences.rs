//! `/ops/silences`: times in which nobody is told: of one thing, or of everything while planned work goes on.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::time::Instant;
use sesshu_monitor::board::Board;
use sesshu_monitor::core::cause::Cause;
use sesshu_monitor::core::metric::Metric;
use sesshu_monitor::core::order::Order;
use sesshu_monitor::core::silence::Covers;
use sesshu_monitor::core::time::WallMs;

use super::{orders, words};
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

/// For how long, in minutes, with the words for it.
const LENGTHS: [(u32, &str); 7] =
    [(30, "30分"), (60, "1時間"), (120, "2時間"), (240, "4時間"), (480, "8時間"), (1_440, "1日"), (10_080, "1週間")];
const REASON_CHARS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "staff/ops/silences.html")]
struct SilencesPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'static str,
    typed: SilenceForm,
    rows: Vec<Row>,
    /// Codes and words of what can be kept quiet.
    choices: Vec<(String, String)>,
    lengths: [(u32, &'static str); LENGTHS.len()],
    no_monitor: Option<&'static str>,
}

struct Row {
    no: u64,
    covers: String,
    from: String,
    until: String,
    by: String,
    reason: String,
    state: &'static str,
}

/// What is typed.
#[derive(Deserialize, Default)]
pub(in crate::staff) struct SilenceForm {
    #[serde(default)]
    covers: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    minutes: String,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct SilencesQuery {
    #[serde(default)]
    done: String,
    /// What the form begins with.
    #[serde(default)]
    covers: String,
}

pub(in crate::staff) async fn get_silences(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<SilencesQuery>,
) -> Result<Response, StaffProblem> {
    let done = match query.done.as_str() {
        "made" => "通知停止を設定しました。",
        "ended" => "通知停止を終了しました。続いている異常は、あらためて知らせます。",
        _ => "",
    };
    let typed = SilenceForm { covers: query.covers, minutes: "60".into(), ..SilenceForm::default() };
    shown(&desk, &staff, StatusCode::OK, FormErrors::default(), done, typed)
}

fn shown(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    done: &'static str,
    typed: SilenceForm,
) -> Result<Response, StaffProblem> {
    let board = desk.monitored().map(|(_, board)| board);
    let now = desk.wall();
    let rows = |board: &Board| board.state.silences.iter().map(|silence| Row::of(silence, now)).collect();
    let silences = SilencesPage {
        f: desk.frame(Some(staff)),
        errors,
        done,
        typed,
        rows: board.as_deref().map(rows).unwrap_or_default(),
        choices: board.as_deref().map(choices).unwrap_or_default(),
        lengths: LENGTHS,
        no_monitor: board.is_none().then_some(orders::NO_MONITOR),
    };
    page(status, &silences)
}

impl Row {
    fn of(silence: &sesshu_monitor::core::silence::Silence, now: WallMs) -> Self {
        Self {
            no: silence.no,
            covers: words::covers(&silence.covers),
            from: words::at(silence.from),
            until: words::at(silence.until),
            by: words::actor(&silence.by),
            reason: silence.reason.to_string(),
            state: if now < silence.from { "これから" } else { "停止中" },
        }
    }
}

/// Everything, each metric that is measured or watched by the server, and each cause with a subject.
fn choices(board: &Board) -> Vec<(String, String)> {
    let everything = ("all".to_owned(), words::covers(&Covers::Everything));
    let mut measured: Vec<&Cause> = board.gauges.iter().map(|gauge| &gauge.reading.cause).collect();
    measured.extend(board.state.open.iter().map(|incident| &incident.cause));
    measured.sort_unstable();
    measured.dedup();
    let mut metrics: Vec<Metric> = measured.iter().map(|cause| cause.metric).collect();
    metrics.dedup();
    let metrics = metrics.into_iter().map(|metric| (metric.code().to_owned(), words::name(metric).to_owned()));
    let causes = measured.iter().filter(|cause| !cause.subject.is_empty());
    let causes = causes.map(|cause| (cause.to_string(), words::cause(cause)));
    let mut choices: Vec<_> = metrics.chain(causes).collect();
    choices.sort_by(|(one, _), (other, _)| one.cmp(other));
    std::iter::once(everything).chain(choices).collect()
}

fn covers(code: &str) -> Option<Covers> {
    if code == "all" {
        return Some(Covers::Everything);
    }
    match code.split_once('/') {
        None => Metric::of_code(code).map(Covers::Metric),
        Some((metric, subject)) => Metric::of_code(metric).map(|metric| Covers::Cause(Cause::new(metric, subject))),
    }
}

pub(in crate::staff) async fn post_silence(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(typed): StaffForm<SilenceForm>,
) -> Result<Response, StaffProblem> {
    let mut errors = FormErrors::default();
    let covered = covers(&typed.covers);
    if covered.is_none() {
        errors.add("covers", "何の通知を止めるか、選んでください。");
    }
    let now = desk.wall();
    let from = match typed.from.trim() {
        "" => Some(None),
        text => text.parse::<Instant>().ok().map(|at| Some(WallMs(at.0))),
    };
    if from.is_none() {
        errors.add("from", "日付と時刻を、2026-12-01 09:00 のように入力してください。");
    }
    let minutes =
        typed.minutes.parse::<u32>().ok().filter(|minutes| LENGTHS.iter().any(|(length, _)| length == minutes));
    if minutes.is_none() {
        errors.add("minutes", "止める時間を選んでください。");
    }
    let reason = typed.reason.trim();
    if reason.is_empty() {
        errors.add("reason", "理由を入力してください。");
    } else if reason.chars().count() > REASON_CHARS_MAX {
        errors.add("reason", format!("理由は{REASON_CHARS_MAX}文字までです。"));
    }
    let (Some(covers), Some(from), Some(minutes), true) = (covered, from, minutes, errors.is_empty()) else {
        return shown(&desk, &staff, StatusCode::BAD_REQUEST, errors, "", typed);
    };
    let until = from.unwrap_or(now).plus(Duration::from_secs(u64::from(minutes) * 60));
    if until <= now {
        errors.add("from", "終わりの時刻が過ぎています。");
        return shown(&desk, &staff, StatusCode::BAD_REQUEST, errors, "", typed);
    }
    desk.order(Order::Silence { covers, from, until, by: staff.actor(), reason: reason.into() }).await?;
    Ok(go_to("/ops/silences?done=made"))
}

pub(in crate::staff) async fn post_end_silence(
    State(desk): State<Console>,
    staff: Staff,
    Path(no): Path<String>,
) -> Result<Response, StaffProblem> {
    let no = no.parse().map_err(|_| StaffProblem::NotFound)?;
    desk.order(Order::EndSilence { no, by: staff.actor() }).await?;
    Ok(go_to("/ops/silences?done=ended"))
}
