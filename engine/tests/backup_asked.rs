//! Who asked for a backup or a drill stands in the journal, is found in the audit by its kind, and changes nothing else.

mod support;

use sesshu_engine::AuditQuery;
use sesshu_engine::core::backup::BackupWish;
use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::event_kind::EventKind;
use support::{City, Plan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_for_a_backup_or_a_drill_stands_in_the_audit() {
    let mut city = City::with(1, &[Plan::on("2026-12-05", 1)]).await;
    let operator = By::CommandLine { uid: 1_000 };
    let engine = city.engine();
    engine.note_backup_asked(BackupWish::Backup, operator.clone()).await.expect("it is noted");
    engine.note_backup_asked(BackupWish::Drill, By::CommandLine { uid: 0 }).await.expect("it is noted");
    city.restart().await;
    let query = AuditQuery { kind: Some(EventKind::Backup), rows_max: 10, ..AuditQuery::default() };
    let page = city.engine().audit(query).await.expect("readable");
    let asked: Vec<_> = page.entries.into_iter().map(|(_, entry)| (entry.by, entry.events)).collect();
    assert_eq!(
        asked,
        [
            (By::CommandLine { uid: 0 }, vec![Event::BackupAsked(BackupWish::Drill)]),
            (operator, vec![Event::BackupAsked(BackupWish::Backup)]),
        ]
    );
    city.verify().await;
}
