//! `/waves`: the priority groups and when each may book, one by one. Removing one asks for the number of its people.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::setup::Wave;
use sesshu_engine::roll::{TypedWave, WaveRow, parse_typed_wave};
use sesshu_engine::{CampaignError, PlanProblem, WaveChange};

use super::fields::add_line_errors;
use super::typed::{hex, number};
use crate::staff::dates::{day_words, instant_words};
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::words::campaign_words;

#[derive(Template)]
#[template(path = "staff/sessions/waves.html")]
struct WavesPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'a str,
    seen: String,
    waves: Vec<WaveLine>,
}

/// A wave as the list shows it. Waves are counted from 1 in addresses.
struct WaveLine {
    no: usize,
    name: String,
    who: String,
    opens_at: String,
    /// Whether it is open already.
    open: bool,
    people: usize,
}

#[derive(Template)]
#[template(path = "staff/sessions/wave.html")]
struct WavePage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    /// The wave that is changed, from 1.
    changed: Option<usize>,
    typed: &'a WaveForm,
    /// The groups of the roll, to choose from.
    flag: Option<String>,
}

#[derive(Template)]
#[template(path = "staff/sessions/wave_remove.html")]
struct RemovePage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    wave: WaveLine,
    seen: String,
    typed: &'a str,
    /// Whether it is the last one: without waves everybody may book.
    last: bool,
}

#[derive(Deserialize)]
pub(in crate::staff) struct WavesQuery {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize, Default)]
pub(in crate::staff) struct WaveForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    born_from: String,
    #[serde(default)]
    born_to: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    opens_at: String,
    /// Names the waves that were shown.
    #[serde(default)]
    seen: String,
    /// Somebody has seen what looks wrong.
    #[serde(default)]
    sure: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct RemoveForm {
    #[serde(default)]
    seen: String,
    #[serde(default)]
    count: String,
}

impl WaveForm {
    fn of(wave: &Wave, seen: String) -> Self {
        let day = |day: Option<sesshu_engine::core::time::Day>| day.map_or_else(String::new, |day| day.to_string());
        Self {
            name: wave.name.clone(),
            born_from: day(wave.born_from),
            born_to: day(wave.born_to),
            group: wave.group.clone().unwrap_or_default(),
            opens_at: format!("{}T{}", wave.opens_at.city_day(), wave.opens_at.city_clock()),
            seen,
            sure: String::new(),
        }
    }

    fn read(&self) -> Result<WaveRow, FormErrors> {
        let typed = TypedWave {
            name: &self.name,
            born_from: &self.born_from,
            born_to: &self.born_to,
            group: &self.group,
            opens_at: &self.opens_at,
        };
        parse_typed_wave(&typed).map_err(|wrong| {
            let mut errors = FormErrors::default();
            add_line_errors(&mut errors, &wrong);
            errors
        })
    }
}

impl WaveLine {
    fn of(desk: &StaffDesk, at: usize, wave: &Wave) -> Self {
        let mut who: Vec<String> = Vec::new();
        match (wave.born_from, wave.born_to) {
            (Some(from), Some(to)) => who.push(format!("{}から{}までに生まれた人", day_words(from), day_words(to))),
            (Some(from), None) => who.push(format!("{}以後に生まれた人", day_words(from))),
            (None, Some(to)) => who.push(format!("{}以前に生まれた人", day_words(to))),
            (None, None) => {}
        }
        who.extend(wave.group.as_ref().map(|group| format!("区分「{group}」の人")));
        Self {
            no: at + 1,
            name: wave.name.clone(),
            who: if who.is_empty() { "名簿の全員".into() } else { who.join("で、") },
            opens_at: instant_words(wave.opens_at),
            open: wave.opens_at <= desk.engine.now(),
            people: desk.engine.people_in_wave(wave),
        }
    }
}

fn show_all(desk: &StaffDesk, staff: &Staff, done: &str, errors: FormErrors) -> Result<Response, StaffProblem> {
    let setup = desk.engine.campaign_setup();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    let shown = WavesPage {
        f: desk.frame(Some(staff)),
        errors,
        done,
        seen: hex(desk.engine.waves_digest()),
        waves: setup.waves.iter().enumerate().map(|(at, wave)| WaveLine::of(desk, at, wave)).collect(),
    };
    page(status, &shown)
}

fn show_one(
    desk: &StaffDesk,
    staff: &Staff,
    changed: Option<usize>,
    typed: &WaveForm,
    flag: Option<String>,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    page(status, &WavePage { f: desk.frame(Some(staff)), errors, changed, typed, flag })
}

pub(in crate::staff) async fn get_waves(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<WavesQuery>,
) -> Result<Response, StaffProblem> {
    show_all(&desk, &staff, &query.done, FormErrors::default())
}

pub(in crate::staff) async fn get_new_wave(
    State(desk): State<Console>,
    staff: Staff,
) -> Result<Response, StaffProblem> {
    let typed = WaveForm { seen: hex(desk.engine.waves_digest()), ..WaveForm::default() };
    show_one(&desk, &staff, None, &typed, None, FormErrors::default())
}

pub(in crate::staff) async fn post_new_wave(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<WaveForm>,
) -> Result<Response, StaffProblem> {
    put(&desk, &staff, None, form).await
}

/// The wave that an address names, counted from 0.
fn named(desk: &StaffDesk, no: &str) -> Result<(usize, Wave), StaffProblem> {
    let no: usize = no.parse().map_err(|_| StaffProblem::NotFound)?;
    let at = no.checked_sub(1).ok_or(StaffProblem::NotFound)?;
    let wave = desk.engine.campaign_setup().waves.get(at).cloned().ok_or(StaffProblem::NotFound)?;
    Ok((at, wave))
}

pub(in crate::staff) async fn get_wave(
    State(desk): State<Console>,
    staff: Staff,
    Path(no): Path<String>,
) -> Result<Response, StaffProblem> {
    let (at, wave) = named(&desk, &no)?;
    let typed = WaveForm::of(&wave, hex(desk.engine.waves_digest()));
    show_one(&desk, &staff, Some(at + 1), &typed, None, FormErrors::default())
}

pub(in crate::staff) async fn post_wave(
    State(desk): State<Console>,
    staff: Staff,
    Path(no): Path<String>,
    StaffForm(form): StaffForm<WaveForm>,
) -> Result<Response, StaffProblem> {
    let (at, _) = named(&desk, &no)?;
    put(&desk, &staff, Some(at), form).await
}

/// Adds a wave or changes one; what looks wrong is shown once before.
async fn put(desk: &StaffDesk, staff: &Staff, at: Option<usize>, form: WaveForm) -> Result<Response, StaffProblem> {
    let no = at.map(|at| at + 1);
    let row = match form.read() {
        Ok(row) => row,
        Err(errors) => return show_one(desk, staff, no, &form, None, errors),
    };
    let WaveRow { name, born_from, born_to, group, opens_at, .. } = row;
    let wave = Wave { name, born_from, born_to, group, opens_at };
    if form.sure != "yes" && desk.engine.people_in_wave(&wave) == 0 {
        let flag = "名簿には、この条件に合う人が1人もいません。生年月日や区分の書き方を確かめてください。";
        return show_one(desk, staff, no, &form, Some(flag.into()), FormErrors::default());
    }
    let change = match at {
        None => WaveChange::Add(wave),
        Some(at) => WaveChange::Change(at, wave),
    };
    match change_wave(desk, staff, change, &form.seen).await {
        Ok(()) => Ok(go_to(if at.is_some() { "/waves?done=changed" } else { "/waves?done=added" })),
        Err(error) => {
            let field = match error {
                CampaignError::Plan(PlanProblem::NameTaken) => "name",
                _ => "",
            };
            let mut errors = FormErrors::default();
            errors.add(field, campaign_words(&error));
            // Whoever sends it again has seen the waves as they are now: the list says what has changed.
            let form = WaveForm { seen: hex(desk.engine.waves_digest()), ..form };
            show_one(desk, staff, no, &form, None, errors)
        }
    }
}

async fn change_wave(desk: &StaffDesk, staff: &Staff, change: WaveChange, seen: &str) -> Result<(), CampaignError> {
    let shown = desk.engine.waves_digest();
    if hex(shown) != seen {
        return Err(CampaignError::ChangedMeanwhile);
    }
    desk.engine.change_wave(change, shown, staff.by()).await
}

pub(in crate::staff) async fn post_earlier(
    State(desk): State<Console>,
    staff: Staff,
    Path(no): Path<String>,
    StaffForm(form): StaffForm<RemoveForm>,
) -> Result<Response, StaffProblem> {
    let (at, _) = named(&desk, &no)?;
    match change_wave(&desk, &staff, WaveChange::Earlier(at), &form.seen).await {
        Ok(()) => Ok(go_to("/waves?done=moved")),
        Err(error) => show_all(&desk, &staff, "", FormErrors::whole(campaign_words(&error))),
    }
}

fn show_remove(
    desk: &StaffDesk,
    staff: &Staff,
    (at, wave): (usize, &Wave),
    typed: &str,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let shown = RemovePage {
        f: desk.frame(Some(staff)),
        errors,
        wave: WaveLine::of(desk, at, wave),
        seen: hex(desk.engine.waves_digest()),
        typed,
        last: desk.engine.campaign_setup().waves.len() == 1,
    };
    page(status, &shown)
}

pub(in crate::staff) async fn get_remove(
    State(desk): State<Console>,
    staff: Staff,
    Path(no): Path<String>,
) -> Result<Response, StaffProblem> {
    let (at, wave) = named(&desk, &no)?;
    show_remove(&desk, &staff, (at, &wave), "", FormErrors::default())
}

pub(in crate::staff) async fn post_remove(
    State(desk): State<Console>,
    staff: Staff,
    Path(no): Path<String>,
    StaffForm(form): StaffForm<RemoveForm>,
) -> Result<Response, StaffProblem> {
    let (at, wave) = named(&desk, &no)?;
    let people = desk.engine.people_in_wave(&wave);
    let mut errors = FormErrors::default();
    if number(&form.count) != u64::try_from(people).ok() {
        errors.add("count", format!("この優先区分の人数（{people}）を入力してください。"));
        return show_remove(&desk, &staff, (at, &wave), &form.count, errors);
    }
    match change_wave(&desk, &staff, WaveChange::Remove(at), &form.seen).await {
        Ok(()) => Ok(go_to("/waves?done=removed")),
        Err(error) => {
            errors = FormErrors::whole(campaign_words(&error));
            show_remove(&desk, &staff, (at, &wave), &form.count, errors)
        }
    }
}
