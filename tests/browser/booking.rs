//! Booking: in three steps, with scripts and without; pressed twice, gone back, in two tabs: once.

use sesshu_tests::browser::Scripts;
use sesshu_tests::{PlannedSession, Resident, report};

use crate::stage::{Stage, play};
use crate::steps::{BOOK, LOGIN, live, shown};
use crate::visit::Visit;

/// What the issue promises: page loads from the login page to the booking number.
const LOADS_MAX: usize = 4;

async fn books_in_three_steps(stage: &Stage, scripts: Scripts, what: &str) {
    let resident = stage.resident();
    let mut visit = stage.visit(scripts).await;
    visit.open("/").await;
    visit.press("#book").await;
    let before = visit.loads;
    visit.log_in_with(&resident.id, &resident.password).await;
    visit.take_any().await;
    visit.book().await;
    let loads = visit.loads - before;
    report(&format!("{what}: log in, choose, confirm: {loads} page loads from the login page to the booking number"));
    assert!(loads <= LOADS_MAX, "{loads} page loads");
    let booked = live(stage, &resident).await;
    assert!(!booked.is_empty());
    assert_eq!(visit.numbers().await, shown(&booked), "the page shows the numbers");
    let text = visit.text().await;
    assert!(booked.iter().all(|one| text.contains(one["venue"]["name"].as_str().expect("a venue"))), "and where to go");
    visit.end();
}

#[test]
fn a_place_is_booked_in_three_steps() {
    play(async |stage| books_in_three_steps(stage, Scripts::On, "with JavaScript").await);
}

#[test]
fn a_place_is_booked_in_three_steps_without_javascript() {
    play(async |stage| books_in_three_steps(stage, Scripts::Off, "without JavaScript").await);
}

/// A visit that stands at the confirmation of a place.
async fn at_confirmation<'a>(stage: &'a Stage, resident: &Resident, scripts: Scripts) -> Visit<'a> {
    let mut visit = stage.visit(scripts).await;
    visit.log_in(resident).await;
    visit.open("/choose?dose=1").await;
    visit.take_any().await;
    visit.find(BOOK).await;
    visit
}

#[test]
fn a_button_pressed_twice_books_once_and_shows_the_number() {
    play(async |stage| {
        for scripts in [Scripts::On, Scripts::Off] {
            let resident = stage.resident();
            let visit = at_confirmation(stage, &resident, scripts).await;
            let page = visit.find("html").await;
            visit.ask("const form = document.querySelector(\"form[action='/book']\"); form.requestSubmit(); form.requestSubmit();").await;
            visit.gone(&page).await;
            visit.find(".number").await;
            visit.is_done().await;
            let booked = live(stage, &resident).await;
            assert_eq!(booked.len(), 1, "{booked:?}");
            assert_eq!(visit.numbers().await, shown(&booked));
            visit.browser.refresh().await.expect("the page again");
            visit.is_done().await;
            assert_eq!(live(stage, &resident).await, booked, "a reload sends nothing again");
            visit.end();
        }
    });
}

#[test]
fn going_back_and_pressing_again_books_nothing_more() {
    play(async |stage| {
        let resident = stage.resident();
        let mut visit = at_confirmation(stage, &resident, Scripts::On).await;
        visit.book().await;
        let booked = live(stage, &resident).await;
        visit.browser.back().await.expect("the page before");
        if visit.has(BOOK).await {
            visit.press(BOOK).await;
        }
        visit.check().await;
        assert!(visit.has("main a[href]").await, "it says where to go on\n{}", visit.text().await);
        assert_eq!(live(stage, &resident).await, booked, "the first booking stands, alone");
        visit.end();
    });
}

#[test]
fn two_tabs_of_one_person_book_one_place() {
    play(async |stage| {
        let plans = [PlannedSession::new("二つのタブの会場", 31, 5)];
        let session = stage.city.open(&plans).await.remove(0);
        let resident = stage.resident();
        let mut visit = stage.visit(Scripts::On).await;
        visit.log_in(&resident).await;
        visit.open_choice(1, &plans[0].date).await;
        visit.take(&[(&session.place(0), 1)]).await;
        visit.find(BOOK).await;
        let first = visit.browser.window().await.expect("a tab");
        let second = visit.browser.new_window(true).await.expect("another tab").handle;
        visit.browser.switch_to_window(second.clone()).await.expect("the other tab");
        visit.set_width(Visit::PHONE).await;
        visit.open_choice(1, &plans[0].date).await;
        visit.take(&[(&session.place(1), 1)]).await;
        visit.find(BOOK).await;
        // The first tab shows a place whose hold the second tab has replaced. It is still free: what the page shows is booked.
        visit.browser.switch_to_window(first.clone()).await.expect("the first tab");
        visit.book().await;
        let booked = live(stage, &resident).await;
        assert_eq!(booked.len(), 1);
        assert_eq!(booked[0]["slot"].as_str(), Some(&*session.place(0).slot));
        // And the second tab hears that there is a booking already.
        visit.browser.switch_to_window(second).await.expect("the other tab");
        visit.press(BOOK).await;
        assert_ne!(visit.path().await, "/done");
        visit.check().await;
        assert!(visit.has("main a[href^='/my']").await, "on to one's bookings\n{}", visit.text().await);
        assert_eq!(live(stage, &resident).await, booked);
        visit.browser.close_window().await.expect("the tab closes");
        visit.browser.switch_to_window(first).await.expect("the first tab");
        visit.end();
    });
}

#[test]
fn whoever_hangs_up_while_booking_finds_the_booking_afterwards() {
    play(async |stage| {
        let resident = stage.resident();
        let mut visit = at_confirmation(stage, &resident, Scripts::On).await;
        // The answer is never read: the page is left at once.
        visit.ask("document.querySelector(\"form[action='/book']\").requestSubmit(); window.stop();").await;
        visit.open("/my").await;
        let booked = live(stage, &resident).await;
        assert_eq!(visit.numbers().await, shown(&booked), "the page tells what is true");
        visit.end();
    });
}

#[test]
fn a_login_that_ended_keeps_the_choice() {
    play(async |stage| {
        let resident = stage.resident();
        let mut visit = at_confirmation(stage, &resident, Scripts::On).await;
        visit.browser.delete_all_cookies().await.expect("no cookies");
        visit.press(BOOK).await;
        assert_eq!(visit.path().await, "/login");
        assert!(visit.has("[role=status]").await, "it says that nothing was booked\n{}", visit.text().await);
        assert!(live(stage, &resident).await.is_empty());
        visit.log_in_with(&resident.id, &resident.password).await;
        assert!(!visit.has(LOGIN).await, "{}", visit.text().await);
        visit.book().await;
        assert_eq!(live(stage, &resident).await.len(), 1);
        visit.end();
    });
}
