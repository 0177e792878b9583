//! The call centre: a whole call by keyboard, who is reached from where, and what each "no" says.

use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::ids::{Channel, CityId, DoseNo, RequestKey, ResidentNo};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::staff::StaffRole;
use sesshu_engine::core::time::{ClockTime, Day};
use sesshu_engine::roll::{RollRow, SessionRow};
use sesshu_engine::{AuditQuery, HashLane};
use sesshu_http::StaffConfig;

use super::browser::{Browser, Page};
use super::city::City;
use super::keyboard::Keyboard;

const WHO: ResidentNo = ResidentNo(0);
const CLAIM: &str = "0012345670 インザイ ハナコ S35.4.2";
const SAID: [(&str, &str); 3] = [("said_id", "yes"), ("said_name", "yes"), ("said_birth", "yes")];

/// An operator's browser in a call, and the call's address.
async fn in_a_call(city: &City) -> (Browser, String) {
    let mut browser = city.signed_in(StaffRole::Operator).await;
    let page = browser.post("/calls", &[("reason", "book")]).await;
    assert_eq!(page.status, 200, "{}", page.html);
    (browser, page.address)
}

async fn look_up(browser: &mut Browser, call: &str, claim: &str, nth: &str) -> Page {
    let mut fields = vec![("claim", claim), ("nth", nth)];
    fields.extend(SAID);
    browser.post(call, &fields).await
}

/// An operator's browser with the first resident on the line, and the address of that person's pages.
async fn on_line(city: &City) -> (Browser, String) {
    let (mut browser, call) = in_a_call(city).await;
    let page = look_up(&mut browser, &call, CLAIM, "0").await;
    assert_eq!(page.address, format!("{call}/1"), "{}", page.html);
    (browser, page.address)
}

/// Sessions besides those that the city has: for both doses, one place in each of two slots.
async fn more_sessions(city: &City, days: &[&str]) {
    let row = |date: Day| SessionRow {
        line: 2,
        venue: "駅前ホール".to_owned(),
        date,
        start: ClockTime(9 * 60),
        end: ClockTime(10 * 60),
        slot_minutes: 30,
        capacity: 1,
        vaccine: "コミナティ".to_owned(),
        doses: vec![DoseNo::FIRST, DoseNo::new(2).expect("a dose")],
        phone_share: None,
    };
    let rows: Vec<SessionRow> = days.iter().map(|day| row(day.parse().expect("a date"))).collect();
    city.engine.import_sessions(&rows, false, By::System).await.expect("drafted");
    let now = city.engine.now();
    city.engine.publish(&city.engine.drafts(now), now, By::System).await.expect("published");
}

/// The first free place on `day`, as forms name it, with its leg.
fn place(city: &City, day: &str, dose: u8) -> (String, Leg) {
    let dose = DoseNo::new(dose).expect("a dose");
    let day: Day = day.parse().expect("a date");
    let sessions = city.engine.availability();
    let session = sessions.sessions.iter().find(|session| session.date == day).expect("a session");
    let leg = Leg { session: session.id, slot: session.slots[0].id, dose };
    (format!("{}-{}-{dose}", leg.session, leg.slot), leg)
}

/// Somebody else books `leg` on the web.
async fn taken_by(city: &City, who: u32, leg: Leg) {
    let (who, key) = (ResidentNo(who), RequestKey::new(&format!("web-{who}")).expect("a key"));
    let booked = city.engine.book(who, Legs::one(leg), key, By::Resident(who), Channel::Web).await;
    booked.expect("there is a place");
}

/// What the journal says that the first operator did, oldest first.
async fn journal(city: &City) -> Vec<(By, Vec<Event>)> {
    let query = AuditQuery { maker: Some("operator1".into()), rows_max: 500, ..AuditQuery::default() };
    let page = city.engine.audit(query).await.expect("readable");
    page.entries.into_iter().rev().map(|(_, entry)| (entry.by, entry.events)).collect()
}

fn number_in(page: &Page) -> String {
    let (_, after) = page.address.split_once("number=").expect("the address names it");
    after.split('&').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_whole_call_goes_by_keyboard_from_the_first_word_to_its_end() {
    let city = City::open().await;
    let operator = city.signed_in(StaffRole::Operator).await;
    let mut keys = Keyboard::at(operator, "/calls").await;
    keys.press("1").await;
    keys.type_into_field(CLAIM);
    keys.tab();
    for said in ["1", "2", "3"] {
        keys.press(said).await;
    }
    keys.enter().await;
    assert!(keys.page.says("インザイ　ハナコ") && keys.page.says("5670"), "{}", keys.page.html);
    keys.enter().await;
    keys.press("1").await;
    assert!(keys.page.says("1回目、令和8年12月5日、土曜日、午前11時30分から午後0時まで"), "{}", keys.page.html);
    keys.enter().await;
    assert!(keys.page.says("予約しました"), "{}", keys.page.html);
    let (to_number, machine) = (keys.keystrokes, keys.waited);
    let booking = city.engine.me(WHO).expect("on file").bookings[0].clone();
    for group in booking.number.grouped().split('-') {
        assert!(keys.page.says(&format!("<b>{group}</b>")), "{}", keys.page.html);
    }
    keys.enter().await;
    keys.press("1").await;
    assert!(keys.page.says("電話を終えました"), "{}", keys.page.html);
    let control = to_number - CLAIM.chars().count();
    eprintln!(
        "a scripted call, from reason to booking number: {to_number} keystrokes, {control} of them besides what the caller says; \
         {:.1} ms of machine time; to its end {} keystrokes",
        machine.as_secs_f64() * 1_000.0,
        keys.keystrokes,
    );
    assert!(control <= 9, "{control}");
    let by_call = |by: &By| matches!(by, By::Call { login, .. } if **login == *"operator1");
    let journal = journal(&city).await;
    let in_call: Vec<&Event> = journal.iter().filter(|(by, _)| by_call(by)).flat_map(|(_, events)| events).collect();
    let [opened, viewed, booked, ended] = *in_call else { panic!("{in_call:?}") };
    assert!(matches!(opened, Event::CallOpened { .. }) && matches!(ended, Event::CallEnded { .. }));
    assert!(matches!(viewed, Event::PersonViewed { resident: WHO, .. }));
    assert!(matches!(booked, Event::Booked { booking, .. } if booking.channel == Channel::Phone));
    city.close();
}

#[tokio::test]
async fn no_page_of_a_call_shows_a_birth_date_a_whole_id_or_anybody_else() {
    let city = City::open().await;
    let (mut browser, base) = on_line(&city).await;
    let (place, _) = place(&city, "2026-12-05", 1);
    let confirm = browser.post(&format!("{base}/hold"), &[("place", &place)]).await;
    let key = confirm.html.split("name=\"key\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let done = browser.post(&format!("{base}/book"), &[("place", &place), ("key", key.expect("a key"))]).await;
    let number = number_in(&done);
    let mut pages = vec![confirm, done];
    for path in
        ["", "/places?dose=1", "/places?dose=2", &format!("/cancel/{number}"), &format!("/slip?number={number}")]
    {
        pages.push(browser.get(&format!("{base}{path}")).await);
    }
    let call = base.rsplit_once('/').expect("a turn").0;
    pages.push(browser.get(call).await);
    for page in pages {
        assert!(page.status == 200, "{} {}", page.address, page.status);
        for secret in ["0012345670", "1960", "35年", "4月2日", "ヨソノ", "キタノ"] {
            // What the field takes is told by an example that is nobody's.
            let html = page.html.replace("0012345670 インザイ ハナコ S35.4.2", "");
            assert!(!html.contains(secret), "{} shows {secret}", page.address);
        }
    }
    city.close();
}

#[tokio::test]
async fn a_person_is_reached_only_in_the_running_call_of_whoever_identified_them() {
    let city = City::open().await;
    let mut secret = [7; 20];
    secret[..9].copy_from_slice(b"operator2");
    let put = city.engine.put_staff("operator2", StaffRole::Operator, super::city::PASSWORD, secret, By::System);
    put.await.expect("an account");
    let (mut own, base) = on_line(&city).await;
    let mut other = city.signed_in_as("operator2").await;
    let (call, _) = base.rsplit_once('/').expect("a turn");
    let pages = ["", "/places?dose=1", "/done?number=1", "/slip?number=1", "/confirm/0000000000000001", "/cancel/1"];
    for path in pages {
        assert_eq!(other.get(&format!("{base}{path}")).await.status, 404, "{path}");
        assert_eq!(own.get(&format!("{call}/2{path}")).await.status, 404, "{path}: nobody has that turn");
    }
    for path in ["/hold", "/release", "/book", "/cancel/1", "/clinic", "/password"] {
        assert_eq!(other.post(&format!("{base}{path}"), &[("place", "1-0-1")]).await.status, 404, "{path}");
    }
    assert_eq!(other.get(call).await.status, 404);
    assert_eq!(other.post(&format!("{call}/end"), &[("outcome", "done")]).await.status, 404);
    // The next person of the call takes the place of the first.
    let next = look_up(&mut own, call, "0012345671 ヨソノ タロウ S35.4.2", "1").await;
    assert_eq!(next.address, format!("{call}/2"));
    assert_eq!(own.get(&base).await.status, 404, "a page that was left open is about nobody now");
    own.post(&format!("{call}/end"), &[("outcome", "done")]).await;
    assert_eq!(own.get(&format!("{call}/2")).await.status, 404, "the call is over");
    let again = own.post(&format!("{call}/end"), &[("outcome", "no_place")]).await;
    assert!(again.says("電話を終えました"), "ending it again is harmless");
    city.close();
}

#[tokio::test]
async fn a_booking_of_somebody_else_is_not_there() {
    let city = City::open().await;
    let (place, leg) = place(&city, "2026-12-05", 1);
    taken_by(&city, 1, leg).await;
    let number = city.engine.me(ResidentNo(1)).expect("on file").bookings[0].number;
    let (mut browser, base) = on_line(&city).await;
    for path in ["done", "slip"] {
        assert_eq!(browser.get(&format!("{base}/{path}?number={number}")).await.status, 404, "{path}");
    }
    assert_eq!(browser.get(&format!("{base}/places?changes={number}")).await.status, 404);
    assert_eq!(browser.get(&format!("{base}/cancel/{number}")).await.status, 404);
    assert_eq!(browser.post(&format!("{base}/cancel/{number}"), &[]).await.status, 404);
    let number = number.to_string();
    for path in ["hold", "book"] {
        let fields = [("place", place.as_str()), ("changes", &number), ("key", "k")];
        assert_eq!(browser.post(&format!("{base}/{path}"), &fields).await.status, 404, "{path}");
    }
    city.close();
}

#[tokio::test]
async fn what_cannot_be_read_is_said_without_a_look_up_and_typed_values_stay() {
    let city = City::open().await;
    let (mut browser, call) = in_a_call(&city).await;
    let unsaid = browser.post(&call, &[("claim", CLAIM), ("nth", "0"), ("said_id", "yes")]).await;
    assert_eq!(unsaid.status, 400);
    assert!(unsaid.says("印を付けてください") && unsaid.says(&format!("value=\"{CLAIM}\"")), "{}", unsaid.html);
    let unread = look_up(&mut browser, &call, "001 印西 S35.13.2", "0").await;
    for says in ["3桁です", "「印」はカナではありません", "こよみにない日付です"] {
        assert!(unread.says(says), "{says}: {}", unread.html);
    }
    assert!(unread.says("name=\"said_birth\" value=\"yes\" data-key=\"3\" checked"), "{}", unread.html);
    let looked = journal(&city).await.into_iter().flat_map(|(_, events)| events);
    assert_eq!(looked.filter(|event| matches!(event, Event::NobodyFound { .. })).count(), 0);
    city.close();
}

#[tokio::test]
async fn after_three_times_nobody_the_call_ends_and_says_what_to_tell() {
    let city = City::open().await;
    let (mut browser, call) = in_a_call(&city).await;
    for (nth, claim) in [("0", "9999999999 インザイ ハナコ S35.4.2"), ("1", "0012345670 インザイ ハナコ S35.4.3")]
    {
        let page = look_up(&mut browser, &call, claim, nth).await;
        assert!(page.says("見つかりませんでした") && page.says(claim), "{}", page.html);
        assert!(page.says(&format!("あと{}回", 2 - nth.parse::<u8>().expect("a number"))), "{}", page.html);
    }
    let sent_twice = look_up(&mut browser, &call, "0012345670 キタノ ジロウ S35.4.2", "1").await;
    assert_eq!((sent_twice.status.as_u16(), sent_twice.address.as_str()), (200, call.as_str()));
    let last = look_up(&mut browser, &call, "0012345670 キタノ ジロウ S35.4.2", "2").await;
    assert!(last.says("ご本人と確認できなかったため"), "{}", last.html);
    assert_eq!(look_up(&mut browser, &call, CLAIM, "3").await.status, 404);
    city.close();
}

#[tokio::test]
async fn too_many_look_ups_are_refused_with_the_time_of_the_next() {
    let city = City::open_with(StaffConfig { lookups_per_hour_max: 1, ..StaffConfig::default() }).await;
    let (mut browser, base) = on_line(&city).await;
    let call = base.rsplit_once('/').expect("a turn").0;
    let page = look_up(&mut browser, call, CLAIM, "1").await;
    assert_eq!(page.status, 429);
    assert!(page.says("1時間に調べられる人数（1人）") && page.says("令和8年12月1日（火） 10:00"), "{}", page.html);
    assert_eq!(browser.get(&base).await.status, 200, "whoever is on the line stays there");
    city.close();
}

#[tokio::test]
async fn a_second_opening_leads_to_the_call_that_is_going_on() {
    let city = City::open().await;
    let (mut browser, call) = in_a_call(&city).await;
    let again = browser.post("/calls", &[("reason", "other")]).await;
    assert_eq!(again.address, call);
    assert!(browser.get("/calls").await.says("通話中の電話があります"));
    assert_eq!(browser.post("/calls", &[("reason", "nonsense")]).await.status, 400);
    city.close();
}

#[tokio::test]
async fn a_pair_is_booked_with_the_first_place_kept_while_the_second_is_chosen() {
    let city = City::open().await;
    more_sessions(&city, &["2026-12-26"]).await;
    let (mut browser, base) = on_line(&city).await;
    let person = browser.get(&base).await;
    assert!(person.says("1回目と2回目をまとめて予約する"), "{}", person.html);
    let (first, leg) = place(&city, "2026-12-05", 1);
    let (second, _) = place(&city, "2026-12-26", 2);
    let then = browser.post(&format!("{base}/hold"), &[("place", &first), ("pair", "yes")]).await;
    assert!(then.says("つづけて2回目の枠を選ぶ") && then.says(&second), "{}", then.html);
    assert!(!then.says("12月12日"), "nothing is offered that is too near");
    assert_eq!(city.engine.current_hold(WHO).map(|hold| hold.legs), Some(vec![leg]));
    let mut keys = Keyboard::at(browser.clone(), &then.address).await;
    keys.press("*").await;
    assert!(keys.page.says("復唱して予約する") && !keys.page.says("2回目、"), "{}", keys.page.html);
    let confirm = browser.post(&format!("{base}/hold"), &[("place", &second), ("with", &first)]).await;
    assert!(confirm.says("1回目、") && confirm.says("2回目、"), "{}", confirm.html);
    let both = format!("{first},{second}");
    let done = browser.post(&format!("{base}/book"), &[("place", &both), ("key", "k-1")]).await;
    assert!(done.says("予約しました"), "{}", done.html);
    assert_eq!(city.engine.me(WHO).expect("on file").bookings.len(), 2);
    let again = browser.post(&format!("{base}/book"), &[("place", &both), ("key", "k-1")]).await;
    assert_eq!(again.address, done.address, "the same form books once");
    city.close();
}

#[tokio::test]
async fn when_a_place_is_gone_the_next_three_are_offered() {
    let city = City::open().await;
    more_sessions(&city, &["2026-12-06"]).await;
    let (wanted, leg) = place(&city, "2026-12-06", 1);
    let (mut browser, base) = on_line(&city).await;
    taken_by(&city, 1, leg).await;
    let page = browser.post(&format!("{base}/hold"), &[("place", &wanted)]).await;
    assert_eq!(page.status, 409);
    assert!(page.says("その枠は取れませんでした") && page.says("満員"), "{}", page.html);
    assert_eq!(page.html.matches("name=\"place\"").count(), 3, "{}", page.html);
    let [same_day, next_day] = ["12月6日（日） 09:30", "12月5日（土） 11:30"].map(|when| page.html.find(when));
    assert!(same_day.is_some() && same_day < next_day, "{}", page.html);
    let mut keys = Keyboard::at(browser, &base).await;
    keys.page = page;
    keys.press("1").await;
    assert!(keys.page.says("午前9時30分から午前10時まで"), "{}", keys.page.html);
    city.close();
}

#[tokio::test]
async fn a_booking_is_changed_and_its_number_stays() {
    let city = City::open().await;
    let (_, leg) = place(&city, "2026-12-05", 1);
    taken_by(&city, 0, leg).await;
    let number = city.engine.me(WHO).expect("on file").bookings[0].number;
    let (browser, base) = on_line(&city).await;
    let mut keys = Keyboard::at(browser, &base).await;
    assert!(keys.page.says("1回目の予約を変更する"), "{}", keys.page.html);
    let change = keys.page.html.split("places?changes=").next().expect("html").matches("data-key").count();
    assert!(change > 0);
    let page = keys.page.html.clone();
    let key = page.split("places?changes=").nth(1).and_then(|rest| rest.split("data-key=\"").nth(1));
    let key = key.and_then(|rest| rest.split('"').next()).expect("a key").to_owned();
    keys.press(&key).await;
    keys.press("3").await;
    assert!(keys.page.says("次のとおりに変更します"), "{}", keys.page.html);
    keys.enter().await;
    assert!(keys.page.says("予約を変更しました"), "{}", keys.page.html);
    let moved = &city.engine.me(WHO).expect("on file").bookings;
    assert_eq!((moved.len(), moved[0].number), (1, number));
    assert_ne!((moved[0].session, moved[0].slot), (leg.session, leg.slot));
    city.close();
}

#[tokio::test]
async fn a_cancelled_booking_can_be_taken_again() {
    let city = City::open().await;
    let (_, leg) = place(&city, "2026-12-05", 1);
    taken_by(&city, 0, leg).await;
    let number = city.engine.me(WHO).expect("on file").bookings[0].number;
    let (mut browser, base) = on_line(&city).await;
    let asked = browser.get(&format!("{base}/cancel/{number}")).await;
    assert!(asked.says("のご予約を取り消します"), "{}", asked.html);
    for _ in 0..2 {
        let done = browser.post(&format!("{base}/cancel/{number}"), &[]).await;
        assert!(done.says("予約を取り消しました"), "again is the same: {}", done.html);
    }
    let done = format!("{base}/done?number={number}&what=cancelled");
    assert_eq!(browser.get(&format!("{base}/slip?number={number}")).await.status, 409);
    let mut keys = Keyboard::at(browser, &done).await;
    keys.press("8").await;
    keys.enter().await;
    assert!(keys.page.says("予約しました"), "{}", keys.page.html);
    let places: Vec<_> = city.engine.me(WHO).expect("on file").bookings.iter().map(|b| (b.session, b.slot)).collect();
    assert_eq!(places, [(leg.session, leg.slot); 2]);
    city.close();
}

#[tokio::test]
async fn a_hold_is_given_back_by_going_back_and_a_page_of_an_ended_hold_leads_on() {
    let city = City::open().await;
    let (mut browser, base) = on_line(&city).await;
    let (place, _) = place(&city, "2026-12-05", 1);
    let confirm = browser.post(&format!("{base}/hold"), &[("place", &place)]).await;
    assert!(confirm.says("09:05</strong>まで押さえて") || confirm.says("まで押さえてあります"), "{}", confirm.html);
    let address = confirm.address.clone();
    let mut keys = Keyboard::at(browser.clone(), &address).await;
    keys.press("Escape").await;
    assert!(keys.page.says("1回目の枠を選ぶ"), "{}", keys.page.html);
    assert_eq!(city.engine.current_hold(WHO), None);
    assert_eq!(browser.get(&address).await.address, base, "what has ended leads to the person");
    city.close();
}

#[tokio::test]
async fn the_list_goes_by_nines_and_is_narrowed_by_venue_and_day() {
    let city = City::open().await;
    more_sessions(&city, &["2026-12-06", "2026-12-13", "2026-12-20"]).await;
    let (mut browser, base) = on_line(&city).await;
    let page = browser.get(&format!("{base}/places?dose=1")).await;
    assert_eq!(page.html.matches("name=\"place\"").count(), 9);
    assert!(page.says("12件のうち1〜9件目") && page.says("&amp;page=2") || page.says("&#38;page=2"), "{}", page.html);
    let next = browser.get(&format!("{base}/places?dose=1&page=2")).await;
    assert_eq!(next.html.matches("name=\"place\"").count(), 3);
    assert!(next.says("12件のうち10〜12件目"), "{}", next.html);
    let day = browser.get(&format!("{base}/places?dose=1&day=2026-12-06")).await;
    assert_eq!(day.html.matches("name=\"place\"").count(), 2, "{}", day.html);
    let beyond = browser.get(&format!("{base}/places?dose=1&venue=99")).await;
    assert!(beyond.says("空いている枠がありません"), "{}", beyond.html);
    assert_eq!(browser.get(&format!("{base}/places?dose=0")).await.status, 404);
    city.close();
}

#[tokio::test]
async fn what_is_noted_is_shown_and_no_page_knows_a_password() {
    let city = City::open().await;
    let (mut browser, base) = on_line(&city).await;
    let noted = browser.post(&format!("{base}/clinic"), &[("clinic", "yes")]).await;
    assert!(noted.says("「かかりつけ医で接種」を外す"), "{}", noted.html);
    let undone = browser.post(&format!("{base}/clinic"), &[("clinic", "no")]).await;
    assert!(undone.says("「かかりつけ医で接種」と記録する"), "{}", undone.html);
    let id = CityId::from_digits("0012345670");
    for _ in 0..2 {
        let asked = browser.post(&format!("{base}/password"), &[]).await;
        assert!(asked.says("郵送されます") && !asked.says("再発行を頼む"), "{}", asked.html);
    }
    assert!(city.engine.login(id, "x", HashLane::Staff).await.is_err());
    let requests = journal(&city).await.into_iter().flat_map(|(_, events)| events);
    assert_eq!(requests.filter(|event| matches!(event, Event::PasswordRequested { .. })).count(), 1);
    city.close();
}

#[tokio::test]
async fn whoever_left_the_roll_hears_why_and_keeps_their_booking() {
    let city = City::open().await;
    let (_, leg) = place(&city, "2026-12-05", 1);
    taken_by(&city, 0, leg).await;
    let stays = RollRow {
        line: 2,
        id: CityId::from_digits("0012345671").expect("an ID"),
        name_kana: "ヨソノ　タロウ".to_owned(),
        birth_date: "1960-04-02".parse().expect("a date"),
        groups: Vec::new(),
    };
    let shown = city.engine.roll_difference(std::slice::from_ref(&stays), false).digest;
    city.engine.import_roll(&[stays], false, shown, By::System).await.expect("imported");
    let (mut browser, base) = on_line(&city).await;
    let page = browser.get(&base).await;
    assert!(page.says("市の名簿から外れている") && page.says("予約を取り消す"), "{}", page.html);
    let (place, _) = place(&city, "2026-12-12", 1);
    let refused = browser.post(&format!("{base}/hold"), &[("place", &place)]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.says("この内容では予約できません"), "{}", refused.html);
    city.close();
}

#[tokio::test]
async fn the_slip_for_the_post_leaves_the_window_empty() {
    let city = City::open().await;
    let (_, leg) = place(&city, "2026-12-05", 1);
    taken_by(&city, 0, leg).await;
    let number = city.engine.me(WHO).expect("on file").bookings[0].number;
    let (mut browser, base) = on_line(&city).await;
    let paper = browser.get(&format!("{base}/slip?number={number}")).await;
    assert!(paper.says(&number.grouped()) && !paper.says("class=\"window\""), "{}", paper.html);
    let post = browser.get(&format!("{base}/slip?number={number}&post=yes")).await;
    assert!(post.says("<div class=\"window\" aria-hidden=\"true\"></div>"), "{}", post.html);
    city.close();
}
