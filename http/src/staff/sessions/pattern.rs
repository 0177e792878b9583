//! `/sessions/pattern`: many drafts at once, from venues × days × times. Shown first, then drafted.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::DraftSummary;
use sesshu_engine::core::time::{Day, Weekday};
use sesshu_engine::roll::{SessionRow, parse_date, parse_typed_session};

use super::fields::{
    Choice, add_line_errors, dose_choices, doses_typed, session_typed, vaccine_choices, venue_choices,
};
use super::typed::Typed;
use crate::staff::dates::day_words;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::words::campaign_words;

/// How many sessions one pattern makes at most.
const SESSIONS_MAX: usize = 2_000;
/// How many days lie between its first and its last day at most.
const DAYS_MAX: i32 = 400;

const WEEKDAYS: [(Weekday, &str, &str); 7] = [
    (Weekday::Monday, "mon", "月"),
    (Weekday::Tuesday, "tue", "火"),
    (Weekday::Wednesday, "wed", "水"),
    (Weekday::Thursday, "thu", "木"),
    (Weekday::Friday, "fri", "金"),
    (Weekday::Saturday, "sat", "土"),
    (Weekday::Sunday, "sun", "日"),
];

#[derive(Template)]
#[template(path = "staff/sessions/pattern.html")]
struct PatternPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    typed: &'a Typed,
    venues: Vec<Choice>,
    weekdays: Vec<Choice>,
    vaccines: Vec<Choice>,
    doses: Vec<Choice>,
    preview: Option<Preview>,
}

/// What the pattern would draft.
struct Preview {
    summary: DraftSummary,
    days: Vec<String>,
    venues: usize,
    sessions: usize,
    places_each: u64,
    places: u64,
}

fn show(
    desk: &StaffDesk,
    staff: &Staff,
    typed: &Typed,
    errors: FormErrors,
    preview: Option<Preview>,
) -> Result<Response, StaffProblem> {
    let setup = desk.engine.campaign_setup();
    let weekday = |(_, code, label): (Weekday, &str, &str)| Choice {
        value: code.into(),
        label: label.into(),
        chosen: typed.has("weekday", code),
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let shown = PatternPage {
        f: desk.frame(Some(staff)),
        errors,
        typed,
        venues: venue_choices(&setup, typed, "venue"),
        weekdays: WEEKDAYS.map(weekday).into(),
        vaccines: vaccine_choices(&setup, typed),
        doses: dose_choices(&setup, typed),
        preview,
    };
    page(status, &shown)
}

pub(in crate::staff) async fn get_pattern(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    show(&desk, &staff, &Typed::default(), FormErrors::default(), None)
}

pub(in crate::staff) async fn post_pattern(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(fields): StaffForm<Vec<(String, String)>>,
) -> Result<Response, StaffProblem> {
    let typed = Typed(fields);
    let rows = match rows(&typed) {
        Ok(rows) => rows,
        Err(errors) => return show(&desk, &staff, &typed, errors, None),
    };
    let (wrong, _) = desk.engine.check_sessions(&rows[..1]);
    if !wrong.is_empty() {
        let mut errors = FormErrors::default();
        add_line_errors(&mut errors, &wrong);
        return show(&desk, &staff, &typed, errors, None);
    }
    // "Back" shows the form with all that was typed.
    if typed.one("step") == "edit" {
        return show(&desk, &staff, &typed, FormErrors::default(), None);
    }
    let dry_run = typed.one("step") != "draft";
    match desk.engine.import_sessions(&rows, dry_run, staff.by()).await {
        Ok(_) if !dry_run => Ok(go_to("/sessions/drafts?done=new")),
        Ok(summary) => {
            let preview = Some(Preview::of(&rows, summary));
            show(&desk, &staff, &typed, FormErrors::default(), preview)
        }
        Err(error) => show(&desk, &staff, &typed, FormErrors::whole(campaign_words(&error)), None),
    }
}

impl Preview {
    fn of(rows: &[SessionRow], summary: DraftSummary) -> Self {
        let days: BTreeSet<Day> = rows.iter().map(|row| row.date).collect();
        let venues: BTreeSet<&str> = rows.iter().map(|row| row.venue.as_str()).collect();
        let places_each = rows.first().map_or(0, places);
        Self {
            summary,
            days: days.into_iter().map(day_words).collect(),
            venues: venues.len(),
            sessions: rows.len(),
            places_each,
            places: rows.iter().map(places).sum(),
        }
    }
}

/// All places of a session of the file.
pub(super) fn places(row: &SessionRow) -> u64 {
    u64::from((row.end.0 - row.start.0) / row.slot_minutes) * u64::from(row.capacity)
}

/// The sessions that the pattern means, at least one of them.
fn rows(typed: &Typed) -> Result<Vec<SessionRow>, FormErrors> {
    let mut errors = FormErrors::default();
    let venues: BTreeSet<&str> = typed.all("venue").filter(|venue| !venue.is_empty()).collect();
    if venues.is_empty() {
        errors.add("venue", "会場を1つ以上選んでください。");
    }
    let mut day = |field: &'static str, label: &str| {
        let day = parse_date(typed.one(field)).ok();
        if day.is_none() {
            errors.add(field, format!("{label}を2026-12-05のように入力してください。"));
        }
        day
    };
    let (from, to) = (day("from", "最初の日"), day("to", "最後の日"));
    let except = except(typed, &mut errors);
    if let (Some(from), Some(to)) = (from, to) {
        if from > to {
            errors.add("to", "最後の日は、最初の日と同じか、後の日にしてください。");
        } else if to.days_since(from) > DAYS_MAX {
            errors.add("to", format!("期間は{DAYS_MAX}日までです。"));
        }
    }
    let doses = doses_typed(typed);
    let venue = venues.first().copied().unwrap_or("会場");
    // The other fields are read with any date while the first day is wrong.
    let date = from.unwrap_or(Day(20_000)).to_string();
    let first = parse_typed_session(&session_typed(typed, venue, &date, &doses));
    if let Err(wrong) = &first {
        add_line_errors(&mut errors, wrong);
    }
    let (Ok(first), Some(from), Some(to), true) = (first, from, to, errors.is_empty()) else { return Err(errors) };
    let weekdays: Vec<&str> = typed.all("weekday").collect();
    let on = |day: Day| {
        let code = WEEKDAYS.iter().find(|(weekday, ..)| *weekday == day.weekday()).map_or("", |(_, code, _)| code);
        !except.contains(&day) && (weekdays.is_empty() || weekdays.contains(&code))
    };
    let days = (0..=to.days_since(from)).map(|after| from.plus_days(after)).filter(|day| on(*day));
    let rows: Vec<SessionRow> = days
        .flat_map(|date| venues.iter().map(move |venue| (date, (*venue).to_owned())))
        .take(SESSIONS_MAX + 1)
        .zip(2..)
        .map(|((date, venue), line)| SessionRow { line, date, venue, ..first.clone() })
        .collect();
    match rows.len() {
        0 => errors.add("to", "この期間に、選んだ曜日の日がありません。"),
        many if many > SESSIONS_MAX => errors.add("to", format!("一度に作れる接種会は{SESSIONS_MAX}回までです。")),
        _ => return Ok(rows),
    }
    Err(errors)
}

/// The days that are left out.
fn except(typed: &Typed, errors: &mut FormErrors) -> BTreeSet<Day> {
    let mut days = BTreeSet::new();
    for text in typed.one("except").split(|c: char| c.is_whitespace() || matches!(c, ',' | '、' | '，')) {
        match parse_date(text) {
            Ok(day) => {
                days.insert(day);
            }
            Err(_) if text.is_empty() => {}
            Err(_) => errors.add("except", format!("除く日「{text}」は日付ではありません。")),
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(changes: &[(&str, &str)]) -> Typed {
        let usual = [
            ("venue", "体育館"),
            ("venue", "文化ホール"),
            ("from", "2026-12-05"),
            ("to", "2026-12-13"),
            ("start", "09:00"),
            ("end", "12:00"),
            ("slot_minutes", "30"),
            ("capacity", "20"),
            ("vaccine", "コミナティ"),
            ("doses", "1"),
        ];
        let kept = usual.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        Typed(kept.chain(changes).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn made(changes: &[(&str, &str)]) -> Vec<String> {
        let rows = rows(&typed(changes)).expect("a pattern");
        rows.iter().map(|row| format!("{} {}", row.date, row.venue)).collect()
    }

    fn wrong(changes: &[(&str, &str)]) -> Vec<String> {
        let errors = rows(&typed(changes)).expect_err("not a pattern");
        errors.iter().map(|error| error.field.to_string()).collect()
    }

    #[test]
    fn a_pattern_is_every_venue_on_every_day_of_its_weekdays() {
        assert_eq!(made(&[]).len(), 18);
        assert_eq!(
            made(&[
                ("weekday", "sat"),
                ("weekday", "sun"),
                ("except", "2026-12-06、令和8年12月12日"),
                ("venue", "体育館")
            ]),
            ["2026-12-05 体育館", "2026-12-13 体育館"]
        );
        let places: u64 = rows(&typed(&[])).expect("a pattern").iter().map(places).sum();
        assert_eq!(places, 18 * 6 * 20);
    }

    #[test]
    fn what_is_wrong_with_a_pattern_is_said_at_once() {
        assert_eq!(wrong(&[("venue", ""), ("from", "x"), ("capacity", "0")]), ["venue", "from", "capacity"]);
        assert_eq!(wrong(&[("to", "2026-12-04")]), ["to"]);
        assert_eq!(wrong(&[("to", "2028-12-04")]), ["to"]);
        assert_eq!(wrong(&[("to", "2026-12-06"), ("weekday", "mon")]), ["to"]);
        assert_eq!(wrong(&[("except", "あした")]), ["except"]);
    }
}
