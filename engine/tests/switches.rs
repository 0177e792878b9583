//! Switches in the journal: each turn once, in order, also when it is brought again; and what a key has booked before.

mod support;

use sesshu_engine::AuditQuery;
use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::event_kind::EventKind;
use sesshu_engine::core::switch::{Switch, SwitchPosition, SwitchTurned};
use support::{City, Plan, START, at};

const BY: By = By::CommandLine { uid: 1_000 };

fn turned(number: u64, to: SwitchPosition) -> SwitchTurned {
    SwitchTurned { number, switch: Switch::NewBookings, to, at: at(START) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_is_noted_once_and_in_order_also_over_a_restart() {
    let mut city = City::with(1, &[Plan::on("2026-12-05", 1)]).await;
    let off = SwitchPosition::Off { until: Some(at("2026-12-02 22:00")) };
    assert_eq!(city.engine().switches_noted(), 0);
    assert_eq!(city.engine().note_switch(turned(5, off), BY).await, Ok(true));
    let (one, two) = tokio::join!(
        city.engine().note_switch(turned(6, SwitchPosition::On), By::System),
        city.engine().note_switch(turned(6, SwitchPosition::On), By::System)
    );
    assert_eq!([one, two].into_iter().filter(|noted| *noted == Ok(true)).count(), 1, "two who bring it note it once");
    for _ in 0..2 {
        // The first restart reads the journal, the second one the table.
        city.restart().await;
        assert_eq!(city.engine().switches_noted(), 6);
    }
    assert_eq!(city.engine().note_switch(turned(6, SwitchPosition::On), BY).await, Ok(false));
    let query = AuditQuery { kind: Some(EventKind::Switch), rows_max: 10, ..AuditQuery::default() };
    let page = city.engine().audit(query).await.expect("readable");
    let noted: Vec<_> = page.entries.into_iter().rev().map(|(_, entry)| (entry.by, entry.events)).collect();
    let expected = [(BY, turned(5, off)), (By::System, turned(6, SwitchPosition::On))];
    assert_eq!(noted, expected.map(|(by, turned)| (by, vec![Event::SwitchTurned(turned)])));
    city.verify().await;
}
