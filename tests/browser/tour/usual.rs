//! The states that a person meets in a city that is open: before the login, on the way to a booking, with bookings, and every
//! "no" that can be met on the way.

use sesshu_tests::{PlannedSession, PublishedSession};

use super::Tour;
use crate::language::Language;
use crate::lost::end_hold;
use crate::stage::Stage;
use crate::steps::{BOOK, CANCEL, CHANGE, GO_ON, LOGIN, PLACES, number};

/// Sessions of the tour's own: two days for dose 1, one for dose 2, with `places` in each slot.
async fn sessions(stage: &Stage, language: &str) -> (Vec<PlannedSession>, Vec<PublishedSession>) {
    let plans = vec![
        PlannedSession::new(&format!("見学の会場一（{language}）"), 48, 4),
        PlannedSession::new(&format!("見学の会場二（{language}）"), 50, 2),
        PlannedSession::new(&format!("見学の会場三（{language}）"), 76, 2).doses("2"),
    ];
    let open = stage.city.open(&plans).await;
    (plans, open)
}

pub(super) async fn states(mut tour: Tour<'_>, stage: &Stage) {
    let (plans, open) = sessions(stage, tour.visit.language.code).await;
    before_login(&mut tour, stage).await;
    booking(&mut tour, stage, &plans, &open).await;
    changing(&mut tour, stage, &plans, &open).await;
    pair(&mut tour, stage, &plans, &open).await;
    contact(&mut tour, stage, &open).await;
    refused(&mut tour, stage, &plans, &open).await;
    tour.visit.end();
}

async fn before_login(tour: &mut Tour<'_>, stage: &Stage) {
    tour.stop_at("/", "top").await;
    tour.stop_at("/?dose=2", "top-dose-2").await;
    if tour.visit.language == Language::JAPANESE {
        tour.stop_at("/?furigana=on", "top-furigana").await;
        tour.visit.open("/?furigana=off").await;
    }
    tour.stop_at("/?text=large", "top-large").await;
    tour.stop_at("/login", "login-large").await;
    tour.visit.open("/?text=normal").await;
    tour.stop_at("/login", "login").await;
    tour.visit.ask("document.querySelector(\"form[action^='/login']\").noValidate = true").await;
    tour.visit.press(LOGIN).await;
    tour.stop("login-empty").await;
    tour.visit.open("/login").await;
    let resident = stage.resident();
    tour.visit.log_in_with(&resident.id, "wrong-wrong-w").await;
    tour.stop("login-wrong").await;
    for _ in 0..8 {
        tour.visit.log_in_with(&resident.id, "wrong-wrong-w").await;
        if !tour.visit.has(LOGIN).await {
            break;
        }
    }
    tour.stop("login-too-many").await;
    tour.stop_at("/choose?dose=1", "login-first").await;
    tour.stop_at("/nowhere", "not-found").await;
    tour.stop_at("/book", "wrong-method").await;
    tour.stop_at("/?dose=x", "invalid").await;
}

async fn booking(tour: &mut Tour<'_>, stage: &Stage, plans: &[PlannedSession], open: &[PublishedSession]) {
    let resident = stage.resident();
    tour.visit.log_in(&resident).await;
    tour.stop_at("/", "top-logged-in").await;
    tour.stop_at("/my", "my-empty").await;
    tour.stop_at("/choose?dose=1", "choose").await;
    if tour.visit.language == Language::JAPANESE {
        // Nobody waits, so that it is one's turn at once.
        tour.stop_at("/wait?back=/choose%3Fdose%3D1", "choose-ones-turn").await;
        tour.visit.open("/choose?dose=1").await;
    }
    tour.visit.ask(&format!("document.querySelector('{PLACES}').noValidate = true")).await;
    tour.visit.press(GO_ON).await;
    tour.stop("choose-nothing-chosen").await;
    let venue = open[0].0["venue"]["id"].as_str().expect("a venue").to_owned();
    tour.stop_at(&format!("/choose?dose=1&venue={venue}"), "choose-narrowed").await;
    tour.stop_at(&format!("/choose?dose=1&venue={venue}&time=pm"), "choose-narrowed-to-nothing").await;
    tour.visit.open_choice(1, &plans[0].date).await;
    tour.visit.take(&[(&open[0].place(0), 1)]).await;
    tour.stop("confirm").await;
    tour.visit.browser.delete_cookie("sesshu").await.expect("no login");
    tour.visit.press(BOOK).await;
    tour.stop("login-expired-at-booking").await;
    tour.visit.log_in_with(&resident.id, &resident.password).await;
    tour.visit.press(BOOK).await;
    tour.stop("done").await;
    tour.stop_at("/my", "my-booked").await;
    tour.stop_at("/choose?dose=1", "choose-booked-already").await;
    tour.stop_at("/confirm", "confirm-nothing-kept").await;
    tour.stop_at("/logout", "logout").await;
    tour.visit.log_out().await;
    tour.stop("logged-out").await;
}

async fn changing(tour: &mut Tour<'_>, stage: &Stage, plans: &[PlannedSession], open: &[PublishedSession]) {
    let resident = stage.resident();
    let mut device = stage.city.login(&resident).await;
    let booked = device.book("k", &open[0].place(1).dose(1)).await.expect(201).json();
    let number = number(&booked["bookings"][0]);
    tour.visit.log_in(&resident).await;
    tour.stop_at(&format!("/change/{number}"), "change-choose").await;
    tour.visit.open(&format!("/choose?dose=1&changes={number}&date={}", plans[1].date)).await;
    tour.visit.take(&[(&open[1].place(1), 1)]).await;
    tour.stop("change-confirm").await;
    tour.visit.press(CHANGE).await;
    tour.stop("change-done").await;
    tour.stop_at(&format!("/cancel/{number}"), "cancel").await;
    tour.visit.press(CANCEL).await;
    tour.stop("cancelled").await;
    tour.stop_at(&format!("/cancel/{number}"), "cancelled-already").await;
}

async fn pair(tour: &mut Tour<'_>, stage: &Stage, plans: &[PlannedSession], open: &[PublishedSession]) {
    let resident = stage.resident();
    tour.visit.log_in(&resident).await;
    tour.stop_at("/choose?dose=2", "choose-dose-2-first-missing").await;
    tour.stop_at(&format!("/choose?dose=1&pair=1&date={}&date2={}", plans[0].date, plans[2].date), "choose-pair").await;
    tour.visit.take(&[(&open[0].place(0), 1), (&open[2].place(0), 2)]).await;
    tour.stop("confirm-pair").await;
    tour.visit.book().await;
    tour.stop("done-pair").await;
    tour.stop_at("/my", "my-pair").await;
    let first = number(&stage.city.login(&resident).await.bookings().await[0]);
    tour.stop_at(&format!("/cancel/{first}"), "cancel-pair").await;
    tour.visit.press(CANCEL).await;
    tour.stop("cancelled-pair").await;
}

async fn contact(tour: &mut Tour<'_>, stage: &Stage, open: &[PublishedSession]) {
    let resident = stage.resident();
    let booked = stage.city.login(&resident).await.book("k", &open[1].place(0).dose(1)).await.expect(201).json();
    tour.visit.log_in(&resident).await;
    tour.stop_at(&format!("/my/{}", number(&booked["bookings"][0])), "slip").await;
    tour.stop_at("/contact", "contact").await;
    tour.visit.ask("document.querySelector(\"form[action='/contact']\").noValidate = true").await;
    tour.visit.type_into("#contact", "12").await;
    tour.visit.press("form[action='/contact'] button").await;
    tour.stop("contact-wrong").await;
    let field = tour.visit.find("#contact").await;
    field.clear().await.expect("a field");
    field.send_keys("090-0000-0000").await.expect("a field takes text");
    tour.visit.type_into("#consent", " ").await;
    tour.visit.press("form[action='/contact'] button").await;
    tour.stop("contact-given").await;
    tour.visit.press("form[action='/contact/delete'] button").await;
    tour.stop("contact-deleted").await;
}

async fn refused(tour: &mut Tour<'_>, stage: &Stage, plans: &[PlannedSession], open: &[PublishedSession]) {
    let resident = stage.resident();
    let mut device = stage.city.login(&resident).await;
    tour.visit.log_in(&resident).await;
    tour.visit.open_choice(1, &plans[1].date).await;
    tour.visit.take(&[(&open[1].place(0), 1)]).await;
    end_hold(&mut device, &open[1].place(1), None).await;
    stage.city.someone().await.book("k", &open[1].place(0).dose(1)).await.expect(201);
    tour.visit.press(BOOK).await;
    tour.stop("place-lost").await;
    tour.stop_at("/cancel/0000000000", "no-such-booking").await;
    tour.visit.open("/choose?dose=1").await;
    tour.visit.take_any().await;
    device.book("elsewhere", &open[0].place(1).dose(1)).await.expect(201);
    tour.visit.press(BOOK).await;
    tour.stop("booked-already").await;
}
