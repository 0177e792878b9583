//! The ops pages over a monitor that stands still: what they say, what they order, what they refuse.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use sesshu_engine::core::staff::StaffRole;
use sesshu_engine::core::time::Instant;
use sesshu_http::StaffConfig;
use sesshu_monitor::MonitorHandle;
use sesshu_monitor::board::{Board, Gauge, Point, Series, Span};
use sesshu_monitor::core::cause::Cause;
use sesshu_monitor::core::contact::{ChannelKind, Contact, Language};
use sesshu_monitor::core::incident::{Ending, Incident, IncidentChange, IncidentNo, IncidentStep};
use sesshu_monitor::core::level::Level;
use sesshu_monitor::core::message::{About, Delivery, Message, MessageNo, Outcome};
use sesshu_monitor::core::metric::Metric;
use sesshu_monitor::core::order::{Done, Order, OrderError};
use sesshu_monitor::core::sample::Reading;
use sesshu_monitor::core::silence::{Covers, Silence};
use sesshu_monitor::core::state::{HandCall, State, Watcher};
use sesshu_monitor::core::time::WallMs;

use super::city::City;

/// When the city's clock starts; signing in moves it on by some seconds.
const START: &str = "2026-12-01 09:00";
const MINUTE: Duration = Duration::from_mins(1);

fn minutes_ago(minutes: i64) -> WallMs {
    WallMs(START.parse::<Instant>().expect("an instant").0 - minutes * 60_000)
}

/// As the monitor would find it in its state on the disk.
fn incident(no: u64, cause: &Cause, level: Level, since: WallMs) -> Incident {
    let incident = json!({
        "no": no, "cause": cause, "level": level, "worst": level, "since": since, "value": 91.5, "worst_value": 93.0,
        "note": "保存先のファイル が1日に2 GiB増えています", "acknowledged": null, "resolved_at": null, "told_contacts": 1,
        "told_at": since, "flaps": 0, "history": [{ "at": since, "what": { "level": level } }], "round": 0, "told": [],
    });
    serde_json::from_value(incident).expect("an incident")
}

fn message(no: u64, tries: u32) -> Message {
    let about = About::Incident { no: IncidentNo(7), level: Level::Critical, resolved: false };
    let message = json!({
        "no": no, "to": "当番", "lane": { "channel": "webhook", "address": HOOK }, "about": about, "subject": "【重大】",
        "body": "", "at": minutes_ago(3), "tries": tries, "next_try_at": minutes_ago(0), "last_answer": "HTTP 500",
        "passed_on": true,
    });
    serde_json::from_value(message).expect("a message")
}

/// A webhook's address; what lies behind the host is a secret.
const HOOK: &str = "https://hooks.example/T1/SECRET";

/// A night in which the disk is nearly full and one channel is dead.
fn night() -> Board {
    let data = Cause::new(Metric::DiskUse, "data");
    let cpu = Cause::new(Metric::CpuUse, "");
    let mut warning = incident(6, &cpu, Level::Warning, minutes_ago(90));
    warning.acknowledged = Some((minutes_ago(80), "uid:1000".into()));
    let mut ended = incident(3, &Cause::new(Metric::SwapUse, ""), Level::Warning, minutes_ago(300));
    ended.resolved_at = Some(minutes_ago(280));
    ended.history.push(IncidentStep { at: minutes_ago(280), what: IncidentChange::Resolved(Ending::Well) });
    let delivery = Delivery {
        at: minutes_ago(4),
        no: MessageNo(40),
        to: "当番".into(),
        channel: ChannelKind::Mail,
        about: About::Incident { no: IncidentNo(7), level: Level::Critical, resolved: false },
        subject: "【重大】".into(),
        outcome: Outcome::Delivered,
        answer: "250 queued as 1234".into(),
    };
    let gauge = |metric: Metric, subject: &str, value, level| Gauge {
        reading: Reading::new(metric, subject, value),
        threshold: Some(metric.usual()),
        level,
    };
    let mut full = gauge(Metric::DaysToFull, "data", 2.5, Some(Level::Critical));
    full.reading.note = "保存先のファイル".into();
    Board {
        sampled_at: Some(minutes_ago(0)),
        gauges: vec![
            gauge(Metric::NotReady, "", 0.0, None),
            gauge(Metric::DiskUse, "data", 91.5, Some(Level::Critical)),
            full,
            gauge(Metric::CpuUse, "", 92.0, Some(Level::Warning)),
        ],
        state: State {
            last_no: 50,
            open: vec![warning, incident(7, &data, Level::Critical, minutes_ago(5))],
            ended: vec![ended],
            waiting: vec![message(41, 3)],
            deliveries: vec![delivery],
            silences: vec![Silence {
                no: 9,
                covers: Covers::Metric(Metric::SwapUse),
                from: minutes_ago(10),
                until: minutes_ago(-50),
                by: "staff:ops1".into(),
                reason: "メモリの増設".into(),
            }],
            hand_calls: vec![HandCall {
                at: minutes_ago(2),
                contact: "課長".into(),
                incident: Some(IncidentNo(7)),
                notice: None,
                reached: false,
                by: "staff:ops1".into(),
            }],
            watchers: vec![Watcher { name: "庁舎".into(), heard_at: minutes_ago(1), undelivered_seconds: 0 }],
            ..State::default()
        },
        contacts: vec![
            Contact {
                name: "当番".into(),
                language: Language::Ja,
                channels: vec![(ChannelKind::Mail, "toban@example.jp".into()), (ChannelKind::Webhook, HOOK.into())],
                call_by_hand: None,
                alerts: true,
                notices: false,
            },
            Contact {
                name: "課長".into(),
                language: Language::Ja,
                channels: vec![],
                call_by_hand: Some("0476-00-0000".into()),
                alerts: true,
                notices: true,
            },
        ],
        unsaved_since: None,
    }
}

fn history() -> Vec<(Span, Series)> {
    let points = |step: Duration, count: i64| {
        let at = |n: i64| WallMs(minutes_ago(0).0 - (count - n) * step.as_millis() as i64);
        (0..count).map(|n| Point { at: at(n), min: 70.0, mean: 80.0, max: 91.5 }).collect::<Vec<_>>()
    };
    let series = |points| Series { cause: Cause::new(Metric::DiskUse, "data"), points };
    vec![(Span::Day, series(points(MINUTE, 600))), (Span::Week, series(points(10 * MINUTE, 500)))]
}

/// What was ordered.
type Orders = Arc<Mutex<Vec<Order>>>;

async fn watched(board: Board) -> (City, Orders) {
    let orders = Orders::default();
    let kept = Arc::clone(&orders);
    let monitor = MonitorHandle::fixed(board, history(), move |order| {
        kept.lock().expect("not poisoned").push(order.clone());
        match order {
            Order::Acknowledge { incident: IncidentNo(3), .. } => Err(OrderError::Over),
            Order::Acknowledge { incident: IncidentNo(6 | 7), .. }
            | Order::EndSilence { no: 9, .. }
            | Order::LogCall { reached: false, .. } => Ok(Done::Done),
            Order::Acknowledge { .. } => Err(OrderError::NoSuch("incident".into())),
            Order::Silence { covers: Covers::Cause(_), .. } => Err(OrderError::TooMany("silences".into())),
            Order::Silence { .. } => Ok(Done::Silence(10)),
            Order::LogCall { .. } => Err(OrderError::Unavailable),
            _ => Err(OrderError::NoSuch("silence".into())),
        }
    });
    (City::open_with(StaffConfig { monitor: Some(monitor), ..StaffConfig::default() }).await, orders)
}

#[tokio::test]
async fn at_a_glance_stands_the_worst_first_with_what_to_do_and_who_knows() {
    let (city, _) = watched(night()).await;
    let page = city.signed_in(StaffRole::Ops).await.get("/ops").await;
    assert_eq!(page.status, 200);
    for said in [
        "× 重大 1件",
        "だれも待っていません（順番待ちなしで予約できます）",
        "△ 警告 1件",
        "未対応 1件",
        "ディスク使用率（data）　92%",
        "大きなフォルダを探す",
        "警告 80%以上、重大 90%以上",
        "当番（メール）、当番（ウェブフック、届いていない）",
        "コマンド（利用者 1000） が",
        "保存先のファイル が1日に2 GiB増えています",
        "このままの増え方なら、あと2.5日で満杯になります。増えているもの：保存先のファイル",
        "まだ測定していません",
        "× 届いていない",
        "HTTP 500",
        "250 queued as 1234",
        "https://hooks.example/…",
        "停止中：</strong>スワップ使用率",
        "庁舎",
        "class=\"spark\"",
        "action=\"/ops/incidents/7/acknowledge\"",
    ] {
        assert!(page.says(said), "{said}: {}", page.html);
    }
    let (critical, warning) = (page.html.find("id=\"incident-7\""), page.html.find("id=\"incident-6\""));
    assert!(critical < warning, "the worst first");
    assert!(!page.says("SECRET") && !page.says("style="), "no secret of a webhook, nothing inline");
    assert!(!page.says("action=\"/ops/incidents/6/acknowledge\""), "somebody takes care of it already");
    city.close();
}

#[tokio::test]
async fn when_all_is_well_it_says_so_and_what_is_missing_is_said() {
    let quiet = Board { sampled_at: Some(minutes_ago(0)), ..Board::default() };
    let (city, _) = watched(quiet).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    let page = ops.get("/ops").await;
    for said in ["○ いま続いている異常はありません", "通知先が1件も設定されていません", "まだ連絡がありません"]
    {
        assert!(page.says(said), "{said}: {}", page.html);
    }
    city.close();
    let stale = Board { sampled_at: Some(minutes_ago(20)), unsaved_since: Some(minutes_ago(1)), ..Board::default() };
    let (city, _) = watched(stale).await;
    let page = city.signed_in(StaffRole::Admin).await.get("/ops").await;
    assert!(page.says("測定が20分止まっています") && page.says("監視の状態を保存できません"), "{}", page.html);
    city.close();
}

#[tokio::test]
async fn where_no_monitor_runs_each_page_says_so() {
    let city = City::open().await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    for path in ["/ops", "/ops/history", "/ops/incidents", "/ops/silences", "/ops/contacts"] {
        let page = ops.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.says("監視が動いていません"), "{path}: {}", page.html);
    }
    assert_eq!(ops.get("/ops/incidents/1").await.status, 404);
    assert_eq!(ops.post_only("/ops/incidents/1/acknowledge", &[]).await.status, 409);
    city.close();
}

#[tokio::test]
async fn an_incident_tells_its_story_and_is_taken_care_of_once() {
    let (city, orders) = watched(night()).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    let page = ops.get("/ops/incidents/7").await;
    for said in [
        "異常 7　ディスク使用率（data）",
        "× 重大 になった",
        "○ 届いた",
        "× 届いていない（3回失敗）",
        "職員 ops1 が 課長 に電話した（つながらなかった）",
        "class=\"band-of-values\"",
        "class=\"open\"",
        "<th scope=\"col\" class=\"count\">平均</th>",
    ] {
        assert!(page.says(said), "{said}: {}", page.html);
    }
    let done = ops.post("/ops/incidents/7/acknowledge", &[("page", "incident")]).await;
    assert_eq!((done.status.as_u16(), done.address.as_str()), (200, "/ops/incidents/7?done=acknowledged"));
    assert!(done.says("対応中にしました"));
    let by = "staff:ops1".into();
    assert_eq!(*orders.lock().expect("orders"), [Order::Acknowledge { incident: IncidentNo(7), by }]);
    let over = ops.post_only("/ops/incidents/3/acknowledge", &[]).await;
    assert_eq!(over.status, 409);
    assert!(over.says("すでに終わっています"));
    assert_eq!(ops.post_only("/ops/incidents/99/acknowledge", &[]).await.status, 404);
    assert_eq!(ops.get("/ops/incidents/99").await.status, 404);
    assert_eq!(ops.get("/ops/incidents/x").await.status, 404);
    assert!(ops.get("/ops/incidents/3").await.says("20分続きました"));
    city.close();
}

#[tokio::test]
async fn the_list_of_incidents_is_filtered_by_state_level_and_metric() {
    let (city, _) = watched(night()).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    let cases = [
        ("", "3件"),
        ("?state=open", "2件"),
        ("?state=ended", "1件"),
        ("?level=critical", "1件"),
        ("?metric=cpu_use&state=open", "1件"),
        ("?metric=disk_use&state=ended", "あてはまる異常はありません"),
    ];
    for (query, said) in cases {
        let page = ops.get(&format!("/ops/incidents{query}")).await;
        assert!(page.says(said), "{query}: {}", page.html);
    }
    for query in ["?state=closed", "?level=fatal", "?metric=moon"] {
        assert_eq!(ops.get(&format!("/ops/incidents{query}")).await.status, 404, "{query}");
    }
    city.close();
}

#[tokio::test]
async fn a_day_and_a_week_are_charts_with_their_tables() {
    let (city, _) = watched(night()).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    for span in ["day", "week"] {
        let page = ops.get(&format!("/ops/history?span={span}")).await;
        for said in ["class=\"mean\"", "limit critical", "role=\"img\"", "最小 70%、最大 92%", "表で見る"] {
            assert!(page.says(said), "{span}: {said}: {}", page.html);
        }
    }
    assert_eq!(ops.get("/ops/history?span=year").await.status, 404);
    city.close();
}

#[tokio::test]
async fn a_silence_needs_what_it_covers_and_a_reason_and_can_be_ended() {
    let (city, orders) = watched(night()).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    let page = ops.get("/ops/silences?covers=disk_use").await;
    assert!(page.says("<option value=\"disk_use\" selected>") && page.says("メモリの増設"), "{}", page.html);
    let filled = [("covers", "disk_use"), ("from", ""), ("minutes", "60"), ("reason", "増設作業")];
    for (field, wrong, said) in [
        ("covers", "moon", "選んでください"),
        ("from", "tomorrow", "2026-12-01 09:00"),
        ("from", "2026-11-01T09:00", "終わりの時刻が過ぎています"),
        ("minutes", "61", "止める時間"),
        ("reason", "  ", "理由を入力してください"),
    ] {
        let form = filled.map(|(name, value)| (name, if name == field { wrong } else { value }));
        let page = ops.post("/ops/silences", &form).await;
        assert_eq!(page.status, 400, "{field}");
        assert!(page.says(said) && page.says("id=\"errors\""), "{field}: {}", page.html);
    }
    assert!(orders.lock().expect("orders").is_empty(), "nothing was ordered");
    assert!(ops.post("/ops/silences", &filled).await.says("通知停止を設定しました"));
    let Some(Order::Silence { covers, from, until, by, reason }) = orders.lock().expect("orders").pop() else {
        panic!("a silence is ordered")
    };
    assert_eq!((covers, from, &*by, &*reason), (Covers::Metric(Metric::DiskUse), None, "staff:ops1", "増設作業"));
    assert!(until > minutes_ago(-60) && until < minutes_ago(-62), "an hour from now");
    let cause = filled.map(|(name, value)| (name, if name == "covers" { "disk_use/data" } else { value }));
    let many = ops.post_only("/ops/silences", &cause).await;
    assert!(many.status == 409 && many.says("上限"), "{}", many.html);
    assert!(ops.post("/ops/silences/9/end", &[]).await.says("終了しました"));
    assert_eq!(ops.post_only("/ops/silences/8/end", &[]).await.status, 404);
    city.close();
}

#[tokio::test]
async fn calls_by_hand_are_logged_and_an_unknown_outcome_is_said() {
    let (city, orders) = watched(night()).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    let page = ops.get("/ops/contacts").await;
    for said in ["tel:0476-00-0000", "1番目", "2番目", "× つながらなかった", "メール toban@example.jp"]
    {
        assert!(page.says(said), "{said}: {}", page.html);
    }
    assert!(!page.says("SECRET"));
    let call = [("contact", "課長"), ("reached", "no"), ("incident", "7")];
    assert!(ops.post("/ops/calls", &call).await.says("電話の結果を記録しました"));
    let logged = orders.lock().expect("orders").pop();
    assert!(
        matches!(&logged, Some(Order::LogCall { contact, incident: Some(IncidentNo(7)), reached: false, .. }) if &**contact == "課長"),
        "{logged:?}"
    );
    let unknown = ops.post_only("/ops/calls", &[("contact", "課長"), ("reached", "yes")]).await;
    assert_eq!(unknown.status, 503);
    for wrong in [&[("contact", "課長")][..], &[("reached", "no"), ("incident", "x")]] {
        assert_eq!(ops.post_only("/ops/calls", wrong).await.status, 400);
    }
    city.close();
}

#[tokio::test]
async fn the_page_that_renews_itself_keeps_nobody_signed_in() {
    let (city, _) = watched(night()).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    assert!(ops.get("/ops").await.says("http-equiv=\"refresh\""));
    assert!(!ops.get("/ops?auto=off").await.says("http-equiv=\"refresh\""));
    city.clock.advance_ms(29 * 60_000);
    assert_eq!(ops.get_only("/ops?auto=1").await.status, 200);
    city.clock.advance_ms(60_000);
    assert_eq!(ops.get_only("/ops?auto=1").await.location(), "/login?next=/ops%3Fauto%3D1");
    city.close();
}
