//! `/site/look`: what to bring, and the city's colours with their contrast.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::color::Color;
use sesshu_engine::core::site::{LangCode, Site, Theme, Worded};
use sesshu_engine::core::site_check::CONTRAST_MIN;

use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm};
use super::super::frame::Frame;
use super::super::page::{go_to, page};
use super::super::problem::StaffProblem;
use super::site_form::{Field, Typed, fields, revision, text};
use crate::lang::Lang;

#[derive(Template)]
#[template(path = "staff/data/look.html")]
struct LookPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    revision: u64,
    brings: Vec<Field>,
    main: String,
    on_main: String,
    /// The colours that were typed, if they are some: main, on it, the contrasts.
    sample: Option<Sample>,
    contrast_min: f64,
}

struct Sample {
    main: Color,
    on_main: Color,
    /// The contrast of the main colour on white.
    on_white: String,
    /// The contrast of what stands on it.
    of_words: String,
}

pub(in crate::staff) async fn get_look(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    let site = desk.engine.site();
    let color = |of: fn(&Theme) -> Color| site.theme.as_ref().map_or_else(String::new, |theme| of(theme).to_string());
    let mut typed =
        Typed::from([("main".into(), color(|theme| theme.main)), ("on_main".into(), color(|theme| theme.on_main))]);
    for lang in Lang::all() {
        let lines = site
            .bring
            .as_ref()
            .and_then(|bring| if lang == Lang::JA { Some(&bring.ja) } else { bring.others.get(lang.code()) });
        typed.insert(format!("bring-{}", lang.code()), lines.map_or_else(String::new, |lines| lines.join("\n")));
    }
    shown(&desk, &staff, StatusCode::OK, FormErrors::default(), &typed)
}

fn shown(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    typed: &Typed,
) -> Result<Response, StaffProblem> {
    let sample = text(typed, "main").parse::<Color>().ok().map(|main| {
        let on_main = text(typed, "on_main").parse().unwrap_or(Color::WHITE);
        // Cut off, not rounded: what is shown as enough is enough.
        let ratio = |one: Color, other| format!("{:.2}", (one.contrast_with(other) * 100.0).floor() / 100.0);
        Sample { main, on_main, on_white: ratio(main, Color::WHITE), of_words: ratio(on_main, main) }
    });
    let look = LookPage {
        f: desk.frame(Some(staff)),
        errors,
        revision: desk.engine.site().revision,
        brings: fields("bring", |lang| text(typed, &format!("bring-{}", lang.code()))),
        main: text(typed, "main"),
        on_main: text(typed, "on_main"),
        sample,
        contrast_min: CONTRAST_MIN,
    };
    page(status, &look)
}

pub(in crate::staff) async fn post_look(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(typed): StaffForm<Typed>,
) -> Result<Response, StaffProblem> {
    if typed.get("do").is_some_and(|what| what == "preview") {
        return shown(&desk, &staff, StatusCode::OK, FormErrors::default(), &typed);
    }
    let mut errors = FormErrors::default();
    let mut next = Site::clone(&desk.engine.site());
    next.theme = theme(&typed, &mut errors);
    next.bring = bring(&typed, next.bring.as_ref());
    if !errors.is_empty() {
        return shown(&desk, &staff, StatusCode::BAD_REQUEST, errors, &typed);
    }
    match desk.say(next, revision(&typed), &staff, 0).await? {
        Ok(()) => Ok(go_to("/site?done=saved")),
        Err(errors) => {
            // A colour's place is within the theme; its field is not.
            let mut placed = FormErrors::default();
            for error in errors.iter() {
                let field = error.field.strip_prefix("theme-").unwrap_or(&error.field);
                placed.add(field.to_owned(), error.says.clone());
            }
            shown(&desk, &staff, StatusCode::BAD_REQUEST, placed, &typed)
        }
    }
}

fn theme(typed: &Typed, errors: &mut FormErrors) -> Option<Theme> {
    let (main, on_main) = (text(typed, "main"), text(typed, "on_main"));
    if main.is_empty() && on_main.is_empty() {
        return None;
    }
    let mut color = |id: &'static str, typed: &str| {
        let read = typed.parse();
        if read.is_err() {
            errors.add(id, "#0017c1 のような色にしてください。");
        }
        read.ok()
    };
    let on_main = if on_main.is_empty() { Some(Color::WHITE) } else { color("on_main", &on_main) };
    Some(Theme { main: color("main", &main)?, on_main: on_main? })
}

/// A thing on each line; empty lines count for nothing.
fn bring(typed: &Typed, before: Option<&Worded<Vec<Box<str>>>>) -> Option<Worded<Vec<Box<str>>>> {
    let lines = |lang: Lang| -> Vec<Box<str>> {
        let all = text(typed, &format!("bring-{}", lang.code()));
        all.lines().map(str::trim).filter(|line| !line.is_empty()).map(Into::into).collect()
    };
    let mut others: BTreeMap<LangCode, Vec<Box<str>>> = before.map(|it| it.others.clone()).unwrap_or_default();
    for lang in Lang::all().filter(|lang| *lang != Lang::JA) {
        let Some(code) = LangCode::new(lang.code()) else { continue };
        let said = lines(lang);
        if said.is_empty() {
            others.remove(&code)
        } else {
            others.insert(code, said)
        };
    }
    let ja = lines(Lang::JA);
    (!ja.is_empty() || !others.is_empty()).then_some(Worded { ja, others })
}
