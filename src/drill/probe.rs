//! The probe of a drill: a throw-away resident with a place of their own, who logs in, looks and books at a restored server as a phone
//! would. It lives in the copy alone.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use sesshu_engine::core::time::{Day, Instant};

use crate::control::run_at_server;
use crate::exit::Failure;
use crate::jobs::{Audience, FileBytes, Job, PasswordLine};
use crate::phone::{Answer, Ask, Network, Phone};

/// Its name, its group, its wave and its venue.
const NAME: &str = "復元訓練";
const NAME_KANA: &str = "フクゲン　クンレン";
/// Old enough for every vaccine.
const BORN: &str = "1950-04-01";
/// No city issues IDs as long as this.
const ID_DIGITS: usize = 20;
/// So far ahead lies its session: it can be booked, whatever the city's rules are.
const DAYS_AHEAD: i32 = 7;
/// How long the lists may take to show its session.
const LISTED_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A resident who is on the copy's roll, and whose session is open.
pub(super) struct Probe {
    phone: Phone,
    id: String,
    password: String,
    day: Day,
    token: Rc<str>,
}

impl Probe {
    /// Puts a probe into the copy in `data`, which a server serves at `network`, through its control socket as a command would. `now` is
    /// the copy's time.
    pub(super) async fn join(data: &Path, network: &Rc<Network>, vaccine: &str, now: Instant) -> Result<Self, Failure> {
        let mut desk = Desk { data, issued: Vec::new() };
        let status = desk.ask(Job::CampaignStatus { keep_days: 0 }).await?;
        if status["closed"] == true && status["erased_on"].is_null() {
            // In the copy alone the campaign goes on for a booking.
            desk.ask(Job::CampaignReopen).await?;
        }
        let (id, day) = (lot_of_digits()?, now.city_day().plus_days(DAYS_AHEAD));
        let roll = format!("id,name_kana,birth_date,groups\n{id},{NAME_KANA},{BORN},{NAME}\n");
        let shown = desk.ask(Job::RollDifference { file: file(&roll), partial: true, japanese: false }).await?;
        let shown = shown["difference"].as_str().unwrap_or_default().to_owned();
        desk.ask(Job::RollImport { file: file(&roll), partial: true, shown }).await?;
        desk.ask(Job::IssuePasswords { group: Some(NAME.to_owned()) }).await?;
        let opened = now.to_rfc3339();
        let wave = format!("name,born_from,born_to,group,opens_at\n{NAME},,,{NAME},{opened}\n");
        desk.ask(Job::Waves { file: file(&wave), dry_run: false, japanese: false }).await?;
        let head = "venue,date,start,end,slot_minutes,capacity,vaccine,doses";
        let session = format!("{head}\n{NAME},{day},10:00,10:30,30,1,{},1\n", quoted(vaccine));
        desk.ask(Job::Sessions { file: file(&session), dry_run: false, japanese: false }).await?;
        let shown = desk.ask(Job::Drafts { opens_at_ms: now.0 }).await?;
        desk.ask(Job::Publish { shown, opens_at_ms: now.0 }).await?;
        let password = desk.issued.into_iter().find(|line| line.id == id).map(|line| line.password);
        let password = password.ok_or_else(|| Failure::internal("the probe has no password"))?;
        Ok(Self { phone: Phone::new(network, 0), id, password, day, token: "".into() })
    }

    /// Logs in.
    pub(super) async fn log_in(&mut self) -> Result<(), Failure> {
        let body = json!({ "id": self.id, "password": self.password });
        let said = self.ask(Method::POST, "/api/v1/login".into(), None, Some(body), StatusCode::OK).await?;
        self.token = said["token"].as_str().unwrap_or_default().into();
        Ok(())
    }

    /// Reads its own page, and finds the slot of its session.
    pub(super) async fn read(&mut self) -> Result<Place, Failure> {
        self.ask(Method::GET, "/api/v1/me".into(), None, None, StatusCode::OK).await?;
        let path = format!("/api/v1/sessions?dose=1&from={0}&to={0}", self.day);
        let deadline = std::time::Instant::now() + LISTED_WITHIN;
        loop {
            let listed = self.ask(Method::GET, path.clone(), None, None, StatusCode::OK).await?;
            if let Some(place) = Place::of_probe(&listed) {
                return Ok(place);
            }
            if std::time::Instant::now() > deadline {
                return Err(Failure::refused("the restored server does not list the probe's session"));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Books; the server has acknowledged it when this returns.
    pub(super) async fn book(&mut self, place: &Place) -> Result<(), Failure> {
        let body = json!({ "session": place.session, "slot": place.slot, "dose": 1 });
        let said =
            self.ask(Method::POST, "/api/v1/bookings".into(), Some("drill"), Some(body), StatusCode::CREATED).await?;
        match said["bookings"][0]["number"].as_str() {
            Some(_) => Ok(()),
            None => Err(Failure::refused("the restored server gave a booking without a number")),
        }
    }

    async fn ask(
        &mut self,
        method: Method,
        path: String,
        key: Option<&str>,
        body: Option<Value>,
        expected: StatusCode,
    ) -> Result<Value, Failure> {
        let what = format!("{method} {path}");
        let ask = Ask {
            token: (!self.token.is_empty()).then(|| Rc::clone(&self.token)),
            key: key.map(Into::into),
            json: body.map(|body| body.to_string().into()),
            ..Ask::new(method, path)
        };
        let answer: Answer = self
            .phone
            .ask(&ask)
            .await
            .map_err(|_| Failure::refused(format!("{what}: the restored server gave no answer")))?;
        let said: Value = answer.plain().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        if answer.status == expected {
            return Ok(said);
        }
        let code = said["code"].as_str().unwrap_or("no code");
        Err(Failure::refused(format!("{what}: the restored server answered {} ({code})", answer.status.as_u16())))
    }
}

/// Where the probe books.
pub(super) struct Place {
    session: String,
    slot: String,
}

impl Place {
    fn of_probe(listed: &Value) -> Option<Self> {
        let mut sessions = listed["sessions"].as_array()?.iter();
        let session = sessions.find(|session| session["venue"]["name"] == NAME && session["state"] == "open")?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(Self { session: text(&session["id"])?, slot: text(&session["slots"][0]["id"])? })
    }
}

/// The way to the copy's control socket.
struct Desk<'a> {
    data: &'a Path,
    issued: Vec<PasswordLine>,
}

impl Desk<'_> {
    /// Has `job` done, and fails if the file of it was found wrong.
    async fn ask(&mut self, job: Job) -> Result<Value, Failure> {
        let data = self.data;
        let done = run_at_server(data, &job, self).await?;
        match done["errors"].as_array().and_then(|errors| errors.first()) {
            Some(error) => Err(Failure::refused(format!("the probe was refused: {error}"))),
            None => Ok(done),
        }
    }
}

impl Audience for Desk<'_> {
    async fn progress(&mut self, _done: u64, _of: u64) -> Result<(), Failure> {
        Ok(())
    }

    async fn phase(&mut self, _word: &str) -> Result<(), Failure> {
        Ok(())
    }

    async fn keep(&mut self, lines: Vec<PasswordLine>) -> Result<(), Failure> {
        self.issued.extend(lines);
        Ok(())
    }
}

fn file(text: &str) -> FileBytes {
    FileBytes(text.as_bytes().to_vec())
}

/// A field of CSV.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn lot_of_digits() -> Result<String, Failure> {
    let mut bytes = [0; ID_DIGITS];
    getrandom::fill(&mut bytes).map_err(Failure::internal)?;
    Ok(bytes.iter().map(|byte| char::from(b'0' + byte % 10)).collect())
}
