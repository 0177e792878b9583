//! What alerts say, word for word: whoever changes a text sees here what people will read.

use super::*;
use crate::core::incident::IncidentNo;
use crate::core::metric::Metric;
use crate::core::time::WallMs;

const NIGHT: WallMs = WallMs(1_795_630_320_000);

fn incident(metric: Metric, subject: &str, level: Level, value: f64) -> Incident {
    Incident {
        no: IncidentNo(12),
        cause: Cause::new(metric, subject),
        level,
        worst: level,
        since: NIGHT,
        value,
        worst_value: value,
        note: "".into(),
        acknowledged: None,
        resolved_at: None,
        told_contacts: 1,
        told_at: None,
        round: 0,
        told: Vec::new(),
        flaps: 0,
        history: Vec::new(),
    }
}

fn tell<'a>(incident: &'a Incident, threshold: &'a crate::core::threshold::Threshold, why: Why) -> Tell<'a> {
    Tell {
        incident,
        threshold: Some(threshold),
        why,
        language: Language::Ja,
        name: "見本市",
        console: Some("https://kanri.example.lg.jp/"),
        told: &[],
        recent: &[],
        now: WallMs(NIGHT.0 + 5 * 60_000),
    }
}

#[test]
fn a_warning_says_what_since_when_how_bad_and_what_to_do() {
    let mut full = incident(Metric::DiskUse, "data", Level::Warning, 84.0);
    full.worst_value = 86.0;
    full.note = "journal が1時間に2.1 GiB増加".into();
    let threshold = Metric::DiskUse.usual();
    let recent: Vec<f32> = (0..60_u8).map(|minute| 40.0 + f32::from(minute) * 0.75).collect();
    let text = alert(&Tell { recent: &recent, told: &["当番", "当番"], ..tell(&full, &threshold, Why::Began) });
    assert_eq!(text.subject, "【警告】ディスク使用率（data） 84% - 見本市");
    let expected = "\
ディスク使用率（data）：異常を検知しました。

今の値：84%
最も悪い値：86%
しきい値：警告 80%以上、重大 90%以上
始まり：令和8年（2026年）11月26日（木）午前3時12分
続いた時間：5分
補足：journal が1時間に2.1 GiB増加

直近1時間（1分ごと、右が今）
▁▁▁▁▁▁▁▁▂▂▂▂▂▂▂▃▃▃▃▃▃▃▃▄▄▄▄▄▄▄▅▅▅▅▅▅▅▆▆▆▆▆▆▆▆▇▇▇▇▇▇▇████████
▁ は 40%、█ は 84%、█ はしきい値 80% の高さ

今すること
1. 補足の、増えているものを見る。df -h で今の空きを確かめる。
2. du -xh --max-depth=2 / | sort -h | tail -20 で、大きなフォルダを探す。
3. ログが大きければ journalctl --vacuum-size=500M で減らす。
4. 古いバックアップや一時ファイルを、別のディスクに移す。データのフォルダの中のファイルは、消さない。
5. 減らせなければ、ディスクの拡張を手配する。

対応を始めるとき（ほかの人への連絡が止まります）
https://kanri.example.lg.jp/ops/incidents/12
sesshu alert ack 12

ほかに知らせた先：当番

見本市・通知番号 12・disk_use/data
";
    assert_eq!(text.body, expected);
}

#[test]
fn an_english_alert_says_the_same() {
    let down = incident(Metric::Unreachable, "", Level::Critical, 1.0);
    let threshold = Metric::Unreachable.usual();
    let text = alert(&Tell { language: Language::En, console: None, ..tell(&down, &threshold, Why::Escalated) });
    assert_eq!(text.subject, "[critical, not acknowledged] Server unreachable - 見本市");
    let start = "\
Server unreachable: nobody has acknowledged it yet, so you are told.

Since: Thursday 26 November 2026, 03:12 JST
For: 5 min

What to do
1. Read the note:";
    assert!(text.body.starts_with(start), "{}", text.body);
    assert!(text.body.ends_with("sesshu alert ack 12\n\n見本市 · incident 12 · unreachable\n"), "{}", text.body);
}

#[test]
fn an_end_says_how_long_it_was_and_that_nothing_is_to_be_done() {
    let mut over = incident(Metric::DiskUse, "data", Level::Critical, 71.0);
    over.worst_value = 93.0;
    over.resolved_at = Some(WallMs(NIGHT.0 + 3_900_000));
    let threshold = Metric::DiskUse.usual();
    let text = alert(&tell(&over, &threshold, Why::Resolved));
    assert_eq!(text.subject, "【解消】ディスク使用率（data） 71% - 見本市");
    for line in ["おさまりました。", "続いた時間：1時間5分", "することはありません。", "午前4時17分"]
    {
        assert!(text.body.contains(line), "{}", text.body);
    }
    assert!(!text.body.contains("sesshu alert ack"));
}

#[test]
fn every_reason_has_its_own_line_in_both_languages() {
    let threshold = Metric::DiskFree.usual();
    let low = incident(Metric::DiskFree, "data", Level::Critical, 512.0);
    let mut seen = Vec::new();
    for why in [Why::Began, Why::Worse, Why::Escalated, Why::Repeated, Why::StillWrong, Why::Flapping, Why::Resolved] {
        for language in [Language::Ja, Language::En] {
            let opening = opening(&Tell { language, ..tell(&low, &threshold, why) });
            assert!(!seen.contains(&opening), "{opening}");
            seen.push(opening);
        }
    }
    let spoken = spoken(&tell(&low, &threshold, Why::Began));
    assert_eq!(
        spoken.body,
        "見本市の監視です。重大な警報です。ディスクの空き（data） 512 MiB。午前3時12分からです。対応できるときは、確認の操作をしてください。"
    );
}
