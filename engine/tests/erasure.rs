//! The end of a campaign: personal data goes for good, chunk after chunk; bookings, pseudonyms and the chain stay, and the store
//! verifies at every step.

mod support;

use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::ids::{BookingNumber, Channel, ResidentNo, SessionId};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::resident::EndedLogin;
use sesshu_engine::core::staff::StaffRole;
use sesshu_engine::core::time::Day;
use sesshu_engine::roll::{RollRow, parse_contact};
use sesshu_engine::view::LoginError;
use sesshu_engine::{CampaignError, Erased, HashLane};
use support::{City, Plan, at, day, leg, person, refused};

const STAFF: By = By::CommandLine { uid: 1_000 };
const SESSION: SessionId = SessionId(1);
const KEEP_DAYS: u16 = 30;

fn me(n: u32) -> By {
    By::Resident(ResidentNo(n))
}

/// A city of `residents` in which the first two have booked, and the first has a password and a contact; its only session is over.
async fn city_after_its_session(residents: u32) -> (City, String) {
    let city = City::with(residents, &[Plan::on("2026-12-05", 5)]).await;
    let made = city.engine().make_passwords(1, |_| {}).await.expect("a password");
    let issued = vec![(ResidentNo(0), made[0].stored)];
    city.engine().put_passwords(issued, STAFF).await.expect("stored");
    let contact = parse_contact("090-1234-5678").expect("a contact");
    city.engine().give_contact(ResidentNo(0), contact, me(0)).await.expect("held");
    for who in 0..2 {
        city.book(who, &[leg(SESSION, 0, 1)]).await.expect("booked");
    }
    city.wait_until("2026-12-06 08:00");
    (city, made[0].plain.to_string())
}

async fn close(city: &City) -> Day {
    let people = city.engine().campaign_status().people;
    city.engine().close_campaign(KEEP_DAYS, people, STAFF).await.expect("it closes")
}

fn seq(city: &City) -> u64 {
    city.engine().figures().journal_seq
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_does_not_end_while_people_can_still_book() {
    let city = City::with(3, &[Plan::on("2026-12-05", 1), Plan::on("2026-12-20", 1)]).await;
    let open = |city: &City| city.engine().campaign_status().still_open.iter().map(|one| one.id.0).collect::<Vec<_>>();
    assert_eq!(open(&city), [1, 2]);
    let closed = city.engine().close_campaign(KEEP_DAYS, 3, STAFF).await;
    assert!(matches!(closed, Err(CampaignError::StillOpen(2))));
    city.wait_until("2026-12-05 23:59");
    assert_eq!(open(&city), [1, 2], "a session is over when its day is");
    city.wait_until("2026-12-06 00:00");
    assert_eq!(open(&city), [2]);
    city.engine().close_session(SessionId(2), STAFF).await.expect("closed");
    let other = city.engine().close_campaign(KEEP_DAYS, 2, STAFF).await;
    assert!(matches!(other, Err(CampaignError::ChangedMeanwhile)), "another number than was shown");
    let written = seq(&city);
    let erase_on = city.engine().close_campaign(0, 3, STAFF).await.expect("it closes");
    assert_eq!(erase_on, day("2026-12-21"), "bookings of the closed session stand until its day is over");
    assert_eq!(seq(&city), written + 1);
    let again = city.engine().close_campaign(0, 3, STAFF).await;
    assert!(matches!(again, Err(CampaignError::ClosedAlready(on)) if on == erase_on));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_can_be_taken_back_until_its_day_and_nothing_is_erased_before() {
    let (mut city, _) = city_after_its_session(3).await;
    assert!(matches!(city.engine().reopen_campaign(STAFF).await, Err(CampaignError::NotClosed)));
    let erase_on = close(&city).await;
    assert_eq!(erase_on, day("2027-01-05"));
    city.wait_until("2027-01-04 23:59");
    let written = seq(&city);
    assert_eq!(city.engine().erase_due(KEEP_DAYS, By::System).await.expect("nothing to do"), Erased::default());
    assert_eq!(seq(&city), written, "nothing to erase writes nothing");
    city.engine().reopen_campaign(STAFF).await.expect("taken back");
    city.restart().await;
    city.wait_until("2027-02-01 00:00");
    assert_eq!(city.engine().erase_due(KEEP_DAYS, By::System).await.expect("nothing to do").people, 0);
    close(&city).await;
    city.wait_until("2027-03-03 00:00");
    let late = city.engine().reopen_campaign(STAFF).await;
    assert!(matches!(late, Err(CampaignError::ErasureBegun(on)) if on == day("2027-03-03")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_day_everything_about_people_goes_and_the_rest_stays() {
    let (mut city, password) = city_after_its_session(3).await;
    let id = person(0, day("1960-04-02"), &[]).id;
    let staff_password = "とても長い合言葉";
    let added = city.engine().put_staff("sato", StaffRole::Admin, staff_password, [1; 20], STAFF).await;
    added.expect("an account");
    let seen = city.engine().login(Some(id), &password, HashLane::Resident).await.expect("it is their password");
    close(&city).await;
    city.wait_until("2027-01-05 00:00");
    let before = city.verify().await;
    let erased = city.engine().erase_due(KEEP_DAYS, By::System).await.expect("erased");
    assert_eq!(erased, Erased { people: 3, left: 0, campaign_ended: true, held_back: false });

    let again = city.engine().login(Some(id), &password, HashLane::Resident).await;
    assert!(matches!(again, Err(LoginError::Invalid)), "as for an unknown ID");
    assert!(!city.engine().login_stands(seen.resident, 1, seen.credential_generation, city.engine().now()));
    assert!(city.engine().me(ResidentNo(0)).is_none() && city.engine().find(id).is_none());
    assert!(!city.engine().has_contact(ResidentNo(0)));
    let contact = parse_contact("090-1234-5678").expect("a contact");
    let given = city.engine().give_contact(ResidentNo(0), contact, me(0)).await;
    assert_eq!(refused(&given), Some(RefusalCode::NotEligible));
    let made = city.engine().make_passwords(1, |_| {}).await.expect("a password");
    city.engine().put_passwords(vec![(ResidentNo(0), made[0].stored)], STAFF).await.expect("nobody to give it to");

    let status = city.engine().campaign_status();
    assert_eq!((status.people, status.passwords, status.contacts), (0, 0, 0));
    assert_eq!((status.erase_on, status.erased_on), (None, Some(day("2027-01-05"))));
    assert!(city.engine().staff_role("sato").is_some(), "staff accounts stay");
    let after = city.verify().await;
    assert_eq!(
        (after.residents, after.bookings_live),
        (before.residents, before.bookings_live),
        "pseudonyms and bookings stay"
    );
    city.restart().await;
    assert_eq!(city.verify().await.digest, after.digest, "what is loaded is what was served");
    assert!(city.engine().find(id).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_goes_on_after_a_restart_between_two_chunks() {
    let residents = Event::PEOPLE_ERASED_MAX as u32 * 2 + 5;
    let (mut city, _) = city_after_its_session(residents).await;
    close(&city).await;
    city.wait_until("2027-01-05 00:00");
    let written = seq(&city);
    let first = city.engine().erase_chunk(KEEP_DAYS, By::System).await.expect("a chunk");
    assert_eq!((first.people, first.left), (Event::PEOPLE_ERASED_MAX, Event::PEOPLE_ERASED_MAX + 5));
    let digest = city.verify().await.digest;
    city.restart().await;
    assert_eq!(city.verify().await.digest, digest);
    assert!(city.engine().me(ResidentNo(0)).is_none() && city.engine().me(ResidentNo(residents - 1)).is_some());
    let rest = city.engine().erase_due(KEEP_DAYS, By::System).await.expect("the rest");
    assert_eq!((rest.people, rest.left, rest.campaign_ended), (Event::PEOPLE_ERASED_MAX + 5, 0, true));
    assert_eq!(seq(&city), written + 4, "one entry a chunk, and one for the end");
    city.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_on_a_later_roll_is_new_and_stays() {
    let (city, _) = city_after_its_session(2).await;
    close(&city).await;
    city.wait_until("2027-01-05 00:00");
    city.engine().erase_due(KEEP_DAYS, By::System).await.expect("erased");
    let roll: Vec<RollRow> = (0..2).map(|n| person(n, day("1960-04-02"), &[])).collect();
    let difference = city.engine().roll_difference(&roll, false);
    assert_eq!((difference.new, difference.changed, difference.gone), (2, 0, 0));
    city.import_roll(&roll, false).await;
    assert_eq!(city.engine().find(roll[0].id), Some(ResidentNo(2)), "another pseudonym");
    assert_eq!(city.me(2).bookings.len(), 0);
    let written = seq(&city);
    city.wait_until("2027-02-20 00:00");
    assert_eq!(city.engine().erase_due(KEEP_DAYS, By::System).await.expect("nothing to do").people, 0);
    assert_eq!(seq(&city), written, "the new campaign has not ended");
    city.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_open_after_the_end_hold_the_erasing_back() {
    let (city, _) = city_after_its_session(2).await;
    close(&city).await;
    let late = Plan::on("2027-01-20", 1).row(2, "会場9");
    city.engine().import_sessions(&[late], false, STAFF).await.expect("drafted");
    city.publish("2026-12-10 09:00").await;
    city.wait_until("2027-01-05 00:00");
    let erased = city.engine().erase_due(KEEP_DAYS, By::System).await.expect("it waits");
    assert_eq!(erased, Erased { held_back: true, ..Erased::default() });
    city.wait_until("2027-01-21 00:00");
    let erased = city.engine().erase_due(KEEP_DAYS, By::System).await.expect("erased");
    assert_eq!((erased.people, erased.campaign_ended), (2, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_left_the_roll_long_ago_go_unless_they_are_expected() {
    let (mut city, _) = city_after_its_session(4).await;
    // Resident 1 has a booking, resident 2 none; resident 3 leaves and comes back.
    let roll: Vec<RollRow> = (0..4).map(|n| person(n, day("1960-04-02"), &[])).collect();
    city.import_roll(&roll[..1], false).await;
    city.wait_until("2026-12-20 00:00");
    city.import_roll(&[roll[0].clone(), roll[3].clone()], false).await;
    city.wait_until("2027-01-05 07:59");
    assert_eq!(city.engine().erase_due(KEEP_DAYS, By::System).await.expect("not yet").people, 0);
    city.wait_until("2027-01-05 08:00");
    let erased = city.engine().erase_due(KEEP_DAYS, By::System).await.expect("erased");
    assert_eq!((erased.people, erased.campaign_ended), (1, false));
    let held = |n: u32| city.engine().me(ResidentNo(n)).is_some();
    assert_eq!([0, 1, 2, 3].map(held), [true, true, false, true]);
    city.restart().await;
    city.verify().await;
    // Whoever comes back after that is somebody new.
    city.import_roll(&roll, false).await;
    assert_eq!(city.engine().find(roll[2].id), Some(ResidentNo(4)));
    city.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_is_just_changing_something_is_erased_after_it() {
    let (city, _) = city_after_its_session(2).await;
    close(&city).await;
    city.wait_until("2027-01-05 00:00");
    let ended = EndedLogin { token: 7, expires_at: at("2027-01-06 00:00") };
    let (ended, erased) =
        tokio::join!(city.engine().end_login(ResidentNo(1), ended), city.engine().erase_due(KEEP_DAYS, By::System));
    ended.expect("either before or after");
    assert_eq!(erased.expect("erased").people, 2);
    city.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_was_used_stays_used() {
    let (city, _) = city_after_its_session(2).await;
    close(&city).await;
    city.wait_until("2027-01-05 00:00");
    city.engine().erase_due(KEEP_DAYS, By::System).await.expect("erased");
    assert_eq!(city.verify().await.bookings_live, 2);
    let cancelled = city.engine().cancel(ResidentNo(0), BookingNumber::PENDING, me(0), Channel::Web);
    assert_eq!(refused(&cancelled.await), Some(RefusalCode::NotEligible));
}

/// How often `part` stands in `whole`.
fn count(whole: &[u8], part: &str) -> usize {
    whole.windows(part.len()).filter(|window| *window == part.as_bytes()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_a_name_or_a_contact_in_the_stores_file() {
    let (mut city, _) = city_after_its_session(300).await;
    // Changed rows leave their old pages behind, too.
    for n in 0..40 {
        let contact = parse_contact(&format!("hanako{n:02}@example.jp")).expect("a contact");
        city.engine().give_contact(ResidentNo(2 + n % 20), contact, me(2)).await.expect("held");
    }
    city.restart().await;
    let before = city.stored_bytes();
    assert!(count(&before, "インザイ　タロウ") >= 300, "the file is read as it is");
    assert!(count(&before, "@example.jp") > 4 && count(&before, "09012345678") > 0);
    close(&city).await;
    city.wait_until("2027-01-05 00:00");
    let erased = city.engine().erase_due(KEEP_DAYS, By::System).await.expect("erased");
    assert!(erased.campaign_ended);
    let left = |bytes: &[u8]| ["インザイ　タロウ", "@example.jp", "09012345678"].map(|part| count(bytes, part));
    assert_eq!(left(&city.stored_bytes()), [0, 0, 0]);
    city.verify().await;
    city.restart().await;
    assert_eq!(left(&city.stored_bytes()), [0, 0, 0]);
    let grown = city.stored_bytes().len() as f64 / before.len() as f64;
    assert!(grown < 2.5, "the file grew by {grown}");
}
