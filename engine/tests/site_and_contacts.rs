//! What the city says on its pages, and the contacts that people give: durable, changed once, kept and erased over restarts.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use sesshu_engine::CampaignError;
use sesshu_engine::core::contact::{Contact, ContactKind, ContactRecord};
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::ResidentNo;
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::site::Site;
use sesshu_engine::core::site_check::SiteFault;
use sesshu_engine::roll::{parse_contact, parse_site};
use support::{City, Plan, refused};

const STAFF: By = By::CommandLine { uid: 1_000 };
const WHO: ResidentNo = ResidentNo(0);

fn site(title: &str) -> Site {
    let file = parse_site(format!("[[announcement]]\nid = \"a\"\ntitle = \"{title}\"\nbody = \"本文\"\n").as_bytes());
    assert_eq!(file.errors, []);
    file.site
}

fn contact(text: &str) -> Contact {
    parse_contact(text).expect("a contact")
}

fn seq(city: &City) -> u64 {
    city.engine().figures().journal_seq
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_citys_pages_change_once_and_survive_a_restart() {
    let mut city = City::with(1, &[Plan::on("2026-12-05", 1)]).await;
    assert_eq!(*city.engine().site(), Site::default());
    let first = city.engine().change_site(site("一"), 0, STAFF).await.expect("it is said");
    assert_eq!((first.revision, &*first.announcements[0].title.ja), (1, "一"));
    assert!(Arc::ptr_eq(&city.engine().site(), &city.engine().site()), "reading copies nothing");
    let written = seq(&city);
    let again = city.engine().change_site(site("一"), 0, STAFF).await.expect("as it is");
    assert_eq!((again.revision, seq(&city)), (1, written), "the same again writes nothing");
    let stale = city.engine().change_site(site("二"), 0, STAFF).await;
    assert!(matches!(stale, Err(CampaignError::ChangedMeanwhile)));
    let wrong = Site { texts: BTreeMap::from([(lang(), BTreeMap::from([("K".into(), "".into())]))]), ..site("二") };
    let faults: Vec<SiteFault> = match city.engine().change_site(wrong, 1, STAFF).await {
        Err(CampaignError::WrongSite(problems)) => problems.into_iter().map(|problem| problem.fault).collect(),
        other => panic!("{other:?}"),
    };
    assert_eq!((faults, seq(&city)), (vec![SiteFault::NotAKey, SiteFault::Empty], written));
    let second = city.engine().change_site(site("二"), 1, STAFF).await.expect("it is said");
    city.restart().await;
    assert_eq!((*city.engine().site()).clone(), *second);
    assert_eq!(second.revision, 2);
    city.verify().await;
}

fn lang() -> sesshu_engine::core::site::LangCode {
    sesshu_engine::core::site::LangCode::japanese()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_of_the_pages_at_once_one_is_told_to_look_again() {
    let city = City::empty().await;
    let change = |title: &'static str| city.engine().change_site(site(title), 0, STAFF);
    let (one, two) = tokio::join!(change("一"), change("二"));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    assert_eq!(city.engine().site().revision, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn venues_that_no_session_is_in_are_named() {
    let city = City::with(0, &[Plan::on("2026-12-05", 1)]).await;
    let file = parse_site(
        "[[venue]]\nname = \"会場0\"\naddress = \"a\"\n[[venue]]\nname = \"会場7\"\naddress = \"a\"\n".as_bytes(),
    );
    assert_eq!(city.engine().venues_without_sessions(&file.site), ["会場7".into()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_is_held_once_told_only_in_the_report_and_erased() {
    let mut city = City::with(2, &[Plan::on("2026-12-05", 1)]).await;
    let me = By::Resident(WHO);
    assert!(!city.engine().has_contact(WHO));
    let before = seq(&city);
    city.engine().give_contact(WHO, contact("090-1234-5678"), me.clone()).await.expect("held");
    city.engine().give_contact(WHO, contact("０９０ 1234 5678"), me.clone()).await.expect("held already");
    assert_eq!(seq(&city), before + 1, "the same again writes nothing");
    assert!(city.engine().has_contact(WHO) && !city.engine().has_contact(ResidentNo(1)));
    city.engine().give_contact(WHO, contact("hanako@example.jp"), STAFF).await.expect("another one");
    city.restart().await;
    assert!(city.engine().has_contact(WHO));
    let report = city.engine().report(WHO, STAFF).await.expect("readable").expect("on file");
    let told = report.contact.expect("it is told");
    assert_eq!((told.kind, told.value.as_str()), (ContactKind::Mail.code(), "hanako@example.jp"));
    assert_eq!(told.given_at.as_deref(), Some("2026-12-01T09:00:00+09:00"));
    assert!(!format!("{:?}", city.me(0)).contains("hanako"), "one's own pages do not tell it");
    let digest = city.verify().await.digest;
    city.engine().delete_contact(WHO, me.clone()).await.expect("erased");
    let written = seq(&city);
    city.engine().delete_contact(WHO, me).await.expect("there is none");
    assert_eq!(seq(&city), written, "nothing to erase writes nothing");
    assert!(!city.engine().has_contact(WHO));
    city.restart().await;
    assert!(!city.engine().has_contact(WHO));
    let report = city.engine().report(WHO, STAFF).await.expect("readable").expect("on file");
    assert!(report.contact.is_none());
    assert_ne!(city.verify().await.digest, digest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_on_file_has_no_contact_and_a_program_does_not_go_on_for_ever() {
    let city = City::with(1, &[Plan::on("2026-12-05", 1)]).await;
    let stranger = ResidentNo(99);
    let given = city.engine().give_contact(stranger, contact("090-1234-5678"), STAFF).await;
    assert_eq!(refused(&given), Some(RefusalCode::NotEligible));
    assert_eq!(refused(&city.engine().delete_contact(stranger, STAFF).await), Some(RefusalCode::NotEligible));
    let me = By::Resident(WHO);
    let number = |n: u8| contact(&format!("090-0000-{n:04}"));
    for n in 0..ContactRecord::GIVEN_PER_DAY_MAX {
        city.engine().give_contact(WHO, number(n), me.clone()).await.expect("within a day's number");
    }
    let one_more = city.engine().give_contact(WHO, number(99), me.clone()).await;
    assert_eq!(refused(&one_more), Some(RefusalCode::TooManyChanges));
    city.engine().delete_contact(WHO, me.clone()).await.expect("erasing is never refused");
    city.wait_minutes(24 * 60);
    city.engine().give_contact(WHO, number(99), me).await.expect("the next day");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_whose_giver_hangs_up_is_held_all_the_same() {
    let city = City::with(1, &[Plan::on("2026-12-05", 1)]).await;
    let mut given = Box::pin(city.engine().give_contact(WHO, contact("090-1234-5678"), By::Resident(WHO)));
    // It is on its way, whether or not it has arrived.
    let _ = std::future::poll_fn(|context| std::task::Poll::Ready(given.as_mut().poll(context).is_pending())).await;
    drop(given);
    city.settle().await;
    assert!(city.engine().has_contact(WHO));
}
