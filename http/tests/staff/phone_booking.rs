//! What an operator books, changes and cancels for whoever is on the line, and what each "no" says.

use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::CityId;
use sesshu_engine::roll::{RollRow, WaveRow};

use super::city::City;
use super::in_a_call::{WHO, more_sessions, on_line, place, taken_by};
use super::keyboard::Keyboard;

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
    keys.press("1").await;
    assert!(keys.page.says("1回目の予約の変更先を選ぶ"), "{}", keys.page.html);
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
async fn whoever_cannot_book_yet_hears_when_and_why() {
    let wave = |born_to: &str, opens_at: &str| WaveRow {
        line: 2,
        name: "65歳以上".to_owned(),
        born_from: None,
        born_to: Some(born_to.parse().expect("a date")),
        group: None,
        opens_at: opens_at.parse().expect("an instant"),
    };
    let cases = [
        (wave("1962-04-01", "2026-12-03 09:00"), "この方の区分の受付は、令和8年12月3日（木） 09:00からです。"),
        (wave("1950-04-01", "2026-12-01 09:00"), "いま予約を受け付けている区分に入っていません。"),
        (wave("1962-04-01", "2026-12-01 09:00"), "1回目（令和8年12月1日（火）から）"),
    ];
    for (wave, says) in cases {
        let city = City::open().await;
        city.engine.import_waves(&[wave], false, By::System).await.expect("the waves are taken");
        let (mut browser, base) = on_line(&city).await;
        let page = browser.get(&base).await;
        assert!(page.says(says), "{says}: {}", page.html);
        city.close();
    }
}

#[tokio::test]
async fn when_everything_is_taken_or_given_the_page_says_so() {
    let city = City::open().await;
    let (mut browser, base) = on_line(&city).await;
    let sessions = city.engine.availability();
    let slots =
        sessions.sessions.iter().flat_map(|session| session.slots.iter().map(move |slot| (session.id, slot.id)));
    for (session, slot) in slots {
        let less = city.engine.change_capacity(session, slot, 0, By::System).await;
        less.expect("nobody has booked");
    }
    let page = browser.get(&base).await;
    assert!(page.says("いますべて満員です") && !page.says("予約する</a>"), "{}", page.html);
    let list = browser.get(&format!("{base}/places?dose=1")).await;
    assert!(list.says("いますべて満員です"), "{}", list.html);
    let pair = browser.get(&format!("{base}/places?dose=1&pair=yes")).await;
    assert!(pair.says("まとめて予約できる組み合わせが、いまありません"), "{}", pair.html);
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
