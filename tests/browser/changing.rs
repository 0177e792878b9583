//! Changing and cancelling: the old place is kept until the new one is won, and the number stays.

use sesshu_tests::PlannedSession;
use sesshu_tests::browser::Scripts;

use crate::stage::play;
use crate::steps::{CANCEL, CHANGE, digits, number};

#[test]
fn a_change_keeps_the_number_and_the_old_place_until_it_is_made() {
    play(async |stage| {
        let plans = [PlannedSession::new("変更前の会場", 32, 1), PlannedSession::new("変更後の会場", 34, 1)];
        let sessions = stage.city.open(&plans).await;
        let resident = stage.resident();
        let mut device = stage.city.login(&resident).await;
        let booked = device.book("k", &sessions[0].place(0).dose(1)).await.expect(201).json();
        let number = number(&booked["bookings"][0]);
        let mut visit = stage.visit(Scripts::Off).await;
        visit.log_in(&resident).await;
        visit.open("/my").await;
        visit.press(&format!("a[href='/change/{number}']")).await;
        assert_eq!(visit.path().await, "/choose", "{}", visit.text().await);
        visit.open(&format!("/choose?dose=1&changes={number}&date={}", plans[1].date)).await;
        visit.take(&[(&sessions[1].place(0), 1)]).await;
        let text = visit.text().await;
        assert!(text.contains("変更前の会場") && text.contains("変更後の会場"), "both places are named\n{text}");
        assert_eq!(device.bookings().await[0]["venue"]["name"], "変更前の会場", "nothing is changed yet");
        visit.press(CHANGE).await;
        visit.is_done().await;
        assert_eq!(visit.numbers().await, [digits(&number)], "the number stays");
        assert_eq!(device.bookings().await[0]["venue"]["name"], "変更後の会場");
        stage.city.someone().await.book("k", &sessions[0].place(0).dose(1)).await.expect(201);
        visit.end();
    });
}

#[test]
fn a_change_that_loses_its_place_leaves_the_booking_as_it_was() {
    play(async |stage| {
        let plans = [PlannedSession::new("残る会場", 36, 1), PlannedSession::new("取られる会場", 38, 1)];
        let sessions = stage.city.open(&plans).await;
        let resident = stage.resident();
        let mut device = stage.city.login(&resident).await;
        let booked = device.book("k", &sessions[0].place(0).dose(1)).await.expect(201).json();
        let number = number(&booked["bookings"][0]);
        let mut visit = stage.visit(Scripts::On).await;
        visit.log_in(&resident).await;
        visit.open(&format!("/choose?dose=1&changes={number}&date={}", plans[1].date)).await;
        visit.take(&[(&sessions[1].place(0), 1)]).await;
        visit.find(CHANGE).await;
        super::lost::end_hold(&mut device, &sessions[0].place(1), Some(&number)).await;
        stage.city.someone().await.book("k", &sessions[1].place(0).dose(1)).await.expect(201);
        visit.press(CHANGE).await;
        assert_ne!(visit.path().await, "/done");
        visit.check().await;
        let bookings = device.bookings().await;
        assert_eq!((bookings.len(), &bookings[0]), (1, &booked["bookings"][0]), "it stays as it was");
        visit.end();
    });
}

#[test]
fn a_cancelled_booking_is_gone_from_the_page_and_its_place_is_free() {
    play(async |stage| {
        let plan = PlannedSession::new("取り消す会場", 40, 1);
        let place = stage.city.open_one(plan).await.place(0);
        let resident = stage.resident();
        let mut device = stage.city.login(&resident).await;
        let booked = device.book("k", &place.dose(1)).await.expect(201).json();
        let number = number(&booked["bookings"][0]);
        let mut visit = stage.visit(Scripts::Off).await;
        visit.log_in(&resident).await;
        visit.open("/my").await;
        visit.press(&format!("a[href='/cancel/{number}']")).await;
        assert_eq!(device.bookings().await[0]["state"], "booked", "it asks first");
        visit.press(CANCEL).await;
        assert_eq!(device.bookings().await[0]["state"], "cancelled");
        assert!(visit.has("[role=status]").await, "it says so\n{}", visit.text().await);
        assert!(!visit.has("a[href^='/cancel/']").await, "nothing is left to cancel");
        stage.city.someone().await.book("k", &place.dose(1)).await.expect(201);
        // An old page of the booking that is cancelled: said again, not failed.
        visit.open(&format!("/cancel/{number}")).await;
        visit.check().await;
        visit.end();
    });
}

#[test]
fn somebody_elses_booking_is_not_there() {
    play(async |stage| {
        let place = stage.city.open_one(PlannedSession::new("他人の会場", 42, 1)).await.place(0);
        let (owner, other) = (stage.resident(), stage.resident());
        let booked = stage.city.login(&owner).await.book("k", &place.dose(1)).await.expect(201).json();
        let number = number(&booked["bookings"][0]);
        let mut visit = stage.visit(Scripts::Off).await;
        visit.log_in(&other).await;
        for path in [format!("/change/{number}"), format!("/cancel/{number}"), format!("/done?number={number}")] {
            visit.open(&path).await;
            let source = visit.browser.source().await.expect("a page");
            for word in [owner.name_kana.as_str(), "他人の会場"] {
                assert!(!source.contains(word), "{path} shows {word}");
            }
        }
        visit.end();
    });
}
