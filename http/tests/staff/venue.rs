//! The venue's pages: what the desk finds, what it may do, what it says loudly, and what it never shows.

use sesshu_engine::clock::Clock;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{BookingNumber, Channel, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo, VenueId};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::staff::StaffRole;
use sesshu_engine::roll::{SessionRow, parse_contact};

use super::browser::Browser;
use super::city::City;

const TODAY: &str = "2026-12-05 11:00";
const IDENTITY: &str = "0012345671 ヨソノ タロウ S35.4.2";

async fn booked(city: &City, who: u32, session: u32, slot: u16) -> BookingNumber {
    let resident = ResidentNo(who);
    let leg = Leg { session: SessionId(session), slot: SlotNo(slot), dose: DoseNo::FIRST };
    let key = RequestKey::new(&format!("k{who}-{session}")).expect("a key");
    let done = city.engine.book(resident, Legs::one(leg), key, By::Resident(resident), Channel::Web).await;
    done.expect("a place").bookings[0].number
}

fn wait_until(city: &City, text: &str) {
    let at: sesshu_engine::core::time::Instant = text.parse().expect("an instant");
    city.clock.advance_ms(u32::try_from(at.ms_since(city.clock.now())).expect("ahead"));
}

/// A city on the day of its first session, with resident 0 booked, and a browser at the venue's desk.
async fn desk() -> (City, Browser, BookingNumber) {
    let city = City::open().await;
    let number = booked(&city, 0, 1, 0).await;
    wait_until(&city, TODAY);
    let browser = city.signed_in(StaffRole::Venue).await;
    (city, browser, number)
}

#[tokio::test]
async fn a_scanned_code_leads_to_the_person_who_is_checked_in_and_vaccinated() {
    let (city, mut browser, number) = desk().await;
    let venues = browser.get("/venue").await;
    assert!(venues.says("href=\"/venue/1\"") && venues.says("市民体育館"), "{}", venues.html);
    let found = browser.post("/venue/1/find", &[("q", &number.to_string())]).await;
    assert_eq!((found.status.as_u16(), found.address), (200, format!("/venue/1/people/{number}")));
    for words in ["インザイ　ハナコ", "受付する", "未受付", "令和8年12月5日（土）", &number.grouped()]
    {
        assert!(found.html.contains(words), "{words}: {}", found.html);
    }
    assert!(!found.html.contains("class=\"band\"") && !found.html.contains("1960"), "{}", found.html);
    let here = format!("/venue/1/people/{number}");
    let checked_in = browser.post(&here, &[("seen", "booked"), ("next", "checked_in")]).await;
    assert!(checked_in.says("受付済み") && checked_in.says("id=\"lot\""), "{}", checked_in.html);
    let no_lot = browser.post(&here, &[("seen", "checked_in"), ("next", "vaccinated"), ("lot", "ロット")]).await;
    assert_eq!(no_lot.status, 409);
    assert!(no_lot.says("href=\"#lot\"") && no_lot.says("value=\"ロット\""), "{}", no_lot.html);
    let scanned = number.to_string();
    let scan = browser.post(&here, &[("seen", "checked_in"), ("next", "vaccinated"), ("lot", &scanned)]).await;
    assert!(scan.says("予約番号が入っています"), "{}", scan.html);
    let given = [("seen", "checked_in"), ("next", "vaccinated"), ("lot", "fa2453"), ("vaccine", "1")];
    let vaccinated = browser.post(&here, &given).await;
    assert!(vaccinated.says("接種済み") && vaccinated.says("ロット FA2453"), "{}", vaccinated.html);
    assert_eq!(browser.post(&here, &given).await.status, 200, "the same press again");
    let undone = browser.post(&here, &[("seen", "vaccinated"), ("next", "checked_in")]).await;
    assert!(undone.says("受付済み") && undone.says("value=\"FA2453\""), "the lot is remembered: {}", undone.html);
    let stale = browser.post(&here, &[("seen", "booked"), ("next", "no_show")]).await;
    assert!(stale.status == 409 && stale.says("別の端末で先に変わりました"), "{}", stale.html);
    city.close();
}

#[tokio::test]
async fn names_are_found_by_kana_and_stand_in_no_address() {
    let (city, mut browser, number) = desk().await;
    let one = browser.post("/venue/1/find", &[("q", "はなこ")]).await;
    assert_eq!(one.address, format!("/venue/1/people/{number}"), "one match is the person");
    booked(&city, 2, 1, 1).await;
    let both = browser.post("/venue/1/find", &[("q", "ノ")]).await;
    assert!(both.says("キタノ　ジロウ"), "{}", both.html);
    let many = browser.post("/venue/1/find", &[("q", "イ")]).await;
    assert_eq!(many.status, 200);
    let none = browser.post("/venue/1/find", &[("q", "ヤマダ")]).await;
    assert!(none.says("合う人はいません") && none.says("value=\"ヤマダ\"") && none.says("/walk-in"), "{}", none.html);
    for (typed, says) in [("4821093751", "予約はありません"), ("", "入力してください"), ("12", "予約はありません")]
    {
        let wrong = browser.post("/venue/1/find", &[("q", typed)]).await;
        assert!(wrong.status == 400 && wrong.says(says) && wrong.says("href=\"#q\""), "{typed}: {}", wrong.html);
    }
    city.close();
}

#[tokio::test]
async fn another_day_is_said_loudly_and_another_venue_tells_nothing_of_the_person() {
    let (city, mut browser, _) = desk().await;
    let later = booked(&city, 1, 2, 0).await;
    let page = browser.get(&format!("/venue/1/people/{later}")).await;
    assert!(
        page.says("class=\"band\"") && page.says("今日の予約ではありません：令和8年12月12日（土）"),
        "{}",
        page.html
    );
    assert!(!page.says("受付する"), "{}", page.html);
    let tried = browser.post(&format!("/venue/1/people/{later}"), &[("seen", "booked"), ("next", "checked_in")]).await;
    assert!(tried.status == 409 && tried.says("role=\"alert\""), "{}", tried.html);
    let cancelled = city.engine.cancel(ResidentNo(1), later, By::System, Channel::Phone).await;
    cancelled.expect("cancelled");
    let page = browser.get(&format!("/venue/1/people/{later}")).await;
    assert!(page.says("取り消された予約です"), "{}", page.html);
    let gym = add_venue(&city).await;
    let other = booked(&city, 2, gym, 0).await;
    let page = browser.get(&format!("/venue/1/people/{other}")).await;
    assert!(page.status == 404 && page.says("別の会場の予約です：文化ホール"), "{}", page.html);
    assert!(!page.says("キタノ"), "{}", page.html);
    let nobody = browser.get(&format!("/venue/1/people/{}", BookingNumber::from_ordinal(9, &[3; 32]))).await;
    assert!(nobody.status == 404 && nobody.says("この番号の予約はありません") && nobody.says("id=\"q\""));
    city.close();
}

/// A second venue with a session today; its id.
async fn add_venue(city: &City) -> u32 {
    let row = SessionRow {
        line: 2,
        venue: "文化ホール".to_owned(),
        date: "2026-12-05".parse().expect("a date"),
        start: "14:00".parse().expect("a time"),
        end: "15:00".parse().expect("a time"),
        slot_minutes: 30,
        capacity: 2,
        vaccine: "コミナティ".to_owned(),
        doses: vec![DoseNo::FIRST],
        phone_share: None,
    };
    city.engine.import_sessions(&[row], false, By::System).await.expect("drafted");
    let now = city.engine.now();
    city.engine.publish(&city.engine.drafts(now), now, By::System).await.expect("published");
    4
}

#[tokio::test]
async fn an_account_that_is_bound_to_a_venue_reaches_no_other() {
    let (city, _, number) = desk().await;
    add_venue(&city).await;
    let bind = city.engine.bind_staff("venue1", Some(VenueId(2)), By::System);
    bind.await.expect("bound");
    let mut browser = city.signed_in(StaffRole::Venue).await;
    let home = browser.get("/venue").await;
    assert!(home.address == "/venue/2" && home.says("文化ホール") && !home.says("ほかの会場"), "{}", home.html);
    for path in ["", "/print", "/walk-in", "/leftovers", "/leftovers/1"] {
        assert_eq!(browser.get(&format!("/venue/1{path}")).await.status, 404, "{path}");
    }
    let foreign = browser.get(&format!("/venue/2/people/{number}")).await;
    assert!(foreign.status == 404 && !foreign.says("インザイ"), "{}", foreign.html);
    let fields = [("seen", "booked"), ("next", "checked_in")];
    for venue in [1, 2, 9] {
        let tried = browser.post(&format!("/venue/{venue}/people/{number}"), &fields).await;
        assert_eq!(tried.status, 404, "{venue}");
    }
    for path in
        ["/venue/x", "/venue/9", "/venue/2?day=x", "/venue/2?slot=1-0", "/venue/2/leftovers/1", "/venue/2/people/1"]
    {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
    city.close();
}

#[tokio::test]
async fn the_day_shows_counts_to_everybody_and_people_when_asked() {
    let (city, mut browser, number) = desk().await;
    let day = browser.get("/venue/1").await;
    assert!(day.says("11:30–12:00") && !day.says("インザイ　ハナコ"), "{}", day.html);
    let slot = browser.get("/venue/1?slot=1-0").await;
    assert!(slot.says("インザイ　ハナコ") && slot.says(&number.grouped()), "{}", slot.html);
    assert!(browser.get("/venue/1?slot=all").await.says("インザイ　ハナコ"));
    let empty = browser.get("/venue/1?day=2026-12-06").await;
    assert!(empty.says("接種会がありません") && empty.says("今日の名簿ではありません"), "{}", empty.html);
    let paper = browser.get("/venue/1/print").await;
    assert!(paper.says("インザイ　ハナコ") && paper.says("□") && paper.says("11:00 現在"), "{}", paper.html);
    city.close();
}

#[tokio::test]
async fn no_shows_take_the_number_of_people_as_it_is() {
    let (city, mut browser, number) = desk().await;
    let early = browser.post("/venue/1/no-shows", &[("count", "1")]).await;
    assert!(early.status == 409 && early.says("12:30より前"), "{}", early.html);
    wait_until(&city, "2026-12-05 12:30");
    let mut browser_again = city.signed_in(StaffRole::Venue).await;
    for (typed, status) in [("", 400), ("一人", 400), ("2", 409)] {
        let wrong = browser_again.post("/venue/1/no-shows", &[("count", typed)]).await;
        assert_eq!(wrong.status, status, "{typed}");
        assert!(wrong.says("href=\"#count\"") && wrong.says(&format!("value=\"{typed}\"")), "{}", wrong.html);
    }
    let marked = browser_again.post("/venue/1/no-shows", &[("count", "1")]).await;
    assert!(marked.says("1人を「来場なし」にしました"), "{}", marked.html);
    let here = format!("/venue/1/people/{number}");
    let undone = browser_again.post(&here, &[("seen", "no_show"), ("next", "booked")]).await;
    assert!(undone.says("未受付"), "{}", undone.html);
    city.close();
}

#[tokio::test]
async fn a_walk_in_is_identified_and_booked_into_a_free_place_once() {
    let (city, mut browser, number) = desk().await;
    for (typed, says) in [
        ("", "券番号（ID）がありません"),
        ("12 ヨソノ タロウ S35.4.2", "2桁です"),
        ("0012345671 ヨソノ タロウ", "生年月日がありません"),
        ("0012345671 ヨソノ タロウ S35.4.3", "名簿にいません"),
        ("0012345679 ヨソノ タロウ S35.4.2", "名簿にいません"),
    ] {
        let wrong = browser.post("/venue/1/walk-in", &[("identity", typed)]).await;
        assert!(wrong.status == 400 && wrong.says(says), "{typed}: {}", wrong.html);
        assert!(wrong.says(&format!("value=\"{typed}\"")), "{typed}: {}", wrong.html);
    }
    let found = browser.post("/venue/1/walk-in", &[("identity", IDENTITY)]).await;
    assert!(found.says("ヨソノ　タロウ") && found.says("value=\"1-0\"") && found.says("残り1"), "{}", found.html);
    let key = "desk-1";
    let fields = [("identity", IDENTITY), ("dose", "1"), ("key", key), ("place", "")];
    let unchosen = browser.post("/venue/1/walk-in/book", &fields).await;
    assert!(unchosen.status == 409 && unchosen.says("枠を選んでください"), "{}", unchosen.html);
    let fields = [("identity", IDENTITY), ("dose", "1"), ("key", key), ("place", "1-0")];
    let booked = browser.post("/venue/1/walk-in/book", &fields).await;
    assert!(booked.status == 200 && booked.says("受付済み") && booked.says("ヨソノ　タロウ"), "{}", booked.html);
    let again = browser.post("/venue/1/walk-in/book", &fields).await;
    assert_eq!(again.address, booked.address, "the same press again");
    let twice = browser.post("/venue/1/walk-in", &[("identity", IDENTITY)]).await;
    assert!(twice.says("この予約で受付する") && !twice.says("予約して受付する"), "{}", twice.html);
    let third = "0012345672 キタノ ジロウ 1960-04-02";
    let fields = [("identity", third), ("dose", "1"), ("key", "desk-2"), ("place", "1-0")];
    let full = browser.post("/venue/1/walk-in/book", &fields).await;
    assert!(full.status == 409 && full.says("この枠は満員です"), "{}", full.html);
    assert_ne!(booked.address, format!("/venue/1/people/{number}"));
    city.close();
}

#[tokio::test]
async fn whoever_tries_one_identity_after_another_has_to_wait() {
    let (city, mut browser, _) = desk().await;
    let mut waits = false;
    for day in 10..20 {
        let typed = format!("0012345671 ヨソノ タロウ 1970-01-{day}");
        let page = browser.post("/venue/1/walk-in", &[("identity", &typed)]).await;
        waits |= page.says("合わない入力が続きました");
    }
    assert!(waits, "a guesser is slowed down");
    let right = browser.post("/venue/1/walk-in", &[("identity", IDENTITY)]).await;
    assert!(!right.says("枠を選んでください"), "{}", right.html);
    assert_eq!(city.signed_in(StaffRole::Venue).await.get("/venue").await.status, 200, "signing in is not slowed down");
    city.close();
}

#[tokio::test]
async fn leftovers_are_called_and_whoever_comes_is_booked() {
    let (city, mut browser, _) = desk().await;
    let contact = parse_contact("090-1234-5678").expect("a contact");
    city.engine.give_contact(ResidentNo(1), contact, By::Resident(ResidentNo(1))).await.expect("held");
    let sessions = browser.get("/venue/1/leftovers").await;
    assert!(sessions.says("href=\"/venue/1/leftovers/1\"") && !sessions.says("ヨソノ"), "{}", sessions.html);
    let list = browser.get("/venue/1/leftovers/1").await;
    assert!(list.says("ヨソノ　タロウ") && list.says("090"), "{}", list.html);
    assert!(!list.says("キタノ") && !list.says("インザイ　ハナコ"), "{}", list.html);
    let lot = list.html.split_once("name=\"lot\" value=\"").expect("a lot").1[..16].to_owned();
    let answer = |said, key| [("lot", lot.as_str()), ("answer", said), ("key", key), ("place", "1-1")];
    let after = browser.post("/venue/1/leftovers/1", &answer("no_answer", "a")).await;
    assert!(after.says("電話した人") && after.says("応答なし") && !after.says("090"), "{}", after.html);
    let comes = browser.post("/venue/1/leftovers/1", &answer("accepted", "b")).await;
    assert!(comes.says("予約しました。予約番号"), "{}", comes.html);
    let ids = browser.post("/venue/1/leftovers/1/ids", &[("rows", "5"), ("encoding", "utf-8")]).await;
    assert_eq!(ids.html, "\u{feff}順番,券番号\r\n1,0012345672\r\n");
    assert!(ids.headers["content-disposition"].to_str().expect("text").contains("attachment"));
    let wrong = browser.post("/venue/1/leftovers/1/ids", &[("rows", "0")]).await;
    assert!(wrong.status == 400 && wrong.says("href=\"#rows\""), "{}", wrong.html);
    city.close();
}

#[tokio::test]
async fn whom_the_city_has_to_reach_is_listed_done_and_exported() {
    let (city, _, number) = desk().await;
    city.engine.cancel_session(SessionId(1), By::System).await.expect("cancelled");
    let mut browser = city.signed_in(StaffRole::Operator).await;
    let lists = browser.get("/follow-up").await;
    for words in ["インザイ　ハナコ", "市が接種会を中止した人（1）", "届け出なし", "伝えた"]
    {
        assert!(lists.says(words), "{words}: {}", lists.html);
    }
    let number = number.to_string();
    let said =
        |reached: &'static str| [("about", "cancelled_by_city"), ("number", number.as_str()), ("reached", reached)];
    let done = browser.post("/follow-up", &said("told")).await;
    assert!(done.says("連絡が要る人はいません") && done.says("済んだ人を見る（1）"), "{}", done.html);
    let all = browser.get("/follow-up?done=1").await;
    assert!(all.says("インザイ　ハナコ") && all.says("operator1 令和8年12月5日"), "{}", all.html);
    browser.post("/follow-up", &said("no_answer")).await;
    assert!(browser.get("/follow-up?why=cancelled_by_city").await.says("インザイ　ハナコ"), "it was taken back");
    let unsaid = browser.post("/follow-up/export", &[("encoding", "cp932")]).await;
    assert!(unsaid.status == 400 && unsaid.says("href=\"#reason\""), "{}", unsaid.html);
    let file = browser.post("/follow-up/export", &[("reason", "contact"), ("encoding", "utf-8")]).await;
    assert!(file.html.contains("市が接種会を中止した人,インザイ　ハナコ,"), "{}", file.html);
    for (path, status) in [("/follow-up?why=x", 404), ("/follow-up?skip=-1", 404), ("/follow-up?skip=50", 200)] {
        assert_eq!(browser.get(path).await.status, status, "{path}");
    }
    let foreign = [("about", "left_roll"), ("number", number.as_str()), ("reached", "told")];
    assert_eq!(browser.post("/follow-up", &foreign).await.status, 404);
    let mut venue = city.signed_in(StaffRole::Venue).await;
    assert_eq!(venue.get("/follow-up").await.status, 403);
    assert_eq!(browser.get("/venue/1").await.status, 403);
    city.close();
}
