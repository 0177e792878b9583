//! Backups at the console: a city that has none takes one, holds a drill, finds one damaged and reads which one is good instead.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sesshu_tests::{City, wait_until_async};

use crate::desk::Desk;
use crate::stage::play;

/// Debug builds prove and drill slowly.
const ENDS_WITHIN: Duration = Duration::from_mins(3);

/// Waits until the page, which renews itself meanwhile, says `words` and nothing goes on.
async fn ends(desk: &Desk<'_>, words: &str) {
    wait_until_async(&format!("the page says {words}"), ENDS_WITHIN, async || {
        let text = desk.text().await;
        assert!(!text.contains("に失敗しました"), "{text}");
        (text.contains(words) && text.contains("何も動いていません")).then_some(())
    })
    .await;
}

/// The file of the newest generation of `city`.
fn newest(city: &City) -> PathBuf {
    let files = fs::read_dir(city.data().join("backups")).expect("the folder of backups");
    let paths = files.map(|entry| entry.expect("an entry").path());
    let is_generation = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "zst");
    paths.filter(is_generation).max().expect("a generation")
}

#[test]
fn a_backup_and_a_drill_are_begun_and_followed_and_a_damaged_generation_names_the_good_one() {
    play(async |stage| {
        let second = tempfile::tempdir().expect("a second place");
        let config = format!("[backup]\nsecond = \"{}\"\njournal_seconds = 1\n", second.path().display());
        let city = City::demo().residents(10).config(config).start();
        let mut desk = Desk::of(stage, &city, "backups", &city.new_staff("ops")).await;
        desk.open("/ops").await;
        desk.press("nav.lists a[href='/ops/backups']").await;
        desk.says(&["× バックアップがまだ1つもありません", "訓練の記録はまだありません"]).await;
        desk.stop("none").await;
        desk.press("form[action='/ops/backups/now'] button").await;
        desk.says(&["始めたバックアップ"]).await;
        desk.stop("begun").await;
        ends(&desk, "○ 復元して確かめた最新の世代は").await;
        desk.says(&["○ 確認済み", "手動", "に終わりました：sesshu-"]).await;
        let good = newest(&city);
        desk.press("form[action='/ops/backups/drill'] button").await;
        ends(&desk, "○ 成功").await;
        desk.says(&["復元訓練は、", "＋ジャーナル"]).await;
        desk.press("form[action='/ops/backups/now'] button").await;
        ends(&desk, "2世代、合わせて").await;
        desk.stop("taken").await;
        desk.stop_by_phone("taken").await;
        desk.stop_at("/ops/backups/drills", "drills").await;
        desk.says(&["○ 成功", "始めてから、復元したサーバーで予約が取れるまで", "確認者"]).await;

        let damaged = newest(&city);
        let mut bytes = fs::read(&damaged).expect("a generation");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&damaged, bytes).expect("a bit that flips");
        assert_eq!(city.command(["backup", "verify"]).run().code, Some(1));
        desk.open("/ops/backups").await;
        let name = good.file_stem().expect("a name").to_string_lossy().into_owned();
        desk.says(&["× 破損", "は壊れています。", &format!("復元には {name} を使います。")]).await;
        desk.stop("damaged").await;
        desk.open("/audit?kind=backup").await;
        desk.says(&["バックアップを取るよう指示しました", "復元訓練を始めるよう指示しました"]).await;
        desk.end();
        drop(city);
    });
}
