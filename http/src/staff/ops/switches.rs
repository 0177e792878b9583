//! `/ops/switches`: parts of the service that a person closes for a while, and opens again. Before one is turned, the page says in numbers
//! what that means now.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::Pulse;
use sesshu_engine::core::ids::Channel;
use sesshu_engine::core::recent::LATELY_MINUTES;
use sesshu_engine::core::session::PublicState;
use sesshu_engine::core::switch::{Switch, SwitchPosition};

use super::words;
use crate::staff::dates::instant_words;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::switch_desk::{
    SWITCH_REASON_CHARS_MAX, SwitchDesk, SwitchOrder, SwitchRefused, SwitchWish, TurnView, Turned,
};
use crate::switch_words::{SwitchWords, switch_words};

/// After how many minutes it turns itself on again, with the words for it.
const LENGTHS: [(u32, &str); 7] =
    [(10, "10分"), (30, "30分"), (60, "1時間"), (120, "2時間"), (240, "4時間"), (480, "8時間"), (1_440, "1日")];
/// How many turns are shown.
const TURNS_SHOWN_MAX: usize = 20;
const NO_SWITCHES: &str = "このサーバーでは、停止と再開の操作ができません。";

#[derive(Template)]
#[template(path = "staff/ops/switches.html")]
struct SwitchesPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'static str,
    damaged: bool,
    /// Why the disk has not taken how they stand.
    unsaved: Option<String>,
    rows: Vec<Row>,
    /// The switch that is about to be turned.
    asked: Option<Asked>,
    typed: SwitchForm,
    lengths: [(u32, &'static str); LENGTHS.len()],
    turns: Vec<TurnRow>,
    no_switches: Option<&'static str>,
}

struct Row {
    code: &'static str,
    words: SwitchWords,
    /// Since when it is off, and until when.
    off: Option<String>,
}

/// What is about to be turned.
struct Asked {
    code: &'static str,
    words: SwitchWords,
    off: bool,
    /// What that means now, in numbers.
    means: Vec<String>,
}

struct TurnRow {
    at: String,
    says: String,
    by: String,
    reason: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct SwitchesQuery {
    #[serde(default)]
    switch: String,
    #[serde(default)]
    done: String,
}

/// What is typed.
#[derive(Deserialize, Default)]
pub(in crate::staff) struct SwitchForm {
    #[serde(default)]
    switch: String,
    /// `off` or `on`.
    #[serde(default)]
    to: String,
    #[serde(default)]
    reason: String,
    /// Empty: until somebody turns it on.
    #[serde(default)]
    minutes: String,
}

pub(in crate::staff) async fn get_switches(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<SwitchesQuery>,
) -> Result<Response, StaffProblem> {
    let done = match query.done.as_str() {
        "off" => "止めました。",
        "on" => "再開しました。",
        _ => "",
    };
    let asked = if query.switch.is_empty() { None } else { Some(named(&query.switch)?) };
    shown(&desk, &staff, FormErrors::default(), done, asked, SwitchForm::default()).await
}

pub(in crate::staff) async fn post_switches(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(typed): StaffForm<SwitchForm>,
) -> Result<Response, StaffProblem> {
    let switches: Arc<dyn SwitchDesk> =
        desk.config.switch_desk.clone().ok_or_else(|| StaffProblem::Conflict(NO_SWITCHES.into()))?;
    let switch = named(&typed.switch)?;
    let mut errors = FormErrors::default();
    let minutes = match typed.minutes.as_str() {
        "" => Ok(None),
        text => text.parse::<u32>().map(Some),
    };
    let minutes =
        minutes.ok().filter(|typed| typed.is_none_or(|minutes| LENGTHS.iter().any(|(length, _)| *length == minutes)));
    let reason = typed.reason.trim();
    let to = match (typed.to.as_str(), minutes) {
        ("off", Some(minutes)) => SwitchWish::Off { minutes },
        ("on", _) => SwitchWish::On,
        ("off", None) => {
            errors.add("minutes", "いつまで止めるかを選んでください。");
            SwitchWish::On
        }
        _ => return Err(StaffProblem::Invalid("止めるのか再開するのかが、わかりません。".into())),
    };
    if reason.is_empty() && typed.to == "off" {
        errors.add("reason", "理由を入力してください。");
    } else if reason.chars().count() > SWITCH_REASON_CHARS_MAX {
        errors.add("reason", format!("理由は{SWITCH_REASON_CHARS_MAX}文字までです。"));
    }
    if !errors.is_empty() {
        return shown(&desk, &staff, errors, "", Some(switch), typed).await;
    }
    let order = SwitchOrder { switch, to, by: staff.actor().into(), reason: reason.to_owned() };
    // It waits for the disk.
    let turned = tokio::task::spawn_blocking(move || switches.turn(&order)).await;
    match turned.map_err(|_| StaffProblem::Internal)? {
        Ok(Turned::Unsaved) => Ok(go_to("/ops/switches")),
        Ok(Turned::Saved | Turned::Already) => Ok(go_to(&format!("/ops/switches?done={}", typed.to))),
        Err(SwitchRefused::TooMany) => Err(StaffProblem::Conflict(
            "操作の記録に書けていない停止と再開が多すぎます。データの保存が戻るまで待ってください。".into(),
        )),
    }
}

fn named(code: &str) -> Result<Switch, StaffProblem> {
    Switch::of_code(code).ok_or(StaffProblem::NotFound)
}

async fn shown(
    desk: &StaffDesk,
    staff: &Staff,
    errors: FormErrors,
    done: &'static str,
    asked: Option<Switch>,
    typed: SwitchForm,
) -> Result<Response, StaffProblem> {
    let view = desk.config.switch_desk.as_ref().map(|switches| switches.view());
    let off = |switch| desk.config.switches.closed(switch).map(|closed| crate::staff::frame::span_words(&closed));
    let row = |switch: &Switch| Row { code: switch.code(), words: switch_words(*switch), off: off(*switch) };
    let asked = match asked {
        None => None,
        Some(switch) => {
            let pulse = desk.engine.pulse().await;
            let off = desk.config.switches.is_off(switch);
            Some(Asked { code: switch.code(), words: switch_words(switch), off, means: means(desk, &pulse, switch) })
        }
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let switches = SwitchesPage {
        f: desk.frame(Some(staff)),
        errors,
        done,
        unsaved: view.as_ref().and_then(|view| view.unsaved.clone()),
        damaged: view.as_ref().is_some_and(|view| view.damaged),
        rows: Switch::ALL.iter().map(row).collect(),
        asked,
        typed,
        lengths: LENGTHS,
        no_switches: view.is_none().then_some(NO_SWITCHES),
        turns: view.map(|view| view.turns.iter().take(TURNS_SHOWN_MAX).map(TurnRow::of).collect()).unwrap_or_default(),
    };
    page(status, &switches)
}

/// What turning `switch` means now, in numbers.
fn means(desk: &StaffDesk, pulse: &Pulse, switch: Switch) -> Vec<String> {
    let web = Channel::ALL.iter().position(|channel| *channel == Channel::Web).unwrap_or_default();
    let lately = pulse.minutes.iter().rev().take(LATELY_MINUTES);
    let booked: u64 = lately.map(|minute| u64::from(minute.by_channel[web])).sum();
    let held: u64 = pulse.fill.iter().map(|day| u64::from(day.held)).sum();
    match switch {
        Switch::NewBookings => {
            let lists = desk.engine.availability();
            let open = lists.sessions.iter().filter(|session| session.state == PublicState::Open);
            let free: u64 = open.flat_map(|session| &session.slots).map(|slot| u64::from(slot.free)).sum();
            vec![
                format!("この{LATELY_MINUTES}分間に、ウェブで{booked}件の予約がありました。"),
                format!("いま{held}人分の枠を、確認の画面の人（電話と会場も含む）が仮押さえしています。"),
                format!("ウェブで予約できる空きは、いま{free}人分です。"),
            ]
        }
        Switch::Exports => {
            let running = desk.config.backups.as_ref().and_then(|backups| backups.view().running);
            let running = if running.is_some() {
                "いまバックアップか復元訓練が動いています。始まっている作業は、止まらずに最後まで進みます。"
            } else {
                "いま動いているバックアップと復元訓練はありません。"
            };
            vec![running.into()]
        }
        Switch::Lists => {
            let sessions = desk.engine.availability().sessions.len();
            vec![
                format!("空きの一覧には、いま{sessions}の接種会があります。ふだんは1秒に4回まで作り直しています。"),
                format!("この{LATELY_MINUTES}分間に、ウェブで{booked}件の予約がありました。"),
            ]
        }
        Switch::RichPages => vec![format!("いま有効な予約は{}件です。", pulse.figures.bookings_live)],
    }
}

impl TurnRow {
    fn of(turn: &TurnView) -> Self {
        let name = switch_words(turn.switch).name;
        let says = match turn.to {
            SwitchPosition::Off { until: None } => format!("{name}を止めた"),
            SwitchPosition::Off { until: Some(until) } => format!("{name}を止めた（{}まで）", instant_words(until)),
            SwitchPosition::On => format!("{name}を再開した"),
        };
        let by = if turn.by == "system" { "時刻どおりに自動で".into() } else { words::actor(&turn.by) };
        Self { at: instant_words(turn.at), says, by, reason: turn.reason.clone() }
    }
}
