//! What residents read of failures and planned work: at once, on every page, in each language.

use axum::http::StatusCode;
use sesshu_http::{PublicConfig, away_page};
use sesshu_monitor::core::notice::{Notice, NoticeKind, NoticeNo, NoticeSaying, NoticeText};
use sesshu_monitor::core::order::{Done, Order};
use sesshu_monitor::core::time::WallMs;
use sesshu_monitor::{Monitor, MonitorConfig, MonitorSetup};
use tempfile::TempDir;

use super::city::City;

/// 2026-12-01 09:00 in the city, when every city's clock starts.
const START: WallMs = WallMs(1_796_083_200_000);
const HOUR_MS: i64 = 3_600_000;

fn text() -> NoticeText {
    NoticeText {
        ja: "{障害|しょうがい}を<調べて>います。".into(),
        easy: Some("いま しらべて います。".into()),
        en: Some("We look into it.".into()),
    }
}

fn monitor(folder: &TempDir) -> Monitor {
    let setup = MonitorSetup {
        config: MonitorConfig::default(),
        name: "見本市".into(),
        folder: folder.path().to_owned(),
        sources: Vec::new(),
        channels: sesshu_monitor::channels::Channels::new(),
    };
    sesshu_monitor::start(setup).expect("the monitor starts")
}

#[tokio::test]
async fn a_notice_is_on_every_page_at_once_in_the_readers_language() {
    let folder = tempfile::tempdir().expect("a folder");
    let monitor = monitor(&folder);
    let config = PublicConfig { monitor: Some(monitor.handle()), ..PublicConfig::default() };
    let city = City::open_configured(&[], config).await;
    let mut browser = city.browser();
    assert!(!browser.get("/").await.says("role=\"status\""));
    let order = Order::GiveNotice { kind: NoticeKind::Failure, text: text(), by: "uid:0".into(), quiet: false };
    let Ok(Done::Notice(no, _)) = monitor.handle().order(order).await else { panic!("it is given") };
    let japanese = ["障害を&lt;調べて&gt;います。", "障害が起きています", "role=\"status\""];
    for address in ["/?furigana=off", "/login", "/login?next=/my", "/no-such-page"] {
        let page = browser.get(address).await;
        for words in japanese {
            assert!(page.says(words), "{address} says {words}: {}", page.html);
        }
    }
    let furigana = city.browser().get("/?furigana=on").await;
    assert!(furigana.says("<ruby>障害<rt>しょうがい</rt></ruby>を"), "{}", furigana.html);
    assert!(city.browser().get("/?lang=en").await.says("We look into it."));
    assert!(city.browser().get("/?lang=ja-easy").await.says("いま しらべて います。"));
    let json = city.browser().get("/api/v1/notices").await;
    for part in [
        "\"kind\":\"failure\"",
        "\"phase\":\"failing\"",
        "\"ja\":\"障害を<調べて>います。\"",
        "\"en\":\"We look into it.\"",
        "\"until\":null",
    ] {
        assert!(json.says(part), "{part} in {}", json.html);
    }
    let update = Order::UpdateNotice {
        no,
        text: NoticeText { ja: "続いています。".into(), ..NoticeText::default() },
        by: "uid:0".into(),
    };
    assert!(monitor.handle().order(update).await.is_ok());
    let english = city.browser().get("/?lang=en").await;
    assert!(english.says("<span lang=\"ja\">続いています。</span>"), "what is missing is Japanese: {}", english.html);
    city.close();
    monitor.stop();
}

#[tokio::test]
async fn a_city_without_a_monitor_has_no_notices() {
    let city = City::open().await;
    let page = city.browser().get("/api/v1/notices").await;
    assert_eq!((page.status, page.html.as_str()), (StatusCode::OK, "{\"notices\":[]}"));
    city.close();
}

fn notice(kind: NoticeKind, ended_at: Option<WallMs>) -> Notice {
    let saying = NoticeSaying { act: 1, at: START, by: "uid:0".into(), text: text() };
    Notice { no: NoticeNo(1), kind, sayings: vec![saying], ended_at, reminded_at: None }
}

#[test]
fn the_page_for_a_front_server_says_in_each_state_what_is_known_and_needs_nothing_else() {
    let config = PublicConfig::default();
    let hour = |hours: i64| WallMs(START.0 + hours * HOUR_MS);
    let work = NoticeKind::Maintenance { from: hour(1), until: hour(2) };
    let cases: [(&str, Vec<Notice>, i64, &str); 7] = [
        ("nothing said", Vec::new(), 0, "ただいま接続できません"),
        ("failure", vec![notice(NoticeKind::Failure, None)], 0, "障害が起きています"),
        ("recovered", vec![notice(NoticeKind::Failure, Some(START))], 0, "復旧しました"),
        ("long recovered", vec![notice(NoticeKind::Failure, Some(START))], 1, "ただいま接続できません"),
        ("ahead", vec![notice(work, None)], 0, "保守のお知らせ"),
        ("running", vec![notice(work, None)], 1, "ただいま保守作業中です"),
        ("extended", vec![notice(work, None)], 2, "保守作業を延長しています"),
    ];
    let mut pages = std::collections::BTreeSet::new();
    for (name, notices, hours, words) in cases {
        let page = away_page(&config, &notices, hour(hours).0);
        assert!(page.contains(words), "{name}: {page}");
        assert!(page.contains("0120-000-000"), "{name}: {page}");
        for language in ["lang=\"ja\" id=\"ja\"", "lang=\"ja\" id=\"ja-easy\"", "lang=\"en\" id=\"en\""] {
            assert!(page.contains(language), "{name}: {language}");
        }
        for outside in ["src=", "<link", "url(", "{障害"] {
            assert!(!page.contains(outside), "{name} has {outside}");
        }
        assert!(!page.contains("<調べて>"), "{name}: what is typed is escaped");
        assert!(page.len() < 14 * 1024, "{name}: {} bytes", page.len());
        pages.insert(page);
    }
    assert_eq!(pages.len(), 6, "nothing said and long recovered are the same page");
    let later = away_page(&config, &[notice(work, None)], hour(1).0 + 1);
    assert!(pages.contains(&later), "a page changes with its phase, not with the clock");
}
