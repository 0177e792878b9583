//! At the venue: a scanner that types a slip's QR code, and what must not be overlooked.

use sesshu_tests::{PlannedSession, StaffMember, clock, not_run};

use crate::desk::{Desk, ENTER};
use crate::stage::play;

/// The last slot of the day begins at 23:00.
const LAST_SLOT: usize = 46;
const LAST_HOUR: i64 = 23;

#[test]
fn whoever_comes_is_checked_in_by_a_scanned_slip_and_vaccinated_and_a_wrong_one_is_loud() {
    if clock::hour() >= LAST_HOUR {
        not_run("a check-in in the browser: today's last slot has begun");
        return;
    }
    play(async |stage| {
        let city = &stage.city;
        let today = PlannedSession { start: "00:00", end: "23:30", ..PlannedSession::new("受付の会場", 0, 20) };
        let open = city.open(&[today, PlannedSession::new("別の日の会場", 3, 20)]).await;
        let mut numbers = Vec::new();
        for (session, slot) in [(&open[0], LAST_SLOT), (&open[1], 0)] {
            let booked = city.someone().await.book("k", &session.place(slot).dose(1)).await.expect(201).json();
            numbers.push(booked["bookings"][0]["number"].as_str().expect("a number").to_owned());
        }
        let member: StaffMember = city.new_staff("venue");
        let mut desk = Desk::of(stage, city, "check-in", &member).await;
        desk.open(&format!("/venue/{}", open[0].venue())).await;
        desk.stop("day").await;
        desk.type_keys(&numbers[0]).await;
        desk.key_on(ENTER).await;
        desk.stop("booked").await;
        desk.press("button[value=checked_in]").await;
        desk.stop("checked-in").await;
        desk.fill("#lot", "fa 24?").await;
        desk.press("button[value=vaccinated]").await;
        assert!(desk.has("#lot-error, .errors").await, "{}", desk.text().await);
        desk.stop("wrong-lot").await;
        desk.fill("#lot", "fa2453").await;
        desk.press("button[value=vaccinated]").await;
        desk.says(&["接種済", "FA2453"]).await;
        desk.stop("vaccinated").await;
        desk.fill("#q", &numbers[1]).await;
        desk.press("form.venue-find button").await;
        assert!(desk.has(".band[role=alert]").await, "{}", desk.text().await);
        desk.says(&["別の会場の予約です", "別の日の会場"]).await;
        desk.stop("other-venue").await;
        desk.open(&format!("/venue/{}?slot=all", open[0].venue())).await;
        desk.stop("people").await;
        for (page, state) in [("walk-in", "walk-in"), ("leftovers", "leftovers"), ("print", "print")] {
            desk.stop_at(&format!("/venue/{}/{page}", open[0].venue()), state).await;
        }
        desk.end();
    });
}
