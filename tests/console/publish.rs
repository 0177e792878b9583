//! A campaign built from nothing in the browser, and published by two people.

use std::time::Instant;

use sesshu_tests::browser::Stage;
use sesshu_tests::{City, Sesshu, clock, report};
use tempfile::TempDir;

use crate::desk::Desk;
use crate::stage::play;

const DAYS: i64 = 40;
/// Two venues, six slots of ten places each day.
const PLACES: i64 = 2 * DAYS * 6 * 10;

/// A city in which there is nothing yet.
fn empty_city() -> City {
    let folder = TempDir::with_prefix("sesshu-test-").expect("a temporary folder");
    let data = folder.path().join("city");
    Sesshu::new(["init"]).data(&data).run().done();
    City::serving(folder, data)
}

#[test]
fn a_campaign_is_built_from_nothing_and_published_by_a_second_person() {
    play(async |stage| {
        let city = empty_city();
        let began = Instant::now();
        let mut desk = Desk::of(stage, &city, "campaign", &city.new_staff("admin")).await;
        desk.stop_at("/sessions", "nothing-yet").await;
        venues_and_vaccine(&mut desk).await;
        roll(&mut desk, &city).await;
        waves(&mut desk).await;
        pattern(&mut desk).await;
        propose(&mut desk).await;
        publish(stage, &city).await;
        let sessions = city.sessions(1).await;
        assert_eq!(sessions.len() as i64, 2 * DAYS);
        assert!(sessions.iter().all(|session| session.state() == "before_open"));
        assert_eq!(city.verify()["sessions"], 2 * DAYS);
        desk.stop_at("/sessions", "published").await;
        report(&format!(
            "a campaign from nothing in the browser: 2 venues, {DAYS} days, 2 waves, {PLACES} places, by two people, in {:.0} s with \
             its pictures",
            began.elapsed().as_secs_f64()
        ));
        desk.end();
    });
}

async fn venues_and_vaccine(desk: &mut Desk<'_>) {
    for name in ["北の体育館", "南の公民館"] {
        desk.open("/venues").await;
        desk.fill("#name", name).await;
        desk.press("form[action='/venues'] button").await;
        desk.says(&[name]).await;
    }
    desk.stop("venues").await;
    desk.open("/vaccines/new").await;
    for (field, text) in
        [("name", "ヌバキソビッド"), ("doses", "2"), ("interval_min", "21"), ("age", "12"), ("vial", "10")]
    {
        desk.fill(&format!("#{field}"), text).await;
    }
    desk.stop("vaccine").await;
    desk.press("form[action='/vaccines/new'] button").await;
    desk.says(&["ヌバキソビッド"]).await;
}

async fn roll(desk: &mut Desk<'_>, city: &City) {
    let row = |n: u32| format!("81000000{n:02},タナカ　ミツコ,{}-04-02,\r\n", 1930 + n);
    let rows: String = (0..40).map(row).collect();
    let file = city.files().join("roll.csv");
    std::fs::write(&file, format!("券番号,氏名カナ,生年月日,区分\r\n{rows}")).expect("a file");
    desk.open("/imports").await;
    desk.type_into("#roll-file", &file.display().to_string()).await;
    desk.press("form[action='/imports/roll'] button").await;
    desk.fill("#count", "40").await;
    desk.press("form[action='/imports/confirm'] button").await;
    desk.says(&["名簿を取り込みました"]).await;
}

async fn waves(desk: &mut Desk<'_>) {
    for (name, born_to, days) in [("75歳以上", "S26.4.1", 1), ("そのほか", "", 8)] {
        desk.open("/waves/new").await;
        desk.fill("#name", name).await;
        desk.fill("#born_to", born_to).await;
        desk.set("#opens_at", &format!("{}T09:00", clock::date_in(days))).await;
        desk.press("form[action='/waves/new'] button").await;
        desk.says(&[name]).await;
    }
    desk.stop("waves").await;
}

async fn pattern(desk: &mut Desk<'_>) {
    desk.open("/sessions/pattern").await;
    for place in 1..=2 {
        desk.tick(&format!("#venue label:nth-of-type({place}) > input")).await;
    }
    desk.set("#from", &clock::date_in(14)).await;
    desk.set("#to", &clock::date_in(14 + DAYS - 1)).await;
    for (field, value) in [("start", "09:00"), ("end", "12:00")] {
        desk.set(&format!("#{field}"), value).await;
    }
    desk.fill("#slot_minutes", "30").await;
    desk.fill("#capacity", "0x").await;
    desk.choose("#vaccine", "コミナティ").await;
    desk.tick("input[name=doses][value='1']").await;
    desk.tick("input[name=doses][value='2']").await;
    desk.press("button[value=check]").await;
    assert!(desk.has("#errors").await, "{}", desk.text().await);
    desk.stop("pattern-wrong").await;
    assert_eq!(desk.value("#slot_minutes").await, "30", "what was typed stays");
    desk.fill("#capacity", "10").await;
    desk.press("button[value=check]").await;
    desk.says(&["2会場 × 40日 ＝ 80回", &format!("{PLACES}人分")]).await;
    desk.stop("pattern-preview").await;
    desk.press("button[value=draft]").await;
    desk.says(&["80回", &format!("{PLACES}人分")]).await;
    desk.stop("drafts").await;
}

async fn propose(desk: &mut Desk<'_>) {
    desk.open("/publish").await;
    desk.set("#opens_at", &format!("{}T09:00", clock::date_in(1))).await;
    desk.press("form[action='/publish'] button").await;
    desk.says(&[&format!("{PLACES}人分")]).await;
    desk.stop("check").await;
    desk.press("form[action='/publish/propose'] button").await;
    desk.says(&["公開を申請しました", "別の管理者"]).await;
    assert!(!desk.has("button.big").await, "whoever proposed does not publish");
    desk.stop("proposed").await;
}

async fn publish(stage: &Stage, city: &City) {
    let mut second = Desk::of(stage, city, "campaign-second", &city.new_staff("admin")).await;
    second.stop_at("/publish", "proposal").await;
    second.fill("#count", "480").await;
    second.press("button.big").await;
    assert!(second.has("#errors").await, "{}", second.text().await);
    second.stop("other-count").await;
    second.fill("#count", &PLACES.to_string()).await;
    second.press("button.big").await;
    second.says(&["公開しました"]).await;
    second.stop("published").await;
    second.end();
}
