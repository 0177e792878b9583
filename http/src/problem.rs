//! A "no" on its way out. Handlers give a [`Problem`]; the shell renders it once, as RFC 9457 JSON or as a page.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sesshu_engine::core::ids::BookingNumber;
use sesshu_engine::core::leg::Legs;
use sesshu_engine::core::refusal::{Refusal, RefusalCode};
use sesshu_engine::core::time::Instant;
use utoipa::ToSchema;

use crate::lang::{Lang, fill, strip};

mod wrong;

pub(crate) use wrong::{DOSE_WANTED, What, Wrong};

/// What is wrong, by its stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// The request cannot be read.
    Invalid,
    /// The ID or the password is wrong.
    InvalidCredentials,
    /// Nobody is logged in.
    LoginRequired,
    /// Too many attempts; wait.
    TooManyAttempts,
    /// Another site sent this request.
    CrossSite,
    /// There is no such address.
    NotFound,
    /// The address does not take this method.
    MethodNotAllowed,
    /// The body is too large.
    TooLarge,
    /// The request did not arrive in time.
    TooSlow,
    /// Something is wrong inside.
    Internal,
    /// No new bookings are taken over the web for now.
    Paused,
    /// The engine's "no".
    Refused(RefusalCode),
}

impl Code {
    /// The stable name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::InvalidCredentials => "invalid_credentials",
            Self::LoginRequired => "login_required",
            Self::TooManyAttempts => "too_many_attempts",
            Self::CrossSite => "cross_site",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Internal => "internal",
            Self::Paused => "paused",
            Self::Refused(code) => code.code(),
        }
    }

    /// The HTTP status.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Invalid => StatusCode::BAD_REQUEST,
            Self::InvalidCredentials | Self::LoginRequired => StatusCode::UNAUTHORIZED,
            Self::TooManyAttempts | Self::Refused(RefusalCode::TooManyChanges) => StatusCode::TOO_MANY_REQUESTS,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NotFound
            | Self::Refused(RefusalCode::NoSuchBooking | RefusalCode::NoSuchHold | RefusalCode::NoSuchSlot) => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Paused | Self::Refused(RefusalCode::Queued | RefusalCode::Busy | RefusalCode::Unavailable) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Refused(_) => StatusCode::CONFLICT,
        }
    }
}

/// What a person does on the pages that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A booking.
    Book,
    /// Another place for a booking.
    Change,
    /// A cancellation.
    Cancel,
    /// A contact, given or deleted.
    Contact,
}

impl Step {
    /// Its name in addresses and of its texts.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::Change => "change",
            Self::Cancel => "cancel",
            Self::Contact => "contact",
        }
    }

    /// The step of this name.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        [Self::Book, Self::Change, Self::Cancel, Self::Contact].into_iter().find(|step| step.code() == code)
    }

    /// That it was not done.
    pub(crate) const fn not_done_key(self) -> &'static str {
        match self {
            Self::Book => "login.not_done_book",
            Self::Change => "login.not_done_change",
            Self::Cancel => "login.not_done_cancel",
            Self::Contact => "login.not_done_contact",
        }
    }
}

/// How a person on the pages goes on after a "no".
#[derive(Debug, Clone, Default)]
pub(crate) struct GoOn {
    /// Where the choice is made anew.
    pub(crate) href: Box<str>,
    /// Places that are free near the one that is not.
    pub(crate) nearest: Vec<Legs>,
    /// The booking that one of them would replace.
    pub(crate) changes: Option<BookingNumber>,
    /// The form that may be sent again, just as it was.
    pub(crate) again: Option<Again>,
}

/// A form as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Again {
    /// Where it goes.
    pub(crate) action: &'static str,
    /// Its fields.
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// Where somebody stands who waits for their turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InLine {
    /// How many people come first.
    pub(crate) ahead: u32,
    /// How long it takes at the pace of now, in seconds.
    pub(crate) estimate_seconds: u32,
    /// How many places are left, for those who wait for one.
    pub(crate) places_left: Option<u32>,
}

/// A "no" with what helps the person on.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    /// What is wrong.
    pub(crate) code: Code,
    /// When to try again, if that is known.
    pub(crate) retry_at: Option<Instant>,
    /// How many seconds to wait, for 429 and for those who wait for their turn.
    pub(crate) retry_after_s: Option<u32>,
    /// Where the person stands, if they wait for their turn.
    pub(crate) in_line: Option<InLine>,
    /// Which leg of a pair.
    pub(crate) index: Option<u8>,
    /// Where in the request, and why: for `invalid`.
    pub(crate) wrong: Option<Wrong>,
    /// How a person on the pages goes on.
    pub(crate) go_on: Option<Box<GoOn>>,
    /// What the person wanted to do on the pages when their login had expired. It was not done.
    pub(crate) not_done: Option<Step>,
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self {
            code,
            retry_at: None,
            retry_after_s: None,
            in_line: None,
            index: None,
            wrong: None,
            go_on: None,
            not_done: None,
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let problem = Self::from(Code::Refused(refusal.code));
        Self { retry_at: refusal.retry_at, index: refusal.index, ..problem }
    }
}

impl From<RefusalCode> for Problem {
    fn from(code: RefusalCode) -> Self {
        Self::from(Code::Refused(code))
    }
}

impl Problem {
    /// `invalid`, with its place and reason.
    pub(crate) fn invalid(wrong: impl Into<Wrong>) -> Self {
        Self { wrong: Some(wrong.into()), ..Code::Invalid.into() }
    }

    /// `too_many_attempts`, with the wait that is left.
    pub(crate) fn too_many_attempts(wait_ms: i64) -> Self {
        let seconds = u32::try_from(wait_ms.max(1) as u64 / 1_000 + 1).unwrap_or(u32::MAX);
        Self { retry_after_s: Some(seconds), ..Code::TooManyAttempts.into() }
    }

    /// The same for somebody who waits for their turn and should ask again in `seconds`.
    pub(crate) const fn in_line(mut self, stands: InLine, seconds: u32) -> Self {
        self.in_line = Some(stands);
        self.retry_after_s = Some(seconds);
        self
    }

    /// `paused`, with when it is over, if that is known.
    pub(crate) fn paused(until: Option<Instant>) -> Self {
        Self { retry_at: until, ..Code::Paused.into() }
    }

    /// The same, and where a person on the pages goes on.
    pub(crate) fn go_on_at(self, href: impl Into<Box<str>>) -> Self {
        self.go_on(GoOn { href: href.into(), ..GoOn::default() })
    }

    /// The same, and how a person on the pages goes on.
    pub(crate) fn go_on(mut self, go_on: GoOn) -> Self {
        self.go_on = Some(Box::new(go_on));
        self
    }

    /// The problem that a bare answer with this status stands for.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Code::LoginRequired,
            StatusCode::FORBIDDEN => Code::CrossSite,
            StatusCode::NOT_FOUND => Code::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
            StatusCode::REQUEST_TIMEOUT => Code::TooSlow,
            StatusCode::SERVICE_UNAVAILABLE => Code::Refused(RefusalCode::Busy),
            status if status.is_client_error() => Code::Invalid,
            _ => Code::Internal,
        }
        .into()
    }

    /// The names of its texts: whoever may book later is not told that they may not.
    fn words(&self) -> &'static str {
        match self.code {
            Code::Refused(RefusalCode::NotEligible) if self.retry_at.is_some() => "not_eligible_yet",
            code => code.name(),
        }
    }

    /// The key of the title.
    pub(crate) fn title_key(&self) -> String {
        format!("problem.{}.title", self.words())
    }

    /// The key of what happened and what to do.
    pub(crate) fn detail_key(&self) -> String {
        format!("problem.{}.detail", self.words())
    }

    /// What is wrong and when to try again, in `lang`, with furigana: it follows the detail.
    pub(crate) fn particulars(&self, lang: Lang) -> String {
        self.particulars_by(lang, |key| lang.markup(key).0)
    }

    /// The same in texts as `text` gives them.
    fn particulars_by(&self, lang: Lang, text: impl Fn(&str) -> Cow<'static, str>) -> String {
        let mut particulars = String::new();
        if let Some(wrong) = &self.wrong {
            particulars.push_str(&fill(&text("problem.place"), &[("place", &wrong.text(lang))]));
        }
        if let Some(at) = self.retry_at {
            particulars.push_str(&fill(&text("problem.retry_at"), &[("at", &lang.starting(at))]));
        }
        if let Some(seconds) = self.retry_after_s {
            particulars.push_str(&fill(&text("problem.retry_after"), &[("seconds", &seconds.to_string())]));
        }
        particulars
    }

    /// What happened and what to do, in `lang`.
    pub(crate) fn detail(&self, lang: Lang) -> String {
        let particulars = self.particulars_by(lang, |key| lang.say(key));
        lang.say(&self.detail_key()).into_owned() + &strip(particulars.into())
    }

    /// The body as RFC 9457 has it.
    pub(crate) fn to_json(&self, lang: Lang) -> Vec<u8> {
        let body = ProblemBody {
            kind: format!("urn:sesshu:problem:{}", self.code.name()),
            title: lang.say(&self.title_key()).into_owned(),
            status: self.code.status().as_u16(),
            code: self.code.name(),
            detail: self.detail(lang),
            retry_at: self.retry_at.map(Instant::to_rfc3339),
            index: self.index,
            ahead: self.in_line.map(|stands| stands.ahead),
            estimate_seconds: self.in_line.map(|stands| stands.estimate_seconds),
            places_left: self.in_line.and_then(|stands| stands.places_left),
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

/// The answer travels as a status with the problem attached; the shell gives it its body.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.code.status();
        response.extensions_mut().insert(self);
        response
    }
}

/// An error as RFC 9457 has it (`application/problem+json`).
#[derive(serde::Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// A URN that ends in the code.
    #[serde(rename = "type")]
    kind: String,
    /// A short text for people.
    title: String,
    /// The HTTP status again.
    status: u16,
    /// The stable code.
    #[schema(value_type = String, example = "full")]
    code: &'static str,
    /// What happened and what to do, in the language of `Accept-Language`.
    detail: String,
    /// For `full`, `not_open`, `not_eligible` and `paused`: when it is worth trying again, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
    /// For a pair: which of the two is refused, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u8>,
    /// For those who wait for their turn: how many people come first.
    #[serde(skip_serializing_if = "Option::is_none")]
    ahead: Option<u32>,
    /// For those who wait for their turn: how long it takes at the pace of now.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate_seconds: Option<u32>,
    /// For `queued`: how many places are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    places_left: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSALS: [(RefusalCode, u16); 15] = [
        (RefusalCode::KeyReused, 409),
        (RefusalCode::NoSuchBooking, 404),
        (RefusalCode::NoSuchHold, 404),
        (RefusalCode::TooLate, 409),
        (RefusalCode::NoSuchSlot, 404),
        (RefusalCode::NotOpen, 409),
        (RefusalCode::Closed, 409),
        (RefusalCode::NotEligible, 409),
        (RefusalCode::AlreadyBooked, 409),
        (RefusalCode::Interval, 409),
        (RefusalCode::Full, 409),
        (RefusalCode::TooManyChanges, 429),
        (RefusalCode::Queued, 503),
        (RefusalCode::Busy, 503),
        (RefusalCode::Unavailable, 503),
    ];
    const OTHERS: [Code; 11] = [
        Code::Invalid,
        Code::InvalidCredentials,
        Code::LoginRequired,
        Code::TooManyAttempts,
        Code::CrossSite,
        Code::NotFound,
        Code::MethodNotAllowed,
        Code::TooLarge,
        Code::TooSlow,
        Code::Internal,
        Code::Paused,
    ];

    #[test]
    fn every_refusal_has_the_status_of_the_contract() {
        for (code, status) in REFUSALS {
            assert_eq!(Problem::from(code).code.status().as_u16(), status, "{}", code.code());
        }
    }

    #[test]
    fn every_problem_says_in_every_language_what_to_do() {
        let refusals = REFUSALS.map(|(code, _)| Code::Refused(code));
        for code in refusals.into_iter().chain(OTHERS) {
            let problem = Problem::from(code);
            for (lang, key) in Lang::all().flat_map(|lang| [(lang, problem.title_key()), (lang, problem.detail_key())])
            {
                assert!(lang.markup(&key).1 && !lang.say(&key).is_empty(), "{key} in {}", lang.code());
            }
        }
    }

    #[test]
    fn a_refusal_of_a_pair_names_the_leg_and_the_time() {
        let retry_at = "2026-12-01 09:00".parse().ok();
        let refusal = Refusal { code: RefusalCode::Full, retry_at, index: Some(1) };
        let json: serde_json::Value = serde_json::from_slice(&Problem::from(refusal).to_json(Lang::JA)).expect("JSON");
        assert_eq!(json["code"], "full");
        assert_eq!(json["status"], 409);
        assert_eq!(json["index"], 1);
        assert_eq!(json["retry_at"], "2026-12-01T09:00:00+09:00");
    }

    #[test]
    fn whoever_waits_reads_how_many_come_first_and_how_long_it_takes() {
        let stands = InLine { ahead: 40, estimate_seconds: 9, places_left: None };
        let problem = Problem::from(RefusalCode::Busy).in_line(stands, 5);
        let json: serde_json::Value = serde_json::from_slice(&problem.to_json(Lang::JA)).expect("JSON");
        assert_eq!((&json["ahead"], &json["estimate_seconds"]), (&40.into(), &9.into()));
        assert!(json.get("places_left").is_none());
    }

    #[test]
    fn whoever_may_book_later_hears_when_and_others_hear_the_possible_reasons() {
        let retry_at = "2026-12-01T01:02:33+09:00".parse().ok();
        let refusal = Refusal { code: RefusalCode::NotEligible, retry_at, index: None };
        let later = Problem::from(refusal).detail(Lang::JA);
        assert!(later.contains("午前1時03分"), "{later}");
        let never = Problem::from(RefusalCode::NotEligible);
        assert_ne!(never.title_key(), Problem::from(refusal).title_key());
        for reason in ["年齢", "ワクチン", "前の回", "対象者"] {
            assert!(never.detail(Lang::JA).contains(reason), "{reason}");
        }
    }
}
