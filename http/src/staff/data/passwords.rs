//! `/passwords`: passwords by post. They are made, their list goes to the printer once, and they count when somebody says that the
//! list is safe by typing how many they are. Until then nothing has changed, and dropping them changes nothing.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, HeaderValue};
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::ResidentNo;
use sesshu_engine::core::staff::View;
use sesshu_engine::roll::{ISSUE_CHUNK, TableEncoding, write_table};
use sesshu_engine::{CampaignError, PreparedPassword};
use zeroize::Zeroize;

use super::super::dates::instant_words;
use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm, StaffQuery};
use super::super::frame::Frame;
use super::super::page::{go_to, page};
use super::super::problem::StaffProblem;
use super::super::words::campaign_words;
use super::batch::{Seen, Stage};
use super::{csv, download, typed};

/// How many passwords are made at a time: some minutes on a small machine.
const PASSWORDS_AT_ONCE_MAX: usize = 2_000;
/// How many requests stand on a page.
const REQUESTS_SHOWN_MAX: usize = 200;
/// How often a page that waits asks again, in seconds.
const REFRESH: HeaderValue = HeaderValue::from_static("2");

const _: () = assert!(ISSUE_CHUNK <= PASSWORDS_AT_ONCE_MAX);

#[derive(Template)]
#[template(path = "staff/data/passwords.html")]
struct PasswordsPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'static str,
    /// How many people on the roll have no password.
    without: usize,
    /// The same in each group.
    groups: Vec<(String, usize)>,
    requested: usize,
    /// How many can be made at a time.
    most: usize,
    batch: Option<Seen>,
    /// Whether the batch is theirs.
    own: bool,
    encodings: Vec<(&'static str, &'static str)>,
}

impl PasswordsPage<'_> {
    fn is(&self, stage: Stage) -> bool {
        self.batch.as_ref().is_some_and(|batch| batch.stage == stage)
    }
}

#[derive(Template)]
#[template(path = "staff/data/password_requests.html")]
struct RequestsPage<'a> {
    f: Frame<'a>,
    in_all: usize,
    /// ID, name, when.
    requests: Vec<(String, String, String)>,
}

#[derive(Deserialize)]
pub(in crate::staff) struct DoneQuery {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct MakeForm {
    #[serde(default)]
    who: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct ListForm {
    #[serde(default)]
    encoding: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct ConfirmForm {
    #[serde(default)]
    count: String,
}

pub(in crate::staff) async fn get_passwords(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<DoneQuery>,
) -> Result<Response, StaffProblem> {
    let done = match query.done.as_str() {
        "issued" => "パスワードを発行しました。今から、一覧のパスワードでログインできます。",
        "dropped" => {
            "作ったパスワードを破棄しました。何も変わっていません。印刷用の一覧がある場合は、処分してください。"
        }
        _ => "",
    };
    passwords(&desk, &staff, StatusCode::OK, FormErrors::default(), done).await
}

async fn passwords(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    done: &'static str,
) -> Result<Response, StaffProblem> {
    let engine = desk.engine.clone();
    // Both walk over everybody: beside the threads that serve.
    let counted =
        tokio::task::spawn_blocking(move || (engine.without_password_by_group(), engine.password_requests().len()));
    let (mut by_group, requested) = counted.await.map_err(|_| StaffProblem::Internal)?;
    let without = by_group.remove(&None).unwrap_or_default();
    let groups = by_group.into_iter().filter_map(|(group, number)| Some((group?.into_string(), number)));
    let batch = desk.data.batches.seen(desk.engine.now());
    let waits = batch.as_ref().is_some_and(|batch| batch.stage == Stage::Making);
    let shown = PasswordsPage {
        f: desk.frame(Some(staff)),
        errors,
        done,
        without,
        groups: groups.collect(),
        requested,
        most: PASSWORDS_AT_ONCE_MAX,
        own: batch.as_ref().is_some_and(|batch| batch.login == staff.login),
        batch,
        encodings: TableEncoding::ALL.map(|encoding| (encoding.code(), csv::encoding_words(encoding))).to_vec(),
    };
    let mut answer = page(status, &shown)?;
    if waits && status.is_success() {
        answer.headers_mut().insert(HeaderName::from_static("refresh"), REFRESH);
    }
    Ok(answer)
}

pub(in crate::staff) async fn get_requests(
    State(desk): State<Console>,
    staff: Staff,
) -> Result<Response, StaffProblem> {
    let all = desk.engine.password_requests();
    let in_all = all.len();
    let shown: Vec<_> = all.into_iter().take(REQUESTS_SHOWN_MAX).collect();
    let seen = shown.iter().map(|request| request.resident);
    desk.engine.note_people_viewed(seen, View::PasswordRequests, staff.by()).await?;
    let requests = shown.into_iter().map(|request| (request.id, request.name_kana, instant_words(request.at)));
    page(StatusCode::OK, &RequestsPage { f: desk.frame(Some(&staff)), in_all, requests: requests.collect() })
}

/// Whom a form names: everybody without a password, those of a group, or those who asked.
fn chosen(desk: &StaffDesk, who: &str) -> Option<Vec<ResidentNo>> {
    match who.split_once(':') {
        None if who == "all" => Some(desk.engine.without_password(None)),
        None if who == "requested" => {
            Some(desk.engine.password_requests().into_iter().map(|request| request.resident).collect())
        }
        Some(("group", group)) => Some(desk.engine.without_password(Some(group))),
        _ => None,
    }
}

pub(in crate::staff) async fn post_make(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<MakeForm>,
) -> Result<Response, StaffProblem> {
    let mut errors = FormErrors::default();
    let mut residents = chosen(&desk, &form.who).unwrap_or_default();
    residents.truncate(PASSWORDS_AT_ONCE_MAX);
    if residents.is_empty() {
        errors.add("who", "対象になる人がいません。発行する人を選んでください。");
        return passwords(&desk, &staff, StatusCode::BAD_REQUEST, errors, "").await;
    }
    let Some(id) = desk.data.batches.begin(&staff.login, residents.len(), desk.engine.now()) else {
        let errors = FormErrors::whole("ほかのパスワードの発行が終わっていません。先に発行するか、破棄してください。");
        return passwords(&desk, &staff, StatusCode::CONFLICT, errors, "").await;
    };
    tokio::spawn(make(Arc::clone(&desk), id, residents));
    Ok(go_to("/passwords"))
}

/// Makes the passwords of batch `id`, chunk by chunk, as long as somebody wants it.
async fn make(desk: Console, id: u64, residents: Vec<ResidentNo>) {
    let mut before = 0;
    for chunk in residents.chunks(ISSUE_CHUNK) {
        let listener = Arc::clone(&desk);
        let progress = move |done: usize| {
            listener.data.batches.progress(id, before + done, listener.engine.now());
        };
        let made = match desk.engine.prepare_passwords(chunk, progress).await {
            Ok(made) => made,
            Err(error) => {
                tracing::error!(%error, "passwords for the printer could not be made");
                return desk.data.batches.end(id, Stage::Failed, desk.engine.now());
            }
        };
        before += chunk.len();
        desk.data.batches.add(id, made, desk.engine.now());
        if !desk.data.batches.progress(id, before, desk.engine.now()) {
            return;
        }
    }
    desk.data.batches.end(id, Stage::Made, desk.engine.now());
}

pub(in crate::staff) async fn post_list(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<ListForm>,
) -> Result<Response, StaffProblem> {
    let Some(encoding) = TableEncoding::of_code(&form.encoding) else {
        let mut errors = FormErrors::default();
        errors.add("encoding", "文字コードを選んでください。");
        return passwords(&desk, &staff, StatusCode::BAD_REQUEST, errors, "").await;
    };
    let now = desk.engine.now();
    let gone = || StaffProblem::Conflict("保存できる一覧がありません。一覧は1回しか保存できません。".into());
    let (id, people) = desk.data.batches.waiting(&staff.login, now).ok_or_else(gone)?;
    desk.engine.note_people_viewed(people, View::Passwords, staff.by()).await?;
    match desk.data.batches.list(id, now, |made| list(made, encoding)).ok_or_else(gone)? {
        Ok(bytes) => Ok(download::table(bytes, "passwords.csv", encoding)),
        Err(wrong) => {
            let mut errors = FormErrors::default();
            errors.add("encoding", csv::unwritable_words(&wrong));
            passwords(&desk, &staff, StatusCode::CONFLICT, errors, "").await
        }
    }
}

/// The list, with the columns that the command writes.
fn list(made: &[PreparedPassword], encoding: TableEncoding) -> Result<Vec<u8>, sesshu_engine::roll::Unwritable> {
    let row = |made: &PreparedPassword| {
        vec![made.line.id.clone(), made.line.name_kana.clone(), made.line.password.to_string()]
    };
    let mut rows: Vec<Vec<String>> = made.iter().map(row).collect();
    let written = write_table(&["id", "name_kana", "password"], &rows, encoding);
    rows.zeroize();
    written
}

pub(in crate::staff) async fn post_confirm(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<ConfirmForm>,
) -> Result<Response, StaffProblem> {
    let gone = || StaffProblem::Conflict("発行を待っているパスワードがありません。30分たつと消えます。".into());
    let (id, hashes) = desk.data.batches.listed(&staff.login, desk.engine.now()).ok_or_else(gone)?;
    if typed::count(&form.count) != Some(hashes.len()) {
        let mut errors = FormErrors::default();
        errors.add("count", "一覧の人数と同じ数を入力してください。");
        return passwords(&desk, &staff, StatusCode::BAD_REQUEST, errors, "").await;
    }
    match desk.engine.issue_passwords(&hashes, staff.by()).await {
        Ok(()) => {
            desk.data.batches.issued(id, desk.engine.now());
            Ok(go_to("/passwords?done=issued"))
        }
        Err(error @ CampaignError::ChangedMeanwhile) => {
            let says = format!(
                "{}一覧の中に、別のパスワードが発行された人がいます。一覧を処分し、作り直してください。",
                campaign_words(&error)
            );
            passwords(&desk, &staff, StatusCode::CONFLICT, FormErrors::whole(says), "").await
        }
        Err(error) => Err(error.into()),
    }
}

pub(in crate::staff) async fn post_drop(State(desk): State<Console>) -> Response {
    desk.data.batches.drop_any(desk.engine.now());
    go_to("/passwords?done=dropped")
}
