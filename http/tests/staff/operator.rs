//! The call centre: a whole call by keyboard, who is identified and reached from where, and what the journal says of it.

use sesshu_engine::HashLane;
use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::ids::{Channel, CityId, ResidentNo};
use sesshu_engine::core::staff::StaffRole;
use sesshu_http::StaffConfig;

use super::city::City;
use super::in_a_call::{CLAIM, WHO, in_a_call, journal, look_up, number_in, on_line, place, taken_by};
use super::keyboard::Keyboard;

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
