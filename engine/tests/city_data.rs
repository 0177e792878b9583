//! What the city does with its data at the console: files shown before they are taken, passwords that count when their list is
//! safe, accounts, files that leave with a note, the report about one person, and the way back of the pages.

mod support;

use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::ids::{ResidentNo, SessionId, VenueId};
use sesshu_engine::core::site::Site;
use sesshu_engine::core::staff::{ExportKind, ExportReason, StaffRole, View};
use sesshu_engine::roll::parse_site;
use sesshu_engine::{AuditQuery, CampaignError, StaffError};
use support::{City, Plan, day, leg};

const DATE: &str = "2026-12-20";

fn admin() -> By {
    By::Staff("admin1".into())
}

async fn city(residents: u32) -> City {
    City::with(residents, &[Plan::on(DATE, 300)]).await
}

fn seq(city: &City) -> u64 {
    city.engine().figures().journal_seq
}

/// The events that `admin1` made, oldest first, entry by entry.
async fn made(city: &City) -> Vec<Vec<Event>> {
    let query = AuditQuery { maker: Some("admin1".into()), rows_max: 100, ..AuditQuery::default() };
    let page = city.engine().audit(query).await.expect("readable");
    page.entries.into_iter().rev().map(|(_, entry)| entry.events).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roll_is_taken_as_it_was_shown_and_never_with_wrong_lines_or_empty() {
    let city = city(2).await;
    let engine = city.engine();
    let header = "id,name_kana,birth_date,groups\n";
    let shown = engine.preview_roll(
        format!("{header}0000000001,インザイ　タロウ,1960-04-02,\n0000000007,ア,1950-01-01,\n").as_bytes(),
        false,
    );
    let difference = &shown.difference;
    assert_eq!((difference.new, difference.changed, difference.unchanged, difference.gone), (1, 0, 1, 1));
    assert_eq!(difference.changes(), 2);
    engine.import_previewed_roll(&shown, admin()).await.expect("imported");
    let again = engine.import_previewed_roll(&shown, admin()).await;
    assert!(matches!(again, Err(CampaignError::ChangedMeanwhile)), "what was shown is not what it would do now");
    let written = seq(&city);
    let wrong = engine.preview_roll(format!("{header}0000000001,ア,1950-13-01,\n").as_bytes(), false);
    assert_eq!((wrong.file.errors.len(), wrong.difference.gone), (1, 0));
    let refused = engine.import_previewed_roll(&wrong, admin()).await;
    assert!(matches!(refused, Err(CampaignError::WrongLines(lines)) if lines.len() == 1));
    let empty = engine.preview_roll(header.as_bytes(), false);
    assert!(matches!(engine.import_previewed_roll(&empty, admin()).await, Err(CampaignError::EmptyRoll)));
    assert_eq!(seq(&city), written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prepared_password_counts_when_it_is_issued_and_not_after_another_one() {
    let city = city(3).await;
    let engine = city.engine();
    assert_eq!(engine.without_password(None).len(), 3);
    let prepared = engine.prepare_passwords(&[ResidentNo(0), ResidentNo(1)], |_| {}).await.expect("made");
    let (first, second) = (prepared[0].hash, prepared[1].hash);
    assert_eq!(engine.without_password(None).len(), 3, "nothing counts yet");
    engine.issue_passwords(&[first], admin()).await.expect("issued");
    assert_eq!(engine.without_password(None), [ResidentNo(1), ResidentNo(2)]);
    let both = engine.issue_passwords(&[first, second], admin()).await;
    assert!(matches!(both, Err(CampaignError::ChangedMeanwhile)), "the first has another letter meanwhile");
    assert_eq!(engine.without_password(None), [ResidentNo(1), ResidentNo(2)]);
    let counts = engine.without_password_by_group();
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(None, 2)]);
    assert!(engine.password_requests().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_admin_stays_and_nobody_shuts_themself_out() {
    let city = city(0).await;
    let engine = city.engine();
    for login in ["admin1", "admin2"] {
        engine.add_staff(login, StaffRole::Admin, None, By::System).await.expect("added");
    }
    let again = engine.add_staff("admin1", StaffRole::Ops, None, admin()).await;
    assert!(matches!(again, Err(StaffError::Exists)));
    for wrong in ["", "Admin", "a b", "管理", "a2345678901234567890123456789012x"] {
        let refused = engine.add_staff(wrong, StaffRole::Ops, None, admin()).await;
        assert!(matches!(refused, Err(StaffError::WrongLogin)), "{wrong}");
    }
    let oneself = engine.disable_staff("admin1", true, admin()).await;
    assert!(matches!(oneself, Err(StaffError::Oneself)));
    engine.disable_staff("admin2", true, admin()).await.expect("another one");
    let last = engine.disable_staff("admin1", true, By::CommandLine { uid: 0 }).await;
    assert!(matches!(last, Err(StaffError::LastAdmin)));
    engine.disable_staff("admin2", false, admin()).await.expect("enabled");
    let reset = engine.reset_staff("admin2", admin()).await.expect("reset");
    assert_eq!(reset.totp_base32().len(), 32);
    let account = |login: &str| engine.staff_accounts().into_iter().find(|(own, _)| **own == *login).expect("there").1;
    assert_eq!((account("admin2").disabled, account("admin2").generation), (false, 4), "each change ends the sign-ins");
    let venue = VenueId(1);
    let bound = engine.bind_staff("admin2", Some(venue), admin()).await;
    assert!(matches!(bound, Err(StaffError::NotForAVenue)));
    let nowhere = engine.add_staff("venue1", StaffRole::Venue, Some(VenueId(999)), admin()).await;
    assert!(matches!(nowhere, Err(StaffError::NoSuchVenue)));
    let id = engine.venues()[0].id;
    engine.add_staff("venue1", StaffRole::Venue, Some(id), admin()).await.expect("added");
    engine.bind_staff("venue1", None, admin()).await.expect("bound to none");
    assert_eq!((account("venue1").venue, account("venue1").generation), (None, 2));
    let unknown = engine.reset_staff("nobody", admin()).await;
    assert!(matches!(unknown, Err(StaffError::Unknown)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_people_leaves_a_note_for_each_of_them_before_it_is_sent() {
    let city = city(250).await;
    for who in 0..250 {
        city.book(who, &[leg(SessionId(1), 0, 1)]).await.expect("booked");
    }
    let engine = city.engine();
    let people = engine.people_of_day(engine.venues()[0].id, day(DATE));
    assert_eq!(people.len(), 250);
    let numbers = people.iter().map(|row| row.resident);
    engine
        .note_exported(ExportKind::DayList, ExportReason::Venue, people.len(), numbers, admin())
        .await
        .expect("noted");
    let made = made(&city).await;
    assert_eq!(made.len(), 2, "an entry for each two hundred");
    let exported = Event::Exported { what: ExportKind::DayList, reason: ExportReason::Venue, rows: 250 };
    assert_eq!(made[0][0], exported);
    let seen: Vec<usize> = made
        .iter()
        .flatten()
        .filter_map(|event| match event {
            Event::PeopleViewed { residents, view: View::Export } => Some(residents.len()),
            _ => None,
        })
        .collect();
    assert_eq!(seen, [200, 50]);
    let written = seq(&city);
    engine.note_people_viewed([], View::Import, admin()).await.expect("nobody");
    assert_eq!(seq(&city), written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookings_are_counted_by_day_venue_and_state() {
    let city = city(3).await;
    let number = city.book(0, &[leg(SessionId(1), 0, 1)]).await.expect("booked").bookings[0].number;
    city.book(1, &[leg(SessionId(1), 0, 1)]).await.expect("booked");
    city.cancel(0, number).await.expect("cancelled");
    let days = day(DATE)..=day(DATE);
    let counts = city.engine().bookings_per_day(&days);
    assert_eq!(counts.len(), 1);
    let count = &counts[0];
    assert_eq!((&*count.venue, count.places, count.taken, count.by_web, count.cancelled), ("会場0", 300, 1, 1, 1));
    assert!(city.engine().bookings_per_day(&(day("2026-12-21")..=day("2026-12-22"))).is_empty());
    assert!(city.engine().doses_given(&days).is_empty(), "nobody was vaccinated yet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_about_a_person_says_who_looked() {
    let city = city(2).await;
    let engine = city.engine();
    engine.note_people_viewed([ResidentNo(0), ResidentNo(1)], View::FollowUp, admin()).await.expect("noted");
    let report = engine.report(ResidentNo(1), admin()).await.expect("readable").expect("on file");
    let views: Vec<_> = report.views.iter().map(|view| (view.by.as_str(), view.views.as_slice())).collect();
    assert_eq!(views, [("staff admin1", &["follow_up"][..]), ("staff admin1", &["report"])]);
    assert!(!report.vaccinated_by_clinic && report.doses_here.is_empty() && report.password_requested_at.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_pages_said_before_is_kept_over_a_restart_and_is_a_way_back() {
    let mut city = city(0).await;
    let said = |title: &str| -> Site {
        let file = format!("[[announcement]]\nid = \"a\"\ntitle = \"{title}\"\nbody = \"本文\"\n");
        parse_site(file.as_bytes()).site
    };
    for (title, revision) in [("一", 0), ("二", 1), ("三", 2)] {
        city.engine().change_site(said(title), revision, admin()).await.expect("said");
    }
    city.restart().await;
    let engine = city.engine();
    let before = engine.site_before();
    assert_eq!((&*before.announcements[0].title.ja, before.revision), ("二", 2));
    let back = engine.change_site(Site::clone(&before), 3, admin()).await.expect("taken back");
    assert_eq!((&*back.announcements[0].title.ja, back.revision), ("二", 4));
    assert_eq!(&*engine.site_before().announcements[0].title.ja, "三", "and the way forth");
}
