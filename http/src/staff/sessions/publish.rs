//! `/publish`: what publishing would open and what looks wrong about it; one person proposes, a second one publishes.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::SessionId;
use sesshu_engine::core::staff::Proposal;
use sesshu_engine::core::suspicion::{Suspect, Suspicion};
use sesshu_engine::core::time::{Day, Instant};
use sesshu_engine::roll::parse_instant;

use super::line::{SessionLine, Standing, all_lines};
use super::typed::{hex, number};
use super::words::suspect_words;
use crate::staff::dates::{day_words, instant_words};
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::words::campaign_words;

/// How many sessions with the same suspicion are named.
const NAMED_MAX: usize = 10;

#[derive(Template)]
#[template(path = "staff/sessions/publish.html")]
struct PublishPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'a str,
    /// When bookings are to open, as it was typed.
    opens_at: &'a str,
    drafts: usize,
    check: Option<Check>,
    proposal: Option<Proposed>,
    /// Whether somebody else publishes than whoever proposes.
    two_person: bool,
    typed: &'a str,
}

/// What would open.
struct Check {
    /// Names the drafts that are shown.
    seen: String,
    opens_at: String,
    sessions: usize,
    places: u64,
    places_too_late: u64,
    first_day: String,
    other_days: usize,
    venues: Vec<String>,
    /// For each day and venue the places.
    days: Vec<(String, Vec<u64>, u64)>,
    flags: Vec<Flag>,
}

/// Something that looks wrong, with the sessions of which it is true.
struct Flag {
    says: String,
    sessions: Vec<(SessionId, String)>,
    more: usize,
}

/// A proposal as it is shown.
struct Proposed {
    seen: String,
    by: String,
    at: String,
    /// Whether no draft has changed since.
    stands: bool,
    /// Whether whoever looks at it may publish it.
    may_publish: bool,
    own: bool,
}

#[derive(Deserialize)]
pub(in crate::staff) struct PublishQuery {
    #[serde(default)]
    opens_at: String,
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct ProposeForm {
    #[serde(default)]
    opens_at: String,
    #[serde(default)]
    seen: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct ProposalForm {
    #[serde(default)]
    seen: String,
    /// The number of places that was typed.
    #[serde(default)]
    count: String,
}

/// What the page says beside what stands in the engine.
#[derive(Default)]
struct Said<'a> {
    opens_at: &'a str,
    done: &'a str,
    typed: &'a str,
    errors: FormErrors,
}

fn show(desk: &StaffDesk, staff: &Staff, said: Said<'_>) -> Result<Response, StaffProblem> {
    let Said { opens_at, done, typed, mut errors } = said;
    let setup = desk.engine.campaign_setup();
    let now = desk.engine.now();
    let mut lines = all_lines(&desk.engine.planned_sessions(), &setup, now);
    let others: BTreeMap<SessionId, String> = lines.iter().map(|line| (line.id, name_of(line))).collect();
    lines.retain(|line| line.standing == Standing::Draft);
    let opening = match &setup.proposal {
        Some(proposal) => Some(proposal.opens_at),
        None if opens_at.is_empty() => None,
        None => {
            let read = parse_instant(opens_at);
            if read.is_none() && errors.is_empty() {
                errors.add("opens_at", "受付開始の日時を入力してください。");
            }
            read
        }
    };
    let check = opening.filter(|_| !lines.is_empty()).map(|opening| Check::of(desk, &lines, &others, opening));
    let proposal = setup.proposal.as_ref().map(|proposal| {
        let own = *proposal.by == *staff.login;
        let stands = desk.engine.proposal_stands(proposal);
        Proposed {
            seen: name(proposal),
            by: proposal.by.to_string(),
            at: instant_words(proposal.at),
            stands,
            may_publish: stands && !(own && desk.config.two_person_publish),
            own,
        }
    });
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let shown = PublishPage {
        f: desk.frame(Some(staff)),
        errors,
        done,
        opens_at,
        drafts: lines.len(),
        check,
        proposal,
        two_person: desk.config.two_person_publish,
        typed,
    };
    page(status, &shown)
}

/// Names a proposal in a form.
fn name(proposal: &Proposal) -> String {
    format!("{}-{}", proposal.at.0, hex(proposal.digest))
}

/// A session in a few words.
fn name_of(line: &SessionLine) -> String {
    format!("{} {} {}", line.day(), line.venue, line.times())
}

impl Check {
    fn of(desk: &StaffDesk, lines: &[SessionLine], names: &BTreeMap<SessionId, String>, opens_at: Instant) -> Self {
        let summary = desk.engine.drafts(opens_at);
        let mut venues: Vec<&SessionLine> = lines.iter().collect();
        venues.sort_by_key(|line| line.venue_id);
        venues.dedup_by_key(|line| line.venue_id);
        let mut by_day: BTreeMap<Day, Vec<u64>> = BTreeMap::new();
        for line in lines {
            let at = venues.iter().position(|venue| venue.venue_id == line.venue_id).unwrap_or_default();
            by_day.entry(line.date).or_insert_with(|| vec![0; venues.len()])[at] += line.places;
        }
        let days = by_day.into_iter().map(|(day, places)| {
            let all = places.iter().sum();
            (day_words(day), places, all)
        });
        Self {
            seen: hex(desk.engine.drafts_digest()),
            opens_at: instant_words(opens_at),
            sessions: summary.sessions.len(),
            places: summary.places,
            places_too_late: summary.places_too_late,
            first_day: summary.dates.first().copied().map_or_else(String::new, day_words),
            other_days: summary.dates.len().saturating_sub(1),
            venues: venues.iter().map(|line| line.venue.clone()).collect(),
            days: days.collect(),
            flags: flags(&desk.engine.suspicions(opens_at), names),
        }
    }
}

/// What looks wrong, the same of several sessions once.
fn flags(found: &[Suspicion], names: &BTreeMap<SessionId, String>) -> Vec<Flag> {
    let mut flags: Vec<Flag> = Vec::new();
    for suspicion in found {
        let other = || match suspicion.what {
            Suspect::Overlap { other } => names.get(&other).cloned().unwrap_or_default(),
            _ => String::new(),
        };
        let says = suspect_words(&suspicion.what, other);
        let at = flags.iter().position(|flag| flag.says == says).unwrap_or_else(|| {
            flags.push(Flag { says, sessions: Vec::new(), more: 0 });
            flags.len() - 1
        });
        let Some(session) = suspicion.session else { continue };
        if flags[at].sessions.len() < NAMED_MAX {
            let name = names.get(&session).cloned().unwrap_or_default();
            flags[at].sessions.push((session, name));
        } else {
            flags[at].more += 1;
        }
    }
    flags
}

pub(in crate::staff) async fn get_publish(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<PublishQuery>,
) -> Result<Response, StaffProblem> {
    show(&desk, &staff, Said { opens_at: &query.opens_at, done: &query.done, ..Said::default() })
}

pub(in crate::staff) async fn post_propose(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<ProposeForm>,
) -> Result<Response, StaffProblem> {
    let again = |errors| show(&desk, &staff, Said { opens_at: &form.opens_at, errors, ..Said::default() });
    let Some(opens_at) = parse_instant(&form.opens_at) else {
        let mut errors = FormErrors::default();
        errors.add("opens_at", "受付開始の日時を入力してください。");
        return again(errors);
    };
    let shown = desk.engine.drafts_digest();
    if hex(shown) != form.seen {
        return again(FormErrors::whole(campaign_words(&sesshu_engine::CampaignError::ChangedMeanwhile)));
    }
    match desk.engine.propose(shown, opens_at, &staff.login).await {
        Ok(()) => Ok(go_to("/publish?done=proposed")),
        Err(error) => again(FormErrors::whole(campaign_words(&error))),
    }
}

/// The proposal that a form names.
fn shown(desk: &StaffDesk, seen: &str) -> Result<Proposal, FormErrors> {
    let proposal = desk.engine.campaign_setup().proposal.clone().filter(|proposal| name(proposal) == seen);
    proposal.ok_or_else(|| FormErrors::whole(campaign_words(&sesshu_engine::PlanProblem::NoProposal.into())))
}

pub(in crate::staff) async fn post_withdraw(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<ProposalForm>,
) -> Result<Response, StaffProblem> {
    let again = |errors| show(&desk, &staff, Said { errors, ..Said::default() });
    let proposal = match shown(&desk, &form.seen) {
        Ok(proposal) => proposal,
        Err(errors) => return again(errors),
    };
    match desk.engine.withdraw_proposal(&proposal, staff.by()).await {
        Ok(()) => Ok(go_to("/publish?done=withdrawn")),
        Err(error) => again(FormErrors::whole(campaign_words(&error))),
    }
}

pub(in crate::staff) async fn post_publish(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<ProposalForm>,
) -> Result<Response, StaffProblem> {
    let again = |errors| show(&desk, &staff, Said { typed: &form.count, errors, ..Said::default() });
    let proposal = match shown(&desk, &form.seen) {
        Ok(proposal) => proposal,
        Err(errors) => return again(errors),
    };
    if number(&form.count) != Some(proposal.places) {
        let mut errors = FormErrors::default();
        errors.add("count", format!("公開する人数（{}）を数字で入力してください。", proposal.places));
        return again(errors);
    }
    match desk.engine.publish_proposed(&proposal, &staff.login, desk.config.two_person_publish).await {
        Ok(()) => Ok(go_to("/publish?done=published")),
        Err(error) => again(FormErrors::whole(campaign_words(&error))),
    }
}
