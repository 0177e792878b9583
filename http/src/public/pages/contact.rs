//! `/contact`: a phone number or a mail address, if the person wants to be reached. What was given is never shown again.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::event::By;
use sesshu_engine::roll::parse_contact;

use super::frame::Frame;
use super::visitor::{Visitor, parameter};
use super::{go_to, page};
use crate::lang::Text;
use crate::problem::{Code, Problem, Step};
use crate::public::desk::App;
use crate::shell::OwnBody;

#[derive(Template)]
#[template(path = "contact.html")]
struct ContactPage<'a> {
    f: Frame<'a>,
    name: String,
    has_contact: bool,
    /// What was done just now.
    said: Option<Text>,
    /// What the person typed, kept after an error.
    typed: String,
    /// What is wrong with it.
    wrong: Option<Text>,
    /// That the consent is missing.
    no_consent: Option<Text>,
}

#[derive(Deserialize)]
pub(crate) struct ContactForm {
    #[serde(default)]
    contact: String,
    #[serde(default)]
    consent: String,
}

pub(crate) async fn get_contact(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let login = visitor.login()?;
    let me = desk.me(&login)?;
    let f = visitor.frame(&desk);
    let has_contact = desk.engine.has_contact(login.resident);
    let said = match parameter(visitor.uri(), "done") {
        Some("given") if has_contact => Some(f.say("contact.given")),
        Some("deleted") if !has_contact => Some(f.say("contact.deleted")),
        _ => None,
    };
    let contact =
        ContactPage { f, name: me.name_kana, has_contact, said, typed: String::new(), wrong: None, no_consent: None };
    page(&visitor, StatusCode::OK, &contact)
}

pub(crate) async fn post_contact(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, body) = Visitor::of(&desk, request);
    let form: ContactForm = visitor.form(&desk, body).await?;
    let login = visitor.login_for(Step::Contact, "/contact")?;
    let (contact, consents) = (parse_contact(&form.contact), !form.consent.is_empty());
    if let (Ok(contact), true) = (&contact, consents) {
        desk.engine.give_contact(login.resident, contact.clone(), By::Resident(login.resident)).await?;
        return Ok(go_to("/contact?done=given"));
    }
    let f = visitor.frame(&desk);
    let again = ContactPage {
        name: desk.me(&login)?.name_kana,
        has_contact: desk.engine.has_contact(login.resident),
        said: None,
        typed: form.contact,
        wrong: contact.err().map(|problem| f.say(&format!("contact.wrong_{}", problem.code()))),
        no_consent: (!consents).then(|| f.say("contact.no_consent")),
        f,
    };
    let mut answer = page(&visitor, StatusCode::BAD_REQUEST, &again)?;
    answer.extensions_mut().insert(OwnBody);
    crate::metrics::count_refusal(Code::Invalid.name());
    Ok(answer)
}

pub(crate) async fn post_delete(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let login = visitor.login_for(Step::Contact, "/contact")?;
    desk.engine.delete_contact(login.resident, By::Resident(login.resident)).await?;
    Ok(go_to("/contact?done=deleted"))
}
