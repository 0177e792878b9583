//! The venue's desk over the engine's door: check-in and what is taken back, no-shows, walk-ins, the day's list with its views.

mod support;

use sesshu_engine::core::attendance::{AttendanceChange, AttendanceRefusal};
use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::ids::{BookingNumber, Channel, ResidentNo, SessionId, SlotNo, VenueId};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::core::staff::{StaffRole, View};
use sesshu_engine::roll::{Identity, parse_typed_city_id};
use sesshu_engine::{AtDesk, AuditQuery, DayPart, NoShowRefusal};
use support::{City, Plan, dose, leg, refused};

const DAY: &str = "2026-12-05";
const HALL: VenueId = VenueId(1);
const GYM: VenueId = VenueId(2);
const ONE: SessionId = SessionId(1);
const TWO: SessionId = SessionId(2);

fn staff() -> By {
    By::Staff("desk".into())
}

fn change(number: BookingNumber, seen: BookingState, next: BookingState) -> AttendanceChange {
    let lot = (next == BookingState::Vaccinated).then(|| "FA2453".into());
    AttendanceChange { number, seen, next, lot }
}

/// Two venues with a session of two slots each on the same day; residents 0 to 2 are booked in the first slot of venue 1.
async fn city() -> (City, Vec<BookingNumber>) {
    let plan = Plan { slots: 2, ..Plan::on(DAY, 3) };
    let city = City::with(6, &[plan.clone(), plan]).await;
    let mut numbers = Vec::new();
    for who in 0..3 {
        let done = city.book(who, &[leg(ONE, 0, 1)]).await.expect("a place");
        numbers.push(done.bookings[0].number);
    }
    (city, numbers)
}

async fn views(city: &City, maker: &str) -> Vec<(View, usize)> {
    let query = AuditQuery { maker: Some(maker.into()), rows_max: 100, ..AuditQuery::default() };
    let page = city.engine().audit(query).await.expect("readable");
    let seen = page.entries.iter().rev().flat_map(|(_, entry)| &entry.events).filter_map(|event| match event {
        Event::PersonViewed { view, .. } => Some((*view, 1)),
        Event::PeopleViewed { residents, view } => Some((*view, residents.len())),
        _ => None,
    });
    seen.collect()
}

fn state(city: &City, who: u32) -> BookingState {
    city.me(who).bookings[0].state
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_checked_in_and_vaccinated_and_each_step_is_taken_back() {
    use BookingState::{Booked, CheckedIn, NotGiven, Vaccinated};
    let (mut city, numbers) = city().await;
    let own = numbers[0];
    let early = city.engine().attend(HALL, change(own, Booked, CheckedIn), staff()).await;
    assert_eq!(early, Err(AttendanceRefusal::OtherDay(support::day(DAY))));
    city.wait_until("2026-12-05 09:00");
    let steps = [
        (Booked, CheckedIn),
        (CheckedIn, Vaccinated),
        (Vaccinated, CheckedIn),
        (CheckedIn, NotGiven),
        (NotGiven, CheckedIn),
        (CheckedIn, Booked),
        (Booked, CheckedIn),
        (CheckedIn, Vaccinated),
    ];
    for (seen, next) in steps {
        city.engine().attend(HALL, change(own, seen, next), staff()).await.expect("a step");
        assert_eq!(state(&city, 0), next);
        let written = city.engine().figures().journal_seq;
        city.engine().attend(HALL, change(own, seen, next), staff()).await.expect("the same again");
        assert_eq!(city.engine().figures().journal_seq, written, "the same again writes nothing");
    }
    city.restart().await;
    let at_desk = city.engine().at_desk(HALL, own, &staff()).await.expect("readable");
    let AtDesk::Here(person) = at_desk else { panic!("{at_desk:?}") };
    assert_eq!((person.state, person.lot.as_deref()), (Vaccinated, Some("FA2453")));
    let late = city.engine().cancel(ResidentNo(0), own, staff(), Channel::Counter).await;
    assert_eq!(refused(&late), Some(RefusalCode::TooLate));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_venue_sees_which_venue_it_is_and_not_who() {
    let (city, numbers) = city().await;
    let add = city.engine().put_staff("gym", StaffRole::Venue, "himitsu-no-kotoba", [1; 20], By::System);
    add.await.expect("an account");
    let bind = city.engine().bind_staff("gym", Some(GYM), By::System);
    bind.await.expect("it is bound");
    city.wait_until("2026-12-05 09:00");
    let gym = By::Staff("gym".into());
    let seen = city.engine().at_desk(GYM, numbers[0], &gym).await.expect("readable");
    assert!(matches!(&seen, AtDesk::OtherVenue(venue) if venue.name == "会場0"), "{seen:?}");
    let step = change(numbers[0], BookingState::Booked, BookingState::CheckedIn);
    assert_eq!(city.engine().attend(GYM, step.clone(), gym.clone()).await, Err(AttendanceRefusal::OtherVenue));
    let bound = city.engine().attend(HALL, step, gym.clone()).await;
    assert!(matches!(bound, Err(AttendanceRefusal::Refused(refusal)) if refusal.code == RefusalCode::NoSuchSlot));
    assert_eq!(refused(&city.engine().at_desk(HALL, numbers[0], &gym).await), Some(RefusalCode::NoSuchSlot));
    assert_eq!(refused(&city.engine().day_slots(HALL, support::day(DAY), &gym)), Some(RefusalCode::NoSuchSlot));
    assert_eq!(city.engine().workplaces(&gym).len(), 1);
    assert_eq!(views(&city, "gym").await, [], "nobody was seen");
    let never_given = BookingNumber::from_ordinal(999_999, &[1; 32]);
    assert_eq!(city.engine().at_desk(HALL, never_given, &staff()).await, Ok(AtDesk::Nobody));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_days_list_shows_who_is_asked_for_and_each_view_is_an_entry_before() {
    let (city, numbers) = city().await;
    city.book(3, &[leg(ONE, 1, 1)]).await.expect("a place");
    city.book(4, &[leg(TWO, 0, 1)]).await.expect("a place");
    city.cancel(2, numbers[2]).await.expect("cancelled");
    let day = support::day(DAY);
    let slots = city.engine().day_slots(HALL, day, &staff()).expect("the venue's own");
    assert_eq!(slots.iter().map(|slot| slot.counts.booked).collect::<Vec<_>>(), [2, 1]);
    let by = staff();
    let people = |part| city.engine().day_people(HALL, day, part, &by);
    let slot = people(DayPart::Slot(ONE, SlotNo(0))).await.expect("a list");
    assert_eq!(slot.iter().map(|person| person.number).collect::<std::collections::BTreeSet<_>>().len(), 2);
    assert_eq!(people(DayPart::All).await.expect("a list").len(), 3);
    assert_eq!(people(DayPart::Named("いんざい")).await.expect("a list").len(), 3);
    assert_eq!(people(DayPart::Named("ヤマ")).await.expect("a list").len(), 0);
    assert_eq!(people(DayPart::Named(" ")).await.expect("a list").len(), 0);
    city.engine().at_desk(HALL, numbers[0], &staff()).await.expect("readable");
    let expected = [(View::DayList, 2), (View::DayList, 3), (View::DayList, 3), (View::Desk, 1)];
    assert_eq!(views(&city, "desk").await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_of_the_day_those_who_did_not_come_are_marked_by_their_number() {
    let (mut city, numbers) = city().await;
    city.wait_until("2026-12-05 09:10");
    let come = change(numbers[0], BookingState::Booked, BookingState::CheckedIn);
    city.engine().attend(HALL, come, staff()).await.expect("they came");
    let early = city.engine().mark_no_shows(HALL, 2, staff()).await;
    assert_eq!(early, Err(NoShowRefusal::NotYet(support::at("2026-12-05 10:00"))));
    city.wait_until("2026-12-05 10:00");
    assert_eq!(city.engine().mark_no_shows(HALL, 3, staff()).await, Err(NoShowRefusal::OtherCount(2)));
    assert_eq!(city.engine().mark_no_shows(HALL, 2, staff()).await, Ok(2));
    assert_eq!(
        [0, 1, 2].map(|who| state(&city, who)),
        [BookingState::CheckedIn, BookingState::NoShow, BookingState::NoShow]
    );
    assert_eq!(city.engine().mark_no_shows(HALL, 0, staff()).await, Ok(0), "the same again finds nobody");
    // Whoever was marked by mistake comes back, but not to a dose that they have booked anew.
    let back = |number| change(number, BookingState::NoShow, BookingState::Booked);
    city.engine().attend(HALL, back(numbers[1]), staff()).await.expect("taken back");
    city.engine()
        .book(
            ResidentNo(2),
            sesshu_engine::core::leg::Legs::one(leg(TWO, 1, 1)),
            city.new_key(),
            staff(),
            Channel::Counter,
        )
        .await
        .expect("a missed dose is booked anew");
    assert_eq!(city.engine().attend(HALL, back(numbers[2]), staff()).await, Err(AttendanceRefusal::DoseTaken));
    city.restart().await;
    city.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stands_at_the_counter_gets_a_place_of_today_once_and_from_the_same_actor() {
    let (city, _) = city().await;
    let walk_in = |who: u32, session, slot, key| {
        city.engine().walk_in(HALL, ResidentNo(who), session, SlotNo(slot), dose(1), key, staff())
    };
    let early = walk_in(3, ONE, 1, city.new_key()).await;
    assert_eq!(refused(&early), Some(RefusalCode::NoSuchSlot), "only on the session's own day");
    city.wait_until("2026-12-05 09:45");
    let web = city.book(3, &[leg(ONE, 1, 1)]).await;
    assert_eq!(refused(&web), Some(RefusalCode::Closed), "the slot has started");
    let key = city.new_key();
    let number = walk_in(3, ONE, 1, key.clone()).await.expect("a place");
    assert_eq!(state(&city, 3), BookingState::CheckedIn);
    assert_eq!(walk_in(3, ONE, 1, key).await, Ok(number), "the same press again");
    let again = walk_in(3, ONE, 1, city.new_key()).await;
    assert_eq!(refused(&again), Some(RefusalCode::AlreadyBooked));
    assert_eq!(refused(&walk_in(4, ONE, 0, city.new_key()).await), Some(RefusalCode::Full));
    assert_eq!(refused(&walk_in(4, TWO, 0, city.new_key()).await), Some(RefusalCode::NoSuchSlot), "another venue's");
    let offer = city.engine().counter_offer(HALL, ResidentNo(4), &staff()).await.expect("on file");
    let free: Vec<(u16, u32)> = offer.slots.iter().map(|slot| (slot.slot.0, slot.free)).collect();
    assert_eq!((offer.dose, free), (Some(dose(1)), vec![(1, 2)]));
    let booked = city.engine().counter_offer(HALL, ResidentNo(3), &staff()).await.expect("on file");
    assert_eq!(booked.booked_today, Some(number));
    city.engine().close_session(ONE, By::System).await.expect("closed");
    assert_eq!(refused(&walk_in(4, ONE, 1, city.new_key()).await), Some(RefusalCode::Closed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_desks_and_the_last_place_of_the_counter() {
    let (city, _) = city().await;
    city.wait_until("2026-12-05 09:10");
    for who in 3..5 {
        let booked = city.engine().walk_in(HALL, ResidentNo(who), ONE, SlotNo(1), dose(1), city.new_key(), staff());
        booked.await.expect("a place");
    }
    let at_once = |who| city.engine().walk_in(HALL, ResidentNo(who), ONE, SlotNo(1), dose(1), city.new_key(), staff());
    // Resident 5 stands at two desks: one booking.
    let (one, two) = tokio::join!(at_once(5), at_once(5));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    assert_eq!(city.live(5).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_found_by_all_that_they_say_of_themselves_and_by_nothing_less() {
    let (city, _) = city().await;
    let find = |id: &str, name: &str, birth: &str| {
        let id = parse_typed_city_id(id).expect("an ID");
        city.engine().identify(&Identity { id, name_kana: name.to_owned(), birth_date: support::day(birth) })
    };
    assert_eq!(find("0000000004", "ｲﾝｻﾞｲ ﾀﾛｳ", "1960-04-02"), Some(ResidentNo(4)));
    for (id, name, birth) in [
        ("0000000099", "インザイ タロウ", "1960-04-02"),
        ("0000000004", "インザイ ジロウ", "1960-04-02"),
        ("0000000004", "インザイ タロウ", "1960-04-03"),
    ] {
        assert_eq!(find(id, name, birth), None, "{id} {name} {birth}");
    }
}
