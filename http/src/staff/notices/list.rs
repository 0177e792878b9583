//! `/notices`: all notices that are kept.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_monitor::core::time::WallMs;

use super::super::desk::{Console, Staff};
use super::super::frame::Frame;
use super::super::page::page;
use super::super::problem::StaffProblem;
use super::words::{at, kind_words, phase_words, plain};

#[derive(Template)]
#[template(path = "staff/notices/list.html")]
struct ListPage<'a> {
    f: Frame<'a>,
    rows: Vec<Row>,
    contacts: usize,
    by_hand: usize,
}

struct Row {
    no: u64,
    kind: &'static str,
    phase: &'static str,
    open: bool,
    given: String,
    said: String,
}

pub(in crate::staff) async fn get_list(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    let (board, now) = (desk.monitor()?.board(), WallMs(desk.engine.now().0));
    let row = |notice: &sesshu_monitor::core::notice::Notice| Row {
        no: notice.no.0,
        kind: kind_words(notice.kind),
        phase: phase_words(notice.phase(now)),
        open: notice.ended_at.is_none(),
        given: notice.sayings.first().map(|saying| at(saying.at)).unwrap_or_default(),
        said: notice.latest().map(|saying| plain(&saying.text.ja)).unwrap_or_default(),
    };
    let wanting = board.contacts.iter().filter(|contact| contact.notices);
    let (written, by_hand): (Vec<_>, Vec<_>) = wanting.partition(|contact| !contact.channels.is_empty());
    let list = ListPage {
        f: desk.frame(Some(&staff)),
        rows: board.state.notices.iter().map(row).collect(),
        contacts: written.len(),
        by_hand: by_hand.len(),
    };
    page(StatusCode::OK, &list)
}
