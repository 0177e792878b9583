//! Leftover doses and follow-up: who is called in which order, what they say, and what staff saw of them.

mod support;

use sesshu_engine::FollowUpQuery;
use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::ids::{ResidentNo, SessionId, SlotNo, VenueId};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::core::staff::{ExportKind, ExportReason, FollowUp, LeftoverAnswer, Reached, View};
use sesshu_engine::roll::{RollRow, WaveRow, parse_contact};
use sesshu_engine::{AuditQuery, LeftoverPerson};
use support::{City, Plan, START, at, day, leg, person, refused};

const DAY: &str = "2026-12-05";
const HALL: VenueId = VenueId(1);
const ONE: SessionId = SessionId(1);
const LISTS: FollowUpQuery = FollowUpQuery { why: None, done: false, skip: 0 };

fn staff() -> By {
    By::Staff("desk".into())
}

async fn events(city: &City) -> Vec<Event> {
    let query = AuditQuery { maker: Some("desk".into()), rows_max: 500, ..AuditQuery::default() };
    let page = city.engine().audit(query).await.expect("readable");
    page.entries.into_iter().rev().flat_map(|(_, entry)| entry.events).collect()
}

async fn contacts(city: &City, residents: std::ops::Range<u32>) {
    for n in residents {
        let contact = parse_contact(&format!("090-0000-{n:04}")).expect("a contact");
        city.engine().give_contact(ResidentNo(n), contact, By::Resident(ResidentNo(n))).await.expect("held");
    }
}

/// 0 to 9 were born before 1950 and are the first wave, 10 to 29 the second; all but 25 to 29 left a contact.
async fn city() -> City {
    let city = City::empty().await;
    let born = |n: u32| if n < 10 { day("1940-04-02") } else { day("1980-04-02") };
    let roll: Vec<RollRow> =
        (0..30).map(|n| RollRow { name_kana: format!("シミン　{}", letter(n)), ..person(n, born(n), &[]) }).collect();
    city.import_roll(&roll, false).await;
    let wave = |line, name: &str, born_to: Option<&str>| WaveRow {
        line,
        name: name.to_owned(),
        born_from: None,
        born_to: born_to.map(day),
        group: None,
        opens_at: at(START),
    };
    city.waves(&[wave(2, "高齢者", Some("1950-04-01")), wave(3, "全員", None)]).await;
    city.draft(&[Plan { slots: 2, ..Plan::on(DAY, 3) }]).await;
    city.publish(START).await;
    contacts(&city, 0..25).await;
    city
}

/// A name of its own for each resident.
fn letter(n: u32) -> String {
    let all: Vec<char> = ('ア'..='ヺ').filter(|c| !"ァィゥェォッャュョヮヵヶヲヰヱヴヷヸヹヺ".contains(*c)).collect();
    all[n as usize].to_string()
}

async fn next(city: &City) -> Vec<LeftoverPerson> {
    city.engine().leftovers(HALL, ONE, &staff()).await.expect("a list").next
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leftovers_are_offered_by_wave_then_by_draw_and_each_contact_seen_is_an_entry() {
    let mut city = city().await;
    assert_eq!(
        refused(&city.engine().leftovers(HALL, ONE, &staff()).await),
        Some(RefusalCode::NoSuchSlot),
        "not today"
    );
    city.book(0, &[leg(ONE, 0, 1)]).await.expect("a place");
    city.wait_until("2026-12-05 09:40");
    let list = city.engine().leftovers(HALL, ONE, &staff()).await.expect("a list");
    assert_eq!((list.willing, list.next.len()), (24, 10), "one has a booking, five left no contact");
    let first: Vec<String> = list.next.iter().map(|person| person.name_kana.clone()).collect();
    let old: Vec<String> = (1..10).map(|n| format!("シミン　{}", letter(n))).collect();
    let mut ordered = first[..9].to_vec();
    ordered.sort();
    assert_eq!(ordered, old, "the first wave comes first");
    assert_ne!(first[..9], old[..], "in an order that a draw makes");
    assert_eq!(next(&city).await.iter().map(|person| person.name_kana.clone()).collect::<Vec<_>>(), first);
    assert!(list.next[0].contact.starts_with("090"), "{}", list.next[0].contact);
    let seen = |event: &Event| matches!(event, Event::PeopleViewed { residents, view: View::Contact } if residents.len() == 10);
    assert_eq!(events(&city).await.iter().filter(|event| seen(event)).count(), 2);
    // One declines, one is not there, one comes.
    let answer = |lot, answer, key| city.engine().answer_leftover(HALL, ONE, lot, answer, SlotNo(1), key, staff());
    let [refuses, is_out, comes] = [0, 1, 2].map(|at| list.next[at].lot);
    assert_eq!(answer(refuses, LeftoverAnswer::Refused, city.new_key()).await, Ok(None));
    assert_eq!(answer(is_out, LeftoverAnswer::NoAnswer, city.new_key()).await, Ok(None));
    let key = city.new_key();
    let number = answer(comes, LeftoverAnswer::Accepted, key.clone()).await.expect("a place").expect("a booking");
    assert_eq!(answer(comes, LeftoverAnswer::Accepted, key).await, Ok(Some(number)), "the same press again");
    city.restart().await;
    let after = city.engine().leftovers(HALL, ONE, &staff()).await.expect("a list");
    assert_eq!((after.willing, after.asked.len()), (21, 3));
    assert_eq!(after.next[0].name_kana, first[3]);
    // Whoever was out calls back.
    let back =
        city.engine().answer_leftover(HALL, ONE, is_out, LeftoverAnswer::Accepted, SlotNo(1), city.new_key(), staff());
    assert!(back.await.expect("a place").is_some());
    let full = city.engine().answer_leftover(
        HALL,
        ONE,
        after.next[0].lot,
        LeftoverAnswer::Accepted,
        SlotNo(1),
        city.new_key(),
        staff(),
    );
    full.await.expect("the third place");
    let full = city.engine().answer_leftover(
        HALL,
        ONE,
        after.next[1].lot,
        LeftoverAnswer::Accepted,
        SlotNo(1),
        city.new_key(),
        staff(),
    );
    assert_eq!(refused(&full.await), Some(RefusalCode::Full));
    let in_the_end = city.engine().leftovers(HALL, ONE, &staff()).await.expect("a list");
    assert_eq!(in_the_end.asked.len(), 4, "what was refused is not kept as accepted");
    city.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ids_of_those_without_a_contact_are_exported_with_a_reason_and_named() {
    let city = city().await;
    city.wait_until("2026-12-05 09:00");
    let ids = city.engine().export_leftover_ids(HALL, ONE, 3, ExportReason::Contact, &staff()).await.expect("a list");
    let again = city.engine().export_leftover_ids(HALL, ONE, 3, ExportReason::Contact, &staff()).await.expect("a list");
    assert_eq!((ids.len(), &ids), (3, &again));
    for id in &ids {
        let no = city.engine().find(*id).expect("on file");
        assert!((25..30).contains(&no.0), "{no}");
    }
    let events = events(&city).await;
    assert_eq!(events.len(), 4);
    let exported = Event::Exported { what: ExportKind::LeftoverIds, reason: ExportReason::Contact, rows: 3 };
    assert_eq!(events[0], exported);
    assert!(matches!(&events[1], Event::PeopleViewed { residents, view: View::Export } if residents.len() == 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_cancelled_by_the_city_is_on_the_list_until_reached_and_each_view_is_an_entry() {
    let mut city = city().await;
    let mut numbers = Vec::new();
    for who in [1, 26] {
        numbers.push(city.book(who, &[leg(ONE, 0, 1)]).await.expect("a place").bookings[0].number);
    }
    city.engine().cancel_session(ONE, By::System).await.expect("cancelled");
    let page = city.engine().follow_ups(LISTS, &staff()).await.expect("a page");
    assert_eq!(page.counts, [(2, 0), (0, 0), (0, 0)]);
    assert_eq!(page.rows.iter().filter(|row| row.contact.is_some()).count(), 1);
    assert_eq!(page.rows[0].booking.state, BookingState::CancelledByCity);
    let views: Vec<(View, usize)> = events(&city)
        .await
        .iter()
        .filter_map(|event| match event {
            Event::PeopleViewed { residents, view } => Some((*view, residents.len())),
            _ => None,
        })
        .collect();
    assert_eq!(views, [(View::FollowUp, 2), (View::Contact, 1)]);
    let reach = |number, reached| city.engine().follow_up(FollowUp::CancelledByCity, number, reached, staff());
    reach(numbers[0], Reached::NoAnswer).await.expect("kept");
    assert_eq!(city.engine().follow_up_counts()[0], (2, 0), "who did not answer is called again");
    reach(numbers[0], Reached::Told).await.expect("kept");
    city.restart().await;
    assert_eq!(city.engine().follow_up_counts()[0], (1, 1));
    let done = FollowUpQuery { done: true, ..LISTS };
    let page = city.engine().follow_ups(done, &staff()).await.expect("a page");
    let said = page.rows[0].followed_up.clone().expect("it was kept");
    assert_eq!((said.reached, said.by.as_deref()), (Reached::Told, Some("desk")));
    let other = city.engine().follow_up(FollowUp::LeftRoll, numbers[0], Reached::Told, staff()).await;
    assert_eq!(refused(&other), Some(RefusalCode::NoSuchBooking), "they are not on that list");
    let rows = city.engine().export_follow_ups(LISTS, ExportReason::Contact, &staff()).await.expect("a file");
    assert_eq!(rows.len(), 1);
    let exported = Event::Exported { what: ExportKind::FollowUps, reason: ExportReason::Contact, rows: 1 };
    assert!(events(&city).await.contains(&exported));
}
