//! The call centre: who is identified, what the journal says of it, and that a booking by phone is a booking like any other.

mod support;

use std::time::Duration;

use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::ids::{Channel, CityId, ResidentNo, SessionId};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::staff::{CallId, CallOutcome, CallReason, View};
use sesshu_engine::roll::Identity;
use sesshu_engine::{AuditQuery, CallError, Lookup};
use support::{City, Plan, at, day, dose, leg, person, refused};

const LOGIN: &str = "operator1";
const PER_HOUR_MAX: u32 = 60;

/// What resident `n` would say of themself.
fn claim(n: u32) -> Identity {
    let row = person(n, day("1960-04-02"), &[]);
    Identity { id: row.id, name_kana: row.name_kana, birth_date: row.birth_date }
}

async fn open(city: &City) -> CallId {
    city.engine().open_call(LOGIN, CallReason::Book).await.expect("a call").call
}

async fn find(city: &City, call: CallId, claim: &Identity) -> Result<Lookup, CallError> {
    find_within(city, call, claim, PER_HOUR_MAX).await
}

async fn find_within(city: &City, call: CallId, claim: &Identity, max: u32) -> Result<Lookup, CallError> {
    let nth = city.engine().see_call(LOGIN, call).map_or(0, |view| view.lookups);
    city.engine().find_caller(LOGIN, call, nth, claim, max).await
}

/// What the journal says that the operator did, oldest first.
async fn journal(city: &City) -> Vec<(By, Vec<Event>)> {
    let query = AuditQuery { maker: Some(LOGIN.into()), rows_max: 500, ..AuditQuery::default() };
    let page = city.engine().audit(query).await.expect("readable");
    page.entries.into_iter().rev().map(|(_, entry)| (entry.by, entry.events)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_id_name_and_birth_date_together_find_somebody_and_each_look_is_in_the_journal() {
    let city = City::with(2, &[Plan::on("2026-12-05", 1)]).await;
    let call = open(&city).await;
    let unknown = CityId::from_digits("9999999999").expect("an ID");
    for wrong in [Identity { id: unknown, ..claim(1) }, Identity { name_kana: "インザイ　ジロウ".into(), ..claim(1) }]
    {
        assert!(matches!(find(&city, call, &wrong).await, Ok(Lookup::Nobody { .. })));
    }
    let said = Identity { name_kana: "ｲﾝｻﾞｲ ﾀﾛｰ".into(), ..claim(1) };
    let Ok(Lookup::Found(view)) = find(&city, call, &said).await else { panic!("all of it fits") };
    assert_eq!((view.resident, view.turn, view.misses_left()), (Some(ResidentNo(1)), 1, 1));
    let repeated = city.engine().find_caller(LOGIN, call, 2, &said, PER_HOUR_MAX).await;
    assert_eq!(repeated, Err(CallError::Repeated), "a form that is sent twice counts once");
    let wrong = Identity { birth_date: day("1960-04-03"), ..claim(1) };
    assert_eq!(find(&city, call, &wrong).await, Ok(Lookup::CallEnded));
    assert_eq!(find(&city, call, &said).await, Err(CallError::NoSuchCall));
    assert_eq!(city.engine().see_call(LOGIN, call), None);
    let by = By::Call { login: LOGIN.into(), call };
    let nobody = Event::NobodyFound { call };
    let expected = [
        vec![Event::CallOpened { call, reason: CallReason::Book }],
        vec![nobody.clone()],
        vec![nobody.clone()],
        vec![Event::PersonViewed { resident: ResidentNo(1), view: View::Call }],
        vec![nobody, Event::CallEnded { call, outcome: CallOutcome::NotIdentified }],
    ];
    assert_eq!(journal(&city).await, expected.map(|events| (by.clone(), events)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_opening_gives_the_running_call_and_one_that_nobody_ended_ends_by_itself() {
    let city = City::with(1, &[Plan::on("2026-12-05", 1)]).await;
    let (one, two) = tokio::join!(open(&city), open(&city));
    assert_eq!(one, two);
    assert_eq!(city.engine().running_call(LOGIN).map(|view| view.call), Some(one));
    assert_eq!(city.engine().see_call("operator2", one), None, "another account's call is nobody's");
    city.wait_minutes(61);
    assert_eq!(city.engine().running_call(LOGIN), None);
    let next = open(&city).await;
    assert_ne!(one, next);
    city.engine().end_call(LOGIN, next, CallOutcome::Done).await.expect("it ends");
    let written = city.engine().figures().journal_seq;
    city.engine().end_call(LOGIN, next, CallOutcome::NoPlace).await.expect("it has ended");
    assert_eq!(city.engine().figures().journal_seq, written, "it ends once");
    let other = city.engine().end_call("operator2", next, CallOutcome::Done).await;
    assert_eq!(other, Err(CallError::NoSuchCall));
    let query = AuditQuery { maker: Some(AuditQuery::SYSTEM.into()), rows_max: 500, ..AuditQuery::default() };
    let system = city.engine().audit(query).await.expect("readable");
    let dropped = Event::CallEnded { call: one, outcome: CallOutcome::Dropped };
    assert!(system.entries.iter().any(|(_, entry)| entry.events == [dropped.clone()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lookups_are_counted_over_restarts_and_an_unusual_number_is_said_once() {
    let mut city = City::with(1, &[Plan::on("2026-12-05", 1)]).await;
    let few = 3;
    let call = open(&city).await;
    for _ in 0..2 {
        find_within(&city, call, &claim(0), few).await.expect("within bounds");
    }
    city.restart().await;
    let call = open(&city).await;
    find_within(&city, call, &claim(0), few).await.expect("the third");
    let over = find_within(&city, call, &claim(0), few).await;
    assert_eq!(over, Err(CallError::TooManyLookups { retry_at: at("2026-12-01 10:00") }));
    let unusual: Vec<Event> = journal(&city).await.into_iter().flat_map(|(_, events)| events).collect();
    let unusual = unusual.into_iter().filter(|event| matches!(event, Event::LookupsUnusual { .. }));
    assert_eq!(unusual.collect::<Vec<_>>(), [Event::LookupsUnusual { login: LOGIN.into(), lookups: 2 }]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_phone_takes_places_that_the_web_may_not_and_hears_what_is_free_for_it() {
    let plan = Plan { phone_share: 1, ..Plan::on("2026-12-05", 1) };
    let city = City::with(3, &[plan]).await;
    let (session, place) = (SessionId(1), leg(SessionId(1), 0, 1));
    let free = |who: u32| {
        let sessions = city.engine().places_by_phone(ResidentNo(who), dose(1), None, None);
        sessions.iter().map(|view| (view.id, view.slots[0].free)).collect::<Vec<_>>()
    };
    assert_eq!(city.slot(session, 0).free, 0, "the web has none");
    assert_eq!(free(0), [(session, 1)]);
    assert_eq!(refused(&city.book(0, &[place]).await), Some(RefusalCode::Full));
    city.hold_by(1, &[place], None, Channel::Phone).await.expect("held while they talk");
    // Lists hear of a hold a moment after whoever made it.
    let heard = async {
        while free(0) != [(session, 0)] {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), heard).await.expect("lists hear of the hold");
    city.book_by(1, &[place], city.new_key(), Channel::Phone).await.expect("booked by phone");
    assert_eq!(free(1), [], "they have this dose");
    let full = city.book_by(2, &[place], city.new_key(), Channel::Phone).await;
    assert_eq!(refused(&full), Some(RefusalCode::Full));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_the_end_of_the_id_and_what_was_noted_once() {
    let city = City::with(1, &[Plan::on("2026-12-05", 1)]).await;
    let (who, by) = (ResidentNo(0), By::Call { login: LOGIN.into(), call: CallId(1) });
    let seen = city.engine().caller(who).expect("on file");
    assert_eq!((seen.id_end.as_str(), seen.clinic, seen.password_requested_at), ("0000", false, None));
    for _ in 0..2 {
        city.engine().note_clinic(who, true, by.clone()).await.expect("noted");
        city.engine().request_password(who, by.clone()).await.expect("asked for");
    }
    let seen = city.engine().caller(who).expect("on file");
    assert_eq!((seen.clinic, seen.password_requested_at), (true, Some(at(support::START))));
    assert_eq!(journal(&city).await.len(), 2, "the same again writes nothing");
    assert!(city.engine().caller(ResidentNo(9)).is_none());
    let nobody = city.engine().request_password(ResidentNo(9), by).await;
    assert_eq!(refused(&nobody), Some(RefusalCode::NotEligible));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_begins_only_where_a_second_place_is_left() {
    let days = ["2026-12-05", "2026-12-12", "2026-12-26"];
    let city = City::with(2, &days.map(|date| Plan::on(date, 1))).await;
    let begins = |who: u32| {
        let sessions = city.engine().pairs_by_phone(ResidentNo(who), dose(1));
        sessions.iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(begins(0), [SessionId(1)], "21 days later there is one place, 14 days later it is too early");
    city.book(1, &[leg(SessionId(1), 0, 1), leg(SessionId(3), 0, 2)]).await.expect("the pair");
    assert_eq!(begins(0), []);
}
