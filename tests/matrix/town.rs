//! The town that the matrix walks through: seven people who are unlike anybody else, two venues with a session today, a call that goes
//! on beside another operator's, a session that the city has cancelled; and whoever is signed in.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;

use sesshu_engine::core::staff::StaffRole;
use sesshu_http::{Method, RouteRow};
use sesshu_tests::staff::FORM;
use sesshu_tests::{
    Answer, City, Client, Operator, PageForm, PlannedSession, PublishedSession, Request, Resident, StaffMember, clock,
};

use crate::actor::Actor;
use crate::facts::{Fact, Told, Who};

const RESIDENTS: usize = 60;

/// The town.
pub(crate) struct Town {
    device: Client,
    cookies: HashMap<&'static str, String>,
    operator: Operator,
    people: BTreeMap<Who, Resident>,
    numbers: BTreeMap<Who, String>,
    pub(crate) today: String,
    /// The look of the console, as its pages name it.
    pub(crate) style: String,
    pub(crate) venue: String,
    pub(crate) other_venue: String,
    /// Today's session at the first venue, and at the second.
    pub(crate) session: String,
    pub(crate) other_session: String,
    /// The session that the city has cancelled.
    pub(crate) cancelled: String,
    /// A free place for dose 2, as forms name it.
    pub(crate) place: String,
    /// The call of the operator of the matrix, and who it is about by turn; and another operator's.
    pub(crate) call: String,
    pub(crate) turn: String,
    pub(crate) other_call: String,
    /// How often somebody was looked up in it.
    pub(crate) lookups: usize,
    pub(crate) hold: String,
    /// How the call list of the first venue's session names somebody.
    pub(crate) lot: String,
    pub(crate) announcement: String,
    /// What people are told of: a failure.
    pub(crate) notice: String,
    pub(crate) text: String,
    /// An account that nobody uses.
    pub(crate) spare: StaffMember,
    _city: City,
}

/// Everybody's device at the console.
const DESK: Ipv4Addr = Ipv4Addr::new(127, 1, 2, 1);

impl Town {
    pub(crate) async fn build() -> Self {
        let city = City::demo().residents(RESIDENTS).start();
        let people = settle(&city);
        let planned = sessions();
        let open = city.open(&planned).await;
        let numbers = book(&city, &people, &open).await;
        let [admin, disabled, signed_out] = ["admin"; 3].map(|role| city.new_staff(role));
        let [operator, other_operator] = ["operator"; 2].map(|role| city.new_staff(role));
        let [at_venue, spare] = ["venue"; 2].map(|role| city.new_staff(role));
        let mut desk = Operator::sign_in(&admin, city.staff()).await;
        let venue = open[0].venue();
        let account = format!("/accounts/{}", at_venue.login);
        desk.must_send(&account, &format!("{account}/venue"), &[("venue", &venue)]).await;
        cancel(&mut desk, open[2].id()).await;
        let mut device = Client::new(city.staff(), DESK);
        let mut cookies = HashMap::from([("admin", desk.cookie().to_owned())]);
        for (name, member) in [
            ("venue", &at_venue),
            ("ops", &city.new_staff("ops")),
            ("disabled", &disabled),
            ("signed out", &signed_out),
        ] {
            cookies.insert(name, member.sign_in(&mut device).await);
        }
        city.command(["staff", "disable", &disabled.login]).run().done();
        let leaving = Request::new("POST", "/logout").header("cookie", cookies["signed out"].as_str());
        device.send(leaving).await.expect(303);
        let mut other = Operator::sign_in(&other_operator, city.staff()).await;
        let other_call = on_the_line(&mut other, &people[&Who::OtherCaller]).await;
        let operator = Operator::sign_in(&operator, city.staff()).await;
        cookies.insert("operator", operator.cookie().to_owned());
        desk.open("/site").await.expect("a page");
        let announcement = link_to(&desk.page.text(), "/site/announcements/");
        desk.open("/site/texts").await.expect("a page");
        let text = link_to(&desk.page.text(), "/site/texts/");
        let style = link_to(&desk.page.text(), "/assets/");
        let mut town = Self {
            device,
            cookies,
            operator,
            numbers,
            today: clock::date_in(0),
            style,
            venue,
            other_venue: open[1].venue(),
            session: open[0].id().to_owned(),
            other_session: open[1].id().to_owned(),
            cancelled: open[2].id().to_owned(),
            place: String::new(),
            call: String::new(),
            turn: String::new(),
            other_call: other_call.0,
            lookups: 0,
            hold: String::new(),
            lot: "00000000000000ff".to_owned(),
            announcement,
            notice: told_of(&city),
            text,
            spare,
            people,
            _city: city,
        };
        town.put_on_the_line().await;
        town
    }

    /// The number of somebody's booking.
    pub(crate) fn number(&self, who: Who) -> &str {
        &self.numbers[&who]
    }

    /// Whoever may be called for a leftover dose is told of with how they are reached.
    pub(crate) fn to_be_called() -> Vec<Told> {
        let told = |who| [Fact::Name, Fact::Contact].map(|fact| Told(who, fact));
        Who::ALL.into_iter().flat_map(told).collect()
    }

    /// What has to be there before somebody looks at a page of theirs.
    pub(crate) async fn prepare(&mut self, row: RouteRow, actor: Actor) {
        match row.path {
            path if path.starts_with("/calls/{call}") => {
                let confirm = format!("/calls/{}/{}/confirm/{}", self.call, self.turn, self.hold);
                if self.ask(actor, Method::Get, &confirm, &[]).await.status != 200 {
                    self.put_on_the_line().await;
                }
            }
            "/venue/{venue}/leftovers/{session}" => {
                let list = format!("/venue/{}/leftovers/{}", self.venue, self.session);
                let page = self.ask(actor, Method::Get, &list, &[]).await.expect(200).text();
                let lot = PageForm::to(&page, &list).and_then(|form| form.values("lot").next().map(str::to_owned));
                self.lot = lot.unwrap_or_else(|| panic!("somebody is willing\n{page}"));
            }
            "/report/person" => {
                let who = Who::Bystander;
                let typed = [("id", who.id()), ("name", who.name_kana()), ("born", who.birth_date())];
                let typed = typed.map(|(name, value)| (name, value.to_owned()));
                self.ask(actor, Method::Post, "/report", &typed).await.expect(303);
            }
            _ => {}
        }
    }

    /// A call with the caller on its line, for whom a place is kept.
    async fn put_on_the_line(&mut self) {
        let operator = &mut self.operator;
        operator.open("/calls").await.expect("a page");
        if let Some(running) = self.call.get(..).filter(|call| !call.is_empty()) {
            let action = format!("/calls/{running}/end");
            let end = PageForm { action, fields: Vec::new() }.with("outcome", "dropped");
            operator.send(&end).await.expect("an answer");
        }
        let (call, turn) = on_the_line(operator, &self.people[&Who::Caller]).await;
        // What an earlier case has booked is given back.
        let base = format!("/calls/{call}/{turn}");
        operator.open(&base).await.expect("a page");
        if let Some((_, rest)) = operator.page.text().split_once(&format!("\"{base}/cancel/")) {
            let number = rest.split('"').next().unwrap_or_default();
            let cancel = PageForm { action: format!("{base}/cancel/{number}"), fields: Vec::new() };
            operator.send(&cancel).await.expect("an answer");
        }
        operator.open(&format!("{base}/places?dose=2")).await.expect("a page");
        let place = operator.form("/hold").values("place").next().map(str::to_owned);
        self.place = place.unwrap_or_else(|| panic!("no place for dose 2\n{}", operator.page.text()));
        assert!(operator.hold(None).await.expect("an answer"), "{}", operator.page.text());
        operator.address.rsplit('/').next().unwrap_or_default().clone_into(&mut self.hold);
        (self.call, self.turn, self.lookups) = (call, turn, 1);
    }

    /// Asks as `actor`.
    pub(crate) async fn ask(
        &mut self,
        actor: Actor,
        method: Method,
        path: &str,
        fields: &[(&'static str, String)],
    ) -> Answer {
        let cookie = match actor {
            Actor::Nobody => None,
            Actor::SignedIn(StaffRole::Operator) => Some("operator"),
            Actor::SignedIn(StaffRole::Venue) => Some("venue"),
            Actor::SignedIn(StaffRole::Admin) => Some("admin"),
            Actor::SignedIn(StaffRole::Ops) => Some("ops"),
            Actor::Disabled => Some("disabled"),
            Actor::SignedOut => Some("signed out"),
        };
        let request = match method {
            Method::Get => Request::new("GET", path),
            Method::Post => {
                let form = fields.iter().fold(PageForm::default(), |form, (name, value)| form.with(name, value));
                Request::new("POST", path).text(FORM, form.body())
            }
        };
        let request = match cookie {
            Some(name) => request.header("cookie", self.cookies[name].as_str()),
            None => request,
        };
        self.device.send(request).await
    }
}

/// People are told of a failure; the notice's number.
fn told_of(city: &City) -> String {
    let told =
        city.command(["notice", "failure", "--ja", "つながりにくくなっています。", "--yes", "--json"]).run().done();
    told.json()["notice"].to_string()
}

/// The people of the town come onto the roll, with passwords by post.
fn settle(city: &City) -> BTreeMap<Who, Resident> {
    let row = |who: Who| format!("{},{},{},\n", who.id(), who.name_kana(), who.birth_date());
    let rows: String = Who::ALL.into_iter().map(row).collect();
    let roll = city.files().join("town.csv");
    std::fs::write(&roll, format!("id,name_kana,birth_date,groups\n{rows}")).expect("a roll");
    city.command(["residents", "import", "--partial", "--yes"]).arg(&roll).run().done();
    let letters = city.files().join("letters");
    std::fs::create_dir(&letters).expect("a folder");
    city.command(["residents", "issue", "--yes"]).arg("--out").arg(&letters).run().done();
    let files = std::fs::read_dir(&letters).expect("a folder").map(|file| file.expect("a file").path());
    let text: String = files.map(|file| std::fs::read_to_string(file).expect("a list")).collect();
    let resident = |who: Who| {
        let line = text.lines().find(|line| line.starts_with(who.id())).expect("everybody gets a letter");
        let password = line.trim().rsplit(',').next().unwrap_or_default().to_owned();
        let (id, name_kana, birth_date) = (who.id().into(), who.name_kana().into(), who.birth_date().into());
        (who, Resident { id, password, name_kana, birth_date })
    };
    Who::ALL.map(resident).into()
}

/// Today at both venues until late at night, one that the city will cancel, and one for second doses.
fn sessions() -> [PlannedSession; 4] {
    let today =
        |venue| PlannedSession { start: "00:00", end: "23:30", ..PlannedSession::new(venue, 0, 20).doses("1;2") };
    [
        today("北の会場"),
        today("南の会場"),
        PlannedSession::new("北の会場", 9, 20),
        PlannedSession::new("北の会場", 25, 20).doses("2"),
    ]
}

/// Everybody logs in, leaves a contact, and those who come somewhere book.
async fn book(city: &City, people: &BTreeMap<Who, Resident>, open: &[PublishedSession]) -> BTreeMap<Who, String> {
    let (late, mut numbers) = (46, BTreeMap::new());
    for (who, resident) in people {
        let place = match who {
            Who::Caller | Who::Here => Some(open[0].place(late)),
            Who::Elsewhere => Some(open[1].place(late)),
            Who::Stranded => Some(open[2].place(0)),
            Who::OtherCaller | Who::Willing | Who::Bystander => None,
        };
        let mut device = city.login(resident).await;
        let cookie = format!("sesshu={}", device.token.clone().unwrap_or_default());
        let contact = PageForm::default().with("contact", who.contact()).with("consent", "yes");
        let request = Request::new("POST", "/contact").header("cookie", cookie).text(FORM, contact.body());
        device.send(request).await.expect(303);
        if let Some(place) = place {
            let booked = device.book("town", &place.dose(1)).await.expect(201).json();
            let number = booked["bookings"][0]["number"].as_str().expect("a number").replace('-', "");
            numbers.insert(*who, number);
        }
    }
    numbers
}

/// The city cancels a session with its one booking.
async fn cancel(desk: &mut Operator, session: &str) {
    let page = format!("/sessions/{session}/cancel");
    desk.must_send(&page, &page, &[("count", "1")]).await;
}

/// A call with `resident` on its line: its id, and who it is about by turn.
async fn on_the_line(operator: &mut Operator, resident: &Resident) -> (String, String) {
    operator.take_call().await.expect("an answer");
    assert!(operator.look_up(resident).await.expect("an answer"), "{}", operator.page.text());
    let mut parts = operator.address.split('/').skip(2).map(str::to_owned);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// The last part of the first link of a page that begins with `path`.
fn link_to(html: &str, path: &str) -> String {
    let at = html.find(&format!("\"{path}")).unwrap_or_else(|| panic!("no link to {path}\n{html}")) + path.len() + 1;
    html[at..].split('"').next().unwrap_or_default().to_owned()
}
