//! What those who watch over the campaign see: bookings by minute and by the way they came, fill, busy sessions, refusals, forecasts,
//! alerts.

mod support;

use sesshu_engine::core::forecast::Forecast;
use sesshu_engine::core::ids::{Channel, SessionId};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::roll::WaveRow;
use support::{City, Plan, at, day, leg, person};

#[tokio::test]
async fn bookings_show_in_their_minute_by_the_way_they_came_and_in_their_session() {
    let (one, two) = (SessionId(1), SessionId(2));
    let city = City::with(4, &[Plan::on("2026-12-20", 5), Plan::on("2026-12-20", 3)]).await;
    city.book(0, &[leg(one, 0, 1)]).await.expect("booked");
    city.wait_minutes(1);
    city.book_by(1, &[leg(two, 0, 1)], city.new_key(), Channel::Phone).await.expect("booked");
    city.hold(2, &[leg(two, 0, 1)]).await.expect("held");
    let pulse = city.engine().pulse().await;
    let counted: Vec<_> =
        pulse.minutes.iter().filter(|it| it.total() > 0).map(|it| (it.minute, it.by_channel)).collect();
    assert_eq!(counted, [(at("2026-12-01 09:00"), [1, 0, 0, 0]), (at("2026-12-01 09:01"), [0, 1, 0, 0])]);
    assert_eq!(pulse.counted_since, at("2026-12-01 09:00"));
    let fill: Vec<_> =
        pulse.fill.iter().map(|it| (&*it.venue.name, it.date, it.capacity, it.booked, it.held)).collect();
    assert_eq!(fill, [("会場0", day("2026-12-20"), 5, 1, 0), ("会場1", day("2026-12-20"), 3, 1, 1)]);
    let busy: Vec<_> = pulse.busy.iter().map(|it| (it.session, it.lately, it.capacity, it.left)).collect();
    assert_eq!(busy, [(two, 1, 3, 1), (one, 1, 5, 4)], "of equally busy ones, the one with fewer places left");
    assert_eq!((pulse.figures.bookings_live, pulse.troubles.len()), (2, 0));
}

#[tokio::test]
async fn refusals_show_by_reason_and_the_pulse_is_taken_at_most_every_other_second() {
    let session = SessionId(1);
    let city = City::with(3, &[Plan::on("2026-12-20", 1)]).await;
    let first = city.engine().pulse().await;
    let booked = city.book(0, &[leg(session, 0, 1)]).await.expect("booked").bookings[0].number;
    for who in [1, 2] {
        city.book(who, &[leg(session, 0, 1)]).await.expect_err("full");
        city.hold(who, &[leg(session, 0, 1)]).await.expect_err("full");
    }
    city.move_to(1, booked, leg(session, 0, 1)).await.expect_err("somebody else's");
    city.cancel(1, booked).await.expect_err("not counted: nobody wanted a place");
    assert_eq!(city.engine().pulse().await, first, "it is not two seconds old");
    city.clock.advance_ms(2_000);
    let reasons = |pulse: &sesshu_engine::Pulse| {
        pulse.refusals.iter().map(|it| (it.code, it.in_all, it.lately)).collect::<Vec<_>>()
    };
    let second = city.engine().pulse().await;
    assert_eq!(reasons(&second), [(RefusalCode::NoSuchBooking, 1, 1), (RefusalCode::Full, 4, 4)]);
    city.wait_minutes(10);
    let later = city.engine().pulse().await;
    assert_eq!(reasons(&later), [(RefusalCode::NoSuchBooking, 1, 0), (RefusalCode::Full, 4, 0)]);
}

#[tokio::test]
async fn what_is_over_cancelled_or_drafted_is_not_in_the_fill_and_a_vaccine_that_is_short_bounds_it() {
    let city = City::with(1, &[Plan::on("2026-12-02", 5), Plan::on("2026-12-20", 5), Plan::on("2026-12-21", 5)]).await;
    city.draft(&[Plan::on("2026-12-25", 5)]).await;
    city.engine().cancel_session(SessionId(2), sesshu_engine::core::event::By::System).await.expect("cancelled");
    city.wait_until("2026-12-03 09:00");
    let pulse = city.engine().pulse().await;
    assert_eq!(pulse.fill.iter().map(|it| it.date).collect::<Vec<_>>(), [day("2026-12-21")]);
    assert_eq!(pulse.busy.iter().map(|it| it.session).collect::<Vec<_>>(), [SessionId(3)]);
}

#[tokio::test]
async fn a_wave_is_forecast_by_its_own_people_places_and_speed() {
    let city = City::empty().await;
    let born = |year: u32| day(&format!("{year}-04-02"));
    let roll: Vec<_> = (0..6).map(|n| person(n, born(if n < 4 { 1950 } else { 2000 }), &[])).collect();
    city.import_roll(&roll, false).await;
    let wave = |line, name: &str, to, opens_at| WaveRow {
        line,
        name: name.to_owned(),
        born_from: None,
        born_to: to,
        group: None,
        opens_at: at(opens_at),
    };
    city.waves(&[
        wave(2, "65歳以上", Some(day("1961-04-01")), "2026-12-01 09:00"),
        wave(3, "全員", None, "2026-12-08 09:00"),
    ])
    .await;
    city.draft(&[Plan::on("2026-12-20", 5)]).await;
    city.publish("2026-12-01 09:00").await;
    city.wait_minutes(90);
    for who in [0, 1] {
        city.book(who, &[leg(SessionId(1), 0, 1)]).await.expect("booked");
    }
    city.wait_minutes(10);
    let pulse = city.engine().pulse().await;
    let [old, all] = &pulse.forecasts[..] else { panic!("two waves: {:?}", pulse.forecasts) };
    assert_eq!((&*old.name, old.progress.people, old.progress.booked, old.progress.places_left), ("65歳以上", 4, 2, 3));
    assert_eq!(old.progress.booked_lately, 2);
    assert_eq!(old.forecast, Forecast::At(at("2026-12-01 11:40")));
    assert_eq!((all.progress.people, all.progress.booked, all.progress.waiting()), (6, 2, 4));
    assert_eq!(all.forecast, Forecast::NotOpen(at("2026-12-08 09:00")));
}

#[tokio::test]
async fn without_waves_everybody_is_one() {
    let city = City::with(3, &[Plan::on("2026-12-20", 2)]).await;
    city.book(0, &[leg(SessionId(1), 0, 1)]).await.expect("booked");
    let pulse = city.engine().pulse().await;
    let [all] = &pulse.forecasts[..] else { panic!("one: {:?}", pulse.forecasts) };
    assert_eq!((&*all.name, all.progress.people, all.progress.booked), ("", 3, 1));
    assert!(matches!(all.forecast, Forecast::NotWithinPlaces { missing: 1, gone_at: Some(_) }), "{:?}", all.forecast);
}
