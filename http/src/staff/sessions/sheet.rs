//! `/sessions/sheet`: drafts from the city's own table, a file or pasted text. Read first, with every wrong line, then drafted.

use askama::Template;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::DraftSummary;
use sesshu_engine::roll::{Lang, LineError, SessionsFile, decode, parse_sessions};

use super::pattern::places;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::FormErrors;
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::words::campaign_words;

/// The largest table that is read here, in bytes: some ten thousand sessions. It goes back and forth with the page.
const SHEET_BYTES_MAX: usize = 1 << 20;
/// How many wrong lines are listed.
const LISTED_MAX: usize = 200;

#[derive(Template)]
#[template(path = "staff/sessions/sheet.html")]
struct SheetPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    text: &'a str,
    encoding: &'a str,
    wrong: Vec<WrongLine>,
    wrong_more: usize,
    flags: Vec<WrongLine>,
    preview: Option<Preview>,
}

/// A line that is wrong, or worth a look.
struct WrongLine {
    line: u64,
    column: &'static str,
    reason: String,
}

impl WrongLine {
    fn of(error: &LineError) -> Self {
        let column = error.column.map_or("", sesshu_engine::roll::Column::name_ja);
        Self { line: error.line, column, reason: error.reason.text(Lang::Ja) }
    }
}

/// What the table would draft.
struct Preview {
    summary: DraftSummary,
    sessions: usize,
    places: u64,
}

/// The form: a file or a text, and whether it is to be drafted.
#[derive(Default)]
pub(in crate::staff) struct SheetForm {
    table: Vec<u8>,
    draft: bool,
}

impl FromRequest<Console> for SheetForm {
    type Rejection = StaffProblem;

    async fn from_request(request: Request, desk: &Console) -> Result<Self, StaffProblem> {
        let unreadable = || StaffProblem::Invalid("送られた表を読み取れませんでした。".into());
        let mut form = Multipart::from_request(request, desk).await.map_err(|_| unreadable())?;
        let mut read = Self::default();
        while let Some(mut field) = form.next_field().await.map_err(|_| unreadable())? {
            let name = field.name().unwrap_or_default().to_owned();
            let mut bytes = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(|_| unreadable())? {
                if bytes.len() + chunk.len() > SHEET_BYTES_MAX {
                    return Err(StaffProblem::TooLarge);
                }
                bytes.extend_from_slice(&chunk);
            }
            match name.as_str() {
                // A chosen file goes before what stands in the text.
                "file" if !bytes.is_empty() => read.table = bytes,
                "text" if read.table.is_empty() => read.table = bytes,
                "step" => read.draft = bytes == b"draft",
                _ => {}
            }
        }
        Ok(read)
    }
}

pub(in crate::staff) async fn get_sheet(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    show(&desk, &staff, &[], None, None, FormErrors::default())
}

pub(in crate::staff) async fn post_sheet(
    State(desk): State<Console>,
    staff: Staff,
    form: SheetForm,
) -> Result<Response, StaffProblem> {
    if form.table.iter().all(u8::is_ascii_whitespace) {
        let mut errors = FormErrors::default();
        errors.add("file", "ファイルを選ぶか、表を貼り付けてください。");
        return show(&desk, &staff, &form.table, None, None, errors);
    }
    let mut file = parse_sessions(&form.table);
    let (wrong, flags) = desk.engine.check_sessions(&file.rows);
    file.errors.extend(wrong);
    file.flags.extend(flags);
    if file.errors.is_empty() && file.rows.is_empty() {
        let errors = FormErrors::whole("表に接種会の行がありません。");
        return show(&desk, &staff, &form.table, Some(&file), None, errors);
    }
    if !file.errors.is_empty() {
        let says = format!(
            "{}か所に誤りがあります。何も取り込まれていません。直してから、もう一度確かめてください。",
            file.errors.len()
        );
        return show(&desk, &staff, &form.table, Some(&file), None, FormErrors::whole(says));
    }
    match desk.engine.import_sessions(&file.rows, !form.draft, staff.by()).await {
        Ok(_) if form.draft => Ok(go_to("/sessions/drafts?done=new")),
        Ok(summary) => {
            let preview = Preview { summary, sessions: file.rows.len(), places: file.rows.iter().map(places).sum() };
            show(&desk, &staff, &form.table, Some(&file), Some(preview), FormErrors::default())
        }
        Err(error) => {
            let errors = FormErrors::whole(campaign_words(&error));
            show(&desk, &staff, &form.table, Some(&file), None, errors)
        }
    }
}

fn show(
    desk: &StaffDesk,
    staff: &Staff,
    table: &[u8],
    file: Option<&SessionsFile>,
    preview: Option<Preview>,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let decoded = decode(table).ok();
    let mut wrong: Vec<&LineError> = file.into_iter().flat_map(|file| &file.errors).collect();
    wrong.sort_by_key(|error| error.line);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let shown = SheetPage {
        f: desk.frame(Some(staff)),
        errors,
        text: decoded.as_ref().map_or("", |decoded| &decoded.text),
        encoding: file.and_then(|file| file.encoding).map_or("", sesshu_engine::roll::Encoding::name),
        wrong_more: wrong.len().saturating_sub(LISTED_MAX),
        wrong: wrong.iter().take(LISTED_MAX).map(|error| WrongLine::of(error)).collect(),
        flags: file.into_iter().flat_map(|file| &file.flags).take(LISTED_MAX).map(WrongLine::of).collect(),
        preview,
    };
    page(status, &shown)
}
