//! Booking, changing and cancelling.

use axum::http::StatusCode;

use super::browser::{Browser, Page};
use super::city::{City, NAME};

/// Chooses the first free place.
pub(super) async fn hold(browser: &mut Browser, choose: &str) -> Page {
    let page = browser.get(choose).await;
    let (place, back) = (page.field("place"), page.field("back"));
    let mut fields = vec![("place", &*place), ("back", &*back)];
    let second = page.fields("second");
    let changes = page.field("changes");
    fields.push(("changes", &changes));
    if let Some(second) = second.first() {
        fields.extend([("second", &**second), ("pair", "1")]);
    }
    let confirm = browser.post("/hold", &fields).await;
    assert_eq!(confirm.path(), "/confirm", "{}", confirm.html);
    confirm
}

/// Chooses the first free place, and confirms it.
pub(super) async fn book(browser: &mut Browser, choose: &str) -> Page {
    let confirm = hold(browser, choose).await;
    let (key, place, number) = (confirm.field("key"), confirm.field("place"), confirm.field("number"));
    let action = if number.is_empty() { "/book" } else { "/change" };
    browser.post(action, &[("key", &key), ("place", &place), ("number", &number)]).await
}

#[tokio::test]
async fn from_the_login_to_the_number_there_are_three_pages() {
    let city = City::open().await;
    let mut browser = city.browser();
    let (id, password) = city.people[0].clone();
    let spaced = format!("{} {}", &id[..4], &id[4..]);
    let choose = browser.post("/login", &[("id", &spaced), ("password", &password), ("next", "/choose?dose=1")]).await;
    assert_eq!(choose.path(), "/choose");
    assert!(choose.says(NAME) && choose.says("2026年（令和8年）12月5日（土）"), "{}", choose.html);
    let done = book(&mut browser, "/choose?dose=1").await;
    assert_eq!(done.path(), "/done", "{}", done.html);
    let number = done.numbers().remove(0);
    for said in ["午前11時30分", "市民体育館", "<svg class=\"qr\"", "写真", "接種券"] {
        assert!(done.says(said), "{said}: {}", done.html);
    }
    let slip = browser.get(&format!("/my/{number}")).await;
    assert!(slip.status == StatusCode::OK && slip.says("予約票") && slip.numbers() == [&*number]);
    let calendar = browser.get(&format!("/my/{number}/calendar.ics")).await;
    for line in ["BEGIN:VEVENT", "DTSTART:20261205T023000Z", "DTEND:20261205T030000Z"] {
        assert!(calendar.says(line), "{line}: {}", calendar.html);
    }
    assert!(!calendar.says("インザイ"), "nobody is named in a calendar");
    city.close();
}

#[tokio::test]
async fn two_doses_are_chosen_together_and_explained_and_end_together() {
    let city = City::open().await;
    let mut browser = city.logged_in(0).await;
    let my = browser.get("/my").await;
    assert!(my.says("1回目と2回目を一緒に予約する"), "{}", my.html);
    let choose = browser.get("/choose").await;
    for said in ["12月5日（土）", "12月26日（土）", "21日後"] {
        assert!(choose.says(said), "{said}: {}", choose.html);
    }
    let done = book(&mut browser, "/choose").await;
    let numbers = done.numbers();
    assert_eq!((done.path(), numbers.len()), ("/done", 2), "{}", done.html);
    let ask = browser.get(&format!("/cancel/{}", numbers[0])).await;
    assert!(ask.says("1回目を取り消すと") && ask.numbers() == numbers, "{}", ask.html);
    let my = browser.post(&format!("/cancel/{}", numbers[0]), &[]).await;
    assert!(my.path() == "/my" && my.says("取り消しました"), "{}", my.html);
    let again = browser.get(&format!("/cancel/{}", numbers[0])).await;
    assert_eq!(again.path(), "/my");
    city.close();
}

#[tokio::test]
async fn a_change_keeps_the_number_and_says_that_the_old_place_is_kept() {
    let city = City::open().await;
    let mut browser = city.logged_in(0).await;
    let number = book(&mut browser, "/choose?dose=1").await.numbers().remove(0);
    let choose = browser.get(&format!("/change/{number}")).await;
    assert!(choose.path() == "/choose" && choose.says("そのまま残ります"), "{}", choose.html);
    city.a_moment_later();
    let done = book(&mut browser, &format!("/choose?dose=1&date=2026-12-12&changes={number}")).await;
    assert!(done.path() == "/done" && done.says("12月12日") && done.numbers() == [&*number], "{}", done.html);
    city.close();
}

#[tokio::test]
async fn places_are_narrowed_down_without_a_script() {
    let city = City::open().await;
    let mut browser = city.logged_in(0).await;
    let all = browser.get("/choose?dose=1").await;
    let venues = all.html.matches("<fieldset").count();
    assert_eq!((venues, all.fields("place").len()), (2, 4), "{}", all.html);
    let afternoon = browser.get("/choose?dose=1&venue=2&time=pm&date=").await;
    assert_eq!(afternoon.fields("place").len(), 1, "{}", afternoon.html);
    assert!(afternoon.says("駅前ホール") && afternoon.says("午後0時"), "{}", afternoon.html);
    let nothing = browser.get("/choose?dose=1&venue=77").await;
    assert!(nothing.says("条件を変えて"), "{}", nothing.html);
    city.close();
}

#[tokio::test]
async fn a_form_without_a_place_comes_back_with_what_is_missing() {
    let city = City::open().await;
    let mut browser = city.logged_in(0).await;
    let back = browser.get("/choose?dose=1&pair=1").await.field("back");
    for fields in [&[("place", ""), ("back", &*back)][..], &[("place", "1-0-1"), ("pair", "1"), ("back", &back)]] {
        let page = browser.post("/hold", fields).await;
        assert!(page.path() == "/choose" && page.says("id=\"errors\""), "{}", page.html);
    }
    city.close();
}

#[tokio::test]
async fn a_double_tap_and_the_back_button_book_once() {
    let city = City::open().await;
    let mut browser = city.logged_in(0).await;
    let place = browser.get("/choose?dose=1").await.field("place");
    let confirm = browser.post("/hold", &[("place", &place)]).await;
    let (key, place) = (confirm.field("key"), confirm.field("place"));
    let first = browser.post("/book", &[("key", &key), ("place", &place)]).await;
    let second = browser.post("/book", &[("key", &key), ("place", &place)]).await;
    assert_eq!((first.numbers(), second.path()), (second.numbers(), "/done"));
    let back = browser.get("/confirm").await;
    assert!(back.status == StatusCode::NOT_FOUND && back.says("/my"), "{}", back.html);
    let refused = browser.post("/hold", &[("place", &place)]).await;
    assert!(refused.status == StatusCode::CONFLICT && refused.says("すでに予約があります"), "{}", refused.html);
    city.close();
}
