//! The states of cities that are not simply open: before the opening minute, in waves, with people who left the roll, without
//! room for anything new.

use std::fmt::Write as _;
use std::time::Duration;

use sesshu_tests::{City, Client, PlannedSession, Request, Resident, Tracer, clock, not_run, wait_until_async};

use super::{Record, Tour};
use crate::language::Language;
use crate::stage::Stage;
use crate::steps::BOOK;

const RESIDENTS: usize = 20;

pub(super) async fn states(stage: &Stage, language: Language, record: &mut Record) {
    before_opening(stage, language, record).await;
    waiting(stage, language, record).await;
    running_out(stage, language, record).await;
    login_line(stage, language, record).await;
    in_waves(stage, language, record).await;
    announced(stage, language, record).await;
    too_busy(stage, language, record).await;
    disk_failing(stage, language, record).await;
}

async fn before_opening(stage: &Stage, language: Language, record: &mut Record) {
    let city =
        City::demo().residents(RESIDENTS).open_in(2 * 3600).config("[waiting_room]\ndraw_minutes = 180\n").start();
    let mut tour = Tour::begin(stage, &city, language, record).await;
    tour.stop_at("/", "top-before-opening").await;
    tour.visit.log_in(&city.resident()).await;
    tour.stop_at("/my", "my-before-opening").await;
    tour.stop_at("/choose?dose=1", "choose-before-opening").await;
    if language == Language::JAPANESE {
        tour.stop_at("/draw", "draw-before-opening").await;
        tour.stop_at(WAIT, "wait-before-opening").await;
    }
    tour.visit.end();
}

/// The waiting room, on the way to the choice for dose 1.
const WAIT: &str = "/wait?back=/choose%3Fdose%3D1";
/// People who are in a draw, and so come before somebody who logs in after the opening.
const IN_DRAW: usize = 100;
/// Nobody is let in at once, and one person a second then.
const ONE_A_SECOND: &str =
    "[waiting_room]\nfirst_people = 0\nstart_per_second = 1\nper_second_min = 1\nper_second_max = 1\n";

/// Somebody comes a moment too late. What each language says in the waiting room, and of fewer places than people, is tested over the
/// router: here it is looked at once, in the language with the shortest tour.
async fn waiting(stage: &Stage, language: Language, record: &mut Record) {
    if language != Language::ENGLISH {
        return;
    }
    let city = City::demo().residents(IN_DRAW + 1).open_in(12).config(ONE_A_SECOND).start();
    let mut people = city.people(IN_DRAW).await;
    let mut tour = Tour::begin(stage, &city, language, record).await;
    opening(&mut people[0].1).await;
    tour.visit.log_in(&city.resident()).await;
    tour.visit.open("/choose?dose=1").await;
    assert_eq!(tour.visit.path().await, "/wait", "{}", tour.visit.text().await);
    tour.stop("waiting").await;
    tour.stop_at("/my", "my-waiting").await;
    tour.stop_at("/draw", "draw-after-opening").await;
    tour.visit.end();
}

/// Waits until the opening that `device` came for is over.
async fn opening(device: &mut Client) {
    wait_until_async("the opening", Duration::from_secs(20), async || {
        let standing = device.get("/api/v1/queue").await.expect(200).json();
        (standing["state"] != "before_open").then_some(())
    })
    .await;
}

/// A session of two places, in a city whose others open much later.
const SCARCE: &str = "残りわずか会場";

/// Those who come first can take all that is left; then they have taken it.
async fn running_out(stage: &Stage, language: Language, record: &mut Record) {
    if language != Language::JAPANESE {
        return;
    }
    let city = City::demo().residents(IN_DRAW + 1).open_in(24 * 3600).config(ONE_A_SECOND).start();
    let now = clock::instant_in(-60);
    import(&city, "waves", "csv", &format!("name,born_from,born_to,group,opens_at\n全員,,,,{now}\n"));
    let scarce = PlannedSession::new(SCARCE, 10, 1);
    city.publish(std::slice::from_ref(&scarce), 12).await;
    let mut people = city.people(IN_DRAW).await;
    let mut tour = Tour::begin(stage, &city, language, record).await;
    opening(&mut people[0].1).await;
    tour.visit.log_in(&city.resident()).await;
    tour.visit.open(WAIT).await;
    tour.must_say("残りの枠が埋まるかもしれません").await;
    tour.stop("wait-may-run-out").await;
    let session = city.listed(&scarce, |session| session.state() == "open").await;
    for slot in 0..2 {
        wait_until_async("somebody is let in and books", Duration::from_mins(1), async || {
            for (resident, device) in &mut people {
                if device.book(&resident.id, &session.place(slot).dose(1)).await.status == 201 {
                    return Some(());
                }
            }
            None
        })
        .await;
    }
    // The line is looked at some times a second.
    wait_until_async("the line knows that no place is left", Duration::from_secs(20), async || {
        tour.visit.open(WAIT).await;
        tour.visit.text().await.contains("いま、残りの枠はありません").then_some(())
    })
    .await;
    tour.stop("wait-none-left").await;
    tour.visit.end();
}

/// More people than come before a rush is seen.
const AT_THE_LOGIN: usize = 3_000;
/// All of them come from one address.
const ONE_ADDRESS: &str = "[login_queue]\naddress_burst = 100000\n";

/// More people come than passwords can be checked: the page in front of the login, and the login when it is somebody's turn.
async fn login_line(stage: &Stage, language: Language, record: &mut Record) {
    if language != Language::JAPANESE {
        return;
    }
    let city = City::demo().residents(RESIDENTS).config(ONE_ADDRESS).start();
    let mut crowd = AtTheLogin::come(&city).await;
    let mut tour = Tour::begin(stage, &city, language, record).await;
    tour.visit.open("/login").await;
    crowd.ask_again().await;
    tour.visit.open("/login").await;
    tour.must_say("人が待っています").await;
    tour.stop("login-wait").await;
    tour.stop_at("/login?for=view", "login-to-view").await;
    let is_in = async || {
        tour.visit.open("/login").await;
        (tour.visit.count("input[type=password]").await > 0).then_some(())
    };
    wait_until_async("their turn", Duration::from_mins(1), is_in).await;
    tour.stop("login-your-turn").await;
    tour.visit.end();
}

/// A crowd at the login, by their tickets.
struct AtTheLogin {
    device: Client,
    tickets: Vec<String>,
}

impl AtTheLogin {
    async fn come(city: &City) -> Self {
        let mut device = city.device();
        let mut tickets = Vec::with_capacity(AT_THE_LOGIN);
        for _ in 0..AT_THE_LOGIN {
            let answer = device.get("/login").await.expect(200);
            let cookie = answer.header("set-cookie").expect("a ticket");
            tickets.push(cookie.split(';').next().unwrap_or_default().to_owned());
        }
        Self { device, tickets }
    }

    /// Only who asks again is waited for.
    async fn ask_again(&mut self) {
        for ticket in &self.tickets {
            self.device.send(Request::new("GET", "/login").header("cookie", ticket)).await.expect(200);
        }
    }
}

/// The oldest may book now, the next ones in an hour, the youngest are in no wave; and one person has left the roll.
async fn in_waves(stage: &Stage, language: Language, record: &mut Record) {
    let city = City::demo().residents(RESIDENTS).start();
    let mut people: Vec<Resident> = (0..RESIDENTS).map(|_| city.resident()).collect();
    people.sort_by(|one, other| one.birth_date.cmp(&other.birth_date));
    let (gone, oldest, middle, youngest) = (&people[0], &people[1], &people[10], &people[19]);
    let (now, later) = (clock::instant_in(-60), clock::instant_in(3600));
    let waves = format!(
        "name,born_from,born_to,group,opens_at\n一,,{},,{now}\n二,{},{},,{later}\n",
        people[5].birth_date, people[6].birth_date, people[14].birth_date
    );
    import(&city, "waves", "csv", &waves);
    let mut roll = String::from("id,name_kana,birth_date,groups\n");
    for Resident { id, name_kana, birth_date, .. } in people.iter().filter(|resident| *resident != gone) {
        let _ = writeln!(roll, "{id},{name_kana},{birth_date},");
    }
    let mut tour = Tour::begin(stage, &city, language, record).await;
    tour.stop_at("/", "top-waves").await;
    tour.visit.log_in(oldest).await;
    tour.stop_at("/choose?dose=1", "choose-wave-open").await;
    for (resident, state) in [(middle, "wave-opens-later"), (youngest, "no-wave")] {
        tour.visit.log_in(resident).await;
        tour.stop_at("/my", &format!("my-{state}")).await;
        tour.stop_at("/choose?dose=1", &format!("choose-{state}")).await;
    }
    tour.visit.log_in(gone).await;
    import(&city, "residents", "csv", &roll);
    tour.stop_at("/my", "my-left-the-roll").await;
    tour.stop_at("/choose?dose=1", "choose-left-the-roll").await;
    tour.visit.end();
}

fn import(city: &City, what: &str, ending: &str, text: &str) {
    let file = city.files().join(format!("{what}.{ending}"));
    std::fs::write(&file, text).expect("a file");
    city.command([what, "import", "--yes"]).arg(&file).run().done();
}

/// Other colours than the demo's, and something that everybody has to read first, some of it in Japanese only.
const ANNOUNCED: &str = r##"
[theme]
main = "#7a0000"
on_main = "#ffffff"

[[announcement]]
id = "maintenance"
kind = "maintenance"
title.ja = "今夜10時から11時まで止まります"
title.ja-easy = "こんや 10時から 11時まで 使えません"
title.en = "Closed tonight from 10 pm to 11 pm"
body.ja = "予約の確認と取り消しもできません。"
body.ja-easy = "予約を 見ることも できません。"
body.en = "You cannot see or cancel bookings during that time either."

[[announcement]]
id = "storm"
kind = "urgent"
title.ja = "台風のため、あすの会場が変わります"
body.ja = "市民体育館の方は、保健センターへお越しください。"
"##;

async fn announced(stage: &Stage, language: Language, record: &mut Record) {
    let city = City::demo().residents(RESIDENTS).start();
    import(&city, "site", "toml", ANNOUNCED);
    let mut tour = Tour::begin(stage, &city, language, record).await;
    tour.stop_at("/", "top-announced").await;
    assert_eq!(tour.visit.count("aside.banner").await, 2, "{}", tour.visit.where_it_is().await);
    let foreign = tour.visit.count("aside.banner [lang=ja]").await > 0;
    assert_eq!(foreign, language.primary != "ja", "what is not translated is marked as Japanese");
    tour.visit.log_in(&city.resident()).await;
    tour.stop_at("/my", "my-announced").await;
    tour.visit.end();
}

/// No disk has so much room: nothing new is taken, and the page says so.
async fn too_busy(stage: &Stage, language: Language, record: &mut Record) {
    let city = City::demo().residents(RESIDENTS).config("[store]\nfree_disk_floor_mib = 1000000000\n").start();
    let mut tour = Tour::begin(stage, &city, language, record).await;
    tour.visit.log_in(&city.resident()).await;
    tour.visit.open("/choose?dose=1").await;
    tour.visit.take_any().await;
    tour.stop("busy").await;
    tour.visit.end();
}

/// Nothing becomes durable: the outcome of a booking is not known, and the page says how to learn it.
async fn disk_failing(stage: &Stage, language: Language, record: &mut Record) {
    if let Err(why) = Tracer::is_there() {
        return not_run(&format!("the page of an unknown outcome: the server cannot be traced ({why})"));
    }
    let city = City::demo().residents(RESIDENTS).start();
    let mut tour = Tour::begin(stage, &city, language, record).await;
    tour.visit.log_in(&city.resident()).await;
    tour.visit.open("/choose?dose=1").await;
    tour.visit.take_any().await;
    let tracer = Tracer::attach(&city, "error=EIO:when=1+");
    tour.visit.press(BOOK).await;
    tour.stop("unavailable").await;
    drop(tracer);
    tour.visit.end();
}
