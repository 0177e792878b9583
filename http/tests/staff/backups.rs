//! The page of backups over backups that stand still: what it says of them, what it begins, what it refuses, and the evidence of drills.

use std::sync::{Arc, Mutex};

use sesshu_engine::AuditQuery;
use sesshu_engine::core::backup::BackupWish;
use sesshu_engine::core::event::{By, Event};
use sesshu_engine::core::event_kind::EventKind;
use sesshu_engine::core::staff::StaffRole;
use sesshu_engine::core::time::Instant;
use sesshu_http::{
    AskedView, BackupDesk, BackupRefused, BackupWork, BackupsView, CountsView, DrillView, GenerationKind,
    GenerationView, JournalView, ProofView, RunningView, SecondView, StaffConfig, TroubleView,
};

use super::city::City;

/// When the city's clock starts; signing in moves it on by some seconds.
const START: &str = "2026-12-01 09:00";
const HOUR_MS: i64 = 3_600_000;

fn hours_ago(hours: i64) -> Instant {
    START.parse::<Instant>().expect("an instant").plus_ms(-hours * HOUR_MS)
}

const COUNTS: CountsView = CountsView { residents: 105_000, sessions: 240, bookings_live: 41_234, entries: 300_001 };

fn generation(name: &str, hours: i64) -> GenerationView {
    GenerationView {
        name: name.into(),
        taken_at: hours_ago(hours),
        kind: GenerationKind::Daily,
        by: "schedule".into(),
        bytes: 43_000_000,
        encrypted: true,
        proof: Some(ProofView { at: hours_ago(hours), took_ms: 12_345, counts: COUNTS }),
        read_again_at: Some(hours_ago(1)),
        copied_at: Some(hours_ago(2)),
        damage: None,
        instead: None,
    }
}

fn trouble(what: &str) -> TroubleView {
    TroubleView { since: hours_ago(3), what: what.into() }
}

fn drill(failure: Option<&str>) -> DrillView {
    let steps = ["restore", "verify", "serve", "login", "read", "book", "check"];
    let steps = steps.iter().zip([4_000, 3_000, 900, 30, 20, 50, 600]);
    DrillView {
        began_at: "2026-11-20T14:05:00+09:00".into(),
        by: "staff:ops1".into(),
        generation: "sesshu-20261120-030000".into(),
        with_journal: true,
        recovery_ms: 8_000,
        data_age_seconds: 9,
        counts: COUNTS,
        digest: "0123456789abcdef".into(),
        steps: steps.take(if failure.is_some() { 2 } else { 7 }).map(|(name, ms)| ((*name).into(), ms)).collect(),
        failure: failure.map(str::to_owned),
    }
}

/// All is well.
fn well() -> BackupsView {
    BackupsView {
        folder: "/var/backups/sesshu".into(),
        generations: vec![generation("sesshu-20261201-030000", 6), generation("sesshu-20261130-030000", 30)],
        next_daily_at: Some(hours_ago(-18)),
        second: Some(SecondView {
            folder: "/mnt/backup".into(),
            generations: 2,
            newest_taken_at: Some(hours_ago(6)),
            trouble: None,
        }),
        journal: Some(JournalView { folder: "/mnt/backup".into(), complete_at: Some(hours_ago(0)), trouble: None }),
        drills: vec![drill(None)],
        drill_due_at: Some(hours_ago(-1_000)),
        ..BackupsView::default()
    }
}

/// Backups that stand as they are told to, and remember what was begun.
#[derive(Debug)]
struct Fixed {
    view: BackupsView,
    refuses: Option<BackupRefused>,
    begun: Mutex<Vec<(BackupWish, String)>>,
}

impl BackupDesk for Fixed {
    fn view(&self) -> BackupsView {
        self.view.clone()
    }

    fn begin(&self, wish: BackupWish, by: &str) -> Result<(), BackupRefused> {
        if let Some(why) = self.refuses {
            return Err(why);
        }
        self.begun.lock().expect("not poisoned").push((wish, by.to_owned()));
        Ok(())
    }
}

async fn kept(view: BackupsView, refuses: Option<BackupRefused>) -> (City, Arc<Fixed>) {
    let fixed = Arc::new(Fixed { view, refuses, begun: Mutex::default() });
    let backups: Arc<dyn BackupDesk> = fixed.clone();
    (City::open_with(StaffConfig { backups: Some(backups), ..StaffConfig::default() }).await, fixed)
}

/// Opens the page as ops, holds what it must and must not say against it.
async fn says(view: BackupsView, said: &[&str], unsaid: &[&str]) {
    let (city, _) = kept(view, None).await;
    let page = city.signed_in(StaffRole::Ops).await.get("/ops/backups").await;
    assert_eq!(page.status, 200);
    for words in said {
        assert!(page.says(words), "{words}: {}", page.html);
    }
    for words in unsaid {
        assert!(!page.says(words), "{words}: {}", page.html);
    }
    city.close();
}

/// Who asked for what, oldest first.
async fn asked(city: &City) -> Vec<(By, BackupWish)> {
    let query = AuditQuery { kind: Some(EventKind::Backup), rows_max: 10, ..AuditQuery::default() };
    let page = city.engine.audit(query).await.expect("readable");
    let entries = page.entries.into_iter().rev();
    let wish = |event: &Event| if let Event::BackupAsked(wish) = event { Some(*wish) } else { None };
    entries.filter_map(|(_, entry)| Some((entry.by, entry.events.iter().find_map(wish)?))).collect()
}

#[tokio::test]
async fn generations_stand_with_size_age_proof_reading_copies_and_what_was_in_them() {
    let said = [
        "○ 復元して確かめた最新の世代は、6時間前のものです",
        "sesshu-20261201-030000",
        "○ 確認済み",
        "毎日",
        "自動（定時）",
        "41.0 MiB",
        "暗号化",
        "12.3秒",
        "市民 105,000人、接種会 240件、有効な予約 41,234件、記録 300,001件",
        "令和8年12月1日（火） 08:00",
        "2世代、合わせて 82.0 MiB",
        "次の毎日のバックアップは 令和8年12月2日（水） 03:00",
        "/mnt/backup",
        "前まで）",
        "次の訓練の期限",
        "○ 成功",
        "＋ジャーナル",
        "復元 4.0秒、検査 3.0秒、起動 0.9秒",
        "action=\"/ops/backups/now\"",
        "action=\"/ops/backups/drill\"",
    ];
    says(well(), &said, &["△", "×", "data-renew", "http-equiv=\"refresh\"", "style="]).await;
}

#[tokio::test]
async fn what_is_missing_or_wrong_stands_at_its_place_in_plain_words() {
    let old = BackupsView { generations: vec![generation("sesshu-20261130-030000", 30)], ..well() };
    says(old, &["verdict warning", "△ 復元して確かめた最新の世代が1日6時間前のもので、古すぎます"], &[]).await;
    let none = BackupsView { generations: Vec::new(), next_daily_at: None, ..well() };
    says(none, &["× バックアップがまだ1つもありません", "sesshu backup daily"], &["次の毎日のバックアップは"]).await;
    let beside = BackupsView { second: None, ..well() };
    says(beside, &["このフォルダーが残っていれば", "機械ごと失うと戻せません"], &[]).await;
    let alone = BackupsView { second: None, journal: None, ..well() };
    let said = ["二つ目の置き場所がありません", "second = ", "ジャーナル（バックアップの間の記録）は送っていません"];
    says(alone, &said, &["写しを確かめた日時"]).await;
    let mut torn = well();
    torn.generations[0].instead = Some("sesshu-20261130-030000".into());
    torn.unreadable = vec![("sesshu-20261129-030000".into(), "manifest is not JSON".into())];
    torn.generations[0].damage = Some(trouble("its bytes are not those that were written (blake3)"));
    let said = [
        "世代 sesshu-20261201-030000 は壊れています。復元には sesshu-20261130-030000 を使います。",
        "× 破損",
        "書いたときの内容と違います。（its bytes are not those that were written (blake3)）",
        "△ sesshu-20261129-030000 は世代として読めません",
        "manifest is not JSON",
        "1日6時間前",
    ];
    says(torn, &said, &["○ 復元して確かめた最新"]).await;
    let mut unproven = well();
    unproven.generations[0].proof = None;
    says(unproven, &["△ 未確認", "1日6時間前"], &["× "]).await;
    let mut away = well();
    away.second.as_mut().expect("there is one").trouble = Some(trouble("Permission denied"));
    let journal = away.journal.as_mut().expect("there is one");
    (journal.complete_at, journal.trouble) = (Some(hours_ago(3)), Some(trouble("No such file")));
    away.reading_failure = Some(trouble("age: no identity"));
    away.failure = Some(trouble("ディスクに空きがありません"));
    away.drill_due_at = Some(hours_ago(24));
    away.drills = vec![drill(Some("復元したサーバーが起動しません"))];
    let said = [
        "最後のバックアップが失敗しました（令和8年12月1日（火） 06:00）",
        "ディスクに空きがありません",
        "古い世代を読み直せていません",
        "age: no identity",
        "二つ目の置き場所に写せていません",
        "Permission denied",
        "ジャーナルを送れていません",
        "3時間前まで",
        "復元訓練の期限",
        "過ぎています",
        "× 失敗",
        "復元したサーバーが起動しません",
    ];
    says(away, &said, &["8.0秒"]).await;
}

#[tokio::test]
async fn a_backup_and_a_drill_are_begun_and_whoever_asked_stands_in_the_audit() {
    let (city, fixed) = kept(well(), None).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    let page = ops.post("/ops/backups/now", &[]).await;
    assert_eq!((page.status.as_u16(), page.address.as_str()), (200, "/ops/backups"));
    city.signed_in(StaffRole::Admin).await.post("/ops/backups/drill", &[]).await;
    let begun = [(BackupWish::Backup, "staff:ops1".to_owned()), (BackupWish::Drill, "staff:admin1".to_owned())];
    assert_eq!(*fixed.begun.lock().expect("not poisoned"), begun);
    let by = |login: &str| By::Staff(login.into());
    assert_eq!(asked(&city).await, [(by("ops1"), BackupWish::Backup), (by("admin1"), BackupWish::Drill)]);
    let audit = ops.get("/audit?kind=backup").await;
    assert!(audit.says("バックアップを取るよう指示しました") && audit.says("復元訓練を始めるよう指示しました"));
    city.close();
}

#[tokio::test]
async fn while_something_goes_on_the_page_shows_how_far_renews_itself_and_begins_nothing_else() {
    let running = RunningView {
        work: BackupWork::Proving,
        since: hours_ago(0).plus_ms(-90_000),
        done_bytes: 30 << 20,
        of_bytes: 120 << 20,
    };
    let by = "staff:ops1".into();
    let asked_for = AskedView { wish: BackupWish::Backup, by, at: hours_ago(0), outcome: None };
    let view = BackupsView { running: Some(running), asked: Some(asked_for), ..well() };
    let said = [
        "復元して確かめています",
        "<progress max=\"100\" value=\"25\"",
        "30.0 MiB / 120.0 MiB",
        "職員 ops1が 令和8年12月1日（火） 09:00 に始めたバックアップが動いています",
        "data-every=\"5\"",
        "content=\"5;url=/ops/backups?auto=1\"",
    ];
    says(view.clone(), &said, &["action=\"/ops/backups/now\"", "disabled"]).await;
    let (city, fixed) = kept(view, None).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    assert!(!ops.get("/ops/backups?auto=off").await.says("http-equiv=\"refresh\""));
    let refused = ops.post("/ops/backups/drill", &[]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.says("ほかの処理が動いているため、始めませんでした"), "{}", refused.html);
    assert!(fixed.begun.lock().expect("not poisoned").is_empty());
    assert_eq!(asked(&city).await, [], "what was refused leaves no entry");
    city.clock.advance_ms(29 * 60_000);
    assert_eq!(ops.get_only("/ops/backups?auto=1").await.status, 200);
    city.clock.advance_ms(60_000);
    assert_eq!(ops.get_only("/ops/backups?auto=1").await.status, 303, "renewing keeps nobody signed in");
    city.close();
}

#[tokio::test]
async fn the_outcome_of_what_was_asked_for_is_told_and_a_late_refusal_too() {
    let ended = |outcome: Result<String, String>| {
        let (wish, by, at) = (BackupWish::Drill, "staff:ops1".to_owned(), hours_ago(1));
        BackupsView { asked: Some(AskedView { wish, by, at, outcome: Some((hours_ago(0), outcome)) }), ..well() }
    };
    says(ended(Ok("sesshu-20261201-030000".into())), &["復元訓練は、", "に終わりました：sesshu-2026"], &[]).await;
    let wrong_key = "it is encrypted for age1a; the key that was given is age1b";
    let said = format!("に失敗しました：鍵が違います。設定の identity_file を確かめてください。（{wrong_key}）");
    says(ended(Err(wrong_key.into())), &[&said, "notice strong"], &[]).await;
    for (why, said) in [(BackupRefused::Running, "始めませんでした"), (BackupRefused::Stopping, "サーバーが止まる")]
    {
        let (city, _) = kept(well(), Some(why)).await;
        let page = city.signed_in(StaffRole::Ops).await.post("/ops/backups/now", &[]).await;
        assert!(page.status == 409 && page.says(said), "{}", page.html);
        city.close();
    }
}

#[tokio::test]
async fn drills_are_evidence_as_a_table_and_on_paper() {
    let drills = vec![drill(Some("改行\nのある \"理由\"")), drill(None)];
    let (city, _) = kept(BackupsView { drills, ..well() }, None).await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    let csv = ops.get("/ops/backups/drills.csv").await;
    assert!(csv.html.starts_with("\u{feff}開始日時,実施者,"), "{}", csv.html);
    let last = csv.html.trim_end().lines().last().expect("a line");
    assert_eq!(
        last,
        "令和8年11月20日（金） 14:05,職員 ops1,sesshu-20261120-030000,あり,成功,8.000,9,105000,240,41234,300001,0123456789abcdef,\
         4.000,3.000,0.900,0.030,0.020,0.050,0.600,,2026-11-20T14:05:00+09:00"
    );
    assert!(csv.says("失敗,,9,") && csv.says("（改行\nのある \"\"理由\"\"）\""), "{}", csv.html);
    let paper = ops.get("/ops/backups/drills").await;
    for said in ["2件（新しい順）", "× 失敗", "○ 成功", "8.0秒（始めてから", "0123456789abcdef", "確認者", "data-print"]
    {
        assert!(paper.says(said), "{said}: {}", paper.html);
    }
    city.close();
}

#[tokio::test]
async fn where_no_backups_are_made_the_page_says_so() {
    let city = City::open().await;
    let mut ops = city.signed_in(StaffRole::Ops).await;
    assert!(ops.get("/ops/backups").await.says("バックアップが動いていません"));
    assert!(ops.get("/ops/backups/drills").await.says("記録はまだありません"));
    assert_eq!(ops.post_only("/ops/backups/now", &[]).await.status, 409);
    assert_eq!(asked(&city).await, []);
    city.close();
}
