//! Choosing without a script: by venue, date and time of day; and a form that was sent without a choice.

use sesshu_tests::PlannedSession;
use sesshu_tests::browser::Scripts;

use crate::stage::play;
use crate::steps::{ERRORS, GO_ON, PLACES};

#[test]
fn places_are_narrowed_down_by_venue_date_and_time_of_day() {
    play(async |stage| {
        let morning = PlannedSession::new("しぼり込みの会場", 39, 2);
        let afternoon =
            PlannedSession { start: "14:00", end: "15:00", ..PlannedSession::new("しぼり込みの会場", 41, 2) };
        let (first, second) = (morning.date.clone(), afternoon.date.clone());
        let sessions = stage.city.open(&[morning, afternoon]).await;
        let venue = sessions[0].0["venue"]["id"].as_str().expect("a venue").to_owned();
        let mut visit = stage.visit(Scripts::Off).await;
        visit.log_in(&stage.resident()).await;
        visit.open("/choose?dose=1").await;
        for (time, date, offered) in [("", "", 0), ("pm", "", 1), ("", second.as_str(), 1), ("am", first.as_str(), 0)] {
            if !visit.has("details.narrow[open]").await {
                visit.find("details.narrow summary").await.click().await.expect("it unfolds");
            }
            for (field, value) in [("venue", venue.as_str()), ("time", time), ("date", date)] {
                visit.find(&format!("select[name={field}]")).await.select_by_value(value).await.expect("a choice");
            }
            visit.press("form[action='/choose'] button").await;
            assert!(visit.offers(&sessions[offered].place(0), 1).await, "{time:?} {date:?}\n{}", visit.text().await);
            assert!(!visit.offers(&sessions[1 - offered].place(0), 1).await, "{time:?} {date:?}");
            visit.check().await;
        }
        visit.end();
    });
}

#[test]
fn a_form_without_a_choice_says_so_and_leads_to_the_field() {
    play(async |stage| {
        let mut visit = stage.visit(Scripts::On).await;
        visit.log_in(&stage.resident()).await;
        visit.open("/choose?dose=1").await;
        visit.ask(&format!("document.querySelector('{PLACES}').noValidate = true")).await;
        visit.press(GO_ON).await;
        visit.check().await;
        assert!(visit.has(ERRORS).await, "{}", visit.text().await);
        let focused = visit.ask("return document.activeElement.id").await;
        assert_eq!(focused, "errors", "the summary has the focus");
        let target = visit.attribute(&format!("{ERRORS} a"), "href").await.expect("a link");
        assert_eq!(visit.count(&target).await, 1, "{target}");
        visit.take_any().await;
        visit.book().await;
        visit.end();
    });
}
