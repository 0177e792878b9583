//! Two doses booked together: both or none, with the vaccine's interval between them.

use sesshu_tests::browser::Scripts;
use sesshu_tests::{PlannedSession, PublishedSession, Resident};

use crate::lost::end_hold;
use crate::stage::{Stage, play};
use crate::steps::{BOOK, CANCEL, NEAREST, digits, live, number, shown};
use crate::visit::Visit;

/// The demo's vaccine wants three weeks between its doses.
const INTERVAL_DAYS: i64 = 21;

/// A session for each dose at `venue`, and a visit of `resident` to the choice of both.
async fn at_choice<'a>(
    stage: &'a Stage,
    resident: &Resident,
    venue: &str,
    from_days: i64,
    scripts: Scripts,
) -> (Visit<'a>, Vec<PublishedSession>) {
    let plans =
        [PlannedSession::new(venue, from_days, 1), PlannedSession::new(venue, from_days + INTERVAL_DAYS, 1).doses("2")];
    let sessions = stage.city.open(&plans).await;
    let mut visit = stage.visit(scripts).await;
    visit.log_in(resident).await;
    visit.open(&format!("/choose?dose=1&pair=1&date={}&date2={}", plans[0].date, plans[1].date)).await;
    (visit, sessions)
}

#[test]
fn whoever_comes_first_is_offered_both_doses_together() {
    play(async |stage| {
        let resident = stage.resident();
        let mut visit = stage.visit(Scripts::Off).await;
        visit.log_in(&resident).await;
        visit.press("#next a.button").await;
        for field in ["place", "second"] {
            assert!(visit.has(&format!("input[name={field}]")).await, "{}", visit.text().await);
        }
        visit.take_any().await;
        visit.book().await;
        let booked = live(stage, &resident).await;
        assert_eq!(booked.iter().map(|one| one["dose"].as_u64()).collect::<Vec<_>>(), [Some(1), Some(2)]);
        assert_eq!(visit.numbers().await, shown(&booked));
        visit.end();
    });
}

#[test]
fn a_pair_is_chosen_confirmed_and_booked_as_one_and_cancelled_with_an_explanation() {
    play(async |stage| {
        let resident = stage.resident();
        let (mut visit, sessions) = at_choice(stage, &resident, "二回分の会場", 33, Scripts::Off).await;
        visit.take(&[(&sessions[0].place(0), 1), (&sessions[1].place(0), 2)]).await;
        assert_eq!(visit.count("dl.new").await, 2, "both are shown before the button\n{}", visit.text().await);
        visit.book().await;
        let booked = live(stage, &resident).await;
        assert_eq!(booked.len(), 2);
        let first = number(&booked[0]);
        visit.open(&format!("/cancel/{first}")).await;
        assert_eq!(visit.numbers().await, shown(&booked), "the second goes with the first, and the page says so");
        visit.press(CANCEL).await;
        assert!(live(stage, &resident).await.is_empty());
        let told = visit.find("[role=status]").await.text().await.expect("a text");
        for one in &booked {
            assert!(digits(&told).contains(&digits(&number(one))), "{told}");
        }
        visit.end();
    });
}

#[test]
fn a_pair_that_loses_one_place_books_nothing_and_the_other_place_stays_in_the_offer() {
    play(async |stage| {
        let resident = stage.resident();
        let (mut visit, sessions) = at_choice(stage, &resident, "二回目が消える会場", 35, Scripts::On).await;
        visit.take(&[(&sessions[0].place(0), 1), (&sessions[1].place(0), 2)]).await;
        visit.find(BOOK).await;
        let mut device = stage.city.login(&resident).await;
        end_hold(&mut device, &sessions[0].place(1), None).await;
        let early = stage.city.open_one(PlannedSession::new("先に打った会場", 12, 1)).await;
        let mut other = stage.city.someone().await;
        other.book("first", &early.place(0).dose(1)).await.expect(201);
        other.book("second", &sessions[1].place(0).dose(2)).await.expect(201);
        visit.press(BOOK).await;
        assert!(live(stage, &resident).await.is_empty(), "all or nothing");
        assert_eq!(visit.count(NEAREST).await, 3, "{}", visit.text().await);
        let kept = sessions[0].place(0);
        let offered = visit.attribute(NEAREST, "value").await.unwrap_or_default();
        assert!(offered.starts_with(&format!("{}-{}-1,", kept.session, kept.slot)), "the first dose stays: {offered}");
        visit.press(NEAREST).await;
        visit.book().await;
        assert_eq!(live(stage, &resident).await.len(), 2);
        visit.end();
    });
}

#[test]
fn the_second_dose_is_booked_later_and_only_where_the_interval_fits() {
    play(async |stage| {
        let plans = [
            PlannedSession::new("間隔の会場", 37, 1),
            PlannedSession::new("間隔が短い会場", 37 + INTERVAL_DAYS - 1, 1).doses("2"),
            PlannedSession::new("間隔がよい会場", 37 + INTERVAL_DAYS, 1).doses("2"),
        ];
        let sessions = stage.city.open(&plans).await;
        let resident = stage.resident();
        let mut device = stage.city.login(&resident).await;
        device.book("k", &sessions[0].place(0).dose(1)).await.expect(201);
        let mut visit = stage.visit(Scripts::Off).await;
        visit.log_in(&resident).await;
        visit.open_choice(2, &plans[1].date).await;
        assert!(!visit.offers(&sessions[1].place(0), 2).await, "a day too early");
        visit.open_choice(2, &plans[2].date).await;
        visit.take(&[(&sessions[2].place(0), 2)]).await;
        visit.book().await;
        assert_eq!(live(stage, &resident).await.len(), 2);
        visit.end();
    });
}
