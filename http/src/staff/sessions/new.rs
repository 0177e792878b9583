//! `/sessions/new`: one session as a draft; `?draft=` changes one that is there.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::SessionId;
use sesshu_engine::core::session::{Session, SessionPhase};
use sesshu_engine::roll::parse_typed_session;

use super::fields::{
    Choice, add_line_errors, dose_choices, doses_typed, session_typed, vaccine_choices, venue_choices,
};
use super::typed::Typed;
use crate::staff::dates::day_words;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::words::campaign_words;

#[derive(Template)]
#[template(path = "staff/sessions/new.html")]
struct NewPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    typed: &'a Typed,
    venues: Vec<Choice>,
    vaccines: Vec<Choice>,
    doses: Vec<Choice>,
    /// The draft that is changed, with its date in words.
    draft: Option<(SessionId, String)>,
}

#[derive(Deserialize)]
pub(in crate::staff) struct NewQuery {
    #[serde(default)]
    draft: String,
}

fn show(
    desk: &StaffDesk,
    staff: &Staff,
    typed: &Typed,
    draft: Option<&Session>,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let setup = desk.engine.campaign_setup();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let shown = NewPage {
        f: desk.frame(Some(staff)),
        errors,
        typed,
        venues: venue_choices(&setup, typed, "venue"),
        vaccines: vaccine_choices(&setup, typed),
        doses: dose_choices(&setup, typed),
        draft: draft.map(|draft| (draft.id, day_words(draft.date))),
    };
    page(status, &shown)
}

pub(in crate::staff) async fn get_new(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<NewQuery>,
) -> Result<Response, StaffProblem> {
    if query.draft.is_empty() {
        return show(&desk, &staff, &Typed::default(), None, FormErrors::default());
    }
    let draft = draft(&desk, &query.draft)?;
    show(&desk, &staff, &typed_as(&desk, &draft), Some(&draft), FormErrors::default())
}

pub(in crate::staff) async fn post_new(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(fields): StaffForm<Vec<(String, String)>>,
) -> Result<Response, StaffProblem> {
    let mut typed = Typed(fields);
    let mut errors = FormErrors::default();
    let changed = match typed.one("draft") {
        "" => None,
        id => Some(draft(&desk, id)?),
    };
    if let Some(draft) = &changed {
        // What a draft is known by stays as it is, whatever the form says.
        let known = ["venue", "date", "start", "vaccine"];
        typed.0.retain(|(name, _)| !known.contains(&name.as_str()));
        typed.0.extend(typed_as(&desk, draft).0.into_iter().filter(|(name, _)| known.contains(&name.as_str())));
    }
    let doses = doses_typed(&typed);
    match parse_typed_session(&session_typed(&typed, typed.one("venue"), typed.one("date"), &doses)) {
        Err(wrong) => add_line_errors(&mut errors, &wrong),
        Ok(row) => {
            let (wrong, _) = desk.engine.check_sessions(std::slice::from_ref(&row));
            add_line_errors(&mut errors, &wrong);
            if errors.is_empty() {
                let rows = [row];
                let would = desk.engine.import_sessions(&rows, true, staff.by()).await;
                match would {
                    Ok(would) if would.published > 0 => errors.add(
                        "date",
                        "同じ会場・日付・開始時刻・ワクチンの接種会が、すでに公開されています。定員はその接種会の画面で変えられます。",
                    ),
                    Ok(would) if changed.is_none() && would.new == 0 => {
                        errors.add("date", "同じ会場・日付・開始時刻・ワクチンの下書きが、すでにあります。");
                    }
                    Ok(_) => match desk.engine.import_sessions(&rows, false, staff.by()).await {
                        Ok(_) => return Ok(go_to(if changed.is_some() { "/sessions/drafts?done=changed" } else { "/sessions/drafts?done=new" })),
                        Err(error) => errors = FormErrors::whole(campaign_words(&error)),
                    },
                    Err(error) => errors = FormErrors::whole(campaign_words(&error)),
                }
            }
        }
    }
    show(&desk, &staff, &typed, changed.as_ref(), errors)
}

fn draft(desk: &StaffDesk, id: &str) -> Result<Session, StaffProblem> {
    let id: SessionId = id.parse().map_err(|_| StaffProblem::NotFound)?;
    let planned = desk.engine.planned_session(id).ok_or(StaffProblem::NotFound)?;
    let is_draft = planned.session.phase == SessionPhase::Draft;
    is_draft.then(|| Session::clone(&planned.session)).ok_or(StaffProblem::NotFound)
}

/// A draft as its form would have been typed.
fn typed_as(desk: &StaffDesk, draft: &Session) -> Typed {
    let setup = desk.engine.campaign_setup();
    let mut fields = vec![
        ("venue", setup.venue(draft.venue).map_or_else(String::new, |venue| venue.name.clone())),
        ("vaccine", setup.vaccine(draft.vaccine).map_or_else(String::new, |vaccine| vaccine.name.to_string())),
        ("date", draft.date.to_string()),
    ];
    if let (Some(first), Some(last)) = (draft.slots.first(), draft.slots.last()) {
        fields.extend([
            ("start", first.start.to_string()),
            ("end", last.end.to_string()),
            ("slot_minutes", (first.end.0 - first.start.0).to_string()),
            ("capacity", first.capacity.to_string()),
            ("phone_share", first.phone_share.to_string()),
        ]);
    }
    fields.extend(draft.doses.iter().map(|dose| ("doses", dose.to_string())));
    Typed(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
