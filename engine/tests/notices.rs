//! Notices of failures and planned work in the journal: each saying once, in order, also when it is brought again.

mod support;

use sesshu_engine::AuditQuery;
use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::notice::{NoticeAbout, NoticeSaid, NoticeStep};
use support::{City, Plan, START, at};

const BY: By = By::CommandLine { uid: 1_000 };

fn said(number: u64, step: NoticeStep) -> NoticeSaid {
    NoticeSaid {
        number,
        notice: 7,
        step,
        about: NoticeAbout::Maintenance { from: at("2026-12-02 22:00"), until: at("2026-12-03 01:00") },
        at: at(START),
        ja: "機器を交換します。".into(),
        easy: Some("きかいを かえます。".into()),
        en: None,
    }
}

async fn noted(city: &City) -> Vec<Event> {
    let query = AuditQuery { rows_max: 500, ..AuditQuery::default() };
    let page = city.engine().audit(query).await.expect("readable");
    let events = page.entries.into_iter().rev().flat_map(|(_, entry)| entry.events);
    events.filter(|event| matches!(event, Event::NoticeNoted(_))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saying_is_noted_once_whole_and_in_order_also_over_a_restart() {
    let mut city = City::with(1, &[Plan::on("2026-12-05", 1)]).await;
    assert_eq!(city.engine().notices_noted(), 0);
    assert_eq!(city.engine().note_notice(said(5, NoticeStep::Given), BY).await, Ok(true));
    assert_eq!(city.engine().note_notice(said(5, NoticeStep::Given), BY).await, Ok(false), "it is there");
    let (one, two) = tokio::join!(
        city.engine().note_notice(said(6, NoticeStep::Updated), BY),
        city.engine().note_notice(said(6, NoticeStep::Updated), BY)
    );
    assert_eq!([one, two].into_iter().filter(|noted| *noted == Ok(true)).count(), 1, "two who bring it note it once");
    city.restart().await;
    assert_eq!(city.engine().notices_noted(), 6);
    assert_eq!(city.engine().note_notice(said(6, NoticeStep::Updated), BY).await, Ok(false));
    assert_eq!(city.engine().note_notice(said(9, NoticeStep::Ended), BY).await, Ok(true));
    let expected = [said(5, NoticeStep::Given), said(6, NoticeStep::Updated), said(9, NoticeStep::Ended)];
    assert_eq!(noted(&city).await, expected.map(|said| Event::NoticeNoted(Box::new(said))));
    city.verify().await;
}
