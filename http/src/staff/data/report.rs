//! `/report`: everything that is held about one person, for their own request (開示請求). They are named by ID, name and birth date
//! together; each time it is shown is a view of them.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::staff::View;
use sesshu_engine::core::time::{Day, Instant};
use sesshu_engine::roll::{Identity, parse_birth_date, parse_typed_city_id};
use sesshu_engine::{PersonReport, ReportedView};

use super::super::dates::{day_words, instant_words};
use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm, StaffQuery};
use super::super::frame::Frame;
use super::super::page::{go_to, page};
use super::super::problem::StaffProblem;
use crate::auth::network::Network;
use crate::auth::throttle::Bucket;
use crate::config::Client;

/// The longest name that is looked at, in bytes.
const TYPED_BYTES_MAX: usize = 512;

#[derive(Template)]
#[template(path = "staff/data/report_ask.html")]
struct AskPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'static str,
    typed: &'a AskForm,
}

#[derive(Template)]
#[template(path = "staff/data/report.html")]
struct ReportPage<'a> {
    f: Frame<'a>,
    made_at: String,
    report: PersonReport,
}

#[derive(Default, Deserialize)]
pub(in crate::staff) struct AskForm {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    born: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct DoneQuery {
    #[serde(default)]
    done: String,
}

pub(in crate::staff) async fn get_ask(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<DoneQuery>,
) -> Result<Response, StaffProblem> {
    let done = match query.done.as_str() {
        "closed" => "開示の画面を閉じました。",
        "gone" => "30分たったため、開示の画面を閉じました。もう一度入力してください。",
        _ => "",
    };
    ask(&desk, &staff, StatusCode::OK, FormErrors::default(), done, &AskForm::default())
}

fn ask(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    done: &'static str,
    typed: &AskForm,
) -> Result<Response, StaffProblem> {
    page(status, &AskPage { f: desk.frame(Some(staff)), errors, done, typed })
}

pub(in crate::staff) async fn post_ask(
    State(desk): State<Console>,
    staff: Staff,
    Extension(client): Extension<Client>,
    StaffForm(form): StaffForm<AskForm>,
) -> Result<Response, StaffProblem> {
    let mut errors = FormErrors::default();
    let id = parse_typed_city_id(&form.id).ok();
    if id.is_none() {
        errors.add("id", "券番号を、4〜20けたの数字で入力してください。");
    }
    if form.name.trim().is_empty() || form.name.len() > TYPED_BYTES_MAX {
        errors.add("name", "氏名を、カナで入力してください。");
    }
    let born = parse_birth_date(&form.born, desk.engine.now().city_day()).ok();
    if born.is_none() {
        errors.add("born", "生年月日を、昭和25年4月1日、S25.4.1、1950-04-01 のように入力してください。");
    }
    let (Some(id), Some(born), true) = (id, born, errors.is_empty()) else {
        return ask(&desk, &staff, StatusCode::BAD_REQUEST, errors, "", &form);
    };
    // No login has a space, so these tries and those of signing in do not mix.
    let tries = Bucket::of_staff(&format!("{} asking", staff.login), Network::from(client.address));
    if let Err(wait_ms) = desk.throttle.begin(tries, desk.engine.now()) {
        let seconds = wait_ms.div_euclid(1_000) + 1;
        let says = format!(
            "合わない入力が続いたため、しばらく受け付けません。{seconds}秒たってから、もう一度入力してください。"
        );
        return ask(&desk, &staff, StatusCode::TOO_MANY_REQUESTS, FormErrors::whole(says), "", &form);
    }
    let Some(resident) = desk.engine.identify(&Identity { id, name_kana: form.name.clone(), birth_date: born }) else {
        desk.throttle.failed(tries, desk.engine.now());
        let errors = FormErrors::whole(
            "券番号・氏名・生年月日の3つが合う人は、登録されていません。どれが違うかは表示しません。3つとも確かめてください。",
        );
        return ask(&desk, &staff, StatusCode::NOT_FOUND, errors, "", &form);
    };
    desk.throttle.succeeded(tries, desk.engine.now());
    desk.data.reports.put(&staff.login, desk.engine.now(), resident);
    Ok(go_to("/report/person"))
}

pub(in crate::staff) async fn get_person(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    let Some(resident) = desk.data.reports.get(&staff.login, desk.engine.now()) else {
        return Ok(go_to("/report?done=gone"));
    };
    let report = desk.engine.report(resident, staff.by()).await?.ok_or(StaffProblem::NotFound)?;
    let made_at = instant_words(desk.engine.now());
    page(StatusCode::OK, &ReportPage { f: desk.frame(Some(&staff)), made_at, report })
}

pub(in crate::staff) async fn post_close(State(desk): State<Console>, staff: Staff) -> Response {
    desk.data.reports.take(&staff.login, desk.engine.now());
    go_to("/report?done=closed")
}

impl ReportPage<'_> {
    /// An instant of the report as the console writes it.
    fn at(rfc3339: &str) -> String {
        rfc3339.parse::<Instant>().map_or_else(|_| rfc3339.to_owned(), instant_words)
    }

    /// A date of the report as the console writes it.
    fn day(date: &str) -> String {
        date.parse::<Day>().map_or_else(|_| date.to_owned(), day_words)
    }

    /// The views as staff call them.
    fn views(seen: &ReportedView) -> String {
        let words = seen.views.iter().map(|code| View::of_code(code).map_or(*code, view_words));
        words.collect::<Vec<_>>().join("、")
    }

    /// Who looked, as staff call them.
    fn by(seen: &ReportedView) -> String {
        let staff = seen.by.strip_prefix("staff ").map(|staff| match staff.split_once(" in call ") {
            Some((login, call)) => format!("職員 {login}（通話 {call}）"),
            None => format!("職員 {staff}"),
        });
        staff.unwrap_or_else(|| match seen.by.strip_prefix("command line, user id ") {
            Some(uid) => format!("コマンド（利用者番号 {uid}）"),
            None => "システム".into(),
        })
    }

    /// A closed word of the report in Japanese.
    fn words(code: &str) -> &'static str {
        code_words(code)
    }
}

/// A view as staff call it.
const fn view_words(view: View) -> &'static str {
    match view {
        View::Report => "開示",
        View::Call => "電話の応対",
        View::DayList => "会場の当日の名簿",
        View::Desk => "会場の受付",
        View::Leftovers => "余ったワクチンの連絡先",
        View::FollowUp => "連絡が必要な人の一覧",
        View::Contact => "連絡先",
        View::PasswordRequests => "パスワード再発行の依頼",
        View::Passwords => "パスワードの印刷用の一覧",
        View::Import => "名簿の取り込みの差分",
        View::Export => "書き出したファイル",
        View::Audit => "操作の記録",
    }
}

/// The closed words of a report.
fn code_words(code: &str) -> &'static str {
    match code {
        "booked" => "予約",
        "cancelled" => "取消",
        "cancelled_by_city" => "市による中止",
        "checked_in" => "受付済",
        "vaccinated" => "接種済",
        "no_show" => "来場なし",
        "not_given" => "接種せず",
        "web" => "Web",
        "phone" => "電話",
        "counter" => "窓口・会場",
        "city" => "市",
        "mail" => "メール",
        "dose_in_doubt" => "1回目を受けていない",
        "left_roll" => "名簿から外れた",
        "told" => "伝えた",
        "no_answer" => "応答なし",
        "written" => "手紙を送った",
        "settled" => "連絡の必要がなくなった",
        "accepted" => "受けると答えた",
        "refused" => "断った",
        _ => "その他",
    }
}
