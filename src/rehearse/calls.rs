//! The call centre: operators at the staff console who book for whoever is on the line, one call after the other, page by page as a
//! browser at a desk asks for them. Callers wait until somebody is free, or hang up when their patience ends.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::answers::Booking;
use super::dice::Dice;
use super::plan::Plan;
use super::record::Ended;
use super::rush::Rush;
use super::scene::Scene;
use super::steps::{Gate, Step};
use crate::demo::DemoLogin;
use crate::exit::Failure;
use crate::phone::{Answer, Ask, Network, Phone};

/// Of the places on the page, a caller takes one of the first.
const PLACES_READ_OUT: usize = 3;
/// How often another place is tried when somebody was faster.
const WISHES_MAX: u32 = 5;
/// A page that is not answered, or not in time, is asked for again, so often and after so long.
const TRIES_MAX: u32 = 5;
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Of the talk, this part comes before the places are read out.
const BEFORE_PLACES: f64 = 0.5;

/// Who rings, and who answers. Operators go home when this goes.
pub(super) struct CallCentre {
    lines: Rc<Lines>,
    rush: Rc<Rush>,
    _operators: JoinSet<()>,
}

/// Callers who wait, by resident, with the moment at which they rang; and how many are being served.
#[derive(Debug, Default)]
struct Lines {
    waiting: RefCell<VecDeque<(usize, Instant)>>,
    rings: Notify,
    talking: Cell<usize>,
}

/// An operator at their desk.
struct Desk {
    phone: Phone,
    rush: Rc<Rush>,
    dice: Dice,
    talk: Duration,
}

/// Signs every operator in at the console; gives their browsers.
pub(super) async fn sign_in(scene: &Scene, console: SocketAddr) -> Result<Vec<Phone>, Failure> {
    let network = Network::with_sockets(console, scene.operators.len().max(1));
    let mut browsers = Vec::new();
    for (number, operator) in scene.operators.iter().enumerate() {
        let from = Ipv4Addr::new(127, 130, (number / 200) as u8, (number % 200) as u8 + 1);
        let mut browser = Phone::at(&network, from).signing_in();
        let fields = [("login", &*operator.login), ("password", &operator.password), ("code", &operator.code)];
        let ask = Ask { form: Some(form(&fields)), ..Ask::new(Method::POST, "/login") };
        if !browser.ask(&ask).await.is_ok_and(|answer| answer.status == StatusCode::SEE_OTHER) {
            return Err(Failure::refused(format!("{} cannot sign in at the console", operator.login)));
        }
        browsers.push(browser);
    }
    Ok(browsers)
}

impl CallCentre {
    /// Seats an operator at each of these browsers.
    pub(super) fn open(rush: &Rc<Rush>, plan: &Plan, scene: &Scene, browsers: Vec<Phone>) -> Self {
        let lines = Rc::new(Lines::default());
        let mut operators = JoinSet::new();
        for (number, phone) in (1..).zip(browsers) {
            let dice = Dice::seeded(plan.seed ^ number);
            let desk = Desk { phone, rush: Rc::clone(rush), dice, talk: plan.talk };
            let (lines, logins) = (Rc::clone(&lines), Rc::clone(&scene.logins));
            operators.spawn_local(async move { desk.work(&lines, &logins).await });
        }
        Self { lines, rush: Rc::clone(rush), _operators: operators }
    }

    /// Resident `number` rings.
    pub(super) fn ring(&self, number: usize) {
        self.rush.figures.borrow_mut().stand_at(Gate::Calls);
        self.lines.waiting.borrow_mut().push_back((number, Instant::now()));
        self.lines.rings.notify_one();
    }

    /// Whether nobody waits or is being served.
    pub(super) fn is_quiet(&self) -> bool {
        self.lines.talking.get() == 0 && self.lines.waiting.borrow().is_empty()
    }
}

impl Desk {
    /// Takes one call after the other.
    async fn work(mut self, lines: &Lines, logins: &[DemoLogin]) {
        loop {
            let next = lines.waiting.borrow_mut().pop_front();
            let Some((number, rang)) = next else {
                lines.rings.notified().await;
                continue;
            };
            lines.talking.set(lines.talking.get() + 1);
            self.rush.figures.borrow_mut().leave(Gate::Calls);
            let ended = if rang.elapsed() > self.rush.patience {
                Ended::WaitedTooLong
            } else {
                let began = Instant::now();
                let ended = self.serve(number, &logins[number]).await;
                self.rush.figures.borrow_mut().took(Step::Call, began.elapsed());
                ended
            };
            {
                let mut figures = self.rush.figures.borrow_mut();
                figures.took(Step::Journey, rang.elapsed().saturating_sub(self.talk));
                figures.ended += 1;
                figures.by_phone += u64::from(ended == Ended::Booked);
                self.rush.records.borrow_mut()[number].ended = Some(ended);
            }
            lines.talking.set(lines.talking.get() - 1);
            // Others may have rung while everybody talked.
            lines.rings.notify_one();
        }
    }

    /// A whole call. Whatever page does not come ends it.
    async fn serve(&mut self, number: usize, caller: &DemoLogin) -> Ended {
        let Some(call) = self.go("/calls", &[("reason", "book")]).await else { return Ended::BusyTooOften };
        let claim = format!("{} {} {}", caller.id, caller.name_kana.replace('　', ""), caller.birth_date);
        let said = [("claim", &*claim), ("said_id", "yes"), ("said_name", "yes"), ("said_birth", "yes"), ("nth", "0")];
        let ended = match self.go(&call, &said).await {
            Some(person) => {
                sleep(self.talk.mul_f64(BEFORE_PLACES)).await;
                self.find_place(number, &person).await
            }
            None => Ended::BusyTooOften,
        };
        let _ = self.send(&format!("{call}/end"), &[("outcome", "done")]).await;
        ended
    }

    /// Reads places out until one of them is the caller's.
    async fn find_place(&mut self, number: usize, person: &str) -> Ended {
        for wish in 0..WISHES_MAX {
            let Some(html) = self.page(&format!("{person}/places?dose=1")).await else { return Ended::BusyTooOften };
            let offered: Vec<&str> = values(&html, "place").take(PLACES_READ_OUT).collect();
            if offered.is_empty() {
                return Ended::NothingFree;
            }
            let place = offered[self.dice.below(offered.len())].to_owned();
            let Some(confirm) = self.go(&format!("{person}/hold"), &[("place", &place)]).await else { continue };
            if wish == 0 {
                sleep(self.talk.mul_f64(1.0 - BEFORE_PLACES)).await;
            }
            let Some(html) = self.page(&confirm).await else { return Ended::BusyTooOften };
            let Some(key) = values(&html, "key").next() else { continue };
            if self.book(number, person, &place, key).await {
                return Ended::Booked;
            }
        }
        Ended::FullTooOften
    }

    async fn book(&mut self, number: usize, person: &str, place: &str, key: &str) -> bool {
        self.rush.records.borrow_mut()[number].unclear += 1;
        let fields = [("place", place), ("changes", ""), ("key", key)];
        let Some(answer) = self.send(&format!("{person}/book"), &fields).await else { return false };
        let done = answer.location.as_deref().and_then(|location| Booking::of_call(location, place));
        let mut records = self.rush.records.borrow_mut();
        // A page that says "busy" or "unknown" leaves it open whether there is a booking.
        records[number].unclear -= u32::from(!answer.status.is_server_error());
        let Some(booking) = done else { return false };
        records[number].booked = Some(booking);
        self.rush.figures.borrow_mut().book();
        true
    }

    /// Sends a form; gives where it leads.
    async fn go(&mut self, path: &str, fields: &[(&str, &str)]) -> Option<Box<str>> {
        self.send(path, fields).await?.location
    }

    async fn page(&mut self, path: &str) -> Option<String> {
        let answer = self.ask(&Ask::new(Method::GET, path)).await?;
        Some(String::from_utf8_lossy(&answer.plain()?).into_owned())
    }

    async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Option<Answer> {
        self.ask(&Ask { form: Some(form(fields)), ..Ask::new(Method::POST, path) }).await
    }

    /// Asks, and again if there is no answer or the console has too much to do.
    async fn ask(&mut self, ask: &Ask) -> Option<Answer> {
        let mut heard = None;
        for _ in 0..TRIES_MAX {
            heard = self.phone.ask(ask).await.ok();
            match &heard {
                Some(answer) if answer.status != StatusCode::SERVICE_UNAVAILABLE => break,
                _ => sleep(TRY_AGAIN_AFTER).await,
            }
        }
        heard
    }
}

/// A form as a browser writes it.
fn form(fields: &[(&str, &str)]) -> Bytes {
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", written(value)));
    pairs.collect::<Vec<_>>().join("&").into()
}

fn written(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        byte => format!("%{byte:02X}"),
    };
    value.bytes().map(byte).collect()
}

/// The values that the fields and buttons called `name` have on a page of the console, in which attributes stand in double quotes.
fn values<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let named = format!(" name=\"{name}\" value=\"");
    let starts: Vec<usize> = html.match_indices(&*named).map(|(at, named)| at + named.len()).collect();
    starts.into_iter().filter_map(move |at| html[at..].split('"').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_as_a_browser_writes_it() {
        assert_eq!(form(&[("claim", "1 サ 1950-04-01"), ("x", "a&b=c")]), "claim=1+%E3%82%B5+1950-04-01&x=a%26b%3Dc");
    }

    #[test]
    fn places_and_keys_are_found_on_a_page() {
        let html = r#"<button class="c" name="place" value="3-1-1" data-key="1">1</button><button name="place" value="3-2-1">2
            </button><input type="hidden" name="key" value="k9">"#;
        assert_eq!(values(html, "place").collect::<Vec<_>>(), ["3-1-1", "3-2-1"]);
        assert_eq!(values(html, "key").collect::<Vec<_>>(), ["k9"]);
        assert_eq!(values(html, "nothing").next(), None);
    }

    #[test]
    fn a_booking_is_known_by_where_its_page_is() {
        let booking = Booking::of_call("/calls/4/1/done?number=1234-5678&what=booked", "3-1-1").expect("a booking");
        let json =
            serde_json::json!({"number": "1234-5678", "session": "3", "slot": "1", "dose": 1, "state": "booked"});
        assert_eq!(booking, serde_json::from_value(json).expect("a booking"));
        assert_eq!(Booking::of_call("/calls/4/1", "3-1-1"), None);
    }
}
