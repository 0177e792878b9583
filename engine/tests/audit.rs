//! The audit: who did what is found by account, person, call and kind, newest first, page by page.

mod support;

use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::event_kind::EventKind;
use sesshu_engine::core::ids::ResidentNo;
use sesshu_engine::core::staff::{ExportReason, StaffRole};
use sesshu_engine::{AuditPage, AuditQuery};
use support::{City, Plan, at};

fn staff(login: &str) -> By {
    By::Staff(login.into())
}

async fn city() -> City {
    let city = City::with(5, &[Plan::on("2026-12-20", 5)]).await;
    for login in ["abe", "sato"] {
        city.engine().put_staff(login, StaffRole::Admin, "Kaede-4711", [7; 20], By::System).await.expect("an account");
    }
    city
}

async fn ask(city: &City, query: AuditQuery) -> AuditPage {
    city.engine()
        .audit(AuditQuery { rows_max: if query.rows_max == 0 { 50 } else { query.rows_max }, ..query })
        .await
        .expect("an answer")
}

fn seqs(page: &AuditPage) -> Vec<u64> {
    page.entries.iter().map(|(seq, _)| *seq).collect()
}

#[tokio::test]
async fn a_look_at_names_is_durable_before_they_are_given_and_is_found_by_account_and_by_person() {
    let city = city().await;
    let (me, other) = (ResidentNo(1), ResidentNo(2));
    let named = city.engine().names_in_audit([me, other], staff("sato")).await.expect("names");
    assert_eq!(named.iter().map(|(no, _)| *no).collect::<Vec<_>>(), [me, other]);
    city.engine().names_in_audit([me], staff("abe")).await.expect("names");
    let of_sato = ask(&city, AuditQuery { maker: Some("sato".into()), ..AuditQuery::default() }).await;
    let of_me = ask(&city, AuditQuery { person: Some(me), kind: Some(EventKind::View), ..AuditQuery::default() }).await;
    let both = AuditQuery { person: Some(me), maker: Some("sato".into()), ..AuditQuery::default() };
    assert_eq!((of_sato.entries.len(), of_me.entries.len(), ask(&city, both).await.entries.len()), (1, 2, 1));
    assert_eq!(of_me.entries[0].1.by, staff("abe"), "newest first");
    assert_eq!((of_sato.next_before, of_me.next_before), (None, None));
    let nobody = ask(&city, AuditQuery { person: Some(ResidentNo(4)), ..AuditQuery::default() }).await;
    assert_eq!(nobody, AuditPage::default());
    let entry = city.engine().audit_entry(of_sato.entries[0].0).await.expect("it can be read").expect("it is there");
    assert!(matches!(&entry.events[..], [Event::PeopleViewed { residents, .. }] if residents.len() == 2));
}

#[tokio::test]
async fn nobody_who_was_looked_at_means_no_entry() {
    let city = city().await;
    let before = city.engine().figures().journal_seq;
    let named = city.engine().names_in_audit([ResidentNo(99)], staff("sato")).await.expect("names");
    assert_eq!((named.len(), city.engine().figures().journal_seq), (0, before));
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_doubles_also_when_few_entries_fit() {
    let city = city().await;
    for n in 0..6 {
        city.engine().names_in_audit([ResidentNo(n % 3)], staff(["abe", "sato"][n as usize % 2])).await.expect("names");
        city.engine().note_audit_export(ExportReason::Check, n, staff("abe")).await.expect("noted");
    }
    let all = ask(&city, AuditQuery::default()).await;
    let mut sorted = seqs(&all);
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(seqs(&all), sorted, "newest first over all makers");
    let exports = |page: &AuditPage| {
        let is_export = |event: &Event| matches!(event, Event::Exported { .. });
        page.entries.iter().filter(|(_, entry)| entry.events.iter().any(is_export)).count()
    };
    for kind in [None, Some(EventKind::Export)] {
        let (mut found, mut before, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = ask(&city, AuditQuery { kind, before, rows_max: 4, ..AuditQuery::default() }).await;
            assert!(kind.is_none() || exports(&page) == page.entries.len());
            found.extend(seqs(&page));
            pages += 1;
            before = page.next_before;
            if before.is_none() {
                break;
            }
        }
        let expected: Vec<u64> = match kind {
            None => seqs(&all),
            Some(_) => seqs(&ask(&city, AuditQuery { kind, ..AuditQuery::default() }).await),
        };
        assert_eq!((found.len(), pages), (expected.len(), expected.len().div_ceil(4)), "{kind:?}");
        assert_eq!(found, expected, "{kind:?}");
    }
}

#[tokio::test]
async fn a_range_of_time_has_its_first_instant_and_not_its_last() {
    let city = city().await;
    for (n, minutes) in [(0, 10), (1, 10), (2, 10)] {
        city.wait_minutes(minutes);
        city.engine().note_audit_export(ExportReason::Report, n, staff("sato")).await.expect("noted");
    }
    let within = |from: &str, to: &str| AuditQuery {
        maker: Some("sato".into()),
        from: Some(at(from)),
        to: Some(at(to)),
        ..AuditQuery::default()
    };
    for (from, to, found) in [
        ("2026-12-01 09:10", "2026-12-01 09:30", 2),
        ("2026-12-01 09:11", "2026-12-01 09:31", 2),
        ("2026-12-01 09:31", "2026-12-01 10:00", 0),
        ("2026-12-01 10:00", "2026-12-01 09:00", 0),
    ] {
        assert_eq!(ask(&city, within(from, to)).await.entries.len(), found, "{from} to {to}");
    }
}

#[tokio::test]
async fn what_residents_do_themselves_is_not_in_the_audit() {
    let city = city().await;
    city.book(0, &[support::leg(sesshu_engine::core::ids::SessionId(1), 0, 1)]).await.expect("booked");
    let seq = city.engine().figures().journal_seq;
    assert_eq!(city.engine().audit_entry(seq).await.expect("it can be read"), None);
    let bookings = ask(&city, AuditQuery { kind: Some(EventKind::Booking), ..AuditQuery::default() }).await;
    assert_eq!(bookings, AuditPage::default());
}
