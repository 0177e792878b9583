//! What people call a metric, how they read a value of it, and the first thing that they do: the same words on the ops page, in alerts
//! and in the Prometheus rules. The whole of what to do stands in the manual.

use crate::core::contact::Language;
use crate::core::metric::{Metric, Unit};

/// The words of a metric in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Naming {
    /// Its name.
    pub name: &'static str,
    /// The first thing to do, one sentence.
    pub first_step: &'static str,
}

/// What `metric` is called, and the first thing to do.
#[must_use]
pub const fn naming(metric: Metric, language: Language) -> Naming {
    let (name, first_step) = match language {
        Language::Ja => japanese(metric),
        Language::En => english(metric),
    };
    Naming { name, first_step }
}

const fn japanese(metric: Metric) -> (&'static str, &'static str) {
    match metric {
        Metric::Unreachable => (
            "サーバーに接続できない",
            "サーバーの機械と通信経路を確かめ、止まっていれば systemctl start sesshu で起動してください。",
        ),
        Metric::NotReady => {
            ("受付できない状態", "ops の /health/ready で理由を確かめ、理由ごとの手順に進んでください。")
        }
        Metric::StoreSuspended => (
            "データを保存できない",
            "ディスクの空きと、システムのログ（journalctl -k）の入出力エラーを確かめてください。再開は自動です。",
        ),
        Metric::LoginFailed => (
            "確認用の利用者がログインできない",
            "ブラウザで実際にログインできるか確かめ、できなければ /health/ready を見てください。",
        ),
        Metric::PlacesUnreadable => {
            ("空き状況を読めない", "ブラウザで空き状況の画面を開き、開けなければ /health/ready を見てください。")
        }
        Metric::AnswerMs => ("応答時間", "いまの状況の画面で混み具合を確かめ、CPUとディスクの値を見てください。"),
        Metric::ErrorRate => ("エラーの割合", "journalctl -u sesshu でエラーの内容を確かめてください。"),
        Metric::BusyRate => ("混雑で断った割合", "いまの状況の画面で申込みの数を確かめ、CPUの値を見てください。"),
        Metric::QueueAgeMs => ("保存待ちの時間", "ディスクが遅くないか（iostat -x 1）を確かめてください。"),
        Metric::CommitMs => ("1回の保存にかかる時間", "ディスクが遅くないか（iostat -x 1）を確かめてください。"),
        Metric::LoginQueueMs => ("ログイン待ちの時間", "CPUを使うほかの処理を止め、混雑が引くのを待ってください。"),
        Metric::DiskUse => ("ディスク使用率", "大きいファイルを確かめ、不要なものを消すか、ディスクを広げてください。"),
        Metric::DiskFree => {
            ("ディスクの空き", "大きいファイルを確かめ、不要なものを消すか、ディスクを広げてください。")
        }
        Metric::InodesUse => {
            ("iノード使用率", "小さいファイルが増えている場所（du --inodes）を確かめて消してください。")
        }
        Metric::DaysToFull => {
            ("ディスクが満杯になるまでの日数", "増えているファイルを確かめ、ディスクを広げる準備をしてください。")
        }
        Metric::CpuUse => ("CPU使用率", "top で、sesshu のほかにCPUを使う処理がないか確かめてください。"),
        Metric::MemoryUse => ("メモリ使用率", "top で、メモリを多く使う処理を確かめてください。"),
        Metric::SwapUse => ("スワップ使用率", "free -h と top で、メモリを多く使う処理を確かめてください。"),
        Metric::SwapActivity => {
            ("スワップの出し入れ", "vmstat 1 と top で、メモリを多く使う処理を確かめて止めてください。")
        }
        Metric::OpenFiles => {
            ("開いているファイルの割合", "接続の数（ss -s）を確かめ、LimitNOFILE を増やしてください。")
        }
        Metric::ClockDrift => ("時計のずれ", "timedatectl で時刻の同期を確かめてください。"),
        Metric::ClockDifference => {
            ("監視サーバーとの時刻の差", "両方の機械で timedatectl を見て、時刻の同期を確かめてください。")
        }
        Metric::CertificateDays => {
            ("証明書の残り日数", "証明書を更新してください。置き換えれば、再起動なしで読み直されます。")
        }
        Metric::BackupAge => {
            ("最後に確認できたバックアップからの時間", "sesshu backup list で最後の世代を確かめてください。")
        }
        Metric::LookupsUnusual => ("ふだんと違う照会", "記録の画面で、その職員が見た記録を確かめてください。"),
        Metric::SamplerFailed => ("測定できない項目", "journalctl -u sesshu で、測定できない理由を確かめてください。"),
        Metric::Undelivered => {
            ("届いていない通知", "sesshu alert test で通知の経路を確かめ、電話表の人に電話してください。")
        }
        Metric::MonitorSilent => {
            ("サーバーの監視が止まっている", "journalctl -u sesshu を確かめ、sesshu を再起動してください。")
        }
        Metric::WatcherSilent => {
            ("外部監視から連絡がない", "監視サーバーで systemctl status sesshu-watch を確かめてください。")
        }
    }
}

const fn english(metric: Metric) -> (&'static str, &'static str) {
    match metric {
        Metric::Unreachable => (
            "Server unreachable",
            "Look at the machine and the network; if the server has stopped, start it with systemctl start sesshu.",
        ),
        Metric::NotReady => ("Not ready", "Read the reasons at /health/ready and follow the steps for each."),
        Metric::StoreSuspended => (
            "Data cannot be stored",
            "Look for a full disk and for IO errors (journalctl -k). Service resumes by itself.",
        ),
        Metric::LoginFailed => {
            ("The probe account cannot log in", "Try to log in with a browser; if that fails too, read /health/ready.")
        }
        Metric::PlacesUnreadable => (
            "Free places cannot be read",
            "Open the list of places in a browser; if that fails too, read /health/ready.",
        ),
        Metric::AnswerMs => ("Answer time", "See on the overview how many people come, and look at CPU and disk."),
        Metric::ErrorRate => ("Error rate", "Read the errors with journalctl -u sesshu."),
        Metric::BusyRate => ("Refused as busy", "See on the overview how many people come, and look at the CPU."),
        Metric::QueueAgeMs => ("Age of the queue to the disk", "See whether the disk is slow (iostat -x 1)."),
        Metric::CommitMs => ("Commit time", "See whether the disk is slow (iostat -x 1)."),
        Metric::LoginQueueMs => {
            ("Age of the login queue", "Stop other work that needs the CPU, and wait for the rush to pass.")
        }
        Metric::DiskUse => ("Disk use", "Find large files; delete what is not needed, or enlarge the disk."),
        Metric::DiskFree => ("Free disk", "Find large files; delete what is not needed, or enlarge the disk."),
        Metric::InodesUse => ("Inode use", "Find and delete what makes many small files (du --inodes)."),
        Metric::DaysToFull => ("Days until the disk is full", "Find out what grows, and prepare to enlarge the disk."),
        Metric::CpuUse => ("CPU use", "See with top whether anything but sesshu uses the CPU."),
        Metric::MemoryUse => ("Memory use", "See with top what uses much memory."),
        Metric::SwapUse => ("Swap use", "See with free -h and top what uses much memory."),
        Metric::SwapActivity => ("Swapping", "See with vmstat 1 and top what uses much memory, and stop it."),
        Metric::OpenFiles => ("Open files", "Count the connections (ss -s), and raise LimitNOFILE."),
        Metric::ClockDrift => ("Clock drift", "See with timedatectl whether the clock is synchronised."),
        Metric::ClockDifference => {
            ("Clock difference", "See with timedatectl on both machines whether the clocks are synchronised.")
        }
        Metric::CertificateDays => {
            ("Days of the certificate", "Renew the certificate; it is read again without a restart.")
        }
        Metric::BackupAge => {
            ("Age of the newest verified backup", "Look at the newest generation with sesshu backup list.")
        }
        Metric::LookupsUnusual => ("Unusual look-ups", "Read in the audit what that account has looked at."),
        Metric::SamplerFailed => ("Cannot be measured", "Read with journalctl -u sesshu why it cannot be measured."),
        Metric::Undelivered => {
            ("Undelivered alerts", "Try the channels with sesshu alert test, and call the people on the phone list.")
        }
        Metric::MonitorSilent => ("The server's monitor is silent", "Read journalctl -u sesshu, and restart sesshu."),
        Metric::WatcherSilent => {
            ("The outside watcher is silent", "Look at the watcher's machine: systemctl status sesshu-watch.")
        }
    }
}

/// A value as people read it, with its unit: `84.2%`, `1.5 GiB`, `12日`.
#[must_use]
pub fn value_words(metric: Metric, value: f64, language: Language) -> String {
    let ja = language == Language::Ja;
    let unit = |value: f64, ja_unit: &str, en_unit: &str| {
        let number = number(value);
        if ja { format!("{number}{ja_unit}") } else { format!("{number} {en_unit}") }
    };
    match metric.unit() {
        Unit::Percent => format!("{}%", number(value)),
        Unit::Mib if value >= 1_024.0 => format!("{} GiB", number(value / 1_024.0)),
        Unit::Mib => format!("{} MiB", number(value)),
        Unit::Days => unit(value, "日", "days"),
        Unit::Hours => unit(value, "時間", "hours"),
        Unit::Seconds if value >= 7_200.0 => unit(value / 3_600.0, "時間", "hours"),
        Unit::Seconds if value >= 180.0 => unit(value / 60.0, "分", "minutes"),
        Unit::Seconds => unit(value, "秒", "seconds"),
        Unit::Ms if value >= 10_000.0 => unit(value / 1_000.0, "秒", "seconds"),
        Unit::Ms => unit(value, "ミリ秒", "ms"),
        Unit::PagesPerSecond => unit(value, "ページ/秒", "pages/s"),
        Unit::Count => number(value),
        Unit::Yes if value > 0.0 => (if ja { "はい" } else { "yes" }).to_owned(),
        Unit::Yes => (if ja { "いいえ" } else { "no" }).to_owned(),
    }
}

/// A number with as many digits as a person needs: none behind the point from 100 on, else at most one.
fn number(value: f64) -> String {
    let text = if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_the_unit_and_the_digits_that_a_person_needs() {
        let cases = [
            (Metric::DiskUse, 84.24, "84.2%", "84.2%"),
            (Metric::DiskUse, 100.0, "100%", "100%"),
            (Metric::DiskFree, 768.0, "768 MiB", "768 MiB"),
            (Metric::DiskFree, 1_536.0, "1.5 GiB", "1.5 GiB"),
            (Metric::DaysToFull, 12.0, "12日", "12 days"),
            (Metric::CommitMs, 0.4, "0.4ミリ秒", "0.4 ms"),
            (Metric::QueueAgeMs, 12_345.0, "12.3秒", "12.3 seconds"),
            (Metric::ClockDrift, 30.0, "30秒", "30 seconds"),
            (Metric::WatcherSilent, 600.0, "10分", "10 minutes"),
            (Metric::NotReady, 1.0, "はい", "yes"),
            (Metric::StoreSuspended, 0.0, "いいえ", "no"),
            (Metric::LookupsUnusual, 1.0, "1", "1"),
        ];
        for (metric, value, ja, en) in cases {
            assert_eq!(value_words(metric, value, Language::Ja), ja);
            assert_eq!(value_words(metric, value, Language::En), en);
        }
    }

    #[test]
    fn no_two_metrics_have_the_same_name() {
        for language in [Language::Ja, Language::En] {
            let mut names: Vec<_> = Metric::ALL.iter().map(|metric| naming(*metric, language).name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), Metric::ALL.len());
        }
    }
}
