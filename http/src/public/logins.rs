//! Logging in at the desk: the throttle, the line in front of the login, the password, and the cookies that follow from them.

use std::time::Duration;

use axum::http::header::{HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use sesshu_engine::HashLane;
use sesshu_engine::core::ids::{CityId, ResidentNo};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::time::Instant;
use sesshu_engine::roll::parse_typed_city_id;
use sesshu_engine::view::LoginError;

use super::desk::Desk;
use crate::auth::cookie::{self, CookieName};
use crate::auth::device::DEVICE_SECONDS;
use crate::auth::gate::{Act, Said, TICKET_MINUTES, Waits};
use crate::auth::network::Network;
use crate::auth::shares::Source;
use crate::auth::throttle::Bucket;
use crate::auth::ticket::{Purpose, Ticket};
use crate::auth::token::Login;
use crate::config::Client;
use crate::metrics::count_login;
use crate::problem::{Code, InLine, Problem, Wrong};

/// How long a browser keeps its ticket, and the ID that was typed with it, in seconds.
pub(super) const TICKET_SECONDS: i64 = TICKET_MINUTES * 60;
/// The ticket of clients without cookies.
const TICKET_HEADER: HeaderName = HeaderName::from_static("x-sesshu-ticket");

/// A login that was granted.
pub(crate) struct Granted {
    pub(crate) name_kana: String,
    pub(crate) token: String,
    pub(crate) expires_at: Instant,
    /// The cookies to set.
    pub(crate) cookies: [Option<HeaderValue>; 4],
}

/// A login that was not granted, with the place in the line that goes with it.
#[derive(Debug)]
pub(crate) struct NotIn {
    pub(crate) problem: Problem,
    pub(crate) place: Place,
}

/// What a visitor keeps of their place in the line.
#[derive(Debug, Default)]
pub(crate) struct Place {
    ticket: Option<HeaderValue>,
    cookie: Option<HeaderValue>,
}

impl From<Problem> for NotIn {
    fn from(problem: Problem) -> Self {
        Self { problem, place: Place::default() }
    }
}

impl IntoResponse for NotIn {
    fn into_response(self) -> Response {
        let mut answer = self.problem.into_response();
        self.place.add_to(answer.headers_mut());
        answer
    }
}

impl Place {
    /// Adds the ticket to an answer, as a header and as a cookie.
    pub(crate) fn add_to(self, headers: &mut HeaderMap) {
        headers.extend(self.ticket.map(|ticket| (TICKET_HEADER, ticket)));
        if let Some(cookie) = self.cookie {
            headers.append(SET_COOKIE, cookie);
        }
    }
}

/// Who tries to log in, from where.
struct Person<'a> {
    id: Option<CityId>,
    client: Client,
    headers: &'a HeaderMap,
    bucket: Bucket,
}

impl Desk {
    /// Logs in with what a person typed. Refusals in the contract's order; an unknown ID, a text that is none, and a wrong
    /// password are one and the same, and take the same work: only a field that is left empty is refused without it.
    pub(crate) async fn log_in(
        &self,
        (typed_id, password): (&str, &str),
        purpose: Purpose,
        headers: &HeaderMap,
        client: Client,
    ) -> Result<Granted, NotIn> {
        for (name, typed) in [("id", typed_id), ("password", password)] {
            if typed.is_empty() {
                return Err(Problem::invalid(Wrong::field(name)).into());
            }
        }
        let id = parse_typed_city_id(typed_id).ok();
        let device = cookie::read(headers, CookieName::Device, client.https);
        let known = id.and_then(|id| Some((id, self.auth.devices.known(device?, id)?)));
        let network = Network::from(client.address);
        let (bucket, source) = match known {
            Some((id, device)) => (Bucket::Known(id, device), Source::Known(device)),
            None => (Bucket::From(id, network), Source::From(network)),
        };
        self.auth.throttle.begin(bucket, self.engine.now()).map_err(|wait_ms| {
            count_login("throttled");
            Problem::too_many_attempts(wait_ms)
        })?;
        let person = Person { id, client, headers, bucket };
        let ticket = match self.ask_gate(Act::Try, purpose, source, headers, client)? {
            Said::Open(_) => None,
            Said::Admitted(ticket) => Some(ticket),
            Said::Waits(ticket, waits) => {
                // Whoever goes away meanwhile has lost nothing.
                let not_in = self.in_line(&person, Some(ticket), waits);
                if waits.told_after_ms > 0 {
                    tokio::time::sleep(Duration::from_millis(waits.told_after_ms.into())).await;
                }
                return Err(not_in);
            }
            Said::Crowded(waits) => return Err(self.in_line(&person, None, waits)),
        };
        self.check_password(&person, password, purpose, ticket).await
    }

    async fn check_password(
        &self,
        person: &Person<'_>,
        password: &str,
        purpose: Purpose,
        ticket: Option<Ticket>,
    ) -> Result<Granted, NotIn> {
        let lane = match purpose {
            Purpose::Book => HashLane::Resident,
            Purpose::View => HashLane::Viewing,
        };
        let not_in = |code: Code| {
            let place =
                ticket.map(|ticket| self.place(&ticket, person.headers, person.client.https)).unwrap_or_default();
            NotIn { problem: code.into(), place }
        };
        match self.engine.login(person.id, password, lane).await {
            Ok(known) => {
                self.auth.throttle.succeeded(person.bucket, self.engine.now());
                count_login("granted");
                if let Some(ticket) = &ticket {
                    self.auth.gate().used(ticket);
                }
                let login = self.new_login(known.resident, known.credential_generation, ticket)?;
                Ok(self.granted(person, known.name_kana, &login))
            }
            Err(LoginError::Invalid) => {
                self.auth.throttle.failed(person.bucket, self.engine.now());
                count_login("invalid");
                Err(not_in(Code::InvalidCredentials))
            }
            Err(LoginError::Busy) => {
                self.auth.throttle.undone(person.bucket);
                if let Some(ticket) = &ticket {
                    self.auth.gate().undone(ticket);
                }
                count_login("busy");
                Err(not_in(Code::Refused(RefusalCode::Busy)))
            }
        }
    }

    fn granted(&self, person: &Person<'_>, name_kana: String, login: &Login) -> Granted {
        let Person { id, client, headers, .. } = *person;
        let token = self.auth.tokens.seal(login);
        let seconds = login.expires_at.ms_since(login.issued_at) / 1_000;
        let device = cookie::read(headers, CookieName::Device, client.https);
        let device = id.map(|id| self.auth.devices.after_login(device, id, login.token.rotate_left(32)));
        let carried = |name| cookie::read(headers, name, client.https).and_then(|_| cookie::remove(name, client.https));
        let cookies = [
            cookie::write(CookieName::Login, &token, seconds, client.https),
            device.and_then(|device| cookie::write(CookieName::Device, &device, DEVICE_SECONDS, client.https)),
            carried(CookieName::Ticket),
            carried(CookieName::TypedId),
        ];
        Granted { name_kana, token, expires_at: login.expires_at, cookies }
    }

    /// Whoever went in to see, change or cancel while others waited takes new places from their turn on.
    fn new_login(&self, resident: ResidentNo, generation: u32, ticket: Option<Ticket>) -> Result<Login, Problem> {
        let token = getrandom::u64().map_err(|_| Problem::from(Code::Internal))?;
        let issued_at = self.engine.now();
        let expires_at = issued_at.plus_minutes(i64::from(self.config.login_minutes));
        let books_from = ticket.filter(|ticket| ticket.purpose == Purpose::View).map(|ticket| ticket.turn);
        Ok(Login { resident, generation, token, issued_at, expires_at, books_from })
    }

    /// Where somebody stands who looks at the login page, and what they keep of it. They take their ticket here, so that their place
    /// counts from when they came.
    pub(crate) fn look_at_gate(
        &self,
        purpose: Purpose,
        headers: &HeaderMap,
        client: Client,
    ) -> Result<(Said, Place), Problem> {
        let source = Source::From(Network::from(client.address));
        let said = self.ask_gate(Act::Look, purpose, source, headers, client)?;
        let place = match said {
            Said::Open(Some(ticket)) | Said::Admitted(ticket) | Said::Waits(ticket, _) => {
                self.place(&ticket, headers, client.https)
            }
            Said::Open(None) | Said::Crowded(_) => Place::default(),
        };
        Ok((said, place))
    }

    /// Whoever logged in to see, change or cancel while others waited to book takes a new place when it is their turn.
    pub(super) fn may_take_new_place(&self, login: &Login) -> Result<(), Problem> {
        self.waits_to_book(login).map_or(Ok(()), |waits| Err(waiting(RefusalCode::Queued, waits)))
    }

    /// Where such a person stands among those who book, until it is their turn.
    pub(super) fn waits_to_book(&self, login: &Login) -> Option<Waits> {
        self.auth.gate().new_place(login.books_from?, self.engine.now(), self.engine.login_load())
    }

    fn ask_gate(
        &self,
        act: Act,
        purpose: Purpose,
        source: Source,
        headers: &HeaderMap,
        client: Client,
    ) -> Result<Said, Problem> {
        let shown = headers.get(TICKET_HEADER).and_then(|ticket| ticket.to_str().ok());
        let shown = shown.or_else(|| cookie::read(headers, CookieName::Ticket, client.https));
        let ticket = shown.and_then(|text| self.auth.tickets.open(text));
        let random = getrandom::u64().map_err(|_| Problem::from(Code::Internal))?;
        let (now, load) = (self.engine.now(), self.engine.login_load());
        Ok(self.auth.gate().ask((act, purpose), ticket, source, random, now, load))
    }

    /// The refusal of somebody whose turn has not come: their password was not looked at.
    fn in_line(&self, person: &Person<'_>, ticket: Option<Ticket>, waits: Waits) -> NotIn {
        self.auth.throttle.undone(person.bucket);
        count_login("queued");
        let place = ticket.map(|ticket| self.place(&ticket, person.headers, person.client.https)).unwrap_or_default();
        NotIn { problem: waiting(RefusalCode::Busy, waits), place }
    }

    /// Whoever shows their ticket in the header keeps no cookies.
    fn place(&self, ticket: &Ticket, shown: &HeaderMap, https: bool) -> Place {
        let text = self.auth.tickets.seal(ticket);
        let keeps_cookies = !shown.contains_key(TICKET_HEADER);
        let cookie = keeps_cookies.then(|| cookie::write(CookieName::Ticket, &text, TICKET_SECONDS, https)).flatten();
        Place { cookie, ticket: HeaderValue::try_from(text).ok() }
    }
}

fn waiting(code: RefusalCode, waits: Waits) -> Problem {
    let stands = InLine { ahead: waits.ahead, estimate_seconds: waits.estimate_seconds, places_left: None };
    Problem::from(code).in_line(stands, waits.again_seconds)
}
