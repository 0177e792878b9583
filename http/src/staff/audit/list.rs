//! `/audit`: the entries that fit the filter, newest first.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::event_kind::EventKind;
use sesshu_engine::core::ids::ResidentNo;
use sesshu_engine::{AuditPage, AuditQuery};

use super::filter::Filter;
use super::labels::kind_words;
use super::rows::{Extent, Row};
use super::unreadable;
use crate::staff::desk::{Console, Staff};
use crate::staff::form::{FormErrors, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

const ROWS_MAX: usize = 50;
const LINES_MAX: usize = 4;
const PEOPLE_MAX: usize = 3;

#[derive(Template)]
#[template(path = "staff/audit/list.html")]
struct ListPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    /// What was typed to find a person; never shown again but after an error.
    typed_id: &'a str,
    filter: &'a Filter,
    makers: Vec<Maker>,
    rows: Vec<Row>,
    /// The person whom it is about: pseudonym and name.
    person: Option<(ResidentNo, String)>,
    older: Option<String>,
    /// Whether the search ended before the page was full.
    unfinished: bool,
    export: String,
}

/// Somebody who can be asked for.
struct Maker {
    code: Box<str>,
    words: String,
    chosen: bool,
}

impl ListPage<'_> {
    fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
        EventKind::ALL.iter().map(|kind| (kind.code(), kind_words(*kind)))
    }
}

pub(in crate::staff) async fn get_audit(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(filter): StaffQuery<Filter>,
) -> Result<Response, StaffProblem> {
    let query = match filter.query(ROWS_MAX) {
        Ok(query) => query,
        Err(errors) => return shown_again(&desk, &staff, &filter, "", errors),
    };
    let person = query.person;
    let found = desk.engine.audit(query).await.map_err(|error| unreadable(&error))?;
    let extent = Extent { lines_max: LINES_MAX, people_max: PEOPLE_MAX, person };
    let mut rows: Vec<Row> =
        found.entries.iter().map(|(seq, entry)| Row::of(&desk.engine, *seq, entry, extent)).collect();
    let wanted = match person {
        Some(person) => vec![person],
        None if !filter.names.is_empty() => rows.iter().flat_map(Row::people).collect(),
        None => Vec::new(),
    };
    let names: HashMap<ResidentNo, String> =
        desk.engine.names_in_audit(wanted, staff.by()).await?.into_iter().collect();
    for row in &mut rows {
        row.name(&names);
    }
    let shown = ListPage {
        f: desk.frame(Some(&staff)),
        errors: FormErrors::default(),
        typed_id: "",
        makers: makers(&desk, &filter.maker),
        person: person.map(|no| (no, names.get(&no).cloned().unwrap_or_default())),
        older: older(&filter, &found),
        unfinished: found.next_before.is_some() && rows.len() < ROWS_MAX,
        export: Filter { before: String::new(), ..filter.clone() }.href("/audit/export"),
        filter: &filter,
        rows,
    };
    page(StatusCode::OK, &shown)
}

/// The page with what was typed and what is wrong with it, without entries.
pub(super) fn shown_again(
    desk: &Console,
    staff: &Staff,
    filter: &Filter,
    typed_id: &str,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let shown = ListPage {
        f: desk.frame(Some(staff)),
        errors,
        typed_id,
        filter,
        makers: makers(desk, &filter.maker),
        rows: Vec::new(),
        person: None,
        older: None,
        unfinished: false,
        export: "/audit/export".into(),
    };
    page(StatusCode::BAD_REQUEST, &shown)
}

fn makers(desk: &Console, chosen: &str) -> Vec<Maker> {
    let logins = desk.engine.logins_in_audit().into_iter().map(|login| (login.to_string(), login));
    let others = [("コマンド", AuditQuery::COMMAND_LINE), ("システム", AuditQuery::SYSTEM)];
    let all = logins.chain(others.map(|(words, code)| (words.to_owned(), code.into())));
    all.map(|(words, code)| Maker { words, chosen: *code == *chosen, code }).collect()
}

fn older(filter: &Filter, found: &AuditPage) -> Option<String> {
    let before = found.next_before?.to_string();
    Some(Filter { before, ..filter.clone() }.href("/audit"))
}
