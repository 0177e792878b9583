//! A night at the ops pages: something is wrong, a channel is dead, somebody takes care of it, keeps it quiet, and calls by hand.

use std::time::Duration;

use sesshu_tests::{City, wait_until_async};

use crate::desk::Desk;
use crate::stage::play;

/// Every disk is fuller than this, and nobody hears at this address.
const CONFIG: &str = r#"
[monitor]
every_seconds = 1

[monitor.threshold.disk_use]
warning = 0.0001
critical = 0.0001
for_seconds = 0

[monitor.threshold.cpu_use]
off = true

[[monitor.contact]]
name = "当番"
webhook = "http://127.0.0.1:1/alerts"

[[monitor.contact]]
name = "係長"
call_by_hand = "0476-00-0001"
"#;

#[test]
fn an_incident_is_seen_taken_care_of_kept_quiet_and_told_by_hand() {
    play(async |stage| {
        let city = City::demo().residents(10).config(CONFIG).start();
        let mut desk = Desk::of(stage, &city, "ops-night", &city.new_staff("ops")).await;
        wait_until_async("the full disk stands on the page", Duration::from_mins(1), async || {
            desk.open("/ops").await;
            let text = desk.text().await;
            (text.contains("× 重大") && text.contains("× 届いていない")).then_some(())
        })
        .await;
        desk.says(&["ディスク使用率", "今すること", "未対応"]).await;
        desk.stop("glance").await;
        desk.press("#incidents article a").await;
        desk.says(&["経過", "× 重大 になった", "当番"]).await;
        desk.stop("incident").await;
        desk.press("form[action$='/acknowledge'] button").await;
        desk.says(&["対応中にしました", "職員"]).await;
        desk.stop("acknowledged").await;
        desk.open("/ops/silences?covers=disk_use").await;
        desk.press("form[action='/ops/silences'] button").await;
        desk.says(&["理由を入力してください"]).await;
        desk.stop("silence-missing").await;
        desk.fill("#reason", "ディスクの増設作業").await;
        desk.press("form[action='/ops/silences'] button").await;
        desk.says(&["通知停止を設定しました", "ディスクの増設作業"]).await;
        desk.stop("silence").await;
        desk.open("/ops/contacts").await;
        desk.press("form[action='/ops/calls'] button[value=no]").await;
        desk.says(&["電話の結果を記録しました", "× つながらなかった"]).await;
        desk.stop("called").await;
        desk.stop_at("/ops/incidents", "incidents").await;
        desk.stop_at("/ops/history", "history").await;
        desk.stop_at("/ops", "in-hand").await;
        desk.says(&["すべて対応中"]).await;
        desk.end();
    });
}
