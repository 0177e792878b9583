//! Notices on the console: shown before they are said, said once, read by every role, ended by hand.

use axum::http::StatusCode;
use sesshu_engine::core::staff::StaffRole;
use sesshu_http::StaffConfig;
use sesshu_monitor::{Monitor, MonitorConfig, MonitorSetup};
use tempfile::TempDir;

use super::browser::Page;
use super::city::City;

const TEXT: &str = "ただいま、つながりにくくなっています。";

struct Watched {
    city: City,
    monitor: Monitor,
    _folder: TempDir,
}

async fn watched() -> Watched {
    let folder = tempfile::tempdir().expect("a folder");
    let setup = MonitorSetup {
        config: MonitorConfig::default(),
        name: "見本市".into(),
        folder: folder.path().to_owned(),
        sources: Vec::new(),
        channels: sesshu_monitor::channels::Channels::new(),
    };
    let monitor = sesshu_monitor::start(setup).expect("the monitor starts");
    let staff = StaffConfig { monitor: Some(monitor.handle()), ..StaffConfig::default() };
    Watched { city: City::open_with(staff).await, monitor, _folder: folder }
}

/// What the page wants to be sent back, so that only what it shows is said.
fn mark(page: &Page) -> String {
    let after = page.html.split("name=\"shown\" value=\"").nth(1).expect("a mark");
    after.split('"').next().expect("its end").to_owned()
}

#[tokio::test]
async fn what_was_shown_is_said_once_and_everybody_on_the_console_reads_it() {
    let Watched { city, monitor, _folder } = watched().await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    let form = ops.get("/notices/new?kind=failure").await;
    assert!(form.says("障害を知らせる") && form.says("つながりにくく"), "{}", form.html);
    let failure = [("kind", "failure"), ("ja", TEXT), ("en", "Hard to reach.")];
    let unseen = ops.post("/notices/new", &[&failure[..], &[("do", "say")]].concat()).await;
    assert!(unseen.says("まだ知らせていません"), "what was not shown is shown: {}", unseen.html);
    assert!(monitor.handle().board().state.notices.is_empty());
    let mark = mark(&unseen);
    let say = [&failure[..], &[("do", "say"), ("shown", &mark)]].concat();
    for _ in 0..2 {
        let said = ops.post("/notices/new", &say).await;
        assert!(said.says("知らせました") && said.says("障害中"), "{}", said.html);
    }
    let state = monitor.handle().board();
    assert_eq!(state.state.notices.len(), 1, "a form that is sent twice says it once");
    assert_eq!(&*state.state.notices[0].sayings[0].by, "staff:ops1");
    for role in [StaffRole::Operator, StaffRole::Venue, StaffRole::Admin, StaffRole::Ops] {
        let home = city.signed_in(role).await.get("/").await;
        assert!(home.says("障害が起きています") && home.says(TEXT) && home.says("role=\"status\""), "{}", home.html);
    }
    monitor.stop();
}

#[tokio::test]
async fn a_notice_goes_on_and_ends_by_hand() {
    let Watched { city, monitor, _folder } = watched().await;
    let mut admin = city.signed_in(StaffRole::Admin).await;
    let work = [("kind", "maintenance"), ("from", "2035-01-01T22:00"), ("until", "2035-01-02T01:00"), ("ja", TEXT)];
    let shown = admin.post("/notices/new", &[&work[..], &[("do", "preview")]].concat()).await;
    let mark_of_work = mark(&shown);
    let said = admin.post("/notices/new", &[&work[..], &[("do", "say"), ("shown", &mark_of_work)]].concat()).await;
    assert!(said.says("予告中") && said.says("令和17年1月1日（月） 22:00"), "{}", said.html);
    let no = monitor.handle().board().state.notices[0].no.0;
    let address = format!("/notices/{no}");
    for (end, words) in [("", "予告中"), ("yes", "終了")] {
        let text = if end.is_empty() { "準備を進めています。" } else { "終わりました。" };
        let typed = [("ja", text), ("end", end)];
        let shown = admin.post(&address, &[&typed[..], &[("do", "preview")]].concat()).await;
        let mark = mark(&shown);
        for _ in 0..2 {
            let said = admin.post(&address, &[&typed[..], &[("do", "say"), ("shown", &mark)]].concat()).await;
            assert!(said.says("知らせました") && said.says(words) && said.says(text), "{}", said.html);
        }
    }
    assert_eq!(monitor.handle().board().state.notices[0].sayings.len(), 3);
    let over = admin.post(&address, &[("ja", "まだ"), ("do", "preview")]).await;
    assert_eq!(over.status, StatusCode::CONFLICT);
    let list = admin.get("/notices").await;
    assert!(list.says("終わりました。") && list.says("保守"), "{}", list.html);
    let table = admin.get(&format!("{address}/record.csv")).await;
    assert!(table.says("日時,連絡先,方法,結果,件名"), "{}", table.html);
    monitor.stop();
}

#[tokio::test]
async fn what_is_wrong_is_said_of_its_field_and_what_is_missing_is_not_found() {
    let Watched { city, monitor, _folder } = watched().await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    let wrong = [("kind", "maintenance"), ("from", "2035-01-02T22:00"), ("until", "2035-01-01T01:00"), ("ja", " ")];
    let page = ops.post("/notices/new", &wrong).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    for words in ["id=\"until-error\"", "id=\"ja-error\"", "2035-01-02T22:00"] {
        assert!(page.says(words), "{words}: {}", page.html);
    }
    for address in ["/notices/99", "/notices/x", "/notices/99/record.csv"] {
        assert_eq!(ops.get(address).await.status, StatusCode::NOT_FOUND, "{address}");
    }
    monitor.stop();
}

#[tokio::test]
async fn a_console_without_a_monitor_says_so() {
    let city = City::open().await;
    let page = city.signed_in(StaffRole::Ops).await.get("/notices").await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.says("監視が動いていない"), "{}", page.html);
}
