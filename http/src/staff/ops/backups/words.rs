//! Backups in words of the people who read them.

use std::time::Duration;

use sesshu_engine::core::backup::BackupWish;
use sesshu_engine::core::time::Instant;

use super::super::words;
use crate::staff::backup_desk::{BackupRefused, BackupWork, GenerationKind};
use crate::staff::dates::instant_words;

const KIB: u64 = 1_024;
const MIB: u64 = 1_024 * KIB;
const GIB: u64 = 1_024 * MIB;

/// A phase, as something that goes on.
pub(super) const fn work(work: BackupWork) -> &'static str {
    match work {
        BackupWork::Beginning => "始めています",
        BackupWork::Spooling => "データを書き出しています",
        BackupWork::Packing => "圧縮しています",
        BackupWork::Proving => "復元して確かめています",
        BackupWork::Pruning => "古い世代を整理しています",
        BackupWork::Copying => "二つ目の置き場所に写しています",
        BackupWork::Reading => "古い世代を読み直しています",
        BackupWork::Drilling => "復元訓練をしています",
        BackupWork::Restoring => "世代から復元しています",
        BackupWork::Replaying => "ジャーナルを当てています",
        BackupWork::Verifying => "復元したデータを検査しています",
        BackupWork::Placing => "復元したデータを置いています",
    }
}

/// What can be asked for.
pub(super) const fn wish(wish: BackupWish) -> &'static str {
    match wish {
        BackupWish::Backup => "バックアップ",
        BackupWish::Drill => "復元訓練",
    }
}

/// Why nothing was begun, and what to do.
pub(super) const fn refused(why: BackupRefused) -> &'static str {
    match why {
        BackupRefused::Running => {
            "ほかの処理が動いているため、始めませんでした。終わってから、もう一度押してください。"
        }
        BackupRefused::Stopping => {
            "サーバーが止まるところなので、始めませんでした。動き始めてから、もう一度押してください。"
        }
    }
}

pub(super) const fn kind(kind: GenerationKind) -> &'static str {
    match kind {
        GenerationKind::Daily => "毎日",
        GenerationKind::Asked => "手動",
        GenerationKind::Upgrade => "更新の前",
        GenerationKind::ClockSet => "毎日（時計の変更）",
    }
}

/// Who asked for it.
pub(super) fn maker(by: &str) -> String {
    match by {
        "schedule" => "自動（定時）".into(),
        "upgrade" => "自動（更新の前）".into(),
        by => words::actor(by),
    }
}

/// A step of a drill.
pub(super) fn step(name: &str) -> &str {
    match name {
        "restore" => "復元",
        "verify" => "検査",
        "serve" => "起動",
        "login" => "ログイン",
        "read" => "照会",
        "book" => "予約",
        "check" => "予約後の検査",
        other => other,
    }
}

/// How long ago `at` was: `3時間5分`.
pub(super) fn since(at: Instant, now: Instant) -> String {
    words::lasted(Duration::from_millis(now.ms_since(at).max(0).unsigned_abs()))
}

/// `令和8年12月1日（火） 03:00（6時間前）`.
pub(super) fn at_and_age(at: Instant, now: Instant) -> String {
    format!("{}（{}前）", instant_words(at), since(at, now))
}

/// An instant of RFC 3339; what is none is shown as it is.
pub(super) fn written_at(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), instant_words)
}

/// How long something took: tenths of a second where they say something, and seconds up to an hour.
pub(super) fn took(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..60 => format!("{seconds}.{}秒", ms % 1_000 / 100),
        60..3_600 => format!("{}分{}秒", seconds / 60, seconds % 60),
        _ => words::lasted(Duration::from_millis(ms)),
    }
}

/// A size.
pub(super) fn bytes(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = u128::from(bytes) * 10 / u128::from(unit);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        GIB.. => format!("{} GiB", tenths(GIB)),
        MIB.. => format!("{} MiB", tenths(MIB)),
        KIB.. => format!("{} KiB", tenths(KIB)),
        _ => format!("{bytes} B"),
    }
}

/// How far something is; nothing as long as nobody knows.
pub(super) fn amount(done: u64, of: u64) -> String {
    if of == 0 { String::new() } else { format!("{} / {}", bytes(done.min(of)), bytes(of)) }
}

/// A count with its thousands apart.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (nth, digit) in digits.char_indices() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_counts_and_times_read_as_people_write_them() {
        let sizes =
            [(0, "0 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (41 * MIB, "41.0 MiB"), (3 * GIB / 2, "1.5 GiB")];
        for (size, text) in sizes {
            assert_eq!(bytes(size), text);
        }
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        for (ms, text) in [(0, "0.0秒"), (1_250, "1.2秒"), (61_000, "1分1秒")] {
            assert_eq!(took(ms), text);
        }
        assert_eq!(amount(5, 0), "");
        assert_eq!(amount(2_048, 1_024), "1.0 KiB / 1.0 KiB");
        assert_eq!(written_at("2026-12-01T03:00:00+09:00"), "令和8年12月1日（火） 03:00");
        assert_eq!(written_at("yesterday"), "yesterday");
    }
}
