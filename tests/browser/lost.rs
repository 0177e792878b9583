//! A place that is lost on the way: the hold has ended, or somebody else was quicker.

use std::time::Duration;

use serde_json::json;
use sesshu_tests::browser::Scripts;
use sesshu_tests::{City, Client, Place, PlannedSession, PublishedSession};

use crate::stage::play;
use crate::steps::{BOOK, NEAREST};

/// A hold of one minute has ended within this.
const HOLD_ENDS_WITHIN: Duration = Duration::from_secs(90);

/// Ends the hold of a person before its time, as another device of theirs can: it takes another place, and gives it back.
pub(crate) async fn end_hold(device: &mut Client, other: &Place, changes: Option<&str>) {
    let mut wish = match changes {
        Some(number) => json!({"session": other.session, "slot": other.slot, "changes": number}),
        None => other.dose(1),
    };
    wish["dose"] = json!(1);
    let hold = device.post("/api/v1/holds", &wish).await.expect(201).json();
    device.delete(&format!("/api/v1/holds/{}", hold["hold"].as_str().expect("a hold"))).await.expect(204);
}

#[test]
fn whoever_loses_the_last_place_at_the_last_button_is_offered_the_nearest_ones() {
    play(async |stage| {
        let plan = PlannedSession::new("最後の一人の会場", 44, 1);
        let date = plan.date.clone();
        let session = stage.city.open_one(plan).await;
        let resident = stage.resident();
        let mut visit = stage.visit(Scripts::Off).await;
        visit.log_in(&resident).await;
        visit.open_choice(1, &date).await;
        visit.take(&[(&session.place(0), 1)]).await;
        visit.find(BOOK).await;
        let mut device = stage.city.login(&resident).await;
        end_hold(&mut device, &session.place(1), None).await;
        stage.city.someone().await.book("k", &session.place(0).dose(1)).await.expect(201);
        visit.press(BOOK).await;
        assert_ne!(visit.path().await, "/done");
        visit.check().await;
        assert!(device.bookings().await.is_empty(), "nothing was booked");
        assert_eq!(visit.count(NEAREST).await, 3, "{}", visit.text().await);
        let gone = session.place(0);
        let gone = format!("{}-{}-1", gone.session, gone.slot);
        assert_ne!(visit.attribute(NEAREST, "value").await, Some(gone), "what is gone is not offered");
        visit.press(NEAREST).await;
        visit.book().await;
        assert_eq!(device.bookings().await.len(), 1);
        visit.end();
    });
}

#[test]
fn whoever_comes_too_late_for_a_hold_is_told_at_the_choice() {
    play(async |stage| {
        let plan = PlannedSession::new("先に押さえた会場", 46, 1);
        let date = plan.date.clone();
        let session = stage.city.open_one(plan).await;
        let resident = stage.resident();
        let mut visit = stage.visit(Scripts::On).await;
        visit.log_in(&resident).await;
        visit.open_choice(1, &date).await;
        assert!(visit.offers(&session.place(0), 1).await);
        stage.city.someone().await.post("/api/v1/holds", &session.place(0).dose(1)).await.expect(201);
        visit.take(&[(&session.place(0), 1)]).await;
        assert!(!visit.has(BOOK).await, "nothing is kept for the one who came later");
        visit.check().await;
        assert_eq!(visit.count(NEAREST).await, 3, "the nearest ones are offered\n{}", visit.text().await);
        visit.end();
    });
}

#[test]
fn a_hold_that_ended_is_said_and_the_place_is_booked_if_it_is_still_free() {
    play(async |stage| {
        let city = City::demo().residents(20).config("[rules]\nhold_minutes = 1\nhold_minutes_total = 1\n").start();
        let plan = PlannedSession::new("一分だけの会場", 30, 1);
        let date = plan.date.clone();
        let session = city.open_one(plan.clone()).await;
        let (resident, other) = (city.resident(), city.resident());
        let mut visit = stage.visit_to(&city, Scripts::On).await;
        let mut unlucky = stage.visit_to(&city, Scripts::Off).await;
        for (visit, resident, slot) in [(&mut visit, &resident, 0), (&mut unlucky, &other, 1)] {
            visit.log_in(resident).await;
            visit.open_choice(1, &date).await;
            visit.take(&[(&session.place(slot), 1)]).await;
            visit.find(BOOK).await;
        }
        let running = visit.find("#remaining").await.text().await.expect("a text");
        let free = |session: &PublishedSession| session.free(0) == 1 && session.free(1) == 1;
        city.listed_within(&plan, HOLD_ENDS_WITHIN, free).await;
        let over = visit.attribute("#remaining", "data-over").await.expect("what is said at the end");
        visit.until("the page says that the time is over", HOLD_ENDS_WITHIN, "#remaining", &over).await;
        assert_ne!(running, over, "the time ran");
        // Nobody else has taken it: the button still books it.
        visit.book().await;
        // Somebody else has taken this one.
        city.someone().await.book("k", &session.place(1).dose(1)).await.expect(201);
        unlucky.press(BOOK).await;
        assert_eq!(unlucky.count(NEAREST).await, 3, "{}", unlucky.text().await);
        // Looked at again, the page of the ended hold leads on.
        unlucky.open("/confirm").await;
        assert!(!unlucky.has(BOOK).await, "{}", unlucky.text().await);
        unlucky.check().await;
        assert!(unlucky.has("main a[href]").await, "{}", unlucky.text().await);
        assert_eq!(city.login(&resident).await.bookings().await.len(), 1);
        assert!(city.login(&other).await.bookings().await.is_empty());
        visit.end();
        unlucky.end();
    });
}
