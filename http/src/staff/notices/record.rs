//! `/notices/{no}/record.csv`: who was told when, as a table.

use axum::extract::{Path, State};
use axum::response::Response;
use sesshu_engine::roll::{TableEncoding, write_table};
use sesshu_monitor::core::contact::ChannelKind;

use super::super::desk::{Console, Staff};
use super::super::download::table_answer;
use super::super::problem::StaffProblem;
use super::one::found;
use super::words::at;

/// By which way somebody was told.
pub(super) const fn way_words(channel: Option<ChannelKind>) -> &'static str {
    match channel {
        Some(ChannelKind::Mail) => "メール",
        Some(ChannelKind::Webhook) => "Webhook",
        Some(ChannelKind::Phone) => "自動の電話",
        None => "電話（手）",
    }
}

pub(in crate::staff) async fn get_record(
    State(desk): State<Console>,
    _staff: Staff,
    Path(no): Path<String>,
) -> Result<Response, StaffProblem> {
    let notice = found(&desk, &no)?;
    let told = desk.monitor()?.board().state.told_of(notice.no);
    let heading = ["日時", "連絡先", "方法", "結果", "件名", "応答・担当"];
    let rows = told.into_iter().rev().map(|one| {
        let (way, result) = (way_words(one.channel), one.result.words());
        vec![at(one.at), one.to.into(), way.to_owned(), result.to_owned(), one.subject.into(), one.answer.into()]
    });
    let written = write_table(&heading, &rows.collect::<Vec<_>>(), TableEncoding::Utf8Bom);
    Ok(table_answer(written.map_err(|_| StaffProblem::Internal)?, "notice.csv", TableEncoding::Utf8Bom))
}
